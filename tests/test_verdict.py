"""The verdict: three probabilities that sum to one, a label that follows from them, "new" where there is nothing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Label, Match, SeverityReading, Situation
from assistant.match import read_ranker
from assistant.verdict import VerdictModel, features, read_verdict_model
from knowledge.case import Case

NOW = datetime(2026, 7, 15, 9, 0, tzinfo=UTC)
MODEL = read_verdict_model()
PART_NAMES = tuple(read_ranker().weights)
SITUATION = Situation(
    text="积水", language="zh", category=None, district=None, place=None, occurred_at=None,
    severity=SeverityReading(level=4, reasons=(), danger_to_life=False),
)  # fmt: skip


def _match(number: int, score: float, parts: float, days: int | None = 100) -> Match:
    case = Case(
        situation="积水",
        category=("flood.street", "labour.wages")[number % 2],
        occurred_at=None if days is None else NOW - timedelta(days=days),
    )
    return Match(
        case_id=number, external_id=None, score=score, parts=dict.fromkeys(PART_NAMES, parts), why=(), case=case,
        age_days=days,
    )  # fmt: skip


MATCHES = st.lists(
    st.builds(
        _match, st.integers(1, 99), st.floats(0, 1), st.floats(0, 1), st.one_of(st.none(), st.integers(0, 4_000))
    ),
    max_size=12,
).map(lambda found: sorted(found, key=lambda m: -m.score))


@given(MATCHES)
def test_probabilities_sum_to_one_and_the_label_is_theirs(matches: list[Match]) -> None:
    verdict = MODEL(SITUATION, matches, NOW)
    chances = verdict.probabilities
    assert sorted(chances) == ["new", "same", "similar"]
    assert all(0 <= chance <= 1 for chance in chances.values())
    assert sum(chances.values()) == pytest.approx(1, abs=3e-4)
    assert verdict.probability == chances[verdict.label.value]
    known = 1 - chances["new"]
    if abs(known - MODEL.threshold) > 1e-3:
        assert (verdict.label is Label.NEW) == (known < MODEL.threshold)
    if verdict.label is not Label.NEW and abs(chances["same"] - chances["similar"]) > 1e-3:
        assert (verdict.label is Label.SAME) == (chances["same"] > chances["similar"])


@given(MATCHES)
def test_features_are_in_0_to_1(matches: list[Match]) -> None:
    assert all(0 <= value <= 1 + 1e-9 for value in features(SITUATION, matches, NOW).values())


@given(MATCHES)
def test_only_the_five_best_count(matches: list[Match]) -> None:
    assert MODEL(SITUATION, matches, NOW) == MODEL(SITUATION, matches[:5], NOW)


def test_without_any_match_it_is_new_for_certain() -> None:
    verdict = MODEL(SITUATION, [], NOW)
    assert (verdict.label, verdict.probability) == (Label.NEW, 1.0)
    assert verdict.probabilities == {"same": 0.0, "similar": 0.0, "new": 1.0}


def test_more_alike_is_never_less_of_a_precedent() -> None:
    chances = [MODEL(SITUATION, [_match(1, x, x)], NOW).probabilities["new"] for x in (0.0, 0.3, 0.6, 0.9)]
    assert chances == sorted(chances, reverse=True)


def test_extreme_coefficients_do_not_overflow() -> None:
    wild = {**dict.fromkeys(features(SITUATION, [], NOW), 1e6), "intercept": -1e3}
    model = VerdictModel(wild, {name: -value for name, value in wild.items()}, 0.5, "nothing")
    assert sum(model(SITUATION, [_match(1, 1, 1)], NOW).probabilities.values()) == pytest.approx(1)


def test_the_bundled_model_says_on_what_it_was_fitted(tmp_path: Path) -> None:
    assert MODEL.fitted_on
    assert 0 < MODEL.threshold < 1
    content = {"precedent": {"intercept": 0.0}, "same": {"intercept": 0.0}, "threshold": 0.4, "fitted_on": "a test"}
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert read_verdict_model(path) == VerdictModel(content["precedent"], content["same"], 0.4, "a test")
