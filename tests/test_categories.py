from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.case import Case
from knowledge.categories import BRIEF, LEAST, READ, Categoriser
from knowledge.classifier import fit
from knowledge.lexicon import read_lexicon
from knowledge.meaning import read_meaning
from knowledge.taxonomy import Category, Taxonomy, read_taxonomy
from knowledge.text import fold

TAXONOMY = read_taxonomy()
READER = Categoriser(TAXONOMY)  # by words alone
MEANING = read_meaning(read_lexicon(TAXONOMY))
MEANT = Categoriser(TAXONOMY, MEANING)
LEAVES = [c for c in TAXONOMY.categories if c.is_leaf]
WORDS = [word for c in LEAVES for word in c.words()]
TEXT = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=6).map("，".join)


@given(TEXT)
def test_a_reading_is_the_best_of_its_scores(text: str) -> None:
    reading, scores = READER.read(text), READER.scores(text)
    assert all(score > 0 for score in scores.values())
    if reading is None:
        assert max(scores.values(), default=0) < READ
        return
    assert scores[reading.category] == max(scores.values())
    assert 0 < reading.confidence < 1
    assert reading.words
    assert all(word in fold(text) for word in reading.words)


def slow_scores(text: str) -> dict[str, float]:
    """Shares by meaning, and beside them the words' own in a text no longer than a name may be."""
    by_words, shares = READER.scores(text), MEANING.leaf_shares(text)
    nothing = 1 - sum(by_words.values())
    said = {c: by_words.get(c.id, 0.0) / nothing for c in LEAVES}  # of the words alone, one stands for nothing known
    if len(fold(text)) > BRIEF and shares:
        said = dict.fromkeys(LEAVES, 0.0)  # the meaning knows all of them
    meant = {c: shares.get(c.id, 0.0) for c in LEAVES}
    total = 1 + sum(said.values())
    scores = {c.id: (said[c] + (meant[c] if meant[c] > LEAST else 0.0)) / total for c in LEAVES}
    return {category: score for category, score in scores.items() if score > 0}


@given(TEXT)
def test_a_reading_by_meaning_is_the_best_of_its_scores(text: str) -> None:
    reading, scores = MEANT.read(text), MEANT.scores(text)
    assert scores == pytest.approx(slow_scores(text), abs=1e-9)
    assert all(0 < score <= 1 for score in scores.values())
    assert sum(scores.values()) <= 1 + 1e-6
    assert set(scores) <= {c.id for c in LEAVES}
    if reading is None:
        assert max(scores.values(), default=0) < READ
        return
    assert scores[reading.category] == max(scores.values())
    assert READ <= reading.confidence + 1e-3 <= 1.002
    named = tuple(READER.hits(text).get(reading.category, ()))
    assert reading.words == (named or MEANING.telling(text, reading.category))


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
    if text != "12345":  # by its meaning the hotline's number points to the counters
        assert MEANT.read(text) is None


SIGNAL = pytest.mark.xfail(strict=True, reason="by the bundled table a fiftieth of 你好 is road.signal")


@pytest.mark.parametrize("text", ["", "   ", pytest.param("你好", marks=SIGNAL), "hello there", "😀"])
def test_by_meaning_nothing_said_speaks_of_no_category(text: str) -> None:
    assert MEANT.scores(text) == {}


def test_in_a_brief_text_the_taxonomys_words_are_added_to_the_meaning() -> None:
    assert len("农民工讨薪") < BRIEF
    for text, category in (("农民工讨薪", "labour.wages"), ("烂尾楼业主堵门", "housing.unfinished")):
        assert category in READER.hits(text)
        reading = MEANT.read(text)
        assert reading is not None
        assert reading.category == category
    long = "农民工讨薪" + "，" * BRIEF + "没人管"
    shares = MEANING.leaf_shares(long)
    assert MEANT.scores(long) == {c.id: shares[c.id] for c in LEAVES if shares[c.id] > LEAST}


def test_an_empty_taxonomy_reads_nothing() -> None:
    assert Categoriser(Taxonomy((), (), ())).read("桥洞淹水") is None
    assert Categoriser(Taxonomy((), (), ()), MEANING).read("桥洞淹水") is None


def test_a_citys_own_category_is_read_by_its_words_beside_the_meaning() -> None:
    own = Category("flood.levee", "堤脚管涌", "Sand boils", ("泉眼冒浑水",), (), ("sand boil",))
    city = Categoriser(Taxonomy((*TAXONOMY.categories, own), (), ()), MEANING)
    for text in ("堤脚管涌", "泉眼冒浑水", "There is a sand boil"):
        reading = city.read(text)
        assert reading is not None
        assert reading.category == "flood.levee", text
        assert reading.words
        assert 0 < sum(city.scores(text).values()) <= 1 + 1e-6
    plain = "路灯坏了，晚上黑漆漆的"
    assert city.scores(plain) == MEANT.scores(plain)


