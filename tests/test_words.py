"""The contract of WordIndex, run on tantivy in memory and on disk."""

import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from slow import filters, is_wanted, random_case

from knowledge.case import Action, Case, CaseStatus, Outcome, StoredCase
from knowledge.filter import Wanted
from knowledge.grams import cut, pairs
from knowledge.words import TantivyWords, WordIndex

ANY = Wanted()
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def stored(case_id: int, case: Case, change: int = 1, version: int = 1) -> StoredCase:
    return StoredCase(case_id=case_id, version=version, change=change, updated_at=NOW, case=case)


def ids(found: list[tuple[int, float]]) -> list[int]:
    return [case_id for case_id, _ in found]


@pytest.fixture(params=["memory", "disk"])
def words(request: pytest.FixtureRequest, tmp_path: Path) -> WordIndex:
    return TantivyWords(tmp_path / "words" if request.param == "disk" else None)


@pytest.fixture
def filled(words: WordIndex, small_cases: tuple[Case, ...]) -> WordIndex:
    words.apply([stored(n, case, n) for n, case in enumerate(small_cases, 1)], 6)
    return words


def test_an_empty_index(words: WordIndex) -> None:
    assert (words.applied(), words.count()) == (0, 0)
    assert words.search("积水", 10, ANY) == []


def test_only_approved_cases_are_found(filled: WordIndex) -> None:
    assert (filled.applied(), filled.count()) == (6, 4)
    assert ids(filled.search("积水 停电 gas 路灯", 10, ANY)) != []
    assert set(ids(filled.search("积水 停电 gas 路灯", 10, ANY))) == {1, 2, 3, 4}


def test_the_best_comes_first_and_scores_are_positive(filled: WordIndex) -> None:
    found = filled.search("立交桥下积水，车辆被困", 10, ANY)
    assert ids(found)[0] == 1
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


@pytest.mark.parametrize(
    ("text", "case_id"),
    [
        ("积水", 1),
        ("凤台", 1),  # the place
        ("移动泵车", 1),  # an action
        ("后通车", 1),  # the outcome
        ("泵车要在雨前到位", 1),  # the lessons
        ("GAS", 3),
        ("household", 3),  # another form of the word
        ("避暑点", 4),
    ],
)
def test_every_text_of_a_case_is_searched(filled: WordIndex, text: str, case_id: int) -> None:
    assert ids(filled.search(text, 1, ANY)) == [case_id]


@pytest.mark.parametrize("text", ["", "   ", "，。！", "xylophone", "鑫"])
def test_what_nobody_said_is_not_found(filled: WordIndex, text: str) -> None:
    assert filled.search(text, 10, ANY) == []


@pytest.mark.parametrize("text", ['"', "a:b", "title:积水", "+-&&||!(){}[]^~*?\\/", "AND OR NOT", "\x00", "积" * 5000])
def test_no_text_is_a_query_language(filled: WordIndex, text: str) -> None:
    assert isinstance(filled.search(text, 10, ANY), list)


def test_the_limit(filled: WordIndex) -> None:
    text = "积水 停电 gas"
    everything = filled.search(text, 10, ANY)
    for limit in range(4):
        assert filled.search(text, limit, ANY) == everything[:limit]
    assert filled.search(text, 0, ANY) == []
    assert filled.search(text, 1_000_000, ANY) == everything


def test_concepts_count_as_words(filled: WordIndex) -> None:
    assert ids(filled.search("", 10, ANY, ["utility.gas_leak"])) == [3]
    assert set(ids(filled.search("积水", 10, ANY, ["utility.power"]))) == {1, 2, 4}
    assert filled.search("", 10, ANY, ["no.such"]) == []


def test_a_filter_does_not_change_scores(filled: WordIndex) -> None:
    free = dict(filled.search("积水 gas", 10, ANY))
    narrow = dict(filled.search("积水 gas", 10, Wanted(districts=("wangjiang",), categories=("flood",))))
    assert list(narrow) == [1]
    assert narrow[1] == pytest.approx(free[1])


def test_both_ends_of_a_period_are_included(filled: WordIndex) -> None:
    day = datetime(2024, 7, 1, 8, tzinfo=UTC)
    assert ids(filled.search("积水", 10, Wanted(since=day, until=day))) == [1]
    assert filled.search("积水", 10, Wanted(since=day.replace(hour=9))) == []
    assert filled.search("避暑点", 10, Wanted(until=day)) == []  # it has no time


def test_a_newer_version_takes_the_place_of_the_older(filled: WordIndex) -> None:
    filled.apply([stored(1, Case(situation="隧道口结冰"), 7, 2)], 7)
    assert ids(filled.search("隧道口结冰", 10, ANY)) == [1]
    assert 1 not in ids(filled.search("积水半米", 10, ANY))
    assert filled.count() == 4


def test_applying_again_duplicates_nothing(filled: WordIndex, small_cases: tuple[Case, ...]) -> None:
    filled.apply([stored(n, case, n) for n, case in enumerate(small_cases, 1)], 8)
    assert (filled.count(), filled.applied()) == (4, 8)
    assert len(filled.search("积水 停电 gas", 10, ANY)) == 4


@pytest.mark.parametrize("status", [CaseStatus.RETIRED, CaseStatus.DRAFT])
def test_what_is_no_longer_approved_leaves(
    filled: WordIndex, small_cases: tuple[Case, ...], status: CaseStatus
) -> None:
    filled.apply([stored(1, small_cases[0].model_copy(update={"status": status}), 7, 2)], 7)
    assert filled.count() == 3
    assert filled.search("立交桥", 10, ANY) == []


