"""Kernel ridge regression on sparse rows, without ever holding the kernel. It knows no texts and no labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Row", "matrix", "solve", "unit"]

Row = tuple[NDArray[np.intp], NDArray[np.float32]]  # the places of a row that are not zero, and their values


def unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values (n,) scaled to length 1; zeros stay zeros.

    >>> unit(np.asarray([3, 4], np.float32)).tolist() == [np.float32(0.6), np.float32(0.8)]
    True
    """
    return values / max(float(np.linalg.norm(values)), 1e-12)


def matrix(rows: Sequence[Row], width: int) -> Any:
    """Rows as a sparse array (scipy, csr) of shape (len(rows), width). Raises ValueError without rows."""
    from scipy.sparse import csr_array

    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    places, values = (np.concatenate(column) for column in zip(*rows, strict=True))
    return csr_array((values.astype(np.float64), places, ends), shape=(len(rows), width))


def solve(
    rows: Any, ridge: NDArray[np.float64], wanted: NDArray[np.float64], *, tolerance: float = 1e-4, most: int = 500
) -> NDArray[np.float64]:
    """The dual weights x, shape (n, m), of kernel ridge regression (Saunders, Gammerman and Vovk, 1998) with the kernel
    rows·rowsᵀ + 1, whose 1 is the intercept: (rows·rowsᵀ + 1 + diag(ridge)) x = wanted.

    `rows` (n, width) have length 1 or 0, `ridge` (n,) is positive, `wanted` is (n, m). By conjugate gradients (Hestenes
    and Stiefel, 1952), every column by itself, until what is left is `tolerance` of what was wanted, or `most` steps.
    """
    columns = rows.T.tocsr()
    inverse = 1.0 / (2.0 + ridge)[:, None]  # of the diagonal
    found, left = np.zeros_like(wanted), wanted.copy()
    way = inverse * left
    gain = (left * way).sum(axis=0)
    limit = tolerance * np.linalg.norm(wanted, axis=0)
    for _ in range(most):
        if (np.linalg.norm(left, axis=0) <= limit).all():
            break
        image = rows @ (columns @ way) + way.sum(axis=0) + ridge[:, None] * way
        step = gain / np.maximum((way * image).sum(axis=0), 1e-300)  # a solved column has no way to go, and stays
        found += step * way
        left -= step * image
        better = inverse * left
        before, gain = gain, (left * better).sum(axis=0)
        way = better + gain / np.maximum(before, 1e-300) * way
    return found
