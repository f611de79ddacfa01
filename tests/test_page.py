"""The page in a real Chromium, over the fake desk: what a person sees and can do, in both languages, without a network.

It knows the page by what is visible (roles, labels, words) and by the ids of its parts.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import CONTRAST, PHONE, Tabs, in_browser, is_narrow_enough, served
from fake_desk import FakeDesk

from ui.server import create_app

pytestmark = in_browser()

QUESTION = "凤台立交桥下积水约半米，两辆车被困"
DESK = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture(scope="module")
def address(desk: FakeDesk) -> Iterator[str]:
    with served(create_app(desk, demo=True)) as at:
        yield at


class Tab:
    """A browser of its own with the page in a tab."""

    def __init__(self, tabs: Tabs, address: str, *, size: dict[str, int], locale: str, dark: bool) -> None:
        self.tabs, self.address = tabs, address
        self.context = tabs.context(size=size, locale=locale, dark=dark)
        self.page = self.open()

    def open(self) -> Any:
        page = self.tabs.open(self.context, self.address)
        page.wait_for_selector("header.bar")
        page.wait_for_selector("html[lang]")
        page.wait_for_function("window.precedent && document.querySelector('#welcome, #chat')")
        page.wait_for_timeout(600)
        return page

    def ask(self, text: str) -> None:
        self.page.fill("#box textarea", text)
        self.page.press("#box textarea", "Enter")

    def answered(self, text: str = QUESTION) -> None:
        self.ask(text)
        self.page.wait_for_selector(".verdict")
        self.page.wait_for_function("!document.querySelector('.loading')")
        self.page.wait_for_timeout(700)

    def shot(self, folder: Path, name: str, *, full: bool = False) -> None:
        self.page.screenshot(path=folder / f"{name}.png", full_page=full)

    def is_narrow_enough(self) -> bool:
        return is_narrow_enough(self.page)


@pytest.fixture
def new_tab(tabs: Tabs, address: str) -> Callable[..., Tab]:
    def build(*, size: dict[str, int] = DESK, locale: str = "zh-CN", dark: bool = False) -> Tab:
        return Tab(tabs, address, size=size, locale=locale, dark=dark)

    return build


@pytest.mark.parametrize(
    ("name", "size", "locale", "dark"),
    [
        ("zh-light-1280", DESK, "zh-CN", False),
        ("en-dark-1280", DESK, "en-GB", True),
        ("zh-dark-390", PHONE, "zh-CN", True),
        ("en-light-390", PHONE, "en-GB", False),
    ],
)
def test_empty_and_answered(
    new_tab: Any, folder: Path, name: str, size: dict[str, int], locale: str, dark: bool
) -> None:
    tab = new_tab(size=size, locale=locale, dark=dark)
    chinese = locale.startswith("zh")
    assert tab.page.evaluate("document.documentElement.lang") == ("zh-CN" if chinese else "en")
    assert tab.page.evaluate("document.body.classList.contains('dark')") is dark
    assert ("发生了什么？" if chinese else "What has happened?") in tab.page.inner_text("#welcome")
    assert tab.is_narrow_enough()
    tab.shot(folder, f"{name}-empty")
    tab.answered(QUESTION)
    seen = tab.page.inner_text("#results")
    expected = (
        [
            "事态",
            "黄色（较大）",
            "有相似先例",
            "86%",
            "7 次尝试 5 次见效，中位 1.5 天",
            "8 个月前",
            "已被新的规定或案例取代",
        ]
        if chinese
        else ["Situation", "There are similar precedents", "Tried 7 times, worked 5", "8 months ago", "Superseded by"]
    )
    assert [words for words in expected if words not in seen] == []
    assert tab.page.locator(".action").count() == 4
    assert tab.is_narrow_enough()
    tab.shot(folder, f"{name}-answer")
    tab.shot(folder, f"{name}-full", full=True)


def test_decisions_can_be_made_and_undone(new_tab: Any, desk: FakeDesk, folder: Path) -> None:
    tab = new_tab()
    tab.answered()
    page = tab.page
    page.click("#action-0 button:has-text('采纳')")
    page.wait_for_selector("#action-0 >> text=已采纳")
    assert page.evaluate("document.activeElement.dataset.focus") == "undo-0", "focus stays where the choice was"
    page.click("#action-1 button:has-text('修改')")
    page.fill("#edit-text-1", "消防携两艘橡皮艇到场")
    tab.shot(folder, "zh-light-1280-editing", full=True)
    page.click("#edit-1 button[type=submit]")
    page.wait_for_selector("#action-1 >> text=已修改后采纳")
    assert page.inner_text("#action-1 .what") == "消防携两艘橡皮艇到场"
    page.click("#action-2 button:has-text('否决')")
    tab.shot(folder, "zh-light-1280-rejecting", full=True)
    page.click("#reject-2 >> text=没有人手或设备")
    page.wait_for_selector("#action-2 >> text=已否决：没有人手或设备")
    tab.shot(folder, "zh-light-1280-decided", full=True)
    page.click("#action-0 button:has-text('撤销')")
    page.wait_for_selector("#action-0 button:has-text('采纳')")
    page.click("button:has-text('没有帮助')")
    page.wait_for_selector("text=已记录：没有帮助")
    kinds = [reaction.kind for reaction in list(desk.kept.values())[-1]]
    assert kinds == ["adopt", "edit", "reject", "withdraw", "unhelpful"]
    again = tab.open()
    again.wait_for_selector("#action-2 >> text=已否决：没有人手或设备")
    assert again.locator("#action-0 button.adopt").count() == 1, "states survive a reload"


def test_a_precedent_or_everything_may_not_fit(new_tab: Any, desk: FakeDesk, folder: Path) -> None:
    tab = new_tab()
    tab.answered()
    page = tab.page
    page.click("#case-1 summary")
    page.click("#case-1 [data-kind=unfit]")
    page.wait_for_selector("#case-1.is-unfit >> text=已记录：不合适")
    assert page.evaluate("document.activeElement.dataset.focus") == "undo-case1"
    assert not page.is_visible("#case-1 .whole"), "it is folded, although it was unfolded before"
    tab.shot(folder, "zh-light-1280-unfit", full=True)
    page.click("#action-0 button.link")
    page.wait_for_selector("#case-1 .whole >> text=泵站备用电源每年汛前要带载试一次")
    page.click("#case-1 button:has-text('撤销')")
    page.wait_for_selector("#case-1:not(.is-unfit) [data-kind=unfit]")
    page.click("button:has-text('都不合适')")
    page.wait_for_selector("text=已记录：都不合适")
    page.click(".feedback button:has-text('撤销')")
    page.wait_for_selector("button:has-text('都不合适')")
    kinds = [(reaction.kind, reaction.case_id) for reaction in list(desk.kept.values())[-1]]
    assert kinds == [("unfit", 1), ("withdraw", 1), ("nothing_fits", None), ("withdraw", None)]


def test_keys_decide_where_the_focus_is_and_never_while_somebody_writes(new_tab: Any, desk: FakeDesk) -> None:
    tab = new_tab()
    tab.answered()
    page, keys = tab.page, tab.page.keyboard

    def focused() -> str:
        return str(page.evaluate("document.activeElement.closest('.action, .case, #box')?.id"))

    page.focus("#box textarea")
    keys.type("1a")
    assert focused() == "box"
    page.focus("header .skip")
    keys.press("a")
    keys.press("Enter")
    keys.press("2")
    assert focused() == "action-1"
    keys.press("a")
    page.wait_for_selector("#action-1 >> text=已采纳")
    keys.press("u")
    page.wait_for_selector("#action-1 button.adopt")
    keys.press("e")
    keys.type("1 ar")
    assert page.input_value("#edit-text-1").startswith("1 ar")
    keys.press("Escape")
    keys.press("Control+a")
    keys.press("r")
    page.wait_for_selector("#reject-1:not([hidden])")
    keys.press("Enter")
    page.wait_for_selector("#action-1 >> text=已否决：已经做了")
    page.focus("#case-3")
    keys.press("r")
    page.wait_for_selector("#case-3.is-unfit")
    keys.press("u")
    page.wait_for_selector("#case-3:not(.is-unfit)")
    kinds = [(r.kind, r.action, r.case_id) for r in list(desk.kept.values())[-1]]
    assert kinds == [
        ("adopt", 1, None),
        ("withdraw", 1, None),
        ("reject", 1, None),
        ("unfit", None, 3),
        ("withdraw", None, 3),
    ]


def test_a_case_opens_from_evidence_from_chat_and_from_its_successor(new_tab: Any, folder: Path) -> None:
    tab = new_tab()
    tab.answered()
    page = tab.page
    page.click("#action-0 button.link")
    page.wait_for_function("document.activeElement.id === 'case-1'")
    assert "泵站备用电源每年汛前要带载试一次" in page.inner_text("#case-1")
    assert "✓ 见效" in page.inner_text("#case-1")
    page.click("#chat a[href='#case-3']")
    page.wait_for_function("document.activeElement.id === 'case-3'")
    tab.shot(folder, "zh-light-1280-case", full=False)
    page.click("#case-4 button:has-text('查看取代它的案例')")
    page.wait_for_selector("#opened >> text=15 厘米即封")
    assert page.locator("#case-1 details[open]").count() == 1, "what was unfolded stays unfolded"
    tab.shot(folder, "zh-light-1280-opened")
    page.click("#opened button:has-text('关闭')")
    page.wait_for_selector("#opened", state="detached")


def test_language_switches_everything_at_once(new_tab: Any) -> None:
    tab = new_tab()
    tab.answered()
    tab.page.click("header button:has-text('English')")
    tab.page.wait_for_selector("text=Recommended actions")
    assert tab.page.evaluate("document.documentElement.lang") == "en"
    seen = tab.page.inner_text("body")
    assert not re.search("建议措施|采纳|事态|发送|新对话|我的对话", seen)
    assert tab.page.inner_text("#send") == "Send"
    again = tab.open()
    again.wait_for_selector("text=Recommended actions")


def test_theme_is_kept(new_tab: Any) -> None:
    tab = new_tab()
    tab.page.click("header .theme")
    assert tab.page.evaluate("document.body.classList.contains('dark')")
    assert tab.open().evaluate("document.body.classList.contains('dark')")


def test_conversations_belong_to_their_owner(new_tab: Any) -> None:
    mine, other = new_tab(), new_tab()
    mine.answered("第一件事：路灯不亮")
    mine.page.click("button:has-text('新对话')")
    mine.page.wait_for_selector("text=发生了什么？")
    mine.answered("第二件事：井盖丢失")
    mine.page.click("#history summary")
    assert mine.page.locator(".conversation").count() == 2
    mine.page.click(".conversation:has-text('第一件事')")
    mine.page.wait_for_selector("#chat >> text=第一件事：路灯不亮")
    other.page.click("#history summary")
    assert "还没有对话" in other.page.inner_text("#history")


def test_errors_are_sentences_and_the_question_is_kept(new_tab: Any, folder: Path) -> None:
    tab = new_tab()
    tab.ask("太难")
    tab.page.wait_for_selector(".state.problem >> text=请说明发生了什么")
    assert tab.page.input_value("#box textarea") == "太难"
    tab.shot(folder, "zh-light-1280-problem")
    tab.ask("故障")
    tab.page.wait_for_selector(".state.problem >> text=系统出了故障")
    assert "disk on fire" not in tab.page.inner_text("body")
    tab.answered("新情况：天上掉下一块石头")
    assert "没有先例，以下仅供参考" in tab.page.inner_text("#results")
    tab.shot(folder, "zh-light-1280-none")


def test_stop_gives_the_question_back(new_tab: Any, folder: Path) -> None:
    tab = new_tab()
    tab.ask("慢一点也没关系")
    tab.page.wait_for_selector(".state.loading")
    tab.page.wait_for_timeout(250)
    tab.shot(folder, "zh-light-1280-loading")
    tab.page.click("#stop")
    tab.page.wait_for_selector("#chat >> text=已停止")
    assert tab.page.input_value("#box textarea") == "慢一点也没关系"
    tab.page.wait_for_timeout(2_500)
    assert tab.page.locator(".action").count() == 0
    assert tab.page.is_visible("#send")


def test_examples_ask_and_two_cases_can_be_compared(new_tab: Any, folder: Path) -> None:
    tab = new_tab()
    tab.page.click(".example >> nth=0")
    tab.page.wait_for_selector(".action")
    tab.answered("对比前两个")
    tab.page.wait_for_selector("#compared")
    tab.page.locator("#compared").scroll_into_view_if_needed()
    tab.shot(folder, "zh-light-1280-compared")


def test_nothing_that_is_typed_or_stored_runs(new_tab: Any) -> None:
    tab = new_tab()
    tab.answered("<script>window.hacked=1</script><img src=x onerror='window.hacked=1'> ${window.hacked=1} {{value}} `")
    tab.page.wait_for_selector("#chat >> text=先封路")
    tab.page.click("#history summary")
    assert tab.page.evaluate("window.hacked") is None
    assert tab.page.locator("#chat img, #chat script, #history img").count() == 0
    said = tab.page.inner_text("#chat .user")
    assert "<script>window.hacked=1</script>" in said
    assert "{{value}}" in said


def test_keyboard_alone_is_enough(new_tab: Any) -> None:
    tab = new_tab()
    tab.answered()
    page = tab.page
    page.focus("header .skip")
    reached: set[str] = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        reached.add(page.evaluate("document.activeElement.innerText || document.activeElement.tagName"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"no visible focus on {sorted(reached)[-1]}"
    assert {"English", "新对话", "发送", "采纳", "修改", "否决"} <= reached
    page.focus("#action-0 [data-form=reject-0]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#reject-0:not([hidden])")
    page.keyboard.press("Escape")
    page.wait_for_selector("#reject-0[hidden]", state="attached")
    assert page.evaluate("document.activeElement.dataset.form") == "reject-0"


def test_text_has_enough_contrast(new_tab: Any) -> None:
    for dark in (False, True):
        tab = new_tab(dark=dark)
        tab.answered()
        assert tab.page.evaluate(CONTRAST) == []
