"""Levelling: what a model's cosines mean, read off sayings whose kind of matter is known.

Every embedding model has a scale of its own: for one .6 is near, for another everything is above .6. The mean cosine of
sayings of different kinds becomes 0, that of sayings of the same kind LIKE; this for each pair of languages, since a
model may read one and not the other, or both without bringing them together. A pair in which it hardly tells the kinds
apart is one that it can't read.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.embedder import Embedder
from knowledge.matters import Matter, read_matters

__all__ = ["LANGUAGES", "LIKE", "Level", "measure_levels", "pair"]

LANGUAGES = ("zh", "en")
LIKE = 0.6  # the levelled cosine of two sayings of the same kind, in the mean
READS = 1.0  # separation from which on a model counts as reading a pair of languages
SAMPLE = 150  # kinds of matter, two sayings of each language
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Level:
    """Cosines of one model in one pair of languages: the mean between sayings of different kinds, and of the same kind,
    and how much the former vary (standard deviation)."""

    different: float
    same: float
    spread: float

    @property
    def separation(self) -> float:
        """How far apart both means lie, in standard deviations.

        >>> Level(0.1, 0.3, 0.1).separation
        2.0
        """
        return round((self.same - self.different) / max(self.spread, 1e-6), 2)

    @property
    def reads(self) -> bool:
        """Whether the model tells kinds of matter apart in these languages."""
        return self.same > self.different and self.separation >= READS

    def __call__(self, cosine: float) -> float:
        """A cosine on the common scale, in 0..LIKE.

        >>> level = Level(0.1, 0.3, 0.1)
        >>> level(0.05), round(level(0.2), 6), level(0.9)
        (0.0, 0.3, 0.6)
        """
        return min(max((cosine - self.different) / max(self.same - self.different, 1e-6), 0.0), 1.0) * LIKE


def measure_levels(embedder: Embedder, matters: Iterable[Matter] | None = None) -> dict[str, Level]:
    """The level of each pair of languages, over a fixed sample of the bundled kinds of matter."""
    kinds = [matter for matter in (read_matters() if matters is None else matters) if matter.leaf != "chat"]
    kinds = [matter for matter in kinds if all(len(_says(matter.says, name)) == 2 for name in LANGUAGES)]
    kinds = [kinds[place * len(kinds) // SAMPLE] for place in range(SAMPLE)] if len(kinds) > SAMPLE else kinds
    says = {language: [_says(matter.says, language) for matter in kinds] for language in LANGUAGES}
    vectors = {
        language: [embedder.embed([two[place] for two in said]) for place in (0, 1)] for language, said in says.items()
    }
    levels = {}
    for place, language in enumerate(LANGUAGES):
        for other in LANGUAGES[place:]:
            cosines = vectors[language][0] @ vectors[other][1].T
            same = np.eye(len(kinds), dtype=bool)
            others = cosines[~same]
            found = (others.mean(), cosines[same].mean(), others.std())
            levels[pair(language, other)] = Level(*(round(float(value), 6) for value in found))
    return levels


def pair(one: str, other: str) -> str:
    """The name of a pair of languages, whichever comes first.

    >>> pair("zh", "en"), pair("en", "zh"), pair("en", "en")
    ('en-zh', 'en-zh', 'en-en')
    """
    return "-".join(sorted((one, other)))


def _says(says: Sequence[str], language: str) -> list[str]:
    return [say for say in says if bool(_HAN.search(say)) == (language == "zh")][:2]
