"""The corpus of kinds of matter: complete, of known leaves, in both languages, nothing twice; the table is of it."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from knowledge.lexicon import read_lexicon
from knowledge.matters import FOLDER, Matter, read_matters
from knowledge.meaning import read_meaning
from knowledge.taxonomy import read_taxonomy
from knowledge.text import fold

MATTERS = tuple(read_matters())
HAN = re.compile(r"[\u3400-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2,}")


def _twice(values: list[str]) -> list[str]:
    return [value for value, n in Counter(values).items() if n > 1]


def test_there_are_many_and_every_file_is_read() -> None:
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in FOLDER.glob("*.jsonl"))
    assert len(MATTERS) == lines > 2_000


def test_ids_are_unique_and_plain() -> None:
    assert _twice([matter.id for matter in MATTERS]) == []
    assert [m.id for m in MATTERS if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", m.id)] == []


def test_every_leaf_exists_and_none_is_left_out() -> None:
    leaves = {c.id for c in read_taxonomy().categories if c.is_leaf} | {"other", "chat"}
    assert {matter.leaf for matter in MATTERS} == leaves


def test_names_are_in_their_languages() -> None:
    assert [m.id for m in MATTERS if not HAN.search(m.zh)] == []
    assert [m.id for m in MATTERS if not LATIN.search(m.en) or HAN.search(m.en)] == []
    assert [m.id for m in MATTERS for name in (m.zh, m.en) if name != name.strip()] == []


def test_each_is_said_in_nine_ways_six_chinese_and_three_english() -> None:
    assert [m.id for m in MATTERS if len(m.says) != 9] == []
    assert [(m.id, say) for m in MATTERS for say in m.says if not say or say != say.strip() or "\n" in say] == []
    assert [(m.id, say) for m in MATTERS for say in m.says[:6] if not HAN.search(say)] == []
    assert [(m.id, say) for m in MATTERS for say in m.says[6:] if not LATIN.search(say)] == []
    mixed = {m.id for m in MATTERS for say in m.says[6:] if HAN.search(say)}
    assert mixed <= {"chat-translation"}  # asks what a Chinese word means


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", fold(text))


def test_no_kind_says_the_same_twice() -> None:
    assert [m.id for m in MATTERS if _twice([_letters(say) for say in m.says])] == []


def test_no_two_kinds_say_the_same() -> None:
    assert _twice([_letters(say) for m in MATTERS for say in m.says]) == []


def test_another_folder_can_be_read_file_by_file_in_the_order_of_names(tmp_path: Path) -> None:
    row = '{"matter": "%s", "leaf": "other", "zh": "甲", "en": "a", "says": ["一", "one"]}\n'
    (tmp_path / "b.jsonl").write_text(row % "third", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(row % "first" + row % "second", encoding="utf-8")
    (tmp_path / "a.txt").write_text("no matter", encoding="utf-8")
    found = list(read_matters(tmp_path))
    assert [matter.id for matter in found] == ["first", "second", "third"]
    assert found[0] == Matter("first", "other", "甲", "a", ("一", "one"))


def test_the_bundled_table_was_trained_on_this_corpus_and_these_features() -> None:
    meaning = read_meaning(read_lexicon(read_taxonomy()))
    assert [(k.id, k.leaf, k.zh, k.en) for k in meaning.kinds] == [(m.id, m.leaf, m.zh, m.en) for m in MATTERS]
    for number in range(0, len(MATTERS), 50):
        mean = meaning.embed(MATTERS[number].says).mean(axis=0)
        cosine = float(mean @ meaning.centres[number]) / float(np.linalg.norm(mean))
        assert cosine == pytest.approx(1, abs=1e-3), MATTERS[number].id
