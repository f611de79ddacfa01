"""Forms: where a request comes from, and what is read of it."""

from collections.abc import Iterator

import pytest
from fake_desk import FakeDesk
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from ui.api import add_api
from ui.form import LARGEST, Form, is_foreign, is_ours

OURS = {"origin": "http://testserver"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()
    add_api(app, FakeDesk())

    @app.post("/echo")
    def echo(form: Form) -> dict[str, str]:
        return dict(form.values)

    with TestClient(app, headers=OURS) as opened:
        yield opened


@pytest.mark.parametrize(
    ("headers", "ours", "foreign"),
    [
        ({}, False, False),
        ({"host": "a.org"}, False, False),
        ({"host": "a.org", "origin": "https://a.org"}, True, False),
        ({"host": "A.org:8000", "origin": "http://a.ORG:8000"}, True, False),
        ({"host": "a.org", "origin": "https://a.org:8000"}, False, True),
        ({"host": "a.org", "origin": "https://evil.org"}, False, True),
        ({"host": "a.org", "origin": "null"}, False, True),
        ({"host": "a.org", "referer": "https://a.org/tasks"}, True, False),
        ({"host": "a.org", "referer": "https://a.org.evil.org/"}, False, True),
        ({"host": "a.org", "origin": "https://evil.org", "sec-fetch-site": "same-origin"}, True, False),
        ({"sec-fetch-site": "none"}, True, False),
        ({"sec-fetch-site": "same-site", "host": "a.org", "origin": "https://a.org"}, False, True),
    ],
)
def test_a_browser_says_where_a_request_comes_from(headers: dict[str, str], ours: bool, foreign: bool) -> None:
    assert (is_ours(headers), is_foreign(headers)) == (ours, foreign)


@given(st.text(max_size=200))
def test_any_text_arrives_as_it_was_written(text: str) -> None:
    app = FastAPI()

    @app.post("/echo")
    def echo(form: Form) -> dict[str, str]:
        return dict(form.values)

    client = TestClient(app, headers=OURS)
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    shown = client.post("/echo", data={"text": text}).json()["text"]
    assert shown == text.replace("\r\n", "\n").replace("\x00", "")


def test_of_two_fields_with_one_name_the_last_counts(client: TestClient) -> None:
    assert client.post("/echo", content=b"a=1&b=&a=2", headers=FORM).json() == {"a": "2", "b": ""}


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"a=%FF", FORM),
        (b"\xff=1", FORM),
        (b"&".join(b"a%d=1" % n for n in range(2_500)), FORM),
        (b"a=" + b"x" * LARGEST, FORM),
        (b"{}", {"content-type": "application/json"}),
        (b"--x", {"content-type": "multipart/form-data; boundary=x"}),
        (b"a=1", {"content-type": "text/plain"}),
    ],
)
def test_what_is_no_form_is_refused(client: TestClient, content: bytes, headers: dict[str, str]) -> None:
    answer = client.post("/echo", content=content, headers=headers)
    assert answer.status_code == 400
    assert "form" in answer.json()["error"]


def test_a_form_from_nowhere_is_refused(client: TestClient) -> None:
    answer = client.post("/echo", data={"a": "1"}, headers={"origin": ""})
    assert answer.status_code == 403
    assert "not saved" in answer.json()["error"]
