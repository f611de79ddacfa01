"""The calls as they are kept: added once by content, read, found, corrected as new versions, joined into matters.

Every visible change is one transaction and gives the call a new change number, larger than all before it. Who works on
a call is known to `call_queue`; what people did with calls, to `call_log`; where the sound lies, to `recordings`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from knowledge import call_tables as t
from knowledge.call import Call, CallState, Recording, Transcript
from knowledge.call_rows import (
    IDLE,
    add_version,
    between,
    change_row,
    full_rows,
    light_rows,
    lock,
    locked,
    next_change,
    one_call,
    read_call,
    utc,
)
from knowledge.database import reading, to_column, writing
from knowledge.errors import BadInput
from knowledge.tables import counters

__all__ = ["Calls", "TranscriptVersion"]


@dataclass(frozen=True)
class TranscriptVersion:
    """One version of a transcript: its number from 1, who wrote it and when (UTC)."""

    version: int
    author: str
    written_at: datetime
    transcript: Transcript


@dataclass(frozen=True)
class Calls:
    """Calls in SQLite or PostgreSQL, through SQLAlchemy."""

    engine: Engine

    def add(
        self,
        recording: Recording | None,
        *,
        received_at: datetime,
        external_id: str | None = None,
        waiting_s: float | None = None,
        handling_s: float | None = None,
        transcript: Transcript | None = None,
        demo: bool = False,
        sha256: str | None = None,
        name: str = "",
        author: str = "",
    ) -> tuple[Call, bool]:
        """The call of this content, and whether it is new. `sha256` and `name` stand for a recording where a transcript
        comes without one. Raises BadInput where the external id belongs to another content, or where there is neither
        recording nor transcript."""
        if recording is None and transcript is None:
            raise BadInput("a call needs a recording or a transcript; add one of the two")
        sha256 = recording.sha256 if recording else sha256
        values = {
            "external_id": external_id,
            "sha256": sha256,
            "received_at": to_column(received_at),
            "waiting_s": waiting_s,
            "handling_s": handling_s,
            "recording": recording.model_dump_json() if recording else None,
            "name": recording.name if recording else name,
            "demo": demo,
        }
        with writing(self.engine) as connection:
            lock(connection)  # first: whoever adds the same at this moment waits here
            known = _known(connection, external_id, sha256)
            if known is not None:
                return one_call(connection, known), False
            row = {**_NEW, **values, "change": next_change(connection), "updated_at": to_column(datetime.now(UTC))}
            key = connection.execute(insert(t.calls).values(row)).inserted_primary_key
            assert key is not None
            if transcript is not None:
                columns = add_version(connection, int(key[0]), 0, transcript, author or transcript.source.value)
                columns["state"] = CallState.UNDERSTANDING.value
                connection.execute(update(t.calls).where(t.calls.c.call_id == int(key[0])).values(columns))
            return one_call(connection, int(key[0])), True

    def get(self, call_id: int) -> Call:
        """The call with its newest transcript. Raises NotFound."""
        with reading(self.engine) as connection:
            return one_call(connection, call_id)

    def find(self, *, sha256: str | None = None, external_id: str | None = None) -> Call | None:
        """The call with this content, or with this external id."""
        c = t.calls.c
        wanted = c.sha256 == sha256 if sha256 is not None else c.external_id == external_id
        with reading(self.engine) as connection:
            row = connection.execute(full_rows().where(wanted)).first()
        return read_call(row) if row else None

    def list(
        self,
        *,
        states: Sequence[CallState] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[Call, ...]:
        """Calls without their transcripts, urgent ones on top, then the newest first. `text` stands somewhere in the
        newest transcript, the name or the external id, whatever the case of its letters."""
        c = t.calls.c
        query = between(light_rows(), since, until)
        if states is not None:
            query = query.where(c.state.in_([state.value for state in states]))
        if text:
            low = text.lower()
            places = (c.text, c.name, c.external_id)
            query = query.where(or_(*[func.lower(place).contains(low, autoescape=True) for place in places]))
        query = query.order_by(c.urgent.desc(), c.received_at.desc(), c.call_id.desc()).limit(limit).offset(offset)
        with reading(self.engine) as connection:
            return tuple(read_call(row) for row in connection.execute(query))

    def counts(self) -> dict[CallState, int]:
        """How many calls are in each state; every state is named."""
        query = select(t.calls.c.state, func.count()).group_by(t.calls.c.state)
        with reading(self.engine) as connection:
            found = {state: int(count) for state, count in connection.execute(query)}
        return {state: found.get(state.value, 0) for state in CallState}

    def keep_transcript(self, call_id: int, transcript: Transcript, author: str) -> int:
        """Writes a person's version, whatever the state: work under way is taken from its worker, and the call is
        understood anew. Gives the number of the version. Raises NotFound."""
        return self.revise(call_id, author, lambda _: transcript)

    def revise(
        self, call_id: int, author: str, edit: Callable[[Transcript | None], Transcript], *, version: int | None = None
    ) -> int:
        """As `keep_transcript`, with what `edit` makes of the newest version: nobody writes in between. Where it gives
        back what it was given, nothing is written. Raises BadInput where the newest version is not `version` (if one
        is named): the editor has seen another text."""
        with writing(self.engine) as connection:
            row = locked(connection, call_id)
            if version is not None and version != row.version:
                raise BadInput(
                    f"the transcript of call {call_id} was changed meanwhile (version {row.version}, not {version}); "
                    "open it again, then correct it"
                )
            before = one_call(connection, call_id).transcript
            after = edit(before)
            if after == before:
                return int(row.version)
            columns = add_version(connection, call_id, row.version, after, author)
            fresh = {"state": CallState.UNDERSTANDING.value, "reason": "", "attempts": 0, **IDLE}
            change_row(connection, call_id, {**columns, **fresh})
            return int(row.version) + 1

    def transcripts(self, call_id: int) -> tuple[TranscriptVersion, ...]:
        """Every version, oldest first; empty where there is none. Raises NotFound."""
        v = t.call_transcripts.c
        query = select(v.version, v.author, v.written_at, v.record).where(v.call_id == call_id).order_by(v.version)
        with reading(self.engine) as connection:
            one_call(connection, call_id)
            return tuple(_version(row) for row in connection.execute(query))

    def join(self, call_ids: Sequence[int]) -> int:
        """Makes the calls, and those joined to them before, one matter; gives its id, the lowest of all. Raises
        NotFound, and BadInput for fewer than two calls."""
        wanted = sorted(set(call_ids))
        if len(wanted) < 2:
            raise BadInput("one matter joins at least two calls; name another one")
        c = t.calls.c
        with writing(self.engine) as connection:
            rows = [locked(connection, call_id) for call_id in wanted]
            known = [row.matter_id for row in rows if row.matter_id is not None]
            matter_id: int = min([*known, *wanted])
            both = select(c.call_id, c.matter_id).where(c.call_id.in_(wanted) | c.matter_id.in_(known))
            for row in connection.execute(both.order_by(c.call_id)).all():
                if row.matter_id != matter_id:
                    change_row(connection, row.call_id, {"matter_id": matter_id})
        return matter_id

    def part(self, call_id: int) -> None:
        """Takes a call out of its matter; one that is left alone is no matter any more, and the others go by the lowest
        of their ids. Nothing changes for a call that was joined to none. Raises NotFound."""
        c = t.calls.c
        with writing(self.engine) as connection:
            matter_id = locked(connection, call_id).matter_id
            if matter_id is None:
                return
            others = select(c.call_id).where(c.matter_id == matter_id, c.call_id != call_id).order_by(c.call_id)
            left = list(connection.execute(others).scalars())
            new = left[0] if len(left) > 1 else None
            change_row(connection, call_id, {"matter_id": None})
            for other in left if new != matter_id else ():
                change_row(connection, other, {"matter_id": new})

    def last_change(self) -> int:
        """The highest change number given out; 0 where there is no call."""
        query = select(counters.c.value).where(counters.c.name == "call_change")
        with reading(self.engine) as connection:
            return int(connection.execute(query).scalar_one())

    def changed_since(self, change: int, limit: int = 1000) -> tuple[Call, ...]:
        """Calls with their transcripts whose last change is above `change`, by change number, at most `limit`."""
        query = full_rows().where(t.calls.c.change > change).order_by(t.calls.c.change).limit(limit)
        with reading(self.engine) as connection:
            return tuple(read_call(row) for row in connection.execute(query))


_NEW = {
    "state": CallState.RECEIVED.value, "progress_s": 0.0, "reason": "", "urgent": False, "version": 0, "text": "",
    "reading": "", "demo_model": False, "attempts": 0,
}  # fmt: skip


def _known(connection: Connection, external_id: str | None, sha256: str | None) -> int | None:
    """The call that is meant. Raises BadInput where the external id belongs to another content."""
    c = t.calls.c
    same = connection.execute(select(c.call_id).where(c.sha256 == sha256)).scalar() if sha256 else None
    if same is None and external_id is not None:
        named = connection.execute(select(c.call_id, c.sha256).where(c.external_id == external_id)).first()
        if named is not None and sha256 is not None and named.sha256 is not None:
            raise BadInput(
                f"the external id {external_id!r} belongs to call {named.call_id}, which has another content; give "
                "this one an id of its own"
            )
        same = named.call_id if named else None
    return None if same is None else int(same)


def _version(row: Any) -> TranscriptVersion:
    return TranscriptVersion(row.version, row.author, utc(row.written_at), Transcript.model_validate_json(row.record))
