"""The calls in the HTTP API, over a real hotline whose work is done in a thread."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from docx import Document
from fake_desk import FakeDesk
from fake_hotline import Fakes, open_fake_hotline
from fastapi.testclient import TestClient
from test_hotline import settle

from assistant.hotline import Hotline
from knowledge.recordings import Recordings
from ui.server import create_app

PHONE = "13800001234"
WAV = b"RIFF....WAVE" + bytes(range(256)) * 4


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    opened = open_fake_hotline(tmp_path, Fakes(), executor=lambda: ThreadPoolExecutor(1))
    yield opened
    opened.jobs.close()
    opened.store.engine.dispose()


@pytest.fixture
def client(hotline: Hotline) -> TestClient:
    return TestClient(create_app(FakeDesk(), hotline=hotline), raise_server_exceptions=False)


def post(client: TestClient, content: bytes, name: str = "a.wav", **query: object) -> dict[str, object]:
    answer = client.post("/api/v1/calls", params={"name": name, **query}, content=content)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def ready(client: TestClient, hotline: Hotline, text: str) -> int:
    call = post(client, text.encode())["call"]
    settle(hotline)
    return int(call["call_id"])  # type: ignore[index]


def test_a_recording_comes_in_as_the_body(client: TestClient) -> None:
    query = {"received_at": "2026-11-03T08:00:00", "external_id": "H-1", "waiting_s": 12.5, "handling_s": 60}
    answer = client.post("/api/v1/calls", params={"name": "../来电.wav", **query}, content=WAV)
    assert answer.status_code == 201
    assert answer.json()["new"] is True
    call = answer.json()["call"]
    assert (call["state"], call["recording"]["name"], call["external_id"]) == ("received", "来电.wav", "H-1")
    assert (call["received_at"], call["waiting_s"]) == ("2026-11-03T08:00:00Z", 12.5)
    again = client.post("/api/v1/calls", params={"name": "b.wav"}, content=WAV)
    assert (again.status_code, again.json()["new"], again.json()["call"]["call_id"]) == (200, False, call["call_id"])


def test_a_large_recording_streams_in_without_an_announced_length(client: TestClient, hotline: Hotline) -> None:
    pieces = (bytes([n]) * 700_000 for n in range(8))
    answer = client.post("/api/v1/calls", params={"name": "a.wav"}, content=pieces)
    assert answer.status_code == 201
    assert answer.json()["call"]["recording"]["size"] == 5_600_000
    assert hotline.audio(answer.json()["call"]["call_id"]).path.stat().st_size == 5_600_000


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "said"),
    [
        ("POST", "", {"params": {"name": "a.wav"}, "content": b""}, 400, "a.wav is empty (0 bytes)"),
        ("POST", "", {"content": b"x"}, 422, "name"),
        ("POST", "", {"params": {"name": "a.srt"}, "content": b"x"}, 400, "a.srt has no words"),
        ("POST", "", {"params": {"name": "a", "waiting_s": -1}, "content": b"x"}, 422, "waiting_s"),
        ("POST", "", {"params": {"name": "a"}, "files": {"file": b"x"}}, 400, "not as a form"),
        ("GET", "/999", {}, 404, "there is no call 999"),
        ("GET", "/abc", {}, 422, "call_id"),
        ("GET", "/999/audio", {}, 404, "no call 999"),
        ("GET", "/999/export", {"params": {"format": "srt"}}, 404, "no call 999"),
        ("GET", "", {"params": {"limit": 0}}, 422, "limit"),
        ("GET", "", {"params": {"state": "lost"}}, 422, "state"),
        ("POST", "/999/cancel", {}, 404, "no call 999"),
        ("POST", "/999/correct", {"json": {"index": 0, "text": "x"}}, 404, "no call 999"),
        ("POST", "/999/label", {"json": {"index": 0, "channel": "radio"}}, 422, "channel"),
        ("POST", "/999/reveal", {"json": {"actor": "a"}}, 422, "reason"),
        ("POST", "/join", {"json": {"call_ids": [1]}}, 400, "at least two"),
        ("POST", "/replace", {"json": {"find": " ", "put": "x"}}, 400, "say what to look for"),
        ("POST", "/999/cancel", {"content": b"x" * 1_000_001}, 413, "larger than"),
    ],
)
def test_errors_say_what_to_do(
    client: TestClient, method: str, path: str, options: dict[str, object], status: int, said: str
) -> None:
    answer = client.request(method, f"/api/v1/calls{path}", **options)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text
    assert said in answer.json()["error"]


def test_one_that_is_too_large(tmp_path: Path, hotline: Hotline) -> None:
    from dataclasses import replace

    small = replace(hotline, intake=replace(hotline.intake, recordings=Recordings(tmp_path / "few", largest=1_000)))
    client = TestClient(create_app(FakeDesk(), hotline=small))
    answer = client.post("/api/v1/calls", params={"name": "a.wav"}, content=bytes(1_001))
    assert answer.status_code == 413
    assert "more than 1,000 bytes" in answer.json()["error"]
    assert [p for p in (tmp_path / "few").rglob("*") if p.is_file()] == []


def test_playing_a_part(client: TestClient) -> None:
    call_id = post(client, WAV)["call"]["call_id"]  # type: ignore[index]
    whole = client.get(f"/api/v1/calls/{call_id}/audio")
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, WAV, "audio/wav")
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-disposition"].startswith("inline")
    part = client.get(f"/api/v1/calls/{call_id}/audio", headers={"range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, WAV[4:12])
    assert part.headers["content-range"] == f"bytes 4-11/{len(WAV)}"
    assert client.get(f"/api/v1/calls/{call_id}/audio", headers={"range": "bytes=99999-"}).status_code == 416
    page = post(client, b"<script>alert(1)</script>", "x.html")["call"]["call_id"]  # type: ignore[index]
    kind = client.get(f"/api/v1/calls/{page}/audio").headers["content-type"]
    assert kind == "application/octet-stream"


def test_waveform(client: TestClient) -> None:
    call_id = post(client, WAV)["call"]["call_id"]  # type: ignore[index]
    shape = client.get(f"/api/v1/calls/{call_id}/waveform").json()
    assert shape["seconds"] == 1.5
    assert len(shape["channels"][0]) > 10
    assert all(-127 <= low <= high <= 127 for low, high in shape["channels"][0])


def test_a_call_and_the_list(client: TestClient, hotline: Hotline) -> None:
    call_id = ready(client, hotline, f"急，桥下积水{PHONE}")
    call = client.get(f"/api/v1/calls/{call_id}").json()
    assert (call["state"], call["urgent"]) == ("ready", True)
    assert call["transcript"]["segments"][0]["text"] == "急，桥下积水［电话］"
    assert call["reading"] == {"asked": "急，桥下积水［电话］"}
    listed = client.get("/api/v1/calls", params={"state": "ready", "text": "积水"}).json()
    assert [c["call_id"] for c in listed["calls"]] == [call_id]
    assert listed["counts"]["ready"] == 1
    assert client.get("/api/v1/calls", params={"text": "没有"}).json()["calls"] == []
    assert client.get("/api/v1/calls", params=[("state", "failed"), ("state", "waiting")]).json()["calls"] == []
    assert client.get(f"/api/v1/calls/{call_id}/question").json() == {"text": "急，桥下积水［电话］"}
    assert client.get(f"/api/v1/calls/{call_id}/related").json() == []
    found = client.get("/api/v1/calls/statistics").json()
    assert (found["calls"], found["urgent"]) == (1, 1)


def test_corrections_labels_versions_and_replacing(client: TestClient, hotline: Hotline) -> None:
    call_id = ready(client, hotline, "桥下急水")
    correct = {"index": 0, "text": "桥下积水", "author": "甲", "version": 1}
    assert client.post(f"/api/v1/calls/{call_id}/correct", json=correct).json() == {"version": 2}
    assert client.post(f"/api/v1/calls/{call_id}/correct", json=correct).status_code == 400
    label = {"index": 0, "channel": "caller", "author": "甲"}
    assert client.post(f"/api/v1/calls/{call_id}/label", json=label).json() == {"version": 3}
    replaced = client.post("/api/v1/calls/replace", json={"find": "桥下", "put": "桥上", "author": "乙"}).json()
    assert (replaced["calls"], replaced["examples"][0]["after"]) == (1, "桥上积水")
    versions = client.get(f"/api/v1/calls/{call_id}/versions").json()
    assert [v["author"] for v in versions] == ["fake", "甲", "甲", "乙"]
    assert versions[-1]["transcript"]["source"] == "person"


def test_reveal(client: TestClient, hotline: Hotline) -> None:
    call_id = ready(client, hotline, PHONE)
    revealed = client.post(f"/api/v1/calls/{call_id}/reveal", json={"actor": "甲", "reason": "回访"}).json()
    assert revealed["transcript"]["segments"][0]["text"] == PHONE
    (look,) = client.get(f"/api/v1/calls/{call_id}/reveals").json()
    assert (look["actor"], look["reason"]) == ("甲", "回访")


def test_moves(client: TestClient, hotline: Hotline) -> None:
    call_id = post(client, "停电".encode())["call"]["call_id"]  # type: ignore[index]
    assert client.post(f"/api/v1/calls/{call_id}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/api/v1/calls/{call_id}/retry").json()["state"] == "received"
    assert client.post(f"/api/v1/calls/{call_id}/retry").status_code == 400
    client.post(f"/api/v1/calls/{call_id}/cancel")
    assert client.post(f"/api/v1/calls/{call_id}/try-demo").json()["demo_model"] is True
    attached = client.post(f"/api/v1/calls/{call_id}/attach", params={"author": "甲"}, content="打字".encode())
    assert attached.json() == {"version": 1}
    other = ready(client, hotline, "积水")
    joined = client.post("/api/v1/calls/join", json={"call_ids": [other, call_id]}).json()
    assert joined == {"matter_id": call_id}
    assert client.post(f"/api/v1/calls/{other}/part").json()["matter_id"] is None
    assert client.get(f"/api/v1/calls/{call_id}").json()["matter_id"] is None
    assert client.post("/api/v1/calls/join", json={"call_ids": [other, call_id]}).json() == joined
    with pytest.raises(AssertionError):
        post(client, b"")


def test_exports(client: TestClient, hotline: Hotline) -> None:
    call_id = ready(client, hotline, f"积水{PHONE}")
    for format, kind in (("srt", "application/x-subrip"), ("vtt", "text/vtt"), ("txt", "text/plain")):
        answer = client.get(f"/api/v1/calls/{call_id}/export", params={"format": format})
        assert answer.headers["content-type"].startswith(kind)
        assert "积水［电话］" in answer.content.decode()
        assert answer.headers["content-disposition"] == f'attachment; filename="call-{call_id}.{format}"'
    content = client.get(f"/api/v1/calls/{call_id}/export", params={"format": "json"}).json()
    assert content["segments"][0]["text"] == "积水［电话］"
    document = client.get(f"/api/v1/calls/{call_id}/export", params={"format": "docx"}).content
    assert any("积水［电话］" in p.text for p in Document(io.BytesIO(document)).paragraphs)
    assert client.get(f"/api/v1/calls/{call_id}/export", params={"format": "mp3"}).status_code == 422


def test_without_a_hotline_there_are_no_routes() -> None:
    client = TestClient(create_app(FakeDesk()))
    assert client.get("/api/v1/calls").status_code == 404


def test_the_reference_page_names_the_routes(client: TestClient) -> None:
    assert "/api/v1/calls/{call_id}/audio" in client.get("/docs").text
