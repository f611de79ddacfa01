"""Readings of the demo calls, of doubtful ones, and of odd ones; what is quoted stands word for word."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answer import Match
from assistant.callreading import CallReading
from eval.calls import as_call, bundled_reader
from knowledge.call import Call, CallState, Channel, Segment, Transcript, TranscriptSource
from knowledge.case import Case
from knowledge.demo.calls import read_demo_calls

READER = bundled_reader()
DEMO = {call.external_id: as_call(call, number) for number, call in enumerate(read_demo_calls(), 1)}


def _call(*texts: str, confidence: float = 1.0, channel: Channel = Channel.CALLER) -> Call:
    segments = tuple(
        Segment(start=3.0 * n, end=3.0 * n + 3, text=text, confidence=confidence, channel=channel)
        for n, text in enumerate(texts)
    )
    return Call(
        call_id=1,
        state=CallState.UNDERSTANDING,
        received_at=datetime(2026, 11, 6, 1, tzinfo=UTC),
        transcript=Transcript(segments=segments, language="zh", source=TranscriptSource.MACHINE),
        version=2,
    )


def test_a_gas_leak() -> None:
    reading = READER(DEMO["DH-0035"])
    assert reading.urgent
    assert reading.urgency.level == "now"
    assert reading.situation.category is not None
    assert reading.situation.category.value == "utility.gas_leak"
    assert reading.situation.place is not None
    assert reading.situation.place.value == "nanpu.textile_mill_dormitories"
    assert reading.situation.severity.danger_to_life
    assert any("十分钟内" in promise.due_words for promise in reading.promises)
    assert reading.version == 1


def test_an_english_call() -> None:
    reading = READER(DEMO["DH-0003"])
    assert reading.situation.language == "en"
    assert reading.situation.place is not None
    assert reading.situation.place.value == "gaoxin.yuehu_bay"
    assert reading.wants_reply.wanted
    assert not reading.urgent
    assert {mood.key for mood in reading.moods} >= {"exhausted"}


@pytest.mark.parametrize("name", sorted(DEMO))
def test_what_is_quoted_stands_in_the_call(name: str) -> None:
    call = DEMO[name]
    assert call.transcript is not None
    reading = READER(call)
    quoted = [*reading.summary, *(p.saying for p in reading.promises), *([reading.asked] if reading.asked else [])]
    for saying in quoted:
        assert saying.text in call.transcript.segments[saying.segment].text
    assert len(reading.summary) <= 3
    assert CallReading.model_validate_json(reading.model_dump_json()) == reading
    assert len(reading.speakers) == len(call.transcript.segments)


def test_the_situation_is_masked() -> None:
    reading = READER(_call("我叫赵大勇，电话13800001234，铁路新村8号楼3单元102室暖气不热。"))
    for personal in ("赵大勇", "13800001234", "102室"):
        assert personal not in reading.situation.text
    assert "铁路新村8号楼" in reading.situation.text


def test_readings_from_doubtful_segments_are_marked() -> None:
    reading = READER(_call("凤台立交桥下积水半米，两辆车被困", confidence=0.3))
    assert {"category", "place", "severity"} <= set(reading.doubtful)
    assert reading.urgent
    assert all(reason.doubtful for reason in reading.urgency.reasons if reason.segment is not None)
    assert READER(_call("凤台立交桥下积水半米，两辆车被困")).doubtful == ()


def test_a_clear_segment_outweighs_a_doubtful_one() -> None:
    clear = Segment(start=0, end=3, text="铁路新村的暖气不热，家里很冷。", channel=Channel.CALLER)
    doubtful = Segment(start=3, end=6, text="路灯不亮。", confidence=0.2, channel=Channel.CALLER)
    call = _call("x")
    assert call.transcript is not None
    transcript = call.transcript.model_copy(update={"segments": (clear, doubtful)})
    reading = READER(call.model_copy(update={"transcript": transcript}))
    assert reading.situation.category is not None
    assert reading.situation.category.value == "utility.heating"
    assert "category" not in reading.doubtful


def test_a_mono_call_is_read_by_guessed_speakers() -> None:
    demo = read_demo_calls()[0]
    reading = READER(as_call(demo, 1, mixed=True))
    assert reading.guessed
    assert [side.value for side in reading.speakers] == [turn.speaker for turn in demo.turns]
    assert not READER(as_call(demo, 1)).guessed


def test_the_nearest_cases_settle_what_is_open() -> None:
    case = Case(situation="公告", category="road.light", severity=3)
    near = [Match(case_id=n, external_id=None, score=0.9, parts={}, why=(), case=case, age_days=None) for n in range(3)]
    reader = type(READER)(READER.understanding, near=lambda situation, now: near)
    settled = reader(_call("那边的东西有点问题。"))
    assert settled.situation.category is not None
    assert settled.situation.category.value == "road.light"
    assert settled.situation.severity.level == 3


def test_calls_without_words() -> None:
    for call in (_call(), _call("", "  "), _call("嗯。").model_copy(update={"transcript": None})):
        reading = READER(call)
        assert reading.summary == () or call.transcript
        assert reading.asked is None
        assert not reading.urgent
        assert reading.urgency.level == "routine"
        assert "place" in reading.situation.missing


@settings(max_examples=30)
@given(st.lists(st.text(max_size=30), max_size=5), st.floats(0, 1))
def test_any_transcript_can_be_read(texts: list[str], confidence: float) -> None:
    reading = READER(_call(*texts, confidence=confidence, channel=Channel.MIXED))
    assert len(reading.speakers) == len(texts)
