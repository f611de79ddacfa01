"""Counts and latencies of what is asked, in the format of Prometheus.

`Measured` is an assistant that passes everything on and measures asks, matches and turns on the way. It keeps no text.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from assistant.answer import Match, Reaction, Recommendation, Situation, Turn, Verdict
from assistant.learning.events import Effect
from knowledge.errors import BadInput
from knowledge.filter import Wanted
from knowledge.places import Gazetteer
from knowledge.taxonomy import Taxonomy
from ui.facade import Assistant, Head

__all__ = ["Measured", "Metrics"]

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
Result = TypeVar("Result")


class Metrics:
    """The figures of one application, in a registry of their own, so that several may live in one process."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.asks = Counter(
            "precedent_asks",
            "Questions, by where they came in and how they ended",
            ["how", "end"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "precedent_ask_seconds", "Time to an answer", ["how"], buckets=_BUCKETS, registry=self.registry
        )
        self.reactions = Counter("precedent_reactions", "New choices, by kind", ["kind"], registry=self.registry)

    def measure(self, how: str, ask: Callable[[], Result]) -> Result:
        """Runs `ask`; counts how it ended (ok, refused, fault) and how long it took."""
        begun, end = time.perf_counter(), "fault"
        try:
            answer = ask()
            end = "ok"
        except BadInput:
            end = "refused"
            raise
        finally:
            self.asks.labels(how, end).inc()
            self.seconds.labels(how).observe(time.perf_counter() - begun)
        return answer

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)


@dataclass(frozen=True)
class Measured:
    """An assistant whose asks are measured."""

    inner: Assistant
    metrics: Metrics

    @property
    def taxonomy(self) -> Taxonomy:
        """As the inner one."""
        return self.inner.taxonomy

    @property
    def gazetteer(self) -> Gazetteer:
        """As the inner one."""
        return self.inner.gazetteer

    @property
    def city(self) -> Mapping[str, str]:
        """As the inner one."""
        return self.inner.city

    def ask(
        self,
        text: str,
        *,
        language: str | None = None,
        wanted: Wanted | None = None,
        top: int = 8,
        actor: str = "anonymous",
    ) -> Recommendation:
        """Measured as "ask"."""
        return self.metrics.measure(
            "ask", lambda: self.inner.ask(text, language=language, wanted=wanted, top=top, actor=actor)
        )

    def match(
        self, text: str, *, language: str | None = None, wanted: Wanted | None = None, top: int = 10
    ) -> tuple[Situation, Verdict, tuple[Match, ...]]:
        """Measured as "match"."""
        return self.metrics.measure("match", lambda: self.inner.match(text, language=language, wanted=wanted, top=top))

    def turn(
        self,
        text: str,
        *,
        owner: str,
        conversation_id: str | None = None,
        language: str | None = None,
        department: str | None = None,
    ) -> Turn:
        """Measured as "turn"."""
        return self.metrics.measure(
            "turn",
            lambda: self.inner.turn(
                text, owner=owner, conversation_id=conversation_id, language=language, department=department
            ),
        )

    def conversations(self, owner: str, limit: int = 50) -> Sequence[Head]:
        """Passed on."""
        return self.inner.conversations(owner, limit)

    def conversation(self, conversation_id: str, owner: str) -> Sequence[Turn]:
        """Passed on."""
        return self.inner.conversation(conversation_id, owner)

    def react(self, reaction: Reaction) -> bool:
        """Passed on; a new one is counted."""
        new = self.inner.react(reaction)
        if new:
            self.metrics.reactions.labels(reaction.kind).inc()
        return new

    def reactions(self, interaction_id: str) -> Sequence[Reaction]:
        """Passed on."""
        return self.inner.reactions(interaction_id)

    def effect(self, effect: Effect) -> bool:
        """Passed on."""
        return self.inner.effect(effect)

    def recommendation(self, interaction_id: str) -> Recommendation:
        """Passed on."""
        return self.inner.recommendation(interaction_id)

    def open_case(self, case_id: int, language: str) -> Match | None:
        """Passed on."""
        return self.inner.open_case(case_id, language)

    def stats(self) -> dict[str, int]:
        """Passed on."""
        return self.inner.stats()

    def examples(self, language: str) -> Sequence[str]:
        """Passed on."""
        return self.inner.examples(language)
