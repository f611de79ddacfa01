"""The pages of tasks: the lists, one task, and its steps; with them the pages of drafts and of who somebody is.

They lay out and answer; what they show comes from the render modules, what is done is one call into the task desk. A
step that another person overtook is not done, and the page says so.
"""

import logging
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from assistant.taskdesk import TaskDesk
from assistant.taskstep import Handing
from knowledge.case import Outcome
from knowledge.errors import BadInput, NotFound
from knowledge.privacy import mask
from knowledge.task import STEPS, Person, Step, Task
from ui.assets import add_assets
from ui.draft_pages import add_draft_pages
from ui.facade import Assistant
from ui.form import Fields, Form
from ui.hotline_pages import Pages
from ui.person import person_of
from ui.person_pages import STYLES, add_person_pages
from ui.render_task import Origin, Quote, TaskView, missing_task, task_page
from ui.render_taskforms import LONGEST, NEEDED, Typed
from ui.render_tasks import tasks
from ui.task_list import TaskWish
from ui.texts import Texts
from ui.wording import CITY_TIME, Wording

__all__ = ["SCRIPTS", "add_task_pages"]

logger = logging.getLogger(__name__)

SCRIPTS = ("tasks.js",)
_COUNTED = 10  # drafts: more are not told apart in the tab
_RESOLVED = {"yes": True, "no": False, "unknown": None}

Number = Annotated[int, Path(ge=0, lt=2**53)]


def add_task_pages(app: FastAPI, assistant: Assistant, task_desk: TaskDesk, *, demo: bool) -> None:
    """Puts the pages into an app; plain functions, so that each runs in a thread of its own."""
    pages = Pages(assistant, demo, here="/tasks")
    add_assets(app)
    add_person_pages(app, pages)
    add_draft_pages(app, pages, task_desk)
    router = APIRouter(prefix="/tasks", include_in_schema=False)

    @router.get("")
    def listed(request: Request) -> HTMLResponse:
        words, wish, person = pages.words(request), TaskWish.read(request.query_params), person_of(request.cookies)
        board = task_desk.board(person) if person else None
        body = tasks(words, wish, board, person, now=datetime.now(UTC), drafts=len(task_desk.drafts(_COUNTED)))
        return pages.answer(request, words, words.t("tasks.title"), body, styles=STYLES)

    @router.get("/{task_id}")
    def one(task_id: Number, request: Request) -> HTMLResponse:
        kind = request.query_params.get("told", "")
        told = pages.words(request).t(f"task.told_{kind}") if kind in STEPS else ""
        return shown(request, task_id, told=told)

    @router.post("/{task_id}/steps")
    def step(task_id: Number, request: Request, form: Form) -> Response:
        t, person = pages.words(request).t, person_of(request.cookies)
        kind, version = form("kind"), form("version")
        if kind not in STEPS or not (version.isascii() and version.isdigit()):
            raise BadInput(f"the step {kind!r} of version {version!r} is not known; use the buttons of the page")
        typed = Typed(kind, form.values)
        if person is None:
            return shown(request, task_id, typed=typed, alert=t("task.who_first"), status=403)
        outcome, problem = _outcome(t, form) if kind == "done" else (None, _wrong(t, kind, form("text")))
        handing, late = _handing(t, form) if kind == "reissue" else (Handing(), "")
        if problem or late:
            return shown(request, task_id, typed=replace(typed, problem=problem or late), status=400)
        text = (outcome.summary if outcome else form("text")) or None
        try:
            task_desk.step(
                task_id, kind, person, text=text, outcome=outcome, version=int(version), **vars(handing)
            )  # fmt: skip
        except NotFound:
            return shown(request, task_id)
        except BadInput as error:
            return refused(request, task_id, typed, person, seen=int(version), error=error)
        return _done(task_id, kind)

    def shown(
        request: Request, task_id: int, *, told: str = "", typed: Typed | None = None, alert: str = "", given: str = "",
        status: int = 200,
    ) -> HTMLResponse:  # fmt: skip
        words, person = pages.words(request), person_of(request.cookies)
        try:
            task, history = task_desk.task(task_id)
        except NotFound:
            gone = words.t("task.gone")
            return pages.answer(request, words, gone, missing_task(words, task_id), styles=STYLES, status=404)
        view = TaskView(task, history, _origin(words, assistant, task), task_desk.of_matter(task.matter))
        body = task_page(
            words, view, person, now=datetime.now(UTC), told=told, typed=typed, alert=alert, given=given
        )  # fmt: skip
        return pages.answer(
            request, words, f"{words.t('task.number', n=task_id)} {task.title}", body, styles=STYLES, scripts=SCRIPTS,
            status=status,
        )  # fmt: skip

    def refused(
        request: Request, task_id: int, typed: Typed, person: Person, *, seen: int, error: BadInput
    ) -> Response:
        """Another was faster, or this same step has come in twice, or the desk has another reason."""
        t = pages.words(request).t
        task, history = task_desk.task(task_id)
        if task.version == seen:
            return shown(request, task_id, typed=typed, alert=t("task.refused"), given=str(error), status=400)
        since = [step for step in history if step.number > seen]
        if len(since) == 1 and _is_the_same(since[0], typed, person):
            return _done(task_id, typed.kind)
        who = since[-1].by if since else t("task.conflict_somebody")
        return shown(request, task_id, typed=typed, alert=t("task.conflict", who=who), status=409)

    app.include_router(router)


