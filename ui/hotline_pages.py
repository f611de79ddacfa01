"""The pages of the hotline: the list of calls and the statistics, with what their script asks for.

They lay out and answer; what they show comes from the render modules, what is done is one call into the hotline.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from assistant.hotline import Hotline
from knowledge.call import CallState
from knowledge.demo.calls import read_demo_calls
from knowledge.errors import NotFound
from ui import render_calls, render_numbers
from ui.assets import add_assets
from ui.call_list import CallList, Wish, read_day
from ui.call_wording import AT_WORK
from ui.document import document, spoken
from ui.facade import Assistant
from ui.render_callrow import row, unhurried
from ui.render_numbers import Span
from ui.texts import LANGUAGE_COOKIE, chosen_language
from ui.wording import CITY_TIME, Wording

__all__ = ["Pages", "add_hotline_pages"]

_HEARD = (CallState.DECODING, CallState.TRANSCRIBING)
_YEAR_S = 31_536_000


@dataclass(frozen=True)
class Pages:
    """Makes documents in the language of whoever asks; `here` is the place in the bar that they belong to."""

    assistant: Assistant
    demo: bool
    here: str = "/hotline"

    def words(self, request: Request) -> Wording:
        """How the page of this request speaks."""
        query, accepted = request.query_params, request.headers.get("accept-language")
        texts = spoken(query.get("lang"), request.cookies, accepted)
        return Wording(texts, self.assistant.taxonomy, self.assistant.gazetteer)

    def answer(
        self, request: Request, words: Wording, title: str, body: str, *, styles: tuple[str, ...] = (),
        scripts: tuple[str, ...] = (), status: int = 200,
    ) -> HTMLResponse:  # fmt: skip
        """The page as a response, which no browser keeps; a language named in the address holds from now on."""
        t = words.t
        page = document(
            t, title=title, body=body, styles=styles, scripts=scripts, here=self.here, demo=self.demo,
            city=self.assistant.city.get(t.language, ""),
        )  # fmt: skip
        answer = HTMLResponse(page, status_code=status, headers={"cache-control": "no-store"})
        if named := chosen_language(request.query_params.get("lang")):
            answer.set_cookie(LANGUAGE_COOKIE, named, max_age=_YEAR_S, samesite="lax")
        return answer


def add_hotline_pages(app: FastAPI, assistant: Assistant, hotline: Hotline, *, demo: bool) -> None:
    """Puts the pages into an app. `demo`: the demo calls may be loaded from the page."""
    pages, listing = Pages(assistant, demo), CallList(hotline)
    add_assets(app)

    @app.get("/hotline", include_in_schema=False)
    def calls(request: Request) -> HTMLResponse:
        words, wish = pages.words(request), Wish.read(request.query_params)
        change = hotline.store.last_change()  # before the rows: what comes between is told again
        found, more = listing.find(wish)
        body = render_calls.calls(
            words, wish, found, more=more, urgent=listing.urgent(), counts=hotline.counts(), change=change,
            now=datetime.now(UTC), demo=demo,
        )  # fmt: skip
        return pages.answer(
            request, words, words.t("hotline.title"), body, styles=("hotline.css",), scripts=("hotline.js",)
        )

    @app.get("/hotline/changes", include_in_schema=False)
    def changes(request: Request, since: int = 0) -> dict[str, Any]:
        return _changes(hotline, listing, pages.words(request), request.query_params, since)

    @app.get("/hotline/statistics", include_in_schema=False)
    def statistics(request: Request) -> HTMLResponse:
        words, query = pages.words(request), request.query_params
        span = Span(read_day(query.get("since", "")), read_day(query.get("until", "")))
        found = hotline.statistics(_midnight(span.since), _midnight(span.until, days=1))
        body = render_numbers.numbers(words, found, span, today=datetime.now(CITY_TIME).date())
        return pages.answer(request, words, words.t("hotline_numbers.title"), body, styles=("hotline.css",))

    @app.post("/hotline/demo", include_in_schema=False)
    def load_demo() -> dict[str, int]:
        if not demo:
            raise NotFound("the demo calls are loaded in the demo city only; start it with `precedent demo`")
        taken = [hotline.receive(call.path) for call in read_demo_calls()]
        return {"n": len(taken), "new": sum(new for _, new in taken)}


def _changes(
    hotline: Hotline, listing: CallList, words: Wording, query: Mapping[str, str], since: int
) -> dict[str, Any]:
    """What has changed since a change number: rows drawn anew, progress of the others. Cheap where nothing has."""
    change, counts = hotline.store.last_change(), hotline.counts()
    busy = any(counts[state] for state in AT_WORK)
    if change <= since and not any(counts[state] for state in _HEARD):
        return {"change": change, "busy": busy}
    now, (found, _) = datetime.now(UTC), listing.find(Wish.read(query))
    urgent = listing.urgent() if change > since else ()
    return {
        "change": change,
        "busy": busy,
        "counts": render_calls.heading(words.t, counts),
        "order": [listed.call.call_id for listed in found],
        "rows": {str(x.call.call_id): row(words, x, now=now) for x in found if x.call.change > since},
        "progress": {str(x.call.call_id): unhurried(words, x) for x in found if x.call.state in _HEARD},
        "urgent": [listed.call.call_id for listed in urgent] if change > since else None,
        "alarm": render_calls.alarm(words, urgent, now=now) if urgent else "",
    }


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    """The beginning of a day of the city, or of the one `days` after it."""
    if day is None or day == date.max:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=CITY_TIME) + timedelta(days=days)
