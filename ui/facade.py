"""What the page and the HTTP API ask of the assistant: the methods of the desk, as a Protocol.

It states signatures only; who implements them, and how, is not known here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from assistant.answer import Match, Reaction, Recommendation, Situation, Turn, Verdict
from assistant.learning.events import Effect
from knowledge.filter import Wanted
from knowledge.places import Gazetteer
from knowledge.taxonomy import Taxonomy

__all__ = ["Assistant", "Head"]


class Head(Protocol):
    """One line of the list of conversations."""

    @property
    def conversation_id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def turns(self) -> int: ...


class Assistant(Protocol):
    """One per process, safe to call from many threads. BadInput and NotFound carry a sentence for the person."""

    @property
    def taxonomy(self) -> Taxonomy: ...
    @property
    def gazetteer(self) -> Gazetteer: ...
    @property
    def city(self) -> Mapping[str, str]: ...

    def ask(
        self,
        text: str,
        *,
        language: str | None = None,
        wanted: Wanted | None = None,
        top: int = 8,
        actor: str = "anonymous",
    ) -> Recommendation: ...

    def match(
        self, text: str, *, language: str | None = None, wanted: Wanted | None = None, top: int = 10
    ) -> tuple[Situation, Verdict, tuple[Match, ...]]: ...

    def turn(
        self,
        text: str,
        *,
        owner: str,
        conversation_id: str | None = None,
        language: str | None = None,
        department: str | None = None,
    ) -> Turn: ...

    def conversations(self, owner: str, limit: int = 50) -> Sequence[Head]: ...

    def conversation(self, conversation_id: str, owner: str) -> Sequence[Turn]: ...

    def react(self, reaction: Reaction) -> bool: ...

    def reactions(self, interaction_id: str) -> Sequence[Reaction]: ...

    def recommendation(self, interaction_id: str) -> Recommendation: ...

    def effect(self, effect: Effect) -> bool: ...

    def open_case(self, case_id: int, language: str) -> Match | None: ...

    def stats(self) -> dict[str, int]: ...

    def examples(self, language: str) -> Sequence[str]: ...
