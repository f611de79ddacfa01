import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.case import Case
from knowledge.categories import Categoriser
from knowledge.taxonomy import Category, Taxonomy, read_taxonomy
from knowledge.text import fold

TAXONOMY = read_taxonomy()
READER = Categoriser(TAXONOMY)
LEAVES = [c for c in TAXONOMY.categories if c.is_leaf]
WORDS = [word for c in LEAVES for word in c.words()]
TEXT = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=6).map("，".join)


@given(TEXT)
def test_a_reading_is_the_best_of_its_scores(text: str) -> None:
    reading, scores = READER.read(text), READER.scores(text)
    assert all(score > 0 for score in scores.values())
    if reading is None:
        assert not scores
        return
    assert scores[reading.category] == max(scores.values())
    assert 0 < reading.confidence < 1
    assert reading.words
    assert all(word in fold(text) for word in reading.words)


@given(TEXT)
def test_hits_are_words_of_their_category_that_stand_in_the_text(text: str) -> None:
    for category, words in READER.hits(text).items():
        known = {fold(word) for word in TAXONOMY.category_by_id[category].words()}
        assert set(words) <= known
        assert len(words) == len(set(words))
        assert all(word in fold(text) for word in words)


@pytest.mark.parametrize("category", LEAVES, ids=lambda c: c.id)
def test_a_category_is_read_from_its_own_name(category: Category) -> None:
    for name in (category.zh, category.en):
        assert category.id in READER.hits(f"，{name}。"), name


def test_saying_more_makes_more_certain() -> None:
    little, much = READER.read("桥洞淹水"), READER.read("桥洞淹水，隧道进水，车泡水里")
    assert little is not None
    assert much is not None
    assert little.category == much.category == "flood.underpass"
    assert much.confidence > little.confidence


def test_saying_it_twice_counts_once() -> None:
    assert READER.scores("桥洞淹水桥洞淹水") == READER.scores("桥洞淹水")


def test_english_words_start_at_a_word() -> None:
    assert READER.read("underpass flooded") is not None
    assert READER.read("xunderpass") is None


@pytest.mark.parametrize("text", ["", "   ", "12345", "你好", "hello there", "😀"])
def test_nothing_said_is_nothing_read(text: str) -> None:
    assert READER.read(text) is None
    assert READER.scores(text) == {}


def test_an_empty_taxonomy_reads_nothing() -> None:
    assert Categoriser(Taxonomy((), (), ())).read("桥洞淹水") is None


def test_numbers_are_places_in_the_taxonomy() -> None:
    assert [READER.number(c.id) for c in TAXONOMY.categories] == list(range(len(TAXONOMY.categories)))


def test_most_demo_cases_name_their_category_or_its_group(demo_cases: tuple[Case, ...]) -> None:
    readings = [(case.category, READER.read(f"{case.title}\n{case.situation}")) for case in demo_cases]
    read = [(category, reading) for category, reading in readings if category and reading]
    assert len(read) > 0.5 * len(demo_cases)
    same = sum(reading.category.split(".")[0] == category.split(".")[0] for category, reading in read)
    assert same > 0.6 * len(read)
