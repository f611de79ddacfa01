"""The page of what was learned over a real log and shelf: what it says, how a decision is taken, what is refused."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_desk import FakeDesk
from fake_tasks import ISSUER, browser_of
from fastapi.testclient import TestClient
from learned_city import insight_of, learned_city, pages_of

from assistant.wiring import Workplace, open_workplace
from ui.learning_wording import command
from ui.server import create_app

PAGES = ("zh", "en")


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A city in which nobody decides anything."""
    opened = learned_city(tmp_path_factory.mktemp("looked") / "home")
    yield opened
    opened.engine.dispose()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    opened = learned_city(tmp_path / "home")
    yield opened
    opened.engine.dispose()


@pytest.fixture
def official(place: Workplace) -> TestClient:
    return browser_of(pages_of(place), ISSUER)


def _challenger(place: Workplace) -> str:
    return str(place.learning.advisor.state().standing.challenger)


@pytest.mark.parametrize("language", PAGES)
def test_the_page_says_how_it_stands(looked_at: Workplace, language: str) -> None:
    page = browser_of(pages_of(looked_at), None).get(f"/learning?lang={language}").text
    account = insight_of(looked_at).account()
    assert page.count('class="condition held"') == 9
    assert page.count('class="condition unmeasured"') == 1
    assert f'href="/learning/approve/{_challenger(looked_at)}"' in page
    expected = ("固定顺序", "可以决定了") if language == "zh" else ("the fixed order", "Ready for a decision")
    assert all(text in page for text in expected)
    assert f">{len(account.answers['interleave'].numbers)} (" in page
    assert "aria-current=page>学习<" in page or "aria-current=page>Learning<" in page


def test_every_number_names_the_command_that_lists_its_rows(looked_at: Workplace) -> None:
    page = browser_of(pages_of(looked_at), None).get("/learning").text
    named = {*re.findall(r'<data value="([^"]+)"', page)}
    listed = {*re.findall(r"<code>precedent learn trace ([^<]+)</code>", page)}
    assert {"answers", "trial:1", "condition:share", "answers:broken"} <= named
    assert named <= listed
    account = insight_of(looked_at).account()
    figures = {figure.name for _, figure in (*account.conditions, *account.slices)}
    assert figures <= named
    assert all(f"{command(name)}" in page for name in figures)


def test_an_empty_city_says_what_is_needed(tmp_path: Path) -> None:
    fresh = open_workplace(tmp_path / "fresh")
    page = browser_of(pages_of(fresh), None).get("/learning").text
    assert "还没有学到什么" in page
    assert "已有 0 次，还差 200 次" in page
    assert "/learning/approve" not in page
    fresh.engine.dispose()


def test_a_decision_takes_a_person_and_two_steps(place: Workplace, official: TestClient) -> None:
    version = _challenger(place)
    nobody = browser_of(pages_of(place), None)
    asked = nobody.get(f"/learning/approve/{version}")
    assert 'action="/person"' in asked.text
    assert f'value="/learning/approve/{version}"' in asked.text
    assert nobody.post(f"/learning/approve/{version}", data={"note": ""}).status_code == 403
    assert place.learning.advisor.state().standing.champion == "base"
    confirm = official.get(f"/learning/approve/{version}").text
    assert "将以“王敏（应急管理局）”的名义记录" in confirm
    assert place.learning.advisor.state().standing.champion == "base"
    done = official.post(f"/learning/approve/{version}", data={"note": "会上同意"})
    assert done.url.path == "/learning"
    assert "已批准，从下一次答复起采用。" in done.text
    assert "意见：会上同意" in done.text
    standing = place.learning.advisor.state().standing
    assert (standing.champion, standing.challenger) == (version, None)
    step = place.learning.shelf.history()[-1]
    assert (step.kind, step.by, step.note) == ("promoted", "王敏", "会上同意")


def test_an_earlier_order_is_brought_back(place: Workplace, official: TestClient) -> None:
    version = _challenger(place)
    official.post(f"/learning/approve/{version}", data={"note": ""})
    page = official.get("/learning").text
    assert 'href="/learning/rollback/base"' in page
    assert "停用" in official.get("/learning/rollback/base").text
    assert "已恢复" in official.post("/learning/rollback/base", data={"note": ""}).text
    assert place.learning.advisor.state().standing.champion == "base"
    assert version in place.learning.advisor.state().standing.out


def test_a_rejected_order_is_gone(place: Workplace, official: TestClient) -> None:
    version = _challenger(place)
    assert "比较结束" in official.post(f"/learning/reject/{version}", data={"note": "再等等"}).text
    again = official.post(f"/learning/approve/{version}", data={"note": ""})
    assert again.status_code == 409
    assert "情况已经变化" in again.text
    assert official.get(f"/learning/approve/{version}").status_code == 409


@pytest.mark.parametrize(
    ("address", "status"),
    [("/learning/approve/p9999-00000000", 409), ("/learning/rollback/base", 409), ("/learning/delete/base", 404)],
)
def test_what_cannot_be_decided_is_said_on_the_page(
    place: Workplace, official: TestClient, address: str, status: int
) -> None:
    answer = official.get(address)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text


def test_what_is_not_sent_from_our_own_page_does_nothing(place: Workplace, official: TestClient) -> None:
    version = _challenger(place)
    foreign = {"origin": "http://elsewhere.example"}
    assert official.post(f"/learning/approve/{version}", data={"note": ""}, headers=foreign).status_code == 403
    body = {"version": version}
    assert official.post("/api/v1/learning/approve", json=body, headers=foreign).status_code == 403
    assert official.post("/learning/delete/base", data={"note": ""}).status_code == 400
    long = official.post(f"/learning/approve/{version}", data={"note": "长" * 501})
    assert long.status_code == 400
    assert "意见最多 500 个字" in long.text
    assert place.learning.advisor.state().standing.champion == "base"


def test_the_server_has_the_page_and_its_place_in_the_bar(looked_at: Workplace) -> None:
    with TestClient(create_app(FakeDesk(), learning=looked_at.learning)) as client:
        answer = client.get("/learning")
        assert answer.status_code == 200
        assert '<a class="place" href="/learning" aria-current=page>学习</a>' in answer.text
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert {"/api/v1/learning", "/api/v1/learning/approve"} <= client.get("/openapi.json").json()["paths"].keys()


def test_the_api_tells_and_decides(place: Workplace) -> None:
    client, version = TestClient(pages_of(place), raise_server_exceptions=False), _challenger(place)
    state: dict[str, Any] = client.get("/api/v1/learning").json()
    assert (state["champion"], state["challenger"], state["ready"]) == ("base", version, True)
    assert all(one["trace"].startswith("condition:") for one in state["conditions"])
    by = {"by": {"name": "王敏", "department": "emergency"}}
    assert client.post("/api/v1/learning/approve", json={"version": version}).status_code == 400
    early = client.post("/api/v1/learning/rollback", json={"version": "base", **by})
    assert (early.status_code, "name one of" in early.json()["error"]) == (400, True)
    approved = client.post("/api/v1/learning/approve", json={"version": version, "note": "好", **by}).json()
    assert (approved["champion"], approved["steps"][-1]["by"]) == (version, "王敏")
    assert client.post("/api/v1/learning/reject", json={"version": version, **by}).status_code == 400
    back = client.post("/api/v1/learning/rollback", json={"version": "base", **by}).json()
    assert (back["champion"], back["former"]) == ("base", [version])
    assert client.post("/api/v1/learning/approve", json={"version": version, "extra": 1}).status_code == 422
