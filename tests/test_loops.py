"""Loops: circles are found, repeated speech is left alone, and impossible rates are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.looped import KINDS, REPEATED_SPEECH, looped_texts
from eval.utterances import demo_sentences
from knowledge.loops import (
    COMPRESSED,
    compression_ratio,
    find_loops,
    impossible_rate,
    looping,
    suspicions,
    without_loops,
)

LOOPED = looped_texts()


def test_nearly_all_seeded_loops_are_found() -> None:
    missed = [text for _, text in LOOPED if "loop" not in suspicions(text, 28.0)]
    assert len(LOOPED) == 60
    assert {kind for kind, _ in LOOPED} == set(KINDS)
    assert len(missed) <= 0.05 * len(LOOPED), missed


@pytest.mark.parametrize("text", REPEATED_SPEECH)
def test_repeated_speech_is_no_loop(text: str) -> None:
    assert suspicions(text, 28.0) == ()


def test_nothing_that_the_demo_callers_say_is_a_loop() -> None:
    said = [*demo_sentences("zh"), *demo_sentences("en")]
    assert len(said) > 300
    assert [text for text in said if looping(text)] == []
    assert [" ".join(said[at : at + 6]) for at in range(0, len(said), 6) if looping(" ".join(said[at : at + 6]))] == []


def test_the_loop_is_placed_and_said_once() -> None:
    text = "您好，我想问一下，" + "明天会下雨。" * 7 + "好的。"
    (loop,) = find_loops(text)
    assert (loop.unit, loop.times) == ("明天会下雨", 7)
    assert text[loop.start : loop.end].startswith("明天会下雨。明天")
    assert without_loops(text) == "您好，我想问一下，明天会下雨。好的。"


@given(st.text(alphabet="水管漏了啊对好，。 ", max_size=80))
def test_without_loops_nothing_is_added(text: str) -> None:
    once = without_loops(text)
    assert len(once) <= len(text)
    assert set(once) <= set(text)
    for loop in find_loops(text):
        assert 0 <= loop.start < loop.end <= len(text)
        assert loop.times >= 3
        assert text[loop.start :].startswith(loop.unit)


@given(st.text(alphabet="水管漏了着火", min_size=1, max_size=12), st.integers(10, 30))
def test_anything_said_ten_times_is_a_loop(unit: str, times: int) -> None:
    assert looping(unit * times)


@pytest.mark.parametrize(
    ("text", "seconds", "impossible"),
    [
        ("您好，云州市热线", 1.0, False),
        ("您好，云州市热线，请问有什么可以帮您", 0.6, True),
        ("救命", 0.1, False),
        ("the lift in our building has been broken for a week and nobody comes", 4.0, False),
        ("the lift in our building has been broken for a week and nobody comes", 1.0, True),
        ("13800001234", 1.5, False),
        ("", 0.0, False),
    ],
)
def test_rates(text: str, seconds: float, impossible: bool) -> None:
    assert impossible_rate(text, seconds) is impossible
    assert ("rate" in suspicions(text, seconds)) is impossible


def test_the_compression_ratio_is_openai_whispers() -> None:
    from whisper.utils import compression_ratio as theirs

    for _, text in LOOPED:
        assert compression_ratio(text) == pytest.approx(theirs(text))
    assert compression_ratio("") == 0
    assert compression_ratio("明天会下雨" * 30) > COMPRESSED
