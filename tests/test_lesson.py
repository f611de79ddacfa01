"""Lessons: measured on texts held out, kept only where they help, read again, forgotten."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.categories import Categoriser
from knowledge.errors import Fault
from knowledge.labelled import Labelled
from knowledge.lesson import BESIDE_MEANING, forget, learn, macro_f1, read_learned
from knowledge.lexicon import read_lexicon
from knowledge.meaning import read_meaning
from knowledge.taxonomy import Category, Taxonomy, read_taxonomy

BUNDLED = read_taxonomy()
MEANING = read_meaning(read_lexicon(BUNDLED))
DAY = datetime(2026, 7, 15, tzinfo=UTC)
OWN = Taxonomy(tuple(Category(name, zh, name) for name, zh in (("wild", "野生动物"), ("market", "集市"))), (), ())
WILD = [f"{animal}{deed}" for deed in ("进村", "下山", "伤人", "拱了菜地") for animal in ("野猪", "大蛇", "猴子")]
STALLS = [f"{what}{fault}" for fault in ("太吵", "太挤", "没人管", "占了路") for what in ("集市", "摊位", "赶集")]


def _labelled(texts: Sequence[str], labels: Sequence[str]) -> Labelled:
    return Labelled(tuple(texts), tuple(labels), len(texts), 0, (), 0, {}, {})


TAUGHT = _labelled([*WILD, *STALLS], ["wild"] * len(WILD) + ["market"] * len(STALLS))


def _slow_f1(told: Sequence[str], right: Sequence[str]) -> float:
    scores = []
    for label in sorted(set(right)):
        hits = sum(a == b == label for a, b in zip(told, right, strict=True))
        precision = hits / max(sum(one == label for one in told), 1)
        recall = hits / sum(one == label for one in right)
        scores.append(2 * precision * recall / (precision + recall) if hits else 0.0)
    return sum(scores) / len(scores)


@given(st.lists(st.tuples(st.sampled_from("abc "), st.sampled_from("abc")), min_size=1))
def test_macro_f1_equals_the_slow_version(pairs: list[tuple[str, str]]) -> None:
    told, right = zip(*pairs, strict=True)
    assert macro_f1(told, right) == pytest.approx(_slow_f1(told, right))


def test_a_lesson_that_helps_is_kept_and_read_again(tmp_path: Path) -> None:
    path, reader = tmp_path / "categories.npz", Categoriser(OWN, MEANING)
    lesson = learn(TAUGHT, reader, path, now=DAY)
    assert lesson.kept
    assert lesson.present < lesson.together
    assert (lesson.texts, lesson.labels) == (24, {"wild": 12, "market": 12})
    assert lesson.gained - lesson.lost > 2 * (lesson.gained + lesson.lost) ** 0.5
    learned = read_learned(path)
    assert learned is not None
    assert learned.trust == lesson.trust
    assert learned.fitted_on.startswith("24 texts, 2026-07-15: macro-F1 ")
    assert reader.read("菜地里有野猪") is None
    reading = Categoriser(OWN, MEANING, learned).read("菜地里有野猪")
    assert reading is not None
    assert reading.category == "wild"
    assert [entry.name for entry in tmp_path.iterdir()] == ["categories.npz"]


def test_a_lesson_that_does_not_help_leaves_what_there_was(tmp_path: Path) -> None:
    path = tmp_path / "categories.npz"
    learn(TAUGHT, Categoriser(OWN, MEANING), path)
    before = path.read_bytes()
    swapped = _labelled(TAUGHT.texts, ["wild", "market"] * 12)  # labels that say nothing of the texts
    lesson = learn(swapped, Categoriser(OWN, MEANING), path)
    assert not lesson.kept
    assert path.read_bytes() == before


def test_what_the_meaning_knows_is_not_given_up(tmp_path: Path) -> None:
    texts = [f"路灯不亮{end}" for end in "甲乙丙丁戊"] + [f"小区停电{end}" for end in "甲乙丙丁戊"]
    lesson = learn(
        _labelled(texts, ["road.light"] * 5 + ["utility.power"] * 5), Categoriser(BUNDLED, MEANING), tmp_path / "x"
    )
    assert lesson.trust <= BESIDE_MEANING
    assert lesson.present == 1.0
    assert not lesson.kept
    assert not (tmp_path / "x").exists()


def test_an_earlier_lesson_is_no_part_of_the_present_reading(tmp_path: Path) -> None:
    path = tmp_path / "categories.npz"
    first = learn(TAUGHT, Categoriser(OWN, MEANING), path, now=DAY)
    assert learn(TAUGHT, Categoriser(OWN, MEANING, read_learned(path)), path, now=DAY) == first


def test_nothing_learned_is_none_and_a_damaged_lesson_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "categories.npz"
    assert read_learned(path) is None
    assert not forget(path)
    path.write_bytes(b"PK\x03\x04 no lesson")
    with pytest.raises(Fault, match=r"categories learn FILE.*categories forget"):
        read_learned(path)
    assert forget(path)
    assert read_learned(path) is None
