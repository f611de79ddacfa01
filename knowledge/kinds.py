"""The meaning of each case, and the kinds of matter it is like: one part of the profiles, held in memory.

Of the shares of all kinds only the sixteen largest are kept for a case; the rest is next to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.meaning import Kind, Meaning

__all__ = ["UNNAMED", "CaseMeanings", "Knownness", "SharedKind"]

KEPT = 16
SAMPLE = 500  # cases that tell what the case base is about
UNNAMED = frozenset({"other", "chat"})  # leaves of kinds that belong to no category
Floats = NDArray[np.float32]
Row = tuple[NDArray[np.float16], NDArray[np.uint16], NDArray[np.float16]]


@dataclass(frozen=True)
class SharedKind:
    """The kind of matter that a text and a case have most in common, with its share (0..1) of each."""

    kind: Kind
    asked: float
    theirs: float


@dataclass(frozen=True)
class Knownness:
    """How far a text is about the known kinds of matter: the share of kinds that belong to no category, and the cosine
    with the nearest kind, both in 0..1."""

    outside: float
    clearness: float


class CaseMeanings:
    """By case: its vector (d,), its likeliest kinds (16,) and the square roots of their shares (16,)."""

    def __init__(self, meaning: Meaning) -> None:
        self.meaning = meaning
        self.rows: dict[int, Row] = {}

    def put(self, case_ids: Sequence[int], texts: Sequence[str]) -> None:
        """Takes in what cases are about."""
        vectors = self.meaning.embed(texts)
        shares = self.meaning.shares(vectors) * vectors.any(axis=1, keepdims=True)  # no known feature: of no kind
        kept = min(KEPT, shares.shape[1])
        best = np.argpartition(-shares, kept - 1, axis=1)[:, :kept]
        roots = np.sqrt(np.take_along_axis(shares, best, axis=1)).astype(np.float16)
        small = vectors.astype(np.float16)
        for row, case_id in enumerate(case_ids):
            self.rows[case_id] = (small[row], best[row].astype(np.uint16), roots[row])

    def take(self, case_id: int) -> None:
        """Takes a case out."""
        self.rows.pop(case_id, None)

    def compare(self, text: str, case_ids: Sequence[int]) -> dict[str, Floats]:
        """The text against each case, arrays of shape (len(case_ids),) in 0..1: `meaning`, the cosine of the vectors,
        and `kind`, how far both are shared out over the same kinds of matter (Bhattacharyya, 1943)."""
        found = {name: np.zeros(len(case_ids), np.float32) for name in ("meaning", "kind")}
        known = [(place, self.rows[i]) for place, i in enumerate(case_ids) if i in self.rows]
        vector = self.meaning.embed([text])
        if not known or not vector.any():
            return found
        places = [place for place, _ in known]
        roots = np.sqrt(self.meaning.shares(vector)[0])
        theirs = np.stack([row[0] for _, row in known]).astype(np.float32)
        kinds = np.stack([row[1] for _, row in known])
        shares = np.stack([row[2] for _, row in known]).astype(np.float32)
        found["meaning"][places] = np.clip(theirs @ vector[0], 0.0, 1.0)
        found["kind"][places] = np.clip((roots[kinds] * shares).sum(axis=1), 0.0, 1.0)
        return found

    def knownness(self) -> Knownness:
        """Of the median case; looks at five hundred cases at most, evenly spread."""
        rows = list(self.rows.values())
        chosen = rows[:: max(len(rows) // SAMPLE, 1)]
        if not chosen:
            return Knownness(0.0, 1.0)
        kinds, roots = np.stack([row[1] for row in chosen]), np.stack([row[2] for row in chosen]).astype(np.float32)
        unnamed = np.asarray([kind.leaf in UNNAMED for kind in self.meaning.kinds])
        nearest = (np.stack([row[0] for row in chosen]).astype(np.float32) @ self.meaning.centres.T).max(axis=1)
        outside = float(np.median((roots**2 * unnamed[kinds]).sum(axis=1)))
        return Knownness(outside, min(max(float(np.median(nearest)), 0.0), 1.0))

    def shared(self, text: str, case_id: int) -> SharedKind | None:
        """The kind that both are most alike in, by the product of its shares; None where either is of no kind."""
        vector = self.meaning.embed([text])
        if case_id not in self.rows or not vector.any():
            return None
        _, kinds, roots = self.rows[case_id]
        asked, theirs = self.meaning.shares(vector)[0][kinds], roots.astype(np.float32) ** 2
        best = int((asked * theirs).argmax())
        if not theirs[best]:
            return None
        return SharedKind(self.meaning.kinds[int(kinds[best])], float(asked[best]), float(theirs[best]))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All rows as arrays, for a file."""
        rows, d = list(self.rows.values()), self.meaning.dimension
        kept = min(KEPT, len(self.meaning.kinds))
        return {
            "meaning_cases": np.fromiter(self.rows, dtype=np.int64, count=len(rows)),
            "meaning_vectors": np.stack([r[0] for r in rows]) if rows else np.zeros((0, d), np.float16),
            "meaning_kinds": np.stack([r[1] for r in rows]) if rows else np.zeros((0, kept), np.uint16),
            "meaning_roots": np.stack([r[2] for r in rows]) if rows else np.zeros((0, kept), np.float16),
        }

    def load(self, arrays: "np.lib.npyio.NpzFile") -> None:
        """Takes what `arrays` gave. Raises KeyError or ValueError where it is not that."""
        parts = (arrays[f"meaning_{name}"] for name in ("cases", "vectors", "kinds", "roots"))
        for case_id, vector, kinds, roots in zip(*parts, strict=True):
            self.rows[int(case_id)] = (vector, kinds, roots)
