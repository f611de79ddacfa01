"""The demo calls, known by the content of their recordings: when they came in, and the text they were spoken from."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from knowledge.call import Channel, Segment, Transcript, TranscriptSource
from knowledge.demo.calls import DemoCall, read_demo_calls

__all__ = ["DemoCalls"]

_CHANNELS = {"agent": Channel.AGENT, "caller": Channel.CALLER}


@dataclass(frozen=True)
class DemoCalls:
    """The bundled calls, or those of `calls`; they are read when they are first asked for."""

    calls: tuple[DemoCall, ...] = field(default_factory=read_demo_calls)

    @cached_property
    def _by_hash(self) -> dict[str, DemoCall]:
        known = [call for call in self.calls if call.path.is_file()]
        return {hashlib.sha256(call.path.read_bytes()).hexdigest(): call for call in known}

    def find(self, sha256: str) -> DemoCall | None:
        """The demo call with this recording."""
        return self._by_hash.get(sha256)

    def reference(self, sha256: str) -> Transcript | None:
        """The text that the demo call was spoken from, with its exact times, marked as such; None for another
        recording."""
        call = self.find(sha256)
        if call is None or not call.segments:
            return None
        segments = [
            Segment(start=s.start, end=s.end, text=s.text, channel=_CHANNELS[s.speaker])
            for s in sorted(call.segments, key=lambda s: s.start)
        ]
        end = max(segment.end for segment in segments)
        return Transcript(
            segments=tuple(segments),
            language=call.language,
            source=TranscriptSource.REFERENCE,
            duration_s=end,
            speech=tuple((s.start, s.end) for s in segments),
        )
