"""The log of events and the shelf of models in SQL, as learning sees them: rows become the frozen records of
assistant.learning.events and back. What is written where is known to knowledge.interactions, learning_log and policies.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from assistant.learning.events import Context, Effect, Event, GateEvent, Offer, Proposed, Reacted, Slate, Withdrawal
from assistant.learning.shelves import KeptPolicy
from knowledge.errors import BadInput
from knowledge.interactions import Interactions, Proposal, ReactionRow, Shown
from knowledge.learning_log import EffectRow, EventRow, LearningLog, WithdrawalRow
from knowledge.policies import GateRow, Policies, PolicyRow

__all__ = ["SqlEventLog", "SqlShelf", "proposal_of", "read_event", "shown_of"]

_FEATURES = tuple(one.name for one in fields(Offer))
_CONTEXT = frozenset(one.name for one in fields(Context))


@dataclass(frozen=True)
class SqlEventLog:
    """An EventLog over the interactions of the product. An interaction that is appended here has neither question nor
    answer (a simulation); the desk writes its own with `Interactions.record(…, proposal=proposal_of(…))`."""

    engine: Engine

    def append(self, event: Event) -> bool:
        """Writes one event; False where it is known already. Raises NotFound for a reaction or an effect whose
        interaction or slot was never shown, BadInput for a slate that does not fit its offers."""
        if isinstance(event, Proposed):
            return self._propose(event)
        if isinstance(event, Reacted):
            row = ReactionRow(
                event.interaction_id, event.client_id, event.kind, event.slot, None, None, event.actor, event.at,
                department=event.department,
            )  # fmt: skip
            return Interactions(self.engine).react(row)
        log = LearningLog(self.engine)
        if isinstance(event, Withdrawal):
            return log.withdraw(WithdrawalRow(**vars(event)))
        return log.effect(EffectRow(**vars(event)))

    def _propose(self, event: Proposed) -> bool:
        interactions = Interactions(self.engine)
        if interactions.has(event.interaction_id):
            return False
        proposal = proposal_of(event)
        try:
            interactions.record(
                event.interaction_id, asked_at=event.at, actor=event.actor, question="", language="", situation={},
                filters={}, candidates=(), shown=shown_of(event), versions={}, recommendation="{}",
                proposal=proposal,
            )  # fmt: skip
        except IntegrityError:
            if interactions.has(event.interaction_id):  # it came in at the same moment by another way
                return False
            raise
        return True

    def events(self, since: int = 0) -> Iterator[tuple[int, Event]]:
        """Everything that counts, oldest first, from after number `since` to what is newest when the reading begins."""
        for row in LearningLog(self.engine).stream(since):
            yield row.number, read_event(row)

    def last(self) -> int:
        """The number of the newest event; 0 where there is none."""
        return LearningLog(self.engine).last()

    def withdrawals(self) -> int:
        """How many withdrawals were written so far: who keeps what was read begins again when this grows."""
        return LearningLog(self.engine).withdrawals()


@dataclass(frozen=True)
class SqlShelf:
    """A Shelf in the product's database; `folder` holds each model as a readable file too (None: no files)."""

    engine: Engine
    folder: Path | None = None

    def put(self, text: str, *, watermark: int, at: datetime) -> KeptPolicy:
        """Keeps a model and gives it a version; the same text again is the model that is there."""
        return _kept(self._policies.put(text, watermark=watermark, at=at))

    def get(self, version: str) -> KeptPolicy:
        """A model. Raises NotFound, and Fault where its text or its file no longer fits its hash."""
        return _kept(self._policies.get(version))

    def policies(self) -> tuple[KeptPolicy, ...]:
        """All models, oldest first."""
        return tuple(_kept(row) for row in self._policies.policies())

    def note(self, event: GateEvent) -> int:
        """Writes a step of the gate and gives its number, from 1."""
        return self._policies.note(GateRow(**vars(event)))

    def history(self) -> tuple[GateEvent, ...]:
        """All steps, oldest first."""
        return tuple(
            GateEvent(row.at, row.kind, row.champion, row.challenger, row.by, row.figures, row.note)  # type: ignore[arg-type]
            for row in self._policies.history()
        )

    @property
    def _policies(self) -> Policies:
        return Policies(self.engine, self.folder)


