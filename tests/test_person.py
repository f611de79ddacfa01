"""Who acts: the cookie that keeps a name and a department, and the page that asks for them."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from fake_desk import FakeDesk
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import BadInput
from knowledge.task import Person
from ui.api import add_api
from ui.assets import add_assets
from ui.hotline_pages import Pages
from ui.person import PERSON_COOKIE, keep, person_from, person_of, place_to_return
from ui.person_pages import add_person_pages

OURS = {"origin": "http://testserver"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    app, desk = FastAPI(), FakeDesk()
    add_api(app, desk)
    add_assets(app)
    add_person_pages(app, Pages(desk, demo=True, here="/tasks"))
    with TestClient(app, headers=OURS, follow_redirects=False) as opened:
        yield opened


def _kept(person: Person) -> str:
    """What a browser would send back."""
    answer = Response()
    keep(answer, person)
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == PERSON_COOKIE
    return rest.split(";")[0]


@given(st.text(min_size=1, max_size=100), st.none() | st.sampled_from(["water", "police", "没有的部门"]))
def test_any_name_comes_back_from_the_cookie(name: str, department: str | None) -> None:
    try:
        person = person_from(name, department)
    except BadInput:
        assert not " ".join(name.split()) or not name.isprintable()
        return
    assert person_of({PERSON_COOKIE: _kept(person)}) == person


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "%7B",
        "null",
        "[]",
        "%FF%FE",
        quote('{"name": ""}'),
        quote('{"name": "王敏", "role": "administrator"}'),
        quote('{"name": 7}'),
        quote('{"name": "\\ud800"}'),
        quote(json.dumps({"name": "王" * 101})),
        quote("[" * 1200),
        quote(json.dumps({"name": "王敏", "department": "x" * 5000})),
    ],
)
def test_a_cookie_that_cannot_be_read_is_nobody(cookie: str) -> None:
    assert person_of({PERSON_COOKIE: cookie}) is None


def test_the_cookie_is_for_this_site_only() -> None:
    answer = Response()
    keep(answer, Person(name="王敏", department="emergency"))
    said = answer.headers["set-cookie"].lower()
    assert "samesite=lax" in said
    assert "httponly" in said
    assert "王" not in said


@pytest.mark.parametrize("name", ["", "   ", "王" * 101])
def test_a_name_that_cannot_be_used_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="name"):
        person_from(name, None)


@pytest.mark.parametrize(
    "wanted", ["", None, "https://example.org", "//example.org", "/\\example.org", "tasks", "/a\nb", "/" + "a" * 600]
)
def test_the_way_back_leads_nowhere_else(wanted: str | None) -> None:
    assert place_to_return(wanted) == "/tasks"


def test_who_somebody_is_is_chosen_once_and_leads_back(client: TestClient) -> None:
    page = client.get("/person?back=/drafts/3", headers={"accept-language": "zh"})
    assert "您是谁" in page.text
    assert "系统不作核实" in page.text
    assert 'value="/drafts/3"' in page.text
    sent = client.post("/person", data={"name": " 李  强 ", "department": "water", "back": "/drafts/3"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/drafts/3")
    assert person_of({PERSON_COOKIE: client.cookies[PERSON_COOKIE]}) == Person(name="李 强", department="water")
    again = client.get("/person", headers={"accept-language": "en"}).text
    assert 'value="李 强"' in again
    assert '<option value="water" selected>' in again
    assert "they are not checked" in again


def test_a_department_that_does_not_exist_is_none(client: TestClient) -> None:
    client.post("/person", data={"name": "李强", "department": "moon"})
    assert person_of({PERSON_COOKIE: client.cookies[PERSON_COOKIE]}) == Person(name="李强")


@pytest.mark.parametrize(("name", "said"), [("  ", "请填写姓名"), ("王" * 101, "不超过 100 个字")])
def test_what_is_wrong_with_a_name_is_said_beside_it(client: TestClient, name: str, said: str) -> None:
    answer = client.post("/person", data={"name": name}, headers={"accept-language": "zh"})
    assert answer.status_code == 400
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert PERSON_COOKIE not in client.cookies


def test_a_person_can_be_taken_out_of_the_browser(client: TestClient) -> None:
    client.post("/person", data={"name": "李强"})
    assert 'value="leave"' in client.get("/person").text
    client.post("/person", data={"do": "leave"})
    assert PERSON_COOKIE not in client.cookies
    assert 'value="leave"' not in client.get("/person").text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://example.org"},
        {"origin": "null"},
        {"origin": "http://testserver", "sec-fetch-site": "cross-site"},
        {"origin": "http://testserver", "sec-fetch-site": "same-site"},
        {"origin": "", "referer": "https://example.org/http://testserver/"},
    ],
)
def test_no_other_site_says_who_somebody_is(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/person", data={"name": "李强"}, headers=headers)
    assert answer.status_code == 403
    assert "error" in answer.json()
    assert PERSON_COOKIE not in client.cookies
