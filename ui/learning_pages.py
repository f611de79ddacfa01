"""The page of what was learned, at /learning, and the pages on which a decision about it is confirmed.

They lay out and answer; what they show comes from the render modules, what is done is one call into the advisor.
"""

from collections.abc import Callable

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.learning.insight import Account
from assistant.learning.standing import Standing
from knowledge.errors import BadInput
from ui.assets import add_assets
from ui.facade import Assistant
from ui.form import Form
from ui.hotline_pages import Pages
from ui.learning_api import LearningDoor
from ui.learning_wording import version
from ui.person import person_of
from ui.person_pages import STYLES as PERSON_STYLES
from ui.render_learning import learning_page
from ui.render_versions import DECISIONS, LONGEST_NOTE, decide

__all__ = ["add_learning_pages"]

STYLES = (*PERSON_STYLES, "learning.css")


def add_learning_pages(app: FastAPI, assistant: Assistant, door: LearningDoor, *, demo: bool) -> None:
    """Puts the pages into an app; plain functions, so that each runs in a thread of its own."""
    pages = Pages(assistant, demo, here="/learning")
    add_assets(app)
    router = APIRouter(prefix="/learning", include_in_schema=False)
    doing: dict[str, Callable[[str, str, str], None]] = {
        "approve": door.advisor.approve,
        "reject": door.advisor.reject,
        "rollback": door.advisor.roll_back,
    }

    @router.get("")
    def learned(request: Request) -> HTMLResponse:
        done = request.query_params.get("told", "")
        told = pages.words(request).t(f"learning_decide.told_{done}") if done in DECISIONS else ""
        return shown(request, told=told)

    @router.get("/{do}/{name}")
    def ask(do: str, name: str, request: Request) -> HTMLResponse:
        return asked(request, do, name)

    @router.post("/{do}/{name}")
    def act(do: str, name: str, request: Request, form: Form) -> Response:
        words, person, note = pages.words(request), person_of(request.cookies), form("note")
        if do not in DECISIONS:
            raise BadInput(words.t("learning.bad_name"))
        if person is None:
            return asked(request, do, name, status=403)
        if len(note) > LONGEST_NOTE:
            problem = words.t("learning_decide.too_long", n=LONGEST_NOTE)
            return asked(request, do, name, note=note, problem=problem, status=400)
        try:
            doing[do](name, person.name, note)
        except BadInput:
            gone = words.t("learning_decide.gone", version=version(words, name))
            return shown(request, alert=gone, status=409)
        return RedirectResponse(f"/learning?told={do}", status_code=303)

    def shown(request: Request, *, told: str = "", alert: str = "", status: int = 200) -> HTMLResponse:
        words, person = pages.words(request), person_of(request.cookies)
        body = learning_page(words, door.insight.account(), person, told=told, alert=alert)
        return pages.answer(request, words, words.t("learning.title"), body, styles=STYLES, status=status)

    def asked(
        request: Request, do: str, name: str, *, note: str = "", problem: str = "", status: int = 200
    ) -> HTMLResponse:
        words, person, account = pages.words(request), person_of(request.cookies), door.insight.account()
        if do not in DECISIONS:
            return shown(request, alert=words.t("learning.bad_name"), status=404)
        if not _possible(account, do, name):
            gone = words.t("learning_decide.gone", version=version(words, name))
            return shown(request, alert=gone, status=409)
        body = decide(words, account, person, do=do, name=name, note=note, problem=problem)
        title = words.t(f"learning_decide.{do}", version=version(words, name))
        return pages.answer(request, words, title, body, styles=STYLES, status=status)

    app.include_router(router)


def _possible(account: Account, do: str, name: str) -> bool:
    """Whether a decision can be taken as things stand."""
    standing: Standing = account.state.standing
    if do == "rollback":
        return name in standing.former and name != standing.champion
    ready = account.state.judgement is not None and account.state.judgement.ready
    return name == standing.challenger and (do == "reject" or ready)
