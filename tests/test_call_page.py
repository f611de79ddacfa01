"""The page of a call over HTTP: what it gathers, in which language, and what it says where something is missing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from call_samples import AT, HOSTILE, Parsed, reading, transcript
from fake_desk import FakeDesk
from fake_hotline import open_fake_hotline
from fake_tasks import open_task_place
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.calljobs import Understood
from assistant.hotline import Hotline
from assistant.samematter import Related
from knowledge.call import Call
from ui.api import add_api
from ui.assets import add_assets
from ui.call_page import add_call_pages


def _client(hotline: Hotline) -> TestClient:
    app, desk = FastAPI(), FakeDesk()
    add_api(app, desk, hotline)
    add_assets(app)
    add_call_pages(app, desk, hotline, demo=False)
    return TestClient(app, headers={"accept-language": "zh"})


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    opened = open_fake_hotline(tmp_path)
    yield opened
    opened.queue.engine.dispose()


def _add(hotline: Hotline, text: str = "井盖没了，快来人。", name: str = "来电.json") -> int:
    call, _ = hotline.receive_transcript(transcript(text).model_dump_json().encode(), name, received_at=AT)
    return call.call_id


def _understood(hotline: Hotline, call_id: int, understood: Understood) -> None:
    claimed = hotline.queue.claim("test", 60)
    assert claimed is not None
    assert claimed.call_id == call_id
    hotline.queue.keep_reading(call_id, "test", understood.reading, urgent=True, category=None, district=None)


def test_the_page_is_in_the_language_asked_for_and_is_not_kept(hotline: Hotline) -> None:
    call_id, client = _add(hotline), _client(hotline)
    page = client.get(f"/hotline/calls/{call_id}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "井盖没了，快来人。" in page.text
    assert '<html lang="zh-CN">' in page.text
    assert '<html lang="en">' in client.get(f"/hotline/calls/{call_id}?lang=en").text


def test_its_scripts_and_styles_are_there_under_lasting_addresses(hotline: Hotline) -> None:
    client = _client(hotline)
    page = client.get(f"/hotline/calls/{_add(hotline)}").text
    names = [part.split('"')[0] for part in page.split('="/pages/')[1:]]
    assert {name.split("/")[1] for name in names} >= {"call.js", "call_player.js", "call_edit.js", "call.css"}
    for name in names:
        found = client.get(f"/pages/{name}")
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]


def test_a_call_that_is_not_there_is_a_page_that_says_so(hotline: Hotline) -> None:
    missing = _client(hotline).get("/hotline/calls/77")
    assert missing.status_code == 404
    assert "没有编号为 77 的来电" in missing.text
    assert _client(hotline).get("/hotline/calls/77/related").status_code == 404


def test_what_was_understood_is_shown_and_an_unreadable_reading_is_left_out(hotline: Hotline) -> None:
    call_id = _add(hotline)
    _understood(hotline, call_id, Understood(reading().model_dump_json()))
    shown = _client(hotline).get(f"/hotline/calls/{call_id}").text
    assert "立即处理" in shown
    assert "期限 2026年11月22日 12:00" in shown, "masking leaves moments alone"
    assert f'href="/#ask={quote(hotline.question(call_id))}"' in shown
    other = _add(hotline, "路灯不亮。", "另一通.json")
    _understood(hotline, other, Understood('{"asked": "of another version"}'))
    page = _client(hotline).get(f"/hotline/calls/{other}")
    assert page.status_code == 200
    assert "还没有理解这通来电" in page.text


def test_neighbours_that_are_gone_are_left_out(hotline: Hotline) -> None:
    first, second = _add(hotline), _add(hotline, "路灯不亮。", "另一通.json")

    def related_to(call: Call, now: object) -> tuple[Related, ...]:
        return tuple(
            Related(kind="call", id=i, external_id=None, probability=0.9, parts={}, why=("同一地点",))
            for i in (second, 999)
        )

    page = _client(replace(hotline, related_to=related_to)).get(f"/hotline/calls/{first}/related")
    assert page.text.count("<li><h3>") == 1
    assert f"/hotline/calls/{second}" in page.text
    assert "没有找到" in _client(hotline).get(f"/hotline/calls/{first}/related").text


def test_open_tasks_on_the_matter_stand_first(hotline: Hotline, tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    place = open_task_place(tmp_path / "tasks")
    task = place.issue(title=f"抽水{HOSTILE}")
    asked = place.desk.recommendation(task.matter).situation
    call_id = _add(hotline)
    _understood(hotline, call_id, Understood(reading(situation=asked).model_dump_json()))
    app, desk = FastAPI(), FakeDesk()
    add_call_pages(app, desk, hotline, demo=False, tasks=place.tasks)
    page = TestClient(app, headers={"accept-language": "zh"}).get(f"/hotline/calls/{call_id}/related").text
    assert f'<a href="/tasks/{task.task_id}">' in page
    assert "同类事项" in Parsed(page).text
    assert "待签收" in Parsed(page).text
    place.engine.dispose()


def test_versions_and_looks_come_masked_and_escaped(hotline: Hotline) -> None:
    call_id = _add(hotline, "打 13800001234 找我。")
    hotline.correct(call_id, 1, f"打 13800001234 找我{HOSTILE}", author="甲")
    hotline.reveal(call_id, actor="李值班", reason=HOSTILE)
    client = _client(hotline)
    told = client.get(f"/hotline/calls/{call_id}/versions").text
    assert "［电话］" in told
    assert "13800001234" not in told
    looks = client.get(f"/hotline/calls/{call_id}/reveals").text
    assert "李值班" in looks
    assert "<img" not in told + looks
