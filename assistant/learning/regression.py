"""Ridge regression of labels on a few numbers and on traits, each trait a column of its own: the normal equations,
sparse, solved by conjugate gradients. It knows numbers and keys only, neither votes nor what they mean.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.learning.features import GROUPS

__all__ = ["Keys", "Numbers", "Traits", "added", "regress", "solved"]

Numbers = NDArray[np.float64]
Keys = Sequence[tuple[str | None, ...]]  # for each row its key in each of GROUPS
Traits = dict[str, dict[str, float]]  # by group and key


def regress(
    dense: Numbers,
    keys: Keys,
    labels: Numbers,
    weights: Numbers,
    *,
    prior: Sequence[float],
    prior_strengths: Sequence[float],
    strengths: Mapping[str, float],
) -> tuple[tuple[float, ...], Traits]:
    """The slopes of the columns of `dense` (n, m) and the weights of the traits: the posterior mean under a normal
    prior with mean `prior` (m,) for the slopes and 0 for the traits.

    A strength is the prior's precision in votes, that is, in rows of weight 1. A group of traits without a strength is
    left out. Rows come with weights of 0 or more; their order changes nothing but the last digits.
    """
    from scipy.sparse import csr_array

    count, start = dense.shape
    places: dict[tuple[str, str], int] = {}
    rows: list[int] = []
    columns: list[int] = []
    used = [(at, group) for at, group in enumerate(GROUPS) if group in strengths]
    for row, key in enumerate(keys):
        for at, group in used:
            name = key[at]
            if name is not None:
                rows.append(row)
                columns.append(start + places.setdefault((group, name), len(places)))
    ridge = np.asarray([*prior_strengths, *(strengths[group] for group, _ in places)])
    values = np.concatenate([dense.ravel(), np.ones(len(columns))])
    at_rows = np.concatenate([np.repeat(np.arange(count), start), np.asarray(rows, np.intp)])
    at_columns = np.concatenate([np.tile(np.arange(start), count), np.asarray(columns, np.intp)])
    matrix = csr_array((values, (at_rows, at_columns)), shape=(count, len(ridge)))
    scaled = matrix.copy()
    scaled.data = scaled.data * np.repeat(weights, np.diff(scaled.indptr))
    left = scaled.T @ (labels - dense @ np.asarray(prior))
    found = solved((scaled.T @ matrix).tocsr(), ridge, left).tolist()
    traits: Traits = {}
    for ((group, name), _), weight in zip(places.items(), found[start:], strict=True):
        traits.setdefault(group, {})[name] = weight
    return tuple(mean + change for mean, change in zip(prior, found[:start], strict=True)), traits


def added(traits: Mapping[str, Mapping[str, float]], keys: Keys) -> Numbers:
    """What the traits of each row come to (n,); a key without a weight adds nothing."""
    groups = [traits.get(group, {}) for group in GROUPS]
    return np.asarray(
        [sum(w.get(key, 0.0) for w, key in zip(groups, row, strict=True) if key is not None) for row in keys], float
    )


def solved(matrix: Any, ridge: Numbers, wanted: Numbers, *, tolerance: float = 1e-10, most: int = 2_000) -> Numbers:
    """x with (matrix + diag(ridge)) x = wanted, for a sparse symmetric matrix without negative eigenvalues and a
    positive ridge: conjugate gradients (Hestenes and Stiefel, 1952), scaled by the diagonal, until what is left is
    `tolerance` of what was wanted, or `most` steps."""
    scale = 1.0 / (matrix.diagonal() + ridge)
    found, left = np.zeros_like(wanted), wanted.copy()
    better = scale * left
    way, gain = better, float(left @ better)
    limit = tolerance * float(np.linalg.norm(wanted))
    for _ in range(most):
        if float(np.linalg.norm(left)) <= limit:
            break
        image = matrix @ way + ridge * way
        step = gain / float(way @ image)
        found += step * way
        left -= step * image
        better = scale * left
        before, gain = gain, float(left @ better)
        way = better + gain / before * way
    return found
