"""Off-policy estimates against the truth of small made-up logs, and their honesty about what cannot be told."""

import math
import random

import numpy as np
import pytest

from assistant.learning.offpolicy import Estimate, TopOne, cascade_doubly_robust, item_position, self_normalised
from knowledge.errors import BadInput

LIKED = np.array([0.7, 0.4, 0.2, 0.1])  # the chance that each of four items is chosen at the first place
LOOKED = np.array([1.0, 0.6])


def log_of_random_orders(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(shown items, rewards, propensities of item and place), two places filled at random without repetition."""
    rng = np.random.default_rng(seed)
    shown = np.array([rng.permutation(4)[:2] for _ in range(n)])
    rewards = (rng.random((n, 2)) < LIKED[shown] * LOOKED).astype(float)
    return shown, rewards, np.full((n, 2), 0.25)


def weights_of(shown: np.ndarray, propensities: np.ndarray, wanted: tuple[int, int]) -> np.ndarray:
    return (shown == np.array(wanted)) / propensities


@pytest.mark.parametrize("wanted", [(0, 1), (3, 2), (1, 0)])
def test_estimates_agree_with_what_the_order_is_worth(wanted: tuple[int, int]) -> None:
    truth = float((LIKED[list(wanted)] * LOOKED).sum())
    covered = [0, 0, 0]
    for seed in range(60):
        shown, rewards, chance = log_of_random_orders(seed, 3_000)
        weights = weights_of(shown, chance, wanted)
        together = weights.copy()
        together[:, 1] = weights[:, 0] * (shown[:, 1] == wanted[1]) * 3  # one of three is left for the second place
        flat = np.full(rewards.shape, 0.3)
        found = (
            item_position(rewards, weights),
            self_normalised(rewards, weights),
            cascade_doubly_robust(rewards, together, flat, flat),
        )
        for at, one in enumerate(found):
            assert one.value == pytest.approx(truth, abs=0.35)
            covered[at] += one.low <= truth <= one.high
    assert min(covered) >= 53


def test_a_good_reward_model_takes_noise_away() -> None:
    shown, rewards, chance = log_of_random_orders(1, 1_200)
    wanted = (0, 1)
    together = weights_of(shown, chance, wanted)
    together[:, 1] = together[:, 0] * (shown[:, 1] == 1) * 3
    nothing = np.zeros(rewards.shape)
    exact = cascade_doubly_robust(
        rewards, together, LIKED[shown] * LOOKED, np.tile(LIKED[list(wanted)] * LOOKED, (1_200, 1))
    )
    blind = cascade_doubly_robust(rewards, together, nothing, nothing)
    assert exact.high - exact.low < 0.8 * (blind.high - blind.low)


def test_self_normalised_is_the_mean_where_all_weights_are_equal() -> None:
    _, rewards, _ = log_of_random_orders(2, 50)
    found = self_normalised(rewards, np.full(rewards.shape, 3.0))
    assert found.value == pytest.approx(float(rewards.sum(axis=1).mean()))
    assert found.effective == pytest.approx(50)


def test_what_cannot_be_told_is_said() -> None:
    _, rewards, _ = log_of_random_orders(2, 1_000)
    ones = np.ones(rewards.shape)
    assert item_position(rewards, ones).evaluable
    assert item_position(rewards, ones, unsupported=0.02).evaluable
    assert not item_position(rewards, ones, unsupported=0.021).evaluable
    assert not item_position(rewards[:999], ones[:999]).evaluable
    nothing = item_position(rewards, np.zeros(rewards.shape))
    assert (nothing.value, nothing.effective) == (0.0, 0.0)


@pytest.mark.parametrize(("rows", "places"), [(1, 2), (5, 3)])
def test_arrays_that_do_not_fit_are_refused(rows: int, places: int) -> None:
    with pytest.raises(BadInput, match="do not fit"):
        item_position(np.ones((rows, 2)), np.ones((rows, places)))


def top_one_by_hand(weights: list[float], rewards: list[float]) -> float:
    """The slow and obvious version of the estimate."""
    w, r = np.array(weights), np.array(rewards)
    return float((w * (r - (w * w * r).sum() / (w * w).sum())).mean())


def trial_of(rng: random.Random, n: int, gain: float) -> tuple[list[float], list[float]]:
    """Weights and rewards at the first place: in seven of ten the two differ, and a coin says whose stands there."""
    weights, rewards = [], []
    for _ in range(n):
        weight = rng.choice((-2.0, 2.0)) if rng.random() < 0.7 else 0.0
        liked = 0.35 + (gain if weight > 0 else 0.0)
        weights.append(weight)
        rewards.append(1.0 if rng.random() < liked else -0.5 if rng.random() < 0.3 else 0.0)
    return weights, rewards


def top_one(weights: list[float], rewards: list[float]) -> TopOne:
    found = TopOne()
    for weight, reward in zip(weights, rewards, strict=True):
        found = found.after(weight, reward)
    return found


def test_top_one_is_its_definition_however_it_was_built() -> None:
    weights, rewards = trial_of(random.Random(1), 200, 0.1)
    whole = top_one(weights, rewards)
    assert whole.bound()[0] == pytest.approx(top_one_by_hand(weights, rewards))
    late = TopOne()
    for weight in weights:
        late = late.after(weight, 0.0)
    for weight, reward in zip(weights, rewards, strict=True):
        late = late.after(weight, reward, instead_of=0.0)
    assert late.bound() == pytest.approx(whole.bound())
    assert (late.interactions, late.informative) == (whole.interactions, whole.informative)


@pytest.mark.parametrize("gain", [0.0, 0.15])
def test_top_one_covers_the_truth(gain: float) -> None:
    truth = 0.7 * gain * (1 + 0.5 * 0.3)  # who would have said nothing or no says yes instead
    covered = 0
    for seed in range(200):
        low, high = top_one(*trial_of(random.Random(seed), 300, gain)).bound()[1:]
        covered += low <= truth <= high
    assert covered >= 186


def test_top_one_knows_nothing_where_the_two_never_differ() -> None:
    assert top_one([0.0] * 50, [1.0] * 50).bound() == (0.0, -math.inf, math.inf)
    assert top_one([2.0], [1.0]).bound()[1] == -math.inf


def test_a_wider_level_is_a_wider_interval() -> None:
    found = top_one(*trial_of(random.Random(4), 300, 0.1))
    value, low, high = found.bound(0.95)
    assert low < found.bound(0.90)[1] < value < high


def test_an_estimate_of_too_few_is_not_evaluable() -> None:
    assert not Estimate(0.1, 0.0, 0.2, 999, 900.0).evaluable
