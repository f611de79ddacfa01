"""What the log says of an order that was not, or not alone, shown: the off-policy estimates, side by side.

They are told on the page of what was learned and decide nothing: where the log holds too little, or could never have
shown what the order wants, `evaluable` is false and nothing should be read from them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.learning.events import Event, Proposed, Reacted
from assistant.learning.interleave import chances, draft_rounds, label
from assistant.learning.offpolicy import Estimate, cascade_doubly_robust, item_position, self_normalised
from assistant.learning.order import orders
from knowledge.errors import BadInput

__all__ = ["PLACES", "Estimates", "Labelled", "challengers", "estimate", "labelled"]

PLACES = 3  # the places that are valued
RIDGE = 1.0  # of the reward model

Numbers = NDArray[np.float64]
Labelled = tuple[Proposed, Mapping[int, float]]  # an interaction, and the label of each slot that somebody chose about
Target = Callable[[Proposed], Sequence[int]]


@dataclass(frozen=True)
class Estimates:
    """The summed reward (LABELS) of the first places under another order, estimated in three ways; `shown` is the mean
    of what was really shown."""

    shown: float
    item_position: Estimate
    self_normalised: Estimate
    cascade: Estimate


def labelled(events: Iterable[Event], *, after: int = 0) -> list[Labelled]:
    """The interactions among some events, the oldest first, the first `after` of them left out, each with its labels:
    the newest word of each person for each slot, the mean where several spoke."""
    asked: dict[str, Proposed] = {}
    said: dict[str, dict[tuple[int, str], Reacted]] = {}
    for event in events:
        if isinstance(event, Proposed):
            asked.setdefault(event.interaction_id, event)
        elif isinstance(event, Reacted) and event.interaction_id in asked:
            newest = said.setdefault(event.interaction_id, {})
            old = newest.get((event.slot, event.actor))
            if old is None or event.at >= old.at:
                newest[event.slot, event.actor] = event
    return [(one, _labels(said.get(one.interaction_id, {}).values())) for one in list(asked.values())[after:]]


def _labels(reactions: Iterable[Reacted]) -> Mapping[int, float]:
    by_slot: dict[int, list[float]] = {}
    for reaction in reactions:
        worth = label(reaction.kind)
        if worth is not None:
            by_slot.setdefault(reaction.slot, []).append(worth)
    return {slot: sum(found) / len(found) for slot, found in by_slot.items()}


def challengers(proposed: Proposed) -> Sequence[int]:
    """The order that the challenger wanted; the champion's where there was none."""
    champion, challenger = orders(proposed)
    return champion if challenger is None else challenger


def estimate(interactions: Sequence[Labelled], target: Target = challengers, *, places: int = PLACES) -> Estimates:
    """What the first `places` would have brought under the order that `target` gives for each interaction. Every
    interaction must have as many shown places; shorter ones are left out. Raises BadInput for fewer than two."""
    used = [(one, labels) for one, labels in interactions if len(one.slate.teams) >= places]
    if len(used) < 2:
        raise BadInput(f"{len(used)} interactions show {places} places; two are needed for an estimate")
    rewards = np.asarray([[labels.get(slot, 0.0) for slot in range(places)] for _, labels in used])
    wanted = [tuple(target(one))[:places] for one, _ in used]
    alone, together, unsupported = _weights([one for one, _ in used], wanted, places)
    shown, other = _modelled([one for one, _ in used], wanted, rewards)
    return Estimates(
        shown=float(rewards.sum(axis=1).mean()),
        item_position=item_position(rewards, alone, unsupported=unsupported),
        self_normalised=self_normalised(rewards, alone, unsupported=unsupported),
        cascade=cascade_doubly_robust(rewards, together, shown, other, unsupported=unsupported),
    )


def _weights(shown: Sequence[Proposed], wanted: Sequence[Sequence[int]], places: int) -> tuple[Numbers, Numbers, float]:
    """By interaction and place: the weight of the place alone, that of all places up to it, and the share of what is
    wanted that could not have stood there."""
    alone, together = np.zeros((len(shown), places)), np.zeros((len(shown), places))
    missing = 0
    for row, (one, order) in enumerate(zip(shown, wanted, strict=True)):
        champion, challenger = orders(one)
        tried = one.slate.mode == "interleave" and challenger is not None
        could = chances(champion, challenger, places=places) if tried and challenger is not None else ()
        starts = _drawn(champion, challenger, places) if tried and challenger is not None else [1.0] * places
        weight = 1.0
        for place in range(places):
            there = one.slate.order[place] == order[place]
            missing += not (order[place] in could[place] if could else there)
            alone[row, place] = there / one.slate.propensities[place]
            weight *= there / starts[place]
            together[row, place] = weight
    return alone, together, missing / alone.size


def _drawn(champion: Sequence[int], challenger: Sequence[int], places: int) -> list[float]:
    """For each place the chance of what stands there, given what stands above: a coin where a pair begins."""
    found: list[float] = []
    for mine, other in draft_rounds(champion, challenger):
        found += [1.0] if mine == other else [0.5, 1.0]
    return found[:places]


def _modelled(shown: Sequence[Proposed], wanted: Sequence[Sequence[int]], rewards: Numbers) -> tuple[Numbers, Numbers]:
    """What a linear model of the base score, the track record and the place expects of what was shown and of what is
    wanted; it is fitted on one half of the interactions (every other one) and asked about the other."""
    places = rewards.shape[1]
    there = np.asarray([[_row(one, one.slate.order[k], k, places) for k in range(places)] for one in shown])
    asked = zip(shown, wanted, strict=True)
    other = np.asarray([[_row(one, order[k], k, places) for k in range(places)] for one, order in asked])
    found_there, found_other = np.zeros(rewards.shape), np.zeros(rewards.shape)
    for half in (0, 1):
        rows = there[1 - half :: 2].reshape(-1, there.shape[2])
        matrix = rows.T @ rows + RIDGE * np.eye(rows.shape[1])
        weights = np.linalg.solve(matrix, rows.T @ rewards[1 - half :: 2].ravel())
        found_there[half::2], found_other[half::2] = there[half::2] @ weights, other[half::2] @ weights
    return found_there, found_other


def _row(one: Proposed, index: int, place: int, places: int) -> list[float]:
    offer = one.offers[index]
    return [offer.base, offer.rate, *(float(place == k) for k in range(places))]
