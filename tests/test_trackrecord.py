"""Track records against scipy.stats.beta and against a posterior summed by brute force."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assistant.trackrecord import PRIOR_STRENGTH, Trial, freshness, track_record
from knowledge.case import Case
from knowledge.statistics import HALF_LIFE_YEARS

TRIALS = st.lists(
    st.builds(
        Trial,
        weight=st.floats(0.05, 1),
        worked=st.one_of(st.none(), st.booleans()),
        days=st.one_of(st.none(), st.floats(0, 400)),
    ),
    max_size=12,
)
PRIORS = st.floats(0, 1)


def _counts(trials: list[Trial], prior_rate: float) -> tuple[float, float]:
    prior = min(max(prior_rate, 0.05), 0.95)
    good = sum(t.weight for t in trials if t.worked is True)
    bad = sum(t.weight for t in trials if t.worked is False)
    return PRIOR_STRENGTH * prior + good, PRIOR_STRENGTH * (1 - prior) + bad


@given(TRIALS, PRIORS)
def test_agrees_with_the_beta_distribution_of_scipy(trials: list[Trial], prior: float) -> None:
    record = track_record(trials, prior)
    posterior = stats.beta(*_counts(trials, prior))
    assert record.rate == pytest.approx(posterior.mean(), abs=6e-4)
    assert record.low == pytest.approx(posterior.ppf(0.05), abs=6e-4)
    assert record.high == pytest.approx(posterior.ppf(0.95), abs=6e-4)


@pytest.mark.parametrize(
    ("good", "bad", "prior"),
    [(0, 0, 0.5), (3, 0, 0.5), (0, 3, 0.5), (2, 1, 0.3), (2, 1, 0.9), (7, 4, 0.6), (1, 9, 0.95)],
)
def test_agrees_with_a_posterior_summed_over_a_fine_grid(good: int, bad: int, prior: float) -> None:
    """Only where the density is finite at both ends; a grid cannot sum the others."""
    edges = np.linspace(0, 1, 2_000_001)
    rates = (edges[1:] + edges[:-1]) / 2
    a, b = PRIOR_STRENGTH * prior, PRIOR_STRENGTH * (1 - prior)
    logarithm = (a + good - 1) * np.log(rates) + (b + bad - 1) * np.log1p(-rates)
    density = np.exp(logarithm - logarithm.max())
    mass = np.cumsum(density) / density.sum()
    trials = [Trial(1.0, True, None)] * good + [Trial(1.0, False, None)] * bad
    record = track_record(trials, prior)
    assert record.rate == pytest.approx(float((rates * density).sum() / density.sum()), abs=2e-3)
    assert record.low == pytest.approx(float(rates[np.searchsorted(mass, 0.05)]), abs=2e-3)
    assert record.high == pytest.approx(float(rates[np.searchsorted(mass, 0.95)]), abs=2e-3)


@given(TRIALS, PRIORS)
def test_the_interval_lies_in_0_to_1_and_is_ordered(trials: list[Trial], prior: float) -> None:
    record = track_record(trials, prior)
    assert 0 <= record.low <= record.high <= 1
    assert 0 < record.rate < 1
    assert record.worked <= record.tried == sum(t.worked is not None for t in trials)


@given(TRIALS, st.floats(0.3, 0.9))
def test_the_interval_contains_the_mean(trials: list[Trial], prior: float) -> None:
    record = track_record(trials, prior)
    assert record.low <= record.rate <= record.high


@given(TRIALS, PRIORS, st.floats(0.05, 1))
def test_one_more_success_never_lowers_and_one_more_failure_never_raises(
    trials: list[Trial], prior: float, weight: float
) -> None:
    before = track_record(trials, prior)
    better = track_record([*trials, Trial(weight, True, None)], prior)
    worse = track_record([*trials, Trial(weight, False, None)], prior)
    assert worse.rate <= before.rate <= better.rate
    assert worse.low <= before.low <= better.low
    assert worse.high <= before.high <= better.high


@given(TRIALS, PRIORS)
def test_the_order_of_the_trials_does_not_matter(trials: list[Trial], prior: float) -> None:
    there, back = track_record(trials, prior), track_record(trials[::-1], prior)
    assert there.rate == pytest.approx(back.rate, abs=1e-3)
    assert there.median_days == back.median_days


def test_more_tries_narrow_the_interval() -> None:
    few = track_record([Trial(1, True, None), Trial(1, False, None)], 0.5)
    many = track_record([Trial(1, True, None), Trial(1, False, None)] * 10, 0.5)
    assert many.high - many.low < few.high - few.low


def test_a_far_case_weighs_less_than_a_near_one() -> None:
    near, far = track_record([Trial(1, True, None)], 0.5), track_record([Trial(0.1, True, None)], 0.5)
    assert near.rate > far.rate > 0.5


def test_days_are_those_of_the_successes_only() -> None:
    record = track_record([Trial(1, True, 2), Trial(1, False, 90), Trial(1, True, None), Trial(1, None, 50)], 0.5)
    assert (record.tried, record.worked, record.median_days) == (3, 2, 2)


def test_unknown_results_leave_the_prior() -> None:
    record = track_record([Trial(1, None, 3.0)] * 5, 0.7)
    assert (record.tried, record.worked, record.rate, record.median_days) == (0, 0, 0.7, None)


AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
DAYS = st.integers(0, 20_000)


@given(DAYS, DAYS)
def test_an_older_case_never_counts_more(first: int, second: int) -> None:
    young, old = sorted((first, second))
    fresh = [freshness(Case(situation="积水", closed_at=AT - timedelta(days=n)), AT) for n in (young, old)]
    assert 0 < fresh[1] <= fresh[0] <= 1


def test_a_case_fades_by_half_from_when_it_was_closed() -> None:
    closed = AT - timedelta(days=round(HALF_LIFE_YEARS * 365.25))
    began = closed - timedelta(days=9_000)
    assert freshness(Case(situation="积水", closed_at=closed, occurred_at=began), AT) == pytest.approx(0.5, abs=1e-3)
    assert freshness(Case(situation="积水", occurred_at=closed), AT) == pytest.approx(0.5, abs=1e-3)
    assert freshness(Case(situation="积水"), AT) == 0.5
    assert freshness(Case(situation="积水", closed_at=AT + timedelta(days=3)), AT) == 1.0
    assert freshness(Case(situation="积水", closed_at=began), None) == 1.0


def test_within_a_day_nothing_fades() -> None:
    case = Case(situation="积水", closed_at=AT - timedelta(days=900, hours=3))
    assert freshness(case, AT) == freshness(case, AT + timedelta(hours=20))
