import math
import re
import zlib
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import rjieba
from hypothesis import given
from hypothesis import strategies as st

from knowledge.case import Case
from knowledge.grams import (
    BUCKETS,
    STOP_EN,
    Grams,
    character_counts,
    counted,
    cut,
    pairs,
    runs_of,
    stem,
    term_counts,
    word_counts,
)
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


def slow_counts(text: str) -> Counter[int]:
    """Terms, one at a time: each kind of term by a text of its own."""
    terms: list[str] = []
    before = ""
    for run in slow_runs(text):
        if is_han(run[0]):
            terms += [a + b for a, b in pairwise(run)] if len(run) > 1 else [run]
            terms += [f"w {word}" for word in rjieba.cut(run) if len(word) > 1]
            before = ""
            continue
        terms.append(run)
        if before:
            terms.append(f"{zlib.crc32(before.encode())} {zlib.crc32(run.encode())}")
        before = run
    return Counter(zlib.crc32(term.encode()) % BUCKETS for term in terms)


def as_counter(grams: Grams) -> dict[int, float]:
    return dict(zip(grams.ids.tolist(), grams.counts.tolist(), strict=True))


@given(MIXED | WORDS)
def test_hashed_terms_equal_the_slow_version(text: str) -> None:
    assert as_counter(term_counts(text)) == dict(slow_counts(text))


@given(MIXED | WORDS)
def test_hashed_characters_equal_the_slow_version(text: str) -> None:
    expected = Counter(zlib.crc32(character.encode()) % BUCKETS for character in fold(text) if is_han(character))
    assert as_counter(character_counts(text)) == dict(expected)


@given(MIXED | WORDS)
def test_runs_equal_the_slow_version(text: str) -> None:
    assert list(runs_of(text)) == slow_runs(text)


@given(MIXED | WORDS)
def test_hashed_words_equal_the_slow_version(text: str) -> None:
    assert as_counter(word_counts(text)) == dict(Counter(zlib.crc32(word.encode()) % BUCKETS for word in cut(text)))


@given(st.lists(st.lists(st.integers(0, U32), max_size=8), max_size=4))
def test_counting_hashes_equals_the_slow_version(parts: list[list[int]]) -> None:
    grams = counted([np.asarray(part, dtype=np.uint32) for part in parts])
    expected = Counter(value % BUCKETS for part in parts for value in part)
    assert grams.ids.tolist() == sorted(expected)
    assert grams.counts.tolist() == [expected[value] for value in sorted(expected)]
    assert (grams.ids.dtype, grams.counts.dtype) == (np.uint32, np.float32)


@given(MIXED, st.sampled_from([term_counts, character_counts, word_counts]))
def test_ids_ascend_and_counts_are_whole(text: str, counts: Callable[[str], Grams]) -> None:
    grams = counts(text)
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
    for counts in (term_counts, character_counts, word_counts):
        assert counts(one).ids.tolist() == counts(other).ids.tolist()


def test_a_run_of_characters_gives_its_pairs_its_words_and_its_characters() -> None:
    assert cut("暴雨立交桥下积水") == ["暴雨", "立交桥", "积水"]
    assert len(term_counts("暴雨立交桥下积水").ids) == 7 + 3
    assert len(character_counts("暴雨立交桥下积水").ids) == 8


def test_a_pair_and_a_word_of_the_same_characters_are_two_terms() -> None:
    assert len(term_counts("积水").ids) == 2
    assert term_counts("桥").ids.tolist() == character_counts("桥").ids.tolist()  # a lone one stands for itself


def test_collisions_are_rare(demo_cases: tuple[Case, ...]) -> None:
    runs = {run for case in demo_cases for run in slow_runs(case.situation) if is_han(run[0])}
    terms = {a + b for run in runs for a, b in pairwise(run)}
    terms |= {f"w {word}" for run in runs for word in rjieba.cut(run) if len(word) > 1}
    assert len(terms) > 10_000
    buckets = {zlib.crc32(term.encode()) % BUCKETS for term in terms}
    expected = BUCKETS * (1 - math.exp(-len(terms) / BUCKETS))  # as many as a fair throw would fill
    assert len(buckets) > 0.99 * expected
