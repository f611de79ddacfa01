"""The telephone line: 300–3400 Hz at 8,000 samples a second, the noise around the caller, and the file it ends in.

The noises are computed, none is a recording. It knows nothing of what is said.
"""

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, resample_poly, sosfiltfilt

from knowledge.errors import BadInput

__all__ = ["NOISES", "RATE", "band", "noise", "noise_level", "write_opus"]

RATE = 8_000  # samples a second
_BAND = butter(4, (300, 3_400), "bandpass", fs=RATE, output="sos")
# How far below the caller's speech each noise lies, in dB, from the loudest to the softest.
NOISES = {"none": (0.0, 0.0), "babble": (14.0, 20.0), "traffic": (12.0, 18.0), "hiss": (18.0, 25.0)}


def band(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Sound of any rate as the telephone carries it, at RATE."""
    common = Fraction(RATE, rate)
    narrow = resample_poly(samples, common.numerator, common.denominator)
    return np.asarray(sosfiltfilt(_BAND, narrow), dtype=np.float32)


def noise(kind: str, count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """`count` samples of a kind of NOISES in the telephone band, with a root mean square of 1 (0 for none)."""
    if kind not in NOISES:
        raise BadInput(f"unknown noise {kind!r}; use one of {', '.join(NOISES)}")
    if kind == "none":
        return np.zeros(count, dtype=np.float32)
    raw = {"babble": _babble, "traffic": _traffic, "hiss": _hiss}[kind](count, random)
    narrow = sosfiltfilt(_BAND, raw)
    return np.asarray(narrow / np.sqrt(np.mean(narrow**2)), dtype=np.float32)


def noise_level(kind: str, random: np.random.Generator) -> float:
    """How strong the noise is against the caller's speech: a factor on the root mean square, 0 for none."""
    loudest, softest = NOISES[kind]
    return float(10 ** (-random.uniform(loudest, softest) / 20)) if kind != "none" else 0.0


def _hiss(count: int, random: np.random.Generator) -> NDArray[np.float64]:
    return random.standard_normal(count)


def _traffic(count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """A low rumble, and cars that pass: each swells and fades within some seconds."""
    rumble = lfilter([1.0], [1.0, -0.95], random.standard_normal(count))
    tyres = lfilter([1.0], [1.0, -0.6], random.standard_normal(count))
    seconds = np.arange(count) / RATE
    swell = np.full(count, 0.15)
    for _ in range(max(1, count // (RATE * 6))):
        swell += random.uniform(0.3, 1.0) * np.exp(
            -(((seconds - random.uniform(0, seconds[-1])) / random.uniform(0.6, 2.0)) ** 2)
        )
    return np.asarray(0.4 * rumble + 2.0 * tyres * swell)


def _babble(count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Eight voices at once that say nothing: buzzing sources with moving pitch through resonances, in syllables."""
    seconds = np.arange(count) / RATE
    total = np.zeros(count)
    for _ in range(8):
        syllables = random.uniform(3.0, 5.5)
        pitch = random.uniform(95, 230) * (1 + 0.12 * np.sin(2 * np.pi * random.uniform(0.2, 0.6) * seconds))
        cycle = np.cumsum(pitch) / RATE % 1
        voice = cycle - 0.5 + 0.1 * random.standard_normal(count)
        for resonance in (random.uniform(350, 750), random.uniform(1_000, 1_900), random.uniform(2_300, 3_000)):
            radius = 0.96
            turn = 2 * radius * np.cos(2 * np.pi * resonance / RATE)
            voice = np.asarray(lfilter([1 - radius], [1, -turn, radius**2], voice)) + 0.3 * voice
        rhythm = np.sin(2 * np.pi * syllables * seconds + random.uniform(0, 6)) + random.uniform(-0.3, 0.3)
        phrases = np.sin(2 * np.pi * random.uniform(0.15, 0.4) * seconds + random.uniform(0, 6)) > -0.4
        voice = voice * np.clip(rhythm, 0, None) * phrases
        total += voice / (np.sqrt(np.mean(voice**2)) + 1e-9)
    return total


def write_opus(path: Path, samples: NDArray[np.float32], *, bit_rate: int) -> None:
    """Writes samples in -1..1 at RATE, shape (channels, count), as Opus in Ogg with `bit_rate` bits a second in all;
    the same samples give the same file."""
    import av

    layout = "stereo" if len(samples) == 2 else "mono"
    whole = np.round(np.clip(samples, -1, 1) * 32_767).astype(np.int16)
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=RATE, layout=layout)
        stream.bit_rate = bit_rate
        stream.options = {"application": "voip", "frame_duration": "60"}
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole.T).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = RATE
        frame.pts = 0
        for packet in stream.encode(frame):
            container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
