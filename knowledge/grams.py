"""Text as tokens and as hashed grams: what word search and text similarity count.

Chinese is taken as pairs of characters and words (rjieba); other scripts as stemmed words and, for similarity, pairs of
them. It knows no weights and no documents.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knowledge.text import fold

__all__ = [
    "BUCKETS",
    "STOP_EN",
    "Grams",
    "character_counts",
    "counted",
    "cut",
    "pairs",
    "runs_of",
    "stem",
    "term_counts",
    "word_counts",
]

BUCKETS = 1 << 21  # hashed grams fall into this many buckets
_RUNS = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")
STOP_EN = frozenset(
    re.findall(
        "[a-z]+",
        "a an and are as at be been but by for from had has have he her his i if in into is it its me my no not of on"
        " or our she so that the their them there they this to us was we were what when which who will with you your",
    )
)


@lru_cache(maxsize=1)
def _stemmer() -> object:
    import Stemmer

    return Stemmer.Stemmer("english")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The Snowball stem of a lower-case English word.

    >>> stem("flooded"), stem("leaks")
    ('flood', 'leak')
    """
    return str(_stemmer().stemWord(word))  # type: ignore[attr-defined]


@lru_cache(maxsize=4096)
def runs_of(text: str) -> tuple[str, ...]:
    """Runs of Han characters, and stems of other words (English stop words left out), in order."""
    found = []
    for run in _RUNS.findall(fold(text)):
        if run[0] >= "\u3400" and run[0] <= "\u9fff":
            found.append(run)
        elif run not in STOP_EN:
            found.append(stem(run))
    return tuple(found)


def _is_han(run: str) -> bool:
    return "\u3400" <= run[0] <= "\u9fff"


def pairs(text: str) -> list[str]:
    """Search tokens: pairs of neighbouring Han characters (a lone one stands for itself), and stems of other words.

    >>> pairs("桥下积水 two cars")
    ['桥下', '下积', '积水', 'two', 'car']
    """
    tokens: list[str] = []
    for run in runs_of(text):
        if _is_han(run) and len(run) > 1:
            tokens += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            tokens.append(run)
    return tokens


def cut(text: str) -> list[str]:
    """Words: Han runs cut by rjieba (single characters left out), and stems of other words.

    >>> cut("立交桥下积水")
    ['立交桥', '积水']
    """
    import rjieba

    tokens: list[str] = []
    for run in runs_of(text):
        tokens += [word for word in rjieba.cut(run) if len(word) > 1] if _is_han(run) else [run]
    return tokens


@dataclass(frozen=True)
class Grams:
    """A text as gram counts: `ids` ascending and unique, in 0..BUCKETS-1; `counts` beside them, at least 1."""

    ids: NDArray[np.uint32]
    counts: NDArray[np.float32]


def term_counts(text: str) -> Grams:
    """Counts of the hashed terms of a text, what similarity counts: pairs of neighbouring Han characters and words,
    each a term of its own; else stems, and pairs of them.

    >>> len(term_counts("桥下积水").ids), len(term_counts("").ids)
    (5, 0)
    """
    hashes: list[int] = []
    before = 0
    for run in runs_of(text):
        if _is_han(run):
            hashes += [zlib.crc32(run[i : i + 2].encode()) for i in range(len(run) - 1)] or [zlib.crc32(run.encode())]
            before = 0
            continue
        word = zlib.crc32(run.encode())
        hashes += [word, zlib.crc32(f"{before} {word}".encode())] if before else [word]
        before = word
    hashes += [zlib.crc32(f"w {word}".encode()) for word in cut(text) if _is_han(word)]
    return counted([np.asarray(hashes, dtype=np.uint32)] if hashes else [])


def character_counts(text: str) -> Grams:
    """Counts of the hashed Han characters of a text.

    >>> len(character_counts("积水，积水 two").ids)
    2
    """
    hashes = [zlib.crc32(character.encode()) for run in runs_of(text) if _is_han(run) for character in run]
    return counted([np.asarray(hashes, dtype=np.uint32)] if hashes else [])


def word_counts(text: str) -> Grams:
    """Counts of the hashed words of a text, see cut.

    >>> len(word_counts("立交桥下积水").ids)
    2
    """
    words = [zlib.crc32(word.encode()) for word in cut(text)]
    return counted([np.asarray(words, dtype=np.uint32)] if words else [])


def counted(hashes: Sequence[NDArray[np.uint32]]) -> Grams:
    """Hashes as counts by bucket."""
    if not hashes:
        return Grams(np.empty(0, np.uint32), np.empty(0, np.float32))
    ids, counts = np.unique(np.concatenate(hashes) % np.uint32(BUCKETS), return_counts=True)
    return Grams(ids.astype(np.uint32), counts.astype(np.float32))
