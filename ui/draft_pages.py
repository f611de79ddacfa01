"""The pages of draft cases: those that wait, and one as a form that a curator changes, approves or dismisses.

They lay out and answer; what is done is one call into the task desk. A draft that another person changed meanwhile is
not overwritten: the page shows both.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.taskdesk import Draft, TaskDesk
from knowledge.case import Case
from knowledge.errors import BadInput, NotFound
from ui.draft_form import changed, is_field, read_case
from ui.form import Fields, Form
from ui.hotline_pages import Pages
from ui.person import person_of
from ui.person_pages import STYLES
from ui.render_draft import Filled, draft_page, label
from ui.render_drafts import Alike, drafts, missing_draft
from ui.texts import Texts

__all__ = ["add_draft_pages"]

_SCRIPTS = ("tasks.js",)
_LONGEST_REASON = 1_000
_COMPARED = 10  # drafts

Number = Annotated[int, Path(ge=0, lt=2**53)]


def add_draft_pages(app: FastAPI, pages: Pages, task_desk: TaskDesk) -> None:
    """Puts the pages into an app; plain functions, so that each runs in a thread of its own."""
    router = APIRouter(prefix="/drafts", include_in_schema=False)

    @router.get("")
    def waiting(request: Request) -> HTMLResponse:
        words, person, query = pages.words(request), person_of(request.cookies), request.query_params
        found = task_desk.drafts()
        board = task_desk.board(person) if person else None
        told = _told_of_list(words.t, query.get("told", ""), query.get("case", ""))
        compared = _compared(task_desk, found)
        body = drafts(words, found, board, person, now=datetime.now(UTC), told=told, compared=compared)
        return pages.answer(request, words, words.t("drafts.title"), body, styles=STYLES, scripts=_SCRIPTS)

    @router.get("/{case_id}")
    def one(case_id: Number, request: Request) -> HTMLResponse:
        return shown(request, case_id)

    @router.post("/{case_id}")
    def change(case_id: Number, request: Request, form: Form) -> Response:
        words, person = pages.words(request), person_of(request.cookies)
        try:
            draft = task_desk.draft(case_id)
        except NotFound:
            return shown(request, case_id)
        if person is None:
            filled = Filled(form.values)
            return shown(request, case_id, filled=filled, alert=words.t("draft.who_first"), status=403)
        if form("version") != str(draft.stored.version):
            return overtaken(request, case_id, form)
        read = read_case(form.values, draft.stored.case, taxonomy=words.taxonomy, gazetteer=words.gazetteer)
        if read.case is None:
            alert = words.t.count("draft.invalid", len(read.problems))
            return shown(request, case_id, filled=Filled(form.values, read.problems), alert=alert, status=400)
        fields = changed(draft.stored.case, read.case)
        try:
            if fields:
                draft = task_desk.amend(case_id, read.case, person, version=draft.stored.version)
            if form("do") == "approve":
                task_desk.approve(case_id, person, version=draft.stored.version)
        except NotFound:
            return shown(request, case_id)
        except BadInput as error:
            return refused(request, case_id, form, draft, error)
        if form("do") == "approve":
            return RedirectResponse(f"/drafts?told=approved&case={case_id}", status_code=303)
        query = urlencode({"told": "saved", "changed": ".".join(fields)})
        return RedirectResponse(f"/drafts/{case_id}?{query}", status_code=303)

    @router.post("/{case_id}/dismiss")
    def dismiss(case_id: Number, request: Request, form: Form) -> Response:
        t, person, reason = pages.words(request).t, person_of(request.cookies), form("reason")
        if person is None:
            return shown(request, case_id, alert=t("draft.who_first"), status=403)
        if not reason or len(reason) > _LONGEST_REASON:
            filled = Filled({}, reason=reason, reason_missing=True)
            return shown(request, case_id, filled=filled, alert=t("draft.missing_reason"), status=400)
        try:
            task_desk.dismiss(case_id, person, reason)
        except NotFound:
            return shown(request, case_id)
        except BadInput as error:
            filled = Filled({}, reason=reason)
            return shown(request, case_id, filled=filled, alert=t("draft.refused"), given=str(error), status=400)
        return RedirectResponse("/drafts?told=dismissed", status_code=303)

    def shown(
        request: Request, case_id: int, *, filled: Filled | None = None, alert: str = "", given: str = "",
        status: int = 200,
    ) -> HTMLResponse:  # fmt: skip
        words, person, query = pages.words(request), person_of(request.cookies), request.query_params
        try:
            draft = task_desk.draft(case_id)
        except NotFound:
            gone = words.t("draft.gone")
            return pages.answer(request, words, gone, missing_draft(words, case_id), styles=STYLES, status=404)
        told = ""
        if query.get("told") == "saved" and filled is None:
            told = _told_of_fields(words.t, query.get("changed", "").split("."), draft.stored.version)
        body = draft_page(
            words, draft, person, now=datetime.now(UTC), told=told, alert=alert, given=given, filled=filled,
            cases=near(draft, words.t.language),
        )  # fmt: skip
        title = words.t("draft.number", n=case_id, version=draft.stored.version)
        return pages.answer(request, words, title, body, styles=STYLES, scripts=_SCRIPTS, status=status)

    def near(draft: Draft, language: str) -> dict[int, Case]:
        found = (pages.assistant.open_case(case_id, language) for case_id, _, _ in draft.alike)
        return {match.case_id: match.case for match in found if match is not None}

    def overtaken(request: Request, case_id: int, form: Fields) -> HTMLResponse:
        draft, t = task_desk.draft(case_id), pages.words(request).t
        alert = t("draft.conflict", n=draft.stored.version)
        return shown(request, case_id, filled=Filled(form.values, overtaken=True), alert=alert, status=409)

    def refused(request: Request, case_id: int, form: Fields, draft: Draft, error: BadInput) -> HTMLResponse:
        """Another was faster at the last moment, or the desk has another reason."""
        try:
            present = task_desk.draft(case_id)
        except NotFound:
            return shown(request, case_id)
        if present.stored.version != draft.stored.version:
            return overtaken(request, case_id, form)
        alert = pages.words(request).t("draft.refused")
        return shown(request, case_id, filled=Filled(form.values), alert=alert, given=str(error), status=400)

    app.include_router(router)


def _compared(task_desk: TaskDesk, found: Sequence[Draft]) -> dict[int, Alike]:
    """The cases that are alike, of the first drafts: comparing takes a question to the case base for each."""
    alike: dict[int, Alike] = {}
    for draft in found[:_COMPARED]:
        try:
            alike[draft.stored.case_id] = task_desk.draft(draft.stored.case_id).alike
        except NotFound:  # approved or dismissed at this moment
            continue
    return alike


def _told_of_list(t: Texts, told: str, case: str) -> str:
    """What has just been done with a draft that is none any more."""
    if told == "approved" and case.isascii() and case.isdigit():
        return t("drafts.told_approved", n=case[:16])
    return t("drafts.told_dismissed") if told == "dismissed" else ""


def _told_of_fields(t: Texts, fields: Sequence[str], version: int) -> str:
    """Which fields were saved, each named once."""
    names = dict.fromkeys(label(t, name) for name in fields if is_field(name))
    return t("draft.saved", n=version, fields=t("list.mark").join(names)) if names else t("draft.unchanged")
