"""The HTTP API under /api/v1: what other programs may ask, in JSON.

Every error is `{"error": "what is wrong; what to do next"}`. It checks the shape of what comes in, and leaves the rest
to the assistant.
"""

import logging
import re
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from assistant.answer import Match, Reaction, Recommendation, Turn, Verdict
from assistant.hotline import Hotline
from assistant.learning.events import Effect
from knowledge.case import CaseKind
from knowledge.errors import BadInput, NotFound, PrecedentError
from knowledge.filter import Wanted
from knowledge.recordings import TooLarge
from knowledge.text import MAX_QUESTION, clean
from ui.call_api import create_call_router
from ui.facade import Assistant

__all__ = ["add_api", "create_router"]

logger = logging.getLogger(__name__)

LARGEST_BODY = 1_000_000  # bytes
_STREAMED = re.compile(r"/api/v1/calls(/\d+/attach)?/?")  # recordings and transcripts, which have limits of their own

Language = Literal["zh", "en"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Question(_Body):
    """A situation in words, and which cases may answer it. A category, district or department is an id or a name."""

    text: str
    language: Language | None = None
    district: str | None = None
    since: datetime | None = Field(default=None, description="only cases from this day on (ISO; UTC without a zone)")
    category: str | None = None
    department: str | None = None
    kind: CaseKind | None = None
    top: int = Field(default=8, ge=1, le=50)


class Matches(BaseModel):
    """Similar cases, best first."""

    verdict: Verdict
    category: str | None
    matches: tuple[Match, ...]


class Choice(_Body):
    """A reaction to an action (`action`: its place, from 0), to a precedent (`case_id`, with unfit) or to the whole
    answer. The time is the server's."""

    interaction_id: str = Field(min_length=1, max_length=200)
    client_id: str = Field(min_length=1, max_length=100)
    kind: Literal["adopt", "edit", "reject", "helpful", "unhelpful", "unfit", "nothing_fits", "withdraw"]
    action: int | None = Field(default=None, ge=0)
    case_id: int | None = Field(default=None, ge=1)
    text: str | None = Field(default=None, max_length=4_000)
    reason: str | None = Field(default=None, max_length=1_000)
    actor: str = Field(default="api", min_length=1, max_length=200)
    department: str | None = Field(default=None, max_length=200)
    supersedes: str | None = Field(default=None, max_length=100)


class HowItWent(_Body):
    """How an adopted action (`action`: its place, from 0) turned out, as a system of record, an official or a citizen
    says; what is not known stays away. The time is the server's."""

    interaction_id: str = Field(min_length=1, max_length=200)
    client_id: str = Field(min_length=1, max_length=100)
    action: int = Field(ge=0)
    source: Literal["record", "official", "citizen"]
    resolved: bool | None = None
    satisfaction: float | None = Field(default=None, ge=1, le=5)
    in_time: bool | None = None
    actor: str = Field(default="api", min_length=1, max_length=200)


class Saying(_Body):
    """What is said in a conversation, and by whom (the owner's token, and perhaps the owner's department)."""

    text: str
    owner: str = Field(min_length=1, max_length=100)
    language: Language | None = None
    department: str | None = Field(default=None, max_length=200)


class _TooLong(BadInput):
    """More than is read at once (HTTP 413)."""


def _checked(text: str) -> str:
    if len(text) > MAX_QUESTION:
        raise _TooLong(f"the text has {len(text):,} characters; send at most {MAX_QUESTION:,}")
    if not text.strip():
        raise BadInput("the text is empty; describe what happened and where")
    return text


def _wanted(question: Question, assistant: Assistant) -> Wanted | None:
    """The filter of a question; BadInput for a category that the taxonomy does not have."""
    category = assistant.taxonomy.resolve_category(question.category) if question.category else None
    if question.category and category is None:
        raise BadInput(f"there is no category {question.category!r}; see /api/v1/taxonomy for those there are")
    district, department = clean(question.district or ""), clean(question.department or "")
    since = question.since
    if since and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    wanted = Wanted(
        districts=(assistant.gazetteer.resolve_district(district) or district,) if district else (),
        categories=(category,) if category else (),
        departments=(assistant.taxonomy.resolve_department(department) or department,) if department else (),
        kinds=(question.kind.value,) if question.kind else (),
        since=since,
    )
    return None if wanted.is_open else wanted


def create_router(assistant: Assistant) -> APIRouter:
    """The routes; plain functions, so that each runs in a thread of its own."""
    router = APIRouter(prefix="/api/v1")
    _add_questions(router, assistant)
    _add_knowledge(router, assistant)
    _add_conversations(router, assistant)
    return router


def _add_questions(router: APIRouter, assistant: Assistant) -> None:
    @router.post("/ask", summary="One recommendation: situation, verdict, precedents, ranked actions, cautions")
    def ask(question: Question) -> Recommendation:
        text = _checked(question.text)
        return assistant.ask(
            text, language=question.language, wanted=_wanted(question, assistant), top=question.top, actor="api"
        )

    @router.post("/match", summary="Similar cases only")
    def match(question: Question) -> Matches:
        text = _checked(question.text)
        situation, verdict, matches = assistant.match(
            text, language=question.language, wanted=_wanted(question, assistant), top=question.top
        )
        category = situation.category.value if situation.category else None
        return Matches(verdict=verdict, category=category, matches=matches)

    @router.post("/reactions", status_code=201, summary="Adopt, edit, reject or withdraw; helpful or not")
    def react(choice: Choice) -> dict[str, bool]:
        return {"new": assistant.react(Reaction(**choice.model_dump(), at=datetime.now(UTC)))}

    @router.post("/effects", status_code=201, summary="How an adopted action turned out")
    def effect(told: HowItWent) -> dict[str, bool]:
        known = told.model_dump()
        return {"new": assistant.effect(Effect(slot=known.pop("action"), at=datetime.now(UTC), **known))}


def _add_knowledge(router: APIRouter, assistant: Assistant) -> None:
    @router.get("/cases/{case_id}", summary="One approved case, with what superseded it")
    def open_case(case_id: int, language: Language = "zh") -> Match:
        found = assistant.open_case(case_id, language)
        if found is None:
            raise NotFound(f"there is no case {case_id}, or it was retired; look for it with /api/v1/match")
        return found

    @router.get("/taxonomy", summary="Categories, action types and departments, with their names")
    def taxonomy() -> dict[str, list[dict[str, Any]]]:
        known = assistant.taxonomy
        return {
            "categories": [{"id": c.id, "group": c.group, "zh": c.zh, "en": c.en} for c in known.categories],
            "action_types": [
                {"id": a.id, "zh": a.zh, "en": a.en, "when": a.when, "emergency": a.emergency}
                for a in known.action_types
            ],
            "departments": [{"id": d.id, "zh": d.zh, "en": d.en} for d in known.departments],
        }


def _add_conversations(router: APIRouter, assistant: Assistant) -> None:
    @router.post("/conversations/{conversation_id}/turns", summary="Say something; the id `new` starts a conversation")
    def say(conversation_id: str, saying: Saying) -> Turn:
        return assistant.turn(
            _checked(saying.text),
            owner=saying.owner,
            conversation_id=None if conversation_id == "new" else conversation_id,
            language=saying.language,
            department=saying.department,
        )

    @router.get("/conversations", summary="The conversations of one owner, newest first")
    def conversations(owner: str = Query(min_length=1, max_length=100)) -> list[dict[str, Any]]:
        return [
            {
                "conversation_id": head.conversation_id,
                "title": head.title,
                "started_at": head.started_at,
                "turns": head.turns,
            }
            for head in assistant.conversations(owner)
        ]


def _error(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=status)


def _refused(request: Request, error: Exception) -> JSONResponse:
    status = 404 if isinstance(error, NotFound) else 413 if isinstance(error, _TooLong | TooLarge) else 400
    if not isinstance(error, BadInput):
        logger.error("%s %s: %s", request.method, request.url.path, error)
        status = 503
    return _error(status, str(error))


def _unusable(request: Request, error: Exception) -> JSONResponse:
    problem = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    if problem.get("type") == "json_invalid":
        return _error(422, "the body is not JSON; send a JSON object with the header Content-Type: application/json")
    place = ".".join(str(part) for part in problem.get("loc", ()) if part not in ("body", "query", "path")) or "body"
    return _error(422, f"{place}: {problem.get('msg', 'cannot be used')}; see /docs for what is expected")


def _missing(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "fault"
    return _error(status, f"{detail}: {request.method} {request.url.path}; see /docs for the addresses there are")


def _fault(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _error(500, "something failed on the server; try again, and tell the administrator if it fails again")


class _BodyLimit:
    """Refuses a request to the API whose body is announced, or turns out, to be larger than 1 MB; but for recordings,
    which are written while they come."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/api/v1/") or _STREAMED.fullmatch(path):
            await self.app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        chunked = b"content-length" not in dict(scope["headers"]) and scope["method"] == "POST"
        if chunked or not length.isdigit() or int(length) > LARGEST_BODY:
            sentence = f"the body is larger than {LARGEST_BODY:,} bytes or has no length; send a shorter text"
            await _error(413, sentence)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def add_api(app: FastAPI, assistant: Assistant, hotline: Hotline | None = None) -> None:
    """Puts the API and its errors into an app; the calls where there is a hotline."""
    app.include_router(create_router(assistant))
    if hotline is not None:
        app.include_router(create_call_router(hotline))
    app.add_exception_handler(PrecedentError, _refused)
    app.add_exception_handler(RequestValidationError, _unusable)
    app.add_exception_handler(HTTPException, _missing)
    app.add_exception_handler(Exception, _fault)
    app.add_middleware(_BodyLimit)
