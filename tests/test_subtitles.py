import json
from io import BytesIO

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from knowledge.attached import read_attached
from knowledge.call import Channel, Segment, Transcript, TranscriptSource
from knowledge.errors import BadInput
from knowledge.subtitles import FORMATS, export
from knowledge.text import clean

CALL = Transcript(
    segments=(
        Segment(start=0.5, end=2, text="您好，12345热线", channel=Channel.AGENT),
        Segment(start=41.26, end=3661.5, text="桥下积水 <b>很深</b> & 急", confidence=0.3, channel=Channel.CALLER),
        Segment(start=3662, end=3663, text="好"),
    ),
    language="zh",
    source=TranscriptSource.MACHINE,
    model="fake",
    duration_s=3663,
    notes=("很响",),
)


def text(format: str, language: str | None = None) -> str:
    return export(CALL, format, title="来电 7", language=language)[0].decode()


def test_srt() -> None:
    assert text("srt").split("\n\n")[1] == (
        "2\n00:00:41,260 --> 01:01:01,500\n来电人：桥下积水 <b>很深</b> & 急"
    )  # fmt: skip


def test_vtt() -> None:
    content = text("vtt", "en")
    assert content.startswith("WEBVTT\n\n00:00:00.500 --> 00:00:02.000\n<v Agent>您好")
    assert "<v Caller>桥下积水 &lt;b&gt;很深&lt;/b&gt; &amp; 急" in content


def test_txt_marks_doubt() -> None:
    assert text("txt").split("\n") == [
        "来电 7",
        "[00:00] 坐席：您好，12345热线",
        "[00:41] 来电人：桥下积水 <b>很深</b> & 急［存疑］",
        "[1:01:02] 好",
        "",
    ]
    assert "[doubtful]" in text("txt", "en")


def test_json_is_the_transcript() -> None:
    content = export(CALL, "json")[0]
    assert Transcript.model_validate_json(content) == CALL
    assert json.loads(content)["model"] == "fake"


def test_docx() -> None:
    content, media_type = export(CALL, "docx", title="来电 7\x00")
    assert media_type.endswith("wordprocessingml.document")
    lines = [p.text for p in Document(BytesIO(content)).paragraphs]
    assert lines[0] == "来电 7"
    assert lines[2] == "00:41  来电人：桥下积水 <b>很深</b> & 急［存疑］"
    assert lines[-1] == "很响"


def test_an_unknown_format() -> None:
    with pytest.raises(BadInput, match="there is no format 'mp3'; use srt, vtt, txt, json, docx"):
        export(CALL, "mp3")


segments = st.lists(
    st.builds(
        lambda start, length, text, channel: Segment(
            start=round(start, 3), end=round(start + length, 3), text=text, channel=channel
        ),
        st.floats(0, 9_000),
        st.floats(0.001, 60),
        st.text(st.characters(categories=["L", "N", "P", "Sm", "Zs"]), min_size=1, max_size=30),
        st.sampled_from(Channel),
    ),
    min_size=1,
    max_size=6,
)


@given(segments, st.sampled_from(["srt", "vtt"]), st.sampled_from(["zh", "en"]))
def test_what_is_exported_can_be_attached(given_segments: list[Segment], format: str, language: str) -> None:
    transcript = Transcript(segments=tuple(given_segments), language=language, source=TranscriptSource.PERSON)
    if not any(clean(s.text) for s in given_segments):
        return
    again = read_attached(export(transcript, format)[0], f"a.{format}")
    known = {(round(s.start, 3), round(s.end, 3)) for s in transcript.segments}
    assert {(round(s.start, 3), round(s.end, 3)) for s in again.segments} <= known
    named = {s.channel for s in transcript.segments}
    assert {s.channel for s in again.segments} <= named | {Channel.AGENT, Channel.CALLER, Channel.MIXED}


@given(segments)
def test_every_format_takes_every_text(given_segments: list[Segment]) -> None:
    odd = given_segments[0].model_copy(update={"text": "a\x00\x0b-->\n\n\ud7ff<v>&"})
    transcript = Transcript(segments=(odd, *given_segments), language="zh", source=TranscriptSource.PERSON)
    for format in FORMATS:
        content, media_type = export(transcript, format)
        assert content
        assert "/" in media_type
    assert read_attached(export(transcript, "srt")[0], "a.srt").segments[0].end >= 0
