"""Sounds and sound files made on the spot: noise, tones, music on hold, a voice of sorts, in any format PyAV writes."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
RATE = 16_000


def noise(seconds: float, seed: int = 0, *, level: float = 0.1, rate: int = RATE, colour: float = 0.0) -> Sound:
    """Noise whose power falls with frequency to the power of `colour`: 0 white, 1 pink, 2 brown."""
    random = np.random.default_rng(seed)
    count = int(seconds * rate)
    spectrum = np.fft.rfft(random.standard_normal(count))
    spectrum *= np.maximum(np.arange(len(spectrum)), 20 * seconds) ** (-colour / 2)
    sound = np.fft.irfft(spectrum, count)
    return (sound / max(np.abs(sound).max(), 1e-9) * level).astype(np.float32)


def tone(seconds: float, *hertz: float, level: float = 0.3, rate: int = RATE) -> Sound:
    """Steady tones together."""
    time = np.arange(int(seconds * rate)) / rate
    return (sum(np.sin(2 * np.pi * f * time) for f in hertz) * (level / max(len(hertz), 1))).astype(np.float32)


def band(sound: Sound, low: float = 300.0, high: float = 3400.0, *, rate: int = RATE) -> Sound:
    """Only what a telephone line lets through."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / rate)
    spectrum[(hertz < low) | (hertz > high)] = 0
    return np.fft.irfft(spectrum, len(sound)).astype(np.float32)


def _cadence(sound: Sound, on: float, off: float) -> Sound:
    time = np.arange(len(sound)) / RATE
    return (sound * (time % (on + off) < on)).astype(np.float32)


