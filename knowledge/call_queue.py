"""Who works on which call, and how far it is: claims with a lease, progress, and the ways into every state of rest.

A worker is named by a token of its own for each claim (`knowledge.lease.holder`). Whatever a worker writes counts only
while it still holds the call: after its lease was taken over, or a person stepped in, it is told so by `LeaseLost`.
Every change is one transaction. What a transcript says is not known here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from knowledge import call_tables as t
from knowledge.call import Call, CallState, Recording, Transcript, TranscriptSource
from knowledge.call_rows import IDLE, add_version, change_row, lock, locked, one_call
from knowledge.database import reading, to_column, writing
from knowledge.errors import BadInput, PrecedentError
from knowledge.lease import is_gone

__all__ = ["LEASE_S", "TRIES", "UNDER_WAY", "CallQueue", "LeaseLost"]

LEASE_S = 60.0
TRIES = 3  # how often a recording may end the process that works on it before it has failed
UNDER_WAY = (CallState.RECEIVED, CallState.DECODING, CallState.TRANSCRIBING, CallState.UNDERSTANDING)


class LeaseLost(PrecedentError):
    """The call is no longer this worker's: it was cancelled, taken over, or given a transcript by a person."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CallQueue:
    """The queue in the same database as the calls. `gone` tells whether a worker's process has ended."""

    engine: Engine
    clock: Callable[[], datetime] = _now
    gone: Callable[[str], bool] = is_gone

    def claim(self, worker: str, lease_s: float = LEASE_S, *, states: Sequence[CallState] = UNDER_WAY) -> Call | None:
        """The oldest call in one of `states` that nobody holds, with what its last worker left undone; None where there
        is none. One that is not yet understood begins with decoding again."""
        names = [state.value for state in states]
        with reading(self.engine) as connection:  # most looks find nothing, and hinder nobody who writes
            if self._free(connection, names) is None:
                return None
        with writing(self.engine) as connection:
            lock(connection)  # first: two that look at the same moment would find the same call
            call_id = self._free(connection, names)
            if call_id is None:
                return None
            row = locked(connection, call_id)
            values: dict[str, Any] = {"worker": worker, "lease_until": self._until(lease_s)}
            if row.state != CallState.UNDERSTANDING.value:
                values |= {"state": CallState.DECODING.value, "progress_s": 0.0}
            connection.execute(update(t.calls).where(t.calls.c.call_id == call_id).values(values))
            return one_call(connection, call_id)

    def _free(self, connection: Connection, states: Sequence[str]) -> int | None:
        c = t.calls.c
        held = select(c.call_id, c.worker, c.lease_until).where(c.state.in_(states), c.worker.is_not(None))
        now = to_column(self.clock())
        assert now is not None
        left = [row.call_id for row in connection.execute(held) if row.lease_until < now or self.gone(row.worker)]
        due = select(c.call_id).where(c.state.in_(states), c.worker.is_(None)).order_by(c.call_id).limit(1)
        fresh = connection.execute(due).scalar()
        return min([*left, *([] if fresh is None else [fresh])], default=None)

    def _until(self, lease_s: float) -> datetime | None:
        return to_column(self.clock() + timedelta(seconds=lease_s))

    def beat(self, call_id: int, worker: str, *, state: CallState, progress_s: float, lease_s: float = LEASE_S) -> bool:
        """Says how many seconds of audio are done and holds the call for longer; False where it is lost."""
        values = {"state": state.value, "progress_s": progress_s, "lease_until": self._until(lease_s)}
        return self._update(call_id, worker, values)

    def renew(self, call_id: int, worker: str, lease_s: float = LEASE_S) -> bool:
        """Holds the call for longer; False where it is lost."""
        return self._update(call_id, worker, {"lease_until": self._until(lease_s)})

    def _update(self, call_id: int, worker: str, values: dict[str, Any]) -> bool:
        mine = update(t.calls).where(t.calls.c.call_id == call_id, t.calls.c.worker == worker)
        with writing(self.engine) as connection:
            return bool(connection.execute(mine.values(values)).rowcount)

    def keep_recording(self, call_id: int, worker: str, recording: Recording) -> None:
        """Writes what decoding found out about the sound."""
        self._held(call_id, worker, lambda connection, row: {"recording": recording.model_dump_json()})

    def keep_transcript(self, call_id: int, worker: str, transcript: Transcript) -> None:
        """Writes what was heard and gives the call back; it is understood next, by whoever claims it."""

        def kept(connection: Connection, row: Any) -> dict[str, Any]:
            author = transcript.model or transcript.source.value
            columns = add_version(connection, call_id, row.version, transcript, author)
            done = {"state": CallState.UNDERSTANDING.value, "progress_s": transcript.duration_s, "reason": "", **IDLE}
            return {**columns, **done}

        self._held(call_id, worker, kept)

    def keep_reading(
        self, call_id: int, worker: str, understood: str, *, urgent: bool, category: str | None = None,
        district: str | None = None,
    ) -> None:  # fmt: skip
        """Writes what was understood, as JSON that is not looked into; the call is ready."""
        values = {"reading": understood, "urgent": urgent, "category": category, "district": district}
        self._held(call_id, worker, lambda connection, row: {**values, **_rest(CallState.READY, "")})

    def finish(self, call_id: int, worker: str, reason: str = "") -> None:
        """The call is ready without having been understood; `reason` says why, where that was wanted."""
        self._held(call_id, worker, lambda connection, row: _rest(CallState.READY, reason))

    def fail(self, call_id: int, worker: str, reason: str) -> None:
        """The call has failed, for a reason that says what to do."""
        self._held(call_id, worker, lambda connection, row: _rest(CallState.FAILED, reason))

    def wait(self, call_id: int, worker: str, reason: str) -> None:
        """The call waits for a model or a transcript."""
        self._held(call_id, worker, lambda connection, row: _rest(CallState.WAITING, reason))

    def release(self, call_id: int, worker: str) -> None:
        """Gives the call back as it was taken, for anybody to go on."""
        self._held(call_id, worker, lambda connection, row: _again(row))

    def lost(self, call_id: int, worker: str, reason: str) -> bool:
        """The process that worked on the call ended: the call is tried again; False where that was its last try, and it
        has failed for `reason`."""
        last: list[bool] = []

        def tried(connection: Connection, row: Any) -> dict[str, Any]:
            attempts = row.attempts + 1
            last.append(attempts >= TRIES)
            return {**(_rest(CallState.FAILED, reason) if last[0] else _again(row)), "attempts": attempts}

        self._held(call_id, worker, tried)
        return not last[0]

    def _held(self, call_id: int, worker: str, change: Callable[[Connection, Any], dict[str, Any]]) -> None:
        """One change of a call that the worker must still hold."""
        with writing(self.engine) as connection:
            row = locked(connection, call_id)
            if row.worker != worker:
                raise LeaseLost(f"call {call_id} went on without this worker; what it found is not kept")
            change_row(connection, call_id, change(connection, row))

    def cancel(self, call_id: int) -> None:
        """Ends the work on a call; once more changes nothing. Raises BadInput for one that is ready or has failed."""
        with writing(self.engine) as connection:
            row = locked(connection, call_id)
            if row.state == CallState.CANCELLED.value:
                return
            if row.state in (CallState.READY.value, CallState.FAILED.value):
                raise BadInput(f"call {call_id} is {row.state}: there is nothing to cancel")
            change_row(connection, call_id, _rest(CallState.CANCELLED, ""))

    def retry(self, call_id: int, *, demo_model: bool = False) -> None:
        """Begins again with a call that rests. `demo_model`: the demonstration model may be tried on it, as a person
        said. Raises BadInput where work is under way, or where a person's text would be hidden by what a machine
        hears."""
        with writing(self.engine) as connection:
            row = locked(connection, call_id)
            state = CallState(row.state)
            if not state.resting:
                raise BadInput(f"call {call_id} is being worked on ({state.value}); wait, or cancel it first")
            mended = _source(connection, row) in (TranscriptSource.PERSON, TranscriptSource.ATTACHED)
            if mended and state is CallState.READY:
                raise BadInput(f"call {call_id} has a text by a person, which is not heard again; correct it in place")
            change_row(connection, call_id, {**_begin(row, mended=mended), "demo_model": row.demo_model or demo_model})

    def waiting(self) -> bool:
        """Whether any call waits for a model or a transcript."""
        query = select(t.calls.c.call_id).where(t.calls.c.state == CallState.WAITING.value).limit(1)
        with reading(self.engine) as connection:
            return connection.execute(query).first() is not None

    def resume_waiting(self, *, demo_only: bool) -> int:
        """Calls that waited for a model begin again; gives how many. `demo_only`: only those that the demonstration
        model may hear."""
        c = t.calls.c
        query = select(t.calls).where(c.state == CallState.WAITING.value).order_by(c.call_id)
        if demo_only:
            query = query.where(c.demo | c.demo_model)
        with writing(self.engine) as connection:
            lock(connection)
            rows = connection.execute(query).all()
            for row in rows:
                change_row(connection, row.call_id, _begin(row, mended=False))
        return len(rows)


def _rest(state: CallState, reason: str) -> dict[str, Any]:
    return {"state": state.value, "reason": reason, **IDLE}


def _again(row: Any) -> dict[str, Any]:
    """As it stood before it was claimed."""
    if row.state == CallState.UNDERSTANDING.value:
        return dict(IDLE)
    return {"state": CallState.RECEIVED.value, "progress_s": 0.0, **IDLE}


def _begin(row: Any, *, mended: bool) -> dict[str, Any]:
    """From the beginning: what has a recording is heard, what has only a text, or one by a person, is read."""
    heard = row.recording is not None and not mended
    state = CallState.RECEIVED if heard else CallState.UNDERSTANDING
    return {"state": state.value, "reason": "", "attempts": 0, "progress_s": 0.0, **IDLE}


def _source(connection: Connection, row: Any) -> TranscriptSource | None:
    v = t.call_transcripts.c
    query = select(v.source).where(v.call_id == row.call_id, v.version == row.version)
    found = connection.execute(query).scalar()
    return TranscriptSource(found) if found else None
