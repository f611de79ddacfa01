import json
import re
from collections import Counter
from pathlib import Path

import pytest

from knowledge.case import ActionResult, Case
from knowledge.demo import demo_files, examples
from knowledge.taxonomy import read_taxonomy
from knowledge.text import clean, language_of, simplify

PRIVATE = re.compile(
    r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)0\d{2,3}[- ]?\d{7,8}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)|[\w.]+@[\w.]+\.\w+"
)


def test_size_and_languages(demo_cases: tuple[Case, ...]) -> None:
    languages = Counter(case.language for case in demo_cases)
    assert len(demo_cases) >= 240
    assert languages["zh"] >= 200
    assert languages["en"] >= 40
    assert set(languages) == {"zh", "en"}


def test_told_languages_are_those_of_the_texts(demo_cases: tuple[Case, ...]) -> None:
    assert [c.external_id for c in demo_cases if language_of(c.situation) != c.language] == []


def test_years_and_groups(demo_cases: tuple[Case, ...]) -> None:
    assert all(case.occurred_at for case in demo_cases)
    days = sorted(case.occurred_at for case in demo_cases if case.occurred_at)
    assert (days[-1] - days[0]).days >= 3 * 365
    assert len({day.year for day in days}) >= 4
    groups = {category.group for category in read_taxonomy().categories}
    assert {(case.category or "").split(".")[0] for case in demo_cases} == groups


def test_kinds_and_severities_are_mixed(demo_cases: tuple[Case, ...]) -> None:
    assert {case.kind for case in demo_cases} == {"incident", "decision", "policy"}
    assert {case.severity for case in demo_cases} >= {2, 3, 4}


def test_ids_and_situations_are_unique(demo_cases: tuple[Case, ...]) -> None:
    for values in (
        [c.external_id for c in demo_cases],
        [c.situation for c in demo_cases],
        [c.title for c in demo_cases],
    ):
        assert [value for value, n in Counter(values).items() if n > 1] == []


def test_three_to_six_actions(demo_cases: tuple[Case, ...]) -> None:
    assert [c.external_id for c in demo_cases if not 3 <= len(c.actions) <= 6] == []


def test_length_of_situations(demo_cases: tuple[Case, ...]) -> None:
    wrong = [(c.external_id, len(c.situation)) for c in demo_cases if c.language == "zh"]
    assert [pair for pair in wrong if not 80 <= pair[1] <= 250] == []
    assert [c.external_id for c in demo_cases if c.language == "en" and not 30 <= len(c.situation.split()) <= 160] == []


def test_what_failed_says_why(demo_cases: tuple[Case, ...]) -> None:
    failed = [(c.external_id, a) for c in demo_cases for a in c.actions if a.result is ActionResult.FAILED]
    assert len(failed) >= 60
    assert [external_id for external_id, action in failed if not action.note] == []


def test_results_and_outcomes_are_mixed(demo_cases: tuple[Case, ...]) -> None:
    results = Counter(a.result for c in demo_cases for a in c.actions)
    assert set(results) == set(ActionResult)
    outcomes = [c.outcome for c in demo_cases if c.outcome]
    assert len(outcomes) == len(demo_cases)
    assert {o.resolved for o in outcomes} >= {True, False}
    assert {o.recurred for o in outcomes} >= {True, False}


def test_times_do_not_run_backwards(demo_cases: tuple[Case, ...]) -> None:
    for case in demo_cases:
        assert not case.closed_at or not case.occurred_at or case.closed_at >= case.occurred_at, case.external_id


def test_what_supersedes_exists_and_is_later(demo_cases: tuple[Case, ...]) -> None:
    by_id = {case.external_id: case for case in demo_cases}
    superseded = [case for case in demo_cases if case.superseded_by]
    assert len(superseded) >= 3
    for case in superseded:
        newer = by_id.get(case.superseded_by)
        assert newer is not None, case.external_id
        assert newer is not case
        assert newer.occurred_at is not None
        assert case.occurred_at is not None
        assert newer.occurred_at > case.occurred_at, case.external_id


def test_nobody_can_be_called_or_identified(demo_cases: tuple[Case, ...]) -> None:
    found = [(c.external_id, m.group()) for c in demo_cases for text in c.texts() for m in PRIVATE.finditer(text)]
    assert found == []


def test_texts_are_clean_and_simplified(demo_cases: tuple[Case, ...]) -> None:
    for case in demo_cases:
        for text in case.texts():
            assert clean(text) == text, case.external_id
            assert simplify(text).replace("示复", "示覆") == text, case.external_id  # OpenCC takes 演示覆盖 for 批示覆


@pytest.mark.parametrize("path", demo_files(), ids=lambda p: p.stem)
def test_files_are_json_lines_of_the_contract(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(set(json.loads(line)) <= set(Case.model_fields) for line in lines)


def test_examples_are_questions_of_their_language() -> None:
    assert set(examples()) == {"zh", "en"}
    for language, texts in examples().items():
        assert len(texts) >= 4
        assert {language_of(text) for text in texts} == {language}
