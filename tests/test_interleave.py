"""The draft of two orders, its propensities, and what an interaction says of it."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.learning.events import BOTH, CHALLENGER, CHAMPION, Slate
from assistant.learning.interleave import chances, credit, draft, draft_rounds, label, weights
from knowledge.errors import BadInput

ORDERS = st.integers(1, 9).flatmap(lambda n: st.tuples(st.permutations(range(n)), st.permutations(range(n))))
PLACES = st.integers(1, 9)


def drafted_by_turns(
    champion: Sequence[int], challenger: Sequence[int], rng: random.Random, places: int
) -> tuple[list[int], list[str]]:
    """The draft as the paper tells it: in each round a coin says who chooses first, and each takes its best offer that
    is still there. The slow and obvious version."""
    shown: list[int] = []
    teams: list[str] = []
    while len(shown) < min(places, len(champion)):
        best = {
            CHAMPION: next(i for i in champion if i not in shown),
            CHALLENGER: next(i for i in challenger if i not in shown),
        }
        if best[CHAMPION] == best[CHALLENGER]:
            shown.append(best[CHAMPION])
            teams.append(BOTH)
            continue
        order = {CHAMPION: champion, CHALLENGER: challenger}
        for team in (CHAMPION, CHALLENGER) if rng.random() < 0.5 else (CHALLENGER, CHAMPION):
            if len(shown) < places:
                shown.append(next(i for i in order[team] if i not in shown))
                teams.append(team)
    return shown, teams


@given(ORDERS, PLACES, st.integers(0, 2**31))
def test_the_draft_is_that_of_the_paper(orders: tuple[list[int], list[int]], places: int, seed: int) -> None:
    slate = draft(*orders, random.Random(seed), places=places)
    shown, teams = drafted_by_turns(*orders, random.Random(seed), places)
    assert list(slate.order[: len(shown)]) == shown
    assert list(slate.teams) == teams


@given(ORDERS, PLACES, st.integers(0, 2**31))
def test_what_a_draft_gives(orders: tuple[list[int], list[int]], places: int, seed: int) -> None:
    champion, challenger = orders
    slate = draft(champion, challenger, random.Random(seed), places=places)
    shown = min(places, len(champion))
    assert len(slate.teams) == len(slate.propensities) == shown
    assert sorted(slate.order) == sorted(champion)
    rest = slate.order[shown:]
    assert list(rest) == [index for index in champion if index in rest]
    assert champion[0] in slate.order[:2]
    assert slate == draft(champion, challenger, random.Random(seed), places=places)
    for place, (index, team, chance) in enumerate(zip(slate.order, slate.teams, slate.propensities, strict=False)):
        assert chances(champion, challenger, places=places)[place][index] == chance
        assert (team == BOTH) == (chance == 1.0)


@given(ORDERS, PLACES)
def test_chances_of_a_place_sum_to_one(orders: tuple[list[int], list[int]], places: int) -> None:
    found = chances(*orders, places=places)
    assert len(found) == min(places, len(orders[0]))
    for place in found:
        assert sum(place.values()) == 1.0
        assert all(chance > 0 for chance in place.values())
    for index in orders[0]:
        assert sum(place.get(index, 0.0) for place in found) <= 1.0


@pytest.mark.parametrize(
    ("champion", "challenger"),
    [((0, 1, 2, 3, 4), (2, 0, 1, 4, 3)), ((0, 1, 2, 3), (3, 2, 1, 0)), ((0, 1, 2, 3, 4), (0, 4, 1, 2, 3))],
)
def test_chances_are_how_often_it_happens(champion: Sequence[int], challenger: Sequence[int]) -> None:
    rng, runs = random.Random(3), 4_000
    counts = [Counter[int]() for _ in champion]
    for _ in range(runs):
        for place, index in enumerate(drafted_by_turns(champion, challenger, rng, 5)[0]):
            counts[place][index] += 1
    for place, expected in enumerate(chances(champion, challenger, places=5)):
        assert counts[place].keys() == expected.keys()
        for index, chance in expected.items():
            assert counts[place][index] / runs == pytest.approx(chance, abs=0.04)


def test_one_place_left_is_drawn_too() -> None:
    found = {draft((0, 1), (1, 0), random.Random(seed), places=1).order[0] for seed in range(20)}
    assert found == {0, 1}


@given(st.permutations(range(6)))
def test_equal_orders_are_nobodys(order: list[int]) -> None:
    slate = draft(order, order, random.Random(0), places=4)
    assert list(slate.order) == order
    assert set(slate.teams) == {BOTH}
    assert draft_rounds(order, order) == [(index, index) for index in order]


def test_what_both_call_first_stays_before_the_rest() -> None:
    for seed in range(20):
        slate = draft((4, 2, 0, 1, 3), (2, 4, 3, 1, 0), random.Random(seed), places=5)
        assert set(slate.order[:2]) == {2, 4}


@pytest.mark.parametrize(("champion", "challenger"), [((0, 1), (0, 2)), ((0, 1), (0,)), ((0, 0), (0, 0))])
def test_orders_of_different_offers_are_refused(champion: Sequence[int], challenger: Sequence[int]) -> None:
    with pytest.raises(BadInput, match="cannot be merged"):
        draft(champion, challenger, random.Random(0), places=2)


def test_a_slate_without_a_place_is_refused() -> None:
    with pytest.raises(BadInput, match="places is 0"):
        draft((0,), (0,), random.Random(0), places=0)


class Coins(random.Random):
    """Coins that fall as they are told."""

    def __init__(self, falls: Sequence[bool]) -> None:
        super().__init__(0)
        self.falls = [*falls]

    def random(self) -> float:
        return 0.0 if self.falls.pop(0) else 0.9


SCORES = st.integers(2, 8).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 20), min_size=n, max_size=n, unique=True) for _ in range(2)])
)


def drafted(scores: Sequence[Sequence[int]], rng: random.Random, places: int) -> Slate:
    """The slate of two rankers whose scores run from 0 to 20 twentieths."""
    ours, theirs = ([score / 20 for score in part] for part in scores)
    orders = [sorted(range(len(part)), key=lambda index: -part[index]) for part in (ours, theirs)]
    return replace(
        draft(*orders, rng, places=places), scores=tuple(ours), challenger_scores=tuple(theirs), challenger="new"
    )


def weighed_by_hand(slate: Slate) -> list[float]:
    """The weights from the ranks of both orders: the slow and obvious version."""
    ours, theirs = slate.scores, slate.challenger_scores or ()
    first: set[int] = set()
    for scores in (ours, theirs):
        first |= {index for index in range(len(scores)) if sum(other > scores[index] for other in scores) < 3}
    singles = [slot for slot, team in enumerate(slate.teams) if team != BOTH]
    found = [0.0] * len(slate.teams)
    for one, two in zip(singles[::2], singles[1::2], strict=False):
        other, mine = (one, two) if slate.teams[one] == CHALLENGER else (two, one)
        i, j = slate.order[other], slate.order[mine]
        if {i, j} & first:
            claim = max(0.0, theirs[i] - theirs[j]) + max(0.0, ours[j] - ours[i]) / 4
            found[other] = min(1.0, claim / 0.25)
            found[mine] = -found[other]
    return found


@given(SCORES, PLACES, st.integers(0, 2**31))
def test_weights_are_those_of_the_ranks(scores: tuple[list[int], list[int]], places: int, seed: int) -> None:
    slate = drafted(scores, random.Random(seed), places)
    assert weights(slate) == pytest.approx(weighed_by_hand(slate))


@given(SCORES, st.lists(st.floats(0, 1), min_size=8, max_size=8), st.lists(st.floats(-1, 2), min_size=4, max_size=4))
def test_where_pairs_are_equally_good_the_coins_give_nobody_credit(
    scores: tuple[list[int], list[int]], looks: list[float], worth: list[float]
) -> None:
    """Whatever place people look at, over all the ways in which the coins can fall."""
    orders = [sorted(range(len(part)), key=lambda index: -part[index]) for part in scores]
    rounds = draft_rounds(*orders)
    differing = [pair for pair in rounds if pair[0] != pair[1]]
    value = {index: worth[number % 4] for number, pair in enumerate(differing) for index in pair}
    found = []
    for falls in product([True, False], repeat=len(differing)):
        slate = drafted(scores, Coins(falls), 8)
        labels = {s: looks[s] * value[index] for s, index in enumerate(slate.order) if index in value}
        found.append(credit(slate, labels))
    assert fmean(found) == pytest.approx(0.0, abs=1e-9)


def test_what_differs_below_the_third_place_gives_no_credit() -> None:
    ours, theirs = [20, 19, 18, 8, 6, 4], [20, 19, 18, 4, 6, 8]
    for seed in range(8):
        slate = drafted((ours, theirs), random.Random(seed), 6)
        assert set(slate.teams[3:]) >= {CHAMPION, CHALLENGER}
        assert credit(slate, dict.fromkeys(range(6), 2.0) | {slate.teams.index(CHAMPION): -1.0}) == 0.0
    slate = drafted((ours, [20, 19, 4, 18, 6, 8]), random.Random(1), 6)  # the third of one is the sixth of the other
    assert credit(slate, {slate.teams.index(CHALLENGER): 1.0}) > 0.0


@pytest.mark.parametrize("kind", ["adopt", "edit"])
def test_choice_and_outcome_count_for_half_each(kind: str) -> None:
    chosen, worked, failed = label(kind), label(kind, 1.0), label(kind, 0.0)
    assert chosen is not None
    assert worked is not None
    assert failed is not None
    assert worked - chosen == pytest.approx(1.0)
    assert chosen - failed == pytest.approx(1.0)
    assert label("reject", 1.0) == label("reject") == -1.0
    assert label("withdraw", 1.0) is None
