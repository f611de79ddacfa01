"""What texts mean: vectors equal to a slow version, shares that sum to one, both languages together, the right leaf."""

import math
import re
import zlib
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.grams import BUCKETS, STOP_EN, Grams, character_counts, cut, runs_of, term_counts
from knowledge.lexicon import Lexicon, concept_key, read_lexicon
from knowledge.meaning import LEAF_SHARPNESS, TELLING, Kind, Meaning, features, read_meaning
from knowledge.sound import sound_counts
from knowledge.taxonomy import read_taxonomy
from knowledge.text import fold

TAXONOMY = read_taxonomy()
LEXICON = read_lexicon(TAXONOMY)
MEANING = read_meaning(LEXICON)
TEXT = st.text("暴雨立交桥下积水了ab12 .，\n_-é😀Ａ", max_size=60) | st.text(max_size=40)
SAID = st.lists(
    st.sampled_from(
        ["电梯", "困人", "桥下积水", "路灯", "不亮", "flooded", "underpass", "gas", "smell", "工资", "the"]
    ),
    max_size=8,
).map(" ".join)
NOTHING = ["", "   ", "😀", "。，！", "the of", "ʘʘ"]


# Features and vectors


def slow_parts(text: str) -> list[str]:
    found = []
    for run in runs_of(text):
        if len(run) >= 4 and "a" <= run[0] <= "z":
            marked = f"<{run}>"
            found += [marked[i : i + 4] for i in range(len(marked)) if i + 4 <= len(marked)]
    return found


def slow_features(text: str) -> dict[int, float]:
    """Features one by one, each kind in a range of ids of its own."""

    def hashed(words: list[str]) -> Counter[int]:
        return Counter(zlib.crc32(word.encode()) % BUCKETS for word in words)

    def counted(grams: Grams) -> dict[int, float]:
        return dict(zip(grams.ids.tolist(), grams.counts.tolist(), strict=True))

    concepts = [concept_key(LEXICON.concepts[number]) for number in LEXICON.find(text)]
    kinds = [
        counted(term_counts(text)),
        counted(character_counts(text)),
        hashed(concepts),
        hashed(slow_parts(text)),
        counted(sound_counts(text)),
    ]
    return {place * BUCKETS + i: float(n) for place, counts in enumerate(kinds) for i, n in counts.items()}


def slow_vector(text: str) -> list[float]:
    rows = {int(i): place for place, i in enumerate(IDS)}
    total = [0.0] * MEANING.dimension
    for feature, count in slow_features(text).items():
        if feature in rows:
            weight = (1 + math.log(count)) * float(MEANING.scales[rows[feature]])
            total = [t + weight * v for t, v in zip(total, MEANING.table[rows[feature]].tolist(), strict=True)]
    length = math.sqrt(sum(t * t for t in total))
    return [t / length for t in total] if length else total


IDS = MEANING.ids.tolist()


@given(TEXT | SAID)
def test_features_equal_the_slow_version(text: str) -> None:
    grams = features(text, LEXICON)
    assert dict(zip(grams.ids.tolist(), grams.counts.tolist(), strict=True)) == slow_features(text)
    assert (np.diff(grams.ids.astype(np.int64)) > 0).all()
    assert (grams.ids.dtype, grams.counts.dtype) == (np.uint32, np.float32)


@pytest.mark.parametrize("text", ["桥下积水，积水 flooded underpass", "The lift is stuck", "老板拖欠工资", *NOTHING])
def test_a_vector_equals_the_slow_version(text: str) -> None:
    assert np.allclose(MEANING.embed([text])[0], slow_vector(text), atol=1e-5)


@given(TEXT | SAID)
def test_the_same_text_has_the_same_vector_and_nobody_can_change_it(text: str) -> None:
    first = MEANING.embed([text])
    kept = first.copy()
    first[:] = 7
    again = MEANING.embed(["路灯不亮", text, text])
    assert (again[1] == kept[0]).all()
    assert (again[2] == kept[0]).all()
    assert (read_meaning(LEXICON).embed([text]) == kept).all()


@pytest.mark.parametrize("text", NOTHING)
def test_a_text_without_a_known_feature_is_a_zero_vector_without_shares(text: str) -> None:
    assert not MEANING.embed([text]).any()
    assert MEANING.leaf_shares(text) == {}
    assert MEANING.telling(text, "flood.underpass") == ()


