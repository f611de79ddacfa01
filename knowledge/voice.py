"""When somebody speaks: silero-vad's model over a recording, block by block, and windows cut where it is silent.

The model hears 32 ms at a time. Steady hum, which it sometimes takes for a voice, is told from one by its spectrum: it
does not change. Singing is speech to it. Who speaks, and what is said, is not known here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import Fault
from knowledge.transcriber import SAMPLE_RATE, Sound

__all__ = ["FRAME", "LONGEST_WINDOW", "Span", "Speech", "VoiceDetector", "speech_spans", "windows"]

Span = tuple[float, float]  # start and end in seconds

FRAME = 512  # samples that the model judges at once: 32 ms
LONGEST_WINDOW = 28.0
STARTS, ENDS = 0.5, 0.35  # probability from which a voice begins, under which it ends
SHORTEST_SPEECH, SHORTEST_SILENCE, PADDING = 0.25, 0.3, 0.15  # seconds
LONGEST_SILENCE = 4.0  # seconds inside one window
STEADY = 8.0  # decibels by which the bands of a voice rise and fall at least; measured: voices 13.9 and more, hum 5.3
_SECONDS = FRAME / SAMPLE_RATE
_CONTEXT = 64  # samples of the frame before that the model wants again
_AT_ONCE = 128  # frames in one call of the model
_EDGES = (np.unique(np.geomspace(3, 219, 17).astype(int))).tolist()  # bands from 90 Hz to 6.8 kHz, in bins
_AROUND = 3  # frames before and after a cut that should be quiet too
_ROUNDING = 1e-6  # seconds


@dataclass(frozen=True)
class Speech:
    """Spans of speech in order, not touching; and of each frame of 32 ms the level in dBFS and the probability of a
    voice, by which a window can be cut."""

    spans: tuple[Span, ...]
    levels: NDArray[np.float32]
    probabilities: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """How long somebody speaks."""
        return sum(end - start for start, end in self.spans)


class VoiceDetector:
    """Hears one channel block by block and remembers 70 bytes a frame (8 MB an hour). One use each."""

    def __init__(self) -> None:
        self._left = np.zeros(0, dtype=np.float32)
        self._context = np.zeros(_CONTEXT, dtype=np.float32)
        self._hidden = np.zeros((1, 1, 128), dtype=np.float32)
        self._cell = self._hidden
        self._samples = 0
        self._probabilities: list[NDArray[np.float32]] = []
        self._levels: list[NDArray[np.float32]] = []
        self._bands: list[NDArray[np.float32]] = []

    def hear(self, sound: Sound) -> None:
        """Takes the next samples, shape (samples,), 16 kHz, -1..1, any number of them."""
        self._samples += len(sound)
        waiting = np.concatenate([self._left, sound.astype(np.float32, copy=False)])
        full = len(waiting) - len(waiting) % FRAME
        self._left = waiting[full:].copy()
        frames = waiting[:full].reshape(-1, FRAME)
        for first in range(0, len(frames), _AT_ONCE):
            self._judge(frames[first : first + _AT_ONCE])

    def finish(self) -> Speech:
        """What was heard, once everything has been taken."""
        if len(self._left):
            self._judge(np.pad(self._left, (0, FRAME - len(self._left))).reshape(1, FRAME))
            self._left = self._left[:0]
        if not self._samples:
            return Speech((), np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32))
        probabilities, bands = np.concatenate(self._probabilities), np.concatenate(self._bands)
        voiced = [span for span in _voiced(probabilities) if _movement(bands[slice(*span)]) >= STEADY]
        spans = _padded(voiced, self._samples / SAMPLE_RATE)
        return Speech(spans, np.concatenate(self._levels), probabilities)

    def _judge(self, frames: NDArray[np.float32]) -> None:
        before = np.concatenate([self._context[None], frames[:-1, -_CONTEXT:]])
        self._context = frames[-1, -_CONTEXT:].copy()
        given = {"input": np.concatenate([before, frames], axis=1), "h": self._hidden, "c": self._cell}
        found, self._hidden, self._cell = _model().run(["speech_probs", "hn", "cn"], given)
        self._probabilities.append(np.asarray(found, dtype=np.float32).reshape(-1))
        self._levels.append(_decibels(np.square(frames).mean(axis=1)))
        power = np.square(np.abs(np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32))))[:, : _EDGES[-1]]
        self._bands.append(_decibels(np.add.reduceat(power, _EDGES[:-1], axis=1) + 1e-5))


@cache
def _model() -> Any:
    """The model for whole blocks of frames that silero-vad carries; found without importing the package, which would
    load torch."""
    found = find_spec("silero_vad")
    folders = (found.submodule_search_locations or ()) if found else ()
    path = next((p for f in folders if (p := Path(f) / "data" / "silero_vad_16k_sequence.onnx").is_file()), None)
    if path is None or find_spec("onnxruntime") is None:
        raise Fault("hearing where somebody speaks needs silero-vad 6.2.3 or later: pip install 'precedent[hotline]'")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])


def _decibels(power: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)), dtype=np.float32)


def _voiced(probabilities: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Frames from which to which a voice is heard: it begins at STARTS and goes on until it has been under ENDS for
    SHORTEST_SILENCE; what is shorter than SHORTEST_SPEECH is dropped."""
    heard: list[list[int]] = []
    for place, probability in enumerate(probabilities.tolist()):
        goes_on = bool(heard) and _seconds(heard[-1][1], place) < SHORTEST_SILENCE
        if goes_on and probability >= ENDS:
            heard[-1][1] = place + 1
        elif not goes_on and probability >= STARTS:
            heard.append([place, place + 1])
    return [(start, end) for start, end in heard if _seconds(start, end) >= SHORTEST_SPEECH]


