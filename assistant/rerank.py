"""Reranking: the best candidates read together with the question. A reranker that fails costs its part, no answer."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event

from knowledge.errors import PrecedentError
from knowledge.reranker import Reranker
from knowledge.sentence_embedder import FOREIGN

__all__ = ["TYPICAL", "Reranking"]

logger = logging.getLogger(__name__)
TYPICAL = 0.5  # the judgement of a text that neither answers nor misses the question


@dataclass(frozen=True)
class Reranking:
    """A reranker with what it counts for in the score, and how many candidates it reads."""

    reranker: Reranker
    weight: float = 0.5
    limit: int = 20
    _told: Event = field(default_factory=Event, compare=False)

    def __call__(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """A judgement in 0..1 for each text; none at all where the reranker fails, which is logged once."""
        try:
            judged = [min(max(float(score), 0.0), 1.0) for score in self.reranker.judge(question, texts)]
            if len(judged) != len(texts):
                raise ValueError(f"{len(judged)} scores for {len(texts)} texts")
        except (PrecedentError, *FOREIGN):
            if not self._told.is_set():
                self._told.set()
                logger.exception("the reranker %s fails; answers are given without it", self.reranker.name)
            return ()
        return judged
