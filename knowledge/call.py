"""One call to the hotline: its recording, its transcript with times and doubt, and where it stands on its way.

Records are frozen. Offsets are seconds from the beginning of the recording. What a call means is not known here.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from knowledge.case import Moment

__all__ = [
    "DOUBTFUL",
    "Call",
    "CallState",
    "Channel",
    "Recording",
    "Segment",
    "Transcript",
    "TranscriptSource",
    "Word",
]

DOUBTFUL = 0.55  # confidence under which a segment is marked


class CallState(StrEnum):
    """Where a call stands. The last four rest until somebody or something moves them."""

    RECEIVED = "received"
    DECODING = "decoding"
    TRANSCRIBING = "transcribing"
    UNDERSTANDING = "understanding"
    WAITING = "waiting"  # for a speech model, or for a transcript typed or attached meanwhile
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def resting(self) -> bool:
        """Whether no work is due."""
        return self in (CallState.WAITING, CallState.READY, CallState.FAILED, CallState.CANCELLED)


class Channel(StrEnum):
    """Who is heard: told apart only where the recording keeps them apart, or where a person said so."""

    CALLER = "caller"
    AGENT = "agent"
    MIXED = "mixed"


class TranscriptSource(StrEnum):
    """Where the words come from; a person's correction is a version of its own."""

    MACHINE = "machine"
    PERSON = "person"
    ATTACHED = "attached"
    REFERENCE = "reference"  # the text that a demo call was spoken from


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Word(_Record):
    """One word with its times in seconds and its confidence in 0..1."""

    start: float = Field(ge=0)
    end: float = Field(ge=0)
    text: str
    confidence: float = Field(ge=0, le=1)


class Segment(_Record):
    """One sentence or phrase. `text` is what people read (Simplified script, punctuation, numbers as digits), `heard`
    what the model wrote before that, empty where it is the same. `marks` name what was suspected ("loop", "rate",
    "two readings"); the text stands even so."""

    start: float = Field(ge=0)
    end: float = Field(ge=0)
    text: str
    confidence: float = Field(default=1.0, ge=0, le=1)
    channel: Channel = Channel.MIXED
    heard: str = ""
    marks: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether it is marked for the reader and weighs less in matching."""
        return self.confidence < DOUBTFUL


class Transcript(_Record):
    """Segments in the order of their start. `language` is zh, en or mixed; `model` names the checkpoint, empty for a
    text that no model heard; `speech` are the spans (start, end) in seconds in which somebody speaks."""

    segments: tuple[Segment, ...]
    language: str
    source: TranscriptSource
    model: str = ""
    duration_s: float = Field(default=0.0, ge=0)
    speech: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()
    real_time_factor: float | None = None

    def text(self, channel: Channel | None = None) -> str:
        """All segments, a line each; of one channel if it is named."""
        return "\n".join(s.text for s in self.segments if channel is None or s.channel in (channel, Channel.MIXED))


class Recording(_Record):
    """What is known of the sound itself: the SHA-256 of its bytes, the name under which it came (shown, never opened),
    its size in bytes, seconds, channels, sample rate in Hz, and codec."""

    sha256: str
    name: str
    size: int = Field(ge=0)
    duration_s: float | None = None
    channels: int | None = None
    sample_rate: int | None = None
    codec: str | None = None


class Call(_Record):
    """A call as it is kept. `recording` is None for a transcript that came without sound. `progress_s` is how many
    seconds of audio are done; `reason` says in one sentence why it failed or waits; `version` counts transcripts from
    1, 0 for none; `reading` is what was understood, as JSON (assistant.callreading), empty before that."""

    call_id: int
    external_id: str | None = None
    state: CallState
    received_at: Moment
    recording: Recording | None = None
    progress_s: float = 0.0
    reason: str = ""
    urgent: bool = False
    transcript: Transcript | None = None
    version: int = 0
    reading: str = ""
    matter_id: int | None = None  # calls that were joined have the same one
    waiting_s: float | None = None
    handling_s: float | None = None
    updated_at: datetime | None = None
    demo: bool = False
    demo_model: bool = False  # a person said that the demonstration model may be tried on this recording
    change: int = 0  # what derived copies follow; larger than that of everything that was written before
