"""The contract of CallLog, run on SQLite and, where one is installed, on a PostgreSQL server."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from test_calls import DAY, added, transcript

from knowledge.call import CallState, Segment, TranscriptSource
from knowledge.call_log import CallLog
from knowledge.call_queue import CallQueue
from knowledge.calls import Calls
from knowledge.errors import BadInput, NotFound


@pytest.fixture
def calls(engine: Engine) -> Calls:
    return Calls(engine)


@pytest.fixture
def log(engine: Engine) -> CallLog:
    return CallLog(engine)


def test_who_looked_is_written_down(log: CallLog, calls: Calls) -> None:
    call = added(calls, transcript=transcript("13800001234"))
    assert log.reveal(call.call_id, actor="坐席甲", reason="回访") == call
    log.reveal(call.call_id, actor=" 组长 ", reason="投诉复核")
    assert [(r.actor, r.reason) for r in log.reveals(call.call_id)] == [("坐席甲", "回访"), ("组长", "投诉复核")]
    assert log.reveals(call.call_id)[0].at.tzinfo is not None
    assert calls.last_change() == 1


@pytest.mark.parametrize(("actor", "reason"), [("", "x"), ("x", " ")])
def test_nobody_looks_without_name_and_reason(log: CallLog, calls: Calls, actor: str, reason: str) -> None:
    call_id = added(calls).call_id
    with pytest.raises(BadInput, match="a name and a reason"):
        log.reveal(call_id, actor=actor, reason=reason)
    with pytest.raises(NotFound):
        log.reveal(999, actor="a", reason="b")
    assert log.reveals(call_id) == ()


def test_corrections_are_pairs_of_sentences(log: CallLog, calls: Calls) -> None:
    person = TranscriptSource.PERSON
    call = added(calls, transcript=transcript("桥下急水", "两辆车"))
    calls.keep_transcript(call.call_id, transcript("桥下积水", "两辆车", source=person), "甲")
    calls.keep_transcript(call.call_id, transcript("桥下积水", "三辆车", source=person), "乙")
    calls.keep_transcript(call.call_id, transcript("桥下积水", source=person), "乙")
    other = added(calls, transcript=transcript("原文"))
    calls.keep_transcript(other.call_id, transcript("另一个模型", source=TranscriptSource.MACHINE), "m")
    found = list(log.corrections())
    assert [(c.before, c.after, c.author, c.start) for c in found] == [
        ("桥下急水", "桥下积水", "甲", 0),
        ("两辆车", "三辆车", "乙", 1),
    ]
    assert {c.sha256 for c in found} == {call.recording.sha256 if call.recording else None}


def test_a_sentence_that_moved_is_no_correction(log: CallLog, calls: Calls) -> None:
    call = added(calls, transcript=transcript("一", "二"))
    assert call.transcript is not None
    moved = (call.transcript.segments[0], Segment(start=1.5, end=2, text="三"))
    changed = call.transcript.model_copy(update={"segments": moved, "source": TranscriptSource.PERSON})
    calls.keep_transcript(call.call_id, changed, "甲")
    assert list(log.corrections()) == []


def test_facts(log: CallLog, calls: Calls) -> None:
    queue = CallQueue(calls.engine)
    first = added(calls, transcript=transcript("积水"), waiting_s=5, handling_s=60).call_id
    second = added(calls, received_at=DAY + timedelta(days=2)).call_id
    assert queue.claim("w") is not None
    queue.keep_reading(first, "w", "{}", urgent=True, category="flood.river", district="yunshui")
    calls.keep_transcript(first, transcript("积水了", source=TranscriptSource.PERSON), "甲")
    one, two = log.facts()
    assert (one.call_id, one.category, one.district, one.urgent) == (first, "flood.river", "yunshui", True)
    assert (one.waiting_s, one.handling_s, one.by_machine, one.by_person) == (5, 60, True, True)
    assert (two.call_id, two.state, two.by_machine, two.category) == (second, CallState.RECEIVED, False, None)
    assert [f.call_id for f in log.facts(since=DAY + timedelta(days=1))] == [second]
    assert [f.call_id for f in log.facts(until=DAY + timedelta(days=2))] == [first]
