"""Measures of a ranking, and bootstrap intervals. Pure functions."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["hit", "interval", "ndcg", "reciprocal_rank"]


def hit(ranking: Sequence[str], relevant: Mapping[str, int], k: int, grade: int = 2) -> float:
    """1.0 if one of the first `k` has at least this grade.

    >>> hit(["a", "b"], {"b": 3}, 1), hit(["a", "b"], {"b": 3}, 2)
    (0.0, 1.0)
    """
    return float(any(relevant.get(name, 0) >= grade for name in ranking[:k]))


def reciprocal_rank(ranking: Sequence[str], relevant: Mapping[str, int], k: int = 10, grade: int = 2) -> float:
    """1 / the place of the first with at least this grade within the first `k`, else 0.

    >>> reciprocal_rank(["a", "b"], {"b": 3})
    0.5
    """
    for place, name in enumerate(ranking[:k], 1):
        if relevant.get(name, 0) >= grade:
            return 1.0 / place
    return 0.0


def ndcg(ranking: Sequence[str], relevant: Mapping[str, int], k: int = 10) -> float:
    """Normalised discounted cumulative gain at `k` with gains 2^grade − 1 (Burges et al., 2005), in 0..1.

    >>> ndcg(["a"], {"a": 3}), ndcg(["b"], {"a": 3})
    (1.0, 0.0)
    """
    gained = sum((2 ** relevant.get(n, 0) - 1) / math.log2(p + 1) for p, n in enumerate(ranking[:k], 1))
    best = sorted(relevant.values(), reverse=True)[:k]
    ideal = sum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(best, 1))
    return gained / ideal if ideal else 0.0


def interval(values: Sequence[float], *, draws: int = 2_000, seed: int = 7) -> tuple[float, float, float]:
    """(mean, low, high): the mean with its 95% percentile bootstrap interval; all 0 for no values."""
    if not len(values):
        return 0.0, 0.0, 0.0
    array = np.asarray(values, dtype=float)
    means = array[np.random.default_rng(seed).integers(0, len(array), (draws, len(array)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(array.mean()), float(low), float(high)
