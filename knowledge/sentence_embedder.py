"""Any sentence-transformers model as an embedder: a folder on disk, or a name that the model hub knows.

The heavy import happens when the first text is embedded.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import Fault

__all__ = ["SentenceEmbedder"]


class SentenceEmbedder:
    """Embedder on sentence-transformers. Raises Fault, with what to do, where package or weights are missing."""

    def __init__(self, model: str, *, batch: int = 32) -> None:
        self._model_name = model
        self._batch = batch

    @property
    def name(self) -> str:
        """See Embedder.name."""
        return f"sentence-transformers/{self._model_name.rstrip('/').split('/')[-1]}"

    @property
    def dimension(self) -> int:
        """See Embedder.dimension."""
        return int(self._model.get_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See Embedder.embed."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        vectors = self._model.encode(
            list(texts), batch_size=self._batch, normalize_embeddings=True, show_progress_bar=False
        )
        vectors = np.asarray(vectors, dtype=np.float32)
        vectors[[not text.strip() for text in texts]] = 0.0
        return vectors

    @cached_property
    def _model(self) -> Any:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise Fault(
                "sentence-transformers is not installed; run `pip install precedent[sentence-transformers]`, "
                'or set embedder = "lexical" in the settings'
            ) from error
        try:
            return SentenceTransformer(self._model_name, device="cpu")
        except (OSError, ValueError, RuntimeError) as error:
            raise Fault(
                f"the embedding model {self._model_name} cannot be loaded ({str(error).splitlines()[0][:200]}); give a "
                'folder that holds the model, or connect this machine to the model hub, or set embedder = "lexical"'
            ) from error
