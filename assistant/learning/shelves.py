"""Where learning keeps things, as Protocols: the append-only log of events, and the shelf of models with the gate's
history. Who implements them (SQL in the product, memory in a simulation) is not known here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assistant.learning.events import Event, GateEvent

__all__ = ["EventLog", "KeptPolicy", "Shelf"]


class EventLog(Protocol):
    """Events in the order in which they were written, each with its number (1, 2, …, gaps allowed)."""

    def append(self, event: Event) -> bool:
        """Writes one event; False where it is known already (same interaction, or same client_id in one interaction).
        Raises NotFound for a reaction or an effect whose interaction or slot was never shown."""
        ...

    def events(self, since: int = 0) -> Iterator[tuple[int, Event]]:
        """Everything that counts, oldest first, from after number `since`: what a person withdrew is left out, and so
        are the withdrawals themselves."""
        ...

    def last(self) -> int:
        """The number of the newest event; 0 where there is none."""
        ...

    def withdrawals(self) -> int:
        """How many withdrawals were written so far: who keeps what was read begins again when this grows."""
        ...


@dataclass(frozen=True)
class KeptPolicy:
    """A model on the shelf: its version ("p0001-1a2b3c4d": a count and the beginning of its hash), when it was fitted,
    the number of the last event it has seen, the SHA-256 of its text, and the text (JSON, readable)."""

    version: str
    fitted_at: datetime
    watermark: int
    sha256: str
    text: str


class Shelf(Protocol):
    """Models, never changed once they are there, and the gate's history, which only grows. Which model is in force, or
    is tried, follows from that history alone."""

    def put(self, text: str, *, watermark: int, at: datetime) -> KeptPolicy:
        """Keeps a model and gives it a version; the same text again is the same model."""
        ...

    def get(self, version: str) -> KeptPolicy:
        """A model. Raises NotFound, and Fault where its text no longer fits its hash."""
        ...

    def policies(self) -> Sequence[KeptPolicy]:
        """All models, oldest first."""
        ...

    def note(self, event: GateEvent) -> int:
        """Writes a step of the gate and gives its number."""
        ...

    def history(self) -> Sequence[GateEvent]:
        """All steps, oldest first."""
        ...
