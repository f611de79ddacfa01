"""Text by its sound: Han characters as syllables without tone, with syllables that are commonly confused made one
(n/l, zh/z, ch/c, sh/s, in/ing, en/eng, an/ang), so that what a recogniser or a typist got wrong still matches.

Each character has its first reading in pypinyin; it does not look at the neighbours.
"""

import re
import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knowledge.grams import Grams, counted, runs_of

__all__ = ["sound_counts", "sounded", "syllable"]

_FIRST, _LAST = 0x3400, 0xA000
_INITIALS = {"zh": "z", "ch": "c", "sh": "s", "l": "n"}


def syllable(reading: str) -> str:
    """A reading without tone, confusable ones made one.

    >>> syllable("zhōng"), syllable("líng"), syllable("nín")
    ('zong', 'nin', 'nin')
    """
    plain = "".join(c for c in unicodedata.normalize("NFD", reading) if c.isascii() and c.isalpha())
    plain = re.sub("^(?:zh|ch|sh|l)", lambda match: _INITIALS[match.group()], plain)
    return re.sub("(?<=[iea])ng$", "n", plain)


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint32]:
    """The number of each character's syllable, by code point; 0 where it has none."""
    from pypinyin.pinyin_dict import pinyin_dict

    table = np.zeros(_LAST - _FIRST, dtype=np.uint32)
    numbers: dict[str, int] = {}
    for code, readings in pinyin_dict.items():
        if _FIRST <= code < _LAST:
            table[code - _FIRST] = numbers.setdefault(syllable(readings.split(",")[0]), len(numbers) + 1)
    return table


def sound_counts(text: str) -> Grams:
    """Counts of the pairs of neighbouring syllables; a text without Han characters has none.

    >>> bool(set(sound_counts("寻人启事").ids) & set(sound_counts("寻人起市").ids))
    True
    """
    hashes = []
    for run in runs_of(text):
        if len(run) > 1 and "\u3400" <= run[0] <= "\u9fff":
            numbers = _table()[np.frombuffer(run.encode("utf-32-le"), dtype=np.uint32) - np.uint32(_FIRST)]
            with np.errstate(over="ignore"):
                pair = (numbers[:-1] * np.uint32(4099) + numbers[1:]) * np.uint32(0x9E3779B1)
            hashes.append(pair ^ (pair >> np.uint32(13)))
    return counted(hashes)


def sounded(text: str) -> str:
    """The text with one and the same character for all characters of a syllable, others unchanged: texts that sound
    alike are equal, and every place in the one is the same place in the other.

    >>> sounded("寻人启事") == sounded("寻人起市"), len(sounded("桥下 ok"))
    (True, 5)
    """
    table = _table()
    return "".join(
        chr(0x4E00 + int(table[ord(c) - _FIRST])) if _FIRST <= ord(c) < _LAST and table[ord(c) - _FIRST] else c
        for c in text
    )
