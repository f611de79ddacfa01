"""Tasks and drafts in the HTTP API, over the real task desk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fake_tasks import HOLDER, ISSUER, TaskPlace, open_task_place
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from knowledge.case import CaseStatus
from knowledge.records import SqlRecords
from knowledge.task import Person
from ui.api import add_api
from ui.person import PERSON_COOKIE, keep
from ui.task_api import create_task_router


@pytest.fixture
def place(tmp_path: Path) -> Iterator[TaskPlace]:
    opened = open_task_place(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def client(place: TaskPlace) -> Iterator[TestClient]:
    app = FastAPI()
    add_api(app, place.desk)
    app.include_router(create_task_router(place.tasks))
    with TestClient(app) as opened:
        yield opened


def by(person: Person) -> dict[str, Any]:
    return {"by": person.model_dump()}


def issue(client: TestClient, place: TaskPlace, **fields: object) -> dict[str, Any]:
    body = {
        "interaction_id": place.ask(), "client_id": "c-1", "slot": 0, "department": "水务局",
        "instructions": "抽排桥下积水", **by(ISSUER),
    }  # fmt: skip
    answer = client.post("/api/v1/tasks", json=body | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_task_is_issued_once_and_found(client: TestClient, place: TaskPlace) -> None:
    matter = place.ask()
    first = issue(client, place, interaction_id=matter, due="2026-11-21T10:00:00")
    assert (first["state"], first["department"], first["issued_by"]) == ("issued", "water", "王敏")
    assert first["due"] == "2026-11-21T10:00:00Z"
    assert issue(client, place, interaction_id=matter)["task_id"] == first["task_id"]
    found = client.get(f"/api/v1/tasks/{first['task_id']}").json()
    assert found["task"] == first
    assert [step["kind"] for step in found["history"]] == ["issue"]
    assert client.get("/api/v1/tasks", params={"interaction_id": matter}).json() == {"tasks": [first]}
    board = client.get("/api/v1/tasks", params={"name": "李强", "department": "water"}).json()
    assert (board["mine"], board["department"], board["issued"]) == ([], [first], [])


def test_steps_are_taken_with_the_version_that_was_seen(client: TestClient, place: TaskPlace) -> None:
    task = issue(client, place)
    steps = f"/api/v1/tasks/{task['task_id']}/steps"
    accepted = client.post(steps, json={"kind": "accept", "version": 1, **by(HOLDER)}).json()
    assert (accepted["state"], accepted["version"], accepted["assignee"]) == ("accepted", 2, "李强")
    late = client.post(steps, json={"kind": "return", "text": "不属于本部门", "version": 1, **by(HOLDER)})
    assert late.status_code == 400
    assert "version" in late.json()["error"]
    outcome = {"resolved": True, "days": 0.5, "satisfaction": 4, "summary": "排干"}
    done = client.post(steps, json={"kind": "done", "outcome": outcome, **by(HOLDER)}).json()
    assert done["outcome"]["summary"] == "排干"
    assert client.post(steps, json={"kind": "verify", **by(HOLDER)}).status_code == 400
    assert client.post(steps, json={"kind": "verify", **by(ISSUER)}).json()["state"] == "verified"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "explode"}, 422),
        ({"kind": "issue"}, 400),
        ({"kind": "verify"}, 400),
        ({"kind": "return"}, 400),
        ({"kind": "done"}, 400),
        ({"kind": "done", "outcome": {"satisfaction": 9}}, 422),
        ({"kind": "accept", "odd": 1}, 422),
        ({"kind": "accept", "by": {"name": ""}}, 422),
    ],
)
def test_what_cannot_be_done_is_an_error_with_a_sentence(
    client: TestClient, place: TaskPlace, body: dict[str, Any], status: int
) -> None:
    task = issue(client, place)
    answer = client.post(f"/api/v1/tasks/{task['task_id']}/steps", json=by(HOLDER) | body)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert place.tasks.task(task["task_id"])[0].version == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"interaction_id": "i-99"}, 404),
        ({"slot": 50}, 404),
        ({"slot": -1}, 422),
        ({"instructions": " "}, 400),
        ({"department": "月球局"}, 400),
        ({"due": "2001-01-01T00:00:00Z"}, 400),
        ({"client_id": ""}, 422),
    ],
)
def test_what_cannot_be_issued_is_an_error(
    client: TestClient, place: TaskPlace, fields: dict[str, Any], status: int
) -> None:
    body = {
        "interaction_id": place.ask(), "client_id": "c-1", "slot": 0, "department": "water", "instructions": "抽排",
        **by(ISSUER),
    }  # fmt: skip
    answer = client.post("/api/v1/tasks", json=body | fields)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert client.get("/api/v1/tasks", params={"name": "王敏"}).json()["issued"] == []


def test_who_acts_stands_in_the_body_else_the_headers_else_the_cookie(client: TestClient, place: TaskPlace) -> None:
    number = issue(client, place)["task_id"]
    note = {"kind": "note", "text": "到场"}
    answer = Response()
    keep(answer, Person(name="饼干"))
    headers = {"x-person-name": quote("李强"), "x-person-department": "water"}

    def noted(**sent: Any) -> tuple[str, str | None]:
        told = client.post(f"/api/v1/tasks/{number}/steps", **sent)
        assert told.status_code == 200, told.text
        step = place.tasks.task(number)[1][-1]
        return step.by, step.department

    nobody = client.post(f"/api/v1/tasks/{number}/steps", json=note)
    assert nobody.status_code == 400
    assert "who acts" in nobody.json()["error"]
    client.cookies.set(PERSON_COOKIE, answer.headers["set-cookie"].split(";")[0].partition("=")[2])
    assert noted(json=note) == ("饼干", None)
    assert noted(json=note, headers=headers) == ("李强", "water")
    assert noted(json=note | by(ISSUER), headers=headers) == ("王敏", "emergency")
    for bad in ("%FF", "", "%20"):
        refused = client.post(f"/api/v1/tasks/{number}/steps", json=note, headers={"x-person-name": bad})
        assert refused.status_code == 400
    assert client.get("/api/v1/tasks", headers=headers).json()["department"] != []


def test_a_draft_is_read_changed_and_approved(client: TestClient, place: TaskPlace) -> None:
    place.near = [(12, "旧案例", 0.8)]
    number = place.draft()
    (listed,) = client.get("/api/v1/drafts").json()["drafts"]
    assert listed["case_id"] == number
    draft = client.get(f"/api/v1/drafts/{number}").json()
    assert draft["alike"] == [{"case_id": 12, "heading": "旧案例", "score": 0.8}]
    assert draft["tasks"] == [1]
    case = draft["case"] | {"title": "凤台立交桥积水抢排"}
    del case["status"]  # a case is approved unless it is said otherwise, but a draft stays one
    body = {"case": case, "version": draft["version"], **by(ISSUER)}
    changed = client.post(f"/api/v1/drafts/{number}/amend", json=body).json()
    assert (changed["version"], changed["case"]["title"]) == (2, "凤台立交桥积水抢排")
    assert changed["case"]["status"] == "draft"
    late = client.post(f"/api/v1/drafts/{number}/approve", json={"version": 1, **by(ISSUER)})
    assert late.status_code == 400
    assert SqlRecords(place.engine).get([number])[number].case.status is CaseStatus.DRAFT
    approved = client.post(f"/api/v1/drafts/{number}/approve", json={"version": 2, **by(ISSUER)}).json()
    assert approved["case"]["status"] == "approved"
    assert client.get("/api/v1/drafts").json() == {"drafts": []}
    assert client.get(f"/api/v1/drafts/{number}").status_code == 404


def test_a_draft_is_dismissed_with_a_reason(client: TestClient, place: TaskPlace) -> None:
    number = place.draft()
    address = f"/api/v1/drafts/{number}/dismiss"
    assert client.post(address, json=by(ISSUER)).status_code == 422
    assert client.post(address, json={"reason": "重复"}).status_code == 400
    assert client.post(address, json={"reason": "重复", **by(ISSUER)}).json() == {"dismissed": number}
    assert client.post(address, json={"reason": "重复", **by(ISSUER)}).status_code == 404


def test_another_sites_page_can_change_nothing(client: TestClient, place: TaskPlace) -> None:
    task, headers = issue(client, place), {"origin": "https://example.org"}
    steps = f"/api/v1/tasks/{task['task_id']}/steps"
    for address in ("/api/v1/tasks", steps, *(f"/api/v1/drafts/1/{do}" for do in ("amend", "approve", "dismiss"))):
        answer = client.post(address, json={"kind": "accept", **by(HOLDER)}, headers=headers)
        assert answer.status_code == 403, address
    assert place.tasks.task(task["task_id"])[0].version == 1
    own = client.post(steps, json={"kind": "accept", **by(HOLDER)}, headers={"origin": "http://testserver"})
    assert own.status_code == 200


@pytest.mark.parametrize("address", ["/api/v1/tasks/99", "/api/v1/drafts/99"])
def test_what_does_not_exist_is_not_found(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 404
    assert client.get(f"{address}999999999999999999999").status_code == 422
