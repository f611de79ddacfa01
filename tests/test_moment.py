"""Times in a text, relative to a fixed Wednesday morning in the city's zone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.moment import CITY_ZONE, find_time

NOW = datetime(2026, 7, 15, 9, 0, tzinfo=CITY_ZONE)  # a Wednesday

READ = [
    ("昨晚十点左右桥下积水", "2026-07-14T22:00"),
    ("昨夜23时40分", "2026-07-14T23:40"),
    ("昨晚12点", "2026-07-15T00:00"),
    ("今早七点半停电", "2026-07-15T07:30"),
    ("晚上八点一刻，仍未处理", "2026-07-14T20:15"),
    ("上周五下午三点", "2026-07-10T15:00"),
    ("上上周三", "2026-07-01T12:00"),
    ("本周一上午", "2026-07-13T10:00"),
    ("前天夜里十一点", "2026-07-13T23:00"),
    ("大前天", "2026-07-12T12:00"),
    ("两小时前", "2026-07-15T07:00"),
    ("半小时前", "2026-07-15T08:30"),
    ("三天前开始", "2026-07-12T09:00"),
    ("两周前", "2026-07-01T09:00"),
    ("7月12日18时", "2026-07-12T18:00"),
    ("2026年7月1日上午9点30分", "2026-07-01T09:30"),
    ("2025-03-04 漏水", "2025-03-04T12:00"),
    ("12月30日", "2025-12-30T12:00"),  # the last one, not the next
    ("今天凌晨两点", "2026-07-15T02:00"),
    ("凌晨1:30", "2026-07-15T01:30"),
    ("半夜十二点还在施工", "2026-07-15T00:00"),
    ("今天中午一点", "2026-07-15T13:00"),
    ("下午3点", "2026-07-14T15:00"),  # not yet today: yesterday
    ("今晚六点演唱会散场", "2026-07-15T18:00"),  # said to be today, though it is to come
    ("刚刚发生", "2026-07-15T09:00"),
    ("last night a wall fell", "2026-07-14T21:00"),
    ("last night at 11pm", "2026-07-14T23:00"),
    ("yesterday at 3 pm", "2026-07-14T15:00"),
    ("this morning at 7:45", "2026-07-15T07:45"),
    ("two hours ago", "2026-07-15T07:00"),
    ("an hour ago", "2026-07-15T08:00"),
    ("10 minutes ago", "2026-07-15T08:50"),
    ("last Friday the lift stopped", "2026-07-10T12:00"),
    ("last Wednesday", "2026-07-08T12:00"),
    ("right now the road is flooded", "2026-07-15T09:00"),
    ("laſt night", "2026-07-14T21:00"),  # a long s matches an s where case is ignored
]

NOT_READ = [
    "",
    "小区停电",
    "几天前",
    "13月45日",
    "昨天25点",
    "8点9999分",
    "0000-01-01",
    "第三时间段",
    "a lift has stopped",
    "一点办法都没有",
    "下一站",
]


@pytest.mark.parametrize(("text", "expected"), READ, ids=[text for text, _ in READ])
def test_reads_the_moment(text: str, expected: str) -> None:
    found = find_time(text, NOW)
    assert found is not None
    assert found.at.isoformat(timespec="minutes") == f"{expected}+08:00"


@pytest.mark.parametrize("text", NOT_READ)
def test_no_moment_is_none(text: str) -> None:
    assert find_time(text, NOW) is None


def test_now_in_another_zone_means_the_same_moment() -> None:
    late = datetime(2026, 7, 14, 17, 0, tzinfo=UTC)  # already the 15th in the city
    found = find_time("昨天上午", late)
    assert found is not None
    assert found.at.date().isoformat() == "2026-07-14"


def test_an_hour_is_surer_than_a_day_alone() -> None:
    exact, day = find_time("昨晚十点", NOW), find_time("昨天", NOW)
    assert exact is not None
    assert day is not None
    assert exact.confidence > day.confidence


@given(st.integers(1, 99))
def test_so_many_hours_ago(hours: int) -> None:
    for text in (f"{hours}小时前", f"{hours} hours ago"):
        found = find_time(text, NOW)
        assert found is not None
        assert found.at == NOW - timedelta(hours=hours)


PIECES = st.sampled_from(
    [
        "昨晚",
        "今天",
        "上周五",
        "十点",
        "25点",
        "99分",
        "半",
        "13月",
        "45日",
        "2026-",
        "00-",
        "9999999",
        "个月前",
        "天前",
        "凌晨",
        "last ",
        "night",
        "99:99",
        " pm",
        " ago",
        "years",
        "ſ",
        "İ",
        " days",
        "一刻",
        "几",
    ]
)


@settings(max_examples=400)
@given(st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=8).map("".join))
def test_any_text_gives_an_aware_time_or_none(text: str) -> None:
    found = find_time(text, NOW)
    if found is not None:
        assert found.at.tzinfo is not None
        assert 0 < found.confidence <= 1
        assert found.words
