"""The list of calls as HTML: states, urgency and doubt in words, what can be done, nothing rendered as markup."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from assistant.answer import Reading, SeverityReading, Situation
from assistant.callreading import CallReading
from assistant.saying import Saying
from assistant.urgency import Urgency, UrgencyReason
from assistant.wishes import WantsReply
from knowledge.audiofile import AudioProblem
from knowledge.call import Call, CallState, Recording
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy
from ui.call_list import Listed, Wish
from ui.call_wording import moment, reason, urgencies
from ui.render_callrow import row, unhurried
from ui.render_calls import alarm, calls, heading
from ui.texts import Language, texts_in
from ui.wording import Wording

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HOSTILE = '<img src=x onerror="window.hacked=1">&\'"'
TAXONOMY, PLACES = read_taxonomy(), read_places()


def _words(language: Language = "zh") -> Wording:
    return Wording(texts_in(language), TAXONOMY, PLACES)


def _call(state: CallState = CallState.READY, **more: Any) -> Call:
    recording = Recording(sha256="0" * 64, name="来电.wav", size=9, duration_s=72.0)
    return Call(**{"call_id": 7, "state": state, "received_at": NOW, "recording": recording, **more})


def _reading(*, level: str = "routine", confidence: float = 0.9, doubtful: bool = False, **changes: Any) -> CallReading:
    said = Saying(segment=1, start=41.0, end=44.0, text=changes.pop("asked", "井盖没了，你们快来。"))
    situation = Situation(
        text="", language="zh", category=Reading(value="road.manhole", confidence=confidence),
        district=Reading(value="nanpu", confidence=0.9), place=None, occurred_at=None,
        severity=SeverityReading(level=3, reasons=(), danger_to_life=False),
    )  # fmt: skip
    why = UrgencyReason(key="opening", text="地面有坑洞", words="井盖没了", segment=1, doubtful=doubtful)
    found: dict[str, Any] = {
        "situation": situation, "asked": said, "summary": (said,), "promises": (), "moods": (), "speakers": (),
        "wants_reply": WantsReply(wanted=False), "urgent": level == "now", "guessed": False,
        "urgency": Urgency(level=level, reasons=(why,) if level != "routine" else ()),
    }  # fmt: skip
    return CallReading(**{**found, **changes})


def _text(html: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


def _row(listed: Listed, language: Language = "zh") -> str:
    return row(_words(language), listed, now=NOW)


def test_a_call_that_is_heard_tells_how_many_seconds_are_done() -> None:
    html = _row(Listed(_call(CallState.TRANSCRIBING, progress_s=41.0)))
    assert "已转写 00:41 / 01:12" in _text(html)
    assert '<progress value="41.0" max="72.0"' in html
    english = _row(Listed(_call(CallState.TRANSCRIBING, progress_s=41.0)), "en")
    assert "Transcribed 00:41 of 01:12" in _text(english)


def test_progress_never_runs_beyond_the_end() -> None:
    html = _row(Listed(_call(CallState.TRANSCRIBING, progress_s=80.0)))
    assert '<progress value="72.0" max="72.0"' in html


def test_progress_of_an_unknown_length_is_told_without_an_end() -> None:
    unknown = Recording(sha256="0" * 64, name="来电.wav", size=9)
    listed = Listed(_call(CallState.TRANSCRIBING, progress_s=41.0, recording=unknown))
    assert "已转写 00:41" in _text(_row(listed))
    assert "<progress aria" in _row(listed)
    assert unhurried(_words(), listed) == {"said": "已转写 00:41", "done": 41.0, "length": 0.0}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("state", list(CallState))
def test_every_state_has_words_in_both_languages(state: CallState, language: Language) -> None:
    words = texts_in(language)(f"hotline_state.{state}")
    assert words in _text(_row(Listed(_call(state)), language)) or state is CallState.TRANSCRIBING


@pytest.mark.parametrize(
    ("state", "said", "deeds"),
    [
        (CallState.RECEIVED, "", ["cancel"]),
        (CallState.UNDERSTANDING, "", ["cancel"]),
        (CallState.WAITING, "no speech model is at hand", ["cancel", "attach"]),
        (CallState.WAITING, "only the demonstration model is at hand", ["cancel", "try-demo", "attach"]),
        (CallState.READY, "", []),
        (CallState.FAILED, "broken", ["retry", "attach"]),
        (CallState.CANCELLED, "", ["retry", "attach"]),
    ],
)
def test_a_state_allows_what_it_allows(state: CallState, said: str, deeds: list[str]) -> None:
    assert re.findall(r'data-do="([a-z-]+)"', _row(Listed(_call(state, reason=said)))) == deeds


def test_danger_stands_in_words_with_its_reason_and_the_callers_words() -> None:
    listed = Listed(_call(urgent=True), _reading(level="now"))
    seen = _text(_row(listed))
    assert "紧急" in seen
    assert "可能危及生命 地面有坑洞“井盖没了”" in seen
    assert "南浦区" in seen
    assert 'class="call urgent"' in _row(listed)
    assert "Lives may be in danger a hole in the ground &quot;井盖没了&quot;" in _text(_row(listed, "en"))


def test_a_danger_that_was_heard_badly_says_so() -> None:
    assert "“井盖没了” · 听得不清" in _text(_row(Listed(_call(urgent=True), _reading(level="now", doubtful=True))))


def test_doubt_matter_demo_and_missing_sound_are_told() -> None:
    listed = Listed(_call(matter_id=3, demo=True, recording=None, external_id="DH-1"), _reading(), doubtful=3)
    seen = _text(_row(listed))
    for words in ("3 句存疑", "同一件事 3", "演示来电", "只有文字稿", "DH-1"):
        assert words in seen
    assert "1 doubtful sentence " in _text(_row(Listed(_call(), _reading(), doubtful=1), "en"))
    assert "存疑" not in _text(_row(Listed(_call(), _reading())))


def test_an_unsure_category_says_so_after_its_name() -> None:
    seen = _text(_row(Listed(_call(), _reading(confidence=0.3))))
    assert re.search("井盖\\S* 不确定", seen)
    assert "不确定" not in _text(_row(Listed(_call(), _reading(confidence=0.9))))


def test_what_is_not_understood_goes_by_its_file() -> None:
    assert "来电.wav" in _text(_row(Listed(_call())))
    assert "来电 7" in _text(_row(Listed(_call(recording=None))))


def test_hostile_names_texts_and_reasons_stay_text() -> None:
    recording = Recording(sha256="0" * 64, name=HOSTILE, size=9)
    listed = Listed(
        _call(CallState.FAILED, recording=recording, reason=HOSTILE, external_id=HOSTILE, urgent=True),
        _reading(level="now", asked=HOSTILE),
    )
    bare = Listed(_call(CallState.FAILED, recording=recording, reason=HOSTILE))
    page = calls(
        _words(), Wish(text=HOSTILE), [listed, bare], more=True, urgent=[listed], counts={CallState.FAILED: 2},
        change=1, now=NOW, demo=True,
    )  # fmt: skip
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=") >= 5
    assert 'value="&lt;img' in page


def test_the_scripts_words_cannot_end_their_block() -> None:
    page = calls(_words(), Wish(), [], more=False, urgent=[], counts={}, change=0, now=NOW, demo=False)
    block = re.search(r'<script type="application/json" id="said">(.*?)</script>', page, re.DOTALL)
    assert block
    assert json.loads(block[1])["hotline_upload.done"] == "已收到"
    assert "load-demo" not in page
    assert "还没有来电" in _text(page)


def test_nothing_found_is_not_nothing_there() -> None:
    page = calls(_words(), Wish(state="failed"), [], more=False, urgent=[], counts={}, change=0, now=NOW, demo=False)
    assert "没有符合条件的来电" in _text(page)
    assert '<option value="failed" selected>' in page


def test_pages_lead_on_with_the_same_filter() -> None:
    wish = Wish(text="井盖", urgent=True, page=2)
    page = calls(_words(), wish, [Listed(_call())], more=True, urgent=[], counts={}, change=0, now=NOW, demo=False)
    links = re.findall(r'rel="(prev|next)" href="([^"]+)"', page)
    assert links == [
        ("prev", "/hotline?text=%E4%BA%95%E7%9B%96&amp;urgent=1"),
        ("next", "/hotline?text=%E4%BA%95%E7%9B%96&amp;urgent=1&amp;page=3"),
    ]


def test_the_band_names_each_urgent_call() -> None:
    listed = Listed(_call(urgent=True), _reading(level="now"))
    band = alarm(_words(), [listed], now=NOW)
    assert 'data-alarm="7"' in band
    assert "地面有坑洞“井盖没了”" in _text(band)


def test_counts_name_what_is_under_way_only_where_something_is() -> None:
    counts = {CallState.READY: 2, CallState.DECODING: 1, CallState.TRANSCRIBING: 1}
    assert heading(texts_in("en"), counts) == "4 calls, 2 under way"
    assert heading(texts_in("zh"), {CallState.READY: 1}) == "共 1 通"


@pytest.mark.parametrize(
    "kind",
    [
        "missing", "empty", "not_audio", "archive", "encrypted", "no_audio_track", "unknown_codec", "too_large",
        "too_long", "too_short", "broken", "cut_off",
    ],
)  # fmt: skip
def test_every_problem_of_a_recording_is_told_in_chinese(kind: str) -> None:
    t = texts_in("zh")
    told = str(AudioProblem(kind, limit="3:10:00"))
    limit = "3:10:00" if "{limit}" in t.entries[f"hotline_reason.{kind}"] else ""
    expected = (t(f"hotline_reason.{kind}", limit=limit, sounds="wav、mp3、m4a、ogg、opus、amr、flac"), True)
    assert reason(t, _call(CallState.FAILED, reason=told)) == expected
    assert reason(t, _call(CallState.FAILED, reason=f"来电.wav: {told}")) == expected


def test_an_unknown_reason_is_shown_as_it_is_and_marked_as_english() -> None:
    listed = Listed(_call(CallState.FAILED, reason="the moon fell down; look up"))
    assert '<span class="reason" lang="en">the moon fell down; look up</span>' in _row(listed)
    assert '<span class="reason">the moon fell down' in _row(listed, "en")


def test_waiting_says_in_one_sentence_what_to_do() -> None:
    for language in ("zh", "en"):
        said, ours = reason(
            texts_in(language), _call(CallState.WAITING, reason="no speech model is at hand: fetch one")
        )
        assert ours
        assert "precedent models pull whisper-turbo" in said
        assert len(re.findall("[。.!？]", said)) == 1
    absent = "the configured speech model mine.pt is not there: check its path"
    assert "设定的语音模型找不到" in reason(texts_in("zh"), _call(CallState.WAITING, reason=absent))[0]
    bare, _ = reason(texts_in("zh"), _call(CallState.WAITING, recording=None, reason="anything"))
    assert bare == "这通来电没有录音：请附上文字稿。"


def test_reasons_for_urgency_are_in_the_language_of_the_page() -> None:
    reading = _reading(level="now")
    assert [said for said, _ in urgencies(texts_in("en"), reading)] == ["a hole in the ground"]
    odd = reading.model_copy(
        update={"urgency": Urgency(level="now", reasons=(UrgencyReason(key="new", text="新的原因"),))}
    )
    assert [said for said, _ in urgencies(texts_in("en"), odd)] == ["新的原因"]


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        (0, "今天 12:00", "Today 12:00"),
        (1, "昨天 12:00", "Yesterday 12:00"),
        (2, "11月20日 12:00", "20 Nov 12:00"),
        (400, "2025年10月18日 12:00", "18 Oct 2025 12:00"),
    ],
)
def test_times_are_near_or_far(days: int, zh: str, en: str) -> None:
    at = NOW - timedelta(days=days)
    assert (moment(_words("zh"), at, NOW), moment(_words("en"), at, NOW)) == (zh, en)


def test_a_wish_survives_its_address() -> None:
    wish = Wish(text="积水 & 井盖", state="busy", day=date(2026, 11, 2), urgent=True, page=3)
    from urllib.parse import parse_qsl, urlsplit

    assert Wish.read(dict(parse_qsl(urlsplit(wish.address(3)).query))) == wish
    assert Wish().is_open
    assert Wish(page=2).is_open
    assert not wish.is_open
