"""The HTTP API, /healthz, /metrics and /docs, over the fake desk: answers, and errors that say what to do next."""

import re
from datetime import UTC, datetime

import pytest
from fake_desk import FakeDesk
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ui.api import LARGEST_BODY
from ui.server import create_app

OWNER = "o" * 24


@pytest.fixture(scope="module")
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture(scope="module")
def app(desk: FakeDesk) -> FastAPI:
    return create_app(desk)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def test_ask_gives_the_contract(client: TestClient) -> None:
    answer = client.post("/api/v1/ask", json={"text": "凤台立交桥下积水", "top": 2}).json()
    keys = "interaction_id situation verdict matches actions cautions unknowns answer_markdown language models ms"
    assert set(keys.split()) <= answer.keys()
    assert len(answer["matches"]) == 2
    assert set(answer["actions"][0]["track_record"]) == {"tried", "worked", "rate", "low", "high", "median_days"}


def test_filters_are_resolved_by_name(client: TestClient, desk: FakeDesk) -> None:
    body = {
        "text": "积水",
        "district": "望江区",
        "category": "停电",
        "department": "水务局",
        "since": "2025-01-01",
        "kind": "policy",
    }
    assert client.post("/api/v1/ask", json=body).status_code == 200
    wanted = desk.wanted[-1]
    assert wanted is not None
    assert wanted.districts == ("wangjiang",)
    assert wanted.categories == ("utility.power",)
    assert wanted.departments == ("water",)
    assert wanted.kinds == ("policy",)
    assert wanted.since == datetime(2025, 1, 1, tzinfo=UTC)
    client.post("/api/v1/ask", json={"text": "积水", "district": "海淀区"})
    assert desk.wanted[-1] is not None
    assert desk.wanted[-1].districts == ("海淀区",)
    client.post("/api/v1/ask", json={"text": "积水"})
    assert desk.wanted[-1] is None


def test_match(client: TestClient) -> None:
    answer = client.post("/api/v1/match", json={"text": "积水", "top": 3}).json()
    assert answer["category"] == "flood.underpass"
    assert answer["verdict"]["label"] == "similar"
    assert [match["case_id"] for match in answer["matches"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("ask", {"text": "   "}, 400, "empty"),
        ("ask", {"text": "长" * 20_001}, 413, "20,000"),
        ("match", {"text": "长" * 20_001}, 413, "20,000"),
        ("ask", {"text": "x", "category": "不存在的类别"}, 400, "/api/v1/taxonomy"),
        ("ask", {}, 422, "text"),
        ("ask", {"text": "x", "top": 0}, 422, "top"),
        ("ask", {"text": "x", "language": "fr"}, 422, "language"),
        ("ask", {"text": "x", "colour": "red"}, 422, "colour"),
        (
            "reactions",
            {"interaction_id": "none", "client_id": "1", "kind": "adopt", "action": 0},
            404,
            "ask the question",
        ),
        ("conversations/nobody/turns", {"text": "x", "owner": OWNER}, 404, "start a new one"),
        ("conversations/new/turns", {"text": "x", "owner": ""}, 422, "owner"),
        ("ask", {"text": "故障"}, 500, "administrator"),
    ],
)
def test_errors_say_what_to_do(client: TestClient, path: str, body: dict[str, object], status: int, said: str) -> None:
    response = client.post(f"/api/v1/{path}", json=body)
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    assert said in response.json()["error"]
    assert "disk on fire" not in response.text


def test_bodies_that_are_no_json_or_too_large(client: TestClient) -> None:
    said = client.post("/api/v1/ask", content=b"{nonsense", headers={"content-type": "application/json"})
    assert said.status_code == 422
    assert "JSON" in said.json()["error"]
    assert client.post("/api/v1/ask", content=b"x" * (LARGEST_BODY + 1)).status_code == 413
    assert client.post("/api/v1/ask", content=iter([b"{}"])).status_code == 413, "no length is announced"


