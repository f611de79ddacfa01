"""The orders behind a slate come from the scores that were logged with it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from learning_contract import OFFERS, proposed

from assistant.learning.events import Context, Offer
from assistant.learning.order import Scored, orders
from assistant.learning.policy import arrange
from knowledge.errors import BadInput


def test_orders_of_both_with_what_is_first_before_the_rest() -> None:
    assert orders(proposed(1)) == ((2, 0, 1), (2, 1, 0))  # offer 2 is marked first, whatever its score


def test_without_a_challenger_there_is_one_order() -> None:
    calm = replace(proposed(1), slate=replace(proposed(1).slate, challenger=None, challenger_scores=None))
    assert orders(calm) == ((2, 0, 1), None)


def test_without_scores_the_order_is_what_was_shown() -> None:
    bare = replace(proposed(1), slate=replace(proposed(1).slate, order=(1, 2, 0), scores=(), challenger_scores=None))
    assert orders(bare) == ((1, 2, 0), None)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_the_higher_score_stands_above(scores: list[float]) -> None:
    offers = tuple(Offer(f"kind-{index}", 0.5) for index in range(len(scores)))
    order = arrange(Scored(tuple(scores)), Context(), offers)
    assert sorted(order) == list(range(len(scores)))
    assert [scores[index] for index in order] == sorted(scores, reverse=True)


def test_a_score_is_needed_for_each_offer() -> None:
    with pytest.raises(BadInput, match="2 scores for 3 offers"):
        Scored((0.1, 0.2)).scores(Context(), OFFERS)
