"""The transcriber seam: sound as text with times. Which model, and how its failures are caught, its adapters know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAMPLE_RATE", "Heard", "HeardWord", "HearsMany", "Sound", "Transcriber"]

SAMPLE_RATE = 16_000
Sound = NDArray[np.float32]  # mono, 16 kHz, -1..1


@dataclass(frozen=True)
class HeardWord:
    """A word as the model gave it; seconds from the beginning of the window, probability in 0..1."""

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True)
class Heard:
    """One piece of text of a window as the model gave it: mean log-probability of its tokens, probability that nobody
    speaks, zlib compression ratio of the text, the temperature it was decoded at; seconds from the window's start."""

    start: float
    end: float
    text: str
    log_probability: float
    no_speech: float
    compression: float
    temperature: float
    words: tuple[HeardWord, ...] = ()


class Transcriber(Protocol):
    """Hears one window of at most 30 s. One contract suite runs against every implementation."""

    @property
    def name(self) -> str:
        """Names engine and checkpoint, as staff read it beside each transcript."""
        ...

    @property
    def demo(self) -> bool:
        """Whether this is the demonstration model, which is never used silently for real recordings."""
        ...

    def language(self, window: Sound) -> tuple[str, float]:
        """The language spoken (zh, en, …) and its probability in 0..1."""
        ...

    def hear(self, window: Sound, *, language: str, prompt: str = "", temperature: float = 0.0) -> Iterable[Heard]:
        """The text of a window, shape (samples,), 16 kHz mono; nothing for silence as the model sees it. Earlier text
        is never taken into account; `prompt` holds names that may occur. Raises Fault where the model fails."""
        ...


@runtime_checkable
class HearsMany(Protocol):
    """A transcriber that hears several windows in one go faster than one by one."""

    def hear_all(
        self, windows: Sequence[Sound], *, language: str, prompt: str = "", temperature: float = 0.0
    ) -> Sequence[Iterable[Heard]]:
        """As Transcriber.hear, for each window in order."""
        ...
