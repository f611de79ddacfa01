"""The bets against "no better": their bound, their power, and that order and late news do not matter."""

import random
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.learning.wager import BETS, Wager
from knowledge.errors import BadInput

CREDITS = st.lists(st.floats(-1, 1, allow_subnormal=False), max_size=30)


def wealth_by_hand(credits: list[float]) -> float:
    """The slow and obvious version."""
    return sum(prod(1 + bet * credit for credit in credits) for bet in BETS) / len(BETS)


def bet_on(credits: list[float]) -> Wager:
    wager = Wager()
    for credit in credits:
        wager = wager.after(credit)
    return wager


@given(CREDITS)
def test_wealth_is_the_mean_of_the_products(credits: list[float]) -> None:
    wealth = bet_on(credits).wealth
    assert wealth > 0
    assert wealth == pytest.approx(wealth_by_hand(credits), rel=1e-9)


@given(CREDITS, st.randoms(use_true_random=False))
def test_the_order_of_credits_does_not_matter(credits: list[float], rng: random.Random) -> None:
    mixed = rng.sample(credits, k=len(credits))
    assert bet_on(mixed).wealth == pytest.approx(bet_on(credits).wealth, rel=1e-9)


@given(CREDITS, st.floats(-1, 1), st.floats(-1, 1))
def test_a_credit_can_become_another(credits: list[float], before: float, now: float) -> None:
    changed = bet_on([before, *credits]).after(now, instead_of=before)
    assert changed.wealth == pytest.approx(bet_on([now, *credits]).wealth, rel=1e-9)


def test_nothing_said_changes_nothing() -> None:
    wager = bet_on([0.3, -0.2])
    assert wager.after(0.0) is wager
    assert Wager().wealth == 1.0


@pytest.mark.parametrize("credit", [1.01, -2.0, float("nan")])
def test_a_credit_outside_is_refused(credit: float) -> None:
    with pytest.raises(BadInput, match="-1 … 1"):
        Wager().after(credit)


@pytest.mark.parametrize("steps", [(1.0, -1.0), (0.5, 0.5, -1.0), (0.1, -0.1), (0.0, 0.0, 0.0, 1.0, -1.0)])
def test_where_nothing_is_gained_wealth_stays_one_and_seldom_reaches_twenty(steps: tuple[float, ...]) -> None:
    """Ville: at most 1 in 20 ever reaches 20, however often one looks; the mean of the wealth is 1. Bernoulli-like
    credits with mean 0, 600 gamblers, 400 looks each."""
    rng, gamblers, looks = random.Random(11), 600, 400
    reached, after_few = 0, 0.0
    for _ in range(gamblers):
        wager, best = Wager(), 1.0
        for look in range(looks):
            wager = wager.after(rng.choice(steps))
            best = max(best, wager.wealth)
            if look == 4:
                after_few += wager.wealth
        reached += best >= 20
    assert reached <= gamblers / 20 + 3 * (gamblers / 20 * 0.95) ** 0.5
    assert after_few / gamblers <= 1.15


def test_a_gain_is_found() -> None:
    rng = random.Random(5)
    found = 0
    for _ in range(100):
        wager = Wager()
        for _ in range(600):
            wager = wager.after(0.5 if rng.random() < 0.6 else -0.5)
            if wager.wealth >= 20:
                found += 1
                break
    assert found >= 95


def test_long_runs_stay_finite() -> None:
    wager = bet_on([1.0] * 5_000)
    assert wager.wealth > 1e100
    assert 0 <= bet_on([-1.0] * 5_000).wealth < 1e-100
