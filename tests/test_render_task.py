"""Tasks as HTML: everything that comes from outside is text, times are said by the city's clock, and what stands where
there is nothing says what to do."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_task_turn import AT, HOLDER, ISSUER, STRANGER, done_by, task

from assistant.taskdesk import Board
from knowledge.case import Outcome
from knowledge.places import read_places
from knowledge.task import STEPS, Person, Step, TaskState
from knowledge.taxonomy import read_taxonomy
from ui import task_wording
from ui.render_person import person_form, you
from ui.render_task import Origin, Quote, TaskView, missing_task, task_page
from ui.render_taskforms import Typed, forms
from ui.render_tasks import notice, tasks
from ui.task_list import TABS, TaskWish
from ui.texts import texts_in
from ui.wording import Wording

HOSTILE = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>\"'`${1}{{x}}"
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


def words_in(language: str = "zh") -> Wording:
    return Wording(texts_in(language), read_taxonomy(), read_places())


def board(*found: object) -> Board:
    return Board(mine=found, department=found, issued=found)  # type: ignore[arg-type]


def _fields(form: str) -> list[str]:
    return re.findall(r' name="([a-z_]+)"', form)


@LANGUAGES
def test_hostile_texts_stay_text_everywhere(language: str) -> None:
    words, person = words_in(language), Person(name=HOSTILE, department=HOSTILE)
    bad = task(
        "returned", task_id=7, title=HOSTILE, instructions=HOSTILE, department=HOSTILE, assignee=HOSTILE,
        reason=HOSTILE, issued_by=HOSTILE, issuer_department=HOSTILE, action_type=HOSTILE, matter="m<b>",
        outcome=Outcome(resolved=False, summary=HOSTILE),
    )  # fmt: skip
    history = [Step(number=1, kind="note", by=HOSTILE, department=HOSTILE, at=AT, text=HOSTILE, outcome=bad.outcome)]
    origin = Origin(HOSTILE, masked=True, quotes=(Quote(HOSTILE, HOSTILE),))
    typed = Typed("reissue", {"text": HOSTILE, "assignee": HOSTILE, "department": HOSTILE, "due": HOSTILE}, HOSTILE)
    other = task("done", task_id=8, title=HOSTILE)
    shown = [
        tasks(words, TaskWish("issued"), board(bad), person, now=AT, told=HOSTILE),
        task_page(words, TaskView(bad, history, origin, [bad, other]), person, now=AT, alert=HOSTILE, given=HOSTILE),
        task_page(words, TaskView(bad, history), person, now=AT, typed=typed, told=HOSTILE),
        task_page(words, TaskView(other, history), None, now=AT),
        person_form(words, back=HOSTILE, person=person, lead=HOSTILE, problem=HOSTILE),
        you(words, person, back=HOSTILE),
    ]
    for page in shown:
        assert "<script" not in page
        assert "<img" not in page
        assert not re.search(r"<[^>]*\sonerror=", re.sub(r'"[^"]*"', '""', page))


@LANGUAGES
def test_a_row_says_what_who_when_and_how_it_stands(language: str) -> None:
    late = task("accepted", task_id=3, assignee="李强", due=AT - timedelta(hours=26))
    page = tasks(words_in(language), TaskWish(), board(late), HOLDER, now=AT)
    assert 'href="/tasks/3"' in page
    assert 'class="task late"' in page
    told = {
        "zh": ("水务局", "逾期 26 小时", "办理中", "由您办理", "王敏（应急管理局） 交办", "1 项，其中逾期 1 项"),
        "en": ("Water Affairs Bureau", "26 hours overdue", "In progress", "Yours to carry out", "1 task, 1 overdue",
               "issued by 王敏 (Emergency Management Bureau)"),
    }  # fmt: skip
    for text in told[language]:
        assert text in page


@pytest.mark.parametrize(
    ("due", "zh", "en"),
    [
        (None, "未定期限", "No due date"),
        (datetime(2026, 11, 20, 10, 0, tzinfo=UTC), "今天 18:00 前", "Due today 18:00"),
        (datetime(2026, 11, 20, 16, 0, tzinfo=UTC), "今天 24:00 前", "Due today 24:00"),
        (datetime(2026, 11, 20, 16, 1, tzinfo=UTC), "明天 00:01 前", "Due tomorrow 00:01"),
        (datetime(2026, 11, 19, 10, 0, tzinfo=UTC), "昨天 18:00 前", "Due yesterday 18:00"),
        (datetime(2026, 11, 24, 1, 30, tzinfo=UTC), "11月24日 09:30 前", "Due 24 Nov 09:30"),
        (datetime(2027, 1, 2, 1, 30, tzinfo=UTC), "2027年1月2日 09:30 前", "Due 2 Jan 2027 09:30"),
    ],
)
def test_a_due_time_is_said_by_the_citys_clock(due: datetime | None, zh: str, en: str) -> None:
    one = task(due=due)
    assert task_wording.due(words_in("zh"), one, AT) == zh
    assert task_wording.due(words_in("en"), one, AT) == en


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (0.5, "还剩 1 分钟", "1 minute left"),
        (59.9, "还剩 59 分钟", "59 minutes left"),
        (60, "还剩 1 小时", "1 hour left"),
        (47.9 * 60, "还剩 47 小时", "47 hours left"),
        (48 * 60, "还剩 2 天", "2 days left"),
        (-1, "逾期 1 分钟", "1 minute overdue"),
        (-90, "逾期 1 小时", "1 hour overdue"),
        (-72 * 60, "逾期 3 天", "3 days overdue"),
    ],
)
def test_what_is_left_is_said_in_its_largest_unit(minutes: float, zh: str, en: str) -> None:
    one = task(due=AT + timedelta(minutes=minutes))
    assert task_wording.left(words_in("zh"), one, AT) == zh
    assert task_wording.left(words_in("en"), one, AT) == en
    for state in (TaskState.DONE, TaskState.VERIFIED, TaskState.CANCELLED):
        assert task_wording.left(words_in("zh"), task(state, due=one.due), AT) == ""


@given(st.integers(-(10**7), 10**7))
def test_the_days_of_a_form_are_never_nothing(seconds: int) -> None:
    days = task_wording.days_until(task(), AT + timedelta(seconds=seconds))
    assert days >= 0.1
    assert days == pytest.approx(max(0.1, seconds / 86_400), abs=0.051)


@LANGUAGES
@pytest.mark.parametrize("tab", TABS)
def test_an_empty_list_says_what_to_do(language: str, tab: str) -> None:
    words = words_in(language)
    page = tasks(words, TaskWish(tab), board(), HOLDER, now=AT)
    assert words.t(f"tasks.none_{tab}_line") in page.replace("&quot;", '"').replace("&#x27;", "'")
    assert 'href="/tasks?tab=department"' in page if tab == "mine" else 'href="/">' in page
    finished = tasks(words, TaskWish(tab, "closed"), board(), HOLDER, now=AT)
    assert words.t("tasks.none_closed") in finished


def test_an_empty_department_of_nobody_asks_for_one() -> None:
    page = tasks(words_in("zh"), TaskWish("department"), board(), Person(name="李强"), now=AT)
    assert "您没有选择部门" in page


def test_a_list_whose_tasks_are_all_finished_shows_the_way_to_them() -> None:
    page = tasks(words_in("zh"), TaskWish("issued"), board(task("verified")), ISSUER, now=AT)
    assert "没有这样的任务" in page
    assert 'href="/tasks?tab=issued&amp;state=all"' in page


def test_nobody_is_asked_who_they_are_before_tasks_are_shown() -> None:
    page = tasks(words_in("zh"), TaskWish("issued"), None, None, now=AT)
    assert 'action="/person"' in page
    assert 'value="/tasks?tab=issued"' in page
    assert "系统不作核实" in page


def test_the_usual_way_takes_two_clicks_at_most() -> None:
    words = words_in("zh")
    accept = forms(words, task(), [], HOLDER, now=AT)
    assert accept.index('value="accept"') < accept.index("<details")
    assert '<button type="submit" class="main">签收</button>' in accept
    done = forms(words, task("accepted"), [], HOLDER, now=AT + timedelta(days=2))
    before = done[: done.index("<details")]
    assert before.count("<form") == 1
    assert 'value="done"' in before
    assert 'name="days" inputmode="decimal" value="2"' in before
    assert before.count("required") == 3  # resolved, and nothing else
    verify = forms(words, task("done"), done_by("李强"), ISSUER, now=AT)
    assert '<button type="submit" class="main">核验通过</button>' in verify


def test_a_form_carries_the_version_that_was_seen() -> None:
    page = forms(words_in("zh"), task(task_id=4, version=9), [], HOLDER, now=AT)
    sent = re.findall(r"<form.*?</form>", page, re.DOTALL)
    assert len(sent) == 4
    assert all('name="version" value="9"' in form and 'action="/tasks/4/steps"' in form for form in sent)


def test_a_returned_task_can_be_handed_to_others() -> None:
    back = task("returned", reason="不属于本部门", due=AT + timedelta(hours=2), assignee="李强")
    page = forms(words_in("zh"), back, [], ISSUER, now=AT)
    form = page[page.index('value="reissue"') : page.index("<details")]
    assert {"department", "assignee", "due", "instructions", "text"} <= set(_fields(form))
    assert '<option value="water" selected>' in form
    assert 'value="2026-11-20T14:00"' in form
    assert "不属于本部门" in page
    late = forms(words_in("zh"), back, [], ISSUER, now=AT + timedelta(days=1))
    assert 'name="due" value=""' in late


@pytest.mark.parametrize(
    ("state", "person", "said"),
    [
        ("issued", STRANGER, "等待 水务局 签收。"),
        ("accepted", ISSUER, "水务局 正在办理。"),
        ("returned", HOLDER, "已退回，等待 王敏（应急管理局） 处理。"),
        ("done", HOLDER, "已办结，等待 王敏（应急管理局） 核验。"),
        ("verified", HOLDER, "这项任务已核验，不再变动。"),
        ("cancelled", ISSUER, "这项任务已撤销，不再变动。"),
    ],
)
def test_what_a_task_waits_for_is_said_to_the_others(state: str, person: Person, said: str) -> None:
    assert said in forms(words_in("zh"), task(state), [], person, now=AT)


def test_the_one_who_did_it_is_told_why_he_does_not_verify_it() -> None:
    own = task("done", department="emergency", assignee="王敏")
    page = forms(words_in("zh"), own, done_by("王敏"), ISSUER, now=AT)
    assert "办结的人不能自己核验" in page
    assert 'value="verify"' not in page


def test_what_was_written_is_still_there_after_a_refusal() -> None:
    typed = Typed("return", {"text": "不属于\n本部门", "version": "1"}, "请先写明原因。")
    page = forms(words_in("zh"), task(), [], HOLDER, now=AT, typed=typed)
    assert '<details class="fold" open><summary>退回</summary>' in page
    assert ">\n不属于\n本部门</textarea>" in page
    assert '<p class="wrong" role="alert">请先写明原因。</p>' in page
    gone = forms(words_in("zh"), task("verified"), [], HOLDER, now=AT, typed=typed)
    assert "您写的文字" in gone
    assert "<blockquote>不属于\n本部门</blockquote>" in gone


def test_a_report_keeps_what_was_chosen() -> None:
    fields = {"resolved": "no", "summary": "还缺配件", "days": "1,5", "satisfaction": "2"}
    page = forms(words_in("zh"), task("accepted"), [], HOLDER, now=AT, typed=Typed("done", fields, "用时"))
    assert 'value="no" required checked' in page
    assert 'value="2" selected' in page
    assert 'value="1,5"' in page
    assert "还缺配件</textarea>" in page


@LANGUAGES
def test_the_page_tells_where_it_comes_from_and_what_happened(language: str) -> None:
    words = words_in(language)
    ended = Outcome(resolved=True, days=0.5, satisfaction=4, summary="两小时排干")
    one = task("done", task_id=2, slot=0, action_type="traffic_control", outcome=ended, due=AT)
    history = [*done_by("李强")[:1], Step(number=2, kind="done", by="李强", at=AT, text="两小时排干", outcome=ended)]
    origin = Origin("桥下积水", masked=True, quotes=(Quote("双向封闭桥下通道", "凤台立交桥下积水"),))
    page = task_page(words, TaskView(one, history, origin, [one, task(task_id=5, title="回访")]), ISSUER, now=AT)
    for text in ("桥下积水", "双向封闭桥下通道", "凤台立交桥下积水", 'href="/tasks/5"', words.t("task.masked")):
        assert text in page
    assert words.action_type("traffic_control") in page
    assert 'href="/tasks/2"' not in page  # not a sibling of itself
    timeline = page[page.index('class="timeline"') :]
    assert timeline.count("两小时排干") == 1
    assert timeline.index(words.t("task_step.issue")) < timeline.index(words.t("task_step.done"))


def test_a_task_without_its_answer_or_beside_it_says_so() -> None:
    assert "原文已不在" in task_page(words_in(), TaskView(task(matter="i-9"), []), HOLDER, now=AT)
    added = task_page(words_in(), TaskView(task(), [], Origin("积水")), HOLDER, now=AT)
    assert "不在系统的建议里" in added


def test_a_notice_is_said_at_once_and_foreign_sentences_are_marked() -> None:
    assert notice("") == ""
    assert 'role="status"' in notice("已签收。")
    bad = notice("没有完成：", bad=True, given="the disk is full")
    assert 'role="alert"' in bad
    assert '<span lang="en">the disk is full</span>' in bad
    assert "12" in missing_task(words_in("en"), 12)


def test_the_style_uses_known_colours_only_and_nothing_from_elsewhere() -> None:
    folder = Path(__file__).parents[1] / "ui" / "static"
    known = set(re.findall(r"(--[a-z0-9-]+):", (folder / "palette.css").read_text(encoding="utf-8")))
    style = (folder / "tasks.css").read_text(encoding="utf-8")
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", style)) <= known
    assert not re.search(r"url\(|@import|https?:", style)


@LANGUAGES
def test_every_state_and_step_has_its_words(language: str) -> None:
    entries = texts_in(language).entries
    for state in TaskState:
        assert f"task_state.{state}" in entries
    for kind in STEPS:
        assert {f"task.{kind}", f"task.told_{kind}", f"task_step.{kind}"} <= entries.keys()
    assert "task_step.issue" in entries


def test_many_drafts_are_told_as_many() -> None:
    for count, said in (
        (0, "案例草稿</a>"),
        (9, "案例草稿 <span class=count>9<"),
        (10, "案例草稿 <span class=count>9+<"),
    ):
        assert said in tasks(words_in(), TaskWish(), board(), HOLDER, now=AT, drafts=count)