def test_a_category_that_the_city_has_struck_is_never_read() -> None:
    city = Categoriser(Taxonomy(tuple(c for c in TAXONOMY.categories if c.id != "road.light"), (), ()), MEANING)
    assert "road.light" in MEANT.scores("路灯坏了，晚上黑漆漆的")
    assert "road.light" not in city.scores("路灯坏了，晚上黑漆漆的")


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("隧道里的水没过了轮胎，前面的车都趴窝了", "flood.underpass"),
        ("晚上回家整条街黑漆漆的，一盏灯都不亮", "road.light"),
        ("干了三个月的活，老板一分钱都不给", "labour.wages"),
        ("The gym shut overnight and nobody gets their membership money back", "market.prepaid"),
        ("There is a rotten egg smell in our stairwell, maybe the stove line leaks", "utility.gas_leak"),
    ],
)
def test_a_category_is_read_where_none_of_its_words_is_said(text: str, category: str) -> None:
    assert category not in READER.hits(text)
    reading = MEANT.read(text)
    assert reading is not None
    assert reading.category == category


def test_most_categories_are_read_from_their_own_name_by_meaning() -> None:
    names = [(c.id, name) for c in LEAVES for name in (c.zh, c.en)]
    right = [name for category, name in names if (reading := MEANT.read(name)) and reading.category == category]
    assert len(right) >= 0.8 * len(names)


LEARNED = fit(
    [f"{text}{number}{end}" for end in "啊呢吧" for number in range(2) for text in ("野猪拱了菜地", "蜂群停在树上")],
    ["cityscape.boar", "cityscape.bees"] * 6,
)
OWN = tuple(Category(f"cityscape.{name}", zh, name) for name, zh in (("boar", "野猪下山"), ("bees", "蜂群聚集")))


def test_a_learned_category_is_read_where_neither_meaning_nor_words_know_it() -> None:
    taxonomy = Taxonomy((*TAXONOMY.categories, *OWN), (), ())
    before, after = Categoriser(taxonomy, MEANING), Categoriser(taxonomy, MEANING, LEARNED)
    text = "野猪把菜地拱了"
    reading = after.read(text)
    assert reading is not None
    assert reading.category == "cityscape.boar"
    assert "cityscape.boar" not in before.scores(text)
    assert sum(after.scores(text).values()) <= 1 + 1e-6


@given(TEXT)
def test_what_knows_no_term_or_is_not_trusted_changes_nothing(text: str) -> None:
    taxonomy = Taxonomy((*TAXONOMY.categories, *OWN), (), ())
    plain = Categoriser(taxonomy, MEANING).scores(text)
    assert Categoriser(taxonomy, MEANING, replace(LEARNED, trust=0.0)).scores(text) == pytest.approx(plain)
    if not LEARNED.knows(text):
        assert Categoriser(taxonomy, MEANING, LEARNED).scores(text) == plain


def test_learned_labels_that_the_taxonomy_lacks_are_never_read() -> None:
    assert Categoriser(TAXONOMY, MEANING, LEARNED).scores("野猪拱了菜地") == MEANT.scores("野猪拱了菜地")


def test_numbers_are_places_in_the_taxonomy() -> None:
    assert [READER.number(c.id) for c in TAXONOMY.categories] == list(range(len(TAXONOMY.categories)))


def test_most_demo_cases_name_their_category_or_its_group(demo_cases: tuple[Case, ...]) -> None:
    readings = [(case.category, READER.read(f"{case.title}\n{case.situation}")) for case in demo_cases]
    read = [(category, reading) for category, reading in readings if category and reading]
    assert len(read) > 0.5 * len(demo_cases)
    same = sum(reading.category.split(".")[0] == category.split(".")[0] for category, reading in read)
    assert same > 0.6 * len(read)


def test_by_meaning_most_demo_cases_are_of_their_category(demo_cases: tuple[Case, ...]) -> None:
    readings = [(case.category, MEANT.read(f"{case.title}\n{case.situation}")) for case in demo_cases]
    read = [(category, reading.category) for category, reading in readings if category and reading]
    assert len(read) > 0.9 * len(demo_cases)
    assert sum(found == category for category, found in read) > 0.75 * len(read)
