"""Takes: what a speech model is given at once. Stretches of speech of one channel, with the long silences between them
left out, so that the model's fixed window is filled with speech; and the way back from its times to the recording's.

How sound is decoded and where somebody speaks is not known here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.call import Channel
from knowledge.transcriber import SAMPLE_RATE, Sound

__all__ = ["LONGEST", "Span", "Take", "cut_out", "takes"]

Span = tuple[float, float]  # start and end in seconds

LONGEST = 28.0  # seconds; the model's window is 30
AROUND = 0.2  # seconds of what is heard before and after a stretch that go with it


@dataclass(frozen=True)
class Take:
    """Stretches of one channel in order, (start, end) in seconds of the recording, not touching; heard one directly
    after the other."""

    channel: Channel
    stretches: tuple[Span, ...]

    @property
    def start(self) -> float:
        """Where it begins in the recording."""
        return self.stretches[0][0]

    @property
    def end(self) -> float:
        """Where it ends in the recording."""
        return self.stretches[-1][1]

    @property
    def seconds(self) -> float:
        """How much of it is heard."""
        return sum(end - start for start, end in self.stretches)

    @property
    def joints(self) -> tuple[float, ...]:
        """Seconds of the take at which a silence was left out."""
        lengths = np.cumsum([end - start for start, end in self.stretches])
        return tuple(lengths[:-1].tolist())

    def place(self, seconds: float, *, ending: bool = False) -> float:
        """The second of the recording that is heard at a second of the take, never beyond its ends. A joint belongs to
        what follows it, for `ending` to what ends there.

        >>> take = Take(Channel.MIXED, ((10.0, 12.0), (40.0, 45.0)))
        >>> take.place(1.0), take.place(2.0), take.place(2.0, ending=True), take.place(4.0), take.place(9.0)
        (11.0, 40.0, 12.0, 42.0, 45.0)
        """
        left = max(seconds, 0.0)
        for start, end in self.stretches:
            length = end - start
            if left < length - 1e-6 or (ending and left <= length + 1e-6):
                return round(min(start + left, end), 3)
            left -= length
        return self.end

    def after(self, seconds: float) -> "Take | None":
        """The rest from a second of the take on; None where nothing is left."""
        rest: list[Span] = []
        for start, end in self.stretches:
            if end - start > seconds + 1e-6:
                rest.append((round(start + max(seconds, 0.0), 3), end))
            seconds -= end - start
        return Take(self.channel, tuple(rest)) if rest else None


def takes(spans: Sequence[Span], channel: Channel, *, longest: float = LONGEST) -> tuple[Take, ...]:
    """Spans of speech in order, each at most `longest` seconds, as takes of at most that length. A take that is full
    ends at the longest silence of its second half. The last one may reach AROUND beyond the end of the recording.

    >>> [take.stretches for take in takes([(0.0, 4.0), (30.0, 33.0), (33.5, 36.0)], Channel.MIXED, longest=8.0)]
    [((0.0, 4.2),), ((29.8, 33.2), (33.3, 36.2))]
    """
    widened = _widened(spans)
    found = []
    first = 0
    while first < len(widened):
        last, length = first, widened[first][1] - widened[first][0]
        while last + 1 < len(widened) and length + widened[last + 1][1] - widened[last + 1][0] <= longest + 1e-6:
            last += 1
            length += widened[last][1] - widened[last][0]
        if last + 1 < len(widened):
            last = _where_to_end(widened, first, last, longest)
        found.append(Take(channel, _joined(widened[first : last + 1])))
        first = last + 1
    return tuple(found)


def _widened(spans: Sequence[Span]) -> list[Span]:
    """Each span with some of the silence around it; none reaches into another."""
    found = []
    for place, (start, end) in enumerate(spans):
        before = (start - spans[place - 1][1]) / 2 if place else start
        after = (spans[place + 1][0] - end) / 2 if place + 1 < len(spans) else AROUND
        found.append((round(start - min(before, AROUND), 3), round(end + min(after, AROUND), 3)))
    return found


def _where_to_end(spans: Sequence[Span], first: int, last: int, longest: float) -> int:
    length, best, best_gap = 0.0, last, -1.0
    for place in range(first, last + 1):
        length += spans[place][1] - spans[place][0]
        gap = spans[place + 1][0] - spans[place][1]
        if length >= longest / 2 and gap >= best_gap:
            best, best_gap = place, gap
    return best


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans that touch become one."""
    found: list[Span] = []
    for start, end in spans:
        if found and start - found[-1][1] < 1e-6:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


def cut_out(blocks: Iterable[NDArray[np.float32]], wanted: Sequence[tuple[Take, int]]) -> Iterator[Sound]:
    """The sound of each take, in the order of `wanted` (take, row of its channel in the blocks; -1 for the mean of
    all), from blocks of shape (channels, samples) at 16 kHz that follow one another. Only blocks that a
    take still needs are kept. A take beyond the end of the recording is as short as what is left of it."""
    kept: list[tuple[int, NDArray[np.float32]]] = []
    coming = iter(blocks)
    heard = 0  # samples that have come
    for number, (take, row) in enumerate(wanted):
        until = round(take.end * SAMPLE_RATE)
        while heard < until:
            block = next(coming, None)
            if block is None:
                break
            kept.append((heard, block))
            heard += block.shape[1]
        earliest = min(round(other.start * SAMPLE_RATE) for other, _ in wanted[number:])
        kept = [(start, block) for start, block in kept if start + block.shape[1] > earliest]
        yield _sound(take, row, kept)


def _sound(take: Take, row: int, kept: Sequence[tuple[int, NDArray[np.float32]]]) -> Sound:
    parts = []
    for start_s, end_s in take.stretches:
        start, end = round(start_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE)
        for first, block in kept:
            part = block[:, max(start - first, 0) : max(end - first, 0)]
            if part.shape[1]:
                parts.append(part.mean(axis=0) if row < 0 else part[row])
    return np.ascontiguousarray(np.concatenate(parts), dtype=np.float32) if parts else np.zeros(0, dtype=np.float32)