def test_reactions_are_idempotent(client: TestClient, desk: FakeDesk) -> None:
    shown = client.post("/api/v1/ask", json={"text": "积水"}).json()["interaction_id"]
    body = {
        "interaction_id": shown,
        "client_id": "once",
        "kind": "reject",
        "action": 0,
        "reason": "已经做了",
        "actor": "值班员",
    }
    first, second = client.post("/api/v1/reactions", json=body), client.post("/api/v1/reactions", json=body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.json(), second.json()) == ({"new": True}, {"new": False})
    assert len(desk.reactions(shown)) == 1
    unknown = client.post("/api/v1/reactions", json={**body, "client_id": "2", "action": 50})
    assert unknown.status_code == 404


def test_precedents_that_do_not_fit_and_effects(client: TestClient, desk: FakeDesk) -> None:
    shown = client.post("/api/v1/ask", json={"text": "积水"}).json()["interaction_id"]
    unfit = {"interaction_id": shown, "client_id": "u", "kind": "unfit", "case_id": 4, "department": "water"}
    assert client.post("/api/v1/reactions", json=unfit).json() == {"new": True}
    assert [(r.kind, r.case_id, r.department) for r in desk.reactions(shown)] == [("unfit", 4, "water")]
    went = {"interaction_id": shown, "client_id": "e", "action": 0, "source": "record", "resolved": True}
    answers = [client.post("/api/v1/effects", json=went) for _ in range(2)]
    assert [a.json() for a in answers] == [{"new": True}, {"new": False}]
    assert [(e.slot, e.resolved, e.satisfaction) for e in desk.effects[shown]] == [(0, True, None)]
    assert client.post("/api/v1/effects", json={**went, "client_id": "f", "action": 50}).status_code == 404
    assert client.post("/api/v1/effects", json={**went, "satisfaction": 6}).status_code in (400, 422)


def test_cases_and_taxonomy(client: TestClient) -> None:
    found = client.get("/api/v1/cases/4").json()
    assert found["replaced_by"]["case_id"] == 5
    missing = client.get("/api/v1/cases/999")
    assert missing.status_code == 404
    assert "999" in missing.json()["error"]
    assert client.get("/api/v1/cases/abc").status_code == 422
    known = client.get("/api/v1/taxonomy").json()
    assert {"id": "water", "zh": "水务局", "en": "Water Bureau"}.keys() == known["departments"][0].keys()
    assert any(category["id"] == "flood.underpass" for category in known["categories"])
    nowhere = client.get("/api/v1/nothing")
    assert nowhere.status_code == 404


def test_conversations_are_the_owners_only(client: TestClient) -> None:
    turn = client.post(
        "/api/v1/conversations/new/turns", json={"text": "积水", "owner": OWNER, "language": "zh"}
    ).json()
    again = client.post(
        f"/api/v1/conversations/{turn['conversation_id']}/turns", json={"text": "后来呢", "owner": OWNER}
    )
    assert again.json()["number"] == 2
    stranger = client.post(
        f"/api/v1/conversations/{turn['conversation_id']}/turns", json={"text": "x", "owner": "s" * 24}
    )
    assert stranger.status_code == 404
    heads = client.get("/api/v1/conversations", params={"owner": OWNER}).json()
    assert [head["turns"] for head in heads] == [2]
    assert client.get("/api/v1/conversations", params={"owner": "s" * 24}).json() == []


def test_health_metrics_docs(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "cases": 5, "change": 17}
    client.post("/api/v1/ask", json={"text": "积水"})
    figures = client.get("/metrics").text
    assert re.search(r'precedent_asks_total\{end="ok",how="ask"\} [1-9]', figures)
    assert 'precedent_ask_seconds_bucket{how="ask",le="0.1"}' in figures
    docs = client.get("/docs")
    assert "/api/v1/ask" in docs.text
    assert "//cdn" not in docs.text
    assert client.get("/openapi.json").json()["paths"].keys() >= {"/api/v1/ask", "/api/v1/match"}


def test_the_page_is_served_with_a_policy_that_lets_nothing_out(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
