"""The pages of tasks over the real task desk: the way of a task from hand to hand, by plain forms; what is refused and
what was overtaken."""

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_tasks import HOLDER, ISSUER, TaskPlace, browser_of, open_task_place, pages_of
from fastapi.testclient import TestClient

from knowledge.task import Person, TaskState
from ui.server import create_app

Browser = Callable[[Person | None], TestClient]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[TaskPlace]:
    opened = open_task_place(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def browser(place: TaskPlace) -> Browser:
    """Makes browsers in which a person is known."""
    app = pages_of(place)
    return lambda person: browser_of(app, person)


def press(client: TestClient, task_id: int, kind: str, **fields: str) -> Any:
    """Fills in the form of a step as the page shows it, and sends it."""
    page = client.get(f"/tasks/{task_id}").text
    found = [form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'value="{kind}"' in form]
    assert len(found) == 1, f"{kind} is not offered"
    sent = dict(re.findall(r'<input [^>]*?name="(\w+)"[^>]*? value="([^"]*)"', found[0]))
    sent |= dict(re.findall(r'<textarea [^>]*?name="(\w+)"[^>]*?>\n(.*?)</textarea>', found[0], re.DOTALL))
    for name, options in re.findall(r'<select [^>]*?name="(\w+)"[^>]*?>(.*?)</select>', found[0], re.DOTALL):
        sent[name] = "".join(re.findall(r'value="([^"]*)" selected', options))
    sent.pop("resolved", None)
    sent = {name: html.unescape(value) for name, value in sent.items()} | fields
    return client.post(f"/tasks/{task_id}/steps", data=sent)


def test_the_lists_show_each_what_concerns_him(place: TaskPlace, browser: Browser) -> None:
    task = place.issue()
    mine = browser(HOLDER).get("/tasks").text
    assert "没有交给您本人的任务" in mine
    assert f'id="task-{task.task_id}"' in browser(HOLDER).get("/tasks?tab=department").text
    assert f'id="task-{task.task_id}"' in browser(ISSUER).get("/tasks?tab=issued").text
    assert f'id="task-{task.task_id}"' not in browser(ISSUER).get("/tasks?tab=issued&state=closed").text
    place.tasks.step(task.task_id, "accept", HOLDER)
    assert f'id="task-{task.task_id}"' in browser(HOLDER).get("/tasks").text


def test_nobody_in_particular_is_asked_first_and_may_read(place: TaskPlace, browser: Browser) -> None:
    task = place.issue()
    nobody = browser(None)
    assert 'action="/person"' in nobody.get("/tasks").text
    page = nobody.get(f"/tasks/{task.task_id}").text
    assert "办理之前，请先填写您是谁" in page
    assert "抽排桥下积水" in page
    assert f'action="/tasks/{task.task_id}/steps"' not in page
    answer = nobody.post(f"/tasks/{task.task_id}/steps", data={"kind": "accept", "version": "1"})
    assert answer.status_code == 403
    assert place.tasks.task(task.task_id)[0].state is TaskState.ISSUED


def test_a_task_goes_from_hand_to_hand_without_a_script(place: TaskPlace, browser: Browser) -> None:
    number = place.issue().task_id
    holder, issuer = browser(HOLDER), browser(ISSUER)
    assert "已签收。" in press(holder, number, "accept").text
    assert "备注已保存" in press(holder, number, "note", text="一台泵车已到场").text
    done = press(holder, number, "done", resolved="yes", summary="两小时排干", satisfaction="4", days="0.5")
    assert "已办结，等待交办方核验" in done.text
    assert "已退回重办" in press(issuer, number, "reopen", text="车主还没有回访").text
    page = holder.get(f"/tasks/{number}").text
    assert "退回重办的原因" in page
    assert "车主还没有回访" in page
    press(holder, number, "done", resolved="yes", summary="已回访", days="1")
    assert 'href="/drafts"' in press(issuer, number, "verify").text
    task, history = place.tasks.task(number)
    assert task.state is TaskState.VERIFIED
    assert task.outcome is not None
    assert (task.outcome.resolved, task.outcome.days, task.outcome.summary) == (True, 1.0, "已回访")
    assert [step.kind for step in history] == ["issue", "accept", "note", "done", "reopen", "done", "verify"]
    assert [step.by for step in history] == ["王敏", "李强", "李强", "李强", "王敏", "李强", "王敏"]
    assert "案例草稿 <span class=count>1</span>" in issuer.get("/tasks").text


def test_a_returned_task_goes_to_another_department(place: TaskPlace, browser: Browser) -> None:
    number = place.issue().task_id
    press(browser(HOLDER), number, "return", text="不属于本部门职责")
    issuer = browser(ISSUER)
    assert "已退回给您" in issuer.get("/tasks?tab=issued").text
    fields = {"department": "traffic_police", "due": "2030-01-02T18:00", "instructions": "封闭桥下车道"}
    assert "已重新交办" in press(issuer, number, "reissue", **fields).text
    task = place.tasks.task(number)[0]
    assert (task.state, task.department, task.instructions) == (TaskState.ISSUED, "traffic_police", "封闭桥下车道")
    assert task.due is not None
    assert task.due.isoformat() == "2030-01-02T10:00:00+00:00"


def test_a_task_can_be_cancelled_and_then_offers_nothing(place: TaskPlace, browser: Browser) -> None:
    number, issuer = place.issue().task_id, browser(ISSUER)
    assert "任务已撤销" in press(issuer, number, "cancel").text
    assert "<form" not in issuer.get(f"/tasks/{number}").text


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("return", {"text": "  "}, "请先写明原因"),
        ("return", {"text": "长" * 1_001}, "不超过 1000 个字"),
        ("note", {"text": ""}, "备注是空的"),
        ("done", {"summary": "排干"}, "请先选择事情解决了没有"),
        ("done", {"resolved": "unknown", "summary": ""}, "请写明实际情况"),
        ("done", {"resolved": "yes", "days": "很久"}, "用时请填 0 到 36500"),
        ("done", {"resolved": "yes", "days": "-1"}, "用时请填 0 到 36500"),
        ("done", {"resolved": "yes", "days": "nan"}, "用时请填 0 到 36500"),
        ("done", {"resolved": "yes", "satisfaction": "9"}, "满意度请填 1 到 5"),
        ("done", {"resolved": "yes", "summary": "长" * 4_001}, "不超过 4000 个字"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_done(
    place: TaskPlace, browser: Browser, kind: str, fields: dict[str, str], said: str
) -> None:
    number, holder = place.issue().task_id, browser(HOLDER)
    answer = press(holder, number, kind, **fields)
    assert answer.status_code == 400
    assert said in answer.text
    assert place.tasks.task(number)[0].version == 1
    if fields.get("summary"):
        assert fields["summary"] in answer.text  # what was written is not lost


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"due": "2001-01-01T08:00"}, "将来的时间"),
        ({"due": "gestern"}, "将来的时间"),
        ({"instructions": " "}, "请写明要求"),
    ],
)
def test_a_task_is_not_issued_again_with_something_wrong(
    place: TaskPlace, browser: Browser, fields: dict[str, str], said: str
) -> None:
    number = place.issue().task_id
    place.tasks.step(number, "return", HOLDER, text="不属于本部门")
    answer = press(browser(ISSUER), number, "reissue", **fields)
    assert answer.status_code == 400
    assert said in answer.text
    assert place.tasks.task(number)[0].state is TaskState.RETURNED


