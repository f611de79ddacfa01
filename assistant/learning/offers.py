"""How a question reaches the learner: its situation as a Context, and the order of its offers as a Slate, which can be
drawn again from what was logged of it.

A danger to life is served first, whatever was learned. Nothing is scored here, and no log is known.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from assistant.answer import Situation
from assistant.learning.events import CHAMPION, Context, Offer, Proposed, Slate
from assistant.learning.interleave import draft
from assistant.learning.order import orders
from assistant.moment import CITY_ZONE

__all__ = ["context_of", "danger_first", "fixed_slate", "group_of", "moves", "redrawn", "season"]

_SEASONS = ("winter", "spring", "summer", "autumn")


def season(at: datetime) -> str:
    """The season of a time in the city: spring from March, summer from June, autumn from September.

    >>> season(datetime.fromisoformat("2026-02-28T17:00Z"))
    'spring'
    """
    return _SEASONS[at.astimezone(CITY_ZONE).month % 12 // 3]


def group_of(situation: Situation) -> str | None:
    """The group of the situation's category ("flood"); None where no category is clearly meant."""
    return situation.category.value.split(".")[0] if situation.category and not situation.unclear else None


def context_of(situation: Situation, at: datetime, *, department: str | None = None) -> Context:
    """What the learner sees of a situation that was asked about `at` (aware) by somebody of `department`."""
    return Context(
        severity=situation.severity.level,
        danger=situation.severity.danger_to_life,
        category=group_of(situation),
        district=situation.district.value if situation.district else None,
        season=season(at),
        department=department,
    )


def fixed_slate(offers: Sequence[Offer], *, shown: int) -> Slate:
    """The offers in the order in which they are given, nothing learned and nothing drawn; `shown` places are seen."""
    places = min(shown, len(offers))
    return Slate(
        order=tuple(range(len(offers))),
        teams=(CHAMPION,) * places,
        propensities=(1.0,) * places,
        scores=tuple(offer.base for offer in offers),
    )


def danger_first(slate: Slate, offers: Sequence[Offer], called: Collection[str]) -> Slate:
    """The slate with the action types that a danger calls for (`called`) before the other first ones, and these before
    the rest; within each as it was. Where no offer is a first one, nothing changes; where one is, nothing may have been
    drawn by lot, so that every propensity stays 1."""
    if not any(offer.first for offer in offers):
        return slate
    order = sorted(slate.order, key=lambda index: _turn(offers[index], called))  # stable
    return replace(slate, order=tuple(order))


def _turn(offer: Offer, called: Collection[str]) -> int:
    return (0 if offer.action_type in called else 1) if offer.first else 2


def moves(order: Sequence[int]) -> tuple[int, ...]:
    """For each place of an order how many places its offer stands above (below: negative) its own index, which is its
    place in the fixed order.

    >>> moves((2, 0, 1))
    (2, -1, -1)
    """
    return tuple(index - place for place, index in enumerate(order))


def redrawn(proposed: Proposed, called: Collection[str] = ()) -> tuple[int, ...]:
    """The order of an interaction once more, from the scores and the seed that were logged with it; which models are in
    force by now does not matter. `called` are the action types that the danger of its situation called for."""
    champion, challenger = orders(proposed)
    if proposed.slate.mode == "interleave" and challenger is not None:
        drawn = draft(champion, challenger, random.Random(proposed.seed), places=proposed.shown)
        return drawn.order
    return danger_first(replace(proposed.slate, order=champion), proposed.offers, called).order
