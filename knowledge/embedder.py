"""The embedder seam, and the default that works offline: texts as unit vectors.

LexicalEmbedder needs no weights and no fitting: the hashed grams of a text (see knowledge.grams) and the taxonomy
concepts that it names, projected with random signs (Achlioptas, "Database-friendly random projections", 2003), so that
the inner product approximates the cosine of the grams. It brings texts in two languages together through the concepts
only; it knows no meanings beyond them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.categories import Categoriser
from knowledge.grams import gram_counts

__all__ = ["Embedder", "LexicalEmbedder", "unit"]

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """The seam for vectors of texts. One contract suite runs against every implementation."""

    @property
    def name(self) -> str:
        """Names model and version: vectors of different names are never compared."""
        ...

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimension); an empty text gives a zero vector."""
        ...


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def _unit_row(vector: Vectors) -> Vectors:
    return np.asarray(unit(vector[None])[0], dtype=np.float32)


@dataclass(frozen=True)
class LexicalEmbedder:
    """Grams and concepts, projected to `dimension` numbers. `concept_share` is the part of the squared length that the
    concepts of a text get where it names any."""

    categoriser: Categoriser
    dimension: int = 384
    concept_share: float = 0.5

    @property
    def name(self) -> str:
        """See Embedder.name."""
        return f"lexical-1/{self.dimension}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See Embedder.embed."""
        return (
            unit(np.stack([self._one(text) for text in texts])) if texts else np.zeros((0, self.dimension), np.float32)
        )

    def _one(self, text: str) -> Vectors:
        grams = gram_counts(text)
        # three signed positions for each gram, derived from its id: a sparse random projection
        weights = (1.0 + np.log(np.maximum(grams.counts, 1.0))).astype(np.float32)
        vector = self._project(grams.ids.astype(np.uint64), weights)
        scores = self.categoriser.scores(text)
        if not scores:
            return _unit_row(vector)
        names = np.asarray([self.categoriser.number(name) for name in scores], dtype=np.uint64)
        concepts = self._project(names + np.uint64(1 << 40), np.asarray(list(scores.values()), dtype=np.float32))
        share = self.concept_share
        both = np.sqrt(1 - share) * _unit_row(vector) + np.sqrt(share) * _unit_row(concepts)
        return np.asarray(both, dtype=np.float32)

    def _project(self, ids: NDArray[np.uint64], weights: NDArray[np.float32]) -> Vectors:
        vector = np.zeros(self.dimension, dtype=np.float32)
        with np.errstate(over="ignore"):
            for round_number in range(3):
                mixed = (ids + np.uint64(round_number + 1)) * np.uint64(0x9E3779B97F4A7C15)  # splitmix64
                mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                mixed ^= mixed >> np.uint64(27)
                signs = np.where(mixed & np.uint64(1), 1.0, -1.0).astype(np.float32)
                np.add.at(vector, (mixed >> np.uint64(8)) % np.uint64(self.dimension), signs * weights)
        return vector
