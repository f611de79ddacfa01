"""Readings as segments: cut where a silence was left out, placed in the recording, written for readers, doubts marked.

What is not speech is dropped here: text outside the spans of speech, and what models are known to invent for silence.
How the text was heard is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge.call import Segment, Word
from knowledge.doubt import invented
from knowledge.loops import without_loops
from knowledge.readings import Piece, Reading
from knowledge.spoken import written
from knowledge.takes import Span, Take
from knowledge.text import clean, simplify
from knowledge.transcriber import Heard, HeardWord

__all__ = ["segments"]

PAUSE = 1.0  # seconds of silence left out, from which on a segment ends there
LEAST = 0.1  # seconds of speech in a segment
_MARKS = "，。？！；：、,.?!;:"


@dataclass(frozen=True)
class _Part:
    """A part of a piece that lies between two pauses."""

    heard: Heard
    piece: Piece


def segments(reading: Reading, speech: Sequence[Span]) -> tuple[Segment, ...]:
    """The segments of a reading in order, in seconds of the recording. `speech` are the spans in which somebody speaks
    on any channel. Each lies within its take; a loop is said once in `text`, and `heard` keeps all of it."""
    found = []
    for piece in reading.pieces:
        for part in _parts(piece, reading.take):
            start = reading.take.place(part.heard.start)
            end = max(reading.take.place(part.heard.end, ending=True), start)
            spoken = _overlap((start, end), speech)
            if spoken < min(LEAST, end - start) or invented(part.heard, spoken / max(end - start, 1e-6)):
                continue
            segment = _segment(part, reading, start, end)
            if segment.text.strip(_MARKS):
                found.append(segment)
    return tuple(found)


def _segment(part: _Part, reading: Reading, start: float, end: float) -> Segment:
    said = clean(part.heard.text)  # models write halves of characters, too
    text = written(without_loops(said) if "loop" in part.piece.marks else said, reading.language)
    return Segment(
        start=start,
        end=end,
        text=text,
        confidence=part.piece.confidence,
        channel=reading.take.channel,
        heard="" if text == said else said,
        marks=part.piece.marks,
        words=tuple(_word(word, reading.take, (start, end)) for word in part.heard.words),
    )


def _word(word: HeardWord, take: Take, within: Span) -> Word:
    start = min(max(take.place(word.start), within[0]), within[1])
    end = min(max(take.place(word.end, ending=True), start), within[1])
    return Word(start=start, end=end, text=simplify(clean(word.text)), confidence=round(word.probability, 3))


def _parts(piece: Piece, take: Take) -> list[_Part]:
    """The piece cut at the pauses that were left out of its take, as far as its words tell where; a mark stays with
    the word before it. A part is as sure as the piece, or less where its own words are."""
    heard = piece.heard
    gaps = [later[0] - earlier[1] for earlier, later in zip(take.stretches, take.stretches[1:], strict=False)]
    cuts = [
        joint
        for joint, gap in zip(take.joints, gaps, strict=True)
        if gap >= PAUSE and heard.start + LEAST < joint < heard.end - LEAST
    ]
    if not cuts or not heard.words:
        return [_Part(heard, piece)]
    edges = [heard.start, *cuts, heard.end]
    groups: list[list[HeardWord]] = [[] for _ in edges[1:]]
    for word in heard.words:
        middle = (word.start + word.end) / 2
        groups[sum(1 for cut in cuts if middle >= cut)].append(word)
    found = []
    for start, end, words in zip(edges, edges[1:], groups, strict=False):
        if words:
            text = "".join(word.text for word in words)
            own = replace(heard, start=start, end=end, text=text.strip(), words=tuple(words))
            found.append(_Part(own, piece))
    return found


def _overlap(span: Span, spans: Sequence[Span]) -> float:
    return sum(max(min(end, span[1]) - max(start, span[0]), 0.0) for start, end in spans)
