"""The gate: whether another embedder finds what is wanted at least as well as the one in use, by its cosine alone. It
trains nothing and adopts nothing."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from knowledge.embedder import Embedder

__all__ = ["Asked", "Figures", "Questions", "is_better", "is_worse", "measure"]

AT_ONCE = 32  # texts embedded at once
GRADE = 2  # the least grade that counts as found
FIRST = 10  # places looked at


@dataclass(frozen=True)
class Asked:
    """A question; `relevant` maps case ids to grades 1–3."""

    text: str
    relevant: Mapping[int, int]


@dataclass(frozen=True)
class Questions:
    """Questions, and the texts by case id among which their answers are looked for; all that is relevant is there."""

    asked: Sequence[Asked]
    texts: Mapping[int, str]

    def size(self) -> int:
        """How many texts are embedded to measure once."""
        return len(self.asked) + len(self.texts) if self.asked else 0


@dataclass(frozen=True)
class Figures:
    """Means over the questions, each in 0..1: whether the first is of grade 2 or 3, nDCG with gains 2^grade − 1 (Burges
    et al., 2005), and 1 / the place of the first of grade 2 or 3, both within ten places."""

    hit_at_1: float
    ndcg_at_10: float
    mrr_at_10: float


def measure(embedder: Embedder, questions: Questions, progress: Callable[[int], None] | None = None) -> Figures:
    """How well the cosine of an embedder answers. Where cosines are equal (to six places) what is not wanted comes
    first, so that an embedder for which all texts are alike finds nothing; a vector that is no number is the farthest.
    `progress` gets the texts embedded since the last call. Without questions all is 0."""
    if not questions.asked:
        return Figures(0.0, 0.0, 0.0)
    case_ids = list(questions.texts)
    texts = _embed(embedder, list(questions.texts.values()), progress)
    asked = _embed(embedder, [one.text for one in questions.asked], progress)
    sound = np.isfinite(texts).all(axis=1)
    texts[~sound] = 0.0
    asked[~np.isfinite(asked).all(axis=1)] = 0.0
    found = []
    for one, vector in zip(questions.asked, asked, strict=True):
        grades = np.asarray([one.relevant.get(case_id, 0) for case_id in case_ids])
        cosines = np.where(sound, np.round(texts @ vector, 6), -2.0)
        order = np.lexsort((grades, -cosines))[:FIRST]
        found.append(_figures(grades[order].tolist(), sorted(one.relevant.values(), reverse=True)))
    means = np.mean(found, axis=0)
    return Figures(*(round(float(mean), 6) for mean in means))


def is_worse(new: Figures, old: Figures) -> bool:
    """Whether any figure fell.

    >>> is_worse(Figures(0.5, 0.7, 0.6), Figures(0.5, 0.6, 0.61))
    True
    """
    return any(after < before for after, before in _both(new, old))


def is_better(new: Figures, old: Figures) -> bool:
    """Whether any figure rose.

    >>> is_better(Figures(0.5, 0.7, 0.6), Figures(0.5, 0.6, 0.61))
    True
    """
    return any(after > before for after, before in _both(new, old))


def _both(new: Figures, old: Figures) -> Iterator[tuple[float, float]]:
    return ((getattr(new, field.name), getattr(old, field.name)) for field in fields(Figures))


def _figures(grades: Sequence[int], ideal: Sequence[int]) -> tuple[float, float, float]:
    """Hit, nDCG and reciprocal rank of one question from the grades in the order found and in the best order."""
    first = next((place for place, grade in enumerate(grades, 1) if grade >= GRADE), 0)
    best = _gain(ideal[:FIRST])
    return float(first == 1), _gain(grades) / best if best else 0.0, 1 / first if first else 0.0


def _gain(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1.0) / math.log2(place + 1) for place, grade in enumerate(grades, 1))


def _embed(embedder: Embedder, texts: Sequence[str], progress: Callable[[int], None] | None) -> NDArray[np.float32]:
    vectors = []
    for start in range(0, len(texts), AT_ONCE):
        batch = texts[start : start + AT_ONCE]
        vectors.append(embedder.embed(batch))
        if progress:
            progress(len(batch))
    return np.concatenate(vectors)
