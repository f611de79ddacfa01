"""What a recogniser does to Chinese text: characters replaced by others of the same sound. Deterministic by seed."""

import random
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from knowledge.sound import syllable

__all__ = ["Homophones", "homophones"]


@lru_cache(maxsize=1)
def _readings() -> dict[str, str]:
    from pypinyin.pinyin_dict import pinyin_dict

    return {chr(code): syllable(readings.split(",")[0]) for code, readings in pinyin_dict.items() if code < 0xA000}


class Homophones:
    """Replaces characters by others with the same (or a confusable) syllable, common ones more often. `texts` says
    which characters are common."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts = Counter(character for text in texts for character in text if character in _readings())
        self._by_sound: dict[str, list[str]] = {}
        for character, count in counts.items():
            self._by_sound.setdefault(_readings()[character], []).extend([character] * min(count, 20))

    def __call__(self, text: str, share: float, seed: int) -> str:
        """The text with about this share (0..1) of its Han characters replaced; the same seed gives the same text."""
        rng = random.Random(f"{seed} {text}")
        return "".join(self._other(c, rng) if c in _readings() and rng.random() < share else c for c in text)

    def _other(self, character: str, rng: random.Random) -> str:
        others = [c for c in self._by_sound.get(_readings()[character], []) if c != character]
        return rng.choice(others) if others else character


def homophones(texts: Iterable[str]) -> Homophones:
    """See Homophones.

    >>> noisy = homophones(["世事是市时"])
    >>> noisy("市", 1.0, 0) in "世事是时"
    True
    """
    return Homophones(texts)
