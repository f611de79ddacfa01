"""Phrases: the assistant's sentences by key and language, from zh/answer.toml and en/answer.toml.

Both files must have the same keys, and the same placeholders under each key; otherwise loading fails with the key.
"""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Phrases", "Speaker", "placeholders", "read_phrases"]

LANGUAGES = ("zh", "en")
FOLDER = Path(__file__).parent


class Speaker(Protocol):
    """Gives the phrase of a key with its placeholders filled."""

    def __call__(self, key: str, **values: object) -> str:
        """Raises KeyError for an unknown key or a missing value."""
        ...


@dataclass(frozen=True)
class Phrases:
    """All phrases; `texts[language][key]`."""

    texts: Mapping[str, Mapping[str, str]]

    def speaker(self, language: str) -> Speaker:
        """The phrases of one language (en for any but zh)."""
        chosen = self.texts["zh" if language == "zh" else "en"]

        def say(key: str, **values: object) -> str:
            return chosen[key].format(**values)

        return say


def placeholders(text: str) -> frozenset[str]:
    """The names between braces.

    >>> sorted(placeholders("{tried} 次中 {worked} 次"))
    ['tried', 'worked']
    """
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def read_phrases(folder: Path = FOLDER, name: str = "answer.toml") -> Phrases:
    """Reads and checks the files of both languages. Raises ValueError naming the key that is missing or differs."""
    texts = {language: tomllib.loads((folder / language / name).read_text(encoding="utf-8")) for language in LANGUAGES}
    keys = {language: set(found) for language, found in texts.items()}
    if different := keys["zh"] ^ keys["en"]:
        raise ValueError(f"{name}: only one language has {', '.join(sorted(different))}; add it to the other")
    for key in sorted(keys["zh"]):
        if placeholders(texts["zh"][key]) != placeholders(texts["en"][key]):
            raise ValueError(f"{name}: the placeholders of {key} differ between zh and en")
    return Phrases(texts)
