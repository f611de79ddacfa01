"""The kinds of matter that a city meets, each said in nine ways (six Chinese, three English): what the meaning of words
is learned from (eval.meaning). Written for this project; nothing of it is a real report."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Matter", "read_matters"]

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Matter:
    """One kind of matter: its leaf category ("other": none fits; "chat": no city matter), names, and sayings."""

    id: str
    leaf: str
    zh: str
    en: str
    says: tuple[str, ...]


def read_matters(folder: Path = FOLDER) -> Iterator[Matter]:
    """All matters, file by file in the order of their names.

    >>> next(read_matters()).says != ()
    True
    """
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Matter(row["matter"], row["leaf"], row["zh"], row["en"], tuple(row["says"]))
