"""Track records: how often an action type worked in similar cases, with its uncertainty.

A Beta posterior (Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.4) whose counts are weighted by similarity
and by age, and whose prior is the mean of the action type in the group of categories, over the whole case base. What
was done on a task and how it ended enters as a case does, when its draft is approved; clicks never enter here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from scipy.special import betaincinv

from assistant.answer import TrackRecord
from knowledge.case import Case
from knowledge.statistics import faded

__all__ = ["PRIOR_STRENGTH", "Trial", "freshness", "track_record"]

PRIOR_STRENGTH = 2.0  # the prior counts as much as two tries in the most similar case
YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Trial:
    """One action of one similar case: weight in (0, 1], whether it worked (None: not known), days to resolution."""

    weight: float
    worked: bool | None
    days: float | None


def freshness(case: Case, at: datetime | None) -> float:
    """What a case counts as evidence at a time, in (0, 1]: 1 where it was closed (else: occurred) that day, one half
    after five years or where neither time is known; without `at` 1. It changes from day to day, not within one.

    >>> at = datetime.fromisoformat("2026-07-01T00:00Z")
    >>> freshness(Case(situation="积水"), at), freshness(Case(situation="积水", closed_at=at), at)
    (0.5, 1.0)
    """
    if at is None:
        return 1.0
    ended = case.closed_at or case.occurred_at
    return faded(None if ended is None else (at - ended).days / YEAR_DAYS)


def track_record(trials: Sequence[Trial], prior_rate: float) -> TrackRecord:
    """The posterior of the rate at which an action type works; `prior_rate` in 0..1.

    >>> record = track_record([Trial(1.0, True, 2.0), Trial(1.0, True, 4.0), Trial(0.5, False, None)], 0.5)
    >>> record.tried, record.worked, record.rate, record.median_days
    (3, 2, 0.667, 3.0)
    >>> record.low < record.rate < record.high
    True
    """
    known = [t for t in trials if t.worked is not None]
    prior = min(max(prior_rate, 0.05), 0.95)
    alpha = PRIOR_STRENGTH * prior + sum(t.weight for t in known if t.worked)
    beta = PRIOR_STRENGTH * (1 - prior) + sum(t.weight for t in known if not t.worked)
    days = [t.days for t in known if t.worked and t.days is not None]
    return TrackRecord(
        tried=len(known),
        worked=sum(1 for t in known if t.worked),
        rate=round(alpha / (alpha + beta), 3),
        low=round(float(betaincinv(alpha, beta, 0.05)), 3),
        high=round(float(betaincinv(alpha, beta, 0.95)), 3),
        median_days=round(median(days), 2) if days else None,
    )
