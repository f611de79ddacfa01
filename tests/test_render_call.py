"""The page of one call as HTML: everything is escaped, states are said in words, what cannot be done is not offered."""

import json
import re
from urllib.parse import unquote

import pytest
from call_samples import HOSTILE, Parsed, call, reading, transcript, wording

from knowledge.call import CallState, TranscriptSource
from ui.render_call import CallView, call_page, call_title
from ui.texts import Language


def data_of(html: str) -> dict[str, object]:
    found = re.search(r'id="call-data">(.*?)</script>', html, re.DOTALL)
    assert found
    told = json.loads(found[1])
    assert isinstance(told, dict)
    return told


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("state", list(CallState))
def test_every_state_is_whole_and_escaped(language: Language, state: CallState) -> None:
    recording = call().recording
    assert recording
    hostile = call(
        state, external_id=HOSTILE, recording=recording.model_copy(update={"name": HOSTILE}), reason=HOSTILE,
        transcript=transcript(HOSTILE, model=HOSTILE),
    )  # fmt: skip
    view = CallView(hostile, reading(HOSTILE), HOSTILE)
    page = Parsed(call_page(wording(language), view))
    assert HOSTILE in page.text
    bare = call(state, transcript=None, recording=None, version=0, reason=HOSTILE)
    Parsed(call_page(wording(language), CallView(bare)))


def test_what_the_script_reads_cannot_end_its_element() -> None:
    html = call_page(wording(), CallView(call(), reading(HOSTILE), HOSTILE))
    told = data_of(html)
    assert HOSTILE in str(told["brief"])
    assert (told["version"], told["state"], told["resting"], told["understood"]) == (1, "ready", True, True)
    assert told["speech"] == [[0.0, 8.0]]


def test_the_question_goes_behind_the_hash_where_no_server_sees_it() -> None:
    question = "路面积水 50%，两辆车 & 一个人被困？#1"
    html = call_page(wording(), CallView(call(), reading(), question))
    link = re.search(r'href="/#ask=([^"]*)"', html)
    assert link
    assert unquote(link[1]) == question
    assert "#ask=" not in call_page(wording(), CallView(call(), reading()))


def test_a_danger_is_told_with_its_reason_and_with_its_doubt() -> None:
    seen = Parsed(call_page(wording(), CallView(call(), reading()))).text
    assert "可能危及生命或有人群聚集" in seen
    assert "地面有坑洞" in seen
    assert "先听一遍录音" in seen
    sure = reading(doubtful=())
    assert "先听一遍录音" not in Parsed(call_page(wording(), CallView(call(), sure))).text
    assert 'class="alarm"' not in call_page(wording(), CallView(call(), reading(urgent=False)))


@pytest.mark.parametrize(
    ("state", "offered", "kept_back"),
    [
        (CallState.RECEIVED, {"cancel"}, {"retry", "try-demo"}),
        (CallState.TRANSCRIBING, {"cancel"}, {"retry", "try-demo"}),
        (CallState.WAITING, {"retry", "try-demo", "write-it"}, {"cancel"}),
        (CallState.FAILED, {"retry", "try-demo", "write-it"}, {"cancel"}),
        (CallState.CANCELLED, {"retry", "try-demo", "write-it"}, {"cancel"}),
        (CallState.READY, set(), {"cancel", "retry", "try-demo"}),
    ],
)
def test_only_what_the_state_allows_is_offered(state: CallState, offered: set[str], kept_back: set[str]) -> None:
    known = call(state, transcript=None, version=0)
    buttons = set(re.findall(r'data-do="([a-z-]+)"', call_page(wording(), CallView(known, demo_at_hand=True))))
    assert offered <= buttons
    assert not kept_back & buttons
    assert 'data-do="try-demo"' not in call_page(wording(), CallView(known)), "there is none to try"


def test_progress_is_told_in_seconds_of_audio() -> None:
    html = call_page(wording(), CallView(call(CallState.TRANSCRIBING, progress_s=41.2, transcript=None, version=0)))
    assert "已转写 00:41 / 01:12" in html
    assert 'max="72.0" value="41.2"' in html


def test_a_demo_call_is_never_offered_the_model_for_real_recordings() -> None:
    for more in ({"demo": True}, {"demo_model": True}):
        html = call_page(wording(), CallView(call(CallState.FAILED, **more)))
        assert 'data-do="try-demo"' not in html


def test_a_known_reason_is_told_in_the_language_of_the_page() -> None:
    failed = call(CallState.FAILED, transcript=None, reason="the recording is longer than 3:10:00: cut it into parts")
    assert "录音长于 3:10:00" in call_page(wording(), CallView(failed))
    other = call(CallState.FAILED, transcript=None, reason="something else went wrong; call somebody")
    html = call_page(wording(), CallView(other))
    assert re.search(r"<details><summary>详细原因</summary><p>something else", html)


def test_without_a_recording_there_is_no_player_and_no_time_to_play() -> None:
    html = call_page(wording(), CallView(call(recording=None), reading()))
    assert "<audio" not in html
    assert 'data-do="play"' not in html
    assert 'data-do="seek"' not in html
    assert "没有录音" in html


def test_the_masks_are_named_and_exports_are_offered_with_a_transcript_only() -> None:
    html = call_page(wording("en"), CallView(call(), reading()))
    assert "Personal data are masked" in html
    assert re.findall(r"export\?format=(\w+)&amp;language=en", html) == ["srt", "vtt", "txt", "json", "docx"]
    assert "export?" not in call_page(wording("en"), CallView(call(CallState.WAITING, transcript=None)))


def test_the_title_is_the_other_systems_id_or_the_name() -> None:
    assert call_title(wording(), call(external_id="DH-1")) == "来电 DH-1"
    assert call_title(wording(), call()) == "来电 来电.wav"
    assert call_title(wording("en"), call(recording=None)) == "Call 7"


def test_a_transcript_for_demonstration_says_so() -> None:
    spoken = transcript(source=TranscriptSource.REFERENCE, model="")
    assert "不是机器听写的结果" in call_page(wording(), CallView(call(transcript=spoken)))
    tried = transcript(model="demo-zh-2026")
    assert "只为演示语音训练" in call_page(wording(), CallView(call(transcript=tried)))
    assert "只为演示语音训练" not in call_page(wording(), CallView(call()))


def test_a_demo_call_that_shows_its_text_may_be_heard_if_there_is_the_model() -> None:
    spoken = call(transcript=transcript(source=TranscriptSource.REFERENCE), demo=True)
    html = call_page(wording(), CallView(spoken, demo_at_hand=True))
    assert 'data-do="try-demo"' in html
    assert wording().t("call_state.demo_spoken") in html
    others = (CallView(spoken), CallView(spoken.model_copy(update={"demo_model": True}), demo_at_hand=True))
    for view in (*others, CallView(call(), demo_at_hand=True)):
        assert 'data-do="try-demo"' not in call_page(wording(), view)