def test_what_another_did_first_is_shown_and_nothing_is_overwritten(place: TaskPlace, browser: Browser) -> None:
    number, holder = place.issue().task_id, browser(HOLDER)
    holder.get(f"/tasks/{number}")
    place.tasks.step(number, "cancel", ISSUER, text="重复交办")
    fields = {"kind": "done", "version": "1", "resolved": "yes", "summary": "已经排干"}
    answer = holder.post(f"/tasks/{number}/steps", data=fields)
    assert answer.status_code == 409
    assert "王敏刚刚先处理了这项任务" in answer.text
    assert "<blockquote>已经排干</blockquote>" in answer.text
    assert "已撤销" in answer.text
    assert place.tasks.task(number)[0].state is TaskState.CANCELLED


def test_a_button_pressed_twice_is_one_step(place: TaskPlace, browser: Browser) -> None:
    number, holder = place.issue().task_id, browser(HOLDER)
    for _ in range(2):
        answer = holder.post(f"/tasks/{number}/steps", data={"kind": "accept", "version": "1"}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/tasks/{number}?told=accept")
    assert place.tasks.task(number)[0].version == 2
    other = {"kind": "note", "version": "2", "text": "甲"}
    assert holder.post(f"/tasks/{number}/steps", data=other).status_code == 200
    assert holder.post(f"/tasks/{number}/steps", data=other | {"text": "乙"}).status_code == 409


def test_what_the_desk_refuses_is_told_with_its_reason(place: TaskPlace, browser: Browser) -> None:
    number = place.issue().task_id
    answer = browser(ISSUER).post(f"/tasks/{number}/steps", data={"kind": "verify", "version": "1"})
    assert answer.status_code == 400
    assert "这一步没有完成：" in answer.text
    assert 'lang="en"' in answer.text


@pytest.mark.parametrize(
    "fields", [{"odd": "1"}, {"kind": "explode", "version": "1"}, {"kind": "accept", "version": "one"}]
)
def test_what_no_button_sends_is_refused(place: TaskPlace, browser: Browser, fields: dict[str, str]) -> None:
    answer = browser(HOLDER).post(f"/tasks/{place.issue().task_id}/steps", data=fields)
    assert answer.status_code == 400
    assert "buttons of the page" in answer.json()["error"]


def test_another_site_cannot_act_in_ones_name(place: TaskPlace, browser: Browser) -> None:
    number, holder = place.issue().task_id, browser(HOLDER)
    for headers in ({"origin": "https://example.org"}, {"sec-fetch-site": "cross-site"}, {"origin": ""}):
        answer = holder.post(f"/tasks/{number}/steps", data={"kind": "accept", "version": "1"}, headers=headers)
        assert answer.status_code == 403
    assert place.tasks.task(number)[0].version == 1


@pytest.mark.parametrize("address", ["/tasks/99", "/tasks/9007199254740991"])
def test_a_task_that_does_not_exist_is_said_on_a_page(browser: Browser, address: str) -> None:
    answer = browser(HOLDER).get(address)
    assert answer.status_code == 404
    assert "没有这项任务" in answer.text
    gone = browser(HOLDER).post(f"{address}/steps", data={"kind": "accept", "version": "1"})
    assert gone.status_code == 404
    assert browser(HOLDER).get(f"{address}0000").status_code in (404, 422)


def test_the_page_shows_the_question_masked_and_the_quoted_precedent(place: TaskPlace, browser: Browser) -> None:
    matter = place.ask("凤台立交桥下积水，报告人电话13800001234")
    page = browser(HOLDER).get(f"/tasks/{place.issue(matter).task_id}").text
    assert "13800001234" not in page
    assert "报告人电话［电话］" in page
    evidence = place.desk.asked[matter].actions[0].evidence[0]
    assert evidence.quote in page


def test_hostile_words_stay_words(place: TaskPlace, browser: Browser) -> None:
    bad = "<script>window.hacked=1</script>"
    number = place.issue(place.ask(f"积水 {bad}"), instructions=bad, title=bad).task_id
    place.tasks.step(number, "return", Person(name=bad, department="water"), text=bad)
    for address in (f"/tasks/{number}", f"/tasks/{number}?told={bad}", f"/tasks?tab=issued&state={bad}"):
        shown = browser(ISSUER).get(address).text
        assert bad not in shown
        assert shown.count("<script") == shown.count('<script src="/pages/')


def test_both_languages_are_spoken(place: TaskPlace, browser: Browser) -> None:
    number = place.issue().task_id
    english = browser(HOLDER).get(f"/tasks/{number}?lang=en").text
    assert '<html lang="en">' in english
    for text in ("Next step", "Accept", "Where it comes from", "Water Affairs Bureau", "To be accepted"):
        assert text in english
    assert "待签收" in browser(HOLDER).get(f"/tasks/{number}").text


def test_the_server_has_the_pages_and_the_place_in_the_bar(place: TaskPlace) -> None:
    with TestClient(create_app(place.desk, tasks=place.tasks)) as client:
        answer = client.get("/tasks")
        assert answer.status_code == 200
        assert '<a class="place" href="/tasks" aria-current=page>任务</a>' in answer.text
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert client.get("/api/v1/drafts").json() == {"drafts": []}
        assert "/api/v1/tasks" in client.get("/openapi.json").json()["paths"]
