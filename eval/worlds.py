"""Simulated cities in which the learner and the gate are tried: situations, candidate actions, officials, outcomes.

A world, ours or another (`--world module:Class`), has five methods:

- `situations()`: an endless iterator of situations. Of each is read severity (1–4), danger, category, district, season,
  actor and department (of the person who asks), as attributes or keys; what is missing counts as unknown.
- `candidates(s)`: what could be advised, as `Offer` or anything with the names of its fields (at least an action type).
- `react(s, slate)`: what people did with the shown list: `Reaction` or (slot, kind, actor, department), the slot being
  the place from 0 in `slate.order`, the kind adopt, edit or reject. Called once for each interaction that is logged.
- `outcome(s, action)`: how an adopted candidate turned out: `Result`, or None where nobody will ever know.
- `value(s, order)`: nDCG@3 of the true values, in 0..1, of indices into the candidates; the learner never sees it.

A world may also have `honest(s)` (whether the person who asks is to be served; all are, where it is missing) and
`favoured` (the action type that a group pushes, or None).

The truth here: an action's quality, action × severity, family × district, family × season, and a part that belongs to
this one situation; the fixed ranker sees a little of it, through the city's own records (`eval/cityrecords.py`). It is
set such that the fixed ranker has nDCG@3 .64 and a random order .51. This module knows no learner. Seasons are drawn
apart from the clock, so that each occurs from the first day.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from assistant.learning.events import Offer
from eval.cityrecords import CITY, Candidates, City, Place, Records
from eval.officials import Officials, Reaction

__all__ = ["DRIFT_AT", "KINDS", "Kind", "Result", "Situation", "World", "ndcg_of_values"]

Kind = Literal["clean", "inverted", "drift", "poisoned", "popular", "sparse", "null"]
KINDS: tuple[Kind, ...] = ("clean", "inverted", "drift", "poisoned", "popular", "sparse", "null")
DRIFT_AT = 1_500  # interactions before the truth changes
SEASONS = ("spring", "summer", "autumn", "winter")
SEVERITIES = (0.05, 0.10, 0.35, 0.50)  # shares of 1 (特别重大) to 4 (一般)
DANGER = 0.03  # share of the situations of severity 3 and 4 that put a life in danger
KNOWN = 0.7  # share of the adopted actions of which somebody says how they turned out
PLACES = tuple(1.0 / math.log2(place + 2) for place in range(3))


@dataclass(frozen=True)
class Result:
    """How an adopted action turned out, known after `delay` more interactions. `satisfaction` is from 1 to 5."""

    resolved: bool | None
    satisfaction: float | None
    in_time: bool | None
    delay: int


@dataclass(frozen=True, eq=False)
class Situation:
    """One moment of one city. `number` is unique in its world; `values` holds the true value in 0..1 of each candidate,
    the chance that it works."""

    number: int
    severity: int
    danger: bool
    category: str
    district: str
    season: str
    actor: str
    department: str
    offers: tuple[Offer, ...] = field(repr=False)
    values: tuple[float, ...] = field(repr=False)


def ndcg_of_values(values: Sequence[float], order: Sequence[int]) -> float:
    """nDCG@3 with the values themselves as gains, in 0..1; 1 where nothing has a value. Places that `order` leaves
    empty gain nothing.

    >>> ndcg_of_values([0.1, 0.9, 0.5, 0.2], [1, 2, 3]), round(ndcg_of_values([0.0, 1.0], [0, 1]), 2)
    (1.0, 0.63)
    """
    best = sum(value * weight for value, weight in zip(sorted(values, reverse=True), PLACES, strict=False))
    gained = sum(values[index] * weight for index, weight in zip(order, PLACES, strict=False))
    return gained / best if best else 1.0


class World:
    """A city by seed. `kind`: clean; inverted (a fifth of the reactions say the opposite); drift (after `drift_at`
    interactions the truth of half of the action types is another, while the records stay what they were); poisoned (a
    fifth of the reactions come from a group that asks about what brings up
    `favoured`, pushes it and rejects its rivals); popular (officials like
    what is popular, not what works); sparse (a fifth of the reactions); null (nothing to learn: the truth is the fixed
    ranker's score and noise, so that no order can be better). The same seed gives the same city and, for the same
    slates, the same reactions and outcomes."""

    def __init__(self, seed: int = 0, kind: Kind = "clean", *, drift_at: int = DRIFT_AT, city: City = CITY) -> None:
        self.seed, self.kind, self.drift_at, self.city = seed, kind, drift_at, city
        self._records = Records(seed, city)
        self._later = self._records.truth.changed(seed, city)
        self._drawn = 0
        self._interactions = 0
        self.favoured: str | None = self._records.name(self._records.favourite()) if kind == "poisoned" else None
        self.officials = Officials(seed, kind, self._records.popularity(kind), favoured=self.favoured)

    @property
    def drifted(self) -> bool:
        """Whether the truth has changed already."""
        return self.kind == "drift" and self._interactions >= self.drift_at

    def situations(self) -> Iterator[Situation]:
        """Endless; several iterators never give the same situation."""
        while True:
            number = self._drawn
            self._drawn += 1
            yield self._situation(number)

    def _situation(self, number: int) -> Situation:
        rng = np.random.default_rng([self.seed, 11, number])
        actor, department = self.officials.someone(rng)
        place, candidates = self._moment(rng, wanted=self.favoured if self.officials.in_group(actor) else None)
        category, district, season, severity = place
        truth = self._later if self.drifted else self._records.truth
        values = truth.values(candidates.types, place, rng)
        offers = candidates.offers(self._records, values, rng)
        if self.kind == "null":
            values = self._records.only_base(np.array([offer.base for offer in offers]), rng)
        return Situation(
            number=number,
            severity=severity + 1,
            danger=bool(severity >= 2 and rng.random() < DANGER),
            category=f"category-{category:02}",
            district=f"district-{district:02}",
            season=SEASONS[season],
            actor=actor,
            department=department,
            offers=offers,
            values=tuple(values.tolist()),
        )

    def _moment(self, rng: np.random.Generator, *, wanted: str | None) -> tuple[Place, Candidates]:
        """Where and when something happens, and what could be done; the group asks about what brings up its action."""
        for _ in range(20):
            place: Place = (
                self._records.some_category(rng),
                int(rng.integers(self.city.districts)),
                int(rng.integers(4)),
                int(rng.choice(4, p=SEVERITIES)),
            )
            candidates = self._records.candidates(place, rng)
            if wanted is None or wanted in {self._records.name(int(kind)) for kind in candidates.types}:
                break
        return place, candidates

    def honest(self, s: Situation) -> bool:
        """Whether the person who asks is none of the group that pushes one action."""
        return not self.officials.in_group(s.actor)

    def candidates(self, s: Situation) -> Sequence[Offer]:
        """Between 8 and 30 offers, in no order that means anything."""
        return s.offers

    def react(self, s: Situation, slate: Any) -> Sequence[Reaction]:
        """What the person did with the first eight places; nothing is said of most of them."""
        self._interactions += 1
        return self.officials.react(s, slate.order)

    def outcome(self, s: Situation, action: Offer) -> Result | None:
        """Two of its three parts may be unknown; the delay is 5 to 90 interactions."""
        index = s.offers.index(action)
        rng = np.random.default_rng([self.seed, 13, s.number, index])
        if rng.random() > KNOWN:
            return None
        value = s.values[index]
        satisfaction = float(np.clip(round(1 + 4 * value + rng.normal(0, 0.9)), 1, 5))
        return Result(
            resolved=bool(rng.random() < value),
            satisfaction=satisfaction if rng.random() < 0.6 else None,
            in_time=bool(rng.random() < 0.35 + 0.5 * value) if rng.random() < 0.8 else None,
            delay=int(rng.integers(5, 91)),
        )

    def value(self, s: Situation, order: Sequence[int]) -> float:
        """nDCG@3 of the true values."""
        return ndcg_of_values(s.values, order)
