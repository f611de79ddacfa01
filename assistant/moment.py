"""Times in a text, relative to a given now: 昨晚十点, 上周五, 两小时前, 7月12日18时; "last night", "two hours ago".

Local times are those of the city's zone. It reads one moment, the first, and says from which words.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from assistant.quantity import chinese_number

__all__ = ["CITY_ZONE", "FoundTime", "find_time"]

CITY_ZONE = ZoneInfo("Asia/Shanghai")
_N = r"(\d{1,4}|[一二两三四五六七八九十半几]+)"
_PARTS = {"凌晨": 3, "清晨": 6, "早上": 8, "早晨": 8, "今早": 8, "上午": 10, "中午": 12, "下午": 15, "傍晚": 18,
          "晚上": 20, "今晚": 20, "昨晚": 20, "晚": 20, "夜里": 23, "半夜": 23, "深夜": 23, "晚间": 20}  # fmt: skip
_DAYS = {"今天": 0, "今日": 0, "今早": 0, "今晚": 0, "今晨": 0, "昨天": 1, "昨日": 1, "昨晚": 1, "昨夜": 1,
         "前天": 2, "前晚": 2,
         "大前天": 3}  # fmt: skip
_CLOCK = re.compile(rf"{_N}\s*(?:点钟?|时|:|：)(?!间|候|代|段)(?:(半|一刻|三刻)|{_N}分?)?")
_QUARTERS = {"半": 30, "一刻": 15, "三刻": 45}
_DATE = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[日号]")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_AGO = re.compile(rf"{_N}\s*(?:个)?(分钟|小时|钟头|天|日|周|星期|月)(?:之?前|以前)")
_WEEKDAY = re.compile(r"(上上|上|这|本)?(?:周|星期|礼拜)([一二三四五六日天])")
_DAY = re.compile("|".join(sorted(_DAYS, key=len, reverse=True)))
_PART = re.compile("|".join(sorted(_PARTS, key=len, reverse=True)))
_NOW = re.compile(r"刚刚|刚才|现在|目前|正在|此刻|right now|just now|at the moment|currently")
_EN_AGO = re.compile(r"\b(\d+|an?|one|two|three|four|five|six)\s+(minute|hour|day|week|month)s?\s+ago\b", re.I)
_EN_DAY = re.compile(r"\b(last night|yesterday|this morning|this afternoon|tonight|today|this evening)\b", re.I)
_EN_WEEKDAY = re.compile(r"\blast\s+(monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b", re.I)
_EN_CLOCK = re.compile(r"\b(\d{1,2})(?::(\d{2}))?\s*(am|pm)\b|\b(\d{1,2}):(\d{2})\b", re.I)
_EN_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_EN_HOURS = {"last night": (1, 21), "yesterday": (1, 12), "this morning": (0, 8), "this afternoon": (0, 15),
             "tonight": (0, 20), "today": (0, 12), "this evening": (0, 19)}  # fmt: skip
_SPANS = {
    "分钟": "minutes",
    "小时": "hours",
    "钟头": "hours",
    "天": "days",
    "日": "days",
    "周": "weeks",
    "星期": "weeks",
}


@dataclass(frozen=True)
class FoundTime:
    """An aware time, the words it was read from, and how sure (0..1): a day without an hour is less sure."""

    at: datetime
    words: str
    confidence: float


def find_time(text: str, now: datetime) -> FoundTime | None:
    """The moment that a text names, relative to the aware time `now`; None if it names none or an impossible one.

    >>> now = datetime(2026, 7, 15, 9, 0, tzinfo=CITY_ZONE)
    >>> find_time("昨晚十点左右桥下积水", now).at.isoformat()
    '2026-07-14T22:00:00+08:00'
    >>> find_time("last Friday the lift stopped", now).at.date().isoformat()
    '2026-07-10'
    """
    local = now.astimezone(CITY_ZONE)
    try:
        return _ago(text, local) or _dated(text, local) or _english(text, local) or _present(text, local)
    except (ValueError, OverflowError):  # 13月45日
        return None


def _present(text: str, now: datetime) -> FoundTime | None:
    match = _NOW.search(text)
    return FoundTime(now, match.group(), 0.6) if match else None


def _ago(text: str, now: datetime) -> FoundTime | None:
    match = _AGO.search(text)
    if not match or "几" in match.group(1):
        return None
    number = chinese_number(match.group(1))
    unit = match.group(2)
    span = timedelta(days=30 * number) if unit == "月" else timedelta(**{_SPANS[unit]: number})
    return FoundTime(now - span, match.group(), 0.8)


def _day(text: str, now: datetime) -> tuple[datetime, str, int] | None:
    """The day that a Chinese text names at midnight, its words, and where they end."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if match := _ISO.search(text):
        year, month, day = (int(g) for g in match.groups())
        return midnight.replace(year=year, month=month, day=day), match.group(), match.end()
    if match := _DATE.search(text):
        year = int(match.group(1) or now.year)
        found = midnight.replace(year=year, month=int(match.group(2)), day=int(match.group(3)))
        if not match.group(1) and found > now + timedelta(days=31):
            found = found.replace(year=year - 1)
        return found, match.group(), match.end()
    if match := _DAY.search(text):
        return midnight - timedelta(days=_DAYS[match.group()]), match.group(), match.end()
    if match := _WEEKDAY.search(text):
        weekday = "一二三四五六日".find(match.group(2).replace("天", "日"))
        back = {"上上": 14, "上": 7}.get(match.group(1) or "", 0)
        monday = midnight - timedelta(days=now.weekday())
        return monday + timedelta(days=weekday - back), match.group(), match.end()
    return None


