"""The verdict: three probabilities that sum to one, a label that follows from them, "new" where there is nothing."""

import json
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Label, Match, SeverityReading, Situation
from assistant.match import read_ranker
from assistant.verdict import VerdictModel, features, read_verdict_model
from eval.verdict import FALSE_PRECEDENTS, SEEN, _fit, _reliability, _strict
from knowledge.case import Case

NOW = datetime(2026, 7, 15, 9, 0, tzinfo=UTC)
MODEL = read_verdict_model()
PART_NAMES = tuple(read_ranker().weights)
SITUATION = Situation(
    text="积水", language="zh", category=None, district=None, place=None, occurred_at=None,
    severity=SeverityReading(level=4, reasons=(), danger_to_life=False),
)  # fmt: skip


def _match(number: int, score: float, parts: float, days: int | None = 100, **named: float) -> Match:
    case = Case(
        situation="积水",
        category=("flood.street", "labour.wages")[number % 2],
        occurred_at=None if days is None else NOW - timedelta(days=days),
    )
    return Match(
        case_id=number, external_id=None, score=score, parts={**dict.fromkeys(PART_NAMES, parts), **named}, why=(),
        case=case, age_days=days,
    )  # fmt: skip


MATCHES = st.lists(
    st.builds(
        _match, st.integers(1, 99), st.floats(0, 1), st.floats(0, 1), st.one_of(st.none(), st.integers(0, 4_000))
    ),
    max_size=14,
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
def test_only_the_ten_best_count(matches: list[Match]) -> None:
    assert MODEL(SITUATION, matches, NOW) == MODEL(SITUATION, matches[:10], NOW)


@given(MATCHES, st.floats(0, 1), st.floats(0, 1))
def test_features_are_those_of_the_best_match_and_of_the_question(
    matches: list[Match], outside: float, clearness: float
) -> None:
    asked = SITUATION.model_copy(update={"outside": outside, "clearness": clearness})
    found = features(asked, matches, NOW)
    assert (found["outside"], found["clearness"]) == (outside, clearness)
    assert set(found) >= (set(MODEL.precedent) | set(MODEL.same)) - {"intercept"}
    assert set(found) == {
        "kind", "category", "meaning", "whole", "score", "outside", "clearness", "place", "recent"
    }  # fmt: skip
    for name in ("kind", "category", "meaning", "whole"):
        assert found[name] == max((m.parts[name] for m in matches[:10]), default=0.0)
    assert found["score"] == (matches[0].score if matches else 0.0)
    assert found["place"] == (matches[0].parts["place"] if matches else 0.0)
    if matches and matches[0].age_days is not None:
        assert found["recent"] == pytest.approx(math.exp(-matches[0].age_days / 7))


@given(MATCHES, st.floats(0, 1), st.floats(0, 1))
def test_the_further_outside_the_less_of_a_precedent(matches: list[Match], one: float, other: float) -> None:
    low, high = (
        MODEL(SITUATION.model_copy(update={"outside": share}), matches, NOW).probabilities["new"]
        for share in sorted([one, other])
    )
    assert low <= high


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


# Fitting and measuring it (eval.verdict)

CHANCES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@given(CHANCES)
def test_the_threshold_lets_at_most_a_twentieth_of_the_new_through(pairs: list[tuple[float, bool]]) -> None:
    chances, known = [c for c, _ in pairs], [y for _, y in pairs]
    new = [c for c, y in pairs if not y]
    threshold = _strict(chances, known)
    assert threshold >= 0.5
    assert sum(c >= threshold for c in new) <= FALSE_PRECEDENTS * len(new)
    lower = threshold - 2e-3  # a little lower would let too many through
    if lower > 0.5:
        assert sum(c >= lower for c in new) > FALSE_PRECEDENTS * len(new)


def test_the_threshold_of_plain_figures() -> None:
    assert _strict([0.9, 0.2, 0.3], [True, False, False]) == 0.5
    assert _strict([0.9, 0.8], [True, False]) == pytest.approx(0.801)
    assert _strict([0.9], [True]) == 0.5
    spread = [number / 100 for number in range(100)]  # 5 of 100 may lie above
    assert sum(c >= _strict(spread, [False] * 100) for c in spread) == 5


@given(CHANCES, st.integers(1, 8))
def test_the_reliability_diagram_equals_the_slow_version(pairs: list[tuple[float, bool]], bins: int) -> None:
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in _reliability(*_columns(pairs), bins).splitlines()]
    assert rows[0][:4] == ["chance of a precedent", "questions", "said", "so"]
    expected = []
    for number in range(bins):
        inside = [(c, y) for c, y in pairs if min(int(c * bins), bins - 1) == number]
        if inside:
            said, so = (sum(column) / len(inside) for column in zip(*inside, strict=True))
            bounds = f"{number / bins:.1f}–{(number + 1) / bins:.1f}"
            expected.append((bounds, len(inside), said, so))
    assert [(row[0], int(row[1])) for row in rows[2:]] == [row[:2] for row in expected]
    for row, (_, _, said, so) in zip(rows[2:], expected, strict=True):
        assert (float(row[2]), float(row[3])) == pytest.approx((said, so), abs=0.0051)
        assert abs(len(row[4]) - 20 * so) <= 0.5 + 1e-9
        assert set(row[4]) <= {"█"}
    assert sum(int(row[1]) for row in rows[2:]) == len(pairs)


def _columns(pairs: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [c for c, _ in pairs], [y for _, y in pairs]


def test_a_fit_tells_what_has_a_precedent_from_what_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    source = random.Random(0)
    known = [number % 2 == 0 for number in range(200)]
    rows = [
        {
            "kind": min(1.0, max(0.0, source.gauss(0.8 if y else 0.3, 0.1))),
            "meaning": min(1.0, max(0.0, source.gauss(0.7 if y else 0.5, 0.1))),
            "outside": min(1.0, max(0.0, source.gauss(0.1 if y else 0.5, 0.1))),
            "clearness": source.random(),
            "category": 0.5, "whole": 0.5, "score": 0.5, "place": 0.0, "recent": 0.0,
        }
        for y in known
    ]  # fmt: skip
    content = _fit(rows, known)
    assert "10-fold" in capsys.readouterr().out
    precedent = content["precedent"]
    assert isinstance(precedent, dict)
    assert set(precedent) == {"intercept", *SEEN} == set(MODEL.precedent)
    assert SEEN == ("kind", "meaning", "outside", "clearness")
    assert precedent["kind"] > 1
    assert precedent["meaning"] > 1
    assert precedent["outside"] < -1
    assert abs(precedent["clearness"]) < 1  # says nothing, and is given next to nothing
    threshold = content["threshold"]
    assert isinstance(threshold, float)
    assert 0.5 <= threshold < 1
    model = VerdictModel(precedent, MODEL.same, threshold, str(content["fitted_on"]))
    labels = []
    for row in rows:
        asked = SITUATION.model_copy(update={"outside": row["outside"], "clearness": row["clearness"]})
        labels.append(model(asked, [_match(1, 0.5, 0.5, kind=row["kind"], meaning=row["meaning"])], NOW).label)
    assert sum(label is not Label.NEW for label, y in zip(labels, known, strict=True) if not y) <= 10
    assert sum(label is not Label.NEW for label, y in zip(labels, known, strict=True) if y) >= 80
