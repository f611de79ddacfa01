"""How much better the challenger's choices are liked, with an interval that may be looked at after every interaction.

The interval is that of the bets of `assistant/learning/wager.py`, placed on and against every mean (Waudby-Smith,
Ramdas: Estimating means of bounded random variables by betting, JRSS B 2024): a mean is left out as soon as a bet
against it has made `evidence` times what it began with. So the interval lies above 0 exactly where the evidence that
the gate asks for is there, and the truth is ever left out on one side in at most one of `evidence` trials.

What a credit is made of is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.learning.wager import BETS
from knowledge.errors import BadInput

__all__ = ["Gain", "gain_of", "gains"]

STEPS = 24  # halvings: the bounds are exact to 1e-7
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Gain:
    """The mean credit of some interactions, in −1 … 1 (above 0: for the challenger), and its interval, which reaches
    from −1 to 1 where there is none."""

    interactions: int
    mean: float
    low: float
    high: float


def gain_of(credits: Sequence[float], *, evidence: float = 20.0) -> Gain:
    """The gain of credits in −1 … 1. Their order does not matter. Raises BadInput for a credit outside.

    >>> gain_of([0.5] * 40).low > 0, gain_of([]).high
    (True, 1.0)
    """
    values = np.asarray(credits, dtype=np.float64)
    if values.size and not (np.abs(values) <= 1).all():
        raise BadInput(f"A credit of {values[np.abs(values).argmax()]} is outside −1 … 1; give credits of interactions")
    mean = float(values.mean()) if values.size else 0.0
    return Gain(int(values.size), mean, _low(values, mean, evidence), -_low(-values, -mean, evidence))


def gains(credits: Sequence[float], *, most: int = 60, evidence: float = 20.0) -> tuple[Gain, ...]:
    """The gain after the first few, some more, … and all credits, in their order: at most `most` of them, evenly
    spread, the last of all always among them."""
    size = len(credits)
    count = min(size, most)
    ends = sorted({round(size * (place + 1) / count) for place in range(count)}) if count else []
    return tuple(gain_of(credits[:end], evidence=evidence) for end in ends)


def _low(values: Numbers, mean: float, evidence: float) -> float:
    """The largest mean that the bets that the truth lies above it have ruled out; −1 where they have ruled out none.
    What they make falls with the mean that is bet against."""
    if not values.size or _made(values, -1.0 + 1e-9) < np.log(evidence):
        return -1.0
    low, high = -1.0 + 1e-9, mean
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _made(values, middle) >= np.log(evidence) else (low, middle)
    return float(low)


def _made(values: Numbers, mean: float) -> float:
    """The logarithm of what the bets on "the truth lies above this mean" have made. A share of what there is is staked
    on each credit less the mean, in units of the most that can be lost, 1 + mean; at mean 0 it is the gate's bet."""
    logs = np.log1p(np.outer(BETS, (values - mean) / (1.0 + mean))).sum(axis=1)
    most = float(logs.max())
    return most + float(np.log(np.exp(logs - most).mean()))
