"""Every text a person sees, in Chinese and English, from `static/texts/zh.toml` and `en.toml`.

Reading checks that both files have the same keys and the same placeholders, so that a text missing in one language is
found when the program starts and not by a person. It knows no HTML: whoever shows a text escapes it.
"""

import string
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from knowledge.errors import Fault

__all__ = [
    "LANGUAGES",
    "LANGUAGE_COOKIE",
    "Language",
    "Texts",
    "chosen_language",
    "preferred_language",
    "read_texts",
    "texts_in",
]

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
LANGUAGE_COOKIE = "precedent-language"  # what was chosen on one page holds on all
BUNDLED = Path(__file__).parent / "static" / "texts"


@dataclass(frozen=True)
class Texts:
    """The texts of one language by key ("section.name")."""

    language: Language
    entries: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The text with its placeholders filled; KeyError for a key or placeholder that does not exist.

        >>> texts_in("zh")("actions.median", days="2 天")
        '，中位 2 天'
        """
        return self.entries[key].format(**values)

    def count(self, key: str, n: int, **values: object) -> str:
        """The text for a number of things: `key_one` for exactly one, else `key`.

        >>> texts_in("en").count("age.days", 1)
        '1 day ago'
        """
        return self(f"{key}_one" if n == 1 else key, **{"n": n, **values})


def _flat(path: Path) -> dict[str, str]:
    with path.open("rb") as stream:
        sections = tomllib.load(stream)
    return {f"{section}.{key}": text for section, entries in sections.items() for key, text in entries.items()}


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def read_texts(folder: Path = BUNDLED) -> dict[Language, Texts]:
    """Reads both files; Fault names the first key that is missing, or whose placeholders differ, and the file."""
    entries = {language: _flat(folder / f"{language}.toml") for language in LANGUAGES}
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        missing = sorted(entries[other].keys() - entries[language].keys())
        if missing:
            raise Fault(f"{folder / language}.toml lacks the text {missing[0]!r}; add it as in {other}.toml")
    for key, text in entries["zh"].items():
        # The singular may leave out what its plural shows: "once" needs no number.
        plural = entries["zh"].get(key.removesuffix("_one"), text)
        here, there = _placeholders(text), _placeholders(entries["en"][key])
        odd = sorted((here | there) - _placeholders(plural) if key.endswith("_one") else here ^ there)
        if odd:
            raise Fault(f"the text {key!r} has {{{odd[0]}}} in one language only; use the same placeholders in both")
    return {language: Texts(language, entries[language]) for language in LANGUAGES}


@cache
def _bundled() -> dict[Language, Texts]:
    return read_texts()


def texts_in(language: str) -> Texts:
    """The bundled texts of a language; any language but zh gets en."""
    return _bundled()["zh" if language == "zh" else "en"]


def preferred_language(accept_language: str | None) -> Language:
    """The page language for an Accept-Language header: the first of zh and en by its weight, zh where neither is named.

    >>> preferred_language("en-GB,en;q=0.8,zh;q=0.5"), preferred_language("fr, zh-TW;q=0.4"), preferred_language(None)
    ('en', 'zh', 'zh')
    """
    weighted: list[tuple[float, str]] = []
    for part in (accept_language or "").split(","):
        tag, _, weight = part.strip().lower().partition(";q=")
        try:
            weighted.append((float(weight or 1), tag.split("-")[0]))
        except ValueError:
            continue
    best = {language: max((w for w, tag in weighted if tag == language), default=0.0) for language in LANGUAGES}
    return "en" if best["en"] > best["zh"] else "zh"


def chosen_language(chosen: str | None) -> Language | None:
    """A language that a person named; None for anything else."""
    return next((language for language in LANGUAGES if language == chosen), None)
