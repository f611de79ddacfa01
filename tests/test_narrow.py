"""Filters read from sentences: each part replaces the same part before it, and nothing is read that was not said."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.moment import CITY_ZONE
from assistant.narrow import Narrower
from knowledge.filter import Wanted
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy
from prompts import read_phrases

NARROWER = Narrower(read_taxonomy(), read_places(), read_phrases())
NOW = datetime(2026, 7, 15, 9, 0, tzinfo=CITY_ZONE)


def _day(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=CITY_ZONE)


def _read(said: str, before: Wanted | None = None) -> Wanted:
    return NARROWER(said, before or Wanted(), NOW)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("只看望江区的", Wanted(districts=("wangjiang",))),
        ("只看望江区和北屏区的", Wanted(districts=("wangjiang", "beiping"))),
        ("只看海淀区", Wanted(districts=("海淀区",))),
        ("只看A3区的", Wanted(districts=("A3区",))),
        ("only Wangjiang District", Wanted(districts=("wangjiang",))),
        ("只看政策", Wanted(kinds=("policy",))),
        ("show only policies and decisions", Wanted(kinds=("policy", "decision"))),
        ("仅看水务局处理的", Wanted(departments=("water",))),
        ("filter by Water Affairs Bureau", Wanted(departments=("water",))),
        ("只看电梯困人与故障", Wanted(categories=("safety.lift",))),
        ("only Wage arrears", Wanted(categories=("labour.wages",))),
        ("只看2024年以后的", Wanted(since=_day(2024))),
        ("show only cases since 2024", Wanted(since=_day(2024))),
        ("只看2023年以前的", Wanted(until=_day(2023))),
        (
            "只看2024年以后望江区水务局的政策",
            Wanted(districts=("wangjiang",), departments=("water",), kinds=("policy",), since=_day(2024)),
        ),
        ("只看那个", Wanted()),
    ],
)
def test_reads_each_part(said: str, wanted: Wanted) -> None:
    assert _read(said) == wanted


@pytest.mark.parametrize(
    ("said", "year"),
    [
        ("只看今年的", 2026),
        ("只看去年的", 2025),
        ("只看前年的", 2024),
        ("only last year", 2025),
        ("只看2023年的", 2023),
    ],
)
def test_a_year_is_a_whole_year(said: str, year: int) -> None:
    wanted = _read(said)
    assert wanted.since == _day(year)
    assert wanted.until is not None
    assert (wanted.until.year, wanted.until.month, wanted.until.day) == (year, 12, 31)


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("只看近两年的", 730),
        ("最近3个月", 91),
        ("过去半年", 182),
        ("近一周", 7),
        ("last two years", 730),
        ("past 6 months", 183),
        ("近30天", 30),
    ],
)
def test_recent_spans_end_now(said: str, days: int) -> None:
    wanted = _read(said)
    assert wanted.since is not None
    assert abs((NOW - wanted.since).days - days) <= 1
    assert wanted.until is None


def test_a_new_part_replaces_its_own_kind_and_leaves_the_others() -> None:
    before = Wanted(districts=("wangjiang",), kinds=("policy",), since=_day(2024), departments=("water",))
    after = _read("换成北屏区", before)
    assert after == Wanted(districts=("beiping",), kinds=("policy",), since=_day(2024), departments=("water",))


@pytest.mark.parametrize(
    "said",
    [
        "只看望江区的",
        "请只看政策",
        "仅看去年的",
        "换成南浦区",
        "只要北屏区的案例",
        "取消筛选",
        "看全部",
        "不限区域",
        "only policies",
        "show me only Beiping District",
        "narrow to 2024",
        "Filter by Water Affairs Bureau",
        "remove all filters",
        "all districts",
    ],
)
def test_requests_are_known(said: str) -> None:
    assert NARROWER.is_request(said)


@pytest.mark.parametrize(
    "said",
    [
        "只要一下雨桥下就积水",
        "全部商户停业抗议",
        "取消了我家的低保",
        "改成单行道后，学校门口更堵了",
        "不限速路段事故多发",
        "望江区积水",
        "Just now a wall collapsed on two people",
        "Only one lift works and it stopped",
        "All districts lost power",
        "Narrow lane blocked by parked cars",
        "只看" + "望江区" * 30,
    ],
)
def test_situations_with_the_same_words_are_no_requests(said: str) -> None:
    assert not NARROWER.is_request(said)


@pytest.mark.parametrize(
    "said",
    [
        "取消筛选",
        "去掉所有条件",
        "不限区域",
        "看全部",
        "全部案例",
        "放宽条件",
        "remove all filters",
        "no filters",
        "all districts",
    ],
)
def test_widening_is_known(said: str) -> None:
    assert NARROWER.is_widening(said)
    assert not NARROWER.is_widening("只看望江区的")


def test_a_filter_in_words() -> None:
    wanted = Wanted(
        districts=("wangjiang", "A3区"),
        departments=("water",),
        categories=("flood",),
        kinds=("policy",),
        since=_day(2024),
        until=datetime(2024, 12, 31, 20, tzinfo=ZoneInfo("UTC")),
    )
    assert NARROWER.words(wanted, "zh") == (
        "望江区",
        "A3区",
        "2024-01-01以后",
        "2025-01-01以前",
        "水务局",
        "防汛与自然灾害",
        "政策",
    )
    assert NARROWER.words(wanted, "en")[0] == "Wangjiang District"
    assert NARROWER.words(Wanted(), "zh") == ()


@given(st.text(max_size=40))
def test_any_sentence_gives_a_filter_that_can_be_said(said: str) -> None:
    wanted = _read(said)
    assert bool(NARROWER.words(wanted, "zh")) != wanted.is_open
    assert _read(said, wanted) == wanted
