"""The tokens of the multilingual whisper tokenizer that the model may use, and what they sound like.

A character is always written with its own tokens (one to three), never as part of a longer one, so that the decoder
finds each by its sound. Words of several characters, other languages and everything else in whisper's vocabulary stay
unused: their rows share one vector.
"""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knowledge.speech_model.synthesis import syllables

__all__ = ["SIZE", "Vocabulary", "sounds_of", "vocabulary_of"]

SIZE = 51_865  # of whisper's multilingual models
_TIMES = 301  # time tokens in use: every tenth of a second up to 30 s
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Vocabulary:
    """`tokens` has those of each character; the others are whisper's marks: start of transcript, end of text, the
    language zh, the task, no speech, start of the previous text, and the time 0.00."""

    tokens: Mapping[str, tuple[int, ...]]
    start: int
    end: int
    language: int
    task: int
    no_speech: int
    previous: int
    time_zero: int

    def encode(self, text: str) -> tuple[int, ...]:
        """The tokens of a text, character by character. Raises KeyError for a character that is not learned."""
        return tuple(token for character in text for token in self.tokens[character])

    def time(self, seconds: float) -> int:
        """The token of a time in 0..30 s, to the tenth of a second."""
        return self.time_zero + 5 * min(_TIMES - 1, max(0, round(seconds * 10)))

    @cached_property
    def used(self) -> tuple[int, ...]:
        """Every token that the model may write or read, ascending."""
        marks = {self.start, self.end, self.language, self.task, self.no_speech, self.previous}
        times = {self.time_zero + 5 * number for number in range(_TIMES)}
        return tuple(sorted({t for tokens in self.tokens.values() for t in tokens} | marks | times))

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """By token, its place in `used`; -1 for one that is not used."""
        rows = np.full(SIZE, -1, np.int64)
        rows[list(self.used)] = np.arange(len(self.used))
        return rows

    @cached_property
    def single(self) -> NDArray[np.bool_]:
        """By place in `used`: whether the token alone is a Han character or digit."""
        alone = np.zeros(len(self.used), bool)
        for character, tokens in self.tokens.items():
            if len(tokens) == 1 and character not in "，。？":
                alone[self.rows[tokens[0]]] = True
        return alone

    def sounds(self, counts: Mapping[str, int]) -> NDArray[np.float32]:
        """Shape (used, sounds): how much of each initial, final and tone is in a token, over the characters that it
        spells, weighted by their counts; a row sums to 3, or to 0 where nothing is spelled."""
        heard = [(c, sounds) for c in sorted(self.tokens) if (sounds := sounds_of(c))]
        names = {name: i for i, name in enumerate(sorted({n for _, sounds in heard for n in sounds}))}
        table = np.zeros((len(self.used), len(names)), np.float32)
        for character, sounds in heard:
            for token in self.tokens[character]:
                for name in sounds:
                    table[self.rows[token], names[name]] += counts.get(character, 1)
        share: NDArray[np.float32] = table / np.maximum(table.sum(axis=1, keepdims=True) / 3, np.float32(1e-6))
        return share


def sounds_of(character: str) -> tuple[str, ...]:
    """Initial, final and tone of a Han character or digit; nothing for a stop.

    >>> sounds_of("水"), sounds_of("爱"), sounds_of("，")
    (('sh-', '-ui', '3'), ('-', '-ai', '4'), ())
    """
    read = _DIGITS[int(character)] if character.isascii() and character.isdigit() else character
    syllable = syllables(read)[0] if "\u4e00" <= read <= "\u9fa5" else ""
    if not syllable:
        return ()
    initial = next((i for i in _INITIALS if syllable.startswith(i) and len(syllable) > len(i) + 1), "")
    return f"{initial}-", f"-{syllable[len(initial) : -1]}", syllable[-1]


def vocabulary_of(characters: Iterable[str]) -> Vocabulary:
    """The vocabulary that writes these characters. Loads whisper's tokenizer, which is part of the package."""
    from whisper.tokenizer import get_tokenizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # whisper leaves the file of its tokens open
        tokenizer = get_tokenizer(True, num_languages=99, language="zh", task="transcribe")
    return Vocabulary(
        tokens={character: tuple(tokenizer.encode(character)) for character in sorted(characters)},
        start=tokenizer.sot,
        end=tokenizer.eot,
        language=tokenizer.to_language_token("zh"),
        task=tokenizer.transcribe,
        no_speech=tokenizer.no_speech,
        previous=tokenizer.sot_prev,
        time_zero=tokenizer.timestamp_begin,
    )
