"""Which column means what: headings of a table, or keys of JSON objects, as fields of a case; cells as their values.

Shipped are `case` (the names of the contract) and `petition` (a message and its official reply). It knows single cells,
not the case that they make together.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from knowledge.case import ActionResult, Case, CaseKind, CaseStatus, Outcome
from knowledge.errors import BadInput
from knowledge.text import clean, fold

__all__ = [
    "CITY_TIME",
    "FIELDS",
    "Mapping",
    "choose_mapping",
    "read_kind",
    "read_list",
    "read_mapping",
    "read_moment",
    "read_number",
    "read_result",
    "read_severity",
    "read_status",
    "read_text",
    "read_yes",
]

CITY_TIME = ZoneInfo("Asia/Shanghai")
BUNDLED = Path(__file__).parent / "data" / "mappings"
FIELDS = (*Case.model_fields, *(f"outcome.{name}" for name in Outcome.model_fields), "reply")

_IN_BRACKETS = re.compile(r"(?<=.)\([^()]*\)$")
_FILLER = re.compile(r"[\s_*:]+|-")
_WORDS = {
    "incident": ("事件", "突发事件", "个案"), "decision": ("决策", "决定"), "policy": ("政策", "制度"),
    "draft": ("草稿", "待审"), "approved": ("已审核", "已发布", "有效"), "retired": ("停用", "失效", "已废止"),
    "worked": ("有效", "成功", "已解决", "已完成", "奏效"), "failed": ("无效", "失败", "未解决"), "unknown": ("未知",),
}  # fmt: skip
_YES = frozenset({"是", "有", "对", "true", "yes", "y", "1", "t", "已解决", "已办结", "已复发"})
_NO = frozenset({"否", "无", "不", "没有", "false", "no", "n", "0", "f", "未解决", "未办结", "未复发"})
_SEVERITIES = (
    (1, re.compile(r"特别重大|特大|特重|红色?|\b(?:i|1|一)级|^(?:i|1|一)$")),
    (3, re.compile(r"较大|黄色?|(?:iii|3|三)级|^(?:iii|3|三)$")),
    (4, re.compile(r"一般|蓝色?|(?:iv|4|四)级|^(?:iv|4|四)$")),
    (2, re.compile(r"重大|橙色?|(?<!i)(?:ii|2|二)级|^(?:ii|2|二)$")),
)
_MOMENT = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?"
    r"(?:[T\s]*(上午|下午|晚上|凌晨|中午)?\s*(\d{1,2})\s*[:：时点]\s*(?:(\d{1,2})\s*[:：分]?\s*(?:(\d{1,2})(?:\.\d+)?\s*秒?)?)?)?"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def _key(heading: str) -> str:
    """A heading for comparison: without blanks, marks and a note in brackets at its end.

    >>> _key("发生时间（必填）*"), _key("External ID")
    ('发生时间', 'externalid')
    """
    return _IN_BRACKETS.sub("", _FILLER.sub("", fold(heading)))


@dataclass(frozen=True)
class Mapping:
    """For each field the headings that may hold it, the best first, and the headings that are left out on purpose."""

    name: str
    fields: dict[str, tuple[str, ...]]
    dropped: frozenset[str] = frozenset()

    def covers(self, headings: Iterable[str]) -> tuple[str, ...]:
        """The fields that these headings fill, in the order of the mapping."""
        keys = {_key(heading) for heading in headings}
        return tuple(field for field, known in self.fields.items() if keys.intersection(known))

    def knows(self, heading: str) -> bool:
        """Whether the heading fills a field or is left out on purpose."""
        key = _key(heading)
        return key in self.dropped or any(key in known for known in self.fields.values())

    def __call__(self, values: dict[str, object]) -> dict[str, object]:
        """The values by field; of several headings for one field the first that is filled. Other headings are left out.

        >>> read_mapping(BUNDLED / "petition.toml")({"留言编号": 7, "留言用户": "U1", "留言详情": "路灯不亮"})
        {'external_id': 7, 'situation': '路灯不亮'}
        """
        by_key: dict[str, object] = {}
        for heading, value in values.items():
            if value is not None:
                by_key.setdefault(_key(heading), value)
        found = {field: next((k for k in known if k in by_key), None) for field, known in self.fields.items()}
        return {field: by_key[key] for field, key in found.items() if key is not None}


def read_mapping(path: Path) -> Mapping:
    """A mapping from TOML or JSON: `heading = "field"` ("" leaves the column out) or, as in the shipped files, a table
    `fields` of field = [headings] and a list `drop`. BadInput if it cannot be read or names an unknown field.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}); check the name of the mapping file") from error
    except ValueError as error:
        raise BadInput(
            f'{path} is neither TOML nor JSON ({error}); write lines such as 留言详情 = "situation"'
        ) from error
    table = found.get("fields")
    pairs = _by_field(path, table, found.get("drop", [])) if isinstance(table, dict) else _by_heading(path, found)
    fields: dict[str, list[str]] = {}
    for heading, field in pairs:
        if field and field not in FIELDS:
            raise BadInput(f"{path}: there is no field {field!r}; the fields are {', '.join(FIELDS)}")
        fields.setdefault(field, []).append(_key(heading))
    dropped = frozenset(fields.pop("", ()))
    return Mapping(path.stem, {field: tuple(headings) for field, headings in fields.items()}, dropped)


