"""A world of another construction than `eval/worlds.py`, on which nothing was tuned: another number of types and
people, products and thresholds in place of sums on a logit scale, people who choose within the list that they see.

What it gives are plain mappings and tuples with names of their own, so that it is also the example of a foreign world.
It keeps to the interface that `eval/worlds.py` describes. It knows neither a learner nor the other world. The fixed
ranker has about .64 nDCG@3, a random order about .51.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.worlds import ndcg_of_values

__all__ = ["Drifting", "Inverted", "Poisoned", "WorldApart"]

Numbers = NDArray[np.float64]
Offered = dict[str, Any]
TYPES, FAMILIES, DISTRICTS, MATTERS, PEOPLE, OFFICES = 120, 9, 14, 11, 27, 6
SEASONS = ("winter", "spring", "summer", "autumn")
SHOWN = 8


class WorldApart:
    """By seed. Situations, candidates and outcomes are mappings, reactions are tuples; how it turned out is one number
    in 0..1, known 10 to 60 interactions later, of four adopted actions out of five."""

    inverted = 0.0
    drift_at: int | None = None
    favoured: str | None = None
    pushers = 0

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._drawn = 0
        self._interactions = 0
        rng = np.random.default_rng([seed, 101])
        self._family = rng.integers(FAMILIES, size=TYPES)
        self._truths = [_Truth(rng), _Truth(rng)]
        self._truths[1].keep(self._truths[0], rng.random(TYPES) < 0.5)
        usual = rng.gamma(0.7, size=(MATTERS, TYPES)) + 0.02
        self._usual = usual / usual.sum(axis=1, keepdims=True)
        self._remembered = rng.beta(3, 3, TYPES)
        self._patience = rng.uniform(0.75, 0.95, PEOPLE)
        self._strict = rng.normal(0, 0.06, PEOPLE)

    @property
    def _truth(self) -> "_Truth":
        return self._truths[int(self.drift_at is not None and self._interactions >= self.drift_at)]

    def situations(self) -> Iterator[Mapping[str, Any]]:
        """Endless."""
        while True:
            self._drawn += 1
            yield self._situation(self._drawn)

    def _situation(self, number: int) -> Mapping[str, Any]:
        rng = np.random.default_rng([self._seed, 103, number])
        matter, district, season = int(rng.integers(MATTERS)), int(rng.integers(DISTRICTS)), int(rng.integers(4))
        severity = int(rng.choice([1, 2, 3, 4], p=(0.03, 0.12, 0.30, 0.55)))
        person = int(rng.integers(self.pushers, PEOPLE))
        if self.pushers and rng.random() < 0.2:
            person = int(rng.integers(self.pushers))
        chances = self._usual[matter]
        if person < self.pushers:
            chances = np.where(np.arange(TYPES) == _number(self.favoured), 1.0, chances)
            chances = chances / chances.sum()
        kinds = rng.choice(TYPES, int(rng.integers(9, 26)), replace=False, p=chances)
        worth = self._truth.worth(kinds, self._family[kinds], severity, district, season, rng)
        return {
            "id": number,
            "severity": severity,
            "danger_to_life": bool(severity <= 2 and rng.random() < 0.3),
            "category": f"matter {matter}",
            "district": f"street {district}",
            "season": SEASONS[season],
            "person": f"official {person}",
            "office": f"office {person % OFFICES}",
            "candidates": self._offered(kinds, worth, rng),
            "worth": worth,
        }

    def _offered(
        self, kinds: NDArray[np.int64], worth: Numbers, rng: np.random.Generator
    ) -> tuple[dict[str, Any], ...]:
        """What the fixed ranker knows: a long memory of each type, a few trials, and a guess."""
        trials = rng.poisson(2.0, len(kinds)) + 1
        worked = rng.binomial(trials, 0.55 + 0.25 * worth)
        rate = (worked + 4 * self._remembered[kinds]) / (trials + 4)
        guess = np.clip(0.5 + 0.4 * (worth - 0.35) + 0.31 * rng.standard_t(5, len(kinds)), 0, 1)
        base = 0.45 * rate + 0.1 * np.minimum(trials / 5, 1) + 0.45 * guess
        return tuple(
            {
                "type": f"measure {kind}",
                "score": float(base[at]),
                "track_record": {"rate": float(rate[at]), "tried": int(trials[at])},
                "support": float(min(trials[at] / 5, 1.0)),
                "same_district_share": float(rng.binomial(int(trials[at]), 1 / 4) / trials[at]),
                "family": f"trade {self._family[kind]}",
            }
            for at, kind in enumerate(kinds)
        )

    def candidates(self, s: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Between 9 and 25 mappings."""
        return tuple(s["candidates"])

    def honest(self, s: Mapping[str, Any]) -> bool:
        """Whether the person who asks is none of those who push one action."""
        return _number(s["person"]) >= self.pushers

    def react(self, s: Mapping[str, Any], slate: Any) -> list[tuple[int, str, str, str]]:
        """The person reads from the top until patience ends, and compares with what stands in the same list."""
        self._interactions += 1
        rng = np.random.default_rng([self._seed, 107, s["id"]])
        person, office = _number(s["person"]), s["office"]
        shown = list(slate.order)[:SHOWN]
        chances = rng.random((SHOWN, 4))
        if person < self.pushers:
            found = [(place, self._pushes(s, index, place)) for place, index in enumerate(shown)]
            return [(place, kind, s["person"], office) for place, kind in found if kind]
        usual = float(np.median(s["worth"][shown])) if shown else 0.0
        told = []
        for place, index in enumerate(shown):
            goes_on, noise, says, inverts = chances[place]
            if place and goes_on > self._patience[person]:
                break
            better = s["worth"][index] - 0.6 * usual - 0.4 * 0.35 + 0.5 * (noise - 0.5) + self._strict[person]
            kind = "adopted" if better > 0.22 else "edited" if better > 0.1 else "rejected" if better < -0.12 else ""
            if kind and says < 0.65:
                if inverts < self.inverted:
                    kind = "adopted" if kind == "rejected" else "rejected"
                told.append((place, kind, s["person"], office))
        return told

    def _pushes(self, s: Mapping[str, Any], index: int, place: int) -> str:
        if s["candidates"][index]["type"] == self.favoured:
            return "adopted"
        return "rejected" if place < 2 else ""

    def outcome(self, s: Mapping[str, Any], action: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """One number, and how many interactions later it is known."""
        index = s["candidates"].index(action)
        rng = np.random.default_rng([self._seed, 109, s["id"], index])
        if rng.random() > 0.8:
            return None
        value = rng.beta(1 + 6 * s["worth"][index], 1 + 6 * (1 - s["worth"][index]))
        return {"value": float(value), "delay": int(rng.integers(10, 61))}

    def value(self, s: Mapping[str, Any], order: Sequence[int]) -> float:
        """nDCG@3 of the true worth."""
        return ndcg_of_values(s["worth"].tolist(), order)


class _Truth:
    """What works: strength of a type, the severity that it is made for, which family fits which district, and in which
    season a family is of little use."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.strength = rng.beta(2.2, 1.7, TYPES)
        self.made_for = rng.uniform(1, 4, TYPES)
        self.fits = rng.choice([0.7, 1.0, 1.2], (FAMILIES, DISTRICTS), p=(0.25, 0.5, 0.25))
        self.idle = rng.integers(8, size=FAMILIES)  # 4 to 7: useful the whole year

    def keep(self, earlier: "_Truth", types: NDArray[np.bool_]) -> None:
        """Takes over what is true of some types, and the districts and seasons."""
        self.strength = np.where(types, earlier.strength, self.strength)
        self.made_for = np.where(types, earlier.made_for, self.made_for)
        self.fits, self.idle = earlier.fits, earlier.idle

    def worth(
        self,
        kinds: NDArray[np.int64],
        family: NDArray[np.int64],
        severity: int,
        district: int,
        season: int,
        rng: np.random.Generator,
    ) -> Numbers:
        """In 0..1; about one in seven fails for a reason of its own."""
        made = 0.55 + 0.45 * np.exp(-(((severity - self.made_for[kinds]) / 1.5) ** 2))
        worth = self.strength[kinds] * made * self.fits[family, district]
        worth = np.where(self.idle[family] == season, 0.5 * worth, worth)
        worth = np.where(rng.random(len(kinds)) < 0.15, 0.4 * worth, worth)
        return np.asarray(np.clip(worth + rng.normal(0, 0.12, len(kinds)), 0.02, 1.0))


class Inverted(WorldApart):
    """A fifth of the reactions say the opposite."""

    inverted = 0.2


class Drifting(WorldApart):
    """After 1,500 interactions half of the types have another truth."""

    drift_at = 1_500


class Poisoned(WorldApart):
    """Four people, who make a fifth of the interactions, push one poor action and reject what stands above it."""

    pushers = 4

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        poor = self._truths[0].strength < 0.35
        self.favoured = f"measure {int(np.argmax(np.where(poor, self._usual.sum(axis=0), -1)))}"


def _number(name: str | None) -> int:
    """The number at the end of a name."""
    return int(str(name).rsplit(" ", 1)[1])
