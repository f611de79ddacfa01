"""What people change in a transcript: a sentence, who speaks, a word in many places. Each gives a new transcript.

A changed sentence is a person's: it is certain, has no marks and no word times, and keeps what the machine heard.
"""

from knowledge.call import Channel, Segment, Transcript, TranscriptSource
from knowledge.errors import BadInput
from knowledge.text import clean

__all__ = ["corrected", "labelled", "replaced"]

_LONGEST = 5_000  # characters of one sentence


def _segment(transcript: Transcript | None, index: int) -> tuple[Transcript, Segment]:
    if transcript is None:
        raise BadInput("the call has no transcript yet; wait for it, or attach one")
    if not 0 <= index < len(transcript.segments):
        raise BadInput(f"there is no sentence {index}; the transcript has 0 to {len(transcript.segments) - 1}")
    return transcript, transcript.segments[index]


def _with(transcript: Transcript, segments: tuple[Segment, ...]) -> Transcript:
    return transcript.model_copy(update={"segments": segments, "source": TranscriptSource.PERSON})


def _rewritten(segment: Segment, text: str) -> Segment:
    kept = {"heard": segment.heard or segment.text, "confidence": 1.0, "marks": (), "words": ()}
    return segment.model_copy(update={"text": text, **kept})


def corrected(transcript: Transcript | None, index: int, text: str) -> Transcript:
    """With another text for one sentence; without the sentence for an empty one. The same text confirms the sentence.
    Raises BadInput for a sentence that is not there."""
    known, segment = _segment(transcript, index)
    text = clean(text).replace("\n", " ")
    if len(text) > _LONGEST:
        raise BadInput(f"the sentence has {len(text):,} characters; write at most {_LONGEST:,}")
    changed = (_rewritten(segment, text),) if text else ()
    return _with(known, known.segments[:index] + changed + known.segments[index + 1 :])


def labelled(transcript: Transcript | None, index: int, channel: Channel) -> Transcript:
    """With another speaker for one sentence. Raises BadInput for a sentence that is not there."""
    known, segment = _segment(transcript, index)
    if segment.channel is channel:
        return known
    changed = segment.model_copy(update={"channel": channel})
    return _with(known, (*known.segments[:index], changed, *known.segments[index + 1 :]))


def replaced(transcript: Transcript, find: str, put: str) -> tuple[Transcript, tuple[int, ...]]:
    """With every `find` written as `put`, letter by letter, and the indexes of the sentences that change; a sentence of
    which nothing remains is left as it is."""
    segments, changed = list(transcript.segments), []
    for index, segment in enumerate(segments):
        text = clean(segment.text.replace(find, put)).replace("\n", " ")
        if find in segment.text and text and text != segment.text:
            segments[index] = _rewritten(segment, text)
            changed.append(index)
    return (_with(transcript, tuple(segments)), tuple(changed)) if changed else (transcript, ())
