"""Counts over the whole case base that advice leans on: how often each action type worked, at large and in one group of
categories, the newer the more."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import Engine, case, extract, func, select

from knowledge import tables as t
from knowledge.case import ActionResult, CaseStatus
from knowledge.database import reading

__all__ = ["HALF_LIFE_YEARS", "Statistics", "faded"]

LEAN = 4.0  # a mean counts as much as four tries of what leans to it
FIRST_WORKED, FIRST_TRIED = 1.2, 2.0  # what is assumed before anything was tried
HALF_LIFE_YEARS = 5.0


def faded(years: float | None) -> float:
    """What evidence of this age still counts, in 0..1: 1 today, one half after HALF_LIFE_YEARS. Evidence of unknown age
    counts one half, what lies in the future as today's.

    >>> faded(0.0), faded(5.0), faded(10.0), faded(None), faded(-1.0)
    (1.0, 0.5, 0.25, 0.5, 1.0)
    """
    return 0.5 if years is None else float(2.0 ** (-max(years, 0.0) / HALF_LIFE_YEARS))


@dataclass(frozen=True)
class _Count:
    """Results of one action type in one category in one year (None where unknown)."""

    action_type: str
    group: str
    year: int | None
    worked: int
    tried: int

    def weight(self, at: datetime | None) -> float:
        """What it counts at a time; age runs from the middle of the year."""
        if at is None:
            return 1.0
        return faded(None if self.year is None else at.year + at.timetuple().tm_yday / 366 - self.year - 0.5)


class Statistics:
    """Rates by action type, counted anew when the case base has changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._at: int | None = None
        self._counts: list[_Count] = []
        self._rates: dict[tuple[str | None, object], dict[str, float]] = {}

    def rates(self, change: int, group: str | None = None, *, at: datetime | None = None) -> dict[str, float]:
        """The share (0..1) of actions with a known result that worked, by action type. `change` is the change number up
        to which the caller sees the case base.

        Each type leans to the mean over all types, which stands under "". With a `group` of categories ("flood") they
        are the shares in that group: each leans to the type's mean everywhere, and that to the group's mean, which
        then stands under "" (smoothed means, one level leaning to the next: Micci-Barreca, 2001). With a time `at`
        older results count less (see `faded`)."""
        key = group, at.date() if at else None
        with self._lock:
            if self._at != change:
                self._counts = self._count()
                self._rates = {}
                self._at = change
            if key not in self._rates:
                self._rates = {k: v for k, v in self._rates.items() if k[1] in (None, key[1])}  # only the last day's
                self._rates[key] = _rates(self._counts, group, at)
            return self._rates[key]

    def _count(self) -> list[_Count]:
        a, c = t.actions.c, t.cases.c
        worked = func.sum(case((a.result == ActionResult.WORKED.value, 1), else_=0))
        year = extract("year", func.coalesce(c.closed_at, c.occurred_at))
        query = (
            select(a.action_type, c.category, year, worked, func.count())
            .select_from(t.actions.join(t.cases))
            .where(c.status == CaseStatus.APPROVED.value, a.result != ActionResult.UNKNOWN.value)
            .group_by(a.action_type, c.category, year)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            _Count(
                str(name), (category or "").split(".")[0], None if when is None else int(when), int(good), int(total)
            )
            for name, category, when, good, total in rows
        ]


def _rates(counts: Iterable[_Count], group: str | None, at: datetime | None) -> dict[str, float]:
    everywhere: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    inside: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for count in counts:
        weight = count.weight(at)
        for sums in (everywhere, inside) if group is not None and count.group == group else (everywhere,):
            sums[count.action_type][0] += weight * count.worked
            sums[count.action_type][1] += weight * count.tried
    good, total = (sum(sums[place] for sums in everywhere.values()) for place in (0, 1))
    mean = (good + FIRST_WORKED) / (total + FIRST_TRIED)
    if group is None:
        return {name: _leaning(sums, mean) for name, sums in everywhere.items()} | {"": mean}
    good, total = (sum(sums[place] for sums in inside.values()) for place in (0, 1))
    mean = _leaning([good, total], mean)
    return {name: _leaning(inside[name], _leaning(sums, mean)) for name, sums in everywhere.items()} | {"": mean}


def _leaning(sums: list[float], mean: float) -> float:
    """The share that worked, leaning to a mean."""
    return (sums[0] + LEAN * mean) / (sums[1] + LEAN)
