"""The page that asks who somebody is, at /person. It leads back to where it was asked."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from knowledge.errors import BadInput
from ui.form import Form
from ui.hotline_pages import Pages
from ui.person import forget, keep, person_from, person_of, place_to_return
from ui.render_person import person_page

__all__ = ["STYLES", "add_person_pages"]

STYLES = ("tasks.css",)
_LONGEST_NAME = 100


def add_person_pages(app: FastAPI, pages: Pages) -> None:
    """Puts the page into an app; plain functions, so that each runs in a thread of its own."""
    router = APIRouter(prefix="/person", include_in_schema=False)

    @router.get("")
    def who(request: Request) -> HTMLResponse:
        words, back = pages.words(request), place_to_return(request.query_params.get("back"))
        body = person_page(words, back=back, person=person_of(request.cookies))
        return pages.answer(request, words, words.t("person.title"), body, styles=STYLES)

    @router.post("")
    def be(request: Request, form: Form) -> Response:
        words, back = pages.words(request), place_to_return(form("back"))
        answer = RedirectResponse(back, status_code=303)
        if form("do") == "leave":
            forget(answer)
            return answer
        department = form("department")
        known = department if department in words.taxonomy.department_by_id else None
        try:
            keep(answer, person_from(form("name"), known))
        except BadInput:
            problem = words.t("person.long_name" if len(form("name")) > _LONGEST_NAME else "person.missing_name")
            body = person_page(words, back=back, person=person_of(request.cookies), problem=problem)
            return pages.answer(request, words, words.t("person.title"), body, styles=STYLES, status=400)
        return answer

    app.include_router(router)
