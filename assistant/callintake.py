"""The way of a file into the hotline: kept by its content, told apart as recording or transcript, made a call once.

A demo call is known by its content and brings along when it came in. Nothing is decoded here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePath
from typing import BinaryIO, TypedDict, Unpack

from assistant.democalls import DemoCalls
from knowledge.attached import ENDINGS, LARGEST_TEXT, read_attached
from knowledge.call import Call, Recording
from knowledge.calls import Calls
from knowledge.errors import BadInput
from knowledge.recordings import Kept, Recordings, display_name

__all__ = ["Arrival", "CallIntake", "is_transcript"]


class Arrival(TypedDict, total=False):
    """What is known of a call beside its recording: when it came in (now, where that is not known), the id that another
    system gave it, seconds in the queue, seconds of talking."""

    received_at: datetime | None
    external_id: str | None
    waiting_s: float | None
    handling_s: float | None


@dataclass(frozen=True)
class CallIntake:
    """Takes in files and streams."""

    store: Calls
    recordings: Recordings
    demo: DemoCalls = field(default_factory=DemoCalls)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def receive(
        self, source: Path | BinaryIO, name: str | None = None, **arrival: Unpack[Arrival]
    ) -> tuple[Call, bool]:  # fmt: skip
        """The call of a recording, or of a transcript as its name ends, and whether it is new. Raises BadInput for a
        file that cannot be read, that is empty or too large; Fault for a full disk."""
        if not isinstance(source, Path):
            return self._receive(source, name or "", **arrival)
        try:
            with source.open("rb") as stream:
                return self._receive(stream, name or source.name, **arrival)
        except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
            raise BadInput(f"{source} cannot be read ({error.strerror}); check the name and the rights") from error

    def _receive(self, stream: BinaryIO, name: str, **arrival: Unpack[Arrival]) -> tuple[Call, bool]:
        if is_transcript(name):
            return self.receive_transcript(stream.read(LARGEST_TEXT + 1), name, **arrival)
        return self.take(self.recordings.keep(stream, name), **arrival)

    def take(self, kept: Kept, **arrival: Unpack[Arrival]) -> tuple[Call, bool]:
        """The call of a recording that is kept already, and whether it is new."""
        demo = self.demo.find(kept.sha256)
        if demo is not None:
            known: Arrival = {
                "received_at": demo.received_at, "external_id": demo.external_id, "waiting_s": demo.waiting_s
            }  # fmt: skip
            arrival = known
        recording = Recording(sha256=kept.sha256, name=kept.name, size=kept.size)
        return self.store.add(recording, demo=demo is not None, **self._timed(arrival))

    def receive_transcript(self, content: bytes, name: str, **arrival: Unpack[Arrival]) -> tuple[Call, bool]:
        """The call of a transcript that comes without a recording, and whether it is new. Raises BadInput where it
        cannot be read."""
        shown = display_name(name)
        transcript, digest = read_attached(content, shown), sha256(content).hexdigest()
        return self.store.add(None, transcript=transcript, sha256=digest, name=shown, **self._timed(arrival))

    def _timed(self, arrival: Arrival) -> "_Arrived":
        return {
            "received_at": arrival.get("received_at") or self.clock(),
            "external_id": arrival.get("external_id") or None,
            "waiting_s": arrival.get("waiting_s"),
            "handling_s": arrival.get("handling_s"),
        }


class _Arrived(TypedDict):
    received_at: datetime
    external_id: str | None
    waiting_s: float | None
    handling_s: float | None


def is_transcript(name: str) -> bool:
    """Whether a file of this name is read as a transcript; everything else is a recording.

    >>> is_transcript("来电.SRT"), is_transcript("来电.wav")
    (True, False)
    """
    return PurePath(display_name(name)).suffix.lower() in ENDINGS
