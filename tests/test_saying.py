from hypothesis import given
from hypothesis import strategies as st

from assistant.saying import sayings
from knowledge.call import Channel, Segment, Transcript, TranscriptSource


def _transcript(*segments: Segment) -> Transcript:
    return Transcript(segments=segments, language="zh", source=TranscriptSource.MACHINE)


def test_sentences_share_the_time_of_their_segment() -> None:
    said = sayings(_transcript(Segment(start=10, end=20, text="路灯不亮。能不能来修？", channel=Channel.CALLER)))
    assert [(s.text, s.segment) for s in said] == [("路灯不亮。", 0), ("能不能来修？", 0)]
    assert said[0].start == 10
    assert said[1].end == 20
    assert 14 < said[1].start < 15


def test_doubt_and_channel_are_carried() -> None:
    said = sayings(_transcript(Segment(start=0, end=1, text="漏气", confidence=0.3, channel=Channel.AGENT)))
    assert said[0].doubtful
    assert said[0].confidence == 0.3
    assert said[0].channel is Channel.AGENT


def test_mixed_channels_are_guessed_and_known_ones_kept() -> None:
    said = sayings(
        _transcript(
            Segment(start=0, end=3, text="您好，12345热线，请讲。"),
            Segment(start=4, end=6, text="我家没水了，快点来人！"),
            Segment(start=7, end=8, text="请问您是谁？", channel=Channel.CALLER),
        )
    )
    assert [s.channel for s in said] == [Channel.AGENT, Channel.CALLER, Channel.CALLER]


@given(st.lists(st.text(max_size=30), max_size=5))
def test_every_sentence_stands_in_its_segment(texts: list[str]) -> None:
    segments = [Segment(start=2.0 * n, end=2.0 * n + 2, text=text) for n, text in enumerate(texts)]
    for saying in sayings(_transcript(*segments)):
        segment = segments[saying.segment]
        assert saying.text in segment.text
        assert segment.start <= saying.start <= saying.end <= segment.end
