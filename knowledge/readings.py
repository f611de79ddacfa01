"""The best reading of each take: several takes at once, heard again where the text goes in circles or is improbable,
a second time where it is unsure, and on from where the model stopped.

It knows the transcriber and the sound of the takes, neither files nor voices. Its cost is bounded: a suspicious reading
is tried at two more temperatures at most, and second readings take an eighth of the seconds of first ones at most.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from knowledge.call import DOUBTFUL
from knowledge.doubt import SURE, agreement, confidence, doubts, goodness
from knowledge.takes import Take
from knowledge.transcriber import SAMPLE_RATE, Heard, HearsMany, Sound, Transcriber

__all__ = ["AT_ONCE", "Piece", "Reader", "Reading"]

AT_ONCE = 32  # takes in one decoding
AT_ONCE_S = 200.0  # and seconds from which on no further one is put to them
AGAIN = 0.4  # temperature of a second reading, of what is doubted and of what is unsure in one go
LAST = 0.8  # at which what still goes in circles is tried once more
SECOND_SHARE = 1 / 8
LEFT = 1.0  # seconds at the end of a take without text, from which on it is heard on
STEP = 0.5  # seconds by which the model must have come on for that
OTHER_LANGUAGE = 0.9  # probability from which on a take has another language than the call
OTHER_SECONDS = 3.0  # and how long it must be


@dataclass(frozen=True)
class Piece:
    """Text of a take as it was heard, how far it is believed (0..1), and what speaks against it."""

    heard: Heard
    confidence: float
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What was understood of a take, in order; nothing where the model heard nobody. `language` is zh or en."""

    take: Take
    language: str
    pieces: tuple[Piece, ...]


@dataclass
class Reader:
    """Reads takes with a transcriber. `language` (zh or en) is that of the call; a take that is clearly in the other
    one is read in that. One use for each call."""

    transcriber: Transcriber
    language: str
    prompt: str = ""
    at_once: int = AT_ONCE
    _first_s: float = field(default=0.0, init=False)
    _second_s: float = field(default=0.0, init=False)

    def __call__(self, takes: Iterable[tuple[Take, Sound]]) -> Iterator[list[Reading]]:
        """Readings of the takes, a few at a time, in their order as far as the languages allow. A take that was read in
        parts gives a reading for each part."""
        waiting: list[tuple[Take, Sound, str]] = []
        coming = iter(takes)
        more = True
        while more or waiting:
            while more and len(waiting) < self.at_once and sum(t.seconds for t, _, _ in waiting) < AT_ONCE_S:
                found = next(coming, None)
                if found is None:
                    more = False
                else:
                    waiting.append((*found, self._language_of(found[1])))
            if not waiting:
                return
            language = waiting[0][2]
            batch = [entry for entry in waiting if entry[2] == language][: self.at_once]
            waiting = [entry for entry in waiting if entry not in batch]
            readings, rests = self._read([(take, sound) for take, sound, _ in batch], language)
            waiting = [(take, sound, language) for take, sound in rests] + waiting
            yield readings

    def _language_of(self, sound: Sound) -> str:
        if len(sound) < OTHER_SECONDS * SAMPLE_RATE or self.transcriber.demo:
            return self.language
        language, chance = self.transcriber.language(sound)
        return language if language in ("zh", "en") and chance >= OTHER_LANGUAGE else self.language

    def _read(
        self, batch: Sequence[tuple[Take, Sound]], language: str
    ) -> tuple[list[Reading], list[tuple[Take, Sound]]]:
        """The readings of a batch, and what is left of its takes to be heard."""
        sounds = [sound for _, sound in batch]
        best = self._hear(sounds, language, 0.0)
        self._first_s += sum(map(len, sounds)) / SAMPLE_RATE
        others: list[tuple[Heard, ...] | None] = [None] * len(batch)
        doubted = [place for place, pieces in enumerate(best) if any(doubts(piece) for piece in pieces)]
        self._again(sounds, best, others, sorted([*doubted, *self._unsure(sounds, best, doubted)]), language, AGAIN)
        circling = [place for place in doubted if goodness(best[place])[0] < 0]
        self._again(sounds, best, others, circling, language, LAST)
        readings, rests = [], []
        for (take, sound), pieces, other in zip(batch, best, others, strict=True):
            readings.append(Reading(take, language, _judged(pieces, other)))
            rest = _rest(take, pieces)
            if rest is not None:
                rests.append((rest, sound[-round(rest.seconds * SAMPLE_RATE) :]))
        return readings, rests

    def _unsure(self, sounds: Sequence[Sound], best: Sequence[tuple[Heard, ...]], doubted: Sequence[int]) -> list[int]:
        """Places where the first reading is unsure, first those nearest to the bound under which a text is marked as
        doubtful, since there a second one decides most, until the call's share is used up."""
        sureness = {place: min(map(confidence, pieces)) for place, pieces in enumerate(best) if pieces}
        chosen = []
        for place in sorted(set(sureness) - set(doubted), key=lambda place: abs(sureness[place] - DOUBTFUL)):
            if sureness[place] < SURE and self._second_s < SECOND_SHARE * self._first_s:
                self._second_s += len(sounds[place]) / SAMPLE_RATE
                chosen.append(place)
        return chosen

    def _again(
        self,
        sounds: Sequence[Sound],
        best: list[tuple[Heard, ...]],
        others: list[tuple[Heard, ...] | None],
        places: Sequence[int],
        language: str,
        temperature: float,
    ) -> None:
        """Hears some places again. A doubted reading gives way to a better one, and is what that is compared with."""
        for place, pieces in zip(places, self._hear([sounds[p] for p in places], language, temperature), strict=True):
            doubted = any(doubts(piece) for piece in best[place])
            better = doubted and goodness(pieces) > goodness(best[place])
            best[place], others[place] = (pieces, best[place]) if better else (best[place], pieces)

    def _hear(self, sounds: Sequence[Sound], language: str, temperature: float) -> list[tuple[Heard, ...]]:
        if not sounds:
            return []
        if isinstance(self.transcriber, HearsMany):
            found = self.transcriber.hear_all(sounds, language=language, prompt=self.prompt, temperature=temperature)
            return [tuple(pieces) for pieces in found]
        return [
            tuple(self.transcriber.hear(sound, language=language, prompt=self.prompt, temperature=temperature))
            for sound in sounds
        ]


def _judged(pieces: Sequence[Heard], other: Sequence[Heard] | None) -> tuple[Piece, ...]:
    """The pieces with confidence and marks; "two readings" where a second one says something else."""
    second = "".join(piece.text for piece in other) if other is not None else ""
    found, before = [], ""
    for piece in pieces:
        agreed = agreement(piece.text, before, second) if other is not None else None
        marks = doubts(piece)
        if agreed is not None and agreed < 0.5:
            marks = (*marks, "two readings")
        found.append(Piece(piece, confidence(piece, agreed), marks))
        before += piece.text
    return tuple(found)


def _rest(take: Take, pieces: Sequence[Heard]) -> Take | None:
    """What the model has left unheard at the end of a take."""
    if not pieces:
        return None
    end = max(piece.end for piece in pieces)
    if end < STEP or take.seconds - end < LEFT:
        return None
    return take.after(end)
