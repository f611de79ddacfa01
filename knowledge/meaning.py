"""What a text means: one vector that depends little on the words chosen, and the kinds of matter that it is like.

A static embedding: each term, character, part of an English word and concept of the lexicon has a vector, and a text is
their weighted sum, scaled to length 1. The vectors were trained by eval.meaning so that sentences about one kind of
matter (see knowledge.matters), in either language, lie together. It needs no model at run time: meaning.npz holds the
table (8 bits a number), and a centre for each kind of matter.
"""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.embedder import unit
from knowledge.grams import BUCKETS, STOP_EN, Grams, character_counts, counted, cut, runs_of, term_counts
from knowledge.lexicon import Lexicon, concept_key
from knowledge.sound import sound_counts

__all__ = ["Kind", "Meaning", "features", "read_meaning"]

BUNDLED = Path(__file__).parent / "data" / "meaning.npz"
Vectors = NDArray[np.float32]
REMEMBERED = 4_096  # texts whose vectors are remembered
LEAF_SHARPNESS = 12.0  # flatter than for kinds: several kinds speak for one leaf
TELLING = 0.1  # cosine from which on a word points to a category
PART = 4  # characters of a part of an English word
_LATIN = re.compile(r"[a-z]")
_LATIN_WORDS = re.compile(r"[A-Za-z]{2,}")
_HAN = re.compile(r"[\u3400-\u9fff]+")


def _parts(text: str) -> list[int]:
    """Hashes of four neighbouring letters of each English stem, its ends marked: a misspelt word keeps most of them."""
    found = []
    for run in runs_of(text):
        if len(run) >= PART and _LATIN.match(run):
            marked = f"<{run}>"
            found += [zlib.crc32(marked[i : i + PART].encode()) for i in range(len(marked) - PART + 1)]
    return found


def features(text: str, lexicon: Lexicon) -> Grams:
    """A text's features as ids (ascending, unique) with counts: terms from 0, characters from BUCKETS, concepts from
    twice BUCKETS, parts of English words from three times, pairs of syllables from four times BUCKETS on."""
    concepts = [zlib.crc32(concept_key(lexicon.concepts[number]).encode()) for number in lexicon.find(text)]
    hashed = [[np.asarray(hashes, np.uint32)] if hashes else [] for hashes in (concepts, _parts(text))]
    found = [term_counts(text), character_counts(text), *(counted(hashes) for hashes in hashed), sound_counts(text)]
    ids = [grams.ids.astype(np.uint32) + np.uint32(place * BUCKETS) for place, grams in enumerate(found)]
    return Grams(np.concatenate(ids), np.concatenate([grams.counts for grams in found]))


@dataclass(frozen=True)
class Kind:
    """A kind of matter: its names, and its leaf category ("other" for none of them, "chat" for no city matter)."""

    id: str
    leaf: str
    zh: str
    en: str


@dataclass(frozen=True)
class Meaning:
    """The trained table. `ids` are the known features, ascending, shape (n,); `table` (n, d) their vectors as 8-bit
    integers with one scale each, `scales` (n,); `centres` (m, d) are those of `kinds`, rows of length 1. `sharpness`
    turns cosines with the centres into shares."""

    lexicon: Lexicon
    ids: NDArray[np.uint32]
    table: NDArray[np.int8]
    scales: NDArray[np.float16]
    kinds: tuple[Kind, ...]
    centres: Vectors
    sharpness: float = 20.0

    @cached_property
    def name(self) -> str:
        """Names the table: vectors of different names are never compared."""
        table = zlib.crc32(self.centres.tobytes(), zlib.crc32(self.scales.tobytes(), zlib.crc32(self.table.tobytes())))
        return f"meaning-1/{self.dimension}/{table:08x}/{self.lexicon.fingerprint}"

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self.table.shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimension); a text without a known feature gives a zero vector."""
        found = [self._one(text) for text in texts]
        return np.stack(found) if found else np.zeros((0, self.dimension), np.float32)

    @cached_property
    def _one(self) -> Callable[[str], Vectors]:
        return lru_cache(maxsize=REMEMBERED)(self._embed)

    def _embed(self, text: str) -> Vectors:
        grams = features(text, self.lexicon)
        if not len(self.ids):
            return np.zeros(self.dimension, np.float32)
        places = np.minimum(np.searchsorted(self.ids, grams.ids), len(self.ids) - 1)
        known = self.ids[places] == grams.ids
        places = places[known]
        weights = (1.0 + np.log(grams.counts[known])) * self.scales[places].astype(np.float32)
        return unit(weights @ self.table[places].astype(np.float32))

    def shares(self, vectors: Vectors, sharpness: float | None = None) -> Vectors:
        """How much each vector (n, d) is like each kind of matter: shape (n, len(kinds)), rows sum to 1; a zero vector
        is like all of them equally."""
        scores = (sharpness or self.sharpness) * (vectors @ self.centres.T)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float32)

    @cached_property
    def _leaves(self) -> tuple[tuple[str, ...], NDArray[np.intp]]:
        names, places = np.unique(np.asarray([kind.leaf for kind in self.kinds]), return_inverse=True)
        return tuple(str(name) for name in names), places

    def leaf_shares(self, text: str) -> dict[str, float]:
        """How much a text is like the kinds of each leaf category, "other" and "chat" too; the shares sum to 1. Nothing
        for a text without a known feature."""
        vector = self.embed([text])
        if not vector.any():
            return {}
        names, places = self._leaves
        summed = np.bincount(places, weights=self.shares(vector, LEAF_SHARPNESS)[0], minlength=len(names))
        return dict(zip(names, summed.tolist(), strict=True))

    def telling(self, text: str, leaf: str, limit: int = 3) -> tuple[str, ...]:
        """The words of a text that point to a leaf category, as the text writes them, the most telling first."""
        written: dict[str, str] = {}
        for word in _written(text):
            written.setdefault(word.casefold(), word)
        words = [word for folded, word in written.items() if folded not in STOP_EN]
        centre = unit(self.centres[[kind.leaf == leaf for kind in self.kinds]].sum(axis=0))
        if not words or not centre.any():
            return ()
        scores = self.embed(words) @ (centre - unit(self.centres.sum(axis=0)))
        best = [words[place] for place in np.argsort(-scores, kind="stable")[:limit] if scores[place] > TELLING]
        return tuple(best)


def _written(text: str) -> list[str]:
    """The words of a text as it writes them: Han words (a lone character where there is nothing else), Latin words."""
    han = [word for run in _HAN.findall(text) for word in (cut(run) or [run])]
    return [word for word in han if word in text] + _LATIN_WORDS.findall(text)


@lru_cache(maxsize=4)
def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    with np.load(path) as kept:
        return {name: kept[name] for name in kept.files}


def read_meaning(lexicon: Lexicon, path: Path = BUNDLED) -> Meaning:
    """The trained table with the lexicon whose concepts it reads."""
    kept = _arrays(path)
    rows = zip(*(kept[name].tolist() for name in ("kind_ids", "kind_leaves", "kind_zh", "kind_en")), strict=True)
    centres = kept["centres"].astype(np.float32)
    return Meaning(
        lexicon=lexicon,
        ids=kept["ids"].astype(np.uint32),
        table=kept["table"].astype(np.int8),
        scales=kept["scales"].astype(np.float16),
        kinds=tuple(Kind(*row) for row in rows),
        centres=centres,
    )
