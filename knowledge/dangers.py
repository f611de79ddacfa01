"""Signs of danger to life: the words that show them in either language, and how severe they are at least.

Read from dangers.csv (words may be regular expressions). It does not weigh them against anything.
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Danger", "Sign", "find_dangers", "read_dangers"]

BUNDLED = Path(__file__).parent / "data" / "dangers.csv"
# Between the denial and the sign only these may stand: 未来路着火 and 没人管，漏气 deny nothing.
_BETWEEN = (
    r"(?:人员|人|[一二两三几\d]|个|名|位|者|有|居民|住户|学生|乘客|群众|工人|员工|老人|孩子|儿童|幼儿|车辆|车|发现|发生|出现|造成|"
    r"引发|引起|导致|产生|形成|接到|收到|闻到|看到|见|任何|什么|明显|再|被|是|其他|新的|大面积|大的|严重|生命|的)"
)
_DENIED = re.compile(
    rf"(?:没有|未|无|不会|没){_BETWEEN}{{0,6}}$|(?:\bno|\bnot|\bwithout|\bnobody|\bnone)\s+(?:\w+\s+){{0,2}}$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Danger:
    """One kind of danger; `level` is the severity (1–4) that it means at least, `first_actions` are the action types
    that it calls for before all others."""

    id: str
    level: int
    pattern: re.Pattern[str]
    reason_zh: str
    reason_en: str
    first_actions: tuple[str, ...] = ()

    def reason(self, language: str) -> str:
        """Why it matters, in zh or en."""
        return self.reason_zh if language == "zh" else self.reason_en


@dataclass(frozen=True)
class Sign:
    """A danger found in a text, with the words that show it."""

    danger: Danger
    words: str


def read_dangers(path: Path | None = None) -> tuple[Danger, ...]:
    """Reads a dangers.csv (id, level, words_zh, words_en, reason_zh, reason_en); the bundled one by default."""
    with (path or BUNDLED).open(encoding="utf-8-sig", newline="") as stream:
        return tuple(
            Danger(
                id=row["id"],
                level=int(row["level"]),
                pattern=re.compile(f"{row['words_zh']}|\\b(?:{row['words_en']})\\b", re.IGNORECASE),
                reason_zh=row["reason_zh"],
                reason_en=row["reason_en"],
                first_actions=tuple(a for a in (row.get("first_actions") or "").split("|") if a),
            )
            for row in csv.DictReader(stream)
        )


def find_dangers(text: str, dangers: tuple[Danger, ...]) -> tuple[Sign, ...]:
    """Each danger that the text shows and does not deny (无人受伤, "nobody injured"), in the order of `dangers`.

    >>> [s.danger.id for s in find_dangers("两辆车被困，无人受伤", read_dangers())]
    ['trapped']
    """
    found = []
    for danger in dangers:
        for match in danger.pattern.finditer(text):
            if not _DENIED.search(text[: match.start()]):
                found.append(Sign(danger, match.group()))
                break
    return tuple(found)
