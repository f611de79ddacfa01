"""What is said in a call, sentence by sentence: who says it, when, and how surely it was heard.

Sentences are cut within segments, their times shared out by length. Where the recording does not keep the speakers
apart, who speaks is guessed from the words. It understands nothing.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from knowledge.call import Channel, Segment, Transcript
from knowledge.speakers import guess_speakers
from knowledge.text import sentences

__all__ = ["Saying", "sayings"]


class Saying(BaseModel):
    """One sentence, word for word: `segment` counts from 0, `start` and `end` are seconds from the beginning of the
    recording. `doubtful` says that its segment was heard badly: quoted with a mark only."""

    model_config = ConfigDict(frozen=True)

    segment: int
    start: float
    end: float
    text: str
    channel: Channel = Channel.MIXED
    doubtful: bool = False
    confidence: float = 1.0


def sayings(transcript: Transcript) -> tuple[Saying, ...]:
    """All sentences in the order of the transcript; a segment without any words has none."""
    channels = _channels(transcript.segments)
    found = []
    for number, segment in enumerate(transcript.segments):
        length = max(len(segment.text), 1)
        span = max(segment.end - segment.start, 0.0)
        reached = 0
        for sentence in sentences(segment.text):
            place = segment.text.find(sentence, reached)
            reached = place + len(sentence)
            found.append(
                Saying(
                    segment=number,
                    start=round(segment.start + span * place / length, 3),
                    end=round(segment.start + span * reached / length, 3),
                    text=sentence,
                    channel=channels[number],
                    doubtful=segment.doubtful,
                    confidence=segment.confidence,
                )
            )
    return tuple(found)


def _channels(segments: Sequence[Segment]) -> list[Channel]:
    """The channel of each segment; the mixed ones guessed together."""
    mixed = [number for number, segment in enumerate(segments) if segment.channel is Channel.MIXED]
    channels = [segment.channel for segment in segments]
    pauses = [segments[n].start - (segments[n - 1].end if n else 0.0) for n in mixed]
    timed = any(segments[n].end > 0 for n in mixed)
    for number, side in zip(
        mixed, guess_speakers([segments[n].text for n in mixed], pauses if timed else None), strict=True
    ):
        channels[number] = side
    return channels
