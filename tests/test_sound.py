"""Sounds: what is commonly misheard counts as the same, what sounds different does not."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin.pinyin_dict import pinyin_dict

from knowledge.grams import BUCKETS
from knowledge.sound import sound_counts, syllable
from knowledge.text import fold

TEXT = st.text("暴雨立交桥下积水了寻人启事ab12 .，\n_-é😀Ａ兙㐂", max_size=60) | st.text(max_size=40)
U32 = 0xFFFFFFFF


def _numbers() -> dict[str, int]:
    """The number of each character's syllable, in the order in which the syllables first occur."""
    numbers: dict[str, int] = {}
    found = {}
    for code, readings in pinyin_dict.items():
        if 0x3400 <= code < 0xA000:
            found[chr(code)] = numbers.setdefault(syllable(readings.split(",")[0]), len(numbers) + 1)
    return found


NUMBERS = _numbers()


def slow_counts(text: str) -> Counter[int]:
    """Pairs of neighbouring Han characters, hashed one at a time in whole numbers of Python."""
    counts: Counter[int] = Counter()
    folded = fold(text)
    for first, second in pairwise(folded):
        if all("\u3400" <= character <= "\u9fff" for character in (first, second)):
            pair = (NUMBERS.get(first, 0) * 4099 + NUMBERS.get(second, 0)) * 0x9E3779B1 & U32
            counts[(pair ^ (pair >> 13)) % BUCKETS] += 1
    return counts


@given(TEXT)
def test_counts_equal_the_slow_version(text: str) -> None:
    grams = sound_counts(text)
    assert dict(zip(grams.ids.tolist(), grams.counts.tolist(), strict=True)) == dict(slow_counts(text))
    assert (grams.ids.dtype, grams.counts.dtype) == (np.uint32, np.float32)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zhī", "zī"), ("chí", "cí"), ("shì", "sì"), ("lán", "nán"), ("lín", "líng"), ("wén", "wēng"),
        ("shān", "shāng"), ("mā", "mà"), ("lǜ", "nù"),
    ],
)  # fmt: skip
def test_what_is_commonly_confused_is_one_syllable(one: str, other: str) -> None:
    assert syllable(one) == syllable(other)


@pytest.mark.parametrize(
    ("one", "other"), [("bā", "pā"), ("fēi", "huī"), ("dōng", "dūn"), ("jī", "qī"), ("rén", "lén"), ("zhōu", "zuō")]
)
def test_what_sounds_different_stays_apart(one: str, other: str) -> None:
    assert syllable(one) != syllable(other)


def test_a_syllable_is_plain_and_stays_what_it_is() -> None:
    for readings in pinyin_dict.values():
        for reading in readings.split(","):
            plain = syllable(reading)
            assert plain == "" or (plain.isascii() and plain.isalpha() and plain.islower()), reading
            assert syllable(plain) == plain, reading


@pytest.mark.parametrize(
    ("meant", "heard"), [("立交桥下积水", "力焦乔夏机睡"), ("流浪狗", "牛郎狗"), ("停水", "挺睡"), ("身份证", "深分正")]
)
def test_what_was_misheard_has_the_same_sound(meant: str, heard: str) -> None:
    assert sound_counts(meant).ids.tolist() == sound_counts(heard).ids.tolist()


@pytest.mark.parametrize("text", ["", "gas leak in block 3", "水", "水 电 gas 气", "，。！"])
def test_without_two_han_characters_in_a_row_there_is_no_sound(text: str) -> None:
    assert len(sound_counts(text).ids) == 0


@given(TEXT, TEXT)
def test_what_stands_apart_is_counted_apart(one: str, other: str) -> None:
    assert slow_counts(one) + slow_counts(other) == slow_counts(f"{one}\n{other}")
    together, alone = sound_counts(f"{one}\n{other}"), (sound_counts(one), sound_counts(other))
    assert together.counts.sum() == sum(grams.counts.sum() for grams in alone)