@pytest.mark.parametrize(
    ("one", "other"), [("ＧＡＳ Leaks", "gas leak"), ("The lifts", "a lift"), ("桥下、积水！", "桥下，积水")]
)
def test_what_is_alike_to_a_reader_means_the_same(one: str, other: str) -> None:
    vectors = MEANING.embed([one, other])
    assert np.allclose(vectors[0], vectors[1], atol=1e-6)


def test_a_misspelt_word_still_means_nearly_the_same() -> None:
    right, wrong, far = MEANING.embed(
        ["The elevator is stuck with people inside", "The elevater is stuk with peple inside", "Bread prices rose"]
    )
    assert right @ wrong > right @ far + 0.3


def test_what_was_misheard_still_means_nearly_the_same() -> None:
    right, misheard, far = MEANING.embed(["小区电梯困人", "小区电替昆人", "食堂饭菜发馊"])
    assert right @ misheard > right @ far + 0.2


# Both languages

PAIRS = [
    ("路口的路灯坏了", "The street lamp at the corner is broken"),
    ("电梯里困了人", "people are stuck in the lift"),
    ("包工头拖欠工资", "the contractor has not paid our wages"),
    ("闻到煤气味", "I can smell gas"),
    ("井盖不见了", "the manhole cover is gone"),
    ("餐馆油烟太大", "fumes from the restaurant"),
    ("半夜工地施工太吵", "building site noise at night"),
    ("健身房跑路退不了卡", "the gym closed and will not refund memberships"),
]


def test_one_matter_in_two_languages_is_nearer_than_two_matters() -> None:
    zh, en = MEANING.embed([zh for zh, _ in PAIRS]), MEANING.embed([en for _, en in PAIRS])
    for one, other in ((zh, en), (en, zh)):
        cosines = one @ other.T
        own = np.diag(cosines).copy()
        np.fill_diagonal(cosines, -1)
        assert (own > 0.5).all()
        assert (own > cosines.max(axis=1) + 0.2).all()


# Shares


def slow_shares(meaning: Meaning, text: str, sharpness: float) -> list[float]:
    (vector,) = meaning.embed([text]).astype(np.float64)
    raised = [math.exp(sharpness * float(vector @ centre)) for centre in meaning.centres.astype(np.float64)]
    return [value / sum(raised) for value in raised]


FEW = replace(MEANING, kinds=MEANING.kinds[::40], centres=MEANING.centres[::40])


@given(SAID | TEXT, st.sampled_from([1.0, LEAF_SHARPNESS, 20.0, 60.0]))
def test_shares_equal_the_slow_version_and_sum_to_one(text: str, sharpness: float) -> None:
    (shares,) = FEW.shares(FEW.embed([text]), sharpness)
    assert shares.dtype == np.float32
    assert np.allclose(shares, slow_shares(FEW, text, sharpness), atol=1e-5)
    assert float(shares.sum()) == pytest.approx(1, abs=1e-5)


@given(st.lists(TEXT | SAID, max_size=4))
def test_rows_of_shares_belong_to_their_texts(texts: list[str]) -> None:
    shares = MEANING.shares(MEANING.embed(texts)) if texts else np.zeros((0, len(MEANING.kinds)))
    assert shares.shape == (len(texts), len(MEANING.kinds))
    assert (shares >= 0).all()
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-4)
    for text, row in zip(texts, shares, strict=True):
        assert np.allclose(MEANING.shares(MEANING.embed([text]))[0], row, atol=1e-5)


def test_a_zero_vector_is_like_all_kinds_equally() -> None:
    shares = MEANING.shares(np.zeros((2, MEANING.dimension), np.float32))
    assert np.allclose(shares, 1 / len(MEANING.kinds))


def test_a_sharper_eye_sees_the_nearest_kind_only() -> None:
    vector = MEANING.embed(["路灯坏了，晚上黑漆漆的"])
    largest = [float(MEANING.shares(vector, sharpness).max()) for sharpness in (1.0, 12.0, 20.0, 200.0)]
    assert largest == sorted(largest)
    assert largest[0] < 0.01 < 0.9 < largest[-1]


