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

__all__ = ["LABELS", "Pair", "chances", "credit", "draft", "draft_rounds", "label"]

Pair = tuple[int, int]  # a round: what the champion and the challenger put; the same offer twice where both agree
WHOLE = 1.5  # labels of difference that count as a whole win
CLAIM = 0.2  # difference of the challenger's scores from which a pair counts fully
# What a choice is worth for the team that put the action there. An explicit rejection speaks against it, but less than
# an adoption speaks for it: officials give reasons for some of the actions that they do not want only.
LABELS: Mapping[str, float] = {"adopt": 1.0, "edit": 0.7, "reject": -0.5}


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
    """What a choice is worth, in −0.5 … 1.5: LABELS, and for an adopted or edited action whose outcome is known
    (`quality` in 0..1) up to a half more where it worked, up to a half less where it failed. None for a choice that was
    taken back.

    >>> label("adopt"), label("adopt", 0.0), label("reject", 1.0), label("withdraw")
    (1.0, 0.5, -0.5, None)
    """
    worth = LABELS.get(kind)
    if worth is None or worth < 0 or quality is None:
        return worth
    return worth + quality - 0.5


def credit(slate: Slate, labels: Mapping[int, float]) -> float:
    """What an interaction says, in −1 … 1: above 0 for the challenger, below 0 for the champion.

    `labels` holds a number (see `label`) for each slot (from 0) that somebody chose about; what was ignored is not
    there and counts nothing, nor does what both teams put. Each pair gives the label of the challenger's action less
    that of the champion's, times what the challenger claims to know about the two: the difference of its scores in
    units of 0.2, at most 1 (1 where no scores were kept). The sum is taken in units of 1.5 labels and cut at ±1. Where
    the actions of each pair are equally good, the coins make its mean 0, whatever place people look at first.

    >>> credit(Slate((3, 5), ("challenger", "champion"), (0.5, 0.5)), {0: 0.75})
    0.5
    """
    if not all(0 <= slot < len(slate.teams) for slot in labels):
        raise BadInput(f"Slots {sorted(labels)} are not all among {len(slate.teams)} shown places; label shown slots")
    total = sum(labels.get(slot, 0.0) * weight for slot, weight in enumerate(_weights(slate)))
    return max(-1.0, min(1.0, total / WHOLE))


def _weights(slate: Slate) -> list[float]:
    """How each shown place counts: above 0 for the challenger's, below 0 for the champion's, 0 for what both put."""
    weights = [0.0] * len(slate.teams)
    ours: int | None = None  # the place where a pair that is not complete began
    for slot, team in enumerate(slate.teams):
        if team == BOTH:
            continue
        if ours is None:
            ours = slot
            continue
        mine, other = (slot, ours) if team == CHAMPION else (ours, slot)
        weights[other] = _claim(slate, slate.order[other], slate.order[mine])
        weights[mine], ours = -weights[other], None
    return weights


def _claim(slate: Slate, above: int, below: int) -> float:
    """How much of a whole pair the challenger's preference for one offer over another counts, in 0..1."""
    scores = slate.challenger_scores
    return 1.0 if scores is None else min(1.0, max(0.0, scores[above] - scores[below]) / CLAIM)
