"""Words that tell something in a call: who speaks, what is asked, what is promised, how somebody sounds.

Read from callwords.csv, whose words are regular expressions in both languages. A sign counts once in a sentence; what
it means for the city, its readers decide.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

__all__ = ["CallWords", "Telling", "read_callwords"]

BUNDLED = Path(__file__).parent / "data" / "callwords.csv"


@dataclass(frozen=True)
class Telling:
    """Words found: the row's key and weight, and the words as the text writes them."""

    key: str
    weight: float
    words: str
    start: int


@dataclass(frozen=True)
class CallWords:
    """Rows by what they tell (agent, caller, request, reply, decline, promise, commits, mood, past, hypothetical,
    crowd, life, vulnerable, greeting, home_before, home_after): key, weight, pattern."""

    rows: dict[str, tuple[tuple[str, float, re.Pattern[str]], ...]]

    def find(self, what: str, text: str) -> Iterator[Telling]:
        """The first words of each row that stand in the text, in the order of the table.

        >>> [t.words for t in read_callwords().find("mood", "快点来，都打过三次电话了，没人管")]
        ['快点', '没人管', '打过三次']
        """
        for key, weight, pattern in self.rows[what]:
            if match := pattern.search(text):
                yield Telling(key, weight, match.group(), match.start())

    def has(self, what: str, text: str) -> bool:
        """Whether any of these words stands in the text."""
        return any(pattern.search(text) for _, _, pattern in self.rows[what])

    def weight(self, what: str, text: str) -> float:
        """The sum of the weights of the rows that stand in the text."""
        return sum(telling.weight for telling in self.find(what, text))


@lru_cache(maxsize=4)
def read_callwords(path: Path = BUNDLED) -> CallWords:
    """Reads a callwords.csv (what, key, weight, words); the bundled one by default."""
    rows: dict[str, list[tuple[str, float, re.Pattern[str]]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            pattern = re.compile(row["words"], re.IGNORECASE)
            rows.setdefault(row["what"], []).append((row["key"], float(row["weight"]), pattern))
    return CallWords({what: tuple(found) for what, found in rows.items()})