def _by_heading(path: Path, found: dict[str, object]) -> list[tuple[str, str]]:
    for heading, field in found.items():
        if not isinstance(field, str):
            raise BadInput(f'{path}: {heading!r} must name one field in quotation marks, such as "situation"')
    return [(heading, str(field).strip()) for heading, field in found.items()]


def _by_field(path: Path, table: dict[str, object], drop: object) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for field, headings in [*table.items(), ("", drop)]:
        if not isinstance(headings, list) or not all(isinstance(heading, str) for heading in headings):
            raise BadInput(f"{path}: {field or 'drop'!r} must be a list of headings in quotation marks")
        pairs += [(heading, field) for heading in headings]
    return pairs


@lru_cache(maxsize=1)
def _shipped() -> tuple[Mapping, ...]:
    return tuple(read_mapping(path) for path in (BUNDLED / "case.toml", BUNDLED / "petition.toml"))


def choose_mapping(headings: Iterable[str]) -> Mapping:
    """The shipped mapping that knows most of the headings and finds `situation`; of equals the one first by name.
    BadInput if none does.
    """
    given = [heading for heading in headings if heading.strip()]
    fitting = [mapping for mapping in _shipped() if "situation" in mapping.covers(given)]
    if not fitting:
        example = f'{{"{given[0] if given else "内容"}": "situation"}}'
        raise BadInput(
            f"no column is known to hold the situation; the headings are {', '.join(given) or '(none)'}. Needed is"
            " situation (情况); title, category, place, occurred_at, actions, outcome help. Say which column is which"
            f" in a file, such as map.json with {example}, and add --mapping map.json"
        )
    return max(fitting, key=lambda mapping: sum(mapping.knows(heading) for heading in given))


def read_moment(value: object) -> datetime:
    """A time in UTC from a date, an Excel serial number or text; without a zone it is local time of the city.

    ValueError for anything else, for days that do not exist and for years outside 1900 to 2100.

    >>> read_moment("2018年6月21日 15时").isoformat()
    '2018-06-21T07:00:00+00:00'
    >>> read_moment(43272.5) == read_moment("2018/6/21 12:00:00")
    True
    """
    moment = _moment(value)
    if not 1900 <= moment.year <= 2100:
        raise ValueError("the year must lie between 1900 and 2100")
    return (moment if moment.tzinfo else moment.replace(tzinfo=CITY_TIME)).astimezone(UTC)


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    text = fold(str(value)).upper()
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text):  # days since the end of 1899, as spreadsheets count
        return datetime(1899, 12, 30) + timedelta(seconds=round(float(text) * 86_400))
    match = _MOMENT.fullmatch(text)
    if not match:
        return _iso(text)
    year, month, day, hour, minute, second = (int(match.group(i) or 0) for i in (1, 2, 3, 5, 6, 7))
    hour += 12 if match.group(4) in {"下午", "晚上"} and hour < 12 else 0
    return datetime(year, month, day, hour, minute, second)


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("write a day and time such as 2018-06-21 15:23 or 2018年6月21日15时") from error


def read_severity(value: object) -> int:
    """1 (特别重大) to 4 (一般) from a number, a word, a Roman numeral or a colour; ValueError for anything else.

    >>> [read_severity(v) for v in ("较大", "Ⅳ级", "红色预警", 2)]
    [3, 4, 1, 2]
    """
    text = fold(read_text(value))
    for severity, pattern in _SEVERITIES:
        if pattern.search(text):
            return severity
    raise ValueError("write 特别重大, 重大, 较大 or 一般, or 1 to 4")


def read_text(value: object) -> str:
    """A cell as clean text; whole numbers of spreadsheets without their decimal point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, dict | list):
        raise ValueError("must be a text, not a list or an object")
    return clean(str(value))


def read_yes(value: object) -> bool:
    """是 or 否 as True or False; ValueError for anything else."""
    text = fold(read_text(value))
    if text in _YES | _NO:
        return text in _YES
    raise ValueError("write 是 or 否, true or false")


def read_number(value: object) -> float | None:
    """The first number in a cell; None where it holds words only ("满意")."""
    match = _NUMBER.search(read_text(value))
    return float(match.group()) if match else None


def read_kind(value: object) -> CaseKind:
    """A kind of case ("决策" as decision); ValueError if there is no such one."""
    return CaseKind(_word(value, list(CaseKind)))


def read_status(value: object) -> CaseStatus:
    """A status of a case ("草稿" as draft); ValueError if there is no such one."""
    return CaseStatus(_word(value, list(CaseStatus)))


def read_result(value: object) -> ActionResult:
    """The result of an action ("成功" as worked); ValueError if there is no such one."""
    return ActionResult(_word(value, list(ActionResult)))


def _word(value: object, allowed: Sequence[str]) -> str:
    text = fold(read_text(value))
    found = next((word for word in allowed if text == word or text in _WORDS[word]), None)
    if found is None:
        raise ValueError(f"write one of {', '.join(allowed)}")
    return found


def read_list(value: object) -> list[object]:
    """A list as it is, JSON text as what it says, other text as its lines; ValueError for broken JSON."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, dict):
        return [value]
    text = clean(str(value))
    return read_list(json.loads(text)) if text.startswith(("[", "{")) else list(text.split("\n"))
