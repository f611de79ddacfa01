"""Examples: a sentence as log-mel frames with its text and what is heard in every frame.

They are made by all processes that train, each its own, and kept in memory: about 16 kB for a second of sound. The
features are those of openai-whisper before its normalisation.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.speech_model.channel import Channel
from knowledge.speech_model.corpus import Corpus, Sentence
from knowledge.speech_model.synthesis import RATE, Manner, Span, Synthesiser

__all__ = ["FRAMES", "TONE_UNKNOWN", "Example", "log_mel", "make_example", "make_examples", "phoneme_numbers"]

FRAMES = 100  # log-mel frames a second; the network halves them
TONE_UNKNOWN = 7
_SHARE_TELEPHONE = 0.55
_WINDOW, _HOP = 400, 160
_BANDS = 80


@dataclass(frozen=True)
class Example:
    """`mel`: shape (frames, 80), log10 of the mel power, not normalised, float16. `phonemes` and `characters` in
    seconds from the first frame; see synthesis.Speech."""

    sentence: Sentence
    mel: NDArray[np.float16]
    phonemes: tuple[Span, ...]
    characters: tuple[Span, ...]
    over_telephone: bool

    @property
    def start(self) -> float:
        """When the first character begins, in seconds."""
        return self.characters[0].start

    @property
    def end(self) -> float:
        """When the last character ends, in seconds."""
        return self.characters[-1].end

    def labels(self, numbers: Mapping[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Phoneme and tone of every second frame: 0 is silence, -1 a phoneme without number; tones are 1–5,
        TONE_UNKNOWN where there is none."""
        phonemes = np.zeros(len(self.mel), np.int64)
        tones = np.full(len(self.mel), TONE_UNKNOWN, np.int64)
        for span in self.phonemes:
            silent = span.what.startswith("_")
            phonemes[_frames(span)] = 0 if silent else numbers.get(span.what, -1)
        for span in self.characters:
            if span.what:
                tones[_frames(span)] = int(span.what[-1])
        return phonemes[::2], tones[::2]


def _frames(span: Span) -> slice:
    return slice(max(0, round(span.start * FRAMES)), max(0, round(span.end * FRAMES)))


@cache
def _filters() -> Any:
    import torch
    from whisper.audio import mel_filters

    return mel_filters("cpu", _BANDS), torch.hann_window(_WINDOW)


def log_mel(sound: NDArray[np.float32]) -> NDArray[np.float16]:
    """Frames of a sound at 16,000 samples a second: shape (samples // 160, 80), log10, at least -10."""
    import torch

    filters, window = _filters()
    spectrum = torch.stft(torch.from_numpy(sound), _WINDOW, _HOP, window=window, return_complex=True)
    power = filters @ spectrum[..., :-1].abs() ** 2
    return np.asarray(power.clamp(min=1e-10).log10().T.numpy(), dtype=np.float16)


def make_example(
    sentence: Sentence, random: Random, *, synthesiser: Synthesiser, channel: Channel, over_telephone: bool,
    clean: bool = False,
) -> tuple[Example, NDArray[np.float32]] | None:  # fmt: skip
    """The sentence by a known voice on some line, with a little silence around it, and its sound; None where the
    voice knows no times (see Synthesiser.say)."""
    speech = synthesiser.say(sentence.spoken, manner=Manner.drawn(random))
    if speech is None:
        return None
    before, after = int(RATE * random.uniform(0.02, 0.4)), int(RATE * random.uniform(0.1, 0.5))
    sound = channel(np.pad(speech.samples, (before, after)), random, over_telephone=over_telephone, clean=clean)
    later = before / RATE
    moved = [
        tuple(Span(s.start + later, s.end + later, s.what) for s in spans)
        for spans in (speech.phonemes, speech.characters)
    ]
    return Example(sentence, log_mel(sound), moved[0], moved[1], over_telephone), sound


def make_examples(
    corpus: Corpus, random: Random, *, kinds: Mapping[str, float], count: int, seconds: float = float("inf")
) -> list[Example]:
    """`count` examples of the kinds in their shares, fewer if the seconds are up first (at least one)."""
    synthesiser, channel, until = Synthesiser(), Channel(), time.monotonic() + seconds
    made: list[Example] = []
    while len(made) < count and (time.monotonic() < until or not made):
        kind = random.choices(list(kinds), list(kinds.values()))[0]
        example = make_example(
            corpus.draw(random, kind=kind),
            random,
            synthesiser=synthesiser,
            channel=channel,
            over_telephone=random.random() < _SHARE_TELEPHONE,
        )
        if example is not None:
            made.append(example[0])
    return made


def phoneme_numbers(examples: Iterable[Example]) -> dict[str, int]:
    """A number from 1 for every phoneme that occurs, in their order."""
    names = {span.what for example in examples for span in example.phonemes if not span.what.startswith("_")}
    return {name: number for number, name in enumerate(sorted(names), 1)}
