"""The learner: from the log of events to a policy, by Bayesian ridge regression with two heads.

One head foretells whether an action is accepted, the other how it turns out. Both start from the fixed ranker and leave
it only as far as votes demand; what is accepted counts for the order only as far as it foretells what works. Beside the
score of the moment stands the usual one: what the fixed ranker gives to offers of such traits over the whole log, which
is less a matter of chance. Everything is fitted anew from the events each time: it knows no database, and it decides
nothing about what goes live.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from types import MappingProxyType

import numpy as np

from assistant.learning.events import Event, Proposed
from assistant.learning.features import GROUPS, numbers, traits
from assistant.learning.policy import Head, Policy
from assistant.learning.regression import Keys, Numbers, Traits, added, regress
from assistant.learning.trust import TrustSettings, reliability
from assistant.learning.votes import Vote, VoteSettings, read, weigh

__all__ = ["STRENGTHS", "USUAL_STRENGTHS", "LearnerSettings", "fit"]

# How many votes it takes until half of what they say of a trait is believed: the prior's precision in votes.
STRENGTHS = MappingProxyType(
    {
        "type": 4.0,
        "type_severity": 12.0,
        "type_category": 100.0,
        "type_department": 150.0,
        "family_category": 60.0,
        "family_severity": 100.0,
        "family_district": 12.0,
        "family_season": 18.0,
        "family_department": 150.0,
    }
)
# The same for the usual score, in offers.
USUAL_STRENGTHS = MappingProxyType(
    {
        "type": 3.0,
        "type_severity": 20.0,
        "type_category": 60.0,
        "family_category": 60.0,
        "family_severity": 60.0,
        "family_district": 20.0,
        "family_season": 20.0,
    }
)


@dataclass(frozen=True)
class LearnerSettings:
    """What the learner assumes before it has seen anything; strengths in votes, `half_life` in days. Slopes are those
    of the base score, the track record, the support, the share of the same district, and the usual score. `share` is
    the acceptance's part of the score while acceptance foretells outcomes with a slope of `agreement` or more."""

    half_life: float = 120.0
    level: float = 0.45
    slopes: tuple[float, ...] = (0.6, 0.2, 0.0, 0.0, 1.0)
    level_strength: float = 1.0
    slope_strengths: tuple[float, ...] = (5.0, 5.0, 10.0, 10.0, 5.0)
    strengths: tuple[tuple[str, float], ...] = tuple(STRENGTHS.items())
    usual_strengths: tuple[tuple[str, float], ...] = tuple(USUAL_STRENGTHS.items())
    usual_offers: int = 8_000  # of the newest interactions, from which the usual scores are taken
    share: float = 0.5
    agreement: float = 0.5
    agreement_deviation: float = 0.3  # how far off that slope may well be
    department_votes: int = 200  # so many labels of a department's own questions before it gets deltas of its own
    votes: VoteSettings = field(default_factory=VoteSettings)
    trust: TrustSettings = field(default_factory=TrustSettings)


DEFAULT = LearnerSettings()
REVISION = 1  # raised with every change of this computation, so that a replay can tell an earlier one


def fit(events: Iterable[Event], *, at: datetime, settings: LearnerSettings = DEFAULT) -> Policy:
    """The policy that the events up to `at` support; the same events give the same text, whatever `at` is otherwise.
    Without a single reaction it is that of the fixed ranker."""
    known = [event for event in events if event.at <= at]
    accepted, effects = read(known, at)
    if not accepted:
        return Policy()
    usual = _usual(known, settings)
    trusted = reliability(accepted, effects, settings.trust)
    weights = weigh(accepted, trusted, half_life=settings.half_life, settings=settings.votes)
    keys = _own_departments(accepted, settings)
    slopes, liked = _fitted(accepted, keys, weights, usual, settings)
    acceptance_votes = float(weights.sum())
    weights = weigh(effects, _known(accepted, trusted, effects), half_life=settings.half_life, settings=settings.votes)
    keys = _own_departments(effects, settings)
    foretold = added(liked, keys)
    slope = _agreement(effects, keys, weights, foretold, usual, settings)
    outcome_slopes, works = _fitted(effects, keys, weights, usual, settings, offset=slope * foretold)
    share = settings.share * min(slope / settings.agreement, 1.0)
    policy = Policy(
        acceptance=_head(slopes, liked, share, acceptance_votes, len(accepted)),
        outcome=_head(outcome_slopes, _joined(works, liked, slope), 1.0 - share, float(weights.sum()), len(effects)),
        usual=usual,
        settings={**asdict(settings), "learner": REVISION},
    )
    return Policy.read(policy.text())  # so that it is the same before it is kept and after


