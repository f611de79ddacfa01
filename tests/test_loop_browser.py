"""The whole loop in a real Chromium, over a real workplace with the demo city: a question, choices, a task until it is
verified, a draft that becomes a case, and the case in the next answer. In both languages, wide and narrow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from browser import CONTRAST, PHONE, WIDE, Tabs, in_browser, is_narrow_enough, served
from task_city import QUESTION, TUNNEL

from assistant.answer import Reaction, TrackRecord
from assistant.learning.events import Effect, GateEvent
from assistant.wiring import Workplace, open_workplace
from knowledge.case import Case
from ui.server import create_app

pytestmark = in_browser()


@dataclass(frozen=True)
class Told:
    """What is said in one language: the question, the same matter in other words, and what stands on the pages."""

    locale: str
    question: str
    again: str
    edited: str
    summary: str
    people: tuple[str, str, str]
    adopted: str
    edit_held: str
    rejected: str
    issued: str
    accepted: str
    verified: str
    why: str


TOLD = {
    "zh": Told(
        locale="zh-CN",
        question="梧桐里小区二次供水发黄有异味，三百多户居民反映两天了",
        again="梧桐里好几百户家里的水又黄又臭，已经两天，要求查水箱",
        edited="疾控中心当天取样，两小时内出简报并在业主群公布",
        summary="水箱清洗消毒后复测合格，业主代表在场见证",
        people=("李强", "王敏", "赵刚"),
        adopted="已采纳",
        edit_held="已修改后采纳",
        rejected="已否决：没有人手或设备",
        issued="待签收",
        accepted="办理中",
        verified="已核验",
        why="为什么排在这里",
    ),
    "en": Told(
        locale="en-GB",
        question="Tap water in Wutong estate has been yellow and smelly for two days, 300 households complain",
        again="Residents of Wutong estate report discoloured tap water with an odour, for two days now",
        edited="The health bureau samples the tank today and publishes a short report within two hours",
        summary="The tank was drained and disinfected; the samples taken afterwards were clean",
        people=("Li Qiang", "Wang Min", "Zhao Gang"),
        adopted="Adopted",
        edit_held="Adopted with changes",
        rejected="Rejected: No staff or equipment",
        issued="To be accepted",
        accepted="In progress",
        verified="Verified",
        why="Why it stands here",
    ),
}


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    place = open_workplace(tmp_path / "city")
    place.load_demo()
    place.copies.sync()
    yield place
    assert place.learning.background.wait(30)
    place.engine.dispose()


@pytest.fixture
def address(workplace: Workplace) -> Iterator[str]:
    app = create_app(workplace.desk, demo=True, tasks=workplace.tasks, follow_ups=workplace.follow_ups)
    with served(app, 7940) as at:
        yield at


def _begun(page: Any) -> None:
    page.wait_for_function("window.precedent && document.querySelector('#welcome, #chat')")
    page.wait_for_timeout(600)


def _ask(page: Any, text: str) -> None:
    page.fill("#box textarea", text)
    page.press("#box textarea", "Enter")
    page.wait_for_selector("#action-0")
    page.wait_for_function("!document.querySelector('.loading')")


def _record(workplace: Workplace, question: str, action_type: str) -> TrackRecord:
    """The track record of an action type for a question."""
    return next(a.track_record for a in workplace.desk.ask(question).actions if a.action_type == action_type)


@pytest.mark.parametrize(("language", "size"), [("zh", WIDE), ("en", PHONE)])
def test_the_whole_loop(
    address: str, tabs: Tabs, workplace: Workplace, folder: Path, language: str, size: dict[str, int]
) -> None:
    told, name = TOLD[language], f"loop-{language}-{size['width']}"
    issuer = tabs.context(size=size, locale=told.locale)
    page = tabs.open(issuer, address)
    _begun(page)
    _ask(page, told.question)

    # adopt two, edit one, reject one with a reason
    for slot in (0, 1):
        page.click(f"#action-{slot} button.adopt")
        page.wait_for_selector(f"#action-{slot} .decide.done >> text={told.adopted}")
    page.click("#action-2 [data-form=edit-2]")
    page.fill("#edit-text-2", told.edited)
    page.click("#edit-2 button[type=submit]")
    page.wait_for_selector(f"#action-2 >> text={told.edit_held}")
    page.click("#action-3 [data-form=reject-3]")
    page.screenshot(path=folder / f"{name}-1-rejecting.png", full_page=True)
    page.click("#reject-3 .reason >> nth=2")
    page.wait_for_selector(f"#action-3 >> text={told.rejected}")
    answer = workplace.interactions.export()[0]
    kinds = [(r["slot"], r["kind"]) for r in answer["reactions"]]
    assert kinds == [(0, "adopt"), (1, "adopt"), (2, "edit"), (3, "reject")]
    first_type = answer["shown"][0]["action_type"]
    before = _record(workplace, told.again, first_type)

    # a task to a department, by somebody who has not said who it is
    page.click("#action-0 [data-form=task-0]")
    assert page.input_value("#task-0 textarea") == page.inner_text("#action-0 .what")
    page.select_option("#task-0 [name=department]", "water")
    page.fill("#task-0 [name=who]", told.people[0])
    page.select_option("#task-0 [name=who_department]", "emergency")
    page.screenshot(path=folder / f"{name}-2-handing.png", full_page=True)
    page.click("#task-0 button[type=submit]")
    page.wait_for_selector(f"#action-0 .handed >> text={told.issued}")
    assert is_narrow_enough(page)
    page.screenshot(path=folder / f"{name}-3-handed.png", full_page=True)
    assert page.get_attribute("#action-0 .handed a", "href") == "/tasks/1"

    # accepted and done by one of the department
    doer = tabs.open(tabs.context(size=size, locale=told.locale), f"{address}/person?back=/tasks")
    doer.fill("[name=name]", told.people[1])
    doer.select_option("[name=department]", "water")
    doer.click("button.main")
    doer.wait_for_url("**/tasks")
    doer.goto(f"{address}/tasks/1")
    doer.click(".step-accept button")
    doer.wait_for_selector(f"main >> text={told.accepted} >> nth=0")
    doer.check(".step-done [name=resolved][value=yes]")
    doer.fill(".step-done [name=summary]", told.summary)
    doer.select_option(".step-done [name=satisfaction]", "4")
    doer.click(".step-done button")
    doer.wait_for_url("**/tasks/1*")
    doer.wait_for_selector(f"text={told.summary} >> nth=0")

    # verified by who issued it; the draft is approved by a third person
    page.goto(f"{address}/tasks/1")
    page.click(".step-verify button")
    page.wait_for_selector(f"text={told.verified} >> nth=0")
    curator = tabs.open(tabs.context(size=size, locale=told.locale), f"{address}/person?back=/drafts")
    curator.fill("[name=name]", told.people[2])
    curator.click("button.main")
    curator.wait_for_url("**/drafts")
    curator.click("a[href^='/drafts/'] >> nth=0")
    curator.wait_for_selector("#draft-form")
    curator.screenshot(path=folder / f"{name}-4-draft.png", full_page=True)
    curator.click("button[value=approve]")
    curator.wait_for_selector("#notice")

    # asked again in other words: the new case is there with its track record, and the order has its reason
    page.goto(address)
    page.wait_for_selector(f"#action-0 .handed >> text={told.verified}")
    page.wait_for_timeout(600)
    page.click("button[data-event=new_conversation]")
    page.wait_for_selector("#welcome .welcome")
    _ask(page, told.again)
    new = next(s for s in workplace.records.all() if (s.case.external_id or "").startswith("TASK-"))
    card = page.locator(f"#case-{new.case_id}")
    card.wait_for()
    assert told.summary in (card.text_content() or "")
    shown = workplace.interactions.export()[-1]["shown"]
    slot = next(place for place, action in enumerate(shown) if action["action_type"] == first_type)
    now = _record(workplace, told.again, first_type)
    assert now != before
    assert (now.median_days or 99) < (before.median_days or 0), "it was done within hours"
    page.wait_for_selector(f"#action-{slot} figure [data-case='{new.case_id}']")
    tries, why = page.locator(f"#action-{slot} .tries"), page.locator(f"#action-{slot} [data-keep=why-{slot}]")
    assert str(now.tried) in tries.inner_text()
    why.locator("summary").click()
    assert told.why in why.inner_text()
    assert str(now.tried) in why.locator("li").first.inner_text()
    assert is_narrow_enough(page)
    page.screenshot(path=folder / f"{name}-5-again.png", full_page=True)


@pytest.fixture
def small(tmp_path: Path, small_cases: tuple[Case, ...]) -> Iterator[Workplace]:
    """A workplace with seven cases, and a page that asks today what it would ask in a month."""
    place = open_workplace(tmp_path / "small")
    place.records.write((*small_cases, TUNNEL))
    yield place
    assert place.learning.background.wait(30)
    place.engine.dispose()


@pytest.fixture
def small_address(small: Workplace) -> Iterator[str]:
    ahead = replace(small.follow_ups, clock=lambda: datetime.now(UTC) + timedelta(days=31))
    with served(create_app(small.desk, demo=False, tasks=small.tasks, follow_ups=ahead), 7940) as at:
        yield at


def test_a_hand_over_is_mended_taken_back_and_seen_by_others(
    small_address: str, tabs: Tabs, small: Workplace, folder: Path
) -> None:
    page = tabs.open(tabs.context(), small_address)
    _begun(page)
    _ask(page, QUESTION)
    page.click("#action-0 button.adopt")
    page.wait_for_selector("#action-0 .decide.done")
    page.keyboard.press("t")
    page.wait_for_selector("#task-0:not([hidden])")
    assert page.evaluate("document.activeElement.name") == "instructions"
    page.fill("#task-0 [name=instructions]", "先封路，再抽水")
    page.fill("#task-0 [name=due]", "2020-01-01T08:00")
    page.fill("#task-0 [name=who]", "李强")
    page.click("#task-0 button[type=submit]")
    page.wait_for_selector("#task-0 .wrong >> text=期限请填将来的时间")
    assert page.input_value("#task-0 [name=instructions]") == "先封路，再抽水"
    assert page.locator("#task-0 [name=who]").count() == 0, "the name is known by now"
    page.screenshot(path=folder / "handover-wrong.png")
    assert page.evaluate(CONTRAST) == []
    page.fill("#task-0 [name=due]", "2099-01-01T08:00")
    page.click("#task-0 button[type=submit]")
    page.wait_for_selector("#action-0 .handed >> text=待签收")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/tasks/1"
    page.click("#action-0 .handed button")
    page.wait_for_selector("#action-0 .handed >> text=已撤销")
    page.click("#action-0 [data-form=task-0]")
    page.click("#task-0 button[type=submit]")
    page.wait_for_selector("#action-0 .handed a[href='/tasks/2']")
    assert small.tasks.task(2)[0].issued_by == "李强"

    other = tabs.open(tabs.context(size=PHONE, locale="en-GB", dark=True), small_address)
    _begun(other)
    _ask(other, QUESTION)
    other.wait_for_selector(".already a[href='/tasks/2']")
    assert other.locator(".already a").count() == 1, "what was taken back is not open"
    assert is_narrow_enough(other)
    assert other.evaluate(CONTRAST) == []
    other.screenshot(path=folder / "handover-already.png", full_page=True)


@pytest.mark.parametrize(("locale", "size", "dark"), [("zh-CN", WIDE, False), ("en-GB", PHONE, True)])
def test_it_asks_once_whether_an_action_worked(
    small_address: str, tabs: Tabs, small: Workplace, folder: Path, locale: str, size: dict[str, int], dark: bool
) -> None:
    context = tabs.context(size=size, locale=locale, dark=dark)
    page = tabs.open(context, small_address)
    _begun(page)
    assert page.locator(".follow-up").count() == 0
    _ask(page, QUESTION)
    page.click("#action-0 button.adopt")
    page.wait_for_selector("#action-0 .decide.done")
    page = tabs.open(context, small_address)
    page.wait_for_selector(".follow-up .what")
    page.wait_for_timeout(600)
    assert page.inner_text(".follow-up .what") == page.inner_text("#action-0 .what")
    assert is_narrow_enough(page)
    assert page.evaluate(CONTRAST) == []
    page.screenshot(path=folder / f"follow-up-{locale}.png")
    page.click(".follow-up [data-kind=worked]")
    page.wait_for_selector(".follow-up.done")
    assert page.evaluate("document.activeElement.dataset.focus") == "change-follow"
    page.click(".follow-up [data-kind=change]")
    page.click(".follow-up [data-kind=failed]")
    page.wait_for_selector(".follow-up.done")
    page.screenshot(path=folder / f"follow-up-{locale}-done.png")
    told = [effect["resolved"] for effect in small.interactions.export()[0]["effects"]]
    assert told == [True, False]
    page = tabs.open(context, small_address)
    page.wait_for_selector("#action-0")
    page.wait_for_timeout(600)
    assert page.locator(".follow-up").count() == 0


def _learned(place: Workplace, question: str) -> None:
    """Twelve people of three departments turn the two first actions down and adopt one of the others, which works; what
    that teaches is in force from now on, as if the gate had let it pass."""
    now = datetime.now(UTC)
    for number in range(12):
        who, department = f"official-{number}", ("water", "health", "housing")[number % 3]
        answer = place.desk.ask(question, actor=who, department=department)
        repair = next(slot for slot, action in enumerate(answer.actions) if action.action_type == "repair")
        for slot, kind in ((0, "reject"), (1, "reject"), (repair, "adopt")):
            place.desk.react(
                Reaction.model_validate(
                    {"interaction_id": answer.interaction_id, "client_id": uuid4().hex, "kind": kind, "action": slot,
                     "actor": who, "department": department, "at": now}
                )
            )  # fmt: skip
        told = Effect(answer.interaction_id, uuid4().hex, repair, now, "official", who, resolved=True)
        assert place.desk.effect(told)
    policy = place.learning.advisor.fit(event for _, event in place.learning.events.events())
    kept = place.learning.shelf.put(policy.text(), watermark=place.learning.events.last(), at=now)
    for step in ("trial", "promoted"):
        place.learning.shelf.note(GateEvent(now, step, "base", kept.version, "li"))


@pytest.mark.parametrize(("language", "size", "dark"), [("zh", WIDE, True), ("en", PHONE, False)])
def test_an_order_that_was_learned_says_why(
    workplace: Workplace, tabs: Tabs, folder: Path, language: str, size: dict[str, int], dark: bool
) -> None:
    _learned(workplace, TOLD["zh"].question)
    assert workplace.learning.background.wait(30)
    fresh = open_workplace(workplace.home)
    with served(create_app(fresh.desk, demo=True, tasks=fresh.tasks, follow_ups=fresh.follow_ups), 7940) as at:
        page = tabs.open(tabs.context(size=size, locale=TOLD[language].locale, dark=dark), at)
        _begun(page)
        _ask(page, TOLD["zh"].question if language == "zh" else TOLD["en"].question)
        up = page.locator(".moved.up").first
        said = up.inner_text()
        assert up.locator(".arrow").inner_text() == "↑"
        expected = ("上移", "12 次有 12 次被采纳") if language == "zh" else ("Moved up", "adopted 12 of 12 times")
        for words in expected:
            assert words in said
        assert page.locator("#action-0 .moved.up").count() == 1
        assert page.locator(".moved.down .arrow").first.inner_text() == "↓"
        seen = page.inner_text("body").lower()
        assert not any(word in seen for word in ("experiment", "实验", "试验组", "对照组"))
        assert page.evaluate(CONTRAST) == []
        assert is_narrow_enough(page)
        up.scroll_into_view_if_needed()
        page.screenshot(path=folder / f"learned-{language}.png")
    fresh.engine.dispose()
