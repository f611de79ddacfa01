"""The lexicon: both languages name one concept, a city may bring its own words, and the file is well-formed."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.wiring import Workplace, open_workplace
from knowledge.embedder import LexicalEmbedder
from knowledge.lexicon import BUNDLED, Concept, Lexicon, concept_key, concepts_of, read_lexicon
from knowledge.taxonomy import Taxonomy, read_taxonomy
from knowledge.text import fold, simplify

TAXONOMY = read_taxonomy()
LEXICON = read_lexicon(TAXONOMY)
NO_LEAVES = Taxonomy((), (), ())


def _rows() -> list[list[str]]:
    with (BUNDLED / "lexicon.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


HAN = re.compile(r"[\u3400-\u9fff]")
ROWS = _rows()


def _variants(column: int) -> Iterator[tuple[int, str]]:
    """(line, variant) of a column."""
    for line, row in enumerate(ROWS[1:], 2):
        for variant in row[column].split("|"):
            yield line, variant


def test_the_file_is_well_formed() -> None:
    assert ROWS[0] == ["zh", "en"]
    assert len(ROWS) > 1_000
    assert [line for line, row in enumerate(ROWS, 1) if len(row) != 2] == []
    for column in (0, 1):
        assert [(line, v) for line, v in _variants(column) if not v or v != v.strip() or "\n" in v] == []


def test_each_column_is_in_its_language() -> None:
    assert [(line, v) for line, v in _variants(0) if not HAN.search(v) and v not in {"ktv", "12345"}] == []
    assert [(line, v) for line, v in _variants(1) if not v.isascii() or v != v.lower()] == []
    assert [(line, v) for line, v in _variants(0) if simplify(v) != v] == []


@pytest.mark.parametrize("column", [0, 1])
def test_no_variant_stands_in_two_rows(column: int) -> None:
    lines = Counter(fold(variant) for _, variant in _variants(column))
    assert [variant for variant, n in lines.items() if n > 1] == []


def test_nearly_every_word_finds_its_own_concept() -> None:
    """A few share a stem with a word of an earlier row (vaccine, vaccination)."""
    lost = []
    for number, row in enumerate(ROWS[1:]):
        for cell in row:
            lost += [word for word in cell.split("|") if number not in LEXICON.find(word)]
    assert len(lost) <= 25, lost


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("路口积水", "standing water at the junction"),
        ("流浪狗咬人", "stray dogs bite"),
        ("井盖丢失", "a manhole cover is gone"),
        ("拖欠工资", "wage arrears"),
        ("有人被困", "people are trapped"),
        ("外卖骑手", "delivery riders"),
        ("自来水发黄", "the tap water is brown"),
    ],
)
def test_both_languages_meet(zh: str, en: str) -> None:
    shared = set(LEXICON.find(zh)) & set(LEXICON.find(en))
    assert shared, (LEXICON.find(zh), LEXICON.find(en))
    assert LEXICON.meaning(LEXICON.find(zh)) @ LEXICON.meaning(LEXICON.find(en)) > 0.4


@pytest.mark.xfail(
    strict=True, reason="a long word hides the concepts inside it (桥下积水 hides 积水, 电梯困人 hides 电梯)"
)
@pytest.mark.parametrize(
    ("zh", "en"), [("桥下积水", "standing water under the bridge"), ("电梯困人", "people stuck in a lift")]
)
def test_both_languages_meet_where_one_uses_the_name_of_a_category(zh: str, en: str) -> None:
    assert set(LEXICON.find(zh)) & set(LEXICON.find(en))


def test_every_leaf_category_is_a_concept() -> None:
    for category in TAXONOMY.categories:
        if category.is_leaf:
            assert LEXICON.find(category.zh), category.id
            assert LEXICON.find(category.en), category.id


def test_a_concept_is_named_as_often_as_the_text_names_it() -> None:
    (number,) = LEXICON.find("积水")
    assert LEXICON.find("积水，积水；ponding") == [number, number, number]
    assert LEXICON.find("") == LEXICON.find("zxcv qwer") == []


def test_upper_case_and_inflection_do_not_matter() -> None:
    assert LEXICON.find("STRAY DOGS") == LEXICON.find("stray dog") != []


@given(st.text("桥下积水流浪狗 stray dogs wage,.", max_size=40) | st.text(max_size=40))
def test_any_text_names_known_concepts_only(text: str) -> None:
    found = LEXICON.find(text)
    assert all(0 <= number < len(LEXICON.concepts) for number in found)
    length = float(np.linalg.norm(LEXICON.meaning(found)))
    assert length == pytest.approx(1, abs=1e-4) if found else length == 0


def test_every_bundled_concept_has_a_vector_and_a_weight() -> None:
    assert LEXICON.vectors.shape[0] == LEXICON.weights.shape[0] == len(LEXICON.concepts)
    assert np.allclose(np.linalg.norm(LEXICON.vectors, axis=1), 1, atol=1e-4)
    assert np.isfinite(LEXICON.weights).all()
    assert (LEXICON.weights > 0).all()


def test_keys_of_vectors_are_unique() -> None:
    keys = [concept_key(concept) for concept in LEXICON.concepts]
    assert [key for key, n in Counter(keys).items() if n > 1] == []
    assert concept_key(Concept(("甲", "乙"), ())) == "甲, 乙"


def slow_meaning(lexicon: Lexicon, numbers: list[int]) -> list[float]:
    total = [0.0] * lexicon.vectors.shape[1]
    for number in set(numbers):
        for place, value in enumerate(lexicon.vectors[number].tolist()):
            total[place] += value * float(lexicon.weights[number])
    length = sum(value * value for value in total) ** 0.5
    return [value / length for value in total] if length else total


@given(st.lists(st.integers(0, len(LEXICON.concepts) - 1), max_size=6))
def test_the_meaning_equals_the_slow_version(numbers: list[int]) -> None:
    assert np.allclose(LEXICON.meaning(numbers), slow_meaning(LEXICON, numbers), atol=1e-4)


def _own(folder: Path, content: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "lexicon.csv").write_text(content, encoding="utf-8-sig")
    return folder


def test_a_citys_own_file_replaces_the_bundled_one(tmp_path: Path) -> None:
    folder = _own(tmp_path / "home", "zh,en\n 冒水 | 翻水,water boil\n,night market\n板车,\n")
    assert concepts_of(NO_LEAVES, folder) == (
        Concept(("冒水", "翻水"), ("water boil",)),
        Concept((), ("night market",)),
        Concept(("板车",), ()),
    )
    own = read_lexicon(NO_LEAVES, folder)
    assert own.find("堤脚翻水") == own.find("water boils at the levee") == [0]
    assert (own.find("night markets"), own.find("一辆板车"), own.find("积水")) == ([1], [2], [])


def test_without_a_file_of_its_own_a_city_has_the_bundled_words(tmp_path: Path) -> None:
    assert concepts_of(TAXONOMY, tmp_path) == concepts_of(TAXONOMY) == LEXICON.concepts


def test_a_concept_without_a_vector_is_found_and_weighs_as_most_do(tmp_path: Path) -> None:
    folder = _own(tmp_path, "zh,en\n冒水,zxcv qwer\n积水|积涝|存水,standing water|water accumulation|ponding\n")
    own = read_lexicon(NO_LEAVES, folder)
    (boil,), (pond,) = own.find("冒水"), own.find("积水")
    assert not own.vectors[boil].any()
    assert own.vectors[pond].any()
    assert own.weights[boil] == pytest.approx(float(np.median(LEXICON.weights)), rel=0.1)
    assert not own.meaning([boil]).any()
    assert np.allclose(own.meaning([boil, pond]), own.meaning([pond]))
    vector = LexicalEmbedder(own).embed(["冒水"])[0]  # the sketch of its characters is left
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)


def test_the_product_reads_the_lexicon_in_its_data_folder(tmp_path: Path) -> None:
    workplace: Workplace = open_workplace(_own(tmp_path / "home", "zh,en\n冒水泡,sand boil\n"))
    embedder = workplace.embedder
    assert isinstance(embedder, LexicalEmbedder)
    assert embedder.lexicon.concepts[0] == Concept(("冒水泡",), ("sand boil",))
    assert embedder.lexicon.find("冒水泡") == embedder.lexicon.find("sand boils") == [0]
    assert embedder.lexicon.find("电梯困人")  # the categories stay
    workplace.engine.dispose()


def test_leftmost_and_longest_words_win() -> None:
    concepts = (Concept(("积水",), ("water",)), Concept(("桥下积水",), ("standing water",)))
    lexicon = Lexicon(concepts, np.eye(2, dtype=np.float32), np.ones(2, np.float32))
    assert lexicon.find("桥下积水，积水") == [1, 0]
    assert lexicon.find("Standing water; waters") == [1, 0]
    assert [a <= b for a, b in pairwise(lexicon.find("积水 桥下积水"))] == [True]