@given(TEXT | SAID)
def test_leaf_shares_are_those_of_their_kinds(text: str) -> None:
    found = FEW.leaf_shares(text)
    if not FEW.embed([text]).any():
        assert found == {}
        return
    expected: Counter[str] = Counter()
    for kind, share in zip(FEW.kinds, slow_shares(FEW, text, LEAF_SHARPNESS), strict=True):
        expected[kind.leaf] += share  # type: ignore[assignment]
    assert found == pytest.approx(dict(expected), abs=1e-5)
    assert sum(found.values()) == pytest.approx(1, abs=1e-5)


SENTENCES = {
    "路灯坏了一个星期，晚上黑漆漆的": "road.light",
    "暴雨后下穿隧道里水有一米深，车都熄火了": "flood.underpass",
    "电梯突然停在六楼和七楼中间，里面关着两个人": "safety.lift",
    "楼道里一股煤气味，很呛": "utility.gas_leak",
    "半夜工地还在打桩，吵得睡不着": "environment.site_noise",
    "饭馆的油烟天天往我家卧室里飘": "environment.fume",
    "楼上漏水，天花板都泡烂了": "housing.leak",
    "一条大狗没拴绳，把孩子咬了": "security.dog",
    "外卖骑手超时被扣钱，平台不给上工伤险": "labour.platform",
    "The gym shut overnight and nobody gets their membership money back": "market.prepaid",
    "A manhole cover is missing on our street": "road.manhole",
    "Our boss has not paid the builders for three months": "labour.wages",
    "The water from the tap is brown and smells": "utility.water_quality",
}


@pytest.mark.parametrize("text", SENTENCES)
def test_a_plain_sentence_is_of_its_leaf(text: str) -> None:
    shares = MEANING.leaf_shares(text)
    best = max(shares, key=lambda leaf: shares[leaf])
    assert best == SENTENCES[text], sorted(shares.items(), key=lambda pair: -pair[1])[:3]


@pytest.mark.parametrize("text", ["给我讲个笑话吧", "Tell me a joke please", "帮我写一首关于春天的诗"])
def test_small_talk_is_no_city_matter(text: str) -> None:
    shares = MEANING.leaf_shares(text)
    assert shares["chat"] + shares["other"] > 0.5


# Telling words


def slow_written(text: str) -> set[str]:
    """The words of a text as they stand in it: Han words, a run of one-character words as a whole, Latin words."""
    han = re.findall(r"[\u3400-\u9fff]+", text)
    words = {word for run in han for word in cut(run)} | {run for run in han if not cut(run)}
    latin = "".join(c if c.isascii() and c.isalpha() else " " for c in text)
    return words | {word for word in latin.split() if len(word) > 1 and word.lower() not in STOP_EN}


@given(SAID | TEXT, st.sampled_from(["flood.underpass", "safety.lift", "chat", "no.such"]), st.integers(0, 5))
def test_telling_words_are_words_of_the_text_that_point_to_the_leaf(text: str, leaf: str, limit: int) -> None:
    words = MEANING.telling(text, leaf, limit)
    assert len(words) == len({word.casefold() for word in words}) <= limit
    assert set(words) <= slow_written(text)
    assert leaf != "no.such" or words == ()
    whole = MEANING.centres.sum(axis=0)
    own = MEANING.centres[[kind.leaf == leaf for kind in MEANING.kinds]].sum(axis=0)
    points = [float(MEANING.embed([w])[0] @ (own / np.linalg.norm(own) - whole / np.linalg.norm(whole))) for w in words]
    assert all(point > TELLING - 1e-5 for point in points)
    assert points == sorted(points, reverse=True)


@pytest.mark.parametrize(
    ("text", "leaf", "word"),
    [
        ("小区电梯把老人关在里面了", "safety.lift", "电梯"),
        ("楼道里闻到煤气，很呛", "utility.gas_leak", "煤气"),
        ("路灯坏了，晚上看不清", "road.light", "路灯"),
        ("The gym closed and keeps the money", "market.prepaid", "gym"),
    ],
)
def test_the_telling_words_of_plain_sentences_stand_in_the_text(text: str, leaf: str, word: str) -> None:
    words = MEANING.telling(text, leaf)
    assert any(word in found or found in word for found in words)
    assert all(found in fold(text) for found in words)


