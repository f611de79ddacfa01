"""The gate: whether a challenger on trial may become champion. Every condition is named and told with its figure and
its limit; a person still has to say yes. The gate knows neither log nor shelf and changes nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from assistant.learning.trial import Trial

__all__ = ["Condition", "Judgement", "Limits", "Name", "judge"]

Name = Literal[
    "evidence", "harm", "top_one", "outcomes", "interactions", "people", "share", "slices", "version", "gold"
]


@dataclass(frozen=True)
class Limits:
    """What is asked of a challenger.

    `evidence` and `harm` are wealths of the bets (1 at the start). 20 is strong evidence and suspends; a promotion asks
    for 50, so that Ville's inequality alone keeps false ones under one in fifty trials. `level` is that of the
    one-sided lower bound of the estimate at the first place. `worse_outcomes` is by how much (of 0..1) the outcomes of
    adopted actions may be worse, as far as a one-sided bound at `outcome_level` can tell, with at least `outcomes`
    known on either side, of actions about which the two orders differ; with fewer the condition does not hold. `share`
    in 0..1 is the most that one person may have of all credit; `worse_gold` by how much the gold set may fall. Where
    several versions followed one another in a trial, the last one must have been shown in `version` interactions, and
    the bets on it alone must not have lost.
    """

    evidence: float = 50.0
    harm: float = 20.0
    level: float = 0.95
    worse_outcomes: float = 0.05
    outcome_level: float = 0.90
    outcomes: int = 30
    interactions: int = 150
    people: int = 5
    share: float = 0.20
    version: int = 20
    worse_gold: float = 0.01


@dataclass(frozen=True)
class Condition:
    """One condition: whether it holds (None: it was not measured, and does not stand in the way), the figure, and the
    limit that it has to reach (or, for harm, share and slices, to stay under). The figure is None where too little is
    known to have one; then the condition does not hold."""

    name: Name
    held: bool | None
    figure: float | None
    limit: float
    note: str = ""


@dataclass(frozen=True)
class Judgement:
    """What the gate says of a trial. A harmful challenger is to be suspended at once."""

    conditions: tuple[Condition, ...]
    interactions: int
    harmful: bool
    gain: float
    gain_low: float
    gain_high: float

    @property
    def ready(self) -> bool:
        """Whether everything holds but a person's approval."""
        return all(condition.held is not False for condition in self.conditions)

    @property
    def missing(self) -> tuple[Name, ...]:
        """The conditions that do not hold."""
        return tuple(condition.name for condition in self.conditions if condition.held is False)

    def figures(self) -> Mapping[str, Any]:
        """All of it as plain values, for the gate's history; what is infinite is None."""
        return {
            "interactions": self.interactions,
            "top_one": {"value": _plain(self.gain), "low": _plain(self.gain_low), "high": _plain(self.gain_high)},
            "conditions": [
                {**asdict(c), "figure": _plain(c.figure), "limit": _plain(c.limit)} for c in self.conditions
            ],
        }


def judge(trial: Trial, limits: Limits = Limits(), *, gold: float | None = None) -> Judgement:
    """What the gate says as things stand. May be asked after every event: the bets are valid whenever one looks, and
    all other conditions can only make a promotion rarer. `gold` is by how much the gold set's figure is better (+) or
    worse (−) than the champion's; None where there is no gold set."""
    value, low, high = trial.top_one.bound()
    harm = trial.harm.wealth
    conditions = (
        _at_least("evidence", trial.gain.wealth, limits.evidence),
        Condition("harm", harm < limits.harm, harm, limits.harm),
        _top_one(trial, limits),
        _outcomes(trial, limits),
        _at_least("interactions", trial.interactions, limits.interactions),
        _at_least("people", sum(size > _NOTHING for size in trial.credits.values()), limits.people),
        _share(trial, limits),
        _slices(trial, limits),
        _version(trial, limits),
        Condition("gold", None if gold is None else gold >= -limits.worse_gold, gold, -limits.worse_gold),
    )
    return Judgement(conditions, trial.interactions, harm >= limits.harm, value, low, high)


_NOTHING = 1e-9  # sums that were taken back leave less than this


def _at_least(name: Name, figure: float, limit: float) -> Condition:
    return Condition(name, figure >= limit, figure, limit)


def _top_one(trial: Trial, limits: Limits) -> Condition:
    """The lower bound that the difference at the first place stays above with `level`."""
    low = trial.top_one.bound(2 * limits.level - 1)[1]
    return Condition("top_one", low > 0, low if math.isfinite(low) else None, 0.0)


def _outcomes(trial: Trial, limits: Limits) -> Condition:
    """Lower bound of the difference of two means, each with its own variance."""
    ours, theirs = trial.challenger_outcomes, trial.champion_outcomes
    if min(ours.count, theirs.count) < max(2, limits.outcomes):
        note = f"{ours.count} and {theirs.count} outcomes are known, {limits.outcomes} of each are needed"
        return Condition("outcomes", False, None, -limits.worse_outcomes, note)
    from scipy.special import ndtri

    error = math.sqrt(ours.variance / ours.count + theirs.variance / theirs.count)
    low = ours.mean - theirs.mean - float(ndtri(limits.outcome_level)) * error
    return _at_least("outcomes", low, -limits.worse_outcomes)


def _share(trial: Trial, limits: Limits) -> Condition:
    total = sum(trial.credits.values())
    if total <= _NOTHING:
        return Condition("share", False, None, limits.share)
    largest = max(trial.credits.values()) / total
    return Condition("share", largest <= limits.share, largest, limits.share)


def _slices(trial: Trial, limits: Limits) -> Condition:
    """The strongest evidence of harm in any slice, against the limit times the number of slices (Bonferroni): one
    false alarm among all of them stays as rare as one of the whole."""
    limit = limits.harm * max(1, len(trial.harms))
    if not trial.harms:
        return Condition("slices", True, None, limit)
    where, wager = max(trial.harms.items(), key=lambda item: (item[1].wealth, item[0]))
    harmed = wager.wealth >= limit
    return Condition("slices", not harmed, wager.wealth, limit, ": ".join(where) if harmed else "")


def _version(trial: Trial, limits: Limits) -> Condition:
    count, bets = trial.own
    won = bets.wealth >= 1 - _NOTHING
    note = "" if won else "the bets on this version alone have lost so far"
    return Condition("version", count >= limits.version and won, count, limits.version, note)


def _plain(figure: float | None) -> float | None:
    return None if figure is None or not math.isfinite(figure) else round(figure, 6)
