"""The hotline's list in a real Chromium, over the real hotline on a fresh data folder: recordings are dropped, progress
is watched, calls come out understood; in both languages, wide and narrow, without a network and without a model.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from browser import CONTRAST, PHONE, WIDE, Tabs, in_browser, is_narrow_enough, served
from fake_desk import FakeDesk
from fake_hotline import open_fake_hotline
from fastapi import FastAPI
from sounds import noise, write

from assistant.callwiring import open_hotline
from assistant.hotline import Hotline
from assistant.wiring import open_workplace
from knowledge.audiofile import AudioProblem
from knowledge.call import CallState
from knowledge.demo.calls import FOLDER
from ui.api import add_api
from ui.hotline_pages import add_hotline_pages
from ui.server import create_app

pytestmark = in_browser()

NO_MODEL = "no speech model is at hand: fetch one"
TOLD = "坐席：您好，请讲。\n市民：浦口农贸市场门口的路灯不亮，走路看不见，希望尽快来修。\n"


class NoSpeech:
    """A machine without any speech model."""

    def model(self, name: str = "") -> str:
        return NO_MODEL


@dataclass(frozen=True)
class City:
    """A server on a data folder of its own."""

    address: str
    hotline: Hotline


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    workplace = open_workplace(tmp_path_factory.mktemp("hotline") / "home")
    hotline = open_hotline(
        workplace.home, workplace.engine, NoSpeech(), lambda: workplace.desk, taxonomy=workplace.taxonomy,  # type: ignore[arg-type]
        gazetteer=workplace.gazetteer, workers=1,
    )  # fmt: skip
    hotline.jobs.start()
    with served(create_app(workplace.desk, demo=True, hotline=hotline), 7990) as address:
        yield City(address, hotline)
    hotline.jobs.close()
    workplace.engine.dispose()


@pytest.fixture
def new_page(tabs: Tabs, city: City) -> Callable[..., Any]:
    """Opens the list in a tab of its own."""

    def build(*, size: dict[str, int] = WIDE, locale: str = "zh-CN", dark: bool = False, at: str = "/hotline") -> Any:
        return tabs.open(tabs.context(size=size, locale=locale, dark=dark), city.address + at, patience_s=60)

    return build


def _demo(*numbers: int) -> list[str]:
    return [str(FOLDER / f"DH-{number:04}.opus") for number in numbers]


def _row(page: Any, name: str) -> Any:
    return page.locator(".call", has_text=name)


SEEN = ("紧急", "井盖缺损", "南浦区", "浦口农贸市场", "可能危及生命", "井盖没了", "01:03", "演示来电", "已就绪")
WATCH = """() => {
  window.watched = new Set();
  const look = () => document.querySelectorAll(".call").forEach((row) => window.watched.add(row.dataset.state));
  new MutationObserver(look).observe(document.getElementById("calls"), { childList: true, subtree: true });
}"""


@pytest.mark.parametrize(
    ("name", "size", "locale", "dark", "numbers"),
    [
        ("zh-light-1440", WIDE, "zh-CN", False, (1, 3, 5, 7, 8, 12)),
        ("en-dark-390", PHONE, "en-GB", True, (4, 6, 9, 10, 13, 17)),
    ],
)
def test_dropped_calls_come_out_understood(
    new_page: Any, folder: Path, name: str, size: dict[str, int], locale: str, dark: bool, numbers: tuple[int, ...]
) -> None:
    page, chinese = new_page(size=size, locale=locale, dark=dark), locale.startswith("zh")
    assert is_narrow_enough(page)
    page.evaluate(WATCH)
    page.set_input_files("#files", _demo(*numbers))
    page.wait_for_selector(f"#uploaded:has-text('{'6 / 6' if chinese else '6 of 6'}')")
    page.screenshot(path=folder / f"{name}-uploaded.png")
    for number in numbers:
        _row(page, f"DH-{number:04}.opus").locator(".status-ready").wait_for()
    assert set(page.evaluate("[...window.watched]")) & {"received", "decoding", "understanding"}, "progress was seen"
    page.wait_for_function("!/正在处理|under way/.test(document.getElementById('counts').textContent)")
    if chinese:
        seen = _row(page, "DH-0008.opus").inner_text()
        for words in SEEN:
            assert words in seen
    else:
        seen = _row(page, "DH-0009.opus").inner_text()
        for words in ("Today", "Tap water quality", "Shiqiao County", "Ready", "Demo call", "children concerned"):
            assert words in seen
        assert not re.search("正在|已就绪|紧急|取消", page.inner_text("body"))
    assert is_narrow_enough(page)
    page.screenshot(path=folder / f"{name}-ready.png", full_page=True)
    page.set_input_files("#files", _demo(numbers[0]))
    page.wait_for_selector(f"#uploads >> text={'以前已收到过' if chinese else 'Received before'}")
    assert _row(page, f"DH-{numbers[0]:04}.opus").count() == 1


def test_files_can_be_dropped_on_the_page(new_page: Any) -> None:
    page = new_page()
    page.evaluate(
        """(told) => {
          const carried = new DataTransfer();
          carried.items.add(new File([told], "记录 <b>1</b>.txt"));
          carried.items.add(new File([], "空.wav"));
          for (const kind of ["dragenter", "dragover", "drop"])
            document.body.dispatchEvent(
              new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true })
            );
        }""",
        TOLD,
    )
    page.wait_for_selector("#uploads li[data-state=done]")
    failed = page.locator("#uploads li[data-state=failed]")
    assert "没有收到：文件是空的" in failed.inner_text()
    assert failed.locator("button").inner_text() == "重试"
    assert page.locator("#uploads b").count() == 0
    page.locator(".call", has_text="只有文字稿").first.locator(".status-ready").wait_for()


def test_urgent_calls_alert_until_they_are_noted(new_page: Any, folder: Path) -> None:
    page = new_page()
    page.set_input_files("#files", _demo(25))
    page.wait_for_selector("#alarm:not([hidden]) >> text=临港")
    assert "人群聚集" in page.inner_text("#alarm")
    assert re.match(r"（\d+ 通紧急）热线", page.title())
    assert page.get_attribute("#alarm", "aria-live") == "assertive"
    page.screenshot(path=folder / "zh-light-1440-alarm.png")
    page.click("#alarm button")
    page.wait_for_selector("#alarm", state="hidden")
    page.reload()
    assert page.title() == "热线 · 先例"
    assert page.is_hidden("#alarm")


def test_a_call_waits_for_a_model_and_goes_on_with_a_transcript(new_page: Any, folder: Path, tmp_path: Path) -> None:
    page = new_page()
    sound = write(tmp_path / "等待.wav", noise(2.0))
    page.set_input_files("#files", str(sound))
    row = _row(page, "等待.wav")
    row.locator(".status-waiting").wait_for()
    assert "手头没有语音模型：请用 precedent models pull whisper-turbo 下载一个" in row.inner_text()
    page.screenshot(path=folder / "zh-light-1440-waiting.png")
    row.locator("text=取消").click()
    row.locator(".status-cancelled").wait_for()
    row.locator("text=重试").click()
    row.locator(".status-waiting").wait_for()
    with page.expect_file_chooser() as chosen:
        row.locator("text=附上文字稿").click()
    written = tmp_path / "文字.txt"
    written.write_text(TOLD, encoding="utf-8")
    chosen.value.set_files(str(written))
    row.locator(".status-ready").wait_for()
    assert "浦口农贸市场" in row.inner_text()


def test_calls_are_joined_and_filtered(new_page: Any) -> None:
    page = new_page()
    page.set_input_files("#files", _demo(2, 39))
    for number in (2, 39):
        _row(page, f"DH-{number:04}.opus").locator(".status-ready").wait_for()
    _row(page, "DH-0002.opus").locator(".pick input").check()
    assert page.is_disabled("[data-do=join]")
    _row(page, "DH-0039.opus").locator(".pick input").check()
    assert "已选 2 通" in page.inner_text("#selection")
    page.click("[data-do=join]")
    for number in (2, 39):
        _row(page, f"DH-{number:04}.opus").locator("text=同一件事").wait_for()
    assert page.is_hidden("#selection")
    page.fill("#filter [name=text]", "DH-0039")
    page.press("#filter [name=text]", "Enter")
    page.wait_for_url("**/hotline?text=DH-0039")
    assert page.locator(".call").count() == 1
    page.click("text=清除筛选")
    page.check("#filter [name=urgent]")
    page.wait_for_url("**/hotline?urgent=1")
    assert page.locator(".call:not(.urgent)").count() == 0


def test_progress_moves_without_a_reload_and_nothing_jumps(new_page: Any, tmp_path: Path, folder: Path) -> None:
    """Somebody else, here the test, hears the call."""
    hotline = open_fake_hotline(tmp_path)
    call, _ = hotline.receive(FOLDER / "DH-0001.opus", "来电.opus")
    app, desk = FastAPI(), FakeDesk()
    add_api(app, desk, hotline)
    add_hotline_pages(app, desk, hotline, demo=False)
    claimed = hotline.queue.claim("here")
    assert claimed is not None
    assert claimed.recording is not None
    known = claimed.recording.model_copy(update={"duration_s": 72.0})
    with served(app, 7990) as address:
        page = new_page()
        page.goto(f"{address}/hotline")
        row = page.locator(f"#call-{call.call_id}")
        row.locator("text=正在解码").wait_for()
        before = row.bounding_box()
        hotline.queue.keep_recording(call.call_id, "here", known)
        for done in (41.0, 60.0):
            hotline.queue.beat(call.call_id, "here", state=CallState.TRANSCRIBING, progress_s=done)
            row.locator(f"text=已转写 {'00:41' if done == 41.0 else '01:00'} / 01:12").wait_for()
            assert row.locator("progress").evaluate("track => track.value") == done
        assert row.bounding_box() == before
        page.screenshot(path=folder / "zh-light-1440-progress.png")
        hotline.queue.fail(call.call_id, "here", str(AudioProblem("cut_off")))
        row.locator("text=文件在索引之前就断了").wait_for()
        assert row.locator("text=重试").is_visible()
    hotline.jobs.close()
    hotline.store.engine.dispose()


def test_statistics_are_drawn(new_page: Any, folder: Path) -> None:
    page = new_page()
    page.set_input_files("#files", _demo(1))
    page.wait_for_selector("#uploads li[data-state=done], #uploads li[data-state=known]")
    for name, size, locale, dark in (("zh-light-1440", WIDE, "zh-CN", False), ("en-dark-390", PHONE, "en-GB", True)):
        page = new_page(size=size, locale=locale, dark=dark, at="/hotline/statistics")
        assert page.locator(".columns rect").count() >= 1
        assert is_narrow_enough(page)
        page.click(".chart summary")
        assert page.locator(".plain tbody tr").count() == page.locator(".columns rect").count()
        page.screenshot(path=folder / f"{name}-statistics.png", full_page=True)


def test_one_choice_of_language_holds_for_chat_and_hotline(new_page: Any, city: City) -> None:
    page = new_page()
    page.click("text=English")
    page.wait_for_selector("text=Drop recordings here")
    page.click(".places >> text=Ask")
    page.wait_for_selector("text=What has happened?")
    page.click("header button:has-text('中文')")
    page.wait_for_selector("text=发生了什么？")
    page.click(".places >> text=热线")
    page.wait_for_selector("text=把录音拖到这里")
    page.click(".theme")
    page.reload()
    assert page.evaluate("document.documentElement.classList.contains('dark')")


def test_text_has_enough_contrast_and_focus_is_seen(new_page: Any) -> None:
    first = new_page()
    first.set_input_files("#files", _demo(8, 6))
    first.wait_for_function("document.querySelectorAll('.call .status-ready').length >= 2")
    for dark in (False, True):
        for at in ("/hotline", "/hotline/statistics"):
            page = new_page(dark=dark, at=at)
            assert page.evaluate(CONTRAST.replace("#header *, #main *", "body *")) == []
    page = new_page()
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        reached.add(page.evaluate("document.activeElement.innerText || document.activeElement.name"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert {"热线", "统计", "选择文件", "载入演示来电", "text"} <= reached
