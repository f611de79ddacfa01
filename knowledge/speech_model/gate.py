"""The gate: may a checkpoint be shipped as the demonstration model?

It listens to known voices saying sentences that were not learned, and to sounds in which nobody speaks, through
`whisper.transcribe`. Every sound is padded with silence to 30 s first. It says nothing about real recordings.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from knowledge.demo.calls.line import noise
from knowledge.errors import BadInput
from knowledge.speech_model.channel import Channel, no_speech
from knowledge.speech_model.corpus import SHORTEST, UNFIT, Corpus, Sentence, read_corpus
from knowledge.speech_model.examples import make_example
from knowledge.speech_model.synthesis import RATE, Synthesiser

__all__ = ["KINDS", "Clip", "Measured", "character_errors", "listener", "make_clips", "measure", "passes"]

Listener = Callable[[NDArray[np.float32]], str]
SECONDS = 30
# The kinds of clip and the highest share of wrong characters with which a checkpoint may be shipped.
KINDS = {"domain": 0.08, "domain, telephone": 0.15, "natural": 0.35}


@dataclass(frozen=True)
class Clip:
    """`sound` at 16,000 samples a second, `text` what is said (empty: nothing), `kind` of KINDS, or "words" or
    "no speech"."""

    kind: str
    text: str
    sound: NDArray[np.float32]


@dataclass(frozen=True)
class Measured:
    """Of one kind: clips, characters said, characters wrong, and clips without any error."""

    clips: int
    characters: int
    wrong: int
    exact: int

    @property
    def rate(self) -> float:
        """Wrong characters for each that was said, 0 or more; where nothing was said, characters invented a clip."""
        return self.wrong / (self.characters or self.clips)


def character_errors(said: str, written: str) -> int:
    """Characters to change, add or leave out, so that one becomes the other; stops and blanks do not count.

    >>> character_errors("路面积水，很深。", "路面鸡水很深了")
    2
    """
    first, second = (re.sub(r"[，。？、,.?!！\s]", "", text) for text in (said, written))
    row = list(range(len(second) + 1))
    for number, one in enumerate(first, 1):
        above, row[0] = row[0], number
        for place, other in enumerate(second, 1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (one != other))
    return row[-1]


def make_clips(corpus: Corpus, random: Random, *, each: int) -> list[Clip]:
    """`each` clips of every kind; those with sentences of the domain and of random words are drawn anew, natural ones
    come from the sentences that were held out. Half of the sounds without speech are of kinds that training has."""
    synthesiser, channel, clips = Synthesiser(), Channel(), list[Clip]()
    natural = random.sample(corpus.held_out, min(2 * each, len(corpus.held_out)))
    wanted = [("domain", False), ("domain, telephone", True), ("words", False), ("natural", False)]
    for kind, over_telephone in wanted:
        made = 0
        while made < each:
            if kind == "natural":
                sentence = Sentence(natural.pop(), "natural")
            else:
                sentence = corpus.draw(random, kind=kind.split(",")[0])
                if "，" not in sentence.written[SHORTEST:-SHORTEST]:
                    continue  # a single clause may have been learned; two that met by chance were not
            example = make_example(
                sentence,
                random,
                synthesiser=synthesiser,
                channel=channel,
                over_telephone=over_telephone,
                clean=True,
            )
            if example is not None:
                clips.append(Clip(kind, sentence.written, example[1]))
                made += 1
    quiet = (no_speech, _never_learned)
    lengths = [random.randint(2, SECONDS) * RATE for _ in range(each)]
    return clips + [Clip("no speech", "", quiet[i % 2](random, count)) for i, count in enumerate(lengths)]


def _never_learned(random: Random, count: int) -> NDArray[np.float32]:
    """Sounds of other makers than those that training has: the noises of the demo calls, and a siren."""
    level = random.choice([0.01, 0.1, 0.3])
    kind = random.choice(["babble", "traffic", "hiss", "siren"])
    if kind == "siren":
        seconds = np.arange(count) / RATE
        swing = random.uniform(10, 60) * np.sin(2 * np.pi * random.uniform(0.3, 4) * seconds)
        sound = np.sin(2 * np.pi * (random.uniform(300, 900) * seconds + swing))
    else:
        narrow = noise(kind, count // 2, np.random.default_rng(random.getrandbits(32)))
        sound = resample_poly(narrow, 2, 1)
    return np.asarray(sound * level, dtype=np.float32)


def listener(path: Path) -> Listener:
    """What the checkpoint writes for a sound, through openai-whisper, in Chinese and without a second try."""
    import pickle

    import whisper

    try:
        model: Any = whisper.load_model(str(path), device="cpu")
    except (OSError, RuntimeError, KeyError, pickle.UnpicklingError) as error:
        raise BadInput(f"{path} is no checkpoint that whisper loads; make one with --out") from error

    def listen(sound: NDArray[np.float32]) -> str:
        padded = np.pad(sound, (0, max(0, SECONDS * RATE - len(sound))))
        options = {"language": "zh", "temperature": 0.0, "condition_on_previous_text": False, "fp16": False}
        return str(model.transcribe(padded, **options)["text"])

    return listen


def measure(listen: Listener, clips: Iterable[Clip]) -> dict[str, Measured]:
    """By kind, what was heard wrong."""
    counted: dict[str, list[int]] = {}
    for clip in clips:
        wrong = character_errors(clip.text, listen(clip.sound))
        said = len(re.sub(r"[，。？]", "", clip.text))
        row = counted.setdefault(clip.kind, [0, 0, 0, 0])
        for place, value in enumerate((1, said, wrong, int(not wrong))):
            row[place] += value
    return {kind: Measured(*row) for kind, row in counted.items()}


def passes(measured: dict[str, Measured], written: Sequence[str] = ()) -> bool:
    """Whether all kinds are good enough, nothing was invented where nobody spoke, and nothing unfit was written."""
    good = all(kind in measured and measured[kind].rate <= most for kind, most in KINDS.items())
    silent = "no speech" in measured and not measured["no speech"].wrong
    return good and silent and not set("".join(written)) & UNFIT


def measure_checkpoint(path: Path, *, each: int = 50, seed: int = 77) -> dict[str, Measured]:
    """All kinds for a checkpoint; half a minute to some minutes for 50 of each."""
    return measure(listener(path), make_clips(read_corpus(), Random(seed), each=each))
