"""The list of calls as HTML: the drop zone, the band of urgent calls, the filter, the rows, the paging.

Pure functions: records and texts in, a string out, every value escaped. The buttons carry `data-do`, which
`static/hotline.js` understands; what the script itself says lies in a JSON block.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from knowledge.attached import ENDINGS
from knowledge.call import CallState
from ui import call_wording as wording
from ui.call_list import STATES, Listed, Wish
from ui.render_callrow import place, row, what, why
from ui.texts import Texts
from ui.wording import Wording

__all__ = ["alarm", "calls", "heading", "tabs"]

# Texts that the script needs, because they tell what happens in the browser.
_SAID = (
    *("hotline_upload.queued", "hotline_upload.sending", "hotline_upload.keeping", "hotline_upload.done"),
    *("hotline_upload.known", "hotline_upload.failed", "hotline_upload.cancelled", "hotline_upload.cancel"),
    *("hotline_upload.retry", "hotline_upload.open", "hotline_upload.summary", "hotline_upload.summary_failed"),
    *("hotline_upload.broken", "hotline_upload.unreadable", "hotline_upload.folder_empty", "hotline_upload.more"),
    *("hotline.selected", "hotline.join_hint", "hotline.joined", "hotline.load_demo_busy", "hotline.load_demo_done"),
    *(
        "hotline_row.try_demo_sure",
        "hotline_alarm.mark",
        "hotline_alarm.more",
        "hotline_problem.action",
        "hotline_problem.network",
    ),
    *("hotline_problem.stale", "hotline_problem.moved", "hotline_upload.empty", "hotline_upload.too_large"),
    *("hotline_upload.full", "hotline_upload.bad_transcript"),
)

_TRANSCRIPTS = f' accept="{",".join(ENDINGS)}"'


def tabs(t: Texts, here: str) -> str:
    """The two parts of the page: calls, and statistics; `here` is the address of the one that is shown."""
    links = "".join(
        f'<a href="{address}"{" aria-current=page" if address == here else ""}>{escape(name)}</a>'
        for address, name in (("/hotline", t("hotline.calls")), ("/hotline/statistics", t("hotline.statistics")))
    )
    return f'<nav class="tabs" aria-label="{escape(t("hotline.title"))}">{links}</nav>'


def calls(
    words: Wording,
    wish: Wish,
    found: Sequence[Listed],
    *,
    more: bool,
    urgent: Sequence[Listed],
    counts: Mapping[CallState, int],
    change: int,
    now: datetime,
    demo: bool,
) -> str:
    """The whole list page. `more`: there is a page after this one; `urgent` are the calls that alert."""
    t = words.t
    rows = "".join(row(words, listed, now=now) for listed in found)
    empty = t("hotline.none" if wish.is_open and wish.page == 1 else "hotline.none_found")
    said = json.dumps({key: t.entries[key] for key in _SAID}, ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'{tabs(t, "/hotline")}<h2 class="only-heard">{escape(t("hotline.heading"))}</h2>'
        f'<div id="alarm" class="alarm" role="alert" aria-live="assertive" data-ids="{_ids(urgent)}" hidden>'
        f"{alarm(words, urgent, now=now)}</div>"
        f"{_intake(t, demo=demo)}"
        f'<p id="notice" class="notice" role="status" hidden></p>'
        f'<section class="listed" aria-label="{escape(t("hotline.list"))}">'
        f'<div class="over">{_filter(t, wish)}<p id="counts" class="muted">{heading(t, counts)}</p></div>'
        f'<ol id="calls" class="calls" data-change="{change}">{rows}</ol>'
        f'<p id="nothing" class="nothing muted"{" hidden" if found else ""}>{escape(empty)}</p>'
        f"{_pages(t, wish, more=more)}{_selection(t)}</section>"
        f'<script type="application/json" id="said">{said}</script>'
    )


def heading(t: Texts, counts: Mapping[CallState, int]) -> str:
    """How many calls there are, and how many are under way."""
    parts = [t.count("hotline.total", sum(counts.values()))]
    busy = sum(counts.get(state, 0) for state in wording.AT_WORK)
    if busy:
        parts.append(t.count("hotline.under_way", busy))
    return escape(t("list.comma").join(parts))


def _ids(urgent: Sequence[Listed]) -> str:
    return " ".join(str(listed.call.call_id) for listed in urgent)


def alarm(words: Wording, urgent: Sequence[Listed], *, now: datetime) -> str:
    """The band of urgent calls; the script shows those that nobody has noted here yet."""
    t = words.t
    rows = "".join(
        f'<li data-alarm="{listed.call.call_id}"><a href="/hotline/calls/{listed.call.call_id}">'
        f"<b>{escape(what(words, listed))}</b></a> {place(words, listed)} "
        f'<span class="why">{why(words, listed)}</span> '
        f"<time>{escape(wording.moment(words, listed.call.received_at, now))}</time></li>"
        for listed in urgent
    )
    return (
        f'<div class="alarm-top"><b class="alarm-title">{escape(t("hotline_alarm.title"))}</b>'
        f'<button type="button" class="quiet" data-do="seen">{escape(t("hotline_alarm.seen"))}</button></div>'
        f"<ul>{rows}</ul>"
    )


def _intake(t: Texts, *, demo: bool) -> str:
    def button(deed: str, key: str, kind: str = "quiet") -> str:
        return f'<button type="button" class="{kind}" data-do="{deed}">{escape(t(key))}</button>'

    def chooser(name: str, key: str, rest: str = "") -> str:
        return f'<input type="file" id="{name}" hidden aria-label="{escape(t(key))}"{rest}>'

    texts = t("list.mark").join(ending.removeprefix(".") for ending in ENDINGS)
    return (
        f'<section id="drop" class="drop"><p class="drop-here">{escape(t("hotline.drop"))}</p><div class="drop-tools">'
        f"{button('choose-files', 'hotline.choose_files', 'main')}{button('choose-folder', 'hotline.choose_folder')}"
        f"{button('load-demo', 'hotline.load_demo') if demo else ''}</div>"
        f'<p class="hint">{escape(t("hotline.drop_hint", sounds=wording.sounds(t), texts=texts))}</p>'
        f"{chooser('files', 'hotline.choose_files', ' multiple')}"
        f"{chooser('folder', 'hotline.choose_folder', ' multiple webkitdirectory')}"
        f"{chooser('attachment', 'hotline_row.attach', _TRANSCRIPTS)}"
        f'<div id="uploads" class="uploads" hidden><div class="uploads-top"><p id="uploaded" role="status"></p>'
        f"{button('clear-uploads', 'hotline_upload.clear')}</div>"
        f'<ul aria-label="{escape(t("hotline_upload.list"))}"></ul></div></section>'
    )


def _filter(t: Texts, wish: Wish) -> str:
    options = [("", t("hotline.every_state")), *((key, t(f"hotline_state.{key}")) for key in STATES)]
    states = "".join(
        f'<option value="{key}"{" selected" if key == wish.state else ""}>{escape(name)}</option>'
        for key, name in options
    )
    clear = "" if wish.is_open else f'<a class="clear" href="/hotline">{escape(t("hotline.clear"))}</a>'
    return (
        f'<form id="filter" class="filter" method="get" action="/hotline" role="search" '
        f'aria-label="{escape(t("hotline.filtered"))}">'
        f'<input class="field words" type="search" name="text" maxlength="200" value="{escape(wish.text)}" '
        f'placeholder="{escape(t("hotline.search_hint"))}" aria-label="{escape(t("hotline.search"))}">'
        f'<select class="field" name="state" aria-label="{escape(t("hotline.state"))}">{states}</select>'
        f'<input class="field" type="date" name="day" value="{wish.day.isoformat() if wish.day else ""}" '
        f'aria-label="{escape(t("hotline.day"))}">'
        f'<label class="check"><input type="checkbox" name="urgent" value="1"{" checked" if wish.urgent else ""}>'
        f"<span>{escape(t('hotline.urgent_only'))}</span></label>"
        f'<button type="submit" class="quiet">{escape(t("hotline.apply"))}</button>{clear}</form>'
    )


def _pages(t: Texts, wish: Wish, *, more: bool) -> str:
    if wish.page == 1 and not more:
        return ""
    before = (
        f'<a class="quiet" rel="prev" href="{escape(wish.address(wish.page - 1))}">{escape(t("hotline.earlier"))}</a>'
    )
    after = f'<a class="quiet" rel="next" href="{escape(wish.address(wish.page + 1))}">{escape(t("hotline.later"))}</a>'
    return (
        f'<nav class="pages" aria-label="{escape(t("hotline.pages"))}">{before if wish.page > 1 else ""}'
        f"<span>{escape(t('hotline.page', n=wish.page))}</span>{after if more else ''}</nav>"
    )


def _selection(t: Texts) -> str:
    return (
        f'<div id="selection" class="selection" hidden><span id="selected" role="status"></span>'
        f'<button type="button" class="main" data-do="join" title="{escape(t("hotline.join_hint"))}">'
        f"{escape(t('hotline.join'))}</button>"
        f'<button type="button" class="quiet" data-do="unselect">{escape(t("hotline.unselect"))}</button></div>'
    )
