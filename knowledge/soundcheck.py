"""How well a recording can be heard: level, clipping, band, silence, and whether two channels are one and the same.

It measures the sound and leaves it as it is; where somebody speaks, knowledge.voice knows.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.audio import blocks
from knowledge.transcriber import SAMPLE_RATE

__all__ = ["ChannelCheck", "Check", "Soundcheck", "check"]

_FRAME = 512  # samples: 32 ms
_EVERY = 4  # of so many frames one is looked at for its spectrum
_FLOOR = -120  # dBFS: digital silence
SILENT = -65.0  # dBFS that a channel with anything on it exceeds now and then
QUIET = -60.0  # dBFS under which a frame is silence; also what is BELOW_LOUD under the loud parts
BELOW_LOUD = 40.0
VERY_QUIET = -40.0  # dBFS of the loud parts
CLIPPED_AT, CLIPPED_SHARE = 0.98, 0.001
IN_BAND = -36.0  # decibels under the strongest frequency; a voice has more than that up to 6 kHz
TELEPHONE = 4_500.0  # Hz: a line ends at 3,400, and its codecs add a little
_SAME = 0.999  # correlation of two channels that are one
_SIDES = ("left", "right")


@dataclass(frozen=True)
class ChannelCheck:
    """One channel: peak, mean and loud level (exceeded in a twentieth of the time) in dBFS, -120 for nothing; shares in
    0..1 of samples at full scale and of frames that are silent; the highest frequency with energy in Hz, 0 without."""

    peak_db: float
    mean_db: float
    loud_db: float
    clipped: float
    silence: float
    highest_hz: float

    @property
    def silent(self) -> bool:
        """Whether there is nothing on it."""
        return self.peak_db < SILENT

    @property
    def notes(self) -> tuple[str, ...]:
        """What a listener should know: "silent", or any of "very quiet", "clipped", "telephone band"."""
        if self.silent:
            return ("silent",)
        found = {
            "very quiet": self.loud_db < VERY_QUIET,
            "clipped": self.clipped > CLIPPED_SHARE,
            "telephone band": self.highest_hz < TELEPHONE,
        }
        return tuple(note for note, holds in found.items() if holds)


@dataclass(frozen=True)
class Check:
    """All channels. `same` is whether two of them carry the same sound, so that they are one voice track, mixed;
    `notes` are for people, with "(left)" or "(right)" where a note holds for one channel only."""

    seconds: float
    channels: tuple[ChannelCheck, ...]
    same: bool
    notes: tuple[str, ...]

    @property
    def worth_hearing(self) -> tuple[int, ...]:
        """Which channels to listen to, by number from 0: not the silent ones, and of two that are the same one."""
        heard = tuple(place for place, channel in enumerate(self.channels) if not channel.silent)
        return (max(heard, key=lambda place: self.channels[place].mean_db),) if self.same and heard else heard


class Soundcheck:
    """Takes the blocks of a recording one after another, (1 or 2 channels, samples) at 16 kHz, with little memory."""

    def __init__(self) -> None:
        self._samples = 0
        self._products = np.zeros((1, 1))
        self._peaks = np.zeros(1)
        self._clipped = np.zeros(1)
        self._levels = np.zeros((1, -_FLOOR + 1))
        self._power = np.zeros((1, _FRAME // 2 + 1))

    def add(self, block: NDArray[np.float32]) -> None:
        """The next block, of any length; frames are counted within a block."""
        count = len(block)
        if not self._samples:
            self._products = np.zeros((count, count))
            self._peaks, self._clipped = np.zeros(count), np.zeros(count)
            self._levels, self._power = np.zeros((count, -_FLOOR + 1)), np.zeros((count, _FRAME // 2 + 1))
        self._samples += block.shape[1]
        self._products += block @ block.T
        size = np.abs(block)
        self._peaks = np.maximum(self._peaks, size.max(axis=1, initial=0))
        self._clipped += (size >= CLIPPED_AT).sum(axis=1)
        padded = np.pad(block, ((0, 0), (0, -block.shape[1] % _FRAME)))
        frames = padded.reshape(count, -1, _FRAME)
        levels = np.rint(_decibels(np.square(frames).mean(axis=2))).astype(int)
        for channel in range(count):
            self._levels[channel] += np.bincount(levels[channel] - _FLOOR, minlength=-_FLOOR + 1)[: -_FLOOR + 1]
        shaped = frames[:, ::_EVERY] * np.hanning(_FRAME).astype(np.float32)
        self._power += np.square(np.abs(np.fft.rfft(shaped))).sum(axis=1)

    def result(self) -> Check:
        """What was found in everything taken so far."""
        if not self._samples:
            return Check(0.0, (), same=False, notes=())
        channels = tuple(self._channel(place) for place in range(len(self._peaks)))
        same = len(channels) == 2 and self._same()
        return Check(self._samples / SAMPLE_RATE, channels, same, _notes(channels[:1] if same else channels))

    def _channel(self, place: int) -> ChannelCheck:
        levels, power = self._levels[place], self._power[place]
        passed = np.cumsum(levels) / levels.sum()
        loud = float(np.searchsorted(passed, 0.95) + _FLOOR)
        limit = max(QUIET, loud - BELOW_LOUD)
        in_band = np.flatnonzero(power > max(float(power.max()) * 10 ** (IN_BAND / 10), 1e-9))
        return ChannelCheck(
            peak_db=round(float(_decibels(self._peaks[place] ** 2)), 1),
            mean_db=round(float(_decibels(self._products[place, place] / self._samples)), 1),
            loud_db=loud,
            clipped=float(self._clipped[place] / self._samples),
            silence=float(levels[: max(int(limit) - _FLOOR, 0)].sum() / levels.sum()),
            highest_hz=float(in_band[-1] * SAMPLE_RATE / _FRAME) if len(in_band) else 0.0,
        )

    def _same(self) -> bool:
        left, right = self._products[0, 0], self._products[1, 1]
        if not left or not right:
            return bool(left == right)
        return bool(abs(self._products[0, 1]) / np.sqrt(left * right) > _SAME)


def _decibels(power: NDArray[np.floating] | float) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (_FLOOR / 10))), dtype=np.float64)


def _notes(channels: tuple[ChannelCheck, ...]) -> tuple[str, ...]:
    """The notes of all channels; what not all of them have is said of its side."""
    found: list[str] = []
    for side, channel in zip(_SIDES, channels, strict=False):
        for note in channel.notes:
            text = note if all(note in other.notes for other in channels) else f"{note} ({side})"
            found += [text] if text not in found else []
    return tuple(found)


def check(path: Path) -> Check:
    """Measures a recording from beginning to end; its notes begin with those of the decoding. Raises AudioProblem."""
    sound, listener = blocks(path), Soundcheck()
    for block in sound:
        listener.add(block)
    found = listener.result()
    return Check(found.seconds, found.channels, found.same, (*sound.notes, *found.notes))