def test_an_older_change_is_not_applied(filled: WordIndex) -> None:
    filled.apply([stored(1, Case(situation="旧闻"), 2)], 2)
    assert filled.applied() == 6
    assert filled.search("旧闻", 10, ANY) == []


def test_a_change_without_cases_is_remembered(words: WordIndex) -> None:
    words.apply([], 5)
    assert (words.applied(), words.count()) == (5, 0)


@pytest.fixture
def mixed(words: WordIndex) -> tuple[WordIndex, list[Case]]:
    source = random.Random(3)
    cases = [random_case(source, f"c-{i}") for i in range(150)]
    words.apply([stored(n, case, n + 1) for n, case in enumerate(cases)], 150)
    return words, cases


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=filters())
def test_filters_equal_the_slow_version(mixed: tuple[WordIndex, list[Case]], wanted: Wanted) -> None:
    words, cases = mixed
    expected = {n for n, case in enumerate(cases) if is_wanted(case, wanted)}
    assert set(ids(words.search("公共", 1000, wanted))) == expected


def test_what_is_found_shares_a_token_with_the_question(demo_cases: tuple[Case, ...], words: WordIndex) -> None:
    words.apply([stored(n, case, n + 1) for n, case in enumerate(demo_cases)], len(demo_cases))
    assert words.count() == len(demo_cases)
    for question in ("电梯困人", "prepaid gym closed", "路面塌陷 sinkhole"):
        asked = {*pairs(question), *cut(question)}
        expected = {
            n
            for n, case in enumerate(demo_cases)
            if asked & {*pairs(_whole(case)), *cut(f"{case.title} {case.place}\n{case.situation}")}
        }
        assert set(ids(words.search(question, 1000, ANY))) == expected


def _whole(case: Case) -> str:
    outcome = case.outcome or Outcome()
    actions: tuple[Action, ...] = case.actions
    parts = [case.title, case.place, case.situation, case.lessons, outcome.summary, *[a.text for a in actions]]
    return "\n".join(part or "" for part in parts)


def test_every_demo_case_is_first_for_its_own_situation(demo_cases: tuple[Case, ...], words: WordIndex) -> None:
    words.apply([stored(n, case, n + 1) for n, case in enumerate(demo_cases)], len(demo_cases))
    missed = [n for n, case in enumerate(demo_cases) if ids(words.search(case.situation, 1, ANY)) != [n]]
    assert missed == []


def test_an_index_on_disk_is_there_after_reopening(tmp_path: Path, small_cases: tuple[Case, ...]) -> None:
    folder = tmp_path / "words"
    TantivyWords(folder).apply([stored(n, case, n) for n, case in enumerate(small_cases, 1)], 6)
    again = TantivyWords(folder)
    assert (again.applied(), again.count()) == (6, 4)
    assert ids(again.search("积水", 1, ANY)) == [1]


def test_another_opening_sees_what_one_has_applied(tmp_path: Path, small_cases: tuple[Case, ...]) -> None:
    one, other = TantivyWords(tmp_path / "words"), TantivyWords(tmp_path / "words")
    one.apply([stored(1, small_cases[0])], 1)
    assert other.applied() == 1
    other.apply([stored(1, small_cases[0])], 1)
    assert ids(other.search("积水", 1, ANY)) == [1]
    other.apply([stored(2, small_cases[1], 2)], 2)
    one.reload()
    assert ids(one.search("停电", 1, ANY)) == [2]


def _no_stamp(folder: Path) -> None:
    (folder / "stamp.json").unlink()


def _garbled_stamp(folder: Path) -> None:
    (folder / "stamp.json").write_bytes(b"\xff\xfe{")


def _foreign_stamp(folder: Path) -> None:
    (folder / "stamp.json").write_text('{"format": "words-0", "change": 6}')


def _listed_stamp(folder: Path) -> None:
    (folder / "stamp.json").write_text("[6]")


def _no_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def _garbled_index(folder: Path) -> None:
    (folder / "meta.json").write_text("{")


def _no_index(folder: Path) -> None:
    (folder / "meta.json").unlink()


def _no_segments(folder: Path) -> None:
    for path in folder.iterdir():
        if path.suffix in {".store", ".term", ".idx", ".fast"}:
            path.unlink()


@pytest.mark.parametrize(
    "damage",
    [_no_stamp, _garbled_stamp, _foreign_stamp, _listed_stamp, _no_folder, _garbled_index, _no_index, _no_segments],
)
def test_a_damaged_or_foreign_index_begins_anew(
    tmp_path: Path, small_cases: tuple[Case, ...], damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "words"
    cases = [stored(n, case, n) for n, case in enumerate(small_cases, 1)]
    TantivyWords(folder).apply(cases, 6)
    damage(folder)
    again = TantivyWords(folder)
    assert (again.applied(), again.count()) == (0, 0)
    again.apply(cases, 6)
    assert (again.applied(), again.count()) == (6, 4)
    assert TantivyWords(folder).count() == 4


def test_a_second_opening_of_an_empty_folder_takes_nothing_away(tmp_path: Path, small_cases: tuple[Case, ...]) -> None:
    one = TantivyWords(tmp_path / "words")
    other = TantivyWords(tmp_path / "words")
    one.apply([stored(1, small_cases[0])], 1)
    assert one.count() == 1
    other.reload()
    assert other.count() == 1
    assert TantivyWords(tmp_path / "words").count() == 1
