"""The reranker seam: how well each text answers a question, read together. The heavy import waits for the first use."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from knowledge.errors import Fault
from knowledge.sentence_embedder import FOREIGN, quieten

__all__ = ["CrossReranker", "Reranker"]


class Reranker(Protocol):
    """Judges texts against one question."""

    @property
    def name(self) -> str:
        """Names the model."""
        ...

    def judge(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """One score in 0..1 for each text, in their order."""
        ...


class CrossReranker:
    """Any sentence-transformers cross-encoder with one output. Raises Fault, with what to do, where package or weights
    are missing."""

    def __init__(self, model: str, *, batch: int = 20) -> None:
        self._model_name = model
        self._batch = batch

    @property
    def name(self) -> str:
        """See Reranker.name."""
        return self._model_name.rstrip("/").split("/")[-1]

    def judge(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """See Reranker.judge: the sigmoid of the model's output."""
        if not texts:
            return ()
        model, sigmoid = self._model
        pairs = [(question, text) for text in texts]
        found = model.predict(pairs, batch_size=self._batch, show_progress_bar=False, activation_fn=sigmoid)
        scores = np.asarray(found, dtype=np.float64)
        if scores.shape != (len(texts),):
            raise Fault(f"{self._model_name} gives {scores.shape[1:]} numbers a pair; a reranker gives one")
        if not np.isfinite(scores).all():
            raise Fault(f"{self._model_name} gives scores that are no numbers; choose another reranker")
        return [float(score) for score in scores]

    @cached_property
    def _model(self) -> tuple[Any, Any]:
        try:
            import torch
            from safetensors import SafetensorError
            from sentence_transformers import CrossEncoder
        except ImportError as error:
            raise Fault(
                "sentence-transformers is not installed; run `pip install precedent[sentence-transformers]`, "
                "or `precedent models use --reranker none`"
            ) from error
        try:
            quieten()
            model = CrossEncoder(self._model_name, device="cpu")
        except (SafetensorError, *FOREIGN) as error:
            raise Fault(
                f"the reranker {self._model_name} cannot be loaded ({_said(error)}); give a folder that holds a "
                "cross-encoder, or connect this machine to the model hub"
            ) from error
        if _is_embedder(self._model_name):  # its head would be made of random numbers
            raise Fault(f"{self._model_name} is an embedder and cannot rerank; give a cross-encoder")
        if model.num_labels != 1:
            raise Fault(f"{self._model_name} has {model.num_labels} outputs; a reranker has one: choose another")
        return model, torch.nn.Sigmoid()


def _said(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _is_embedder(name: str) -> bool:
    """Whether the model pools the words of a text into one vector, as far as its files say."""
    from sentence_transformers.util import load_file_path

    path = load_file_path(name, "modules.json")
    return path is not None and "Pooling" in Path(path).read_text(encoding="utf-8")
