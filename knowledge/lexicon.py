"""Concepts: words of either language that mean one thing (积水 = standing water), from lexicon.csv and the taxonomy.

It knows words, not sentences; how near two concepts are is learned in knowledge.meaning.
"""

import csv
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from knowledge.errors import BadInput
from knowledge.grams import stem
from knowledge.taxonomy import Taxonomy
from knowledge.text import fold
from knowledge.wordfinder import WordFinder

__all__ = ["Concept", "Lexicon", "concept_key", "concepts_of", "read_lexicon"]

BUNDLED = Path(__file__).parent / "data"
_LATIN = re.compile(r"[a-z0-9]+")
_ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True)
class Concept:
    """One meaning with its words in both languages."""

    zh: tuple[str, ...]
    en: tuple[str, ...]


def concept_key(concept: Concept) -> str:
    """What a concept is known by elsewhere: the English words, or the Chinese ones where there are none."""
    return ", ".join(concept.en or concept.zh)


def _stems(text: str) -> str:
    return " ".join(stem(word) for word in _LATIN.findall(text) if word not in _ARTICLES)


@dataclass(frozen=True)
class Lexicon:
    """All concepts; a concept's number is its place."""

    concepts: tuple[Concept, ...]

    @cached_property
    def _zh(self) -> dict[str, int]:
        return _first(((word, number) for number, c in enumerate(self.concepts) for word in c.zh), fold)

    @cached_property
    def _en(self) -> dict[str, int]:
        return _first(((word, number) for number, c in enumerate(self.concepts) for word in c.en), _folded_stems)

    @cached_property
    def _finders(self) -> tuple[WordFinder, WordFinder]:
        return WordFinder(self._zh, whole=False), WordFinder(self._en, whole=True)

    def find(self, text: str) -> list[int]:
        """The numbers of the concepts that a text names, as often as it names them, Chinese words first. Where words
        overlap, the leftmost and longest alone counts: 桥下积水 names a flooded underpass, and not standing water too.

        >>> from knowledge.taxonomy import read_taxonomy
        >>> lexicon = read_lexicon(read_taxonomy())
        >>> set(lexicon.find("路口积水")) & set(lexicon.find("standing water at a junction")) != set()
        True
        """
        folded = fold(text)
        zh, en = self._finders
        found = [self._zh[word] for _, word in zh.find(folded)]
        latin = _stems(folded)
        return found + [self._en[word] for _, word in en.find(latin)] if latin else found

    @cached_property
    def fingerprint(self) -> str:
        """Tells one set of concepts from another."""
        words = "\n".join("|".join((*c.zh, "", *c.en)) for c in self.concepts).encode()
        return f"{zlib.crc32(words):08x}"


def _folded_stems(word: str) -> str:
    return _stems(fold(word))


def _first(pairs: Iterable[tuple[str, int]], shape: Callable[[str], str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word, number in pairs:
        key = shape(word)
        if key:
            found.setdefault(key, number)
    return found


def _rows(path: Path) -> list[Concept]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        if not {"zh", "en"} <= set(reader.fieldnames or ()):
            raise BadInput(f"{path} needs the columns zh and en; name them in its first row")
        return [Concept(_split(row["zh"] or ""), _split(row["en"] or "")) for row in reader]


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def concepts_of(taxonomy: Taxonomy, folder: Path | None = None) -> tuple[Concept, ...]:
    """The concepts of lexicon.csv (columns zh, en; the one in `folder` replaces the bundled one), then one for each
    leaf category of the taxonomy."""
    own = folder / "lexicon.csv" if folder else None
    concepts = _rows(own if own and own.is_file() else BUNDLED / "lexicon.csv")
    for category in taxonomy.categories:
        if category.is_leaf:
            zh = (category.zh, *category.everyday_zh, *category.official_zh)
            concepts.append(Concept(zh, (category.en, *category.words_en)))
    return tuple(concepts)


def read_lexicon(taxonomy: Taxonomy, folder: Path | None = None) -> Lexicon:
    """All concepts, see concepts_of."""
    return Lexicon(concepts_of(taxonomy, folder))
