"""What counts of what people said: the last word of everyone for every shown action, as labels with weights.

Nobody outvotes the rest: votes fade, a person has at most a few effective votes for an action type, a department a
limited share, and bursts, loops and people who disagree with what others found before weigh less. This module knows
no features and no model; how far a person is relied on comes from outside (`assistant/learning/trust.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assistant.learning.events import Context, Effect, Event, Offer, Proposed, Reacted

__all__ = ["LABELS", "Vote", "VoteSettings", "codes", "read", "weigh"]

LABELS = {"adopt": 1.0, "edit": 0.7, "reject": 0.0}
SOURCES = ("record", "official", "citizen")  # the first that is known counts

Numbers = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Vote:
    """One label in 0..1 for an offer that was shown: of acceptance, or of the outcome where `source` is given. `own`
    says whether the person reacted to what he had asked himself; `parts` is how much of an outcome is known, 1 to 3."""

    at: datetime
    person: str
    department: str | None
    interaction_id: str
    slot: int
    context: Context
    offer: Offer
    label: float
    own: bool = False
    parts: int = 1
    source: Literal["record", "official", "citizen"] | None = None


@dataclass(frozen=True)
class VoteSettings:
    """How votes are weighed. `least_share` and `most_votes` in effective votes. `parts` is what the outcome counts of
    which one, two or all three of resolved, in time and satisfaction are known: the mean of more is less a matter of
    chance."""

    most_votes: float = 3.0  # of one person for one action type
    most_share: float = 0.5  # of one department in the votes for one action type …
    least_share: float = 9.0  # … unless it has no more than these
    burst_minutes: float = 10.0
    burst_votes: int = 24  # that a person may cast in that time, all of them counting
    loop_days: float = 7.0
    loop_votes: int = 4  # for the same action on one's own questions about the same kind of matter in the same place
    official: float = 0.8  # an official's word on an outcome, where a record has 1
    citizen: float = 0.6
    parts: tuple[float, float, float] = (0.3, 0.75, 1.0)


def read(events: Iterable[Event], at: datetime) -> tuple[list[Vote], list[Vote]]:
    """The votes on acceptance and those on outcomes, of events up to `at`, in an order that does not depend on that of
    the log except where two events of one person for one slot carry the same time (then the later in the log holds).

    What nobody reacted to gives no vote. An outcome counts only where an adoption stands, and only where something of
    it is known. Reactions to what is not among the events are left out.
    """
    asked: dict[str, Proposed] = {}
    reactions: dict[tuple[str, int, str], Reacted] = {}
    effects: dict[tuple[str, int, str], Effect] = {}
    seen: set[tuple[str, str]] = set()
    for event in sorted((e for e in events if e.at <= at), key=lambda e: e.at):
        if isinstance(event, Proposed):
            asked.setdefault(event.interaction_id, event)
        elif isinstance(event, Reacted | Effect):
            if (event.interaction_id, event.client_id) in seen:
                continue
            seen.add((event.interaction_id, event.client_id))
            if isinstance(event, Reacted):
                reactions[(event.interaction_id, event.slot, event.actor)] = event
            else:
                effects[(event.interaction_id, event.slot, event.source)] = event
    standing = {
        key: event
        for key, event in reactions.items()
        if event.kind in LABELS and key[0] in asked and 0 <= event.slot < len(asked[key[0]].slate.order)
    }
    accepted = [_reacted(asked[event.interaction_id], event) for event in standing.values()]
    adopted = {(e.interaction_id, e.slot) for e in standing.values() if e.kind != "reject"}
    chosen: dict[tuple[str, int], Effect] = {}
    for source in SOURCES:
        for (interaction_id, slot, theirs), effect in effects.items():
            if theirs == source and (interaction_id, slot) in adopted and _outcome(effect) is not None:
                chosen.setdefault((interaction_id, slot), effect)
    turned_out = [_effected(asked[effect.interaction_id], effect) for effect in chosen.values()]
    return sorted(accepted, key=_place), sorted(turned_out, key=_place)


def _place(vote: Vote) -> tuple[datetime, str, int, str]:
    return vote.at, vote.interaction_id, vote.slot, vote.person


def _reacted(asked: Proposed, event: Reacted) -> Vote:
    offer = asked.offers[asked.slate.order[event.slot]]
    department = event.department or asked.context.department
    own = event.actor == asked.actor
    where = (event.interaction_id, event.slot, asked.context, offer)
    return Vote(event.at, event.actor, department, *where, LABELS[event.kind], own)


def _effected(asked: Proposed, event: Effect) -> Vote:
    offer = asked.offers[asked.slate.order[event.slot]]
    label = _outcome(event)
    assert label is not None
    where = (event.interaction_id, event.slot, asked.context, offer)
    own, parts = event.actor == asked.actor, len(_known_parts(event))
    return Vote(event.at, event.actor, asked.context.department, *where, label, own, parts, event.source)


def _outcome(effect: Effect) -> float | None:
    """The mean of what is known of an outcome, in 0..1; None where nothing is known."""
    known = _known_parts(effect)
    return sum(known) / len(known) if known else None


def _known_parts(effect: Effect) -> list[float]:
    """Those of resolved, in time and satisfaction that are known, each in 0..1."""
    known = [float(value) for value in (effect.resolved, effect.in_time) if value is not None]
    if effect.satisfaction is not None:
        known.append(min(max((effect.satisfaction - 1) / 4, 0.0), 1.0))
    return known


def weigh(votes: Sequence[Vote], trusted: Numbers, *, half_life: float, settings: VoteSettings) -> Numbers:
    """The effective weight of each vote, in 0..1, in their order. `trusted` is how far each vote's person is relied on;
    ages are counted in days from the last vote, and `half_life` days halve a vote."""
    if not votes:
        return np.zeros(0)
    days = _days(votes)
    recorded = np.asarray([vote.source == "record" for vote in votes])
    says = {None: 1.0, "record": 1.0, "official": settings.official, "citizen": settings.citizen}
    whole = {parts: settings.parts[parts - 1] for parts in (1, 2, 3)}
    weights = np.asarray([says[vote.source] * (whole[vote.parts] if vote.source else 1.0) for vote in votes])
    weights *= 0.5 ** ((days.max() - days) / half_life)
    person, kind = codes(vote.person for vote in votes), codes(vote.offer.action_type for vote in votes)
    spoken = weights * trusted * _unhurried(votes, days, person, settings)
    weights = np.where(recorded, weights, spoken)
    cell = codes(zip(person.tolist(), kind.tolist(), strict=True))
    totals = np.bincount(cell, np.where(recorded, 0.0, weights))
    weights *= np.where(recorded, 1.0, np.minimum(1.0, settings.most_votes / np.maximum(totals, 1e-12))[cell])
    return np.asarray(weights * _departments(votes, kind, np.where(recorded, 0.0, weights), settings))


def _departments(votes: Sequence[Vote], kind: Codes, weights: Numbers, settings: VoteSettings) -> Numbers:
    """By how much each vote shrinks, so that no department has more than its share of the votes for an action type."""
    known = np.asarray([vote.department is not None for vote in votes])
    cell = codes((vote.department or "", k) for vote, k in zip(votes, kind.tolist(), strict=True))
    mine, all_of_kind = np.bincount(cell, weights)[cell], np.bincount(kind, weights)[kind]
    limit = np.maximum(settings.least_share, settings.most_share / (1 - settings.most_share) * (all_of_kind - mine))
    counted = known & (weights > 0)
    return np.asarray(np.where(counted, np.minimum(1.0, limit / np.maximum(mine, 1e-12)), 1.0))


def _unhurried(votes: Sequence[Vote], days: Numbers, person: Codes, settings: VoteSettings) -> Numbers:
    """Less than 1 for votes in a burst of one person, and in a loop of somebody who asks the same and adopts the same
    again and again; the longer it is, the less all of it counts together."""
    crowd = _within(person, days, settings.burst_minutes / 1440 / 2)
    loops = codes(
        (vote.person, vote.offer.action_type, vote.context.category, vote.context.district)
        if vote.own and vote.label > 0
        else index
        for index, vote in enumerate(votes)
    )
    again = _within(loops, days, settings.loop_days / 2)
    burst, loop = np.minimum(1.0, settings.burst_votes / crowd), np.minimum(1.0, settings.loop_votes / again)
    return np.asarray(burst**2 * loop**2)


def _within(groups: Codes, days: Numbers, window: float) -> Numbers:
    """For each element, how many of its group lie within `window` days of it, itself included."""
    span = float(days.max() - days.min()) + 2 * window + 1.0
    line = groups * span + (days - days.min())
    ordered = np.sort(line)
    right, left = np.searchsorted(ordered, line + window, "right"), np.searchsorted(ordered, line - window, "left")
    return np.asarray(right - left, np.float64)


def _days(votes: Sequence[Vote]) -> Numbers:
    return np.asarray([vote.at.timestamp() for vote in votes]) / 86_400


def codes(values: Iterable[object]) -> Codes:
    """Each value as a number from 0, in the order in which they first appear."""
    known: dict[object, int] = {}
    return np.asarray([known.setdefault(value, len(known)) for value in values], dtype=np.intp)
