"""Two fixed rankers whose true difference is known, and officials who choose from what the two show: what the gate is
tried on. Nothing is learned here; the slates, the trial and the judgement are the product's own.

An action has a true value in 0..1, the chance that it works. Officials look at the first places more than at the later
ones, say something about some of what they saw, and err; who is adopted turns out later. A `Duel` says how far either
ranker is from the truth; its gain is the mean nDCG@3 of the challenger's order less that of the champion's.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assistant.learning.events import Context, Effect, Event, Offer, Proposed, Reacted
from assistant.learning.interleave import LABELS, draft

__all__ = ["DUELS", "Duel", "Truth", "events_of", "truth_of"]

OFFERS, SHOWN = 14, 8
PEOPLE, DEPARTMENTS, DISTRICTS = 30, 6, 8
LOOKS = np.arange(1, SHOWN + 1) ** -0.5  # the chance that a place is looked at
SAYS_YES, SAYS_NO = 0.8, 0.7  # the chance that somebody who likes it, or does not, says so (as in eval/officials.py)
EDITS, KNOWN = 0.25, 0.7  # shares of the liked that are edited first, and of the adopted whose outcome is known
DISCOUNTS = 1 / np.log2(np.arange(3) + 2)
START = datetime(2026, 1, 5, 8, tzinfo=UTC)

Numbers = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True)
class Duel:
    """`scores` gives, for values of shape (situations, OFFERS) and the districts, the champion's scores and the
    challenger's. `liked` gives what officials go by; the values themselves unless said otherwise."""

    name: str
    scores: Callable[[Numbers, NDArray[np.int64], Rng], tuple[Numbers, Numbers]]
    misled: float = 0.0  # how far what officials like leans towards the challenger's favourites instead of what works
    stress: bool = False  # whether officials do prefer what the challenger shows, though its first three are no better


@dataclass(frozen=True)
class Truth:
    """`gain` in nDCG@3, and `top_one`: the expected label of the challenger's first at the first place, less that of
    the champion's, as the gate estimates it."""

    gain: float
    top_one: float


def _noisy(champion: float, challenger: float) -> Callable[..., tuple[Numbers, Numbers]]:
    def scores(values: Numbers, districts: NDArray[np.int64], rng: Rng) -> tuple[Numbers, Numbers]:
        return values + rng.normal(0, champion, values.shape), values + rng.normal(0, challenger, values.shape)

    return scores


def _near(apart: float) -> Callable[..., tuple[Numbers, Numbers]]:
    """The same but for a little."""

    def scores(values: Numbers, districts: NDArray[np.int64], rng: Rng) -> tuple[Numbers, Numbers]:
        champion = values + rng.normal(0, 0.2, values.shape)
        return champion, champion + rng.normal(0, apart, values.shape)

    return scores


def _one_district(values: Numbers, districts: NDArray[np.int64], rng: Rng) -> tuple[Numbers, Numbers]:
    """Better in one district, a little worse in all others."""
    champion = values + rng.normal(0, 0.2, values.shape)
    noise = np.where(districts == 0, 0.05, 0.235)[:, None]
    return champion, values + noise * rng.normal(0, 1, values.shape)


def _better_below(values: Numbers, districts: NDArray[np.int64], rng: Rng) -> tuple[Numbers, Numbers]:
    """Better from the fourth place on, a little worse at the first three, which are what counts."""
    champion = values + rng.normal(0, 0.2, values.shape)
    best = np.argsort(-champion, axis=1)[:, :3]
    rest = values.copy()
    np.put_along_axis(rest, best, np.take_along_axis(champion, best, axis=1), axis=1)
    front = np.full(values.shape, 0.0)
    np.put_along_axis(front, best, 3.0 + rng.normal(0, 0.15, best.shape), axis=1)
    return champion, rest + front


DUELS = (
    Duel("equally good", _noisy(0.20, 0.20)),
    Duel("near ties", _near(0.04)),
    Duel("a little worse", _noisy(0.20, 0.22)),
    Duel("worse", _noisy(0.20, 0.30)),
    Duel("better in one district only", _one_district),
    Duel("better below the third place only", _better_below, stress=True),
    Duel("liked, not better", _noisy(0.20, 0.205), misled=0.10, stress=True),
    Duel("better by .06", _noisy(0.20, 0.115)),
    Duel("better by .08", _noisy(0.25, 0.125)),
)


