"""Hubs: a case near to every question loses rank among many questions; few questions change nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.hubs import ALIKE, ENOUGH, GATHERED, MOST, NEAREST, SHARE, Hubs
from assistant.match import Candidate

Found = list[dict[int, float]]
SCORE = st.floats(0, 0.95).map(lambda score: round(score, 6))
FOUND = st.lists(st.dictionaries(st.integers(1, 9), SCORE, max_size=9), min_size=ENOUGH, max_size=ENOUGH + 6)


def candidates(scores: dict[int, float]) -> tuple[Candidate, ...]:
    order = sorted(scores, key=lambda case_id: (-scores[case_id], -case_id))
    return tuple(Candidate(case_id, scores[case_id], {"whole": scores[case_id]}) for case_id in order)


def hubs_of(found: Found) -> Hubs:
    return Hubs.of([list(scores.items()) for scores in found])


def odds(score: float) -> float:
    return score / (1 - score)


def usual(scores: dict[int, float]) -> float:
    """What the ten behind a question's best candidate have in the mean, at least a tenth of the best one's."""
    if not scores:
        return 1e-6
    best, *behind = sorted(map(odds, scores.values()), reverse=True)
    return max(float(np.mean(behind[:10])) if behind else 0.0, best / 10, 1e-6)


def slow_damped(found: Found, place: int, same: frozenset[int] = frozenset()) -> dict[int, float]:
    """Strengths after damping, case by case: its own less a share of how far its five best elsewhere exceed the
    mean, each in units of what is usual for its question; questions that ask the `same` do not count."""
    same |= {place}
    levels = {}
    for case_id in found[place]:
        others = [
            min(odds(scores.get(case_id, 0.0)) / usual(scores), MOST) for n, scores in enumerate(found) if n not in same
        ]
        levels[case_id] = usual(found[place]) * sum(sorted(others)[-NEAREST:]) / NEAREST
    mean = sum(levels.values()) / len(levels) if levels else 0.0
    return {case_id: odds(score) - SHARE * (levels[case_id] - mean) for case_id, score in found[place].items()}


@given(FOUND, st.integers(0, ENOUGH - 1))
def test_damping_equals_the_slow_version(found: Found, place: int) -> None:
    damped = hubs_of(found).damp(candidates(found[place]), place)
    expected = slow_damped(found, place)
    assert {c.case_id for c in damped} == set(expected)
    for candidate in damped:
        strength = max(expected[candidate.case_id], 0.0)
        assert candidate.score == pytest.approx(strength / (1 + strength), abs=2e-6)
        assert type(candidate.score) is float
        assert 0 <= candidate.score <= 1
        assert candidate.parts == {"whole": found[place][candidate.case_id]}
    assert list(damped) == sorted(damped, key=lambda c: (-c.score, -c.case_id))


@given(FOUND, st.integers(0, ENOUGH - 1), st.lists(st.integers(0, 359), min_size=ENOUGH + 6, max_size=ENOUGH + 6))
def test_questions_that_ask_the_same_do_not_count(found: Found, place: int, angles: list[int]) -> None:
    assert len(found) <= GATHERED
    turned = np.radians(np.asarray(angles[: len(found)]) + 0.25)
    vectors = np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)
    same = frozenset(n for n in range(len(found)) if np.cos(turned[n] - turned[place]) >= ALIKE)
    damped = Hubs.of([list(scores.items()) for scores in found], vectors).damp(candidates(found[place]), place)
    expected = {case_id: max(strength, 0.0) for case_id, strength in slow_damped(found, place, same).items()}
    assert {c.case_id: c.score for c in damped} == pytest.approx(
        {case_id: strength / (1 + strength) for case_id, strength in expected.items()}, abs=2e-6
    )


def test_a_matter_that_is_asked_often_is_not_punished_for_it() -> None:
    """A third of the questions ask one thing, which case 1 answers; the others have a case each."""
    often = ENOUGH // 3
    found: Found = [{1: 0.62, 2: 0.6, 3: 0.1} for _ in range(often)]
    found += [{number + 10: 0.6, 3: 0.1} for number in range(2 * often)]
    vectors = np.eye(len(found), dtype=np.float32)
    vectors[:often] = vectors[0]
    rows = [list(scores.items()) for scores in found]
    for place in range(often):
        assert Hubs.of(rows, vectors).damp(candidates(found[place]), place)[0].case_id == 1


@given(FOUND, st.integers(0, ENOUGH - 1))
def test_the_mean_strength_is_kept_where_none_falls_to_nothing(found: Found, place: int) -> None:
    expected = slow_damped(found, place)
    if not expected or min(expected.values()) < 0:
        return
    damped = hubs_of(found).damp(candidates(found[place]), place)
    before, after = (sum(odds(c.score) for c in some) / len(damped) for some in (candidates(found[place]), damped))
    assert after == pytest.approx(before, rel=1e-3, abs=1e-3)


def _with_a_hub(questions: int) -> Found:
    """Each question has a case of its own (0.6); case 1 is near to all of them, and a little nearer than that."""
    return [{1: 0.62, number + 10: 0.6, 2: 0.1} for number in range(questions)]


def test_a_case_near_to_every_question_loses_rank() -> None:
    found = _with_a_hub(ENOUGH)
    for place, scores in enumerate(found):
        assert candidates(scores)[0].case_id == 1
        damped = hubs_of(found).damp(candidates(scores), place)
        assert damped[0].case_id == place + 10
        assert damped[0].score > 0.6


def test_where_all_are_as_near_to_the_others_nothing_changes() -> None:
    found: Found = [{1: 0.7, 2: 0.7, 3: 0.2 + 0.01 * number} for number in range(ENOUGH)]
    for scores in found:
        scores.pop(3)
    for place, scores in enumerate(found):
        damped = hubs_of(found).damp(candidates(scores), place)
        assert [(c.case_id, c.score) for c in damped] == [(2, 0.7), (1, 0.7)]


@given(st.lists(st.dictionaries(st.integers(1, 9), SCORE, max_size=9), min_size=1, max_size=ENOUGH - 1))
def test_fewer_questions_than_enough_change_nothing(found: Found) -> None:
    for place, scores in enumerate(found):
        assert hubs_of(found).damp(candidates(scores), place) == candidates(scores)
    few = _with_a_hub(ENOUGH - 1)
    assert hubs_of(few).damp(candidates(few[0]), 0) == candidates(few[0])


@given(FOUND, st.integers(0, ENOUGH - 1), SCORE)
def test_a_questions_own_strength_does_not_count_against_a_case(found: Found, place: int, other: float) -> None:
    asked = candidates(found[place])
    before = hubs_of(found).damp(asked, place)
    changed = [dict.fromkeys(scores, other) if number == place else scores for number, scores in enumerate(found)]
    assert hubs_of(changed).damp(asked, place) == before


def test_only_the_nearest_count() -> None:
    found: Found = [{1: 0.5, 2: 0.5}, *({1: 0.8} for _ in range(NEAREST)), *({2: 0.8} for _ in range(NEAREST + 9))]
    found += [{} for _ in range(ENOUGH)]
    assert [c.score for c in hubs_of(found).damp(candidates(found[0]), 0)] == [0.5, 0.5]


def test_no_candidates_and_scores_of_one_are_no_trouble() -> None:
    found = [*_with_a_hub(ENOUGH), {}, {1: 1.0, 2: 1.0}]
    assert hubs_of(found).damp((), ENOUGH) == ()
    damped = hubs_of(found).damp(candidates(found[-1]), ENOUGH + 1)
    assert [c.case_id for c in damped] == [2, 1]
    assert all(0 <= c.score <= 1 for c in damped)
    assert hubs_of([]).damp(candidates({1: 0.5}), 0) == candidates({1: 0.5})


def test_a_case_asked_in_its_own_words_is_no_hub_for_that() -> None:
    """Case 1 is asked word for word once; for another question of its matter it stays first."""
    found: Found = [{1: 0.95, 2: 0.2, 3: 0.2}, {1: 0.62, 2: 0.5, 3: 0.4}]
    found += [{number + 10: 0.6, 2: 0.1} for number in range(ENOUGH)]
    assert hubs_of(found).damp(candidates(found[1]), 1)[0].case_id == 1
