"""The measurements: the measures themselves, the gold set, the noise, and one run from end to end."""

import json
import math
from collections import Counter
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import retrieval
from eval.dataset import Dataset, Query, calibration, gold, half_of, messages_to_replies, read_files
from eval.measures import hit, interval, ndcg, reciprocal_rank
from eval.noise import Homophones, homophones
from eval.verdict import calibration_error
from knowledge.case import Case
from knowledge.demo import demo_files
from knowledge.errors import BadInput
from knowledge.sound import sound_counts
from knowledge.taxonomy import read_taxonomy

NAMES = "abcdef"
RANKING = st.permutations(NAMES).flatmap(lambda order: st.integers(0, len(order)).map(lambda n: order[:n]))
RELEVANT = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 3), max_size=4)
K = st.integers(1, 7)


# Measures


@given(RANKING, RELEVANT, K, st.integers(1, 3))
def test_hit_and_reciprocal_rank_equal_the_slow_version(
    ranking: list[str], relevant: dict[str, int], k: int, grade: int
) -> None:
    places = [p for p in range(1, min(k, len(ranking)) + 1) if relevant.get(ranking[p - 1], 0) >= grade]
    assert hit(ranking, relevant, k, grade) == (1.0 if places else 0.0)
    assert reciprocal_rank(ranking, relevant, k, grade) == (1 / min(places) if places else 0.0)


def slow_dcg(ranking: tuple[str, ...], relevant: dict[str, int], k: int) -> float:
    total = 0.0
    for place in range(1, min(k, len(ranking)) + 1):
        total += (2 ** relevant.get(ranking[place - 1], 0) - 1) / math.log2(place + 1)
    return total


@settings(max_examples=60)
@given(RANKING, RELEVANT, K)
def test_ndcg_is_the_share_of_the_best_of_all_orders(ranking: list[str], relevant: dict[str, int], k: int) -> None:
    best = max(slow_dcg(order, relevant, k) for order in permutations(relevant))
    expected = slow_dcg(tuple(ranking), relevant, k) / best if best else 0.0
    assert ndcg(ranking, relevant, k) == pytest.approx(expected)
    assert 0 <= ndcg(ranking, relevant, k) <= 1 + 1e-9


def slow_interval(values: list[float], draws: int, seed: int) -> tuple[float, float, float]:
    """The mean and the 2.5% and 97.5% points of the means of samples drawn with replacement."""
    chosen = np.random.default_rng(seed).integers(0, len(values), (draws, len(values)))
    means = sorted(sum(values[i] for i in row) / len(values) for row in chosen.tolist())

    def point(share: float) -> float:
        place = share * (draws - 1)
        below = int(place)
        above = min(below + 1, draws - 1)
        return means[below] + (place - below) * (means[above] - means[below])

    return sum(values) / len(values), point(0.025), point(0.975)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.integers(0, 99))
def test_the_interval_equals_the_slow_version(values: list[float], seed: int) -> None:
    found = interval(values, draws=200, seed=seed)
    assert found == pytest.approx(slow_interval(values, 200, seed), abs=1e-9)
    assert interval(values, draws=200, seed=seed) == found
    assert found[1] <= found[2]


def test_the_interval_has_the_width_that_theory_gives() -> None:
    values = [0.0, 1.0] * 200
    mean, low, high = interval(values)
    assert mean == 0.5
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(400), rel=0.1)
    assert interval([]) == (0.0, 0.0, 0.0)
    assert interval([0.3]) == pytest.approx((0.3, 0.3, 0.3))


def slow_calibration_error(chances: list[float], labels: list[bool], bins: int) -> float:
    total = 0.0
    for number in range(bins):
        inside = [(c, y) for c, y in zip(chances, labels, strict=True) if min(int(c * bins), bins - 1) == number]
        if inside:
            gap = sum(c for c, _ in inside) / len(inside) - sum(y for _, y in inside) / len(inside)
            total += abs(gap) * len(inside) / len(chances)
    return total


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30), st.integers(1, 12))
def test_the_calibration_error_equals_the_slow_version(pairs: list[tuple[float, bool]], bins: int) -> None:
    chances, labels = [c for c, _ in pairs], [y for _, y in pairs]
    found = calibration_error(chances, labels, bins)
    assert found == pytest.approx(slow_calibration_error(chances, labels, bins), abs=1e-9)
    assert 0 <= found <= 1


def test_sure_and_right_is_calibrated_sure_and_wrong_is_not() -> None:
    assert calibration_error([1.0, 0.0], [True, False]) == 0
    assert calibration_error([1.0, 0.0], [False, True]) == 1
    assert calibration_error([0.75] * 4, [True, True, True, False]) == 0


