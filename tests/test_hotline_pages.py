"""The routes of the hotline's pages: what they show of calls, in which language, and what their script is told."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_desk import FakeDesk
from fake_hotline import NO_MODEL, Fakes, open_fake_hotline
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.calljobs import Understood
from assistant.hotline import Hotline
from knowledge.call import Call, CallState
from knowledge.demo.calls import read_demo_calls
from ui.api import add_api
from ui.call_list import PAGE, CallList, Wish
from ui.hotline_pages import add_hotline_pages
from ui.server import create_app

HOSTILE = '"><img src=x onerror=window.hacked=1>.wav'
DAY = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def _understand(call: Call) -> Understood:
    assert call.transcript is not None
    return Understood("{}", urgent="急" in call.transcript.text())


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    """A hotline that nobody works on until a test starts it."""
    opened = open_fake_hotline(tmp_path, Fakes(NO_MODEL), understanding=_understand)
    yield opened
    opened.jobs.close()
    opened.store.engine.dispose()


@pytest.fixture
def client(hotline: Hotline) -> Iterator[TestClient]:
    with TestClient(_app(hotline, demo=True)) as opened:
        yield opened


def _app(hotline: Hotline, *, demo: bool) -> FastAPI:
    """Without the chat, which takes seconds to build."""
    app, desk = FastAPI(), FakeDesk()
    add_api(app, desk, hotline)
    add_hotline_pages(app, desk, hotline, demo=demo)
    return app


def _told(text: str) -> bytes:
    return f"坐席：您好。\n市民：{text}\n".encode()


def _add(hotline: Hotline, text: str, **arrival: Any) -> int:
    call, _ = hotline.receive_transcript(_told(text), arrival.pop("name", "a.txt"), **arrival)
    return call.call_id


def _settled(hotline: Hotline) -> None:
    hotline.jobs.start()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if all(call.state.resting for call in hotline.store.list(limit=500)):
            return
        time.sleep(0.05)
    pytest.fail("the calls did not come to rest")


def test_an_empty_list_says_what_to_do_in_the_language_of_the_browser(client: TestClient) -> None:
    chinese = client.get("/hotline", headers={"accept-language": "zh-CN"})
    assert chinese.status_code == 200
    assert "还没有来电" in chinese.text
    assert "载入演示来电" in chinese.text
    english = client.get("/hotline", headers={"accept-language": "en-GB"})
    assert '<html lang="en">' in english.text
    assert "No calls yet" in english.text
    assert "no-store" in english.headers["cache-control"]


def test_a_language_named_in_the_address_holds_from_then_on(client: TestClient) -> None:
    client.get("/hotline?lang=en", headers={"accept-language": "zh-CN"})
    assert "Statistics of calls" in client.get("/hotline/statistics", headers={"accept-language": "zh-CN"}).text


def test_hostile_names_are_text_in_the_page_and_in_what_its_script_gets(client: TestClient, hotline: Hotline) -> None:
    answer = client.post("/api/v1/calls", params={"name": HOSTILE}, content=b"RIFF0000WAVE")
    assert answer.status_code == 201
    for place in ("/hotline", "/hotline/changes?since=0"):
        shown = client.get(place).text
        assert "<img" not in shown
        assert "&lt;img src=x" in shown


def test_waiting_is_said_in_the_language_of_the_page(client: TestClient, hotline: Hotline) -> None:
    client.post("/api/v1/calls", params={"name": "a.wav"}, content=b"RIFF0000WAVE")
    _settled(hotline)
    assert hotline.counts()[CallState.WAITING] == 1
    chinese = client.get("/hotline", headers={"accept-language": "zh"}).text
    assert "等待语音模型" in chinese
    assert "手头没有语音模型：请用 precedent models pull whisper-turbo" in chinese
    assert "No speech model is at hand" in client.get("/hotline", headers={"accept-language": "en"}).text


def test_urgent_calls_stand_on_top_and_in_the_band(client: TestClient, hotline: Hotline) -> None:
    first = _add(hotline, "很急，桥下有人被困", received_at=DAY - timedelta(days=3), name="old.txt")
    second = _add(hotline, "路灯不亮", received_at=DAY, name="new.txt")
    _settled(hotline)
    page = client.get("/hotline").text
    assert page.index(f'id="call-{first}"') < page.index(f'id="call-{second}"')
    assert f'data-ids="{first}"' in page
    only = client.get("/hotline?urgent=1").text
    assert f'id="call-{first}"' in only
    assert f'id="call-{second}"' not in only


def test_calls_are_found_by_words_state_and_day(client: TestClient, hotline: Hotline) -> None:
    light = _add(hotline, "柳湖路的路灯不亮", received_at=DAY, name="light.txt")
    water = _add(hotline, "自来水发黄", received_at=DAY - timedelta(days=1), name="water.txt")

    def found(query: str) -> set[int]:
        page = client.get(f"/hotline?{query}").text
        return {number for number in (light, water) if f'id="call-{number}"' in page}

    assert found("text=路灯") == {light}
    assert found("text=water.txt") == {water}
    assert found("day=2026-11-20") == {light}
    assert found("day=2026-11-19") == {water}
    assert found("day=2026-11-31") == {light, water}
    assert found("state=busy") == {light, water}
    assert found("state=ready") == set()
    _settled(hotline)
    assert found("state=ready&text=发黄") == {water}


def test_pages_show_every_call_once(client: TestClient, hotline: Hotline) -> None:
    added = [_add(hotline, f"第 {n} 件事", received_at=DAY + timedelta(minutes=n)) for n in range(PAGE + 3)]
    listing = CallList(hotline)
    first, more = listing.find(Wish())
    second, after = listing.find(Wish(page=2))
    assert (len(first), more, len(second), after) == (PAGE, True, 3, False)
    assert [listed.call.call_id for listed in (*first, *second)] == added[::-1]
    assert 'rel="next"' in client.get("/hotline").text
    assert 'rel="prev"' in client.get("/hotline?page=2").text


def test_a_script_that_knows_everything_is_told_so_briefly(client: TestClient, hotline: Hotline) -> None:
    _add(hotline, "路灯不亮")
    told = client.get("/hotline/changes?since=0").json()
    assert told["busy"] is True
    assert list(told["rows"]) == ["1"]
    assert client.get(f"/hotline/changes?since={told['change']}").json() == {"change": told["change"], "busy": True}


def test_only_what_changed_is_drawn_anew(client: TestClient, hotline: Hotline) -> None:
    first, second = _add(hotline, "路灯不亮"), _add(hotline, "井盖松动")
    change = client.get("/hotline/changes?since=0").json()["change"]
    hotline.cancel(first)
    told = client.get(f"/hotline/changes?since={change}").json()
    assert list(told["rows"]) == [str(first)]
    assert told["order"] == [second, first]
    assert "已取消" in told["rows"][str(first)]
    assert "共 2 通" in told["counts"]


def test_progress_is_told_without_a_change(client: TestClient, hotline: Hotline) -> None:
    client.post("/api/v1/calls", params={"name": "a.wav"}, content=b"RIFF0000WAVE")
    claimed = hotline.queue.claim("here")
    assert claimed is not None
    change = client.get("/hotline/changes?since=0").json()["change"]
    hotline.queue.beat(claimed.call_id, "here", state=CallState.TRANSCRIBING, progress_s=41.0)
    told = client.get(f"/hotline/changes?since={change}").json()
    assert told["rows"] == {}
    assert told["progress"] == {str(claimed.call_id): {"said": "已转写 00:41", "done": 41.0, "length": 0.0}}


def test_a_masked_number_is_not_in_the_page(client: TestClient, hotline: Hotline) -> None:
    _add(hotline, "电话13800001234，很急", name="13800001234.txt")
    _settled(hotline)
    shown = client.get("/hotline").text + client.get("/hotline/changes?since=0").text
    assert "13800001234" not in shown


def test_statistics_count_the_chosen_days_of_the_city(client: TestClient, hotline: Hotline) -> None:
    _add(hotline, "一", received_at=datetime(2026, 11, 18, 15, 59, tzinfo=UTC))  # 23:59 in the city
    _add(hotline, "二", received_at=datetime(2026, 11, 18, 16, 0, tzinfo=UTC))  # 0:00 of the 19th
    assert "共 2 通" in client.get("/hotline/statistics").text
    assert "共 1 通" in client.get("/hotline/statistics?since=2026-11-19&until=2026-11-19").text
    assert "这段时间没有来电" in client.get("/hotline/statistics?since=2026-11-20").text
    assert client.get("/hotline/statistics?since=nonsense&until=9999-12-31").status_code == 200


def test_the_demo_calls_come_through_the_same_door_and_once(client: TestClient, hotline: Hotline) -> None:
    there = sum(call.path.is_file() for call in read_demo_calls())
    assert client.post("/hotline/demo").json() == {"n": there, "new": there}
    assert client.post("/hotline/demo").json() == {"n": there, "new": 0}
    assert sum(hotline.counts().values()) == there


def test_without_the_demo_city_there_is_no_such_button(hotline: Hotline) -> None:
    with TestClient(_app(hotline, demo=False)) as client:
        assert "load-demo" not in client.get("/hotline").text
        answer = client.post("/hotline/demo")
        assert answer.status_code == 404
        assert "precedent demo" in answer.json()["error"]


def test_the_server_has_the_pages_beside_the_chat(hotline: Hotline) -> None:
    with TestClient(create_app(FakeDesk(), hotline=hotline)) as client:
        answer = client.get("/hotline")
        assert answer.status_code == 200
        assert "default-src 'self'" in answer.headers["content-security-policy"]
