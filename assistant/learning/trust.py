"""How far people are relied on: whether their labels agree with what earlier events of others led to expect.

A likelihood ratio: how much better a person's labels fit what was foretold than the opposite of it. Whoever says what
others found fits; whoever pushes one action against what others found does not, and what he says wherever that action
stands weighs less. The vote at hand, and all else that he said in the same list, never counts in judging it. It knows
counts by action type only, no model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.learning.votes import Vote, codes

__all__ = ["TrustSettings", "reliability"]

Numbers = NDArray[np.float64]
Codes = NDArray[np.intp]
MOST_HALVES = 20.0  # beyond, all is equally old: sums stay exact


@dataclass(frozen=True)
class TrustSettings:
    """How people are judged. `most_votes` is what one of the others counts for in what is foretold of an action type,
    `prior_votes` what the fixed ranker's score counts for there. `patience` is the logarithm of the likelihood ratio
    against a person from which on he weighs less: an honest one gets there with a chance of exp(-patience) at most.
    `least` is what remains of a vote in any case. `half_life` in days: how fast what others found is forgotten."""

    most_votes: float = 1.5
    prior_votes: float = 3.0
    patience: float = 3.5
    least: float = 0.05
    half_life: float = 30.0


def reliability(accepted: Sequence[Vote], effects: Sequence[Vote], settings: TrustSettings) -> Numbers:
    """For each vote on acceptance, how far its person is relied on in it, in 0..1. `accepted` in the order of time.

    A label above what labels usually are speaks for him where more than usual was foretold, and against him where less
    was. Of his other lists, all of them and those with any one action type of this one, the part counts that speaks
    against him most.
    """
    trusted = np.ones(len(accepted))
    if not accepted:
        return trusted
    person = codes(vote.person for vote in accepted)
    kind = codes(vote.offer.action_type for vote in accepted)
    slate = codes((vote.person, vote.interaction_id) for vote in accepted)
    label = np.asarray([vote.label for vote in accepted])
    so_far = (running(np.zeros(len(label), np.intp), label) - label + 2.0) / (np.arange(len(label)) + 4.0)
    said = codes(zip(person.tolist(), kind.tolist(), strict=True))
    for _ in range(2):  # the second time, what is foretold comes from those who are relied on
        expected = _logit(_foretold(accepted, effects, trusted, settings))
        speaks = 2 * (label - so_far) * (expected - expected.mean())
        of_slate = np.bincount(slate, speaks)
        pairs = np.unique(np.column_stack([said, slate]), axis=0)  # one entry for every list with the type in it
        of_said = np.bincount(pairs[:, 0], of_slate[pairs[:, 1]])
        others = of_said[said] - of_slate[slate]
        worst = np.full(len(of_slate), np.inf)
        np.minimum.at(worst, slate, others)
        whole = np.bincount(person, speaks)[person] - of_slate[slate]
        against = np.minimum(worst[slate], whole)
        trusted = np.maximum(np.exp(np.minimum(against + settings.patience, 0.0)), settings.least)
    return trusted


def _logit(chance: Numbers) -> Numbers:
    return np.asarray(np.log(chance / (1 - chance)))


def _foretold(accepted: Sequence[Vote], effects: Sequence[Vote], trusted: Numbers, settings: TrustSettings) -> Numbers:
    """For each vote on acceptance the chance that it is a yes, in 0.1..0.9, by the base score and by what others said
    of its action type before, and how that turned out before."""
    votes = [*accepted, *effects]
    count = len(accepted)
    time = np.asarray([vote.at.timestamp() for vote in votes])
    order = np.lexsort((np.arange(len(votes)) < count, time))  # at the same time, outcomes first
    back = np.empty(len(votes), np.intp)
    back[order] = np.arange(len(votes))
    weight = np.concatenate([trusted, np.ones(len(effects))])[order]
    label = np.asarray([vote.label - vote.offer.base for vote in votes])[order]
    stream = (order >= count).astype(np.intp)
    rest = label - _level(stream, label, weight)
    ages = (time.max() - time[order]) / 86_400 / settings.half_life
    grown = 0.5 ** np.minimum(ages, MOST_HALVES)  # what is newer counts for more
    kind = codes(votes[at].offer.action_type for at in order)
    who = codes(  # every outcome speaks for itself
        (votes[at].person, votes[at].offer.action_type) if at < count else (int(at),) for at in order
    )
    spoken, said = running(who, weight * grown), running(who, weight * grown * rest)
    counted = running(who, weight)
    share = np.minimum(1.0, settings.most_votes / np.maximum(counted, 1e-12))
    sums = []
    for mine in (spoken * share, said * share):
        before = shifted(who, mine)
        all_before = running(kind, mine - before) - (mine - before)
        sums.append((all_before - before) / grown)
    found = sums[1] / (np.maximum(sums[0], 0.0) + settings.prior_votes)
    base = np.asarray([vote.offer.base for vote in votes])[order]
    return np.asarray(np.clip(base + (label - rest) + found, 0.1, 0.9)[back[:count]])


def _level(stream: Codes, label: Numbers, weight: Numbers) -> Numbers:
    """The mean of the earlier labels of one's stream; 0 for the first."""
    before = running(stream, weight) - weight
    return np.asarray((running(stream, weight * label) - weight * label) / np.maximum(before, 1.0))


def running(groups: Codes, values: Numbers) -> Numbers:
    """The sum of the values of one's group so far, one's own included.

    >>> running(np.asarray([0, 1, 0]), np.asarray([1.0, 5.0, 2.0])).tolist()
    [1.0, 5.0, 3.0]
    """
    order = np.argsort(groups, kind="stable")
    sums = np.cumsum(values[order])
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    before = np.concatenate([[0.0], sums])[starts]
    found = np.empty(len(values))
    found[order] = sums - np.repeat(before, [b - a for a, b in pairwise([*starts.tolist(), len(groups)])])
    return found


def shifted(groups: Codes, values: Numbers) -> Numbers:
    """The value of the one before in one's group; 0 for the first.

    >>> shifted(np.asarray([0, 1, 0]), np.asarray([1.0, 5.0, 2.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    order = np.argsort(groups, kind="stable")
    moved = np.concatenate([[0.0], values[order][:-1]])
    moved[np.diff(groups[order], prepend=-1) != 0] = 0.0
    found = np.empty(len(values))
    found[order] = moved
    return found
