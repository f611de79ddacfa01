"""The pages of drafts over the real task desk: reviewed, changed, approved, dismissed; and never overwritten."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_tasks import HOLDER, ISSUER, TaskPlace, browser_of, open_task_place, pages_of
from fastapi.testclient import TestClient

from knowledge.case import CaseStatus
from knowledge.records import SqlRecords
from knowledge.task import Person
from ui.draft_form import values_of

CURATOR = Person(name="周洁", department="emergency")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[TaskPlace]:
    opened = open_task_place(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def curator(place: TaskPlace) -> TestClient:
    return browser_of(pages_of(place), CURATOR)


def fields_of(page: str) -> dict[str, str]:
    """The fields of the draft's form as a browser would send them."""
    form = re.findall(r'<form id="draft-form".*?</form>', page, re.DOTALL)[0]
    sent = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r' name="([^"]*)"', tag), re.search(r' value="([^"]*)"', tag)
        sent[name[1] if name else ""] = value[1] if value else ""
    sent |= dict(re.findall(r'<textarea [^>]*?name="([^"]*)"[^>]*?>\n(.*?)</textarea>', form, re.DOTALL))
    for name, options in re.findall(r'<select [^>]*?name="([^"]*)"[^>]*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.findall(r'value="([^"]*)" selected', options)
        sent[name] = chosen[0] if chosen else re.findall(r'value="([^"]*)"', options)[0]
    return {name: html.unescape(value) for name, value in sent.items()}


def test_no_draft_says_when_there_will_be_one(curator: TestClient) -> None:
    page = curator.get("/drafts").text
    assert "没有待审核的草稿" in page
    assert "草稿会出现在这里" in page


def test_drafts_that_wait_stand_beside_the_cases_like_them(place: TaskPlace, curator: TestClient) -> None:
    place.near = [(3, "铁路桥涵洞积水", 0.83)]
    number = place.draft()
    page = curator.get("/drafts").text
    assert f'href="/drafts/{number}"' in page
    for text in ("1 份待审核", "来自 1 项任务", "#3", "相近程度 83%", "铁路桥涵洞积水"):
        assert text in page
    one = curator.get(f"/drafts/{number}").text
    assert "看这个案例" in one  # the fake assistant knows case 3


def test_the_form_shows_the_draft_as_it_is(place: TaskPlace, curator: TestClient) -> None:
    number = place.draft()
    sent = fields_of(curator.get(f"/drafts/{number}").text)
    stored = place.tasks.draft(number).stored
    assert sent["version"] == str(stored.version)
    expected = values_of(stored.case)
    assert {name: sent[name] for name in expected} == expected


def test_sending_it_untouched_changes_nothing(place: TaskPlace, curator: TestClient) -> None:
    number = place.draft()
    before = place.tasks.draft(number).stored
    answer = curator.post(f"/drafts/{number}", data=fields_of(curator.get(f"/drafts/{number}").text) | {"do": "save"})
    assert "内容没有变化" in answer.text
    assert place.tasks.draft(number).stored.version == before.version


def test_changes_are_saved_and_named(place: TaskPlace, curator: TestClient) -> None:
    number = place.draft()
    page = curator.get(f"/drafts/{number}").text
    new = {
        "lessons": "汛前备泵",
        "severity": "2",
        "action-0-result": "failed",
        "action-1-text": "回访车主",
        "do": "save",
    }
    answer = curator.post(f"/drafts/{number}", data=fields_of(page) | new)
    assert "已保存为第 2 版，改动：严重程度、经验教训、措施 1、措施 2。" in answer.text
    case = place.tasks.draft(number).stored.case
    assert (case.lessons, case.severity, case.status) == ("汛前备泵", 2, CaseStatus.DRAFT)
    assert [(a.text, a.result.value) for a in case.actions][1:] == [("回访车主", "unknown")]
    assert case.actions[0].result.value == "failed"


def test_approving_takes_changes_along_and_makes_it_a_case(place: TaskPlace, curator: TestClient) -> None:
    number = place.draft()
    page = curator.get(f"/drafts/{number}").text
    answer = curator.post(f"/drafts/{number}", data=fields_of(page) | {"title": "凤台立交桥积水抢排", "do": "approve"})
    assert answer.url.path == "/drafts"
    assert f"案例 {number} 会出现在回答里" in answer.text
    stored = SqlRecords(place.engine).get([number])[number]
    assert (stored.case.status, stored.case.title) == (CaseStatus.APPROVED, "凤台立交桥积水抢排")
    gone = curator.get(f"/drafts/{number}")
    assert gone.status_code == 404
    assert "已经有人审核过了" in gone.text


def test_a_draft_is_dismissed_with_a_reason_only(place: TaskPlace, curator: TestClient) -> None:
    number = place.draft()
    answer = curator.post(f"/drafts/{number}/dismiss", data={"reason": "  "})
    assert answer.status_code == 400
    assert "请先写明为什么不采用" in answer.text
    stored = values_of(place.tasks.draft(number).stored.case)
    assert {name: fields_of(answer.text)[name] for name in stored} == stored  # the form is as it was
    assert "不采用这份草稿" in curator.post(f"/drafts/{number}/dismiss", data={"reason": "与案例 1 重复"}).text
    assert SqlRecords(place.engine).get([number])[number].case.status is CaseStatus.RETIRED
    assert curator.post(f"/drafts/{number}/dismiss", data={"reason": "与案例 1 重复"}).status_code == 404