def _string(random: np.random.Generator, hertz: float, seconds: float) -> Sound:
    """A plucked string after Karplus and Strong."""
    period = max(int(RATE / hertz), 2)
    wave = random.uniform(-1, 1, period)
    turns = []
    for _ in range(int(seconds * RATE) // period + 1):
        turns.append(wave)
        wave = 0.498 * (wave + np.roll(wave, 1))
    return np.concatenate(turns)[: int(seconds * RATE)].astype(np.float32)


def _note(random: np.random.Generator, hertz: float, seconds: float, voice: str) -> Sound:
    time = np.arange(int(seconds * RATE)) / RATE
    if voice == "string":
        return _string(random, hertz, seconds)
    vibrato = 1 + 0.004 * np.sin(2 * np.pi * 5 * time) * (voice in ("bow", "flute"))
    phase = 2 * np.pi * hertz * np.cumsum(vibrato) / RATE
    partials = {"piano": 8, "organ": 6, "bow": 20, "flute": 3}[voice]
    wave = sum(np.sin(phase * k) / k ** (1.0 if voice == "bow" else 1.5) for k in range(1, partials + 1))
    fall = np.exp(-3 * time) if voice == "piano" else np.minimum(1, (seconds - time) * 20)
    return (wave * fall * np.minimum(1, time * 100)).astype(np.float32)


def music(seconds: float, seed: int) -> Sound:
    """A melody over chords, sometimes with drums, on instruments chosen by the seed."""
    random = np.random.default_rng(seed)
    sound = np.zeros(int((seconds + 2) * RATE), dtype=np.float32)
    beat = random.uniform(0.25, 0.6)
    scale = np.array([0, 2, 4, 7, 9, 12, 14, 16])
    root = random.uniform(196, 330)
    lead, under = random.choice(["piano", "string", "bow", "flute", "organ"], 2)
    drums = random.random() < 0.4
    now, place = 0.0, 0
    while now < seconds:
        step = beat * random.choice([0.5, 1, 1, 2])
        at = int(now * RATE)
        note = _note(random, root * 2 ** (random.choice(scale) / 12), step, str(lead))
        sound[at : at + len(note)] += 0.5 * note
        if place % 4 == 0:
            for third in (0, random.choice([3, 4]), 7):
                chord = _note(random, root / 2 * 2 ** (third / 12), min(beat * 4, 2.0), str(under))
                sound[at : at + len(chord)] += 0.2 * chord
        if drums:
            hit = noise(0.1, seed + place, level=0.4) * np.exp(-np.arange(1600) / 300).astype(np.float32)
            sound[at : at + len(hit)] += hit
        now, place = now + step, place + 1
    sound = sound[: int(seconds * RATE)]
    return (sound / np.abs(sound).max() * random.uniform(0.1, 0.7)).astype(np.float32)


def _traffic(seconds: float, seed: int) -> Sound:
    """A road: brown noise that swells, now and then a horn."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * random.uniform(0.05, 0.4) * time + random.uniform(0, 6))
    sound = noise(seconds, seed, level=0.5, colour=random.uniform(1, 2)) * swell
    at = int(random.uniform(0, max(seconds - 1, 0.1)) * RATE)
    horn = tone(0.6, 420, 520, 840, 1040, level=0.3)[: len(sound) - at]
    sound[at : at + len(horn)] += horn
    return sound.astype(np.float32)


def _siren(seconds: float, seed: int) -> Sound:
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    hertz = 900 + 400 * np.sin(2 * np.pi * random.uniform(0.2, 3) * time)
    return (0.3 * np.sin(2 * np.pi * np.cumsum(hertz) / RATE)).astype(np.float32)


def _clicks(seconds: float, seed: int) -> Sound:
    random = np.random.default_rng(seed)
    sound = noise(seconds, seed, level=0.003)
    for at in random.integers(0, len(sound) - 200, int(seconds * random.uniform(2, 12))):
        sound[at : at + 200] += random.uniform(-0.8, 0.8) * np.exp(-np.arange(200) / random.uniform(5, 60))
    return sound.clip(-1, 1).astype(np.float32)


def _keys(seconds: float, seed: int) -> Sound:
    """Digits pressed on a telephone."""
    random = np.random.default_rng(seed)
    low, high = (697, 770, 852, 941), (1209, 1336, 1477)
    parts: list[Sound] = []
    while sum(map(len, parts)) < seconds * RATE:
        parts += [tone(0.15, random.choice(low), random.choice(high)), np.zeros(int(0.1 * RATE), dtype=np.float32)]
    return np.concatenate(parts)[: int(seconds * RATE)]


def wordless(count: int = 120, seconds: float = 12.0) -> Iterator[tuple[str, Sound]]:
    """Clips in which nobody speaks, of every kind in turn, every second one on a telephone line; named by kind."""
    rings = ((1.0, 4.0, (450.0,)), (0.35, 0.35, (450.0,)), (2.0, 4.0, (440.0, 480.0)), (0.4, 0.2, (400.0, 425.0)))
    for seed in range(count):
        kind = KINDS[seed % len(KINDS)]
        random = np.random.default_rng(seed)
        match kind:
            case "silence":
                sound = noise(seconds, seed, level=float(random.choice([0, 1 / 32768, 0.001])))
            case "noise":
                sound = noise(seconds, seed, level=float(random.uniform(0.02, 0.8)), colour=float(random.uniform(0, 2)))
            case "hum":
                hums = [50.0 * k for k in range(1, 8)]
                sound = tone(seconds, *hums, level=float(random.uniform(0.05, 0.5))) + noise(seconds, seed, level=0.01)
            case "ring":
                on, off, hertz = rings[int(random.integers(len(rings)))]
                sound = _cadence(tone(seconds, *hertz), on, off)
            case "keys":
                sound = _keys(seconds, seed)
            case "music":
                sound = music(seconds, seed)
            case "traffic":
                sound = _traffic(seconds, seed)
            case "siren":
                sound = _siren(seconds, seed)
            case "clicks":
                sound = _clicks(seconds, seed)
            case _:
                sound = music(seconds, seed) + noise(seconds, seed, level=0.1, colour=1.0)
        yield kind, band(sound) if seed // len(KINDS) % 2 else sound.astype(np.float32)


KINDS = ("silence", "noise", "hum", "ring", "keys", "music", "traffic", "siren", "clicks", "music", "music and noise")


# name: container, codec, sample rate in Hz, sample format that the codec takes
FORMATS = {
    "wav 8 kHz": ("wav", "pcm_s16le", 8_000, "s16"),
    "wav 16 kHz": ("wav", "pcm_s16le", 16_000, "s16"),
    "wav 44.1 kHz": ("wav", "pcm_s24le", 44_100, "s32"),
    "wav 48 kHz": ("wav", "pcm_f32le", 48_000, "flt"),
    "wav A-law": ("wav", "pcm_alaw", 8_000, "s16"),
    "mp3": ("mp3", "libmp3lame", 22_050, "s16p"),
    "m4a": ("mp4", "aac", 44_100, "fltp"),
    "aac": ("adts", "aac", 16_000, "fltp"),
    "ogg": ("ogg", "libopus", 48_000, "s16"),
    "webm": ("webm", "libopus", 48_000, "s16"),
    "amr": ("amr", "libopencore_amrnb", 8_000, "s16"),
    "flac": ("flac", "flac", 48_000, "s16"),
    "wma": ("asf", "wmav2", 44_100, "fltp"),
    "aiff": ("aiff", "pcm_s16be", 11_025, "s16"),
    "mpegts": ("mpegts", "aac", 48_000, "fltp"),
}


def write(path: Path, sound: Sound, name: str = "wav 16 kHz", **options: str) -> Path:
    """A file of one of the FORMATS from a sound at 16 kHz, (samples,) or (channels, samples); AMR is mono."""
    container, codec, rate, kind = FORMATS[name]
    with av.open(str(path), "w", format=container, options=options) as file:
        channels = np.atleast_2d(sound)
        layout = {1: "mono", 2: "stereo", 4: "quad", 6: "5.1"}[len(channels)]
        stream = file.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = 12_200 if codec == "libopencore_amrnb" else 64_000
        _encode(file, stream, channels, kind)
    return path


def write_video(path: Path, sound: Sound | None, *, container: str = "mp4", late: float = 0.0, **options: str) -> Path:
    """A film of a second for each second of sound, or of one second without; the sound begins `late` seconds later."""
    random = np.random.default_rng(0)
    with av.open(str(path), "w", format=container, options=options) as file:
        picture = file.add_stream("mpeg4", rate=25)
        assert isinstance(picture, av.VideoStream)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        track = None
        if sound is not None:
            codec, rate, kind = ("libopus", 48_000, "s16") if container == "matroska" else ("aac", 44_100, "fltp")
            track = file.add_stream(codec, rate=rate, layout="mono" if sound.ndim == 1 else "stereo")
        for _ in range(25 * max(int((1 if sound is None else sound.shape[-1] / RATE) + late), 1)):
            frame = av.VideoFrame.from_ndarray(random.integers(0, 255, (64, 64, 3), dtype=np.uint8), format="rgb24")
            file.mux(picture.encode(frame))
        file.mux(picture.encode(None))
        if sound is not None:
            assert isinstance(track, av.AudioStream)
            _encode(file, track, np.atleast_2d(sound), kind, late=late)
    return path


def _encode(
    file: av.container.OutputContainer, stream: av.AudioStream, channels: Sound, kind: str, late: float = 0.0
) -> None:
    layout = stream.layout.name
    resampler = av.AudioResampler(format=kind, layout=layout, rate=stream.rate, frame_size=stream.frame_size or 1024)
    begins = round(late * stream.rate)
    for first in range(0, channels.shape[1], 10 * RATE):
        part = np.ascontiguousarray(channels[:, first : first + 10 * RATE], dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
        frame.sample_rate = RATE
        for ready in resampler.resample(frame):
            ready.pts, begins = begins, begins + ready.samples
            file.mux(stream.encode(ready))
    for ready in resampler.resample(None):
        ready.pts, begins = begins, begins + ready.samples
        file.mux(stream.encode(ready))
    file.mux(stream.encode(None))