def _head(slopes: Sequence[float], traits_of: Traits, share: float, votes: float, counted: int) -> Head:
    level, *numbered, usual = slopes
    return Head(level, tuple(numbered), traits_of, share, votes, counted, usual)


def _usual(events: Sequence[Event], settings: LearnerSettings) -> Traits:
    """What each trait adds to the fixed ranker's score: a regression over all candidates, shown or not, of the newest
    interactions. No person can push it."""
    asked = {event.interaction_id: event for event in events if isinstance(event, Proposed)}
    keys: list[tuple[str | None, ...]] = []
    base: list[float] = []
    for event in sorted(asked.values(), key=lambda event: (event.at, event.interaction_id), reverse=True):
        if len(base) >= settings.usual_offers:
            break
        keys += [traits(event.context, offer) for offer in event.offers]
        base += [offer.base for offer in event.offers]
    one = np.ones((len(base), 1))
    strengths = dict(settings.usual_strengths)
    labels = np.asarray(base)
    return regress(one, keys, labels, np.ones(len(base)), prior=[0.5], prior_strengths=[1.0], strengths=strengths)[1]


def _own_departments(votes: Sequence[Vote], settings: LearnerSettings) -> Keys:
    """The traits of the votes; those with a department only where that department has enough votes."""
    counts: dict[str | None, int] = {}
    for vote in votes:
        counts[vote.context.department] = counts.get(vote.context.department, 0) + 1
    own = {department for department, count in counts.items() if count >= settings.department_votes}
    shared = [not group.endswith("_department") for group in GROUPS]
    found = []
    for vote in votes:
        keys = traits(vote.context, vote.offer)
        if vote.context.department not in own:
            keys = tuple(key if kept else None for key, kept in zip(keys, shared, strict=True))
        found.append(keys)
    return found


def _known(accepted: Sequence[Vote], trusted: Numbers, effects: Sequence[Vote]) -> Numbers:
    """How far those who report outcomes are relied on: as far as in the mean of their reactions, or fully."""
    per_person: dict[str, list[float]] = {}
    for vote, trust in zip(accepted, trusted.tolist(), strict=True):
        per_person.setdefault(vote.person, []).append(trust)
    means = {person: sum(found) / len(found) for person, found in per_person.items()}
    return np.asarray([means.get(vote.person, 1.0) for vote in effects])


def _dense(votes: Sequence[Vote], keys: Keys, usual: Traits) -> Numbers:
    """(n, 6): a one for the level, the numbers of each offer, and its usual score."""
    own = np.asarray([(1.0, *numbers(vote.offer)) for vote in votes]).reshape(len(votes), -1)
    return np.column_stack([own, added(usual, keys)])


def _fitted(
    votes: Sequence[Vote],
    keys: Keys,
    weights: Numbers,
    usual: Traits,
    settings: LearnerSettings,
    *,
    offset: Numbers | float = 0.0,
) -> tuple[tuple[float, ...], Traits]:
    """Level and slopes, and the weights of the traits, of one head; `offset` is what is foretold already."""
    prior = (settings.level, *settings.slopes)
    if not votes:
        return prior, {}
    return regress(
        _dense(votes, keys, usual),
        keys,
        np.asarray([vote.label for vote in votes]) - offset,
        weights,
        prior=prior,
        prior_strengths=(settings.level_strength, *settings.slope_strengths),
        strengths=dict(settings.strengths),
    )


def _agreement(
    effects: Sequence[Vote], keys: Keys, weights: Numbers, liked: Numbers, usual: Traits, settings: LearnerSettings
) -> float:
    """The slope of outcomes on what acceptance learned, 0 or more: its posterior mean by ridge regression beside the
    numbers. 0 says that what is liked foretells nothing of what works."""
    if not effects:
        return settings.agreement
    noise = 0.1  # the variance of an outcome's label
    found, _ = regress(
        np.column_stack([_dense(effects, keys, usual), liked]),
        keys,
        np.asarray([vote.label for vote in effects]),
        weights,
        prior=(settings.level, *settings.slopes, settings.agreement),
        prior_strengths=(
            settings.level_strength,
            *settings.slope_strengths,
            noise / settings.agreement_deviation**2,
        ),
        strengths={},
    )
    return max(found[-1], 0.0)


def _joined(traits_of_one: Traits, other: Traits, slope: float) -> Traits:
    """Traits that add what they add, and `slope` times what those of the other add."""
    joined = {group: dict(weights) for group, weights in traits_of_one.items()}
    for group, weights in other.items():
        mine = joined.setdefault(group, {})
        for key, weight in weights.items():
            mine[key] = mine.get(key, 0.0) + slope * weight
    return joined
