"""Reading a filter from a sentence: district, time, department, kind, category (只看近两年望江区的政策)."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assistant.moment import CITY_ZONE
from assistant.quantity import chinese_number
from knowledge.filter import Wanted
from knowledge.places import Gazetteer
from knowledge.taxonomy import Taxonomy
from knowledge.text import fold
from prompts import Phrases

__all__ = ["Narrower"]

# Only the shape of a request counts: "只要下雨就积水" and "Just now a wall fell" are situations.
_ASKED = re.compile(
    r"^(?:请|那就?|再)?(?:只看|仅看|只显示|只找|只查|限于|缩小到|筛选|只要[^，。]{1,15}(?:的|案例|先例|事件|政策|决策)[。.]?$)|"
    r"^(?:请|那就?|再)?(?:换成|改成)[^，。]{1,12}$|"
    r"^(?:please )?(?:show|list|give)(?: me)? (?:only|just)\b|^(?:please )?only\b(?! (?:an?|one|two|three|\d))|"
    r"^(?:please )?just (?:the |those )?(?:cases|policies|incidents|decisions|last|since|in)\b|"
    r"^(?:please )?(?:narrow|filter|limit|restrict)(?: it| them| this| cases)?(?: down)? (?:to|by|for)\b",
    re.I,
)
_WIDER = re.compile(
    r"^(?:请)?(?:取消|去掉|清除|删除).{0,4}(?:筛选|条件|限制|过滤)|^(?:请)?(?:不限(?:制)?|放宽)(?:区域|地区|时间|部门|种类|条件|范围|筛选|限制)?[。.]?$|"
    r"^(?:请)?(?:看|显示)?全部(?:案例)?[。.]?$|"
    r"^(?:please )?(?:remove|clear|drop) (?:the |all )?(?:the )?filters?\b|^(?:with )?no filters?\W*$|"
    r"^(?:show |list |search |in )*all districts\W*$",
    re.I,
)
_RECENT = re.compile(
    r"(?:近|最近|过去)\s*(\d+|[一二两三四五六七八九十半])\s*(?:个)?(年|月|周|天)|(?:last|past)\s+(?:(\d+|two|three|four|five|six)\s+)?(year|month|week|day)s?",
    re.I,
)
_YEAR = re.compile(r"(20\d\d)\s*年?(以来|以后|之后|起|以前|之前)?|\b(since|before|after|in)\s+(20\d\d)\b", re.I)
_RELATIVE_YEAR = {"今年": 0, "去年": 1, "前年": 2, "this year": 0, "last year": 1}
_DAYS = {"年": 365.25, "月": 30.5, "周": 7, "天": 1, "year": 365.25, "month": 30.5, "week": 7, "day": 1}
_KINDS = {"政策": "policy", "制度": "policy", "办法": "policy", "规定": "policy", "决策": "decision",
          "会议": "decision",
          "事件": "incident", "policies": "policy", "policy": "policy", "decisions": "decision", "decision": "decision",
          "incidents": "incident", "incident": "incident"}  # fmt: skip
_EN_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


@dataclass(frozen=True)
class Narrower:
    """Reads filters with the city's gazetteer and taxonomy; each part of a new sentence replaces the same part of the
    filter before it and leaves the others."""

    taxonomy: Taxonomy
    gazetteer: Gazetteer
    phrases: Phrases

    def is_request(self, said: str) -> bool:
        """Whether a sentence asks to narrow or widen the list; long sentences never do."""
        return len(said) <= 60 and bool(_ASKED.search(said) or _WIDER.search(said))

    def is_widening(self, said: str) -> bool:
        """Whether it asks to drop all filters."""
        return bool(_WIDER.search(said))

    def __call__(self, said: str, before: Wanted, now: datetime) -> Wanted:
        """The filter after the sentence; the same as before where nothing was read."""
        wanted = before
        districts = [f.place.district for f in self.gazetteer.find(said) if f.place]
        unknown = self.gazetteer.find_unknown_district(_ASKED.sub("", said)) if not districts else None
        if districts or unknown:
            wanted = replace(wanted, districts=tuple(dict.fromkeys(districts)) or (unknown or "",))
        since, until = self._span(said, now)
        if since or until:
            wanted = replace(wanted, since=since, until=until)
        folded = fold(said)
        kinds = tuple(dict.fromkeys(kind for word, kind in _KINDS.items() if word in folded))
        if kinds:
            wanted = replace(wanted, kinds=kinds)
        departments = [
            d.id for d in self.taxonomy.departments if any(fold(w) in folded for w in d.words() if len(w) > 2)
        ]
        if departments:
            wanted = replace(wanted, departments=tuple(departments))
        categories = [
            c.id
            for c in self.taxonomy.categories
            if fold(c.zh) in folded or re.search(rf"\b{re.escape(fold(c.en))}\b", folded)
        ]
        if categories and not departments:
            wanted = replace(wanted, categories=tuple(categories))
        return wanted

    def _span(self, said: str, now: datetime) -> tuple[datetime | None, datetime | None]:
        local = now.astimezone(CITY_ZONE)
        folded = fold(said)
        if match := _RECENT.search(said):
            words = match.group(1) or match.group(3)
            unit = match.group(2) or match.group(4).lower()
            number = 1.0 if words is None else float(_EN_NUMBERS.get(words.lower(), 0)) or chinese_number(words)
            if words is None and unit == "year" and "last year" in folded:
                return _year(local.year - 1)
            return local - timedelta(days=number * _DAYS[unit]), None
        for words, back in _RELATIVE_YEAR.items():
            if words in folded:
                return _year(local.year - back)
        if match := _YEAR.search(said):
            year = int(match.group(1) or match.group(4))
            relation = (match.group(2) or match.group(3) or "").lower()
            start, end = _year(year)
            if relation in ("以前", "之前", "before"):
                return None, start
            return start, None if relation in ("以来", "以后", "之后", "起", "since", "after") else end
        return None, None

    def words(self, wanted: Wanted, language: str) -> tuple[str, ...]:
        """The filter in words, part by part; empty where nothing is restricted."""
        say = self.phrases.speaker(language)
        found = [say("filter_district", district=self.gazetteer.district_name(d, language)) for d in wanted.districts]
        if wanted.since:
            found.append(say("filter_since", date=f"{wanted.since.astimezone(CITY_ZONE):%Y-%m-%d}"))
        if wanted.until:
            found.append(say("filter_until", date=f"{wanted.until.astimezone(CITY_ZONE):%Y-%m-%d}"))
        found += [
            say("filter_department", department=self.taxonomy.department_name(d, language)) for d in wanted.departments
        ]
        found += [say("filter_category", category=self.taxonomy.category_name(c, language)) for c in wanted.categories]
        found += [say("filter_kind", kind=say(f"kind_{k}")) for k in wanted.kinds]
        return tuple(found)


def _year(year: int) -> tuple[datetime, datetime]:
    start = datetime(year, 1, 1, tzinfo=CITY_ZONE)
    return start, datetime(year + 1, 1, 1, tzinfo=CITY_ZONE) - timedelta(seconds=1)
