"""The page of one call in a real Chromium, over a real hotline: play at a sentence, correct, reveal, join, export, hand
on; in both languages, wide and narrow, without a network.

The demo calls come with the text that they were spoken from; no speech model is needed.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import CONTRAST, PHONE, WIDE, Tabs, in_browser, is_narrow_enough, served

from assistant.callplan import Model
from assistant.callwiring import open_hotline
from assistant.hotline import Hotline
from assistant.speech import Speech
from assistant.wiring import open_workplace
from knowledge.call import CallState
from knowledge.demo.calls import read_demo_calls
from ui.server import create_app

pytestmark = in_browser("av")

USED = ("DH-0002", "DH-0003")  # one matter, Chinese and English; the first tells a name and a number
DANGER = "DH-0012"
NOISE = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80>\x00\x00\x00}\x00\x00\x02\x00\x10\x00data"


class _NoModel(Speech):
    """As on a fresh machine without a network."""

    def model(self, name: str = "") -> Model | str:
        return "no speech model is at hand"


def _settled(hotline: Hotline, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        counts = hotline.counts()
        if all(state.resting or not count for state, count in counts.items()):
            return
        time.sleep(0.1)
    raise AssertionError(f"the calls did not come to rest: {hotline.counts()}")


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    home = tmp_path_factory.mktemp("home")
    place = open_workplace(home)
    opened = open_hotline(
        home, place.engine, _NoModel(home), lambda: place.desk, taxonomy=place.taxonomy, gazetteer=place.gazetteer,
        workers=1,
    )  # fmt: skip
    for call in read_demo_calls():
        if call.external_id in (*USED, DANGER):
            opened.receive(call.path)
    opened.jobs.start()
    _settled(opened)
    yield opened
    opened.jobs.close()
    place.engine.dispose()


@pytest.fixture(scope="module")
def address(hotline: Hotline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = open_workplace(tmp_path_factory.mktemp("desk"))
    with served(create_app(place.desk, demo=True, hotline=hotline), 7970) as at:
        yield at
    place.engine.dispose()


@pytest.fixture
def open_page(tabs: Tabs, address: str) -> Callable[..., Any]:
    """A page in a browser of its own. What is refused on purpose here is also told in the console."""
    tabs.strict = False

    def build(path: str, *, size: dict[str, int] = WIDE, locale: str = "zh-CN", dark: bool = False) -> Any:
        return tabs.open(tabs.context(size=size, locale=locale, dark=dark), address + path)

    return build


def call_of(hotline: Hotline, external_id: str) -> int:
    found = hotline.store.find(external_id=external_id)
    assert found is not None
    return found.call_id


def time_of(page: Any) -> float:
    return float(page.evaluate("document.getElementById('audio').currentTime"))


@pytest.mark.parametrize(
    ("name", "size", "locale", "dark"),
    [
        ("zh-light-1440", WIDE, "zh-CN", False),
        ("en-dark-1440", WIDE, "en-GB", True),
        ("zh-dark-390", PHONE, "zh-CN", True),
        ("en-light-390", PHONE, "en-GB", False),
    ],
)
def test_a_call_is_shown(
    open_page: Any, hotline: Hotline, folder: Path, name: str, size: dict[str, int], locale: str, dark: bool
) -> None:
    page = open_page(f"/hotline/calls/{call_of(hotline, USED[0])}", size=size, locale=locale, dark=dark)
    page.wait_for_selector(".related")
    page.wait_for_function("document.getElementById('audio').readyState > 0")
    chinese = locale.startswith("zh")
    assert page.evaluate("document.documentElement.lang") == ("zh-CN" if chinese else "en")
    seen = page.inner_text("#call")
    expected = (
        [
            "来电 DH-0002",
            "参考文字稿",
            "个人信息已隐去",
            "夜间施工噪声",
            "悦湖湾",
            "坐席承诺",
            "期限",
            "很可能是同一件事",
        ]
        if chinese
        else [
            "Call DH-0002",
            "Reference text",
            "masked",
            "Night construction noise",
            "Promised",
            "Very likely the same",
        ]
    )
    assert [words for words in expected if words not in seen] == []
    assert "陈多多" not in seen
    assert "13800001234" not in seen
    assert is_narrow_enough(page)
    page.screenshot(path=folder / f"call-{name}.png", full_page=True)


def test_a_sentence_plays_and_text_and_sound_move_together(open_page: Any, hotline: Hotline) -> None:
    page = open_page(f"/hotline/calls/{call_of(hotline, USED[0])}")
    page.wait_for_function("document.getElementById('audio').readyState > 0")
    row = page.locator(".sentence").nth(3)
    starts = float(row.get_attribute("data-start"))
    row.locator("[data-do=play]").click()
    page.wait_for_function(f"document.getElementById('audio').currentTime > {starts + 0.3}")
    assert time_of(page) < starts + 10
    assert "is-current" in row.get_attribute("class")
    page.keyboard.press("Space")
    page.wait_for_function("document.getElementById('audio').paused")
    page.keyboard.press("ArrowRight")
    following = page.locator(".sentence").nth(4)
    page.wait_for_function("document.querySelector('.is-current').id === 's-4'")
    assert abs(time_of(page) - float(following.get_attribute("data-start"))) < 0.1
    box = page.locator("#wave").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + 20)
    page.wait_for_function("document.getElementById('audio').currentTime > 50")
    assert page.locator(".sentence.is-current").count() == 1
    assert page.get_attribute("#wave", "aria-valuetext").startswith("00:5")
    drawn = "(() => { const c = document.querySelector('#wave canvas'); const d = c.getContext('2d')"
    drawn += ".getImageData(0, 0, c.width, c.height).data; return new Set(d).size > 4 })()"
    page.wait_for_function(drawn)


def test_a_link_with_a_second_leads_to_its_sentence(open_page: Any, hotline: Hotline) -> None:
    page = open_page(f"/hotline/calls/{call_of(hotline, USED[0])}?t=31.98", size=PHONE)
    page.wait_for_selector("#s-5.is-current")
    page.wait_for_function("document.getElementById('audio').currentTime >= 31.9")
    assert page.evaluate("(() => { const b = document.getElementById('s-5').getBoundingClientRect();"
                         "return b.top > 0 && b.bottom < innerHeight })()")  # fmt: skip


def test_a_sentence_is_corrected_and_stays_so(open_page: Any, hotline: Hotline, folder: Path) -> None:
    call_id = call_of(hotline, USED[1])
    page = open_page(f"/hotline/calls/{call_id}", locale="en-GB")
    before = page.inner_text("#s-1 .text")
    page.dblclick("#s-1 .said")
    page.fill("#s-1 textarea", "something else")
    page.keyboard.press("Escape")
    assert page.inner_text("#s-1 .text") == before
    assert page.evaluate("document.activeElement.id") == "s-1"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.fill("#s-1 textarea", "Yes, hello. The site next to Yuehu Bay is <b>drilling</b> again.")
    page.screenshot(path=folder / "call-editing.png")
    page.keyboard.press("Enter")
    page.wait_for_selector("#s-1:not(.is-edited)")
    page.wait_for_selector("#told:has-text('version 2')")
    page.reload()
    assert page.inner_text("#s-1 .text") == "Yes, hello. The site next to Yuehu Bay is <b>drilling</b> again."
    assert page.locator("#s-1 b").count() == 0
    page.click("summary:has-text('Versions')")
    page.wait_for_selector(".versions > li >> nth=1")
    page.click(".versions summary")
    assert "<b>drilling</b>" in "".join(page.locator(".versions ins").all_inner_texts())
    page.screenshot(path=folder / "call-versions.png", full_page=True)
    _settled(hotline)


def test_two_who_correct_the_same_sentence_lose_nothing(open_page: Any, hotline: Hotline, folder: Path) -> None:
    call_id = call_of(hotline, USED[0])
    page = open_page(f"/hotline/calls/{call_id}")
    page.click("#s-5 .said")
    page.keyboard.press("Enter")
    page.fill("#s-5 textarea", "反映了呀，门卫说有证明。")
    hotline.correct(call_id, 5, "反映了，门卫不理。", author="乙")
    page.keyboard.press("Enter")
    page.wait_for_selector("#s-5 .editor .warning:has-text('反映了，门卫不理。')")
    assert page.input_value("#s-5 textarea") == "反映了呀，门卫说有证明。"
    page.screenshot(path=folder / "call-conflict.png")
    page.keyboard.press("Enter")
    page.wait_for_selector("#s-5:not(.is-edited)")
    assert hotline.call(call_id).transcript.segments[5].text == "反映了呀，门卫说有证明。"  # type: ignore[union-attr]
    assert len(hotline.versions(call_id)) == 3
    page.click("#s-6 .said")  # the page still watches what becomes of the correction
    page.keyboard.press("Enter")
    page.fill("#s-6 textarea", "方便留个电话吗？")
    hotline.correct(call_id, 6, "留个电话吧？", author="乙")
    _settled(hotline)
    page.wait_for_timeout(3_000)
    assert page.input_value("#s-6 textarea") == "方便留个电话吗？"
    page.keyboard.press("Enter")
    page.wait_for_selector("#s-6 .editor .warning:has-text('留个电话吧？')")
    page.keyboard.press("Escape")
    assert page.inner_text("#s-6 .text") == "留个电话吧？"


def test_the_speaker_is_changed(open_page: Any, hotline: Hotline) -> None:
    call_id = call_of(hotline, USED[0])
    page = open_page(f"/hotline/calls/{call_id}")
    page.click("#s-0 [data-do=speaker]")
    page.select_option("#s-0 select", "caller")
    page.wait_for_selector("#s-0 .who-caller")
    assert hotline.call(call_id).transcript.segments[0].channel == "caller"  # type: ignore[union-attr]
    _settled(hotline)


def test_personal_data_are_shown_for_a_reason_that_is_kept(open_page: Any, hotline: Hotline, folder: Path) -> None:
    call_id = call_of(hotline, USED[0])
    page = open_page(f"/hotline/calls/{call_id}")
    assert "［电话］" in page.inner_text("#s-7")
    page.click("[data-do=reveal]")
    page.fill("#actor", "李值班")
    page.click("#reveal [type=submit]")
    assert page.is_visible("#reveal"), "a reason is required"
    page.fill("#reason", "回电核实地点")
    page.screenshot(path=folder / "call-reveal.png")
    page.click("#reveal [type=submit]")
    page.wait_for_selector("#s-7 >> text=13800001234")
    assert [(look.actor, look.reason) for look in hotline.reveals(call_id)] == [("李值班", "回电核实地点")]
    page.click("summary:has-text('查看记录')")
    page.wait_for_selector(".looks >> text=回电核实地点")
    page.click("[data-do=mask]")
    page.wait_for_function("!document.body.innerText.includes('13800001234')")


def test_a_word_is_replaced_after_a_look(open_page: Any, hotline: Hotline, folder: Path) -> None:
    call_id = call_of(hotline, DANGER)
    words = hotline.call(call_id).transcript.segments[1].text[2:5]  # type: ignore[union-attr]
    page = open_page(f"/hotline/calls/{call_id}")
    page.click("#replace summary")
    page.fill("[name=find]", words)
    page.fill("[name=put]", "改过的话")
    assert page.is_disabled("[data-do=replace-now]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#replace .changes ins >> text=改过的话")
    page.screenshot(path=folder / "call-replace.png", full_page=True)
    page.click("[data-do=replace-now]")
    page.wait_for_selector("#s-1 >> text=改过的话")
    _settled(hotline)


def test_calls_on_one_matter_are_joined(open_page: Any, hotline: Hotline) -> None:
    first, second = (call_of(hotline, name) for name in USED)
    page = open_page(f"/hotline/calls/{first}")
    page.click(f"[data-do=join][data-with='{second}']")
    page.wait_for_selector(".related .joined")
    assert hotline.call(first).matter_id == hotline.call(second).matter_id == min(first, second)
    page.click(f"[data-do=separate][data-with='{second}']")
    page.wait_for_selector(f"[data-do=join][data-with='{second}']")
    assert hotline.call(first).matter_id is hotline.call(second).matter_id is None


def test_what_to_do_is_asked_in_the_chat(open_page: Any, hotline: Hotline, address: str) -> None:
    call_id = call_of(hotline, USED[0])
    page = open_page("/")
    page.fill("#box textarea", "路灯不亮")
    page.press("#box textarea", "Enter")
    page.wait_for_selector("#chat .bot")
    page.wait_for_selector("#results .panel")
    page.goto(f"{address}/hotline/calls/{call_id}")
    page.click(".actions a.main")
    page.wait_for_function("document.querySelector('#box textarea')?.value.length > 10")
    asked = page.input_value("#box textarea")
    assert asked == hotline.question(call_id)
    assert "13800001234" not in asked
    page.wait_for_function("!location.hash")
    page.wait_for_timeout(800)
    assert page.input_value("#box textarea") == asked, "it stays until the person sends it"
    assert page.locator("#chat .user-row").count() == 0, "nothing is sent by itself"


def test_the_transcript_is_exported(open_page: Any, hotline: Hotline) -> None:
    page = open_page(f"/hotline/calls/{call_of(hotline, USED[0])}")
    page.click(".menu summary")
    assert page.locator(".menu a").all_inner_texts() == ["SRT", "VTT", "TXT", "JSON", "DOCX"]
    with page.expect_download() as waiting:
        page.click(".menu a:has-text('TXT')")
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert "悦湖湾" in text
    assert "13800001234" not in text


def test_the_briefing_is_short_masked_and_has_a_link(
    open_page: Any, hotline: Hotline, address: str, folder: Path
) -> None:
    call_id = call_of(hotline, DANGER)
    page = open_page(f"/hotline/calls/{call_id}", locale="en-GB")
    page.wait_for_selector(".alarm")
    page.click("[data-do=brief]")
    told = page.input_value("#brief-text")
    assert told.startswith("[12345 hotline] Act now")
    assert f"{address}/hotline/calls/{call_id}" in told
    page.screenshot(path=folder / "call-briefing.png")
    page.keyboard.press("Escape")
    assert not page.is_visible("#brief")


def test_a_recording_that_waits_takes_a_typed_transcript(
    open_page: Any, hotline: Hotline, tmp_path: Path, folder: Path
) -> None:
    sound = tmp_path / "<b>x.wav"
    sound.write_bytes(NOISE + (32_000).to_bytes(4, "little") + bytes(range(250)) * 128)
    call, _ = hotline.receive(sound)
    _settled(hotline)
    assert hotline.call(call.call_id).state is CallState.WAITING
    page = open_page(f"/hotline/calls/{call.call_id}", size=PHONE)
    page.click(".stand-waiting [data-do=retry]")
    page.wait_for_timeout(2_500)
    page.wait_for_selector(".stand-waiting >> text=等待语音模型")
    assert page.locator("h2 b").count() == 0
    assert page.is_visible("#typed"), "typing is offered at once"
    assert page.locator("text=试用演示模型").count() == 0, "there is none to try"
    page.screenshot(path=folder / "call-waiting.png", full_page=True)
    page.fill("#typed", "坐席：您好，请讲。\n来电人：屏山路上有一棵树倒了，压住了电线，快来人！")
    page.click("#attach [type=submit]")
    page.wait_for_selector("#sentences >> text=压住了电线")
    page.wait_for_selector(".understood")
    assert is_narrow_enough(page)


def test_doubt_is_marked_in_words_and_can_be_stepped_through(open_page: Any, hotline: Hotline, folder: Path) -> None:
    call_id = call_of(hotline, DANGER)
    transcript = json.loads(hotline.store.get(call_id).transcript.model_dump_json())  # type: ignore[union-attr]
    for index, confidence in ((2, 0.41), (4, 0.3)):
        transcript["segments"][index] |= {"confidence": confidence, "marks": ["two readings"]}
    hotline.attach(call_id, json.dumps(transcript).encode(), "heard.json", author="test")
    _settled(hotline)
    page = open_page(f"/hotline/calls/{call_id}")
    page.wait_for_selector(".related, #related p")
    assert page.locator(".sentence .doubt").all_inner_texts() == ["听不太清", "听不太清"]
    assert "41%" in page.get_attribute("#s-2 .doubt", "title")
    assert "两次听写不一致" in page.get_attribute("#s-2 .doubt", "title")
    page.click("[data-do=doubt]")
    page.wait_for_selector("#s-2.is-current")
    page.click("[data-do=doubt]")
    page.wait_for_selector("#s-4.is-current")
    page.screenshot(path=folder / "call-doubt.png", full_page=True)


def test_keyboard_alone_is_enough(open_page: Any, hotline: Hotline) -> None:
    page = open_page(f"/hotline/calls/{call_of(hotline, USED[0])}")
    page.wait_for_selector(".related")
    page.focus("header .skip")
    reached: set[str] = set()
    for _ in range(70):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        name = page.evaluate("document.activeElement.dataset.do || document.activeElement.id || 'other'")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none" or name == "audio", f"no visible focus on {name}"  # the player draws its own
        reached.add(name)
    assert {"brief", "wave", "audio", "previous", "reveal", "play", "speaker", "edit", "seek"} <= reached
    page.click("[data-do=brief]")
    page.keyboard.press("Escape")
    page.click(".menu summary")
    page.keyboard.press("Escape")
    assert page.locator(".menu[open]").count() == 0


@pytest.mark.parametrize("dark", [False, True])
def test_text_has_enough_contrast(open_page: Any, hotline: Hotline, dark: bool) -> None:
    page = open_page(f"/hotline/calls/{call_of(hotline, DANGER)}", dark=dark)
    page.wait_for_selector("#related :is(p, ul)")
    assert page.evaluate(CONTRAST.replace("#header *, #main *", ".bar *, main *")) == []


def test_a_call_that_is_not_there_says_so(open_page: Any) -> None:
    page = open_page("/hotline/calls/99999")
    assert "没有编号为 99999 的来电" in page.inner_text("main")
    page.click("text=所有来电")
    page.wait_for_url("**/hotline")