def _seconds(start: int, end: int) -> float:
    return (end - start) * _SECONDS


def _movement(bands: NDArray[np.float32]) -> float:
    """By how many decibels the bands rise and fall within a span, from the lowest tenth to the highest, in the mean."""
    low, high = np.percentile(bands, [10, 90], axis=0)
    return float((high - low).mean())


def _padded(voiced: Iterable[tuple[int, int]], duration: float) -> tuple[Span, ...]:
    """Spans in seconds with some silence on both sides; those that touch become one."""
    spans: list[Span] = []
    for first, last in voiced:
        start = max(first * _SECONDS - PADDING, 0.0)
        end = min(last * _SECONDS + PADDING, duration)
        if spans and start <= spans[-1][1]:
            start = spans.pop()[0]
        spans.append((round(start, 3), round(end, 3)))
    return tuple(spans)


def speech_spans(sound: Sound | Iterable[NDArray[np.float32]]) -> tuple[Span, ...]:
    """The spans in which somebody speaks, of a sound or of blocks of it; several channels are mixed."""
    detector = VoiceDetector()
    for block in [sound] if isinstance(sound, np.ndarray) else sound:
        detector.hear(block if block.ndim == 1 else block.mean(axis=0))
    return detector.finish().spans


def windows(
    spans: Sequence[Span],
    *,
    longest: float = LONGEST_WINDOW,
    silence: float = LONGEST_SILENCE,
    levels: NDArray[np.float32] | None = None,
) -> tuple[Span, ...]:
    """Neighbouring spans joined into windows of at most `longest` seconds with at most `silence` seconds between two
    spans. Where a window must end, it ends at the longest silence of its second half; a span that is longer by itself
    is cut at its quietest point, as `levels` (of `Speech`) tell, and without them as late as it may be.

    >>> windows([(0.0, 3.0), (3.5, 9.0), (9.2, 12.0), (30.0, 31.0)], longest=10.0)
    ((0.0, 9.0), (9.2, 12.0), (30.0, 31.0))
    """
    pieces = [piece for span in spans for piece in _cut(span, longest, levels)]
    found: list[Span] = []
    first = 0
    while first < len(pieces):
        last = _end_of_window(pieces, first, longest, silence)
        found.append((pieces[first][0], pieces[last][1]))
        first = last + 1
    return tuple(found)


def _end_of_window(pieces: Sequence[Span], first: int, longest: float, silence: float) -> int:
    """The last span of the window that begins with the first."""
    start, last = pieces[first][0], first
    for before, after in pairwise(range(first, len(pieces))):
        if pieces[after][0] - pieces[before][1] > silence:
            return last
        if pieces[after][1] - start > longest:
            break
        last = after
    if last == len(pieces) - 1:
        return last
    late = [place for place in range(first, last + 1) if pieces[place][1] - start >= longest / 2]
    return max(late or [last], key=lambda place: (pieces[place + 1][0] - pieces[place][1], place))


def _cut(span: Span, longest: float, levels: NDArray[np.float32] | None) -> list[Span]:
    """A span in parts of at most `longest` seconds and at least a quarter of that."""
    start, end = span
    parts = []
    while end - start > longest + _ROUNDING:
        cut = min(start + longest, end - longest / 4)
        if levels is not None:
            first, last = int((start + longest / 2) / _SECONDS) + 1, int(cut / _SECONDS)
            quiet = levels[max(first - _AROUND, 0) : last + _AROUND]
            around = np.convolve(quiet, np.full(2 * _AROUND + 1, 1 / (2 * _AROUND + 1)), "valid")[: last - first]
            if len(around):
                cut = (first + int(around.argmin()) + 0.5) * _SECONDS
        parts.append((start, cut))
        start = cut
    return [*parts, (start, end)]
