"""The contract of Calls, run on SQLite and, where one is installed, on a PostgreSQL server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from knowledge.call import Call, CallState, Channel, Recording, Segment, Transcript, TranscriptSource, Word
from knowledge.call_queue import CallQueue
from knowledge.calls import Calls
from knowledge.errors import BadInput, NotFound

DAY = datetime(2026, 11, 3, 8, tzinfo=UTC)
KEPT = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def recording(name: str = "a.wav", digest: str | None = None) -> Recording:
    return Recording(sha256=digest or uuid4().hex * 2, name=name, size=10)


def transcript(*texts: str, source: TranscriptSource = TranscriptSource.MACHINE) -> Transcript:
    segments = tuple(Segment(start=i, end=i + 1, text=text, confidence=0.5) for i, text in enumerate(texts))
    return Transcript(segments=segments, language="zh", source=source, model="fake", duration_s=len(texts))


@pytest.fixture
def calls(engine: Engine) -> Calls:
    return Calls(engine)


def added(calls: Calls, **fields: object) -> Call:
    call, new = calls.add(**{"recording": recording(), "received_at": DAY, **fields})  # type: ignore[arg-type]
    assert new
    return call


def test_an_empty_hotline(calls: Calls) -> None:
    assert calls.list() == ()
    assert calls.last_change() == 0
    assert calls.changed_since(0) == ()
    assert set(calls.counts()) == set(CallState)
    assert sum(calls.counts().values()) == 0
    assert calls.find(sha256="0" * 64) is None
    for look in (calls.get, calls.transcripts):
        with pytest.raises(NotFound, match="there is no call 7"):
            look(7)


def test_a_new_call(calls: Calls) -> None:
    sound = recording("来电.wav")
    call, new = calls.add(sound, received_at=DAY, external_id="H-1", waiting_s=12, handling_s=90.5)
    assert new
    assert (call.state, call.recording, call.received_at) == (CallState.RECEIVED, sound, DAY)
    assert (call.external_id, call.waiting_s, call.handling_s) == ("H-1", 12, 90.5)
    assert (call.version, call.transcript, call.reading, call.urgent, call.demo) == (0, None, "", False, False)
    assert call.change == calls.last_change() == 1
    assert calls.get(call.call_id) == calls.find(sha256=sound.sha256) == calls.find(external_id="H-1") == call


def test_the_same_recording_twice_is_one_call(calls: Calls) -> None:
    call = added(calls, recording=recording("a.wav", "ab" * 32), external_id="H-1")
    again, new = calls.add(recording("b.wav", "ab" * 32), received_at=DAY + timedelta(days=1), external_id="H-2")
    assert (again, new) == (call, False)
    assert calls.last_change() == 1


def test_an_external_id_has_one_content(calls: Calls) -> None:
    added(calls, external_id="H-1")
    with pytest.raises(BadInput, match=r"'H-1' belongs to call 1.*id of its own"):
        calls.add(recording(), received_at=DAY, external_id="H-1")
    assert len(calls.list()) == 1


def test_a_call_needs_a_content(calls: Calls) -> None:
    with pytest.raises(BadInput, match="a recording or a transcript"):
        calls.add(None, received_at=DAY)


def test_a_transcript_without_a_recording(calls: Calls) -> None:
    text = transcript("喂", source=TranscriptSource.ATTACHED)
    call = added(calls, recording=None, transcript=text, sha256="cd" * 32, name="a.srt")
    assert (call.state, call.recording, call.transcript, call.version) == (CallState.UNDERSTANDING, None, text, 1)
    assert calls.add(None, received_at=DAY, transcript=text, sha256="cd" * 32) == (call, False)
    assert calls.list(text="A.SRT") != ()


def test_versions_are_kept(calls: Calls) -> None:
    call = added(calls)
    first, second = transcript("急水"), transcript("积水", source=TranscriptSource.PERSON)
    assert calls.keep_transcript(call.call_id, first, "model") == 1
    assert calls.keep_transcript(call.call_id, second, "坐席甲") == 2
    assert [(v.version, v.author, v.transcript) for v in calls.transcripts(call.call_id)] == [
        (1, "model", first),
        (2, "坐席甲", second),
    ]
    now = calls.get(call.call_id)
    assert (now.transcript, now.version, now.state) == (second, 2, CallState.UNDERSTANDING)
    assert now.change == calls.last_change() == 3
    assert calls.keep_transcript(call.call_id, second, "坐席乙") == 2, "the same text is no new version"
    assert calls.last_change() == 3


def test_nobody_overwrites_what_was_not_seen(calls: Calls) -> None:
    call_id = added(calls, transcript=transcript("一")).call_id
    assert calls.revise(call_id, "甲", lambda _: transcript("二"), version=1) == 2
    with pytest.raises(BadInput, match=r"changed meanwhile \(version 2, not 1\); open it again"):
        calls.revise(call_id, "乙", lambda _: transcript("三"), version=1)
    assert len(calls.transcripts(call_id)) == 2


def test_revisions_at_the_same_moment_are_all_kept(calls: Calls) -> None:
    call_id = added(calls, transcript=transcript("")).call_id
    start = threading.Barrier(4)

    def add_one(name: str) -> None:
        def edit(before: Transcript | None) -> Transcript:
            assert before is not None
            return transcript(before.segments[0].text + name)

        start.wait()
        for _ in range(5):
            calls.revise(call_id, name, edit)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_one, "甲乙丙丁"))
    now = calls.get(call_id)
    assert now.version == 21
    assert now.transcript is not None
    assert sorted(now.transcript.segments[0].text) == sorted("甲乙丙丁" * 5)


def test_the_same_recording_at_the_same_moment_is_one_call(calls: Calls) -> None:
    sound, start = recording(), threading.Barrier(6)

    def add(_: int) -> tuple[Call, bool]:
        start.wait()
        return calls.add(sound, received_at=DAY)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(add, range(6)))
    assert sorted(new for _, new in found) == [False] * 5 + [True]
    assert len({call.call_id for call, _ in found}) == 1


def test_the_order_of_the_list(calls: Calls) -> None:
    queue = CallQueue(calls.engine)
    ids = [added(calls, received_at=DAY + timedelta(hours=hour)).call_id for hour in (1, 3, 2)]
    urgent = added(calls, received_at=DAY, transcript=transcript("有人被困")).call_id
    assert queue.claim("w", states=(CallState.UNDERSTANDING,)) is not None
    queue.keep_reading(urgent, "w", "{}", urgent=True, category="flood.underpass", district="wangjiang")
    assert [call.call_id for call in calls.list()] == [urgent, ids[1], ids[2], ids[0]]
    assert [call.call_id for call in calls.list(limit=2, offset=1)] == [ids[1], ids[2]]
    assert [call.call_id for call in calls.list(states=[CallState.READY])] == [urgent]
    assert [call.call_id for call in calls.list(since=DAY + timedelta(hours=2))] == [ids[1], ids[2]]
    assert [call.call_id for call in calls.list(until=DAY + timedelta(hours=2))] == [urgent, ids[0]]
    assert all(call.transcript is None for call in calls.list())
    counts = calls.counts()
    assert (counts[CallState.READY], counts[CallState.RECEIVED], counts[CallState.FAILED]) == (1, 3, 0)


def test_looking_words_up(calls: Calls) -> None:
    flood = added(calls, recording=recording("Flood_1.WAV"), transcript=transcript("桥下积水 50%", "Two CARS")).call_id
    added(calls, external_id="H-77", transcript=transcript("停电"))
    for text in ("积水", "flood_1", "two cars", "50%"):
        assert [call.call_id for call in calls.list(text=text)] == [flood], text
    assert len(calls.list(text="h-77")) == 1
    for text in ("segments", "5_%", "flood%1", "没有"):
        assert calls.list(text=text) == (), text
    calls.keep_transcript(flood, transcript("桥下无事"), "甲")
    assert calls.list(text="积水") == (), "only the newest version"


def test_joining(calls: Calls) -> None:
    ids = [added(calls).call_id for _ in range(5)]
    assert calls.join(ids[1:3]) == ids[1]
    assert calls.join([ids[4], ids[3]]) == ids[3]
    change = calls.last_change()
    assert calls.join(ids[1:3]) == ids[1]
    assert calls.last_change() == change, "nothing new, no change"
    assert calls.join([ids[2], ids[4]]) == ids[1]
    assert [calls.get(i).matter_id for i in ids] == [None] + [ids[1]] * 4
    with pytest.raises(BadInput, match="at least two"):
        calls.join([ids[0], ids[0]])
    with pytest.raises(NotFound, match="999"):
        calls.join([ids[0], 999])
    assert calls.get(ids[0]).matter_id is None


def test_joining_is_undone(calls: Calls) -> None:
    ids = [added(calls).call_id for _ in range(4)]
    calls.join(ids[:3])
    calls.part(ids[0])
    assert [calls.get(i).matter_id for i in ids] == [None, ids[1], ids[1], None], "the others go by their lowest"
    change = calls.last_change()
    calls.part(ids[0])
    assert calls.last_change() == change
    calls.part(ids[2])
    assert [calls.get(i).matter_id for i in ids] == [None] * 4, "one alone is no matter"
    with pytest.raises(NotFound, match="999"):
        calls.part(999)
    assert calls.join([ids[0], ids[2]]) == ids[0]


def test_change_numbers_rise_with_every_visible_change(calls: Calls) -> None:
    queue = CallQueue(calls.engine)
    ids = [added(calls).call_id for _ in range(3)]
    assert [call.call_id for call in calls.changed_since(0)] == ids
    since = calls.last_change()
    claimed = queue.claim("w")
    assert claimed is not None
    assert queue.beat(ids[0], "w", state=CallState.TRANSCRIBING, progress_s=3)
    assert calls.changed_since(since) == (), "progress is no change of what is known"
    queue.keep_transcript(ids[0], "w", transcript("积水"))
    queue.cancel(ids[2])
    changed = calls.changed_since(since)
    assert [call.call_id for call in changed] == [ids[0], ids[2]]
    assert changed[0].transcript is not None
    assert [call.call_id for call in calls.changed_since(since, limit=1)] == [ids[0]]
    assert [call.change for call in calls.changed_since(0)] == sorted(call.change for call in calls.changed_since(0))


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
words = st.builds(Word, start=st.just(0.5), end=st.just(1.0), text=texts, confidence=st.floats(0, 1))
segments = st.builds(
    Segment,
    start=st.floats(0, 10_000),
    end=st.floats(0, 10_000),
    text=texts,
    confidence=st.floats(0, 1),
    channel=st.sampled_from(Channel),
    heard=texts,
    marks=st.lists(texts, max_size=2).map(tuple),
    words=st.lists(words, max_size=2).map(tuple),
)
transcripts = st.builds(
    Transcript,
    segments=st.lists(segments, max_size=4).map(tuple),
    language=st.sampled_from(("zh", "en", "mixed")),
    source=st.sampled_from(TranscriptSource),
    model=texts,
    duration_s=st.floats(0, 10_000),
    notes=st.lists(texts, max_size=2).map(tuple),
)


@KEPT
@given(written=transcripts)
def test_what_is_written_is_read(calls: Calls, written: Transcript) -> None:
    call, _ = calls.add(recording(), received_at=DAY, transcript=written)
    assert calls.get(call.call_id).transcript == call.transcript == written
