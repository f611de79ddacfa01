"""The gain: its interval against a slow search over all means, and against the bets of the gate."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.learning.gain import gain_of, gains
from assistant.learning.wager import BETS, Wager
from knowledge.errors import BadInput

CREDITS = st.lists(st.floats(-1, 1, allow_nan=False), max_size=60)


def _wealth_against(credits: list[float], mean: float) -> float:
    """What the bets on "the truth is above this mean" have made, bet by bet."""
    made = [math.prod(1 + bet * (credit - mean) / (1 + mean) for credit in credits) for bet in BETS]
    return sum(made) / len(made)


@given(CREDITS)
def test_the_bounds_are_those_of_a_slow_search(credits: list[float]) -> None:
    found = gain_of(credits)
    grid = [-1 + 0.02 * step for step in range(1, 100)]
    out = [mean for mean in grid if _wealth_against(credits, mean) >= 20]
    assert (found.low > -1) >= bool(out)
    if out:
        assert max(out) <= found.low + 1e-6 < max(out) + 0.02 + 1e-6
    mirrored = gain_of([-credit for credit in credits])
    assert (mirrored.low, mirrored.high) == (-found.high, -found.low)


@given(CREDITS)
def test_the_mean_lies_within_and_the_order_does_not_matter(credits: list[float]) -> None:
    found = gain_of(credits)
    assert -1 <= found.low <= found.mean + 1e-9
    assert found.mean - 1e-9 <= found.high <= 1
    turned = gain_of(credits[::-1])
    assert turned.low == pytest.approx(found.low, abs=1e-6)
    assert found.interactions == len(credits)


@given(CREDITS)
def test_it_lies_above_zero_exactly_where_the_gate_has_its_evidence(credits: list[float]) -> None:
    wager = Wager()
    for credit in credits:
        wager = wager.after(credit)
    if abs(wager.wealth - 20) > 1e-3:
        assert (gain_of(credits, evidence=20).low > -1e-7) == (wager.wealth > 20)


def test_the_truth_is_ever_left_out_in_few_runs_only() -> None:
    """Looked at after every tenth of 200 interactions, on both sides: at most two of twenty runs."""
    rng = random.Random(4)
    missed = 0
    for _ in range(100):
        credits = [max(-1.0, min(1.0, rng.gauss(0.1, 0.5))) for _ in range(200)]
        missed += any(not point.low <= 0.098 <= point.high for point in gains(credits, most=20))
    assert missed <= 10


def test_a_course_ends_with_all_credits_and_has_no_more_points_than_asked_for() -> None:
    credits = [0.1 * (place % 5) for place in range(150)]
    course = gains(credits, most=7)
    assert [point.interactions for point in course] == [21, 43, 64, 86, 107, 129, 150]
    assert course[-1] == gain_of(credits)
    assert [point.interactions for point in gains(credits[:3])] == [1, 2, 3]
    assert gains([]) == ()


def test_a_credit_outside_is_refused() -> None:
    with pytest.raises(BadInput, match=r"1\.5"):
        gain_of([0.5, 1.5])