def proposal_of(event: Proposed) -> Proposal:
    """An interaction's order and candidates as the log keeps them. Raises BadInput for a slate that does not fit its
    offers: an index twice or beyond them, more teams than places, a score too few."""
    slate, size = event.slate, len(event.offers)
    places = {index: place for place, index in enumerate(slate.order)}
    fits = (
        len(places) == len(slate.order)
        and all(0 <= index < size for index in slate.order)
        and len(slate.teams) <= len(slate.order)
        and len(slate.propensities) <= len(slate.order)
        and len(slate.scores) in (0, size)
        and (slate.challenger_scores is None or len(slate.challenger_scores) == size)
    )
    if not fits:
        raise BadInput(
            f"the slate of interaction {event.interaction_id} does not fit its {size} offers; its order names each "
            "offer at most once, with a team and a propensity a place and a score an offer"
        )
    offers = []
    for index, offer in enumerate(event.offers):
        row: dict[str, Any] = {name: getattr(offer, name) for name in _FEATURES}
        place = places.get(index)
        if slate.scores:
            row["score"] = float(slate.scores[index])
        if slate.challenger_scores is not None:
            row["challenger_score"] = float(slate.challenger_scores[index])
        if place is not None:
            row["place"] = place
            row |= {"team": slate.teams[place]} if place < len(slate.teams) else {}
            row |= {"propensity": float(slate.propensities[place])} if place < len(slate.propensities) else {}
        offers.append(row)
    return Proposal(
        context=dict(vars(event.context)), offers=offers, places=event.shown, seed=event.seed, mode=slate.mode,
        champion=slate.version, challenger=slate.challenger,
    )  # fmt: skip


def shown_of(event: Proposed, texts: Mapping[int, str] | None = None) -> tuple[Shown, ...]:
    """The places that a person could see, in their order; `texts` are those of the actions, by index of their offer."""
    slate, known = event.slate, texts or {}
    return tuple(
        Shown(
            action_type=event.offers[index].action_type,
            text=known.get(index, ""),
            propensity=float(slate.propensities[place]) if place < len(slate.propensities) else 1.0,
            team=slate.teams[place] if place < len(slate.teams) else None,
            offer=int(index),
        )
        for place, index in enumerate(slate.order[: event.shown])
    )


def read_event(row: EventRow) -> Event:
    """A row of the log as the event it was. What a later version added to a row is left out."""
    values = {name: value for name, value in vars(row).items() if name != "number"}
    if isinstance(row, EffectRow):
        return Effect(**values)
    if isinstance(row, ReactionRow):
        named = {one.name for one in fields(Reacted)}
        return Reacted(**{name: value for name, value in values.items() if name in named})
    proposal = row.proposal
    return Proposed(
        row.interaction_id, row.at, row.actor,
        Context(**{name: value for name, value in proposal.context.items() if name in _CONTEXT}),
        tuple(Offer(**{name: offer[name] for name in _FEATURES if name in offer}) for offer in proposal.offers),
        _slate(proposal), proposal.seed, proposal.places,
    )  # fmt: skip


def _slate(proposal: Proposal) -> Slate:
    offers = proposal.offers
    order = sorted((i for i, offer in enumerate(offers) if "place" in offer), key=lambda i: offers[i]["place"])
    paired = any("challenger_score" in offer for offer in offers)
    return Slate(
        order=tuple(order),
        teams=tuple(offers[i]["team"] for i in order if "team" in offers[i]),
        propensities=tuple(offers[i]["propensity"] for i in order if "propensity" in offers[i]),
        version=proposal.champion,
        mode=proposal.mode,  # type: ignore[arg-type]
        challenger=proposal.challenger,
        scores=tuple(offer["score"] for offer in offers if "score" in offer),
        challenger_scores=tuple(offer["challenger_score"] for offer in offers) if paired else None,
    )


def _kept(row: PolicyRow) -> KeptPolicy:
    return KeptPolicy(**vars(row))
