import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.attached import LARGEST_TEXT, NO_TIMES, read_attached
from knowledge.call import Channel, TranscriptSource
from knowledge.errors import BadInput

SRT = """1
00:00:00,500 --> 00:00:02,000
坐席：您好，<i>12345</i>热线

2
00:00:02,400 --> 00:01:05,250
桥下积水
两辆车被困
"""
VTT = """WEBVTT - a call

NOTE nothing

intro
00:00.500 --> 00:02.000 align:left
<v Agent>Hello &amp; welcome

01:00:02.400 --> 01:00:05.250
<v.loud Caller>Water under the bridge
"""


def test_srt() -> None:
    found = read_attached(SRT.encode(), "a.srt")
    assert [(s.start, s.end, s.text, s.channel) for s in found.segments] == [
        (0.5, 2.0, "您好，12345热线", Channel.AGENT),
        (2.4, 65.25, "桥下积水 两辆车被困", Channel.MIXED),
    ]
    assert (found.source, found.language, found.duration_s, found.notes) == (TranscriptSource.ATTACHED, "zh", 65.25, ())


def test_vtt() -> None:
    found = read_attached(VTT.encode(), "a.vtt")
    assert [(s.start, s.end, s.text, s.channel) for s in found.segments] == [
        (0.5, 2.0, "Hello & welcome", Channel.AGENT),
        (3602.4, 3605.25, "Water under the bridge", Channel.CALLER),
    ]
    assert found.language == "en"


def test_the_content_tells_the_format_before_the_name() -> None:
    assert read_attached(SRT.encode(), "a.txt").segments == read_attached(SRT.encode(), "a.srt").segments
    assert read_attached(VTT.encode(), "a.txt").segments == read_attached(VTT.encode(), "a.vtt").segments


def test_plain_text_has_no_times() -> None:
    found = read_attached("坐席：您好\n\n来电人：桥下积水，时间：早上\n没说是谁".encode(), "a.txt")
    assert [(s.text, s.channel) for s in found.segments] == [
        ("您好", Channel.AGENT),
        ("桥下积水，时间：早上", Channel.CALLER),
        ("没说是谁", Channel.MIXED),
    ]
    assert {s.end for s in found.segments} == {0}
    assert found.notes == (NO_TIMES,)


def test_plain_text_with_times() -> None:
    found = read_attached("[00:41] Agent: Hello\n[01:02] Caller: A leak\n[1:00:00] 完".encode(), "a.txt")
    assert [(s.start, s.end, s.channel) for s in found.segments] == [
        (41, 62, Channel.AGENT),
        (62, 3600, Channel.CALLER),
        (3600, 3600, Channel.MIXED),
    ]
    spoken = read_attached("8:30 就开始响了".encode(), "a.txt")
    assert spoken.segments[0].text == "8:30 就开始响了", "one line may begin with what was said"


def test_json_of_whisper() -> None:
    content = {
        "text": " 桥下积水",
        "language": "zh",
        "segments": [
            {
                "id": 0, "start": 0.0, "end": 2.5, "text": " 桥下积水", "avg_logprob": -0.5, "no_speech_prob": 0.1,
                "words": [{"word": "桥下", "start": 0.0, "end": 1.0, "probability": 0.9}],
            },
            {"start": 2.5, "end": 2.5, "text": "  "},
        ],
    }  # fmt: skip
    found = read_attached(json.dumps(content).encode(), "a.json")
    (one,) = found.segments
    assert (one.text, one.start, one.end) == ("桥下积水", 0, 2.5)
    assert one.confidence == pytest.approx(0.6065, abs=1e-4)
    assert (one.words[0].text, one.words[0].confidence) == ("桥下", 0.9)
    assert read_attached(json.dumps(content["segments"]).encode(), "a.json").segments == found.segments


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    assert read_attached("桥下积水了".encode(encoding), "a.txt").segments[0].text == "桥下积水了"


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "a.txt", "a.txt has no text"),
        (b" \n\n ", "a.srt", "has no text"),
        (b"\x00\x01\x02\xff\xfe", "a.txt", "is not a text"),
        (b"RIFF\x24\x00\x00\x00WAVE", "a.srt", "is not a text"),
        (b"1\n00:00:aa --> 00:00:02,000\nx", "a.srt", "a.srt, line 2: '00:00:aa --> 00:00:02,000' is no time"),
        (b"1\n00:00:05,000 --> 00:00:02,000\nx", "a.srt", "line 2: the end lies before the start"),
        (b"just words", "a.srt", "has no words"),
        (b"WEBVTT\n\n", "a.vtt", "has no words"),
        (b"{broken", "a.json", "is not JSON"),
        (b"words", "a.json", "is not JSON"),
        (b'{"text": "x"}', "a.json", 'no list of "segments"'),
        (b'{"segments": [{"start": 1}]}', "a.json", 'a.json, segment 1 has no "text"'),
        (b'{"segments": ["x"]}', "a.json", "segment 1"),
        (b'{"segments": [{"text": "x", "start": -1, "end": 2}]}', "a.json", "segment 1, start"),
        (b'{"segments": [{"text": "x", "start": 3, "end": 2}]}', "a.json", "segment 1: the end lies before"),
        (b'{"segments": [{"text": "x", "start": NaN, "end": NaN}]}', "a.json", "segment 1"),
        (b'{"segments": [{"text": "x", "confidence": 7}]}', "a.json", "segment 1, confidence"),
        (b'{"segments": [{"text": "x", "channel": "radio"}]}', "a.json", "segment 1, channel"),
        (b'{"segments": []}', "a.json", "has no words"),
        (b"[" * 100_000, "a.json", "a.json"),
        (b"x" * (LARGEST_TEXT + 1), "a.txt", "no transcript is so long"),
    ],
)
def test_errors_name_the_place(content: bytes, name: str, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        read_attached(content, name)
    assert said in str(raised.value)


@given(st.binary(max_size=300), st.sampled_from(["a.txt", "a.srt", "a.vtt", "a.json"]))
def test_whatever_comes_is_read_or_refused(content: bytes, name: str) -> None:
    try:
        found = read_attached(content, name)
    except BadInput:
        return
    assert found.segments
    assert all(s.text and 0 <= s.start <= s.end for s in found.segments)


@given(st.text(max_size=200), st.sampled_from(["a.txt", "a.srt", "a.vtt", "a.json"]))
def test_whatever_text_comes_is_read_or_refused(content: str, name: str) -> None:
    test_whatever_comes_is_read_or_refused.hypothesis.inner_test(  # type: ignore[attr-defined]
        content.encode("utf-8", "ignore"), name
    )
