"""Which category a text speaks of, by the taxonomy's words in either language. It learns nothing, counts no cases."""

from dataclasses import dataclass
from functools import cached_property

from knowledge.taxonomy import Taxonomy
from knowledge.text import fold
from knowledge.wordfinder import WordFinder

__all__ = ["Categoriser", "CategoryReading"]


@dataclass(frozen=True)
class CategoryReading:
    """A category read from a text: id, confidence in 0..1, and the words it was read from."""

    category: str
    confidence: float
    words: tuple[str, ...]


@dataclass(frozen=True)
class Categoriser:
    """Finds the taxonomy's names and synonyms in a text. A longer word says more; a word that belongs to several
    categories says less for each."""

    taxonomy: Taxonomy

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

    def scores(self, text: str) -> dict[str, float]:
        """A positive score for each category that the text names; more and longer words give more."""
        return {
            category: sum(_weight(word) / len(self._words[word]) for word in words)
            for category, words in self.hits(text).items()
        }

    def read(self, text: str) -> CategoryReading | None:
        """The category that the text names most; confidence is its share of all scores, less where little is said.

        >>> from knowledge.taxonomy import read_taxonomy
        >>> Categoriser(read_taxonomy()).read("小区里闻到臭鸡蛋味，怀疑煤气漏了").category
        'utility.gas_leak'
        """
        scores = self.scores(text)
        if not scores:
            return None
        best = max(scores, key=lambda category: (scores[category], category))
        confidence = scores[best] / (sum(scores.values()) + 1.0)
        return CategoryReading(best, round(confidence, 3), tuple(self.hits(text)[best]))


def _weight(word: str) -> float:
    """Han words: their length beyond one; others: their number of words, half again for each beyond the first."""
    return 0.5 + 0.5 * len(word.split()) if word.isascii() else max(0.5, 0.5 * len(word))
