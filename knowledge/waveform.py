"""The shape of a recording for drawing: how far it swings in each of a thousand slices, for each channel.

It is taken from the blocks as they are decoded, with little memory; keeping it is up to the caller.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import Fault
from knowledge.transcriber import SAMPLE_RATE

__all__ = ["Waveform", "WaveformMaker", "waveform"]

SLICES = 1_000
_FINE = 160  # samples of the slices that are kept while the length is not known yet: 10 ms
_MARK = b"WF1"


@dataclass(frozen=True)
class Waveform:
    """Lowest and highest value of each slice, shape (channels, slices, 2), int8: ±127 is full scale. The slices are
    equally long; a recording with fewer than SLICES times 10 ms has fewer."""

    peaks: NDArray[np.int8]
    seconds: float

    def as_bytes(self) -> bytes:
        """For keeping."""
        channels, slices, _ = self.peaks.shape
        head = np.array([channels, slices, round(self.seconds * SAMPLE_RATE)], dtype="<i8")
        return _MARK + head.tobytes() + self.peaks.tobytes()

    @staticmethod
    def from_bytes(kept: bytes) -> "Waveform":
        """What was kept. Raises Fault for anything else."""
        start = len(_MARK) + 24
        head = np.frombuffer(kept[len(_MARK) : start], dtype="<i8") if len(kept) >= start else np.zeros(3, dtype="<i8")
        channels, slices, samples = (int(value) for value in head)
        if kept[: len(_MARK)] != _MARK or channels < 1 or len(kept) - start != channels * slices * 2:
            raise Fault("a kept waveform is not readable: delete it, it is made again from the recording")
        peaks = np.frombuffer(kept[start:], dtype=np.int8).reshape(channels, slices, 2)
        return Waveform(peaks, samples / SAMPLE_RATE)


class WaveformMaker:
    """Takes the blocks of a recording, (channels, samples) at 16 kHz, all with the same channels."""

    def __init__(self) -> None:
        self._fine: list[NDArray[np.int8]] = []
        self._left: NDArray[np.float32] | None = None
        self._samples = 0

    def add(self, block: NDArray[np.float32]) -> None:
        """The next block, of any length."""
        self._samples += block.shape[1]
        waiting = block if self._left is None else np.concatenate([self._left, block], axis=1)
        full = waiting.shape[1] - waiting.shape[1] % _FINE
        if full:
            self._fine.append(_swing(waiting[:, :full].reshape(len(waiting), -1, _FINE)))
        self._left = waiting[:, full:].copy()

    def result(self, slices: int = SLICES) -> Waveform:
        """The shape of what was taken so far, in at most so many slices."""
        fine = list(self._fine)
        if self._left is not None and self._left.shape[1]:
            fine.append(_swing(self._left[:, None, :]))
        if not fine:
            return Waveform(np.zeros((1, 0, 2), dtype=np.int8), 0.0)
        all_fine = np.concatenate(fine, axis=1)
        count = all_fine.shape[1]
        starts = np.arange(min(slices, count)) * count // min(slices, count)
        low = np.minimum.reduceat(all_fine[:, :, 0], starts, axis=1)
        high = np.maximum.reduceat(all_fine[:, :, 1], starts, axis=1)
        return Waveform(np.stack([low, high], axis=2), self._samples / SAMPLE_RATE)


def _swing(sound: NDArray[np.float32]) -> NDArray[np.int8]:
    """Lowest and highest value along the last axis, shape (channels, slices, samples) -> (channels, slices, 2)."""
    pair = np.stack([sound.min(axis=2), sound.max(axis=2)], axis=2)
    return np.asarray(np.rint(pair.clip(-1, 1) * 127), dtype=np.int8)


def waveform(blocks: Iterable[NDArray[np.float32]], *, slices: int = SLICES) -> Waveform:
    """The shape of a recording from its blocks.

    >>> drawn = waveform([np.array([[0.0, 0.5, -1.0]], dtype=np.float32)])
    >>> drawn.peaks.tolist(), round(drawn.seconds * 16000)
    ([[[-127, 64]]], 3)
    """
    maker = WaveformMaker()
    for block in blocks:
        maker.add(block)
    return maker.result(slices)
