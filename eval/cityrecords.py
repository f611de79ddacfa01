"""A simulated city's memory: its cases, what was done in them and what the records say, and the truth behind it.

Candidates for a situation come from its most similar cases, as in the product: an action type with its track record
(shrunken, similarity-weighted), how much evidence stands behind it, and the share from the same district. The records
are kind: they say "worked" more often than is true, and distinguish good from bad only in part. It knows no people.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.learning.events import Offer

__all__ = ["CITY", "Candidates", "City", "Place", "Records", "Truth"]

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Place = tuple[int, int, int, int]  # category, district, season, severity (0 is 特别重大)
Places = tuple[Whole, Whole, Whole, Whole]  # the same of many cases


@dataclass(frozen=True)
class City:
    """Sizes, and the standard deviations of the truth's parts on the logit scale. `level` is the logit of the usual
    action; `kind_records` how much of the truth the records show (1: a case's "worked" has the true chance); `seen`,
    `blur` and `habit` what the fixed ranker sees of the situation itself, its error, and its fondness for evidence."""

    cases: int = 2_000
    types: int = 184
    families: int = 12
    categories: int = 16
    districts: int = 10
    nearest: int = 8
    quality: float = 0.7
    by_severity: float = 0.35
    by_district: float = 0.35
    by_season: float = 0.3
    alone: float = 0.75
    level: float = -0.57
    kind_records: float = 0.25
    seen: float = 0.14
    blur: float = 0.124
    habit: float = 0.25
    null_slope: float = 1.7
    null_noise: float = 1.11


CITY = City()


@dataclass(frozen=True, eq=False)
class Truth:
    """What works, on the logit scale: (types,), (types, 4), (families, districts), (families, 4)."""

    quality: Numbers
    by_severity: Numbers
    by_district: Numbers
    by_season: Numbers
    family: Whole
    alone: float
    level: float

    @staticmethod
    def drawn(rng: np.random.Generator, city: City, family: Whole) -> "Truth":
        return Truth(
            quality=rng.normal(0, city.quality, city.types),
            by_severity=rng.normal(0, city.by_severity, (city.types, 4)),
            by_district=rng.normal(0, city.by_district, (city.families, city.districts)),
            by_season=rng.normal(0, city.by_season, (city.families, 4)),
            family=family,
            alone=city.alone,
            level=city.level,
        )

    def changed(self, seed: int, city: City) -> "Truth":
        """Another truth for half of the types and half of the families."""
        rng = np.random.default_rng([seed, 5])
        new = Truth.drawn(rng, city, self.family)
        types, families = rng.random(city.types) < 0.5, rng.random(city.families) < 0.5
        return replace(
            self,
            quality=np.where(types, new.quality, self.quality),
            by_severity=np.where(types[:, None], new.by_severity, self.by_severity),
            by_district=np.where(families[:, None], new.by_district, self.by_district),
            by_season=np.where(families[:, None], new.by_season, self.by_season),
        )

    def values(self, types: Whole, place: Place | Places, rng: np.random.Generator) -> Numbers:
        """The chance in 0..1 that each of the types works here, with the part that belongs to this moment alone."""
        _, district, season, severity = place
        family = self.family[types]
        logit = self.level + self.quality[types] + self.by_severity[types, severity]
        logit = logit + self.by_district[family, district] + self.by_season[family, season]
        return np.asarray(1 / (1 + np.exp(-logit - rng.normal(0, self.alone, types.shape))))


@dataclass(frozen=True, eq=False)
class Candidates:
    """Of each candidate its type, weight of evidence, weight of what worked, and share of the same district."""

    types: Whole
    weight: Numbers
    worked: Numbers
    same_district: Numbers

    def offers(self, records: "Records", values: Numbers, rng: np.random.Generator) -> tuple[Offer, ...]:
        """The fixed ranker's score is the lower bound of the track record, evidence, and a glimpse of the situation."""
        city = records.city
        prior = records.rates[self.types]
        rate = (self.worked + 3.0 * prior) / (self.weight + 3.0)
        support = np.minimum(self.weight, 3.0) / 3.0
        low = rate - 1.0 * np.sqrt(rate * (1 - rate) / (self.weight + 4.0))
        base = low + city.habit * support + city.seen * (values - 0.4) + rng.normal(0, city.blur, len(values))
        base = np.clip(base, 0.0, 1.0)
        return tuple(
            Offer(
                action_type=records.name(int(kind)),
                base=round(float(base[at]), 4),
                rate=round(float(rate[at]), 4),
                support=round(float(support[at]), 4),
                same_district=round(float(self.same_district[at]), 4),
                family=f"family-{int(records.family[kind]):02}",
            )
            for at, kind in enumerate(self.types)
        )


class Records:
    """The cases of a city by seed, and who would call what popular."""

    def __init__(self, seed: int, city: City) -> None:
        rng = np.random.default_rng([seed, 3])
        self.seed, self.city = seed, city
        self.family: Whole = np.sort(rng.choice(city.families, city.types, p=rng.dirichlet(np.full(city.families, 4))))
        self.truth = Truth.drawn(rng, city, self.family)
        self._wont = self._wonts(rng)
        self._often = rng.dirichlet(np.full(city.categories, 3.0))
        self._places = np.column_stack(
            [
                rng.choice(city.categories, city.cases, p=self._often),
                rng.integers(city.districts, size=city.cases),
                rng.integers(4, size=city.cases),
                rng.choice(4, city.cases, p=(0.08, 0.17, 0.35, 0.40)),
            ]
        )
        self._done, self._worked = self._history(rng)
        known = self._done >= 0
        tried = np.bincount(self._done[known], minlength=city.types)
        good = np.bincount(self._done[known], weights=self._worked[known], minlength=city.types)
        overall = good.sum() / tried.sum()
        self.rates: Numbers = (good + 8 * overall) / (tried + 8)

    def _wonts(self, rng: np.random.Generator) -> Numbers:
        """How usual each type is in each category, (categories, types): some families, and in them some types."""
        city = self.city
        fits = rng.dirichlet(np.full(city.families, 0.5), city.categories)[:, self.family]
        usual = np.exp(rng.normal(0, 1.0, city.types)) * np.exp(rng.normal(0, 0.8, (city.categories, city.types)))
        return np.asarray(fits * usual / (fits * usual).sum(axis=1, keepdims=True))

    def _history(self, rng: np.random.Generator) -> tuple[Whole, Numbers]:
        """Of each case two to six types (−1: none) and whether the records say that they worked. Types are drawn
        without replacement (Gumbel's trick)."""
        city = self.city
        category, district, season, severity = (self._places[:, [part]] for part in range(4))
        wanted = np.log(self._wont[self._places[:, 0]]) + rng.gumbel(size=(city.cases, city.types))
        types = np.argsort(-wanted, axis=1)[:, :6]
        values = self.truth.values(types, (category, district, season, severity), rng)
        told = city.kind_records * values + (1 - city.kind_records) * 0.75
        there = np.arange(6) < rng.integers(2, 7, size=(city.cases, 1))
        return np.where(there, types, -1), ((rng.random(types.shape) < told) & there).astype(float)

    def name(self, kind: int) -> str:
        """An action type's id."""
        return f"action-{kind:03}"

    def some_category(self, rng: np.random.Generator) -> int:
        """As often as it occurs."""
        return int(rng.choice(self.city.categories, p=self._often))

    def candidates(self, place: Place, rng: np.random.Generator) -> Candidates:
        """What was done in the most similar cases; similarity has a part that stands for the words of the text."""
        like = (self._places == np.array(place)) @ np.array([1.0, 0.25, 0.15, 0.15])
        like = like + rng.normal(0, 0.25, len(like))
        nearest = np.argpartition(-like, self.city.nearest)[: self.city.nearest]
        weights = (like[nearest] / like[nearest].max()) ** 2
        while len(np.unique(self._done[nearest][self._done[nearest] >= 0])) < 8:
            nearest = np.argpartition(-like, 2 * len(nearest))[: 2 * len(nearest)]
            weights = (like[nearest] / like[nearest].max()) ** 2
        done, same = self._done[nearest], self._places[nearest, 1] == place[1]
        kept = done >= 0
        each = np.broadcast_to(weights[:, None], done.shape)[kept]
        size = self.city.types
        weight: Numbers = np.bincount(done[kept], weights=each, minlength=size).astype(float)
        good = each * self._worked[nearest][kept]
        worked: Numbers = np.bincount(done[kept], weights=good, minlength=size).astype(float)
        near = np.broadcast_to(same[:, None], done.shape)[kept]
        local = np.bincount(done[kept], weights=each * near, minlength=size)
        types = np.flatnonzero(weight)
        types = rng.permutation(types)[:30]
        total = weight[types]
        return Candidates(types, total, worked[types], local[types] / total)

    def only_base(self, base: Numbers, rng: np.random.Generator) -> Numbers:
        """True values that follow from the fixed ranker's score and chance alone."""
        city = self.city
        logit = city.level + city.null_slope * (base - base.mean()) + rng.normal(0, city.null_noise, len(base))
        return np.asarray(1 / (1 + np.exp(-logit)))

    def favourite(self) -> int:
        """The most usual one of those that are worse than most: what a group would have to push."""
        tried = np.bincount(self._done[self._done >= 0], minlength=self.city.types)
        poor = self.truth.quality < -0.5 * self.city.quality
        return int(np.argmax(np.where(poor, tried, -1)))

    def popularity(self, kind: str) -> dict[str, float] | None:
        """What officials like in place of what works, in 0..1 by action type; None where they like what works."""
        if kind != "popular":
            return None
        rng = np.random.default_rng([self.seed, 17])
        logit = self.truth.level - 0.2 * self.truth.quality + rng.normal(0, 1.0, self.city.types)
        return {self.name(at): float(1 / (1 + np.exp(-value))) for at, value in enumerate(logit)}
