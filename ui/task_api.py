"""Tasks and drafts in the HTTP API: issue a task, take its steps, look at it, review the drafts.

Who acts stands in the body (`by`), in the headers X-Person-Name and X-Person-Department (percent-encoded UTF-8), or in
the cookie of the pages, in this order; it is taken on trust. Errors are those of `ui.api`. What a browser sends from
another site's page is refused.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from assistant.taskdesk import Draft, TaskDesk
from knowledge.case import Case, CaseStatus, Outcome, StoredCase
from knowledge.errors import BadInput
from knowledge.task import Kind, Person, Task
from ui.form import refuse_foreign
from ui.person import person_from, person_of

__all__ = ["acting", "create_task_router"]

Number = Annotated[int, Path(ge=0, lt=2**53)]
Limit = Annotated[int, Query(ge=1, le=500)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: Person | None = Field(default=None, description="who acts; else the headers or the cookie say so")


class Issuing(_Body):
    """An action of an answer (`slot`: its place, from 0; none for a task of one's own) for a department. `due` in ISO,
    UTC without a zone. The same `client_id` again gives the same task."""

    interaction_id: str = Field(min_length=1, max_length=200)
    client_id: str = Field(min_length=1, max_length=100)
    slot: int | None = Field(default=None, ge=0)
    department: str | None = Field(default=None, max_length=200)
    instructions: str = Field(max_length=4_000)
    title: str | None = Field(default=None, max_length=1_000)
    assignee: str | None = Field(default=None, max_length=100)
    due: datetime | None = None


class Stepping(_Body):
    """A step: "return" and "reopen" need a text, "done" an outcome. `version` is the one that was seen: where another
    has been faster, nothing is done."""

    kind: Kind
    text: str | None = Field(default=None, max_length=4_000)
    outcome: Outcome | None = None
    version: int | None = None


class Amending(_Body):
    """A draft with other content; `version` is the one that was seen. It stays a draft."""

    case: Case
    version: int


class Approving(_Body):
    """Puts a draft among the cases; `version` is the one that was seen."""

    version: int


class Dismissing(_Body):
    """Why a draft is not to become a case."""

    reason: str = Field(min_length=1, max_length=1_000)


def acting(request: Request, by: Person | None = None) -> Person:
    """Who acts. Raises BadInput where nobody says so, or the headers cannot be read."""
    name = request.headers.get("x-person-name")
    if by is None and name is not None:
        department = request.headers.get("x-person-department")
        try:
            return person_from(unquote(name, errors="strict"), unquote(department or "", errors="strict"))
        except UnicodeDecodeError as error:
            raise BadInput("X-Person-Name cannot be read; write it in UTF-8, percent-encoded") from error
    person = by or person_of(request.cookies)
    if person is None:
        raise BadInput('it is not said who acts; add `by`: {"name": …, "department": …} or the header X-Person-Name')
    return person


def create_task_router(task_desk: TaskDesk) -> APIRouter:
    """The routes; plain functions, so that each runs in a thread of its own."""
    router = APIRouter(prefix="/api/v1", tags=["tasks"])
    _add_tasks(router, task_desk)
    _add_drafts(router, task_desk)
    return router


def _add_tasks(router: APIRouter, task_desk: TaskDesk) -> None:
    ours = [Depends(refuse_foreign)]

    @router.post("/tasks", status_code=201, dependencies=ours, summary="Hand an action of an answer to a department")
    def issue(issuing: Issuing, request: Request) -> Task:
        due = issuing.due
        if due is not None and due.tzinfo is None:
            due = due.replace(tzinfo=UTC)
        return task_desk.issue(
            issuing.interaction_id, acting(request, issuing.by), slot=issuing.slot, department=issuing.department,
            instructions=issuing.instructions, title=issuing.title, assignee=issuing.assignee, due=due,
            client_id=issuing.client_id,
        )  # fmt: skip

    @router.get("/tasks", summary="The tasks that concern a person, newest first; or those of one answer, oldest first")
    def tasks(
        request: Request,
        interaction_id: Annotated[str | None, Query(max_length=200)] = None,
        name: Annotated[str | None, Query(max_length=100)] = None,
        department: Annotated[str | None, Query(max_length=200)] = None,
        limit: Limit = 200,
    ) -> dict[str, Sequence[Task]]:
        if interaction_id is not None:
            return {"tasks": task_desk.of_matter(interaction_id)}
        person = person_from(name, department) if name else acting(request)
        board = task_desk.board(person, limit)
        return {"mine": board.mine, "department": board.department, "issued": board.issued}

    @router.get("/tasks/{task_id}", summary="One task with its history, oldest first")
    def task(task_id: Number) -> dict[str, Any]:
        found, history = task_desk.task(task_id)
        return {"task": found, "history": list(history)}

    @router.post("/tasks/{task_id}/steps", dependencies=ours, summary="Take a step: accept, return, done, verify, …")
    def step(task_id: Number, stepping: Stepping, request: Request) -> Task:
        return task_desk.step(
            task_id, stepping.kind, acting(request, stepping.by), text=stepping.text, outcome=stepping.outcome,
            version=stepping.version,
        )  # fmt: skip


def _add_drafts(router: APIRouter, task_desk: TaskDesk) -> None:
    ours = [Depends(refuse_foreign)]

    @router.get("/drafts", summary="Draft cases that wait for a curator, newest first")
    def drafts(limit: Limit = 100) -> dict[str, list[dict[str, Any]]]:
        return {"drafts": [_told(draft) for draft in task_desk.drafts(limit)]}

    @router.get("/drafts/{case_id}", summary="One draft, what it was made from, and the cases like it")
    def draft(case_id: Number) -> dict[str, Any]:
        return _told(task_desk.draft(case_id))

    @router.post("/drafts/{case_id}/amend", dependencies=ours, summary="Change a draft; nothing newer is overwritten")
    def amend(case_id: Number, amending: Amending, request: Request) -> dict[str, Any]:
        case = amending.case.model_copy(update={"status": CaseStatus.DRAFT})
        by = acting(request, amending.by)
        return _told(task_desk.amend(case_id, case, by, version=amending.version))

    @router.post("/drafts/{case_id}/approve", dependencies=ours, summary="From now on it is among the cases")
    def approve(case_id: Number, approving: Approving, request: Request) -> StoredCase:
        return task_desk.approve(case_id, acting(request, approving.by), version=approving.version)

    @router.post("/drafts/{case_id}/dismiss", dependencies=ours, summary="It is not to become a case")
    def dismiss(case_id: Number, dismissing: Dismissing, request: Request) -> dict[str, int]:
        task_desk.dismiss(case_id, acting(request, dismissing.by), dismissing.reason)
        return {"dismissed": case_id}


def _told(draft: Draft) -> dict[str, Any]:
    return {
        "case_id": draft.stored.case_id,
        "version": draft.stored.version,
        "updated_at": draft.stored.updated_at,
        "case": draft.stored.case,
        "question": draft.question,
        "tasks": [task.task_id for task in draft.tasks],
        "alike": [{"case_id": case_id, "heading": heading, "score": score} for case_id, heading, score in draft.alike],
    }