# The gold set


@pytest.fixture(scope="module")
def everything() -> Dataset:
    return gold()


def test_the_split_never_changes(everything: Dataset) -> None:
    assert [half_of(name) for name in ("N-001", "P-001", "Q-001")] == ["test", "dev", "dev"]
    halves = Counter(half_of(query.id) for query in everything.queries)
    assert min(halves["dev"], halves["test"]) > 0.4 * len(everything.queries)


def test_the_halves_make_up_the_whole(everything: Dataset) -> None:
    dev, test = gold("dev"), gold("test")
    ids = [{query.id for query in data.queries} for data in (dev, test, everything)]
    assert not ids[0] & ids[1]
    assert ids[0] | ids[1] == ids[2]
    assert (dev.name, test.name, everything.name) == ("gold/dev", "gold/test", "gold/all")


def test_size_of_the_gold_set(everything: Dataset) -> None:
    languages = Counter(query.language for query in everything.queries)
    assert len(everything.queries) >= 300
    assert languages["zh"] >= 220
    assert languages["en"] >= 80
    assert sum(query.new for query in everything.queries) >= 60


def test_ids_and_texts_are_unique(everything: Dataset) -> None:
    for values in ([q.id for q in everything.queries], [q.text for q in everything.queries]):
        assert [value for value, n in Counter(values).items() if n > 1] == []


def test_every_right_answer_exists(everything: Dataset) -> None:
    known = {case.external_id for case in everything.cases}
    assert [(q.id, name) for q in everything.queries for name in q.relevant if name not in known] == []
    assert {grade for q in everything.queries for grade in q.relevant.values()} == {1, 2, 3}


def test_what_is_new_has_no_precedent_and_the_rest_has_one(everything: Dataset) -> None:
    """A new question may name cases that touch it (grade 1), none that is a precedent."""
    assert [q.id for q in everything.queries if q.new and max(q.relevant.values(), default=0) > 1] == []
    assert [q.id for q in everything.queries if not q.new and max(q.relevant.values(), default=0) < 2] == []


def test_categories_and_severities_exist(everything: Dataset) -> None:
    leaves = {c.id for c in read_taxonomy().categories if c.is_leaf}
    assert [(q.id, q.category) for q in everything.queries if q.category and q.category not in leaves] == []
    assert {q.severity for q in everything.queries} <= {None, 1, 2, 3, 4}
    assert [q.id for q in everything.queries if not q.new and not q.category] == []


def test_no_question_is_copied_from_a_case(everything: Dataset) -> None:
    texts = "\n".join(case.situation for case in everything.cases)
    assert [q.id for q in everything.queries if q.text in texts] == []


def test_half_of_the_calibration_questions_are_new_and_none_is_in_the_gold_set(everything: Dataset) -> None:
    data = calibration()
    assert data.name == "calibration"
    assert len(data.queries) >= 200
    assert sum(query.new for query in data.queries) * 2 == len(data.queries)
    for values in ([q.id for q in data.queries], [q.text for q in data.queries]):
        assert [value for value, n in Counter(values).items() if n > 1] == []
    assert not {q.id for q in data.queries} & {q.id for q in everything.queries}
    assert not {q.text for q in data.queries} & {q.text for q in everything.queries}


def test_the_precedents_of_the_calibration_questions_exist() -> None:
    data = calibration()
    known = {case.external_id for case in data.cases}
    assert [(q.id, name) for q in data.queries for name in q.relevant if name not in known] == []
    assert [q.id for q in data.queries if q.new and max(q.relevant.values(), default=0) > 1] == []
    assert [q.id for q in data.queries if not q.new and max(q.relevant.values(), default=0) < 2] == []
    assert {q.language for q in data.queries} == {"zh", "en"}


def test_lengths() -> None:
    found = [Query("a", "字" * n, {}).length() for n in (39, 40, 149, 150)]
    assert found == ["short", "medium", "medium", "long"]


# Noise


@pytest.fixture(scope="module")
def noisy(demo_cases: tuple[Case, ...]) -> Homophones:
    return homophones([case.situation for case in demo_cases])


def _changed(before: str, after: str) -> list[tuple[str, str]]:
    return [(a, b) for a, b in zip(before, after, strict=True) if a != b]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.15, 0.5])
def test_the_share_is_respected(noisy: Homophones, demo_cases: tuple[Case, ...], share: float) -> None:
    text = "".join(case.situation for case in demo_cases)
    han = sum("\u3400" <= c <= "\u9fff" for c in text)
    found = len(_changed(text, noisy(text, share, 1))) / han
    assert 0.9 * share <= found <= 1.05 * share


