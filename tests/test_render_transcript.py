"""The transcript as HTML: time, speaker and doubt of each sentence; versions with what each changed."""

import re

from call_samples import AT, HOSTILE, Parsed, call, reading, transcript, wording
from hypothesis import given
from hypothesis import strategies as st

from knowledge.call import Channel, TranscriptSource
from knowledge.call_log import Reveal
from knowledge.calls import TranscriptVersion
from ui.render_transcript import reveals, sentences, source, versions


def _text(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


def _versions(*texts: str) -> list[TranscriptVersion]:
    return [
        TranscriptVersion(number, "page", AT, transcript(text, source=TranscriptSource.PERSON))
        for number, text in enumerate(texts, 1)
    ]


def test_a_sentence_has_its_time_its_speaker_and_its_doubt_in_words() -> None:
    html = sentences(wording(), call(), None)
    rows = html.split("<li ")[1:]
    assert 'data-start="3.50" data-end="8.25"' in rows[1]
    assert "00:03" in rows[1]
    assert "来电人" in rows[1]
    assert "听不太清" in rows[1]
    assert "把握约 41%（疑似重复、两次听写不一致）" in rows[1]
    assert "听不太清" not in rows[0]
    assert "不明" in rows[2]


def test_a_guessed_speaker_is_marked_as_guessed() -> None:
    rows = sentences(wording(), call(), reading()).split("<li ")[1:]
    assert "is-guessed" in rows[2]
    assert "坐席?" in rows[2]
    assert "is-guessed" not in rows[0]
    outdated = sentences(wording(), call(version=2), reading()).split("<li ")[1:]
    assert "is-guessed" not in outdated[2], "an old reading does not tell who speaks in the new text"


def test_without_times_there_is_nothing_to_play() -> None:
    silent = transcript()
    flat = silent.model_copy(
        update={"segments": tuple(s.model_copy(update={"start": 0.0, "end": 0.0}) for s in silent.segments)}
    )
    assert 'data-do="play"' not in sentences(wording(), call(transcript=flat), None)


def test_versions_show_what_each_changed() -> None:
    known = _versions("井盖没了，快来人。", "井盖没了，快来人！", "井盖没了，快来人！")
    html = versions(wording(), known)
    Parsed(html)
    assert html.index("第 3 版") < html.index("第 2 版") < html.index("第 1 版")
    assert "<del>。</del><ins>！</ins>" in html
    assert "改动 1 句" in html
    assert "文字没有变化" in html
    assert html.count("未记名") == 3


def test_texts_with_little_in_common_stand_one_after_the_other() -> None:
    html = versions(wording("en"), _versions("We live by the river.", "A truck is blocking the lane."))
    assert "<del>We live by the river.</del><ins>A truck is blocking the lane.</ins>" in html


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_difference_holds_both_texts_and_is_escaped(before: str, after: str) -> None:
    html = versions(wording(), _versions(f"甲{before}", f"甲{after}"))
    if before == after:
        return
    shown = re.search(r'<span class="at">[^<]*</span><p>(.*?)</p>', html, re.DOTALL)
    assert shown
    plain = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&amp;": "&"}

    def read(drop: str) -> str:
        kept = re.sub(rf"<{drop}>.*?</{drop}>", "", shown[1], flags=re.DOTALL)
        return re.sub("|".join(plain), lambda found: plain[found[0]], re.sub("</?(?:ins|del)>", "", kept))

    assert read("ins") == f"甲{before}"
    assert read("del") == f"甲{after}"


def test_a_removed_sentence_is_shown_as_removed() -> None:
    first, second = _versions("井盖没了。", "井盖没了。")
    shorter = second.transcript.model_copy(update={"segments": second.transcript.segments[:2]})
    html = versions(wording(), [first, TranscriptVersion(2, "乙", AT, shorter)])
    assert "<del>好的。</del>" in html
    assert "人工修改 · 乙" in html


def test_the_source_names_the_model_and_how_fast_it_was() -> None:
    said = _text(source(wording(), call(transcript=transcript(real_time_factor=0.25))))
    assert "whisper-turbo" in said
    assert "25%" in said
    person = transcript(source=TranscriptSource.PERSON)
    assert "最初由语音模型转写：whisper-turbo" in source(wording(), call(transcript=person))
    assert source(wording(), call(transcript=None)) == ""


def test_who_looked_is_told_newest_first_and_escaped() -> None:
    html = reveals(wording(), [Reveal("甲", HOSTILE, AT), Reveal("乙", "回电", AT)])
    assert HOSTILE in Parsed(html).text
    assert html.index("乙") < html.index("甲")
    assert "还没有人看过" in reveals(wording(), [])


def test_the_speakers_can_be_told_apart_without_colour() -> None:
    told = {channel: f"who-{channel.value}" for channel in Channel}
    html = sentences(wording("en"), call(), None)
    assert told[Channel.AGENT] in html
    assert "Agent</button>" in html
    assert "Caller</button>" in html
