"""Names and words that are likely to be heard, as a prompt for the transcriber: the city's departments and districts,
and what people had to correct. What the transcriber makes of it is not known here."""

from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher

from knowledge.call_log import Correction

__all__ = ["corrected_words", "hot_words"]

_LONGEST = 160  # characters: a transcriber reads about 200 tokens and forgets the beginning of more
_WORD = range(2, 13)  # characters of a word that is worth naming
_CORRECTED = 20  # words


def corrected_words(corrections: Iterable[Correction]) -> tuple[str, ...]:
    """The words that people wrote in place of others, those written most often last."""
    import rjieba

    counts: Counter[str] = Counter()
    for correction in corrections:
        place = 0
        changed = _changed(correction.before, correction.after)
        for word in rjieba.cut(correction.after):
            end = place + len(word)
            if len(word) in _WORD and not word.isdigit() and any(place <= at < end for at in changed):
                counts[word] += 1
            place = end
    return tuple(word for word, _ in reversed(counts.most_common(_CORRECTED)))


def _changed(before: str, after: str) -> set[int]:
    """Places of the characters in `after` that are not as they were."""
    found: set[int] = set()
    for kind, _, _, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            found |= set(range(start, end))
    return found


def hot_words(names: Iterable[str], corrections: Iterable[Correction] = ()) -> str:
    """The prompt: names in their order, then corrected words, which come last because the end counts most. As many
    names as there is room for.

    >>> hot_words(["水务局", "望江区"])
    '水务局、望江区。'
    """
    words = list(dict.fromkeys(corrected_words(corrections)))
    room = _LONGEST - sum(len(word) + 1 for word in words)
    kept: list[str] = []
    for name in dict.fromkeys(names):
        if name not in words and len(name) < room:
            kept.append(name)
            room -= len(name) + 1
    return "、".join([*kept, *words]) + "。" if kept or words else ""
