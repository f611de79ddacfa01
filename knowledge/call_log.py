"""What people did with calls: whom they unmasked and why, what they corrected, and the figures that statistics count.

The log of unmasking is append-only. Corrections are read from the versions, as pairs for hot words and fine-tuning.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, insert, select

from knowledge import call_tables as t
from knowledge.call import Call, CallState, Segment, Transcript, TranscriptSource
from knowledge.call_rows import between, one_call, utc
from knowledge.database import reading, to_column, writing
from knowledge.errors import BadInput

__all__ = ["CallFacts", "CallLog", "Correction", "Reveal"]


@dataclass(frozen=True)
class Correction:
    """What a person changed in one segment; seconds in the recording with this content hash (None: no recording)."""

    call_id: int
    sha256: str | None
    start: float
    end: float
    before: str
    after: str
    author: str
    at: datetime


@dataclass(frozen=True)
class Reveal:
    """Who looked at the unmasked call, why and when (UTC)."""

    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class CallFacts:
    """What statistics need of one call; `by_machine`, `by_person`: whether its transcript has such a version."""

    call_id: int
    state: CallState
    received_at: datetime
    category: str | None
    district: str | None
    urgent: bool
    waiting_s: float | None
    handling_s: float | None
    by_machine: bool
    by_person: bool


@dataclass(frozen=True)
class CallLog:
    """The log in the same database as the calls."""

    engine: Engine

    def reveal(self, call_id: int, *, actor: str, reason: str) -> Call:
        """The call, after writing down who looked and why. Raises NotFound; BadInput without a name or a reason."""
        if not actor.strip() or not reason.strip():
            raise BadInput("personal data are shown only with a name and a reason; give both")
        row = {"call_id": call_id, "actor": actor.strip(), "reason": reason.strip(), "at": to_column(datetime.now(UTC))}
        with writing(self.engine) as connection:
            found = one_call(connection, call_id)
            connection.execute(insert(t.call_reveals).values(row))
        return found

    def reveals(self, call_id: int) -> tuple[Reveal, ...]:
        """Everybody who looked, oldest first."""
        r = t.call_reveals.c
        query = select(r.actor, r.reason, r.at).where(r.call_id == call_id).order_by(r.reveal_id)
        with reading(self.engine) as connection:
            return tuple(Reveal(row.actor, row.reason, utc(row.at)) for row in connection.execute(query))

    def corrections(self) -> Iterator[Correction]:
        """What people changed, segment by segment, by call and version: a version of a person beside the one before it
        where both have the same segments. Labels and times are no corrections."""
        v, p = t.call_transcripts.alias(), t.call_transcripts.alias()
        query = (
            select(v.c.call_id, t.calls.c.sha256, v.c.author, v.c.written_at, p.c.record.label("old"), v.c.record)
            .join(p, (p.c.call_id == v.c.call_id) & (p.c.version == v.c.version - 1))
            .join(t.calls, t.calls.c.call_id == v.c.call_id)
            .where(v.c.source == TranscriptSource.PERSON.value)
            .order_by(v.c.call_id, v.c.version)
        )
        with reading(self.engine) as connection:
            for row in connection.execute(query):
                old, new = (Transcript.model_validate_json(text).segments for text in (row.old, row.record))
                for before, after in _changed(old, new):
                    yield Correction(
                        row.call_id, row.sha256, before.start, before.end, before.text, after.text, row.author,
                        utc(row.written_at),
                    )  # fmt: skip

    def facts(self, since: datetime | None = None, until: datetime | None = None) -> tuple[CallFacts, ...]:
        """What statistics need of the calls that were received from `since` on and before `until`, oldest first."""
        c, v = t.calls.c, t.call_transcripts.c
        columns = (c.call_id, c.state, c.received_at, c.category, c.district, c.urgent, c.waiting_s, c.handling_s)
        query = between(select(*columns), since, until).order_by(c.received_at, c.call_id)
        with reading(self.engine) as connection:
            versions = connection.execute(select(v.call_id, v.source).distinct()).all()
            sources = {(call_id, source) for call_id, source in versions}
            machine, person = TranscriptSource.MACHINE.value, TranscriptSource.PERSON.value
            return tuple(
                CallFacts(
                    call_id=row.call_id,
                    state=CallState(row.state),
                    received_at=utc(row.received_at),
                    category=row.category,
                    district=row.district,
                    urgent=row.urgent,
                    waiting_s=row.waiting_s,
                    handling_s=row.handling_s,
                    by_machine=(row.call_id, machine) in sources,
                    by_person=(row.call_id, person) in sources,
                )
                for row in connection.execute(query)
            )  # fmt: skip


def _changed(old: Sequence[Segment], new: Sequence[Segment]) -> Iterator[tuple[Segment, Segment]]:
    if len(old) == len(new) and all(a.start == b.start for a, b in zip(old, new, strict=True)):
        yield from ((a, b) for a, b in zip(old, new, strict=True) if a.text != b.text)