def test_the_same_seed_gives_the_same_text(noisy: Homophones, demo_cases: tuple[Case, ...]) -> None:
    text = demo_cases[0].situation
    assert noisy(text, 0.3, 1) == homophones([c.situation for c in demo_cases])(text, 0.3, 1)
    assert noisy(text, 0.3, 1) != noisy(text, 0.3, 2)


@given(st.text("暴雨立交桥下积水ab12 .，\nＡé😀", max_size=60), st.floats(0, 1), st.integers(0, 9))
def test_only_han_changes_and_the_sound_stays(noisy: Homophones, text: str, share: float, seed: int) -> None:
    after = noisy(text, share, seed)
    assert all("\u3400" <= c <= "\u9fff" for pair in _changed(text, after) for c in pair)
    assert sound_counts(after).ids.tolist() == sound_counts(text).ids.tolist()


# From files to a table


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Twelve cases of the demo city and three questions, one of them new."""
    folder = tmp_path_factory.mktemp("files")
    lines = demo_files()[0].read_text(encoding="utf-8").splitlines()[:12]
    cases, queries = folder / "cases.jsonl", folder / "queries.jsonl"
    cases.write_text("\n".join(lines), encoding="utf-8")
    rows = [json.loads(line) for line in lines]
    asked: list[dict[str, object]] = [
        {"id": rows[0]["external_id"], "text": rows[0]["situation"], "relevant": {rows[0]["external_id"]: 3}},
        {"id": "b", "text": rows[5]["title"], "relevant": [rows[5]["external_id"]], "style": "official"},
        {"id": "c", "text": "A meteorite fell", "new": True},
    ]
    queries.write_text("\ufeff" + "\n\n".join(json.dumps(row) for row in asked), encoding="utf-8")
    return cases, queries


def test_files_are_read_as_they_say(files: tuple[Path, Path]) -> None:
    data = read_files(*files, exclude_self=True)
    assert (data.name, len(data.cases), data.exclude_self) == ("cases.jsonl / queries.jsonl", 12, True)
    assert [(list(q.relevant.values()), q.new, q.language) for q in data.queries] == [
        ([3], False, "zh"),
        ([3], False, "zh"),
        ([], True, "en"),
    ]


def _table(said: str) -> dict[str, list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in said.splitlines() if line[:1] == "|"]
    return {row[0]: row[1:] for row in rows}


def test_a_run_from_end_to_end(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert retrieval.main(["--cases", str(files[0]), "--queries", str(files[1]), "--by", "language"]) == 0
    said = capsys.readouterr().out
    assert "12 cases, 3 questions" in said
    table = _table(said)
    assert {"**Precedent**", "– zh", "– en", *retrieval.PEERS} <= set(table)
    assert table["**Precedent**"][0] == "2"
    for name in ("**Precedent**", "– zh", *retrieval.PEERS):
        assert all(0 <= float(cell.split()[0]) <= 1 for cell in table[name][1:6])
    assert float(table["**Precedent**"][1].split()[0]) == 1  # a case's own words find it


def test_the_own_case_can_be_left_out(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--cases", str(files[0]), "--queries", str(files[1]), "--no-peers"]
    assert retrieval.main([*options, "--exclude-self"]) == 0
    table = _table(capsys.readouterr().out)
    assert set(table) & set(retrieval.PEERS) == set()
    assert float(table["**Precedent**"][2].split()[0]) == 0.5  # the first question has no other answer


@pytest.mark.parametrize("given_files", [("missing", "queries"), ("cases", "missing"), ("cases",), ("queries",)])
def test_missing_data_end_in_a_sentence(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], given_files: tuple[str, ...]
) -> None:
    paths = {"cases": files[0], "queries": files[1], "missing": files[0].parent / "missing.jsonl"}
    flags = ["--queries"] if given_files == ("queries",) else ["--cases", "--queries"]
    options = [text for flag, name in zip(flags, given_files, strict=False) for text in (flag, str(paths[name]))]
    assert retrieval.main(options) == 2
    said = capsys.readouterr().err
    assert said.startswith("eval.retrieval: ")
    assert ("missing.jsonl does not exist" in said) == ("missing" in given_files)
    assert said.count("\n") == 1


def test_a_bad_line_is_named(tmp_path: Path, files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    queries = tmp_path / "q.jsonl"
    queries.write_text('{"id": "a", "text": "积水"}\n{"id": "b"}\n', encoding="utf-8")
    assert retrieval.main(["--cases", str(files[0]), "--queries", str(queries)]) == 2
    assert "line 2" in capsys.readouterr().err


def test_real_messages_that_are_not_there_say_where_to_put_them(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is missing; put the shared data beside the project"):
        messages_to_replies(tmp_path / "messages.xlsx")
