"""Segments: cut at pauses, placed in the recording, written for readers; what is no speech is dropped."""

import pytest

from knowledge.call import Channel
from knowledge.readings import Piece, Reading
from knowledge.segments import segments
from knowledge.takes import Span, Take
from knowledge.transcriber import Heard, HeardWord

TAKE = Take(Channel.CALLER, ((10.0, 12.0), (40.0, 44.0)))
SPEECH = ((10.2, 11.8), (40.2, 43.8))


def words(text: str, start: float, end: float) -> tuple[HeardWord, ...]:
    """One word for each character, evenly."""
    step = (end - start) / len(text)
    return tuple(HeardWord(start + n * step, start + (n + 1) * step, c, 0.9) for n, c in enumerate(text))


def piece(text: str, start: float, end: float, *, log: float = -0.1, marks: tuple[str, ...] = ()) -> Piece:
    return Piece(Heard(start, end, text, log, 0.0, 1.0, 0.0, words(text, start, end)), 0.8, marks)


def of(*pieces: Piece, take: Take = TAKE, speech: tuple[Span, ...] = SPEECH, language: str = "zh") -> list[str]:
    return [f"{s.start:g}-{s.end:g} {s.text}" for s in segments(Reading(take, language, pieces), speech)]


def test_pieces_are_placed_in_the_recording() -> None:
    assert of(piece("水管漏了", 0.0, 2.0), piece("没有人来", 2.0, 6.0)) == ["10-12 水管漏了", "40-44 没有人来"]


def test_a_piece_is_cut_where_a_long_silence_was_left_out() -> None:
    assert of(piece("水管没有人", 1.0, 4.0)) == ["11-12 水管", "40-42 没有人"]
    found = segments(Reading(TAKE, "zh", (piece("水管没有人", 1.0, 4.0),)), SPEECH)
    assert [word.text for segment in found for word in segment.words] == list("水管没有人")
    for segment in found:
        assert all(segment.start <= word.start <= word.end <= segment.end for word in segment.words)
        assert segment.channel is Channel.CALLER


def test_a_piece_without_words_stays_whole() -> None:
    whole = Piece(Heard(1.0, 4.0, "水管没有人", -0.1, 0.0, 1.0, 0.0), 0.8, ())
    assert of(whole) == ["11-42 水管没有人"]


def test_a_short_silence_does_not_cut() -> None:
    near = Take(Channel.MIXED, ((10.0, 12.0), (12.6, 16.0)))
    assert of(piece("水管没有人", 1.0, 4.0), take=near, speech=((10.0, 16.0),)) == ["11-14.6 水管没有人"]


def test_text_outside_speech_is_dropped() -> None:
    assert of(piece("水管漏了", 0.0, 2.0), speech=((40.2, 43.8),)) == []


@pytest.mark.parametrize(("text", "stays"), [("字幕由Amara.org社区提供", False), ("谢谢观看", True), ("。。", False)])
def test_inventions_are_dropped(text: str, stays: bool) -> None:
    assert bool(of(piece(text, 2.2, 5.6))) is stays


def test_text_is_written_for_readers_and_what_was_heard_is_kept() -> None:
    (found,) = segments(Reading(TAKE, "zh", (piece("積水,三十厘米", 2.2, 5.6),)), SPEECH)
    assert (found.text, found.heard) == ("积水，30厘米", "積水,三十厘米")
    (same,) = segments(Reading(TAKE, "zh", (piece("积水了", 2.2, 5.6),)), SPEECH)
    assert (same.text, same.heard) == ("积水了", "")


def test_a_loop_is_said_once_and_kept_as_it_was_heard() -> None:
    (found,) = segments(Reading(TAKE, "zh", (piece("积水了，" * 9, 2.2, 5.6, marks=("loop",)),)), SPEECH)
    assert (found.text, found.heard, found.marks) == ("积水了，", "积水了，" * 9, ("loop",))


def test_halves_of_characters_are_left_out() -> None:
    assert of(piece("积水\ufffd了", 2.2, 5.6)) == ["40.2-43.6 积水了"]
