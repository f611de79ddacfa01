"""Texts that somebody said: the references of the demo calls, and those of the recordings that may lie beside the
project; compared by characters in Chinese and by words in English, after numbers, script and marks are made the same.
"""

import csv
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge import demo
from knowledge.spoken import written
from knowledge.spokennumber import number_value
from knowledge.text import language_of, simplify

__all__ = ["Errors", "Spoken", "clips", "demo_sentences", "errors", "plain"]

_CALLS = Path(demo.__file__).parent / "calls"
_UNIT = re.compile(r"[\u3400-\u9fff]|[^\W_]+(?:'[a-z]+)?")
_NUMERAL = re.compile(r"[零〇幺一二两三四五六七八九十百千万亿]+")


@dataclass(frozen=True)
class Spoken:
    """A recording with the text that is said in it."""

    path: Path
    language: str
    text: str


@dataclass(frozen=True)
class Errors:
    """Wrong units (substituted, missing, too many) among those of the reference: characters or words."""

    wrong: int
    units: int

    @property
    def rate(self) -> float:
        """Their share; can exceed 1."""
        return self.wrong / max(self.units, 1)

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(self.wrong + other.wrong, self.units + other.units)


@cache
def demo_sentences(language: str) -> tuple[str, ...]:
    """What is said in the demo calls in a language, in order."""
    lines = (_CALLS / "reference.jsonl").read_text(encoding="utf-8").splitlines()
    said = [segment["text"] for line in lines for segment in json.loads(line)["segments"]]
    return tuple(text for text in said if language_of(text) == language)


def clips(table: Path) -> tuple[Spoken, ...]:
    """The recordings of a table (tab-separated: file, lang, text) whose files are there."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return tuple(
        Spoken(table.parent / row["file"], row["lang"], row["text"])
        for row in rows
        if (table.parent / row["file"]).is_file()
    )


def plain(text: str, language: str) -> tuple[str, ...]:
    """The units that are compared: Simplified characters (numbers as digits, one by one) or lower-case words.

    >>> plain("積水三十厘米，打12345！", "zh") == plain("积水30厘米 打一二三四五", "zh")
    True
    >>> plain("It's Over, now.", "en")
    ("it's", 'over', 'now')
    """
    text = unicodedata.normalize("NFKC", simplify(text)).casefold()
    if language != "zh":
        return tuple(_UNIT.findall(text))
    text = _NUMERAL.sub(lambda match: str(number_value(match.group().lstrip("亿万") or "零")), written(text, "zh"))
    return tuple(character for unit in _UNIT.findall(text) for character in unit)


def errors(reference: str, heard: str, language: str) -> Errors:
    """Edit distance over units.

    >>> errors("水管漏了", "水管坏了啊", "zh")
    Errors(wrong=2, units=4)
    """
    said, other = plain(reference, language), plain(heard, language)
    return Errors(_distance(said, other), len(said))


def _distance(one: Sequence[str], other: Sequence[str]) -> int:
    row = list(range(len(other) + 1))
    for place, unit in enumerate(one, 1):
        before, row[0] = row[0], place
        for column, second in enumerate(other, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (unit != second))
    return row[-1]