@pytest.mark.parametrize(
    ("text", "leaf"),
    [
        ("Batteries caught fire in the hallway", "safety.ebike_charge"),
        ("A manhole cover is missing", "road.manhole"),
        ("The LIFT is stuck, the lift again", "safety.lift"),
        ("小区 Gas 泄漏", "utility.gas_leak"),
    ],
)
def test_telling_words_are_written_as_the_text_writes_them(text: str, leaf: str) -> None:
    words = MEANING.telling(text, leaf)
    assert words
    for word in words:
        assert re.search(rf"\b{word}\b" if word.isascii() else word, text, re.IGNORECASE), word


# The bundled table


def test_the_bundled_table_is_well_formed() -> None:
    n, d = MEANING.table.shape
    assert MEANING.ids.shape == MEANING.scales.shape == (n,)
    assert (np.diff(MEANING.ids.astype(np.int64)) > 0).all()
    assert int(MEANING.ids.max()) < 5 * BUCKETS
    assert MEANING.centres.shape == (len(MEANING.kinds), d) == (len(MEANING.kinds), MEANING.dimension)
    assert np.allclose(np.linalg.norm(MEANING.centres, axis=1), 1, atol=1e-3)  # kept in 16 bits
    assert np.isfinite(MEANING.scales).all()
    assert (MEANING.scales >= 0).all()


def test_every_leaf_of_the_taxonomy_has_kinds() -> None:
    leaves = Counter(kind.leaf for kind in MEANING.kinds)
    assert set(leaves) == {c.id for c in TAXONOMY.categories if c.is_leaf} | {"other", "chat"}
    assert min(leaves.values()) >= 5


def test_another_lexicon_reads_its_own_concepts() -> None:
    bare = read_meaning(Lexicon(()))
    assert bare.name != MEANING.name
    assert (bare.kinds, bare.dimension) == (MEANING.kinds, MEANING.dimension)
    assert bare.embed(["桥下积水"]) @ MEANING.embed(["桥下积水"])[0] > 0.5


def test_a_table_by_hand() -> None:
    """Two features, two kinds: the vectors can be worked out on paper."""
    bridge, lamp = (int(character_counts(c).ids[0]) + BUCKETS for c in "桥灯")
    ids = np.asarray(sorted([bridge, lamp]), np.uint32)
    table = np.zeros((2, 2), np.int8)
    table[ids.tolist().index(bridge)], table[ids.tolist().index(lamp)] = (100, 0), (0, 50)
    kinds = (Kind("bridges", "a.b", "桥", "bridges"), Kind("lamps", "a.c", "灯", "lamps"))
    hand = Meaning(Lexicon(()), ids, table, np.asarray([1, 1], np.float16), kinds, np.eye(2, dtype=np.float32))
    assert np.allclose(hand.embed(["桥", "灯", "路"]), [[1, 0], [0, 1], [0, 0]])
    both = 1 + math.log(2)  # 桥 twice
    assert np.allclose(hand.embed(["桥，桥，灯"])[0] * math.hypot(both * 100, 50), [both * 100, 50], atol=1e-3)
    shares = hand.leaf_shares("桥")
    assert shares["a.b"] / shares["a.c"] == pytest.approx(math.exp(LEAF_SHARPNESS), rel=1e-3)


def test_the_name_changes_with_whatever_vectors_depend_on() -> None:
    scales, centres, table = MEANING.scales.copy(), MEANING.centres.copy(), MEANING.table.copy()
    scales[-1] += 1
    centres[-1] = -centres[-1]
    table[-1] = ~table[-1]
    others = [replace(MEANING, scales=scales), replace(MEANING, centres=centres), replace(MEANING, table=table)]
    names = {meaning.name for meaning in (MEANING, *others, read_meaning(Lexicon(())))}
    assert len(names) == 5
    assert read_meaning(LEXICON).name == MEANING.name


@given(TEXT | SAID)
def test_an_empty_table_gives_zero_vectors(text: str) -> None:
    nothing = replace(MEANING, ids=MEANING.ids[:0], table=MEANING.table[:0], scales=MEANING.scales[:0])
    assert nothing.embed([text]).tolist() == [[0.0] * MEANING.dimension]
    assert nothing.leaf_shares(text) == {}
    assert nothing.telling(text, "flood.underpass") == ()
