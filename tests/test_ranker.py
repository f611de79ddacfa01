"""The ranker: weights that only ever raise a score, and a file that names every part that the matcher makes."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.match import Ranker, read_ranker
from eval.ranker import KEPT, TRAINED
from knowledge.profiles import FIELDS

NOW = datetime(2026, 7, 15, 9, 0, tzinfo=UTC)
RANKER = read_ranker()
PARTS = st.fixed_dictionaries({name: st.floats(0, 1) for name in RANKER.weights})


def test_no_weight_is_negative_and_some_count() -> None:
    assert min(RANKER.weights.values()) >= 0
    assert sum(RANKER.weights.values()) > 0
    assert RANKER.half > 0
    assert RANKER.fitted_on


@pytest.mark.parametrize("text", ["桥下积水，两辆车被困", "Gas smell in a stairwell", "zxcv"])
def test_the_file_names_every_part_that_the_matcher_makes(desk: Any, text: str) -> None:
    found = desk.matcher.candidates(desk.understanding(text, NOW), NOW)
    assert {frozenset(c.parts) for c in found} <= {frozenset(RANKER.weights)}
    assert found or text == "zxcv"


def test_the_file_names_what_the_fit_knows() -> None:
    assert set(RANKER.weights) == {*TRAINED, *KEPT}
    assert not set(TRAINED) & set(KEPT)
    assert {*FIELDS, "whole", "lead", "coverage"} <= set(RANKER.weights)


def slow_score(parts: dict[str, float]) -> float:
    total = 0.0
    for name, weight in RANKER.weights.items():
        total += weight * parts[name]
    return total / (total + RANKER.half) if total else 0.0


@given(PARTS)
def test_the_score_equals_the_slow_version_and_lies_in_0_to_1(parts: dict[str, float]) -> None:
    assert RANKER(parts) == pytest.approx(slow_score(parts), abs=1e-6)
    assert 0 <= RANKER(parts) <= 1


@given(PARTS, st.sampled_from(sorted(RANKER.weights)), st.floats(0, 1))
def test_more_of_any_part_never_lowers_the_score(parts: dict[str, float], name: str, value: float) -> None:
    low, high = sorted([parts[name], value])
    assert RANKER({**parts, name: low}) <= RANKER({**parts, name: high})


@pytest.mark.parametrize("name", sorted(RANKER.weights))
def test_each_part_with_a_weight_raises_the_score(name: str) -> None:
    nothing = dict.fromkeys(RANKER.weights, 0.0)
    assert (RANKER({**nothing, name: 1.0}) > RANKER(nothing) == 0) == (RANKER.weights[name] > 0)


def test_half_alike_is_a_half() -> None:
    assert Ranker({"whole": 2.0}, 0.5, "a test")({"whole": 0.25}) == 0.5


def test_another_file_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "ranker.json"
    content = {"weights": {"whole": 1.0}, "half": 0.5, "fitted_on": "a test"}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert read_ranker(path) == Ranker({"whole": 1.0}, 0.5, "a test")
