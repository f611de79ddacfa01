"""Hubs: cases that are near to every question, and are damped when many questions are asked together.

In a space of many dimensions a few points are among the nearest of nearly all others (Radovanović et al., 2010). Each
case loses part of its mean likeness to its five nearest other questions; those that mean nearly the same as the
question at hand are left out, or a matter that is asked often would be punished for it. Strengths are counted in units
of what is usual for their question, since long questions are less like anything than short ones. For a file of
questions only: the answer to a single question must not hang on what others asked before.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.match import Candidate

__all__ = ["ENOUGH", "Hubs"]

ENOUGH = 30  # questions from which on a hub can be told
NEAREST = 5
GATHERED = 40  # nearest questions that are remembered of a case
ALIKE = 0.8  # cosine of meanings from which on two questions ask the same
SHARE = 0.8
MOST = 2.5  # strength, in units of what is usual, up to which a question tells of a hub: beyond it is its own case
USUAL = 10  # candidates behind the best one whose mean strength is usual for a question


@dataclass(frozen=True)
class Hubs:
    """Of each case the strengths (odds of the score, in units of what is usual for the question) towards its nearest
    questions, best first, with their places; `vectors` (questions, d) are the questions' meanings as unit vectors,
    where they are known."""

    nearest: dict[int, tuple[tuple[float, int], ...]]
    questions: int
    vectors: NDArray[np.float32] | None = None

    @classmethod
    def of(cls, found: Sequence[Sequence[tuple[int, float]]], vectors: NDArray[np.float32] | None = None) -> "Hubs":
        """From the (case id, score) of each question's candidates, in the order of the questions."""
        gathered: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for place, candidates in enumerate(found):
            usual = _usual([score for _, score in candidates])
            for case_id, score in candidates:
                gathered[case_id].append((min(_odds(score) / usual, MOST), place))
        best = {case_id: tuple(sorted(rows, reverse=True)[:GATHERED]) for case_id, rows in gathered.items()}
        return cls(best, len(found), vectors)

    def damp(self, candidates: Sequence[Candidate], place: int) -> tuple[Candidate, ...]:
        """The candidates of the question at `place`, anew in order; their mean strength stays."""
        if self.questions < ENOUGH or not candidates:
            return tuple(candidates)
        usual = _usual([c.score for c in candidates])
        levels = usual * np.asarray([self._level(c.case_id, place) for c in candidates])
        mean = float(levels.mean())
        damped = [
            replace(c, score=_score(_odds(c.score) - SHARE * (level - mean)))
            for c, level in zip(candidates, levels.tolist(), strict=True)
        ]
        return tuple(sorted(damped, key=lambda c: (-c.score, -c.case_id)))

    def _level(self, case_id: int, place: int) -> float:
        """The mean strength towards the five nearest other questions; questions without this candidate count as 0."""
        others = [s for s, other in self.nearest.get(case_id, ()) if other != place and not self._same(other, place)]
        return sum(others[:NEAREST]) / NEAREST

    def _same(self, one: int, other: int) -> bool:
        return self.vectors is not None and float(self.vectors[one] @ self.vectors[other]) >= ALIKE


def _usual(scores: Sequence[float]) -> float:
    """The mean strength of the candidates behind the best one, at least a tenth of the best one's."""
    best = sorted((_odds(score) for score in scores), reverse=True)
    behind = best[1 : 1 + USUAL]
    mean = sum(behind) / len(behind) if behind else 0.0
    return max(mean, best[0] / 10 if best else 0.0, 1e-6)


def _odds(score: float) -> float:
    return score / max(1.0 - score, 1e-6)


def _score(odds: float) -> float:
    odds = max(odds, 0.0)
    return round(odds / (1.0 + odds), 6)
