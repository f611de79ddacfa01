"""Any sentence-transformers model as an embedder: a folder on disk, or a name that the model hub knows.

The heavy import happens when the first text is embedded.
"""

import logging
import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import Fault

__all__ = ["FOREIGN", "SentenceEmbedder", "quieten"]

# What loading or running a model may raise: each brings configuration, and often code, of its own.
FOREIGN = (AttributeError, ImportError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)

PROBES = 64  # places at which a file of weights is read for its fingerprint
PROBE_BYTES = 16_384


class SentenceEmbedder:
    """Embedder on sentence-transformers. Raises Fault, with what to do, where package or weights are missing."""

    def __init__(self, model: str, *, batch: int = 32) -> None:
        self._model_name = model
        self._batch = batch

    @cached_property
    def name(self) -> str:
        """See Embedder.name. A model in a folder is also told by its weights: many folders are called "model"."""
        name = f"sentence-transformers/{self._model_name.rstrip('/').split('/')[-1]}"
        weights = sorted(Path(self._model_name).glob("*.safetensors")) + sorted(Path(self._model_name).glob("*.bin"))
        return f"{name}/{_fingerprint(weights):08x}" if weights else name

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
            from safetensors import SafetensorError
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise Fault(
                "sentence-transformers is not installed; run `pip install precedent[sentence-transformers]`, "
                "or return to the built-in one: `precedent models use meaning`"
            ) from error
        try:
            quieten()
            return SentenceTransformer(self._model_name, device="cpu")
        except (SafetensorError, *FOREIGN) as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise Fault(
                f"the embedding model {self._model_name} cannot be loaded ({said}); give a folder that holds the "
                "model, or connect this machine to the model hub, or return to the built-in one: "
                "`precedent models use meaning`"
            ) from error


def quieten() -> None:
    """Keeps bars and retries of the libraries off stderr, where one line says what went wrong."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)


def _fingerprint(files: Sequence[Path]) -> int:
    """Tells files of weights apart without reading them whole."""
    found = 0
    for path in files:
        size = path.stat().st_size
        found = zlib.crc32(str(size).encode(), found)
        with path.open("rb") as stream:
            for place in range(PROBES):
                stream.seek(place * max(size - PROBE_BYTES, 0) // (PROBES - 1))
                found = zlib.crc32(stream.read(PROBE_BYTES), found)
    return found
