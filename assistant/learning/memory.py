"""The log of events and the shelf of models in memory: what simulations and small experiments learn from. Nothing
outlives the process; the product keeps both in SQL."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime

from assistant.learning.events import Effect, Event, GateEvent, Proposed, Reacted, Withdrawal
from assistant.learning.shelves import KeptPolicy
from knowledge.errors import Fault, NotFound

__all__ = ["MemoryLog", "MemoryShelf"]

DIGITS = 8  # of the hash that stand in a version


class MemoryLog:
    """An EventLog; safe to use from several threads. Events are numbered 1, 2, … without gaps."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._shown: dict[str, tuple[int, str, datetime]] = {}  # places shown, who asked, when
        self._clients: set[tuple[type, str, str]] = set()
        self._withdrawals: list[Withdrawal] = []
        self._lock = threading.Lock()

    def append(self, event: Event) -> bool:
        """Writes one event; False where it is known already. Raises NotFound for a reaction or an effect whose
        interaction or slot was never shown."""
        with self._lock:
            new = self._is_new(event)
            if new:
                self._events.append(event)
            return new

    def _is_new(self, event: Event) -> bool:
        """Whether an event is not known yet; from now on it is."""
        if isinstance(event, Withdrawal):
            if event in self._withdrawals:
                return False
            self._withdrawals.append(event)
            return True
        if isinstance(event, Proposed):
            if event.interaction_id in self._shown:
                return False
            places = min(event.shown, len(event.slate.order))
            self._shown[event.interaction_id] = (places, event.actor, event.at)
            return True
        if event.interaction_id not in self._shown:
            raise NotFound(f"Interaction {event.interaction_id} was never shown; record what is proposed first")
        if not 0 <= event.slot < self._shown[event.interaction_id][0]:
            raise NotFound(f"Interaction {event.interaction_id} showed nothing at slot {event.slot}; name a shown slot")
        key = (type(event), event.interaction_id, event.client_id)
        if key in self._clients:
            return False
        self._clients.add(key)
        return True

    def events(self, since: int = 0) -> Iterator[tuple[int, Event]]:
        """Everything that counts, oldest first, from after number `since`. What a person withdrew is left out, with
        whatever others said about an interaction of that person; so are the withdrawals themselves."""
        until = self.last()
        for number in range(since, until):
            event = self._events[number]
            if not isinstance(event, Withdrawal) and not self._withdrawn(event):
                yield number + 1, event

    def _withdrawn(self, event: Proposed | Reacted | Effect) -> bool:
        if not self._withdrawals:
            return False
        _, asked_by, asked_at = self._shown[event.interaction_id]
        return any(
            (event.actor == one.actor and event.at <= one.at) or (asked_by == one.actor and asked_at <= one.at)
            for one in self._withdrawals
        )

    def last(self) -> int:
        """The number of the newest event; 0 where there is none."""
        return len(self._events)

    def withdrawals(self) -> int:
        """How many withdrawals were written so far: who keeps what was read begins again when this grows."""
        return len(self._withdrawals)


class MemoryShelf:
    """A Shelf; safe to use from several threads."""

    def __init__(self) -> None:
        self._policies: list[KeptPolicy] = []
        self._history: list[GateEvent] = []
        self._lock = threading.Lock()

    def put(self, text: str, *, watermark: int, at: datetime) -> KeptPolicy:
        """Keeps a model and gives it a version; the same text again is the model that is there."""
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        with self._lock:
            for kept in self._policies:
                if kept.sha256 == sha256:
                    return kept
            version = f"p{len(self._policies) + 1:04d}-{sha256[:DIGITS]}"
            kept = KeptPolicy(version, at, watermark, sha256, text)
            self._policies.append(kept)
            return kept

    def get(self, version: str) -> KeptPolicy:
        """A model. Raises NotFound, and Fault where its text no longer fits its hash."""
        kept = next((one for one in self._policies if one.version == version), None)
        if kept is None:
            raise NotFound(f"There is no model {version}; the page of what was learned lists those that are there")
        if hashlib.sha256(kept.text.encode()).hexdigest() != kept.sha256:
            raise Fault(f"Model {version} no longer fits its hash; restore it from a back-up or roll back to another")
        return kept

    def policies(self) -> Sequence[KeptPolicy]:
        """All models, oldest first."""
        return tuple(self._policies)

    def note(self, event: GateEvent) -> int:
        """Writes a step of the gate and gives its number, from 1."""
        with self._lock:
            self._history.append(event)
            return len(self._history)

    def history(self) -> Sequence[GateEvent]:
        """All steps, oldest first."""
        return tuple(self._history)
