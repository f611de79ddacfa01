"""Recordings as sound: decoded in blocks of 16 kHz, whatever the format, with little memory.

What breaks off or is damaged is decoded as far as it goes, and the notes say so; gaps in the time stamps become
silence, so that a second of the sound is a second of the player. Whether somebody speaks is not known here.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge.audiofile import LONGEST, SHORTEST, AudioProblem, Opened, Probe, clock, open_sound, probe
from knowledge.transcriber import SAMPLE_RATE

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler, AudioStream, Packet

__all__ = ["AudioProblem", "Block", "Blocks", "Probe", "blocks", "decode", "probe"]

Block = NDArray[np.float32]  # (1 or 2 channels, samples), 16 kHz, -1..1
_GAP = 0.1  # seconds without sound between two packets from which on silence is put in
_LEAP = 600.0  # seconds; time stamps that leap further are not believed
_MISSED = 0.5  # seconds, or MISSED_SHARE of the whole, that may be missing without a note
_MISSED_SHARE = 0.01
_SHORT = 600.0  # seconds that `decode` takes at most


class Blocks(Iterator[Block]):
    """The blocks of a recording, one after another. `seconds` is how much has been decoded; `notes` are complete when
    the last block has been taken. Raises AudioProblem while it is read."""

    def __init__(self, path: Path, seconds: float) -> None:
        self.seconds = 0.0
        self.notes: tuple[str, ...] = ()
        self._size = max(int(seconds * SAMPLE_RATE), 1)
        self._blocks = self._read(path)

    def __next__(self) -> Block:
        return next(self._blocks)

    def close(self) -> None:
        """Closes the file where not all blocks are taken."""
        self._blocks.close()

    def _read(self, path: Path) -> Generator[Block]:
        with open_sound(path) as opened:
            decoder = _Decoder(opened)
            waiting: list[Block] = []
            count = decoded = 0
            for piece in decoder.pieces():
                waiting.append(piece)
                count, decoded = count + piece.shape[1], decoded + piece.shape[1]
                self.seconds = decoded / SAMPLE_RATE
                if self.seconds > LONGEST:
                    raise AudioProblem("too_long", limit=clock(LONGEST))
                if count >= self._size:
                    whole = np.concatenate(waiting, axis=1)
                    full = count - count % self._size
                    yield from np.split(whole[:, :full], full // self._size, axis=1)
                    waiting, count = [whole[:, full:].copy()], count - full
            if count:
                yield np.concatenate(waiting, axis=1)
            if self.seconds < SHORTEST:
                raise AudioProblem("broken" if decoder.lost else "too_short")
            self.notes = decoder.notes(self.seconds)


def blocks(path: Path, *, seconds: float = 60.0) -> Blocks:
    """The sound of a recording at 16 kHz in blocks of `seconds`, the last one shorter: float32 in -1..1, shape
    (channels, samples), mono and stereo as they are, more channels mixed into one. Raises AudioProblem for a file that
    cannot be heard, at the first block or, where only decoding shows it, later."""
    return Blocks(path, seconds)


def decode(path: Path) -> Block:
    """The whole sound of a short recording (ten minutes at most), as `blocks` gives it."""
    sound = blocks(path)
    found = []
    for block in sound:
        found.append(block)
        if sound.seconds > _SHORT:
            sound.close()
            raise AudioProblem("too_long", limit=clock(_SHORT))
    return np.concatenate(found, axis=1)


@dataclass
class _Decoder:
    """Decodes one track from its beginning to where it ends or breaks off."""

    opened: Opened
    good: int = 0  # packets
    lost: int = 0  # packets that could not be decoded
    first_lost: float = 0.0  # second of the first of them
    lost_at_end: int = 0  # of them those after the last good one
    passed: float = 0.0  # seconds decoded so far
    _channels: int = 0
    _setup: tuple[object, ...] = ()
    _resampler: "AudioResampler | None" = field(default=None, repr=False)

    def pieces(self) -> Iterator[Block]:
        """The sound, frame by frame."""
        for packet in self._packets():
            for frame in self._frames(packet):
                yield from self._silence_before(frame)
                self.passed += frame.samples / frame.sample_rate
                yield from self._resampled(frame)
        if self.good + self.lost and self.lost > self.good:
            raise AudioProblem("broken")
        yield from self._rest()

    def notes(self, seconds: float) -> tuple[str, ...]:
        """What is to be said of a recording of which so much was decoded."""
        promised = self.opened.probe.promised_s
        missed = promised is not None and promised - seconds > max(_MISSED, promised * _MISSED_SHARE)
        found = []
        if missed or self.opened.short or self.lost_at_end:
            found.append(f"the recording breaks off at {clock(seconds)}")
        if self.lost > self.lost_at_end:
            found.append(f"the recording is damaged from {clock(self.first_lost)} on")
        if self.opened.doubtful_rate:
            found.append("the header contradicts itself about the sample rate")
        if self.opened.probe.channels > 2:
            found.append(f"{self.opened.probe.channels} channels mixed into one")
        return tuple(found)

    def _packets(self) -> "Iterator[Packet[AudioStream]]":
        """The packets of the track; a file that cannot be read further ends there."""
        import av

        packets = self.opened.container.demux(self.opened.stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self._lose()
                return
            except IndexError:  # PyAV's end of a transport stream in which tracks appeared on the way
                return
            if packet is None:
                return
            yield packet

    def _frames(self, packet: "Packet[AudioStream]") -> "list[AudioFrame]":
        import av

        try:
            frames = [frame for frame in self.opened.decoder.decode(packet) if frame.samples and frame.sample_rate]
        except (av.FFmpegError, ValueError):
            self._lose()
            return []
        if frames and packet.size:  # the last packet is empty: it asks for what the decoder still holds
            self.good, self.lost_at_end = self.good + 1, 0
        return frames

    def _lose(self) -> None:
        if not self.lost:
            self.first_lost = self.passed
        self.lost, self.lost_at_end = self.lost + 1, self.lost_at_end + 1

    def _silence_before(self, frame: "AudioFrame") -> Iterator[Block]:
        """Silence where the time stamps leave a gap, also before the first frame of a track that starts late."""
        if frame.pts is None or frame.time_base is None:
            return
        time = frame.pts * frame.time_base.numerator / frame.time_base.denominator
        gap = time - self.opened.begins - self.passed
        if _GAP < gap < _LEAP:
            yield from self._rest()
            count = round(gap * SAMPLE_RATE)
            self.passed += count / SAMPLE_RATE
            channels = self._channels or min(len(frame.layout.channels), 2)
            yield np.zeros((channels if channels == 2 else 1, count), dtype=np.float32)

    def _resampled(self, frame: "AudioFrame") -> Iterator[Block]:
        """The frame at 16 kHz; a track may change its rate or its channels on the way."""
        from av import AudioResampler

        setup = (frame.format.name, frame.layout.name, frame.sample_rate)
        if setup != self._setup:
            yield from self._rest()
            self._resampler = AudioResampler(format="flt", layout=frame.layout, rate=SAMPLE_RATE)
            self._setup = setup
        frame.pts = None
        if self._resampler is not None:
            yield from map(self._shaped, self._resampler.resample(frame))

    def _rest(self) -> Iterator[Block]:
        """What the resampler still holds; after that a new one is needed."""
        if self._resampler is not None:
            yield from map(self._shaped, self._resampler.resample(None))
        self._resampler, self._setup = None, ()

    def _shaped(self, frame: "AudioFrame") -> Block:
        """Numbers in -1..1, in as many channels as the recording began with."""
        # one plane for all channels: PyAV reads beyond the frame where there are more than eight planes
        sound = frame.to_ndarray().reshape(frame.samples, -1).T
        sound = np.nan_to_num(sound, nan=0.0, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0)
        if not self._channels:
            self._channels = 2 if len(sound) == 2 else 1
        if len(sound) != self._channels:
            sound = np.repeat(sound.mean(axis=0, keepdims=True), self._channels, axis=0)
        return np.ascontiguousarray(sound, dtype=np.float32)
