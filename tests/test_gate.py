"""The gate: figures of an embedder over questions, and whether another one is worse or better."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.gate import Asked, Figures, Questions, is_better, is_worse, measure
from eval.measures import hit, ndcg, reciprocal_rank


@dataclass
class Given:
    """A fake embedder with a vector for each text."""

    vectors: dict[str, Sequence[float]]
    name: str = "given"
    dimension: int = 2
    asked: list[str] = field(default_factory=list)

    def embed(self, texts: Sequence[str]) -> Any:
        self.asked += texts
        return np.asarray([self.vectors[text] for text in texts], np.float32)


def _turned(degrees: float) -> list[float]:
    return [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]


@given(st.permutations(range(14)), st.dictionaries(st.integers(0, 13), st.integers(1, 3), min_size=1))
def test_figures_are_those_of_the_measurements(order: list[int], relevant: dict[int, int]) -> None:
    vectors = {str(case_id): _turned(5 + 3 * place) for place, case_id in enumerate(order)}
    questions = Questions([Asked("q", relevant)], {case_id: str(case_id) for case_id in range(14)})
    found = measure(Given({**vectors, "q": _turned(0)}), questions)
    ranking, grades = [str(case_id) for case_id in order], {str(name): grade for name, grade in relevant.items()}
    expected = hit(ranking, grades, 1), ndcg(ranking, grades), reciprocal_rank(ranking, grades)
    assert (found.hit_at_1, found.ndcg_at_10, found.mrr_at_10) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("vector", [[1.0, 0.0], [0.0, 0.0], [math.nan, math.nan], [math.inf, 0.0]])
def test_an_embedder_for_which_all_is_alike_finds_nothing(vector: list[float]) -> None:
    texts = {n: f"t{n}" for n in range(20)}
    asked = [Asked("q", {n: 3}) for n in range(20)]
    found = measure(Given(dict.fromkeys([*texts.values(), "q"], vector)), Questions(asked, texts))
    assert found == Figures(0.0, 0.0, 0.0)


def test_a_vector_that_is_no_number_is_the_farthest() -> None:
    vectors = {"q": _turned(0), "good": _turned(170), "broken": [math.nan, 0.0]}
    questions = Questions([Asked("q", {1: 3})], {1: "good", 2: "broken"})
    assert measure(Given(vectors), questions).hit_at_1 == 1.0


def test_figures_are_means_and_progress_counts_every_text() -> None:
    vectors = {"a": _turned(0), "b": _turned(90), **{f"t{n}": _turned(n) for n in range(70)}}
    questions = Questions([Asked("a", {0: 3}), Asked("b", {0: 3})], {n: f"t{n}" for n in range(70)})
    seen: list[int] = []
    embedder = Given(vectors)
    found = measure(embedder, questions, seen.append)
    assert found.hit_at_1 == found.mrr_at_10 == found.ndcg_at_10 == 0.5
    assert sum(seen) == questions.size() == len(embedder.asked) == 72


def test_without_questions_nothing_is_embedded() -> None:
    embedder = Given({})
    assert measure(embedder, Questions([], {1: "a"})) == Figures(0.0, 0.0, 0.0)
    assert Questions([], {1: "a"}).size() == 0
    assert not embedder.asked


FIGURES = st.builds(Figures, *[st.sampled_from([0.0, 0.25, 0.5, 1.0])] * 3)


@given(FIGURES, FIGURES)
def test_worse_and_better_are_two_sides(one: Figures, other: Figures) -> None:
    assert is_worse(one, other) == is_better(other, one)
    assert not is_worse(one, one)
    if one != other:
        assert is_worse(one, other) or is_better(one, other)
