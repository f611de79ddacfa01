"""Forty calls to the hotline of the demo city: who says what, what is expected of it, the recording and the exact
times of its turns.

Invented for this project and spoken by a synthesiser (`knowledge.demo.calls.build`). It knows the texts and where the
recordings lie; it decodes no audio and does not transcribe.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["DemoCall", "Expected", "Personal", "Segment", "Turn", "read_demo_calls"]

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Turn:
    """What one speaker (agent or caller) says without being answered; `pause_s` is the silence before it, in seconds,
    and negative where the speaker interrupts."""

    speaker: str
    text: str
    pause_s: float


@dataclass(frozen=True)
class Segment:
    """A turn in the recording, from `start` to `end` in seconds; an interruption starts before the last turn's end."""

    start: float
    end: float
    speaker: str
    text: str


@dataclass(frozen=True)
class Expected:
    """What a good listener would note down.

    `category` is a leaf of the taxonomy; `district` and `place` are names in the call's language. Each is empty where
    the call does not tell it. `severity` is 1 (gravest) to 4; `danger` means danger to life or a crowd that may become
    one; `asked` is one sentence in the call's language (Chinese for a mixed call); `promise` stands word for word in a
    turn of the agent, or is empty.
    """

    category: str
    district: str
    place: str
    severity: int
    danger: bool
    asked: str
    promise: str
    wants_reply: bool


@dataclass(frozen=True)
class Personal:
    """Words of the call that must be masked; `kind` is name, phone, id_number, address or plate. All are invented."""

    kind: str
    words: str


@dataclass(frozen=True)
class DemoCall:
    """One call. `language` is zh, en or mixed (Chinese with English words); `received_at` is in UTC; `waiting_s` is the
    time in the queue before the recording begins, in seconds; a stereo recording has the agent on the left.

    Calls with the same `matter` are about one matter; an unclear call has none. `lapses` may hold place_not_asked (the
    agent's) and unclear (the caller's); `resembles` names demo cases; `segments` is empty until the recording is built.
    """

    external_id: str
    received_at: datetime
    language: str
    waiting_s: int
    stereo: bool
    noise: str
    agent_voice: str
    caller_voice: str
    turns: tuple[Turn, ...]
    expected: Expected
    matter: str
    personal: tuple[Personal, ...]
    lapses: tuple[str, ...]
    resembles: tuple[str, ...]
    path: Path
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """All turns, a line each."""
        return "\n".join(turn.text for turn in self.turns)


def read_demo_calls(folder: Path | None = None) -> tuple[DemoCall, ...]:
    """The demo calls in the order in which they came in; recordings and times from `folder`, the bundled ones by
    default.

    >>> call = read_demo_calls()[0]
    >>> call.external_id, call.path.name, call.turns[0].speaker
    ('DH-0001', 'DH-0001.opus', 'agent')
    """
    folder = folder or FOLDER
    reference = folder / "reference.jsonl"
    rows = _rows(reference) if reference.is_file() else ()
    segments = {row["external_id"]: tuple(Segment(**segment) for segment in row["segments"]) for row in rows}
    return tuple(
        DemoCall(
            external_id=row["external_id"],
            received_at=datetime.fromisoformat(row["received_at"]).astimezone(UTC),
            language=row["language"],
            waiting_s=row["waiting_s"],
            stereo=row["stereo"],
            noise=row["noise"],
            agent_voice=row["voice"]["agent"],
            caller_voice=row["voice"]["caller"],
            turns=tuple(Turn(**turn) for turn in row["turns"]),
            expected=Expected(**row["expected"]),
            matter=row["matter"],
            personal=tuple(Personal(**personal) for personal in row["personal"]),
            lapses=tuple(row["lapses"]),
            resembles=tuple(row["resembles"]),
            path=folder / f"{row['external_id']}.opus",
            segments=segments.get(row["external_id"], ()),
        )
        for row in _rows(FOLDER / "calls.jsonl")
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
