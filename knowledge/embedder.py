"""The embedder seam, and the default that works offline: texts as unit vectors.

LexicalEmbedder needs no model at run time: the meaning of the concepts that a text names in either language (see
knowledge.lexicon), and beside it the hashed grams projected with random signs (Achlioptas, "Database-friendly random
projections", 2003), so that texts without known words are not lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.grams import Grams, gram_counts
from knowledge.lexicon import Lexicon

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


@dataclass(frozen=True)
class LexicalEmbedder:
    """The meaning of a text's concepts, and a sketch of its grams in `sketch` numbers beside it, which gets the part
    `sketch_share` of the squared length, or all of it where no concept is named."""

    lexicon: Lexicon
    sketch: int = 160
    sketch_share: float = 0.15

    @property
    def name(self) -> str:
        """See Embedder.name."""
        return f"lexical-2/{self.dimension}/{self.lexicon.fingerprint}"

    @property
    def dimension(self) -> int:
        """See Embedder.dimension."""
        return int(self.lexicon.vectors.shape[1]) + self.sketch

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See Embedder.embed."""
        found = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            meaning = self.lexicon.meaning(self.lexicon.find(text))
            found[row, : -self.sketch] = np.sqrt(1 - self.sketch_share) * meaning
            found[row, -self.sketch :] = np.sqrt(self.sketch_share) * self._project(gram_counts(text))
        return unit(found)

    def _project(self, grams: Grams) -> Vectors:
        """A unit vector: each gram at three signed places derived from its id."""
        vector = np.zeros(self.sketch, dtype=np.float32)
        weights = (1.0 + np.log(np.maximum(grams.counts, 1.0))).astype(np.float32)
        with np.errstate(over="ignore"):
            for round_number in range(3):
                mixed = (grams.ids + np.uint64(round_number + 1)) * np.uint64(0x9E3779B97F4A7C15)  # splitmix64
                mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                mixed ^= mixed >> np.uint64(27)
                signs = np.where(mixed & np.uint64(1), 1.0, -1.0).astype(np.float32)
                np.add.at(vector, (mixed >> np.uint64(8)) % np.uint64(self.sketch), signs * weights)
        length = float(np.linalg.norm(vector))
        return vector / np.float32(length) if length else vector
