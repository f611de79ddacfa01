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
from knowledge.lexicon import BUNDLED, Concept, Lexicon, concept_key, concepts_of, read_lexicon
from knowledge.meaning import Meaning, read_meaning
from knowledge.taxonomy import Taxonomy, read_taxonomy
from knowledge.text import fold, simplify

TAXONOMY = read_taxonomy()
LEXICON = read_lexicon(TAXONOMY)
MEANING = read_meaning(LEXICON)
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
    one, other = MEANING.embed([zh, en])
    assert one @ other > 0.4


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


def test_keys_are_unique() -> None:
    keys = [concept_key(concept) for concept in LEXICON.concepts]
    assert [key for key, n in Counter(keys).items() if n > 1] == []
    assert concept_key(Concept(("甲", "乙"), ())) == "甲, 乙"


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


def test_a_concept_that_was_never_trained_is_found_and_takes_nothing_from_a_text(tmp_path: Path) -> None:
    folder = _own(tmp_path, "zh,en\n冒水,zxcv qwer\n积水|积涝|存水,standing water|water accumulation|ponding\n")
    own, bare = read_meaning(read_lexicon(NO_LEAVES, folder)), read_meaning(Lexicon(()))
    (boil,), (pond,) = own.lexicon.find("冒水"), own.lexicon.find("积水")
    assert (boil, pond) == (0, 1)
    vectors, without = own.embed(["冒水", "积水"]), bare.embed(["冒水", "积水"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[0], without[0])  # its characters are left
    assert not np.allclose(vectors[1], without[1], atol=1e-3)  # a trained concept counts, in whichever row it stands
    assert np.allclose(own.embed(["zxcv qwer"]), bare.embed(["zxcv qwer"]))


def test_the_product_reads_the_lexicon_in_its_data_folder(tmp_path: Path) -> None:
    workplace: Workplace = open_workplace(_own(tmp_path / "home", "zh,en\n冒水泡,sand boil\n"))
    embedder = workplace.embedder
    assert isinstance(embedder, Meaning)
    assert embedder.lexicon.concepts[0] == Concept(("冒水泡",), ("sand boil",))
    assert embedder.lexicon.find("冒水泡") == embedder.lexicon.find("sand boils") == [0]
    assert embedder.lexicon.find("电梯困人")  # the categories stay
    workplace.engine.dispose()


def test_leftmost_and_longest_words_win() -> None:
    concepts = (Concept(("积水",), ("water",)), Concept(("桥下积水",), ("standing water",)))
    lexicon = Lexicon(concepts)
    assert lexicon.find("桥下积水，积水") == [1, 0]
    assert lexicon.find("Standing water; waters") == [1, 0]
    assert [a <= b for a, b in pairwise(lexicon.find("积水 桥下积水"))] == [True]
