"""Two orders of the same offers merged into one by team draft, so that what people choose tells which order is better
(Radlinski, Kurup, Joachims: How does clickthrough data reflect retrieval quality?, CIKM 2008).

The draft runs in rounds. Where both orders name the same offer next, it takes one place and belongs to both. Otherwise
each puts its own next offer, and a fair coin says whose stands above. Whoever goes first, the same two offers are gone
after the round; so what the coins change is the order within a pair (and, where one place only is left, which of the
two is shown), every chance is 1 or 1/2, and the champion's first is always in one of the first two places.

What the scores mean, and when nothing may be tried out, is not known here.
"""

import random
from collections.abc import Mapping, Sequence

from assistant.learning.events import BOTH, CHALLENGER, CHAMPION, Slate
from knowledge.errors import BadInput

__all__ = ["LABELS", "Pair", "chances", "credit", "draft", "draft_rounds", "label", "weights"]

Pair = tuple[int, int]  # a round: what the champion and the challenger put; the same offer twice where both agree
WHOLE = 2.0  # labels of difference that count as a whole win
FIRST = 3  # places of an order that it is judged by
CLAIM = 0.2  # difference of scores from which a pair counts fully
OWN = 0.25  # how much of the claim is the champion's, for one part of the challenger's
# What a choice is worth for the team that put the action there.
LABELS: Mapping[str, float] = {"adopt": 1.0, "edit": 0.7, "reject": -1.0}


def draft_rounds(champion_order: Sequence[int], challenger_order: Sequence[int]) -> list[Pair]:
    """The rounds of the draft, before any coin. Both orders must hold the same offers, each once (BadInput)."""
    if sorted(champion_order) != sorted(challenger_order) or len({*champion_order}) != len(champion_order):
        raise BadInput(
            f"Orders {[*champion_order]} and {[*challenger_order]} cannot be merged; give the same offers, each once"
        )
    rounds: list[Pair] = []
    placed: set[int] = set()
    ours, theirs = iter(champion_order), iter(challenger_order)
    while len(placed) < len(champion_order):
        mine = next(index for index in ours if index not in placed)
        other = next(index for index in theirs if index not in placed)
        rounds.append((mine, other))
        placed |= {mine, other}
    return rounds


def draft(champion_order: Sequence[int], challenger_order: Sequence[int], rng: random.Random, *, places: int) -> Slate:
    """Merges two orders (indices of offers, the best first) for the first `places`; the offers behind them follow in
    the champion's order. Teams and propensities are given for the shown places, `min(places, offers)` of them. One
    number is drawn from `rng` for each round in which the two differ; the same state of it gives the same slate.

    >>> draft((0, 1, 2), (0, 2, 1), random.Random(1), places=3).teams[0]
    'both'
    """
    if places < 1:
        raise BadInput(f"places is {places}; a slate shows at least one action")
    shown: list[int] = []
    teams: list[str] = []
    propensities: list[float] = []
    for mine, other in draft_rounds(champion_order, challenger_order):
        if len(shown) >= places:
            break
        if mine == other:
            shown.append(mine)
            teams.append(BOTH)
            propensities.append(1.0)
            continue
        ours_first = rng.random() < 0.5
        shown += (mine, other) if ours_first else (other, mine)
        teams += (CHAMPION, CHALLENGER) if ours_first else (CHALLENGER, CHAMPION)
        propensities += (0.5, 0.5)
    del shown[places:], teams[places:], propensities[places:]
    there = {*shown}
    order = (*shown, *(index for index in champion_order if index not in there))
    return Slate(order, tuple(teams), tuple(propensities), mode="interleave")


def chances(
    champion_order: Sequence[int], challenger_order: Sequence[int], *, places: int
) -> tuple[Mapping[int, float], ...]:
    """For each of the first `places` (fewer where there are fewer offers): which offers can come to stand there, and
    with what chance. The chances of a place sum to 1.

    >>> chances((0, 1, 2), (0, 2, 1), places=2)
    ({0: 1.0}, {1: 0.5, 2: 0.5})
    """
    found: list[Mapping[int, float]] = []
    for mine, other in draft_rounds(champion_order, challenger_order):
        if mine == other:
            found.append({mine: 1.0})
        else:
            found += [{mine: 0.5, other: 0.5}, {mine: 0.5, other: 0.5}]
    return tuple(found[:places])


