"""The classifier, the solver below it and the measurement above it."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from eval import categories
from eval.categories import accuracy, mixed, read_labelled
from eval.dataset import Query
from knowledge.classifier import Classifier, fit, fit_held_out, read_classifier, terms
from knowledge.errors import BadInput
from knowledge.ridge import matrix, solve, unit

KINDS = {
    "flood": (
        "立交桥下积水半米",
        "暴雨后路面积水",
        "地库进水，车被水淹",
        "积水漫到台阶",
        "The underpass is flooded",
        "rain flooded us",
    ),
    "power": (
        "小区半夜停电",
        "整栋楼没电了",
        "电闸跳了又停电",
        "停电两个小时",
        "No power in the building",
        "power cut at night",
    ),
    "noise": (
        "工地半夜施工太吵",
        "楼上装修噪音扰民",
        "广场舞音响太吵",
        "半夜施工噪音",
        "Loud music at night",
        "loud noise all night",
    ),
}
TEXTS = [text for of in KINDS.values() for text in of]
LABELS = [label for label, of in KINDS.items() for _ in of]
ANY_TEXT = st.text(max_size=20) | st.lists(st.sampled_from(TEXTS), max_size=3).map("".join)


@pytest.fixture(scope="module")
def fitted() -> Classifier:
    return fit(TEXTS, LABELS)


# The solver


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(0, 6), st.integers(1, 4), st.floats(0.05, 5), st.integers(0, 99))
def test_solving_equals_the_slow_version(count: int, width: int, columns: int, ridge: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(rng.random(width) < 0.5) for _ in range(count)]
    sparse = matrix([(places, unit(rng.random(len(places)).astype(np.float32))) for places in rows], width)
    wanted, diagonal = rng.choice([-1.0, 1.0], (count, columns)), ridge * rng.uniform(0.5, 2, count)
    kernel = sparse.toarray() @ sparse.toarray().T + 1 + np.diag(diagonal)
    assert np.allclose(solve(sparse, diagonal, wanted, tolerance=1e-10), np.linalg.solve(kernel, wanted), atol=1e-6)


def test_zeros_keep_length_zero() -> None:
    assert unit(np.zeros(3, np.float32)).tolist() == [0, 0, 0]


# What it tells


def test_it_tells_what_it_learned(fitted: Classifier) -> None:
    assert [next(iter(fitted.shares(text))) for text in TEXTS] == LABELS


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("隧道里积水很深", "flood"),
        ("又停电了，整栋楼都黑", "power"),
        ("半夜太吵，睡不着", "noise"),
        ("flooding", "flood"),
    ],
)
def test_it_tells_what_it_never_read(fitted: Classifier, text: str, label: str) -> None:
    assert next(iter(fitted.shares(text))) == label


@given(ANY_TEXT)
def test_shares_are_shares(fitted: Classifier, text: str) -> None:
    shares = fitted.shares(text)
    assert set(shares) == set(KINDS)
    assert all(0 <= share <= 1 for share in shares.values())
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)


@given(st.lists(ANY_TEXT, max_size=5))
def test_many_are_told_as_each(fitted: Classifier, texts: list[str]) -> None:
    found = fitted.shares_of(texts)
    assert found.shape == (len(texts), len(KINDS))
    for row, text in zip(found, texts, strict=True):
        shares = fitted.shares(text)
        assert row.tolist() == [shares[label] for label in fitted.labels]


@pytest.mark.parametrize("text", ["", " \n", "12345", "😀", "鑫鑫鑫", "xyzzy", "A3"])
def test_an_unknown_text_gets_the_shares_of_the_training_texts(text: str) -> None:
    uneven = fit([*TEXTS, TEXTS[0], TEXTS[1]], [*LABELS, "flood", "flood"])
    assert uneven.shares(text) == pytest.approx({"flood": 8 / 20, "noise": 6 / 20, "power": 6 / 20})


def test_terms_have_no_digits_and_fold_what_looks_alike() -> None:
    assert terms("A8县３号") == ["县", "号"]
    assert terms("ＢＵＳ") == terms("bus") == ["bus"]
    assert terms("the") == terms("") == []


# How it learns


def test_learning_is_the_same_every_time(fitted: Classifier) -> None:
    again = fit(TEXTS, LABELS)
    assert again.sharpness == fitted.sharpness
    assert np.array_equal(again.weights, fitted.weights)


@pytest.mark.parametrize(("texts", "labels"), [([], []), (["a"], []), (["a", "b"], ["x", "x"]), (["a"], ["x", "y"])])
def test_what_cannot_be_learned_from_is_refused(texts: list[str], labels: list[str]) -> None:
    with pytest.raises(BadInput, match="give as many, of two kinds"):
        fit(texts, labels)


@settings(max_examples=25)
@given(st.lists(st.tuples(ANY_TEXT, st.sampled_from("abcdefg")), min_size=2, max_size=9))
def test_anything_with_two_labels_can_be_learned_from(pairs: list[tuple[str, str]]) -> None:
    labels = [label for _, label in pairs]
    assume(len(set(labels)) > 1)
    shares = fit([text for text, _ in pairs], labels).shares("积水")
    assert sum(shares.values()) == pytest.approx(1)
    assert set(shares) == set(labels)


def test_more_ridge_makes_smaller_weights() -> None:
    little, much = (fit(TEXTS, LABELS, ridge=ridge).scales for ridge in (0.1, 10.0))
    assert (much < little).all()


# On disk


def test_saved_and_read_it_is_the_same(fitted: Classifier, tmp_path: Path) -> None:
    fitted.save(tmp_path / "kept.npz")
    kept = read_classifier(tmp_path / "kept.npz")
    assert (kept.labels, kept.vocabulary, kept.sharpness) == (fitted.labels, fitted.vocabulary, fitted.sharpness)
    assert kept.weights.dtype == np.int8
    assert [kept.shares(text) for text in [*TEXTS, "", "路"]] == [fitted.shares(text) for text in [*TEXTS, "", "路"]]


def test_it_is_saved_without_a_known_term(tmp_path: Path) -> None:
    fit(["甲", "乙"], ["a", "b"]).save(tmp_path / "kept.npz")
    assert read_classifier(tmp_path / "kept.npz").shares("甲") == {"a": 0.5, "b": 0.5}


def test_what_a_text_is_known_by_is_the_share_of_its_terms(fitted: Classifier) -> None:
    assert fitted.knows("停电") == 1.0
    assert fitted.knows("停电 zzz") == pytest.approx(3 / 4)
    assert [fitted.knows(text) for text in ("", "12", "zzz")] == [0.0] * 3


def test_texts_held_out_are_told_by_one_that_never_saw_them() -> None:
    found = fit_held_out([*TEXTS, "独有之词独有之词", "独有之词"], [*LABELS, "noise", "power"])
    assert found.held_out.shape == (len(TEXTS) + 2, 3)
    assert np.allclose(found.held_out.sum(axis=1), 1)
    seen = found.classifier.shares_of(TEXTS)
    right = np.searchsorted(found.classifier.labels, LABELS)
    rows = range(len(TEXTS))
    assert seen[rows, right].mean() > found.held_out[rows, right].mean() + 0.1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_file_is_refused_or_still_tells(fitted: Classifier, tmp_path: Path, place: int, change: int) -> None:
    path = tmp_path / "kept.npz"
    fitted.save(path)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= change
    path.write_bytes(content)
    try:
        kept = read_classifier(path)
    except BadInput:
        return
    assert sum(kept.shares(TEXTS[0]).values()) == pytest.approx(1)


def test_what_is_no_classifier_is_refused(fitted: Classifier, tmp_path: Path) -> None:
    fitted.save(tmp_path / "whole.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:500])
    (tmp_path / "text.npz").write_text("no arrays", encoding="utf-8")
    (tmp_path / "empty.npz").touch()
    np.savez(tmp_path / "other.npz", labels=np.asarray(["a"]))
    np.savez(tmp_path / "more.npz", **{**dict(np.load(tmp_path / "whole.npz")), "colour": np.zeros(1)})
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "pickled.npz", labels=np.asarray([{}], dtype=object))
    names = ["missing.npz", "cut.npz", "text.npz", "empty.npz", "other.npz", "more.npz", "array.npy", "pickled.npz"]
    for name in names:
        with pytest.raises(BadInput, match=rf"{name} is no saved classifier .*; fit it anew"):
            read_classifier(tmp_path / name)


# The measurement


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.csv"
    rows = [f'"{text}，请处理",{label}' for text, label in zip(TEXTS, LABELS, strict=True)]
    path.write_text("\ufefftext,label\n" + "\n".join([*rows, ",flood", "没有标签,"]), encoding="utf-8")
    return path


def _table(said: str) -> dict[str, list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in said.splitlines() if line[:1] == "|"]
    return {row[0]: row[1:] for row in rows}


def test_rows_without_a_text_or_a_label_are_left_out(labelled: Path) -> None:
    texts, labels = read_labelled(labelled)
    assert [text.removesuffix("，请处理") for text in texts] == TEXTS
    assert labels == LABELS


def test_a_file_is_measured_beside_the_peers(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert categories.main(["--file", str(labelled), "--folds", "3", "--seeds", "0", "1"]) == 0
    said = capsys.readouterr().out
    assert "labelled.csv: 18 texts, 3 labels, 3 folds" in said
    table = _table(said)
    assert {"**Classifier**", "LinearSVC, tf-idf of characters 1–3", "LinearSVC, tf-idf of words"} < set(table)
    for name, cells in table.items():
        if name.strip("*").startswith(("Classifier", "Linear")):
            first, second, mean = (float(cell) for cell in cells[:3])
            assert 0 <= first <= 1
            assert mean == pytest.approx((first + second) / 2, abs=1e-4)


@pytest.mark.parametrize(
    ("content", "options", "problem"),
    [
        (None, [], "is missing; put the shared data beside the project"),
        ("text,kind\n积水,flood\n", [], "has no column label"),
        ("text,label\n积水,flood\n停电,power\n", [], "5 folds need two labels, each in 5 rows"),
        ("text,label\n", [], "5 folds need two labels"),
        ("text,label\n积水,flood\n", ["--folds", "1"], "give at least 2"),
    ],
)
def test_data_that_cannot_be_measured_end_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, options: list[str], problem: str
) -> None:
    path = tmp_path / "given.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert categories.main(["--file", str(path), *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith("eval.categories: ")
    assert problem in said
    assert said.count("\n") == 1


def test_the_test_half_cannot_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        categories.main(["--gold", "test"])
    assert "invalid choice" in capsys.readouterr().err


def test_leaf_and_group_are_counted() -> None:
    queries = [Query(name, "", {}, category="road.light") for name in "abcd"]
    assert accuracy(["road.light", "road.works", "other", None], queries) == (0.25, 0.5)


SHARES = st.dictionaries(st.sampled_from("abc"), st.floats(0, 1), max_size=3)


@given(SHARES, SHARES.filter(bool), st.floats(0, 4))
def test_a_mixture_is_the_largest_sum(words: dict[str, float], learned: dict[str, float], weight: float) -> None:
    best = mixed(words, learned, weight)
    sums = {name: words.get(name, 0) + weight * learned.get(name, 0) for name in "abc"}
    assert sums[best] == max(sums[name] for name in {*words, *learned})
    assert mixed(words, {}, weight) == max(sorted(words), key=lambda name: words[name]) if words else True


def test_gold_questions_are_measured_with_any_matters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"matter": leaf, "leaf": leaf, "zh": "", "en": "", "says": KINDS[kind]}
        for leaf, kind in (("flood.underpass", "flood"), ("utility.power", "power"), ("other", "noise"))
    ]
    (tmp_path / "few.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert categories.main(["--gold", "dev", "--matters", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "learned from 18 sayings" in said
    table = _table(said)
    names = [name for name in table if name.startswith(("words", "classifier"))]
    assert {"words", "classifier", "classifier, leaves only", "words, else classifier"} < set(names)
    assert all(0 <= float(table[name][0]) <= float(table[name][1]) <= 1 for name in names)
    assert table["classifier, leaves only"][-1] == "0"


def test_without_matters_there_is_nothing_to_learn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert categories.main(["--gold", "dev", "--matters", str(tmp_path)]) == 2
    assert "0 texts" in capsys.readouterr().err
