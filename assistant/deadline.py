"""Deadlines in what somebody promises: 三个工作日内, 明天中午之前, "within half an hour", "by Friday".

Local times are those of the city's zone. Working days are Monday to Friday: it knows no public holidays.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.moment import CITY_ZONE
from assistant.quantity import chinese_number

__all__ = ["Deadline", "find_deadline"]

_N = r"(?P<n>\d{1,3}|[一二两三四五六七八九十]+|半)"
_WITHIN = re.compile(
    rf"{_N}\s?(?:个)?(?P<unit>工作日|分钟|小时|钟头|天|日|周|星期|礼拜|月)(?:之?内|以内)|半(?:个)?(?:小时|钟头)(?:之?内|以内)?"
)
_WITHIN_EN = re.compile(
    r"\bwithin (?P<n>\d{1,3}|an?|one|two|three|four|five|six|seven|ten|fifteen|twenty|thirty|half an)\s?"
    r"(?P<unit>working day|day|hour|minute|week)s?\b",
    re.IGNORECASE,
)
_BY = re.compile(
    r"(?P<day>今天|今晚|明天|明早|后天|大后天|(?P<week>这个?|本|下个?)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天]))?"
    r"(?P<part>凌晨|天亮|早上|上午|中午|下午|傍晚|放学|下班|晚上)?(?:(?P<hour>\d{1,2}|[一二三四五六七八九十]{1,3})点(?P<half>半)?)?"
    r"(?:以前|之前|前(?!面|台|天)|(?=一定|答复|回复|给您|派人|有人|来|公布|联系|请))"
)
_DAY_ONLY = re.compile(r"(?P<day>今天|今晚|明天|后天|(?:这个?|本)(?:周|星期|礼拜)内?)")
_BY_EN = re.compile(
    r"\b(?:by |on |until )?(?P<day>today|tonight|tomorrow|this (?:morning|afternoon|evening)|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)
_WORDS_EN = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10,
             "fifteen": 15, "twenty": 20, "thirty": 30, "half an": 0.5}  # fmt: skip
_SPANS = {"分钟": "minutes", "小时": "hours", "钟头": "hours", "天": "days", "日": "days", "周": "weeks",
          "星期": "weeks", "礼拜": "weeks", "minute": "minutes", "hour": "hours", "day": "days",
          "week": "weeks"}  # fmt: skip
_HOURS = {"凌晨": 6, "天亮": 7, "早上": 9, "上午": 12, "中午": 12, "下午": 18, "傍晚": 19, "放学": 17, "下班": 18,
          "晚上": 22}  # fmt: skip
_HOURS_EN = {"this morning": 12, "this afternoon": 18, "this evening": 22, "tonight": 23}
_WEEKDAYS_EN = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVENING = 18  # when an office day ends


@dataclass(frozen=True)
class Deadline:
    """Until when (aware), and the words that say so."""

    due: datetime
    words: str


def find_deadline(text: str, now: datetime) -> Deadline | None:
    """The first deadline that a text names, relative to the aware time `now`; None if it names none.

    >>> now = datetime(2026, 11, 6, 15, 0, tzinfo=CITY_ZONE)  # a Friday
    >>> find_deadline("三个工作日内给您回复", now).due.isoformat()
    '2026-11-11T18:00:00+08:00'
    >>> find_deadline("明天中午之前给您回电话", now).due.isoformat()
    '2026-11-07T12:00:00+08:00'
    >>> find_deadline("they will come within half an hour", now).due.isoformat()
    '2026-11-06T15:30:00+08:00'
    """
    local = now.astimezone(CITY_ZONE).replace(microsecond=0)
    try:
        return _within(text, local) or _by(text, local) or _by_english(text, local)
    except (ValueError, OverflowError):  # 三十点
        return None


def _within(text: str, now: datetime) -> Deadline | None:
    match = _WITHIN.search(text) or _WITHIN_EN.search(text)
    if not match:
        return None
    given, unit = match.group("n"), (match.group("unit") or "小时").casefold()
    if given is None or given == "半":
        number = 0.5
    elif given.casefold() in _WORDS_EN:
        number = float(_WORDS_EN[given.casefold()])
    else:
        number = chinese_number(given)
    if unit in ("工作日", "working day"):
        due = _evening(_workdays(now, round(number)))
    elif unit == "月":
        due = now + timedelta(days=30 * number)
    else:
        due = now + timedelta(**{_SPANS[unit]: number})
    return Deadline(due, match.group())


def _workdays(now: datetime, count: int) -> datetime:
    while count > 0:
        now += timedelta(days=1)
        count -= now.weekday() < 5
    return now


def _evening(day: datetime) -> datetime:
    return day.replace(hour=_EVENING, minute=0, second=0)


def _by(text: str, now: datetime) -> Deadline | None:
    for match in _BY.finditer(text):
        day, part, hour = match.group("day"), match.group("part"), match.group("hour")
        if not (day or part or hour):
            continue
        base = now + timedelta(days=_days_ahead(match, now))
        clock = _HOURS.get(part or ("晚上" if day == "今晚" else ""), _EVENING)
        minute = 0
        if hour:
            clock = int(chinese_number(hour))
            clock += 12 if clock < 12 and _HOURS.get(part or "", 0) >= 17 else 0
            minute = 30 if match.group("half") else 0
        due = base.replace(hour=min(clock, 23) if clock < 24 else 23, minute=minute, second=0)
        if not day and due < now:
            due += timedelta(days=1)
        return Deadline(due, match.group())
    if only := _DAY_ONLY.search(text):
        words = only.group("day")
        ahead = {"今天": 0, "今晚": 0, "明天": 1, "后天": 2}.get(words, max(4 - now.weekday(), 0))
        return Deadline(_evening(now + timedelta(days=ahead)), words)
    return None


def _days_ahead(match: re.Match[str], now: datetime) -> int:
    if match.group("weekday"):
        weekday = "一二三四五六日".find(match.group("weekday").replace("天", "日"))
        ahead = weekday - now.weekday()
        next_week = (match.group("week") or "").startswith("下")
        return ahead + 7 if next_week else ahead % 7
    return {"明天": 1, "明早": 1, "后天": 2, "大后天": 3}.get(match.group("day") or "", 0)


def _by_english(text: str, now: datetime) -> Deadline | None:
    match = _BY_EN.search(text)
    if not match:
        return None
    day = match.group("day").casefold()
    if day in _WEEKDAYS_EN:
        ahead = (_WEEKDAYS_EN.index(day) - now.weekday() - 1) % 7 + 1
    else:
        ahead = 1 if day == "tomorrow" else 0
    due = _evening(now + timedelta(days=ahead))
    return Deadline(due.replace(hour=_HOURS_EN.get(day, _EVENING)), match.group())
