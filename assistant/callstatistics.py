"""The numbers people ask for: calls per day, category and district, waiting and handling time, how many were understood
without correction.

It counts what the log of calls tells; days are those of the city.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import tzinfo
from statistics import median

from pydantic import BaseModel, ConfigDict

from knowledge.call import CallState
from knowledge.call_log import CallFacts

__all__ = ["CallStatistics", "call_statistics"]


class CallStatistics(BaseModel):
    """Counts in calls, times in seconds; a median is None where no call tells it. `by_day` has every day from the first
    call to the last, as YYYY-MM-DD; `by_category` and `by_district` the ids, most calls first, then by name.
    `uncorrected` is the share, in 0..1, of the calls heard by a model and ready that nobody corrected; None without
    any."""

    model_config = ConfigDict(frozen=True)

    calls: int
    urgent: int
    by_state: dict[str, int]
    by_day: dict[str, int]
    by_category: dict[str, int]
    by_district: dict[str, int]
    waiting_median_s: float | None
    handling_median_s: float | None
    heard: int
    uncorrected: float | None


def call_statistics(facts: Iterable[CallFacts], zone: tzinfo) -> CallStatistics:
    """The statistics of some calls."""
    found = list(facts)
    ready = [f for f in found if f.by_machine and f.state is CallState.READY]
    states = Counter(f.state for f in found)
    return CallStatistics(
        calls=len(found),
        urgent=sum(f.urgent for f in found),
        by_state={state.value: states[state] for state in CallState},
        by_day=_by_day(found, zone),
        by_category=_ranked(f.category for f in found),
        by_district=_ranked(f.district for f in found),
        waiting_median_s=_median(f.waiting_s for f in found),
        handling_median_s=_median(f.handling_s for f in found),
        heard=len(ready),
        uncorrected=sum(not f.by_person for f in ready) / len(ready) if ready else None,
    )


def _by_day(facts: list[CallFacts], zone: tzinfo) -> dict[str, int]:
    days = Counter(f.received_at.astimezone(zone).date() for f in facts)
    if not days:
        return {}
    first, last = min(days).toordinal(), max(days).toordinal()
    day = type(min(days))
    return {day.fromordinal(n).isoformat(): days[day.fromordinal(n)] for n in range(first, last + 1)}


def _ranked(values: Iterable[str | None]) -> dict[str, int]:
    counts = Counter(value for value in values if value)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(median(known)) if known else None
