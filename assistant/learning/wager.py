"""A bet against "the challenger is no better", which may be looked at after every interaction.

A gambler who starts with 1 stakes a share of what he has on each credit; where the mean credit is not above 0, what he
has is in the mean never more than 1, whenever one looks, so that it ever reaches 20 in at most one of twenty cases
(Ville's inequality). Several shares are played beside one another and the mean of what they made counts, since the
best share is not known before (Waudby-Smith, Ramdas: Estimating means of bounded random variables by betting, JRSS B
2024). The shares are fixed beforehand, so the order of the credits does not matter, and a choice that is taken back or
comes late simply replaces what its interaction stood for.

What a credit is made of is not known here.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from knowledge.errors import BadInput

__all__ = ["BETS", "Wager"]

BETS = (0.1, 0.2, 0.4, 0.8)  # shares staked on each credit; all below 1, so that nothing can be lost for good
_MOST = 700.0  # the largest logarithm that still is a float


@dataclass(frozen=True)
class Wager:
    """What the bets have made so far; `logs` are the logarithms of what each share of BETS has.

    >>> wager = Wager()
    >>> for _ in range(20):
    ...     wager = wager.after(0.5)
    >>> wager.wealth > 20
    True
    """

    logs: tuple[float, ...] = (0.0,) * len(BETS)

    def after(self, credit: float, *, instead_of: float = 0.0) -> "Wager":
        """What is there after one more credit in −1 … 1, or after a credit became another. A credit of 0 changes
        nothing. Raises BadInput for a credit outside."""
        now, was = _won(credit), _won(instead_of)
        if credit == instead_of:
            return self
        return Wager(tuple(log + new - old for log, new, old in zip(self.logs, now, was, strict=True)))

    @property
    def wealth(self) -> float:
        """Above 0; 1 at the start; 20 or more is evidence that the mean credit is above 0."""
        return sum(math.exp(min(log, _MOST)) for log in self.logs) / len(BETS)


@lru_cache(maxsize=4_096)
def _won(credit: float) -> tuple[float, ...]:
    """By bet, the logarithm of what one credit makes of 1."""
    if not -1.0 <= credit <= 1.0:
        raise BadInput(f"A credit of {credit} cannot be bet on; give one in -1 … 1")
    return tuple(math.log1p(bet * credit) for bet in BETS)
