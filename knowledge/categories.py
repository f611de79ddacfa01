"""Which category a text speaks of: by what it means, by the taxonomy's words for categories that the meaning does not
know (a city's own), and by what was learned from the city's own texts, where it was. It counts no cases."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from knowledge.classifier import Classifier
from knowledge.meaning import Meaning
from knowledge.mixture import Mixture, mixture
from knowledge.taxonomy import Taxonomy
from knowledge.text import fold
from knowledge.wordfinder import WordFinder

__all__ = ["Categoriser", "CategoryReading"]

BRIEF = 16  # characters up to which a text may be the name of a category rather than a report
LEAST = 0.01  # smaller shares are left out
READ = 0.12  # share from which on a category counts as read


@dataclass(frozen=True)
class CategoryReading:
    """A category read from a text: id, confidence in 0..1, and the words it was read from."""

    category: str
    confidence: float
    words: tuple[str, ...]


@dataclass(frozen=True)
class Categoriser:
    """Reads categories. Of the taxonomy's names and synonyms a longer one says more; one that belongs to several
    categories says less for each. Without a `meaning` the words alone are read. What was `learned` counts for its
    `trust`, in so far as it knows the terms of the text."""

    taxonomy: Taxonomy
    meaning: Meaning | None = None
    learned: Classifier | None = None

    @cached_property
    def _words(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for category in self.taxonomy.categories:
            if category.is_leaf:
                for word in dict.fromkeys(fold(w) for w in category.words()):
                    found.setdefault(word, []).append(category.id)
        return {word: tuple(ids) for word, ids in found.items() if len(word) > 1}

    @cached_property
    def _finder(self) -> WordFinder:
        return WordFinder(self._words, whole=False)

    @cached_property
    def _order(self) -> dict[str, int]:
        return {category.id: number for number, category in enumerate(self.taxonomy.categories)}

    def number(self, category: str) -> int:
        """The place of a category in the taxonomy."""
        return self._order[category]

    def hits(self, text: str) -> dict[str, list[str]]:
        """The taxonomy's words that stand in the text, by category."""
        found: dict[str, list[str]] = {}
        for word in dict.fromkeys(word for _, word in self._finder.find(fold(text))):
            for category in self._words[word]:
                found.setdefault(category, []).append(word)
        return found

    def mixture(self, labels: Iterable[str]) -> Mixture:
        """How readings by meaning and words are mixed with shares of learned labels."""
        return mixture(labels, self.taxonomy, {kind.leaf for kind in self.meaning.kinds} if self.meaning else ())

    @cached_property
    def _mixed(self) -> Mixture:
        return self.mixture(self.learned.labels if self.learned else ())

    def scores(self, text: str) -> dict[str, float]:
        """The share (0..1) of each category that the text speaks of; the rest speaks of nothing known."""
        shares = self._read(text)
        if self.learned is None or not (known := self.learned.knows(text)):
            return shares
        found = self._mixed(shares, self.learned.shares(text), self.learned.trust * known)
        return {
            category: share for category, share in found.items() if share > LEAST or share >= shares.get(category, 1.0)
        }

    def _read(self, text: str) -> dict[str, float]:
        named = {
            category: sum(_weight(word) / len(self._words[word]) for word in words)
            for category, words in self.hits(text).items()
        }
        if self.meaning is None:
            total = sum(named.values()) + 1.0
            return {category: score / total for category, score in named.items()}
        meant = self.meaning.leaf_shares(text)
        brief = len(fold(text)) <= BRIEF
        own = {category: score for category, score in named.items() if brief or category not in meant}
        total = sum(own.values()) + 1.0
        shares = {category: score / total for category, score in own.items()}
        for category, share in meant.items():
            if category in self._order and share > LEAST:
                shares[category] = shares.get(category, 0.0) + share / total
        return shares

    def read(self, text: str) -> CategoryReading | None:
        """The category that the text speaks of most, with its share as confidence; none where that is too small.

        >>> from knowledge.taxonomy import read_taxonomy
        >>> Categoriser(read_taxonomy()).read("小区里闻到臭鸡蛋味，怀疑煤气漏了").category
        'utility.gas_leak'
        """
        scores = self.scores(text)
        if not scores:
            return None
        best = max(scores, key=lambda category: (scores[category], category))
        if scores[best] < READ:
            return None
        words = tuple(self.hits(text).get(best, ())) or (self.meaning.telling(text, best) if self.meaning else ())
        return CategoryReading(best, round(scores[best], 3), words)


def _weight(word: str) -> float:
    """Han words: their length beyond one; others: their number of words, half again for each beyond the first."""
    return 0.5 + 0.5 * len(word.split()) if word.isascii() else max(0.5, 0.5 * len(word))
