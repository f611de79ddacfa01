import pytest

from assistant.callediting import corrected, labelled, replaced
from knowledge.call import Channel, Segment, Transcript, TranscriptSource, Word
from knowledge.errors import BadInput

CALL = Transcript(
    segments=(
        Segment(start=0, end=1, text="桥下急水", confidence=0.4, heard="桥下急水儿", marks=("loop",)),
        Segment(
            start=1, end=2, text="急水很深", confidence=0.9, words=(Word(start=1, end=2, text="急水", confidence=0.9),)
        ),
    ),
    language="zh",
    source=TranscriptSource.MACHINE,
    model="fake",
    duration_s=2,
)


def test_a_corrected_sentence_is_certain_and_keeps_what_was_heard() -> None:
    new = corrected(CALL, 0, " 桥下\n积水\x00 ")
    one = new.segments[0]
    assert (one.text, one.confidence, one.marks, one.heard) == ("桥下 积水", 1.0, (), "桥下急水儿")
    assert (one.start, one.end, one.channel) == (0, 1, Channel.MIXED)
    assert (new.source, new.model, new.segments[1]) == (TranscriptSource.PERSON, "fake", CALL.segments[1])
    two = corrected(CALL, 1, "积水很深").segments[1]
    assert (two.heard, two.words) == ("急水很深", ())
    assert CALL.segments[0].confidence == 0.4


def test_the_same_text_confirms_a_sentence() -> None:
    assert corrected(CALL, 0, "桥下急水").segments[0].confidence == 1.0


def test_an_empty_text_takes_the_sentence_out() -> None:
    assert [s.text for s in corrected(CALL, 0, "  ").segments] == ["急水很深"]


@pytest.mark.parametrize("index", [-1, 2])
def test_a_sentence_that_is_not_there(index: int) -> None:
    with pytest.raises(BadInput, match=f"no sentence {index}; the transcript has 0 to 1"):
        corrected(CALL, index, "x")
    with pytest.raises(BadInput, match="has no transcript yet"):
        corrected(None, 0, "x")
    with pytest.raises(BadInput, match="write at most 5,000"):
        corrected(CALL, 0, "长" * 5_001)


def test_labels() -> None:
    new = labelled(CALL, 0, Channel.CALLER)
    assert [s.channel for s in new.segments] == [Channel.CALLER, Channel.MIXED]
    assert new.segments[0].confidence == 0.4, "who speaks says nothing of the words"
    assert labelled(CALL, 0, Channel.MIXED) == CALL


def test_replacing() -> None:
    new, indexes = replaced(CALL, "急水", "积水")
    assert [s.text for s in new.segments] == ["桥下积水", "积水很深"]
    assert indexes == (0, 1)
    assert replaced(CALL, "没有", "x") == (CALL, ())
    assert replaced(CALL, "急水很深", "")[1] == (), "a sentence is not emptied by it"
