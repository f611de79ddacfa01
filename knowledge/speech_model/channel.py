"""What lies between a mouth and the recording: level, noise around the speaker, and the telephone line.

Also sounds without speech (music, tones, noise), which the model has to pass over in silence. All are computed, none is
a recording. Sounds are float32 in -1..1 at 16,000 samples a second unless said otherwise.
"""

import io
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from knowledge.speech_model.synthesis import RATE

__all__ = ["Channel", "mu_law", "music", "no_speech", "noise", "telephone"]

Sound = NDArray[np.float32]
_MU = 255
_CODEC_BITS = 14_000  # a second
_BABBLE_FROM = 8  # earlier speakers that are needed for babble
_KEPT = 40


def mu_law(sound: Sound) -> Sound:
    """The sound after 8-bit mu-law coding (ITU-T G.711, the continuous law): the error is below 1/32 of the value.

    >>> [round(float(v), 2) for v in mu_law(np.array([0.0, 0.5, -1.0], np.float32))]
    [0.0, 0.5, -1.0]
    """
    pressed = np.sign(sound) * np.log1p(_MU * np.abs(sound)) / np.log(_MU + 1)
    steps = np.round(pressed * 127) / 127
    return np.asarray(np.sign(steps) * np.expm1(np.abs(steps) * np.log(_MU + 1)) / _MU, dtype=np.float32)


def telephone(sound: Sound, random: Random, *, clean: bool = False) -> Sound:
    """The sound through 8,000 samples a second, a band of about 300–3400 Hz, and mu-law (always if clean), a
    low-rate Opus codec or neither; same length."""
    narrow = resample_poly(sound, 1, 2)
    low, high = random.choice([0, 200, 300]), random.choice([3400, 3700, 4000])
    spectrum = np.fft.rfft(narrow)
    frequencies = np.fft.rfftfreq(len(narrow), 2 / RATE)
    spectrum[(frequencies < low) | (frequencies > high)] *= 0.01
    narrow = np.clip(np.fft.irfft(spectrum, len(narrow)), -1, 1).astype(np.float32)
    line = random.random()
    if clean or line < 0.6:
        wide = resample_poly(mu_law(narrow), 2, 1)
    elif line < 0.8:
        wide = _through_opus(narrow)
    else:
        wide = resample_poly(narrow, 2, 1)
    return np.pad(wide, (0, max(0, len(sound) - len(wide))))[: len(sound)].astype(np.float32)


def _through_opus(narrow: Sound) -> Sound:
    """Samples at 8,000 a second, coded and decoded; at RATE."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE // 2, layout="mono")
        stream.bit_rate = _CODEC_BITS
        whole = np.round(np.clip(narrow, -1, 1) * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
        frame.sample_rate = RATE // 2
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    file.seek(0)
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(file, "r") as coded:
        frames = [part for frame in coded.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)


def _generator(random: Random) -> np.random.Generator:
    return np.random.default_rng(random.getrandbits(32))


def noise(random: Random, count: int) -> Sound:
    """`count` samples of noise: white, or falling with frequency."""
    white = _generator(random).standard_normal(count)
    if random.random() < 0.45:
        return white.astype(np.float32)
    spectrum = np.fft.rfft(white)
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    return np.fft.irfft(spectrum * (frequencies + 20) ** -random.choice([0.5, 1.0, 1.5]), count).astype(np.float32)


def music(random: Random, count: int) -> Sound:
    """`count` samples of chords that follow one another."""
    seconds = np.arange(count) / RATE
    sound = np.zeros(count, np.float32)
    start = 0
    while start < count:
        length = int(RATE * random.uniform(0.15, 1.2))
        passage = seconds[: min(length, count - start)]
        for _ in range(random.choice([1, 2, 3, 4])):
            pitch = 110 * 2 ** (random.randint(0, 36) / 12)
            falling = random.uniform(0.8, 2)
            tones = sum(np.sin(2 * np.pi * pitch * h * passage) / h**falling for h in range(1, random.randint(2, 7)))
            sound[start : start + len(passage)] += np.asarray(tones * np.exp(-passage * random.uniform(0, 5)))
        start += length
    return sound


def _tone(random: Random, count: int) -> Sound:
    """Ringing, engaged or mains hum."""
    seconds = np.arange(count) / RATE
    sounding = seconds % random.choice([5, 2, 0.7, 40]) < random.choice([1, 0.35, 40])
    return np.asarray(
        np.sin(2 * np.pi * random.choice([400, 425, 450, 1000, 50, 100]) * seconds) * sounding, np.float32
    )


def no_speech(random: Random, count: int) -> Sound:
    """`count` samples of something in which nobody speaks, silence too; half of them through the telephone."""
    makers = (lambda: np.zeros(count, np.float32), lambda: noise(random, count), lambda: music(random, count),
              lambda: _tone(random, count), lambda: noise(random, count) + music(random, count) * 0.3)  # fmt: skip
    sound = random.choices(makers, [8, 36, 30, 10, 16])[0]()
    level = random.choice([0.003, 0.02, 0.1, 0.4, 0.8]) / max(1e-4, float(np.abs(sound).max()))
    sound = (sound * level).astype(np.float32)
    return telephone(sound, random) if random.random() < 0.5 else sound


class Channel:
    """Puts speech on a line. It remembers its last speakers, to let them babble behind later ones."""

    def __init__(self) -> None:
        self._earlier: list[Sound] = []

    def __call__(self, speech: Sound, random: Random, *, over_telephone: bool, clean: bool = False) -> Sound:
        """The speech at some level (peak .15–.8); unless clean, three in five with noise at 8–42 dB; over the
        telephone if asked. Same length."""
        sound = speech * (random.uniform(0.15, 0.8) / max(1e-3, float(np.abs(speech).max())))
        if not clean and random.random() < 0.6:
            ratio = random.uniform(20, 42) if random.random() < 2 / 3 else random.uniform(8, 20)
            behind = self._behind(random, len(sound))
            level = np.sqrt(np.mean(sound**2) / max(1e-12, float(np.mean(behind**2))))
            sound = sound + behind * (level * 10 ** (-ratio / 20))
        self._earlier = [*self._earlier, speech / max(1e-3, float(np.sqrt(np.mean(speech**2))))][-_KEPT:]
        if over_telephone:
            sound = telephone(sound.astype(np.float32), random, clean=clean)
        clipped: Sound = np.clip(sound, -1, 1).astype(np.float32)
        return clipped

    def _behind(self, random: Random, count: int) -> Sound:
        """Noise, or several earlier speakers at once."""
        if random.random() < 0.75 or len(self._earlier) < _BABBLE_FROM:
            return noise(random, count)
        voices = random.sample(self._earlier, random.choice([3, 5, 8]))
        together: Sound = np.sum([np.resize(voice, count) for voice in voices], axis=0).astype(np.float32)
        return together
