"""Rows of the hotline's tables as calls, and the change number that every visible change of a call is given.

It knows columns only; what may become of a call is known to `calls` and `call_queue`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from knowledge import call_tables as t
from knowledge.call import Call, CallState, Recording, Transcript, TranscriptSource
from knowledge.database import from_column, to_column
from knowledge.errors import NotFound
from knowledge.tables import counters

__all__ = [
    "IDLE",
    "add_version",
    "between",
    "change_row",
    "full_rows",
    "light_rows",
    "lock",
    "locked",
    "next_change",
    "one_call",
    "read_call",
    "utc",
]

IDLE = {"worker": None, "lease_until": None}  # nobody works on it
_COUNTER = counters.c.name == "call_change"

_PLAIN = (
    t.calls.c.call_id, t.calls.c.external_id, t.calls.c.state, t.calls.c.received_at, t.calls.c.recording,
    t.calls.c.progress_s, t.calls.c.reason, t.calls.c.urgent, t.calls.c.version, t.calls.c.reading,
    t.calls.c.matter_id, t.calls.c.waiting_s, t.calls.c.handling_s, t.calls.c.updated_at, t.calls.c.demo,
    t.calls.c.demo_model, t.calls.c.change,
)  # fmt: skip


def light_rows() -> Select[Any]:
    """Calls without their transcripts."""
    return select(*_PLAIN)


def full_rows() -> Select[Any]:
    """Calls with their newest transcripts."""
    v = t.call_transcripts.c
    joined = t.calls.outerjoin(t.call_transcripts, (t.calls.c.call_id == v.call_id) & (t.calls.c.version == v.version))
    return select(*_PLAIN, v.record).select_from(joined)


def read_call(row: Any) -> Call:
    """The call of one row."""
    values = dict(row._mapping)
    record = values.pop("record", None)
    return Call(
        **values
        | {
            "state": CallState(row.state),
            "received_at": from_column(row.received_at),
            "updated_at": from_column(row.updated_at),
            "recording": Recording.model_validate_json(row.recording) if row.recording else None,
            "transcript": Transcript.model_validate_json(record) if record else None,
        }
    )


def one_call(connection: Connection, call_id: int) -> Call:
    """The call with its newest transcript. Raises NotFound."""
    row = connection.execute(full_rows().where(t.calls.c.call_id == call_id)).first()
    if row is None:
        raise NotFound(f"there is no call {call_id}; the list of calls shows those there are")
    return read_call(row)


def between(query: Select[Any], since: datetime | None, until: datetime | None) -> Select[Any]:
    """Only calls that were received from `since` on and before `until`."""
    if since:
        query = query.where(t.calls.c.received_at >= to_column(since))
    return query.where(t.calls.c.received_at < to_column(until)) if until else query


def utc(moment: datetime) -> datetime:
    """A column's time, which is never empty, as an aware one."""
    return moment.replace(tzinfo=UTC)


def lock(connection: Connection) -> int:
    """Whoever else changes calls waits until this transaction has ended (SQLite has seen to that already); gives the
    last change number."""
    return int(connection.execute(select(counters.c.value).where(_COUNTER).with_for_update()).scalar_one())


def next_change(connection: Connection) -> int:
    """A new change number; locks as `lock` does."""
    number = lock(connection) + 1
    connection.execute(update(counters).where(_COUNTER).values(value=number))
    return number


def locked(connection: Connection, call_id: int) -> Any:
    """The row of a call, after everybody else who changes calls has finished. Raises NotFound."""
    lock(connection)
    row = connection.execute(select(t.calls).where(t.calls.c.call_id == call_id)).first()
    if row is None:
        raise NotFound(f"there is no call {call_id}; the list of calls shows those there are")
    return row


def change_row(connection: Connection, call_id: int, values: Mapping[str, Any]) -> None:
    """Writes columns of a call under a new change number."""
    stamped = {**values, "change": next_change(connection), "updated_at": to_column(datetime.now(UTC))}
    connection.execute(update(t.calls).where(t.calls.c.call_id == call_id).values(stamped))


def add_version(
    connection: Connection, call_id: int, before: int, transcript: Transcript, author: str
) -> dict[str, Any]:
    """Writes the transcript as the version after `before`; gives the columns of the call that follow from it."""
    row = {
        "call_id": call_id,
        "version": before + 1,
        "author": author,
        "source": TranscriptSource(transcript.source).value,
        "written_at": to_column(datetime.now(UTC)),
        "record": transcript.model_dump_json(exclude_defaults=True),
    }
    connection.execute(insert(t.call_transcripts).values(row))
    return {"version": before + 1, "text": transcript.text()}