def label(kind: str, quality: float | None = None) -> float | None:
    """What a choice is worth, in −1 … 2: LABELS, and for an adopted or edited action whose outcome is known (`quality`
    in 0..1) up to one more where it worked, up to one less where it failed, so that the choice and the outcome count
    for half each. None for a choice that was taken back.

    >>> label("adopt"), label("adopt", 0.0), label("adopt", 1.0), label("reject", 1.0), label("withdraw")
    (1.0, 0.0, 2.0, -1.0, None)
    """
    worth = LABELS.get(kind)
    if worth is None or worth < 0 or quality is None:
        return worth
    return worth + 2 * quality - 1


def credit(slate: Slate, labels: Mapping[int, float]) -> float:
    """What an interaction says, in −1 … 1: above 0 for the challenger, below 0 for the champion.

    `labels` holds a number (see `label`) for each slot (from 0) that somebody chose about; what was ignored is not
    there and counts nothing, nor does what both teams put. Each pair gives the label of the challenger's action less
    that of the champion's, times its weight (see `weights`). The sum is taken in units of 2 labels and cut at ±1. Where
    the actions of each pair are equally good, the coins make its mean 0, whatever place people look at first.

    >>> credit(Slate((3, 5), ("challenger", "champion"), (0.5, 0.5)), {0: 1.0})
    0.5
    """
    if not all(0 <= slot < len(slate.teams) for slot in labels):
        raise BadInput(f"Slots {sorted(labels)} are not all among {len(slate.teams)} shown places; label shown slots")
    total = sum(labels.get(slot, 0.0) * weight for slot, weight in enumerate(weights(slate)))
    return max(-1.0, min(1.0, total / WHOLE))


def weights(slate: Slate) -> list[float]:
    """How each shown place counts, in −1 … 1: above 0 for the challenger's, below 0 for the champion's, 0 for what both
    put, for half a pair, and for a pair of which neither order has either action among its first three.

    A pair counts for as much as the two claim to know about it: how much higher each scores its own action than the
    other's, the champion's claim for a quarter of the challenger's, in units of 0.2, at most 1. Were both claims alike
    in weight, two orders that are equally good on the whole would give a mean credit of 0, but a better one would be
    seen later; so they give the challenger a little: a fourteenth of what one better by .06 nDCG@3 earns
    (eval/duels.py). Where no scores were kept, every pair counts 1.

    >>> weights(Slate((1, 0), ("challenger", "champion"), (0.5, 0.5), scores=(0.8, 0.5), challenger_scores=(0.4, 0.7)))
    [1.0, -1.0]
    """
    found = [0.0] * len(slate.teams)
    front = _front(slate)
    began: int | None = None  # the place where a pair that is not complete began
    for slot, team in enumerate(slate.teams):
        if team == BOTH:
            continue
        if began is None:
            began = slot
            continue
        mine, other = (slot, began) if team == CHAMPION else (began, slot)
        pair = (slate.order[mine], slate.order[other])
        if front is None or not front.isdisjoint(pair):
            found[other] = _claim(slate, pair)
            found[mine] = -found[other]
        began = None
    return found


def _front(slate: Slate) -> set[int] | None:
    """The offers that either order has among its first three (of equal scores all that reach them); None where the
    scores were not kept."""
    if not slate.scores or not slate.challenger_scores:
        return None
    found: set[int] = set()
    for scores in (slate.scores, slate.challenger_scores):
        least = sorted(scores, reverse=True)[:FIRST][-1]
        found |= {index for index, score in enumerate(scores) if score >= least}
    return found


def _claim(slate: Slate, pair: Pair) -> float:
    """How much of a whole pair the two claim to know, in 0..1."""
    ours, theirs = slate.scores, slate.challenger_scores
    if not ours or not theirs:
        return 1.0
    mine, other = pair
    said = max(0.0, theirs[other] - theirs[mine]) + OWN * max(0.0, ours[mine] - ours[other])
    return min(1.0, said / (CLAIM * (1 + OWN)))
