import math
import re
import zlib
from collections import Counter

import numpy as np
import pytest
import rjieba
from hypothesis import given
from hypothesis import strategies as st

from knowledge.case import Case
from knowledge.grams import BUCKETS, STOP_EN, counted, cut, gram_counts, pairs, runs_of, stem, word_counts
from knowledge.text import fold

MIXED = st.text("暴雨立交桥下积水了ab12 .，\n_-é😀Ａ", max_size=60) | st.text(max_size=40)
WORDS = st.lists(st.sampled_from(["the", "flooded", "cars", "积水", "桥", "暴雨后", "gas", "not"]), max_size=8).map(
    " ".join
)
U32 = 0xFFFFFFFF


def is_han(character: str) -> bool:
    return 0x3400 <= ord(character) <= 0x9FFF


def slow_runs(text: str) -> list[str]:
    """Runs of Han characters, and stems of the other words, one character at a time."""
    runs: list[str] = []
    run, kind = "", ""
    for character in [*fold(text), " "]:
        now = "han" if is_han(character) else "word" if re.match(r"[^\W_]", character) else ""
        if now != kind and run:
            runs.append(run)
            run = ""
        kind = now
        run += character if now else ""
    return [run if is_han(run[0]) else stem(run) for run in runs if is_han(run[0]) or run not in STOP_EN]


def slow_hash(gram: str) -> int:
    """The hash of one to three Han characters in whole numbers of Python."""
    mix = 0x9E3779B1
    hashed = ord(gram[0]) * mix & U32
    hashed ^= hashed >> 15
    for character, factor, shift in zip(gram[1:], (31, 131), (13, 16), strict=False):
        hashed = ((hashed * factor & U32) + ord(character) & U32) * mix & U32
        hashed ^= hashed >> shift
    return hashed


def slow_counts(text: str) -> Counter[int]:
    counts: Counter[int] = Counter()
    before: int | None = None
    for run in slow_runs(text):
        if is_han(run[0]):
            for length in (1, 2, 3):
                counts.update(slow_hash(run[i : i + length]) % BUCKETS for i in range(len(run) - length + 1))
            before = None
            continue
        word = zlib.crc32(run.encode())
        counts[word % BUCKETS] += 1
        if before is not None:
            counts[zlib.crc32(f"{before} {word}".encode()) % BUCKETS] += 1
        before = word
    return counts


@given(MIXED | WORDS)
def test_hashing_equals_the_slow_version(text: str) -> None:
    grams = gram_counts(text)
    assert dict(zip(grams.ids.tolist(), grams.counts.tolist(), strict=True)) == dict(slow_counts(text))


@given(MIXED | WORDS)
def test_runs_equal_the_slow_version(text: str) -> None:
    assert list(runs_of(text)) == slow_runs(text)


@given(MIXED | WORDS)
def test_hashed_words_equal_the_slow_version(text: str) -> None:
    grams = word_counts(text)
    expected = Counter(zlib.crc32(word.encode()) % BUCKETS for word in cut(text))
    assert dict(zip(grams.ids.tolist(), grams.counts.tolist(), strict=True)) == dict(expected)


@given(st.lists(st.lists(st.integers(0, U32), max_size=8), max_size=4))
def test_counting_hashes_equals_the_slow_version(parts: list[list[int]]) -> None:
    grams = counted([np.asarray(part, dtype=np.uint32) for part in parts])
    expected = Counter(value % BUCKETS for part in parts for value in part)
    assert grams.ids.tolist() == sorted(expected)
    assert grams.counts.tolist() == [expected[value] for value in sorted(expected)]
    assert (grams.ids.dtype, grams.counts.dtype) == (np.uint32, np.float32)


@given(MIXED)
def test_ids_ascend_and_counts_are_whole(text: str) -> None:
    grams = gram_counts(text)
    assert grams.ids.dtype == np.uint32
    assert grams.counts.dtype == np.float32
    assert (np.diff(grams.ids.astype(np.int64)) > 0).all()
    assert not len(grams.ids) or grams.ids.max() < BUCKETS
    assert (grams.counts >= 1).all()
    assert (grams.counts == np.round(grams.counts)).all()


@given(MIXED | WORDS)
def test_pairs_equal_the_slow_version(text: str) -> None:
    expected: list[str] = []
    for run in slow_runs(text):
        two = is_han(run[0]) and len(run) > 1
        expected += [run[i : i + 2] for i in range(len(run) - 1)] if two else [run]
    assert pairs(text) == expected


@given(MIXED | WORDS)
def test_words_equal_the_slow_version(text: str) -> None:
    expected: list[str] = []
    for run in slow_runs(text):
        expected += [word for word in rjieba.cut(run) if len(word) > 1] if is_han(run[0]) else [run]
    assert cut(text) == expected


@given(MIXED | WORDS)
def test_no_token_holds_a_blank(text: str) -> None:
    assert not [token for token in [*pairs(text), *cut(text)] if not token or re.search(r"\s", token)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("ＧＡＳ leaks", "gas leak"), ("Flooded", "flooding"), ("the cars", "car"), ("桥下、积水", "桥下，积水")],
)
def test_what_is_alike_to_a_reader_has_the_same_grams(one: str, other: str) -> None:
    assert gram_counts(one).ids.tolist() == gram_counts(other).ids.tolist()


def test_a_length_of_characters_gives_three_grams_each_but_at_the_end() -> None:
    assert len(gram_counts("暴雨立交桥下积水").ids) == 8 + 7 + 6


def test_collisions_are_rare(demo_cases: tuple[Case, ...]) -> None:
    texts = {case.situation for case in demo_cases}
    grams = {run[i : i + n] for t in texts for run in slow_runs(t) if is_han(run[0]) for n in (1, 2, 3)
             for i in range(len(run) - n + 1)}  # fmt: skip
    buckets = {slow_hash(gram) % BUCKETS for gram in grams}
    expected = BUCKETS * (1 - math.exp(-len(grams) / BUCKETS))  # as many as a fair throw would fill
    assert len(buckets) > 0.99 * expected