def _values(count: int, rng: Rng) -> Numbers:
    return np.clip(rng.normal(0.45, 0.2, (count, OFFERS)), 0.02, 0.98)


def _liked(duel: Duel, values: Numbers, challenger: Numbers) -> Numbers:
    """The chance that somebody who looks at an action likes it."""
    seen = (1 - duel.misled) * values + duel.misled * np.clip(challenger, 0, 1)
    return 1 / (1 + np.exp(-6 * (seen - 0.45)))


def truth_of(duel: Duel, *, situations: int = 100_000, seed: int = 1) -> Truth:
    """Both by simulation; the standard error of the gain is below .001."""
    rng = np.random.default_rng([seed, 3])
    values, districts = _values(situations, rng), rng.integers(0, DISTRICTS, situations)
    champion, challenger = duel.scores(values, districts, rng)
    best = -np.sort(-values, axis=1)[:, :3] @ DISCOUNTS
    orders = [np.argsort(-scores, axis=1, kind="stable")[:, :3] for scores in (champion, challenger)]
    ours, theirs = (np.take_along_axis(values, order, axis=1) @ DISCOUNTS / best for order in orders)
    likes = _liked(duel, values, challenger)
    choice = LABELS["adopt"] * (1 - EDITS) + LABELS["edit"] * EDITS
    chosen = choice + KNOWN * (2 * values - 1)  # see interleave.label
    labels = likes * SAYS_YES * chosen + LABELS["reject"] * (1 - likes) * SAYS_NO
    firsts = [np.take_along_axis(labels, order[:, :1], axis=1).mean() for order in orders]
    return Truth(float((theirs - ours).mean()), float(firsts[1] - firsts[0]))


def events_of(duel: Duel, seed: int, *, interactions: int) -> Iterator[list[Event]]:
    """For each interaction of a trial of "challenger" against "base" what enters the log with it: the slate, the
    choices about it, and outcomes of earlier ones that have become known; what is open at the end is never told."""
    rng, coins = np.random.default_rng([seed, 5]), random.Random(seed)
    people = rng.choice(PEOPLE, interactions, p=rng.dirichlet(np.full(PEOPLE, 6.0)))
    districts = rng.integers(0, DISTRICTS, interactions)
    values = _values(interactions, rng)
    champion, challenger = duel.scores(values, districts, rng)
    likes = _liked(duel, values, challenger)
    ours = np.argsort(-champion, axis=1, kind="stable").tolist()
    theirs = np.argsort(-challenger, axis=1, kind="stable").tolist()
    chances = rng.random((interactions, SHOWN, 6))
    delays = rng.integers(0, 60, (interactions, SHOWN))
    offers = tuple(Offer(f"action-{index}", 0.5) for index in range(OFFERS))
    later: dict[int, list[Event]] = {}
    for turn in range(interactions):
        at = START + timedelta(minutes=48 * turn)
        person, key = int(people[turn]), f"{turn}"
        context = Context(3 + turn % 2, district=f"d{districts[turn]}", department=f"o{person % DEPARTMENTS}")
        slate = replace(
            draft(ours[turn], theirs[turn], coins, places=SHOWN),
            challenger="challenger",
            scores=tuple(champion[turn].tolist()),
            challenger_scores=tuple(challenger[turn].tolist()),
        )
        found: list[Event] = [Proposed(key, at, f"p{person}", context, offers, slate)]
        for slot, index in enumerate(slate.order[:SHOWN]):
            looked, liked, says, edits, known, works = chances[turn, slot]
            if looked > LOOKS[slot]:
                continue
            good = bool(liked < likes[turn, index])
            if says > (SAYS_YES if good else SAYS_NO):
                continue
            kind: Literal["adopt", "edit", "reject"] = ("edit" if edits < EDITS else "adopt") if good else "reject"
            found.append(Reacted(key, f"r{slot}", slot, kind, f"p{person}", at))
            if good and known < KNOWN:
                effect = Effect(key, f"e{slot}", slot, at, "record", f"p{person}", bool(works < values[turn, index]))
                later.setdefault(turn + int(delays[turn, slot]), []).append(effect)
        yield found + later.pop(turn, [])
