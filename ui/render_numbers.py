"""The statistics of calls as HTML: the numbers, the bars per day, per category and per district, each with its table.

Pure functions: numbers in, a string out, every value escaped. Bars are SVG without words; what they show stands in the
table behind them, or is the table itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from assistant.callstatistics import CallStatistics
from ui.call_wording import day_of
from ui.render_calls import tabs
from ui.texts import Texts
from ui.wording import Wording, percent

__all__ = ["Span", "bars", "columns", "grouped", "numbers"]

_DAYS, _WEEKS = 62, 370  # up to so many days a column each, then weeks, then months
PRESETS: tuple[tuple[str, int], ...] = (("week", 7), ("month", 30), ("quarter", 90))


@dataclass(frozen=True)
class Span:
    """Days of the city that are counted, both included; None: from the first, to the last."""

    since: date | None = None
    until: date | None = None

    def address(self) -> str:
        """The address of the statistics of this span.

        >>> Span(date(2026, 11, 1)).address()
        '/hotline/statistics?since=2026-11-01'
        """
        parts = [f"{name}={day.isoformat()}" for name, day in (("since", self.since), ("until", self.until)) if day]
        return "/hotline/statistics" + ("?" + "&".join(parts) if parts else "")


def numbers(words: Wording, found: CallStatistics, span: Span, *, today: date) -> str:
    """The whole page of statistics."""
    t = words.t
    if not found.calls:
        body = f'<p class="nothing muted">{escape(t("hotline_numbers.none"))}</p>'
    else:
        categories = {words.category(key) or key: n for key, n in found.by_category.items()}
        districts = {words.district(key) or key: n for key, n in found.by_district.items()}
        body = (
            f"{_figures(words, found)}{_over_time(words, found.by_day)}<div class='two'>"
            f"{_counted(t, 'category', categories, found.calls)}{_counted(t, 'district', districts, found.calls)}</div>"
        )
    return (
        f"{tabs(t, '/hotline/statistics')}<h2 class='only-heard'>{escape(t('hotline_numbers.title'))}</h2>"
        f"{_choice(t, span, today)}{body}"
    )


def _choice(t: Texts, span: Span, today: date) -> str:
    presets = [(Span(), t("hotline_numbers.all"))]
    presets += [(Span(today - timedelta(days=n - 1)), t(f"hotline_numbers.{key}")) for key, n in reversed(PRESETS)]
    links = "".join(
        f'<a class="quiet" href="{escape(chosen.address())}"{" aria-current=true" if chosen == span else ""}>'
        f"{escape(name)}</a>"
        for chosen, name in presets
    )
    fields = "".join(
        f'<label>{escape(t(f"hotline_numbers.{name}"))} <input class="field" type="date" name="{name}" '
        f'value="{day.isoformat() if day else ""}"></label>'
        for name, day in (("since", span.since), ("until", span.until))
    )
    return (
        f'<form class="span" method="get" action="/hotline/statistics" '
        f'aria-label="{escape(t("hotline_numbers.span"))}"><div class="presets">{links}</div>{fields}'
        f'<button type="submit" class="quiet">{escape(t("hotline_numbers.show"))}</button></form>'
    )


def _figures(words: Wording, found: CallStatistics) -> str:
    t, none = words.t, words.t("hotline_numbers.not_given")
    waiting, handling = (
        _time(t, seconds) if seconds is not None else none
        for seconds in (found.waiting_median_s, found.handling_median_s)
    )
    share = percent(found.uncorrected) if found.uncorrected is not None else none
    hint = t.count("hotline_numbers.share_hint", found.heard) if found.heard else t("hotline_numbers.share_none")
    rows = (
        ("calls", f"{found.calls:,}", ""),
        ("urgent", f"{found.urgent:,}", ""),
        ("waiting", waiting, ""),
        ("handling", handling, ""),
        ("share", share, hint),
    )
    shown = "".join(
        f"<div><dt>{escape(t(f'hotline_numbers.{key}'))}</dt><dd{' class=muted' if value == none else ''}>"
        f"{escape(value)}{f'<small>{escape(more)}</small>' if more else ''}</dd></div>"
        for key, value, more in rows
    )
    return f'<dl class="figures panel">{shown}</dl>'


def _time(t: Texts, seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return t("hotline_numbers.seconds", n=whole)
    return t("hotline_numbers.minutes", m=whole // 60, s=whole % 60)


def grouped(by_day: Mapping[str, int]) -> tuple[str, list[tuple[date, int]]]:
    """The columns: "day", "week" or "month", with the first day of each and its calls, every one from the first to the
    last.

    >>> grouped({"2026-11-01": 2, "2026-11-02": 1})[0]
    'day'
    """
    days = [(date.fromisoformat(day), number) for day, number in by_day.items()]
    if len(days) <= _DAYS:
        return "day", days
    kind = "week" if len(days) <= _WEEKS else "month"
    sums: dict[date, int] = {}
    for day, number in days:
        first = day - timedelta(days=day.weekday()) if kind == "week" else day.replace(day=1)
        sums[first] = sums.get(first, 0) + number
    return kind, list(sums.items())


def _over_time(words: Wording, by_day: Mapping[str, int]) -> str:
    t = words.t
    kind, counted = grouped(by_day)
    year = bool(counted) and counted[0][0].year != counted[-1][0].year
    names = [f"{day:%Y-%m}" if kind == "month" else day_of(words, day, year=year) for day, _ in counted]
    most = max(number for _, number in counted)
    said = t("hotline_numbers.chart", first=names[0], last=names[-1], n=sum(n for _, n in counted), most=most)
    head = t(
        {"day": "hotline_numbers.day", "week": "hotline_numbers.week_of", "month": "hotline_numbers.month_of"}[kind]
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{number}</td></tr>'
        for name, (_, number) in zip(names, counted, strict=True)
    )
    middle = names[len(names) // 2] if len(names) > 8 else ""
    ends = [names[0], middle, names[-1]] if len(names) > 1 else names
    axis = "".join(f"<span>{escape(name)}</span>" for name in ends)
    return (
        f'<section class="panel chart"><h3>{escape(t(f"hotline_numbers.by_{kind}"))}</h3>'
        f'<div class="plot"><span class="top" aria-hidden="true">{most}</span>'
        f"{columns([number for _, number in counted], said, names)}</div>"
        f'<div class="axis" aria-hidden="true">{axis}</div>'
        f"<details><summary>{escape(t('hotline_numbers.as_table'))}</summary><table class='plain'><thead><tr>"
        f'<th scope="col">{escape(head)}</th><th scope="col">{escape(t("hotline_numbers.number"))}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></details></section>"
    )


def columns(values: Sequence[int], said: str, names: Sequence[str]) -> str:
    """Upright bars, as wide together as there is room; the highest value fills the height. `said` is read aloud, each
    bar tells its name and value when it is pointed at.

    >>> columns([0, 2], "", ["a", "b"]).count("<rect")
    2
    """
    most = max([*values, 1])
    drawn = "".join(
        f'<rect x="{10 * place + 1}" y="{100 - 100 * value / most:.1f}" width="8" height="{100 * value / most:.1f}">'
        f"<title>{escape(f'{name}: {value}')}</title></rect>"
        for place, (value, name) in enumerate(zip(values, names, strict=True))
    )
    return (
        f'<svg class="columns" viewBox="0 0 {10 * max(len(values), 6)} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(said)}">{drawn}</svg>'
    )


def _counted(t: Texts, what: str, counts: Mapping[str, int], calls: int) -> str:
    title = escape(t(f"hotline_numbers.by_{what}"))
    if not counts:
        none = escape(t("hotline_numbers.none_told"))
        return f'<section class="panel chart"><h3>{title}</h3><p class="muted">{none}</p></section>'
    unread = calls - sum(counts.values())
    more = f'<p class="hint">{escape(t.count("hotline_numbers.unread", unread))}</p>' if unread > 0 else ""
    return (
        f'<section class="panel chart"><h3 id="by-{what}">{title}</h3>'
        f"{bars(counts, labelled_by=f'by-{what}', heads=(t(f'hotline_numbers.{what}'), t('hotline_numbers.number')))}"
        f"{more}</section>"
    )


def bars(counts: Mapping[str, int], *, labelled_by: str, heads: tuple[str, str]) -> str:
    """A table whose rows carry a lying bar each, as long as their number; in the order given."""
    most = max([*counts.values(), 1])
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td><svg viewBox="0 0 100 10" preserveAspectRatio="none" '
        f'aria-hidden="true"><rect width="{100 * number / most:.1f}" height="10"></rect></svg></td>'
        f"<td>{number}</td></tr>"
        for name, number in counts.items()
    )
    return (
        f'<table class="bars" aria-labelledby="{labelled_by}"><thead class="only-heard"><tr>'
        f'<th scope="col">{escape(heads[0])}</th><td></td><th scope="col">{escape(heads[1])}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