def _done(task_id: int, kind: str) -> RedirectResponse:
    return RedirectResponse(f"/tasks/{task_id}?told={kind}", status_code=303)


def _is_the_same(step: Step, typed: Typed, person: Person) -> bool:
    """Whether a step is the very one that was sent: a button pressed twice is one step."""
    written = typed.fields.get("summary" if typed.kind == "done" else "text", "").strip()
    return (step.kind, step.by, step.text or "") == (typed.kind, person.name, written)


def _wrong(t: Texts, kind: str, text: str) -> str:
    """What is wrong with a reason or a note; empty where nothing is."""
    if len(text) > LONGEST.get(kind, 0):
        return t("task.too_long", n=LONGEST.get(kind, 0))
    return t(f"task.{NEEDED[kind]}") if kind in NEEDED and not text else ""


def _outcome(t: Texts, form: Fields) -> tuple[Outcome | None, str]:
    """The outcome as it was reported, or what is wrong with the report."""
    summary, said = form("summary"), form("resolved")
    if said not in _RESOLVED:
        return None, t("task.missing_resolved")
    if _RESOLVED[said] is None and not summary:
        return None, t("task.missing_summary")
    if len(summary) > LONGEST["done"]:
        return None, t("task.too_long", n=LONGEST["done"])
    days, satisfaction = _number(form("days")), _number(form("satisfaction"))
    if days is not None and not 0 <= days <= 36_500:
        return None, t("task.wrong_days")
    if satisfaction is not None and not 1 <= satisfaction <= 5:
        return None, t("task.wrong_satisfaction")
    return Outcome(resolved=_RESOLVED[said], days=days, satisfaction=satisfaction, summary=summary or None), ""


def _handing(t: Texts, form: Fields) -> tuple[Handing, str]:
    """To whom a returned task goes, or what is wrong with that. The time is that of the city's clock."""
    instructions, written = form("instructions"), form("due")
    if not instructions:
        return Handing(), t("task.missing_instructions")
    try:
        due = datetime.fromisoformat(written).replace(tzinfo=CITY_TIME) if written else None
    except ValueError:
        return Handing(), t("task.wrong_due")
    if due is not None and due <= datetime.now(UTC):
        return Handing(), t("task.wrong_due")
    return Handing(form("department") or None, form("assignee") or None, due, instructions), ""


def _number(text: str) -> float | None:
    """A number, None for nothing; what is no number is NaN, which lies in no range."""
    try:
        return float(text) if text else None
    except ValueError:
        return math.nan


def _origin(words: Wording, assistant: Assistant, task: Task) -> Origin | None:
    """Where a task comes from; None where the answer is not there, or was written by another version."""
    try:
        answer = assistant.recommendation(task.matter)
    except NotFound:
        return None
    except ValidationError as error:
        logger.warning("the answer %s of task %d cannot be shown: %s", task.matter, task.task_id, error)
        return None
    question = mask(answer.situation.text, gazetteer=assistant.gazetteer)
    headings = {match.case_id: match.case.heading() for match in answer.matches}
    evidence = answer.actions[task.slot].evidence if task.slot is not None and task.slot < len(answer.actions) else ()
    quotes = tuple(
        Quote(one.quote, headings.get(one.case_id) or words.t("actions.case_elsewhere")) for one in evidence[:3]
    )
    return Origin(question, masked=question != answer.situation.text, quotes=quotes)