def _dated(text: str, now: datetime) -> FoundTime | None:
    day = _day(text, now)
    clock = _CLOCK.search(text, day[2] if day else 0) or _CLOCK.search(text)
    part = _PART.search(text)
    if day is None and (clock is None or part is None):
        return None
    base = day[0] if day else now.replace(hour=0, minute=0, second=0, microsecond=0)
    words = day[1] if day else ""
    if clock and "几" not in clock.group(1):
        hour, minute = _hour(clock, part.group() if part else "")
        between = f"{part.group()}" if part and part.group() not in words else ""
        found = base + timedelta(hours=hour, minutes=minute)
        return FoundTime(
            found - timedelta(days=1) if not day and found > now else found, f"{words}{between}{clock.group()}", 0.9
        )
    if part:
        words += "" if part.group() in words else part.group()
        return FoundTime(base + timedelta(hours=_PARTS[part.group()]), words, 0.7)
    return FoundTime(base + timedelta(hours=12), words, 0.6)


def _hour(clock: re.Match[str], part: str) -> tuple[int, int]:
    hour = int(chinese_number(clock.group(1)))
    minute = int(chinese_number(clock.group(3))) if clock.group(3) else _QUARTERS.get(clock.group(2), 0)
    if hour == 12 and (_PARTS.get(part, 0) >= 18 or part == "凌晨"):
        hour = 0 if part == "凌晨" else 24  # 晚上十二点: the midnight that ends the day
    if hour < 12 and _PARTS.get(part, 0) >= 12 and not (part in ("半夜", "夜里", "深夜") and hour < 6):
        hour += 12
    if hour > 24 or minute > 59:
        raise ValueError(f"{clock.group()} is no time of the day")
    return hour, minute


def _english(text: str, now: datetime) -> FoundTime | None:
    if match := _EN_AGO.search(text):
        number = int(_EN_NUMBERS.get(match.group(1).casefold(), 0) or match.group(1))
        unit = match.group(2).casefold()
        span = timedelta(days=30 * number) if unit == "month" else timedelta(**{f"{unit}s": number})
        return FoundTime(now - span, match.group(), 0.8)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    clock = _EN_CLOCK.search(text)
    if match := _EN_WEEKDAY.search(text):
        names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        back = (now.weekday() - names.index(match.group(1).casefold()) - 1) % 7 + 1
        base, hour = midnight - timedelta(days=back), 12
    elif match := _EN_DAY.search(text):
        back, hour = _EN_HOURS[match.group(1).casefold()]
        base = midnight - timedelta(days=back)
    else:
        return None
    if clock:
        hour = int(clock.group(1) or clock.group(4))
        hour += 12 if (clock.group(3) or "").casefold() == "pm" and hour < 12 else 0
        minute = int(clock.group(2) or clock.group(5) or 0)
        found = base.replace(hour=hour % 24, minute=minute)
        return FoundTime(found, f"{match.group()} {clock.group()}", 0.9)
    return FoundTime(base + timedelta(hours=hour), match.group(), 0.6)