@pytest.mark.parametrize("do", ["save", "approve"])
def test_what_another_saved_meanwhile_is_not_overwritten(place: TaskPlace, curator: TestClient, do: str) -> None:
    number = place.draft()
    mine = fields_of(curator.get(f"/drafts/{number}").text) | {"title": "我的标题", "do": do}
    draft = place.tasks.draft(number)
    theirs = draft.stored.case.model_copy(update={"title": "别人的标题", "lessons": "别人的教训"})
    place.tasks.amend(number, theirs, ISSUER, version=draft.stored.version)
    answer = curator.post(f"/drafts/{number}", data=mine)
    assert answer.status_code == 409
    assert "别人刚刚改过这份草稿，现在是第 2 版" in answer.text
    assert "现在是：别人的标题" in answer.text
    assert "现在是：别人的教训" in answer.text
    assert answer.text.count('class="now"') == 2  # only where they differ
    assert place.tasks.draft(number).stored.case == theirs
    shown = fields_of(answer.text)
    assert (shown["title"], shown["version"]) == ("我的标题", "2")
    again = curator.post(f"/drafts/{number}", data=shown | {"lessons": "别人的教训", "do": "save"})
    assert again.status_code == 200
    kept = place.tasks.draft(number).stored.case
    assert (kept.title, kept.lessons) == ("我的标题", "别人的教训")


def test_what_is_wrong_is_marked_at_its_field(place: TaskPlace, curator: TestClient) -> None:
    number = place.draft()
    page = curator.get(f"/drafts/{number}").text
    wrong = {"situation": " ", "outcome-days": "很久", "title": "我的标题", "do": "approve"}
    answer = curator.post(f"/drafts/{number}", data=fields_of(page) | wrong)
    assert answer.status_code == 400
    assert "有 2 处需要改正" in answer.text
    for text in (
        "不能为空",
        "请填 0 到 36500 之间的数字",
        'id="wrong-outcome-days"',
        'aria-describedby="wrong-situation"',
    ):
        assert text in answer.text
    assert fields_of(answer.text)["title"] == "我的标题"
    assert place.tasks.draft(number).stored.version == 1


def test_nobody_in_particular_may_read_but_not_change(place: TaskPlace) -> None:
    number, nobody = place.draft(), browser_of(pages_of(place), None)
    page = nobody.get(f"/drafts/{number}").text
    assert "<fieldset disabled>" in page
    assert "审核之前，请先填写您是谁" in page
    assert 'value="approve"' not in page
    fields = {"title": "x", "situation": "y", "version": "1", "do": "approve"}
    assert nobody.post(f"/drafts/{number}", data=fields).status_code == 403
    assert nobody.post(f"/drafts/{number}/dismiss", data={"reason": "x"}).status_code == 403
    assert place.tasks.draft(number).stored.version == 1


def test_another_site_cannot_approve(place: TaskPlace, curator: TestClient) -> None:
    number = place.draft()
    fields = fields_of(curator.get(f"/drafts/{number}").text) | {"do": "approve"}
    for path, sent in ((f"/drafts/{number}", fields), (f"/drafts/{number}/dismiss", {"reason": "x"})):
        assert curator.post(path, data=sent, headers={"origin": "https://example.org"}).status_code == 403
    assert place.tasks.draft(number).stored.case.status is CaseStatus.DRAFT


def test_hostile_words_stay_words(place: TaskPlace, curator: TestClient) -> None:
    bad = "</textarea><script>window.hacked=1</script>"
    place.near = [(3, bad, 0.9)]
    number = place.draft()
    fields = fields_of(curator.get(f"/drafts/{number}").text)
    everywhere = {name: bad for name in fields if name not in ("version", "do")}
    saved = dict.fromkeys(("title", "situation", "place", "lessons", "outcome-summary", "action-0-text"), bad)
    first = curator.post(f"/drafts/{number}", data=fields | everywhere | {"do": "save"})
    assert first.status_code == 400
    second = curator.post(f"/drafts/{number}", data=fields | saved | {"do": "save"})
    assert place.tasks.draft(number).stored.case.title == bad
    told = curator.get(f"/drafts/{number}?told=saved&changed={bad}.title.action-9999-text")
    assert "改动：标题。" in told.text
    for page in (
        first.text,
        second.text,
        told.text,
        curator.get("/drafts").text,
        curator.get(f"/drafts?told={bad}").text,
    ):
        assert "<script>" not in page
        assert "</textarea><" not in page.replace("</textarea></label>", "").replace("</textarea><span", "")


def test_a_draft_that_does_not_exist_is_said_on_a_page(curator: TestClient) -> None:
    for answer in (
        curator.get("/drafts/99"),
        curator.post("/drafts/99", data={"version": "1", "do": "save"}),
        curator.post("/drafts/99/dismiss", data={"reason": "x"}),
    ):
        assert answer.status_code == 404
        assert "没有这份草稿" in answer.text


def test_the_pages_speak_english_too(place: TaskPlace, curator: TestClient) -> None:
    number = place.draft()
    page = curator.get(f"/drafts/{number}?lang=en").text
    for text in ("Approve as a case", "Dismiss", "Put together from these tasks", "Time taken (days)", "Action 1"):
        assert text in page
    assert "Draft cases" in curator.get("/drafts").text
    assert HOLDER.name in page
