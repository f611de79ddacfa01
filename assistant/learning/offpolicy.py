"""How good an order would have been, from a log in which others were shown: inverse-propensity estimates with their
intervals, and the admission that a log cannot tell.

All of them need the chance with which each action came to stand where it stood. Never ask them about the events that a
model was fitted on: only about what came after. What a reward is made of is not known here.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import BadInput

__all__ = [
    "LEAST",
    "MOST_UNSUPPORTED",
    "Estimate",
    "TopOne",
    "cascade_doubly_robust",
    "item_position",
    "self_normalised",
]

LEAST = 1_000  # interactions under which nothing is told
MOST_UNSUPPORTED = 0.02  # of what the other order shows, that the log could never have shown there
LEVEL = 0.95

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean reward for each interaction with its 95% interval. `effective` is the effective sample size (Kish: the
    square of the weights' sum over the sum of their squares), `unsupported` the share in 0..1 of what the other order
    shows that had no chance to be shown there."""

    value: float
    low: float
    high: float
    interactions: int
    effective: float
    unsupported: float = 0.0

    @property
    def evaluable(self) -> bool:
        """Whether the log can tell at all: enough interactions, and next to nothing without support."""
        return self.interactions >= LEAST and self.unsupported <= MOST_UNSUPPORTED


@dataclass(frozen=True)
class TopOne:
    """The reward of the challenger's first less that of the champion's, by the first place alone. Sums over the
    interactions: `weight` is 1/propensity where the challenger's stood there, −1/propensity where the champion's did, 0
    where both name the same. Built up by `after`, so that a late or changed reaction costs no second reading."""

    interactions: int = 0
    informative: int = 0
    w: float = 0.0
    ww: float = 0.0
    wr: float = 0.0
    wwr: float = 0.0
    wwrr: float = 0.0

    def after(self, weight: float, reward: float, *, instead_of: float | None = None) -> "TopOne":
        """With one more interaction, or with one whose reward was `instead_of` until now."""
        new, was = int(instead_of is None), 0.0 if instead_of is None else instead_of
        if not weight:
            return TopOne(self.interactions + new, self.informative, self.w, self.ww, self.wr, self.wwr, self.wwrr)
        square = weight * weight
        return TopOne(
            self.interactions + new,
            self.informative + new,
            self.w + new * weight,
            self.ww + new * square,
            self.wr + weight * (reward - was),
            self.wwr + square * (reward - was),
            self.wwrr + square * (reward * reward - was * was),
        )

    def bound(self, level: float = LEVEL) -> tuple[float, float, float]:
        """Estimate, lower and upper bound of a two-sided interval.

        From every reward a constant is subtracted before it is weighted (the one with the least variance): the weights
        have mean 0, so this moves nothing and only takes noise away. Student's t with as many degrees of freedom as
        there are interactions in which the two differ, less one; where fewer than two do, nothing is known: −∞ … ∞.
        """
        if self.informative < 2:
            return 0.0, -math.inf, math.inf
        n = self.interactions
        constant = self.wwr / self.ww
        value = (self.wr - constant * self.w) / n
        squares = max(0.0, self.wwrr - 2 * constant * self.wwr + constant * constant * self.ww)
        error = math.sqrt(max(0.0, squares / n - value * value) / max(1, n - 1))
        wide = _student(self.informative - 1, level) * error
        return value, value - wide, value + wide


def item_position(rewards: Numbers, weights: Numbers, *, unsupported: float = 0.0) -> Estimate:
    """The reward of another order, place by place (Li et al., Offline evaluation of ranking policies with click models,
    KDD 2018). `rewards` and `weights` have a row for each interaction and a column for each place; a weight is the
    chance that the other order shows there what was shown, over the chance that it was shown there. Unbiased where
    everything is supported and what somebody does at a place does not depend on the other places."""
    _fitting(rewards, weights)
    return _mean((rewards * weights).sum(axis=1), weights, unsupported)


def self_normalised(rewards: Numbers, weights: Numbers, *, unsupported: float = 0.0) -> Estimate:
    """The same, each place's sum divided by its weights instead of by the interactions (Swaminathan, Joachims, NIPS
    2015): a little bias for much less noise. The interval comes from the ratio's linearisation; a place without any
    weight adds nothing."""
    _fitting(rewards, weights)
    totals = weights.sum(axis=0)
    sure = np.where(totals > 0, totals, 1.0)
    ratios = (rewards * weights).sum(axis=0) / sure
    influence = (weights * (rewards - ratios) / sure).sum(axis=1) * len(rewards)
    return _mean(influence + float(ratios.sum()), weights, unsupported)


def cascade_doubly_robust(
    rewards: Numbers, weights: Numbers, model_shown: Numbers, model_other: Numbers, *, unsupported: float = 0.0
) -> Estimate:
    """Doubly robust where people read from the top (Kiyohara et al., Doubly robust off-policy evaluation for ranking
    policies under the cascade behavior model, WSDM 2022). A weight here is that of everything from the first place to
    this one. `model_shown` is what a reward model expects of what was shown at each place, `model_other` of what the
    other order puts there; the model must not have seen the row that it is asked about."""
    for array in (weights, model_shown, model_other):
        _fitting(rewards, array)
    before = np.concatenate([np.ones((len(weights), 1)), weights[:, :-1]], axis=1)
    return _mean((weights * (rewards - model_shown) + before * model_other).sum(axis=1), weights, unsupported)


def _fitting(rewards: Numbers, other: Numbers) -> None:
    if rewards.ndim != 2 or rewards.shape != other.shape or len(rewards) < 2:
        raise BadInput(
            f"Rewards {rewards.shape} and weights {other.shape} do not fit; give two rows or more, and the same places"
        )


def _mean(values: Numbers, weights: Numbers, unsupported: float) -> Estimate:
    """The mean with its interval. The effective size is that of the first place."""
    n = len(values)
    value, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(n)
    first = weights[:, 0]
    squares = float((first * first).sum())
    effective = float(first.sum()) ** 2 / squares if squares else 0.0
    wide = _student(max(1.0, effective - 1), LEVEL) * error
    return Estimate(value, value - wide, value + wide, n, effective, unsupported)


def _student(freedom: float, level: float) -> float:
    """The quantile of Student's t that leaves (1 − level) / 2 above it."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + level / 2))
