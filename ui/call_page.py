"""The page of one call at /hotline/calls/{id}, and the parts of it that are looked up after it is shown.

It gathers what the hotline knows and hands it to `render_call`; what people do there goes through the HTTP API.
"""

import logging
from collections.abc import Sequence
from functools import partial
from html import escape

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from assistant.callplan import Model
from assistant.callreading import CallReading
from assistant.hotline import Hotline
from assistant.samematter import Related
from assistant.taskdesk import TaskDesk
from knowledge.call import Call
from knowledge.errors import NotFound
from ui.facade import Assistant
from ui.hotline_pages import Pages
from ui.render_call import CallView, call_page, call_title
from ui.render_callreading import Neighbour, related
from ui.render_transcript import reveals, versions
from ui.texts import Texts

__all__ = ["add_call_pages"]

logger = logging.getLogger(__name__)

_SCRIPTS = ("call_player.js", "call_server.js", "call_edit.js", "call.js")  # each uses those before it
_PRIVATE = {"cache-control": "no-store"}  # what people said is not left in the cache of a shared machine


def add_call_pages(
    app: FastAPI, assistant: Assistant, hotline: Hotline, *, demo: bool, tasks: TaskDesk | None = None
) -> None:
    """Puts the routes into an app; plain functions, so that each runs in a thread of its own. With `tasks`, open ones
    on the same matter are shown."""
    pages = Pages(assistant, demo)
    router = APIRouter(prefix="/hotline/calls", include_in_schema=False)

    @router.get("/{call_id}")
    def page(call_id: int, request: Request) -> HTMLResponse:
        words = pages.words(request)
        answer = partial(pages.answer, request, words, styles=("call.css",))
        try:
            view = _view(hotline, call_id)
        except NotFound:
            return answer(words.t("call.gone"), _missing(words.t, call_id), status=404)
        title, body = call_title(words, view.call), call_page(words, view)
        return answer(title, body, scripts=_SCRIPTS)

    @router.get("/{call_id}/related")
    def same_matter(call_id: int, request: Request) -> HTMLResponse:
        words = pages.words(request)
        call = hotline.call(call_id)
        found = _neighbours(hotline, assistant, hotline.related(call_id), words.t.language)
        understood = _reading(call) if tasks else None
        handed = tasks.open_like(understood.situation) if tasks and understood else ()
        return HTMLResponse(related(words, call, found, handed), headers=_PRIVATE)

    @router.get("/{call_id}/versions")
    def known_versions(call_id: int, request: Request) -> HTMLResponse:
        return HTMLResponse(versions(pages.words(request), hotline.versions(call_id)), headers=_PRIVATE)

    @router.get("/{call_id}/reveals")
    def known_reveals(call_id: int, request: Request) -> HTMLResponse:
        return HTMLResponse(reveals(pages.words(request), hotline.reveals(call_id)), headers=_PRIVATE)

    app.include_router(router)


def _missing(t: Texts, call_id: int) -> str:
    return (
        f'<div class="call-page"><p class="way"><a href="/hotline">← {escape(t("call.list"))}</a></p>'
        f"<h2>{escape(t('call.gone'))}</h2><p>{escape(t('call.gone_line', n=call_id))}</p></div>"
    )


def _view(hotline: Hotline, call_id: int) -> CallView:
    call = hotline.call(call_id)
    model = hotline.model()
    return CallView(
        call=call,
        demo_at_hand=isinstance(model, Model) and model.demo,
        reading=_reading(call),
        question=hotline.question(call_id) if call.transcript and call.transcript.segments else "",
    )


def _reading(call: Call) -> CallReading | None:
    """What was understood; nothing where it was written by another version of the program."""
    if not call.reading:
        return None
    try:
        return CallReading.model_validate_json(call.reading)
    except ValidationError as error:
        logger.warning("the reading of call %d cannot be shown: %s", call.call_id, error)
        return None


def _neighbours(
    hotline: Hotline, assistant: Assistant, found: Sequence[Related], language: str
) -> tuple[Neighbour, ...]:
    """Each with what is shown of it; one that is gone meanwhile is left out."""
    shown = []
    for one in found:
        try:
            if one.kind == "case":
                shown.append(Neighbour(one, case=assistant.open_case(one.id, language)))
            else:
                call = hotline.call(one.id)
                shown.append(Neighbour(one, call=call, reading=_reading(call)))
        except NotFound:
            continue
    return tuple(shown)
