"""Windows: what the network sees at once, with what it should write and hear.

A window holds any number of examples one after another, silence or noise around them, and is padded as whisper does it:
with silence while there is sound, then with zeros in the normalised features. It knows no network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray

from knowledge.speech_model.channel import no_speech
from knowledge.speech_model.examples import FRAMES, TONE_UNKNOWN, Example, log_mel
from knowledge.speech_model.synthesis import RATE
from knowledge.speech_model.vocabulary import Vocabulary

__all__ = ["FULL", "Batch", "Placing", "Reader", "Window", "batched", "normalised", "place"]

FULL = 3_000  # frames of whisper's window: 30 s
LONGEST_TEXT = 212  # tokens; whisper.transcribe writes at most 224
_LATEST_START = 1.0  # seconds; whisper lets no transcript begin later
_SILENT = -10.0  # log10 of the least power
_RANGE = 8.0  # of log10 power, below the loudest frame


@dataclass(frozen=True)
class Window:
    """`mel`: shape (80, frames), normalised. `tokens` with their `spans` (start and end in halved frames, None for what
    is not a character), `targets[i]` what should follow token i (-1: any). Phonemes and tones in halved frames."""

    mel: NDArray[np.float32]
    tokens: tuple[int, ...]
    spans: tuple[tuple[float, float] | None, ...]
    targets: tuple[int, ...]
    phonemes: NDArray[np.int64]
    tones: NDArray[np.int64]


@dataclass(frozen=True)
class Placing:
    """How examples stand in a window of `frames` (even): frames before the first, after each (the last repeats), the
    frame from which on zeros pad (None: right after the sound), tokens of an earlier text, and sound without speech
    that lies before, or alone if there are no examples (log mel)."""

    frames: int
    lead: int = 0
    gaps: tuple[int, ...] = (0,)
    zeros_from: int | None = None
    earlier: tuple[int, ...] = ()
    noise: NDArray[np.float16] | None = None


def normalised(mel: NDArray[np.float32], *, end: int, zeros_from: int) -> NDArray[np.float32]:
    """Log-mel of shape (frames, 80) as whisper feeds it, the loudest frame before `end` as measure; zeros from
    `zeros_from` on."""
    loudest = float(mel[: max(end, 1)].max())
    scaled = (np.maximum(mel, loudest - _RANGE) + 4) / 4
    scaled[zeros_from:] = 0.0
    return np.asarray(scaled, dtype=np.float32)


def place(
    examples: Sequence[Example], placing: Placing, *, vocabulary: Vocabulary, phonemes: Mapping[str, int],
    random: Random,
) -> Window:  # fmt: skip
    """The examples, as many as fit, as a window. One that is cut by the end gives its start time only, as whisper does
    it; no speech gives the mark for it and an empty text."""
    writing = _Writing(placing, vocabulary, phonemes, random)
    for number, example in enumerate(examples):
        gap = placing.gaps[min(number, len(placing.gaps) - 1)] if number < len(examples) - 1 else 0
        if not writing.add(example, gap):
            break
    return writing.window()


@dataclass
class _Writing:
    """A window while it is written."""

    placing: Placing
    vocabulary: Vocabulary
    phonemes: Mapping[str, int]
    random: Random
    speech: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        frames, words = self.placing.frames, self.vocabulary
        self._mel = np.full((frames, 80), _SILENT, np.float32)
        self._heard = np.zeros(frames // 2, np.int64)
        self._tones = np.full(frames // 2, TONE_UNKNOWN, np.int64)
        self._tokens = [*self.placing.earlier, words.start, words.language, words.task]
        self._spans: list[tuple[float, float] | None] = [None] * len(self._tokens)
        self._first = len(self._tokens)
        self._at = self.placing.lead
        self._before = -1
        if self.placing.noise is not None:
            sound = self.placing.noise[:frames]
            self._mel[: len(sound)] = sound
            self._at = max(self._at, 0)

    def add(self, example: Example, gap: int) -> bool:
        """Whether it found room."""
        room, words = self.placing.frames - self._at, self.vocabulary
        text = words.encode(example.sentence.written)
        written = len(self._tokens) - len(self.placing.earlier)
        cut = len(example.mel) > room
        if written + len(text) > LONGEST_TEXT or room < 60 or (cut and room <= example.start * FRAMES + 40):
            return False
        self._show(example, min(len(example.mel), room))
        start, end = self._at / FRAMES + example.start, self._at / FRAMES + example.end
        self._write(words.time(start if self.speech else min(start, _LATEST_START)), None)
        self.speech = True
        if cut and end > self.placing.frames / FRAMES - 0.02:
            self._at = self.placing.frames
            return False
        for character, span in zip(example.sentence.written, example.characters, strict=True):
            for token in words.tokens[character]:
                self._write(token, (span.start * FRAMES / 2 + self._at / 2, span.end * FRAMES / 2 + self._at / 2))
        self._write(words.time(end), None)
        self._at += min(len(example.mel), room)
        self._fill(example, gap)
        return self._at < self.placing.frames

    def _write(self, token: int, span: tuple[float, float] | None) -> None:
        self._tokens.append(token)
        self._spans.append(span)

    def _show(self, example: Example, length: int) -> None:
        """The example's frames and what is heard in them; before the first one its own background."""
        if not self.speech and self._at and self.placing.noise is None:
            self._mel[: self._at] = example.mel[[self.random.randrange(3) for _ in range(self._at)]]
        self._mel[self._at : self._at + length] = example.mel[:length]
        heard, tones = example.labels(self.phonemes)
        half = self._at // 2
        count = min(len(heard), (length + 1) // 2, len(self._heard) - half)
        self._heard[half : half + count] = heard[:count]
        self._tones[half : half + count] = tones[:count]

    def _fill(self, example: Example, gap: int) -> None:
        """The background of the example goes on for a while."""
        gap = min(gap, self.placing.frames - self._at)
        last = len(example.mel)
        self._mel[self._at : self._at + gap] = example.mel[[self.random.randrange(last - 8, last) for _ in range(gap)]]
        self._at += gap

    def window(self) -> Window:
        words, frames = self.vocabulary, self.placing.frames
        if not self.speech:
            self._write(words.time_zero, None)
            self._at = frames if self.placing.noise is None else min(len(self.placing.noise), frames)
        self._write(words.end, None)
        targets = [-1] * (len(self._tokens) - 1)
        targets[len(self.placing.earlier)] = words.language if self.speech else words.no_speech
        targets[self._first - 1 :] = self._tokens[self._first :]
        zeros = self._at if self.placing.zeros_from is None else max(self._at, self.placing.zeros_from)
        mel = normalised(self._mel, end=self._at, zeros_from=zeros)
        spans = tuple(self._spans)
        return Window(mel.T, tuple(self._tokens), spans, tuple(targets), self._heard, self._tones)


@dataclass(frozen=True)
class Batch:
    """Windows of the same length, stacked; tokens and targets as rows of the vocabulary (-1: no target). `reads[b,i,t]`
    is 1 where frame t belongs to the character of token i, `follows` to that of the token after it."""

    mel: NDArray[np.float32]
    tokens: NDArray[np.int64]
    targets: NDArray[np.int64]
    reads: NDArray[np.float32]
    follows: NDArray[np.float32]
    phonemes: NDArray[np.int64]
    tones: NDArray[np.int64]


def batched(windows: Sequence[Window], vocabulary: Vocabulary) -> Batch:
    """The windows as one batch; shorter texts are filled with the end of text, which is no target there."""
    length = max(len(w.tokens) for w in windows) - 1
    shape = (len(windows), length)
    tokens, targets = np.full(shape, vocabulary.end), np.full(shape, -1)
    reads = np.zeros((*shape, len(windows[0].phonemes)), np.float32)
    follows = np.zeros_like(reads)
    for number, window in enumerate(windows):
        count = len(window.targets)
        tokens[number, :count], targets[number, :count] = window.tokens[:-1], window.targets
        for i, span in enumerate(window.spans):
            if span is None:
                continue
            frames = slice(max(0, int(span[0]) - 1), int(span[1]) + 2)
            if i < count:
                reads[number, i, frames] = 1
            if i:
                follows[number, i - 1, frames] = 1
    rows = vocabulary.rows
    return Batch(
        np.stack([w.mel for w in windows]), rows[tokens], np.where(targets >= 0, rows[targets], -1), reads, follows,
        np.stack([w.phonemes for w in windows]), np.stack([w.tones for w in windows]),
    )  # fmt: skip


class Reader:
    """Draws batches from examples: single sentences, and windows with several of them, padded or full."""

    def __init__(
        self, examples: Sequence[Example], *, vocabulary: Vocabulary, phonemes: Mapping[str, int], random: Random,
        frames: int = FULL, quiet: int = 40,
    ) -> None:  # fmt: skip
        """`frames` of a full window; `quiet` sounds without speech are kept, half of a full window long."""
        self._examples = sorted(examples, key=lambda e: len(e.mel))
        self._vocabulary, self._phonemes, self._random, self._full = vocabulary, phonemes, random, frames
        self._quiet = [log_mel(no_speech(random, frames * RATE // FRAMES)) for _ in range(quiet)]

    def singles(self, frames: int) -> Batch:
        """Sentences of about the same length, each in a window of its own, `frames` in all."""
        first = self._random.randrange(len(self._examples))
        near = self._examples[first : first + max(1, frames // len(self._examples[first].mel))]
        length = max(len(e.mel) for e in near) + self._random.randint(0, 40)
        placing = Placing(length + length % 2)
        return self._batch([(near[i : i + 1], placing) for i in range(len(near))])

    def windows(self, frames: int, *, count: int, most: int) -> Batch:
        """`count` windows of `frames` with up to `most` sentences each."""
        return self._batch([self._some(frames, self._random.randint(1, most)) for _ in range(count)])

    def silent(self, *, count: int) -> Batch:
        """Full windows in which nobody speaks."""
        placings: list[tuple[list[Example], Placing]] = []
        for _ in range(count):
            sound = self._random.choice(self._quiet)
            length = self._random.choice([len(sound), self._random.randint(len(sound) // 15, len(sound))])
            placings.append(([], Placing(self._full, zeros_from=self._zeros(self._full), noise=sound[:length])))
        return self._batch(placings)

    def _some(self, frames: int, count: int) -> tuple[list[Example], Placing]:
        random = self._random
        lead, noise = random.choices([0, random.randint(0, 60), random.randint(60, 300)], [50, 40, 10])[0], None
        if random.random() < 0.05:
            lead = random.randint(min(50, frames // 4), frames // 4)
            noise = random.choice(self._quiet)[:lead]
        gaps = tuple(
            random.choices([random.randint(0, 30), random.randint(30, 120), random.randint(120, 400)], [50, 40, 10])[0]
            for _ in range(count)
        )
        earlier: tuple[int, ...] = ()
        if random.random() < 0.12:  # an earlier text, as whisper gives it from the second window on
            said = "".join(random.choice(self._examples).sentence.written for _ in range(random.choice([1, 2, 4])))
            earlier = (self._vocabulary.previous, *self._vocabulary.encode(said)[-80:])
        chosen = [random.choice(self._examples) for _ in range(count)]
        return chosen, Placing(frames, lead, gaps, self._zeros(frames), earlier, noise)

    def _zeros(self, frames: int) -> int | None:
        """Where zeros begin: right after the sound, nowhere, or somewhere."""
        return self._random.choices([None, frames, self._random.randint(0, frames)], [40, 30, 30])[0]

    def _batch(self, chosen: Sequence[tuple[Sequence[Example], Placing]]) -> Batch:
        words, numbers = self._vocabulary, self._phonemes
        windows = [
            place(examples, placing, vocabulary=words, phonemes=numbers, random=self._random)
            for examples, placing in chosen
        ]
        return batched(windows, words)
