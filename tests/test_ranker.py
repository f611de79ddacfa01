"""The ranker: weights that only ever raise a score, and a file that names every part that the matcher makes."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.match import LONG_FROM, SHARED_FROM, Ranker, longness, read_ranker
from eval.ranker import KEPT, TRAINED
from knowledge.profiles import FIELDS

NOW = datetime(2026, 7, 15, 9, 0, tzinfo=UTC)
RANKER = read_ranker()
PARTS = st.fixed_dictionaries({name: st.floats(0, 1) for name in RANKER.weights})


def test_no_weight_is_negative_and_some_count() -> None:
    for weights in (RANKER.weights, RANKER.long_weights):
        assert min(weights.values()) >= 0
        assert sum(weights.values()) > 0
    assert min(RANKER.half, RANKER.long_half) > 0
    assert RANKER.fitted_on


@pytest.mark.parametrize("text", ["桥下积水，两辆车被困", "Gas smell in a stairwell", "zxcv"])
def test_the_file_names_every_part_that_the_matcher_makes(desk: Any, text: str) -> None:
    found = desk.matcher.candidates(desk.understanding(text, NOW), NOW)
    assert {frozenset(c.parts) for c in found} <= {frozenset(RANKER.weights)}
    assert found or text == "zxcv"


def test_the_file_names_what_the_fit_knows() -> None:
    assert set(RANKER.weights) == set(RANKER.long_weights) == {*TRAINED, *KEPT}
    assert not set(TRAINED) & set(KEPT)
    assert {*FIELDS, "whole", "lead", "coverage", "meaning", "kind"} <= set(RANKER.weights)


def slow_score(parts: dict[str, float], length: float) -> float:
    """x / (1 + x), where x lies between what the one set of weights gives and what the other gives; nearer to the
    latter, if that is more, where the question's words stand in the case."""
    brief = sum(RANKER.weights[name] * part for name, part in parts.items()) / RANKER.half
    long = sum(RANKER.long_weights[name] * part for name, part in parts.items()) / RANKER.long_half
    strength = brief + (long - brief) * length
    if long > strength:
        strength += (long - strength) * min(max(parts["coverage"] / SHARED_FROM - 1, 0), 1)
    return strength / (1 + strength)


LENGTH = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)


@given(PARTS, LENGTH)
def test_the_score_equals_the_slow_version_and_lies_in_0_to_1(parts: dict[str, float], length: float) -> None:
    assert RANKER(parts, length) == pytest.approx(slow_score(parts, length), abs=1e-6)
    assert 0 <= RANKER(parts, length) <= 1
    assert RANKER(parts) == RANKER(parts, 0.0)


@given(PARTS, LENGTH, st.sampled_from(sorted(RANKER.weights)), st.floats(0, 1))
def test_more_of_any_part_never_lowers_the_score(
    parts: dict[str, float], length: float, name: str, value: float
) -> None:
    low, high = sorted([parts[name], value])
    assert RANKER({**parts, name: low}, length) <= RANKER({**parts, name: high}, length)


@pytest.mark.parametrize("name", sorted(RANKER.weights))
def test_each_part_with_a_weight_raises_the_score(name: str) -> None:
    nothing = dict.fromkeys(RANKER.weights, 0.0)
    one = {**nothing, name: 1.0}
    assert (RANKER(one) > RANKER(nothing) == 0) == (RANKER.weights[name] > 0)
    assert (RANKER(one, 1.0) > RANKER(nothing, 1.0) == 0) == (RANKER.long_weights[name] > 0)


def test_half_alike_is_a_half() -> None:
    ranker = Ranker({"whole": 2.0, "words": 0.0}, 0.5, {"whole": 0.0, "words": 3.0}, 0.6, "a test")
    assert ranker({"whole": 0.25, "words": 1.0}) == 0.5
    assert ranker({"whole": 1.0, "words": 0.2}, 1.0) == 0.5
    assert ranker({"whole": 0.25, "words": 0.2}, 0.3) == 0.5
    assert ranker({"whole": 0.25, "words": 0.0}, 0.5) == pytest.approx(1 / 3, abs=1e-6)


def test_one_part_more_leaves_what_is_half_alike_half_alike() -> None:
    ranker = Ranker({"whole": 2.0}, 0.5, {"whole": 1.0}, 0.25, "a test").counting("vector", 3.0, 0.4)
    for length in (0.0, 0.5, 1.0):
        assert ranker({"whole": 0.25, "vector": 0.4}, length) == 0.5
        assert ranker({"whole": 0.25, "vector": 0.6}, length) > 0.5


SAID = st.text("积水桥㐀ab é1，\n", max_size=400) | st.integers(0, 260).map(
    lambda n: "water " * (n // 2) + "水" * (n % 90)
)


@given(SAID)
def test_longness_equals_the_slow_version(text: str) -> None:
    latin = "".join(c if c.isascii() and c.isalpha() else " " for c in text).split()
    units = len([c for c in text if 0x3400 <= ord(c) <= 0x9FFF]) + 2 * len(latin)
    expected = 0.0 if units <= LONG_FROM else 1.0 if units >= 2 * LONG_FROM else units / LONG_FROM - 1
    assert longness(text) == pytest.approx(expected)


@given(SAID, SAID)
def test_saying_more_is_never_shorter(one: str, more: str) -> None:
    assert 0 <= longness(one) <= longness(f"{one}\n{more}") <= 1


def test_long_questions_and_shared_words_are_scored_by_the_weights_for_words(desk: Any) -> None:
    for text in ("车趴窝水里了", "桥下积水，两辆车被困", "桥下积水，两辆车被困。" * 9, "桥下积水，两辆车被困。" * 30):
        for found in desk.matcher.candidates(desk.understanding(text, NOW), NOW)[:20]:
            assert found.score == pytest.approx(slow_score(found.parts, longness(text)), abs=1e-6)
    worded = dict.fromkeys(RANKER.weights, 0.0) | {"words": 1.0, "lead": 1.0}
    assert RANKER(worded | {"coverage": 1.0}) > RANKER(worded)


def test_another_file_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "ranker.json"
    content = {
        "weights": {"whole": 1.0}, "half": 0.5, "long_weights": {"whole": 2.0}, "long_half": 0.7, "fitted_on": "a test"
    }  # fmt: skip
    path.write_text(json.dumps(content), encoding="utf-8")
    assert read_ranker(path) == Ranker({"whole": 1.0}, 0.5, {"whole": 2.0}, 0.7, "a test")
