"""Finding many known words in a text at once (Aho and Corasick, 1975): leftmost, and the longest of those."""

from collections.abc import Iterable

import ahocorasick_rs

__all__ = ["WordFinder"]


class WordFinder:
    """Finds words in folded text. Words of Latin letters must begin at a word's edge, and end at one too with `whole`;
    Chinese has no edges."""

    def __init__(self, words: Iterable[str], *, whole: bool) -> None:
        self._words = [word for word in dict.fromkeys(words) if word]
        self._whole = whole
        self._automaton = ahocorasick_rs.AhoCorasick(
            self._words, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest, store_patterns=False
        )

    def find(self, text: str) -> list[tuple[int, str]]:
        """(start, word) of each word found, in the order of the text, none overlapping.

        >>> WordFinder(["积水", "桥下积水", "gas"], whole=True).find("桥下积水 gas gasp")
        [(0, '桥下积水'), (5, 'gas')]
        """
        found = []
        for place, start, end in self._automaton.find_matches_as_indexes(text):
            word = self._words[place]
            if word[0].isascii() and start and _joins(text[start - 1]):
                continue
            if self._whole and word[-1].isascii() and end < len(text) and _joins(text[end]):
                continue
            found.append((start, word))
        return found


def _joins(character: str) -> bool:
    """Whether a character continues a Latin word."""
    return character.isascii() and (character.isalnum() or character == "_")
