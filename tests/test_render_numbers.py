"""Statistics as HTML: every bar has its number in a table, spans keep their days, nothing rendered as markup."""

import re
from datetime import date, timedelta

import pytest

from assistant.callstatistics import CallStatistics
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy
from ui.render_numbers import Span, bars, columns, grouped, numbers
from ui.texts import Language, texts_in
from ui.wording import Wording

TODAY = date(2026, 11, 22)


def _found(**changes: object) -> CallStatistics:
    found: dict[str, object] = {
        "calls": 6, "urgent": 1, "by_state": {"ready": 6},
        "by_day": {"2026-11-19": 2, "2026-11-20": 0, "2026-11-21": 4},
        "by_category": {"road.manhole": 3, "<b>odd</b>": 1}, "by_district": {"nanpu": 4}, "waiting_median_s": 95.0,
        "handling_median_s": None, "heard": 4, "uncorrected": 0.75,
    }  # fmt: skip
    return CallStatistics.model_validate({**found, **changes})


def _page(language: Language = "zh", span: Span | None = None, **changes: object) -> str:
    words = Wording(texts_in(language), read_taxonomy(), read_places())
    return numbers(words, _found(**changes), span or Span(), today=TODAY)


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_the_numbers_stand_in_words_in_both_languages() -> None:
    chinese, english = _text(_page()), _text(_page("en"))
    for words in ("1 分 35 秒", "没有记录", "75%", "4 通来电中", "南浦区", "11月21日"):
        assert words in chinese
    for words in ("1 min 35 s", "Not recorded", "75%", "of 4 calls", "Nanpu", "21 Nov"):
        assert words in english


def test_every_day_stands_in_the_table_behind_the_bars() -> None:
    page = _page()
    table = re.search(r"<details>.*?</details>", page, re.DOTALL)
    assert table
    assert re.findall(r'<th scope="row">([^<]*)</th><td>(\d+)</td>', table[0]) == [
        ("11月19日", "2"), ("11月20日", "0"), ("11月21日", "4"),
    ]  # fmt: skip
    assert 'role="img" aria-label="11月19日 至 11月21日，共 6 通，最多一格 4 通"' in page


def test_what_was_not_told_is_counted_too() -> None:
    seen = _text(_page())
    assert "另有 2 通没有读出" in seen  # 6 calls, 4 with a category
    assert "这段时间的来电还没有读出这一项" in _text(_page(by_category={}))


def test_a_share_without_calls_is_no_zero() -> None:
    seen = _text(_page(heard=0, uncorrected=None))
    assert "0%" not in seen
    assert "还没有由模型转写并就绪的来电" in seen


def test_no_calls_draw_no_chart() -> None:
    page = _page(calls=0, urgent=0, by_day={}, by_category={}, by_district={})
    assert "<svg" not in page
    assert "这段时间没有来电" in page


def test_unknown_names_stay_text() -> None:
    assert "<b>odd" not in _page()
    assert "&lt;b&gt;odd&lt;/b&gt;" in _page()


def test_the_chosen_span_is_marked_and_kept() -> None:
    span = Span(TODAY - timedelta(days=6))
    page = _page(span=span)
    assert f'href="{span.address()}" aria-current=true>近 7 天' in page
    assert 'name="since" value="2026-11-16"' in page
    assert Span(date(2026, 1, 1), date(2026, 2, 1)).address().endswith("?since=2026-01-01&until=2026-02-01")


@pytest.mark.parametrize(("days", "kind"), [(1, "day"), (62, "day"), (63, "week"), (370, "week"), (371, "month")])
def test_long_spans_are_grouped_without_losing_a_call(days: int, kind: str) -> None:
    by_day = {(TODAY - timedelta(days=n)).isoformat(): n % 3 for n in reversed(range(days))}
    found, counted = grouped(by_day)
    assert found == kind
    assert sum(number for _, number in counted) == sum(by_day.values())
    assert len(counted) <= 62
    assert [day for day, _ in counted] == sorted(day for day, _ in counted)


def test_the_longest_bar_fills_the_room_and_none_the_number() -> None:
    assert re.findall(r'rect width="([\d.]+)"', bars({"a": 4, "b": 1, "c": 0}, labelled_by="x", heads=("", ""))) == [
        "100.0", "25.0", "0.0",
    ]  # fmt: skip
    heights = [float(h) for h in re.findall(r' height="([\d.]+)"', columns([0, 1, 2], "", ["a", "b", "c"]))]
    assert heights == [0.0, 50.0, 100.0]
