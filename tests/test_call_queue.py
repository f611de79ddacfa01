"""The contract of CallQueue, on SQLite and, where one is installed, a PostgreSQL server: leases, states, tries."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from test_calls import added, recording, transcript

from knowledge.call import CallState, TranscriptSource
from knowledge.call_queue import TRIES, CallQueue, LeaseLost
from knowledge.calls import Calls
from knowledge.errors import BadInput, NotFound


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 3, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def calls(engine: Engine) -> Calls:
    return Calls(engine)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(engine: Engine, clock: Clock) -> CallQueue:
    return CallQueue(engine, clock, gone=lambda worker: worker.startswith("dead"))


def state(calls: Calls, call_id: int) -> CallState:
    return calls.get(call_id).state


def taken(queue: CallQueue, worker: str = "w", *states: CallState) -> int:
    call = queue.claim(worker, 60, states=states) if states else queue.claim(worker, 60)
    assert call is not None
    return call.call_id


def test_calls_are_claimed_in_their_order_and_once(queue: CallQueue, calls: Calls) -> None:
    assert queue.claim("w") is None
    ids = [added(calls).call_id for _ in range(3)]
    assert [taken(queue, f"w{i}") for i in range(3)] == ids
    assert queue.claim("w4") is None
    assert {state(calls, i) for i in ids} == {CallState.DECODING}


def test_only_calls_in_the_wanted_states(queue: CallQueue, calls: Calls) -> None:
    added(calls)
    text = added(calls, transcript=transcript("喂")).call_id
    assert taken(queue, "w", CallState.UNDERSTANDING) == text
    assert state(calls, text) is CallState.UNDERSTANDING
    assert queue.claim("x", states=(CallState.UNDERSTANDING,)) is None


def test_claims_at_the_same_moment(queue: CallQueue, calls: Calls) -> None:
    ids = [added(calls).call_id for _ in range(12)]
    start = threading.Barrier(4)

    def take(worker: int) -> list[int]:
        start.wait()
        found = []
        while (call := queue.claim(f"w{worker}")) is not None:
            found.append(call.call_id)
        return found

    with ThreadPoolExecutor(4) as pool:
        found = [call_id for some in pool.map(take, range(4)) for call_id in some]
    assert sorted(found) == ids


def test_a_lease_ends(queue: CallQueue, calls: Calls, clock: Clock) -> None:
    call_id = added(calls).call_id
    taken(queue, "w")
    assert queue.beat(call_id, "w", state=CallState.TRANSCRIBING, progress_s=7)
    clock.wait(59)
    assert queue.claim("x") is None
    assert queue.renew(call_id, "w", 60)
    clock.wait(59)
    assert queue.claim("x") is None
    clock.wait(2)
    again = queue.claim("x")
    assert again is not None
    assert (again.state, again.progress_s) == (CallState.DECODING, 0)
    assert not queue.renew(call_id, "w")
    assert not queue.beat(call_id, "w", state=CallState.TRANSCRIBING, progress_s=8)
    assert calls.get(call_id).progress_s == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda queue, i: queue.keep_transcript(i, "stale", transcript("x")),
        lambda queue, i: queue.keep_reading(i, "stale", "{}", urgent=True),
        lambda queue, i: queue.keep_recording(i, "stale", recording()),
        lambda queue, i: queue.finish(i, "stale"),
        lambda queue, i: queue.fail(i, "stale", "x"),
        lambda queue, i: queue.wait(i, "stale", "x"),
        lambda queue, i: queue.release(i, "stale"),
        lambda queue, i: queue.lost(i, "stale", "x"),
    ],
)
def test_what_a_stale_worker_writes_is_refused(
    queue: CallQueue, calls: Calls, clock: Clock, write: Callable[[CallQueue, int], None]
) -> None:
    call_id = added(calls).call_id
    taken(queue, "stale")
    clock.wait(61)
    taken(queue, "fresh")
    before = calls.get(call_id)
    with pytest.raises(LeaseLost, match="went on without this worker"):
        write(queue, call_id)
    assert calls.get(call_id) == before
    queue.keep_transcript(call_id, "fresh", transcript("积水"))
    assert calls.get(call_id).version == 1


def test_a_dead_worker_is_replaced_at_once(queue: CallQueue, calls: Calls) -> None:
    call_id = added(calls).call_id
    taken(queue, "dead/1")
    assert taken(queue, "alive") == call_id
    assert queue.claim("other") is None


def test_the_way_of_a_call(queue: CallQueue, calls: Calls) -> None:
    call_id = added(calls).call_id
    taken(queue, "w1")
    queue.keep_recording(call_id, "w1", recording("a.wav").model_copy(update={"duration_s": 2.0}))
    queue.keep_transcript(call_id, "w1", transcript("积水", "很深"))
    call = calls.get(call_id)
    assert (call.state, call.progress_s, call.version) == (CallState.UNDERSTANDING, 2, 1)
    assert call.recording is not None
    assert call.recording.duration_s == 2
    with pytest.raises(LeaseLost):
        queue.keep_transcript(call_id, "w1", transcript("again"))
    assert taken(queue, "w2", CallState.UNDERSTANDING) == call_id
    queue.keep_reading(call_id, "w2", '{"a": 1}', urgent=True, category="flood.river", district="yunshui")
    call = calls.get(call_id)
    assert (call.state, call.reading, call.urgent) == (CallState.READY, '{"a": 1}', True)
    assert queue.claim("w3") is None


def test_a_person_comes_first(queue: CallQueue, calls: Calls) -> None:
    call_id = added(calls).call_id
    taken(queue, "w")
    calls.keep_transcript(call_id, transcript("人写的", source=TranscriptSource.ATTACHED), "坐席")
    with pytest.raises(LeaseLost):
        queue.keep_transcript(call_id, "w", transcript("机器听的"))
    assert [v.author for v in calls.transcripts(call_id)] == ["坐席"]
    assert taken(queue, "w2", CallState.UNDERSTANDING) == call_id


def test_a_correction_while_the_call_is_understood(queue: CallQueue, calls: Calls) -> None:
    call_id = added(calls, transcript=transcript("急水")).call_id
    taken(queue, "w")
    calls.keep_transcript(call_id, transcript("积水"), "坐席")
    with pytest.raises(LeaseLost):
        queue.keep_reading(call_id, "w", "{}", urgent=False)
    assert taken(queue, "w2") == call_id


def test_a_released_call_is_as_it_was(queue: CallQueue, calls: Calls) -> None:
    heard, read = added(calls).call_id, added(calls, transcript=transcript("喂")).call_id
    for call_id, before in ((heard, CallState.RECEIVED), (read, CallState.UNDERSTANDING)):
        assert taken(queue, "w") == call_id
        queue.beat(call_id, "w", state=calls.get(call_id).state, progress_s=3)
        queue.release(call_id, "w")
        assert state(calls, call_id) is before
        assert taken(queue, "x") == call_id


def test_tries_are_counted(queue: CallQueue, calls: Calls) -> None:
    call_id = added(calls).call_id
    for attempt in range(1, TRIES + 1):
        taken(queue, f"w{attempt}")
        assert queue.lost(call_id, f"w{attempt}", "it died") == (attempt < TRIES)
    call = calls.get(call_id)
    assert (call.state, call.reason) == (CallState.FAILED, "it died")
    queue.retry(call_id)
    taken(queue, "w")
    assert queue.lost(call_id, "w", "it died"), "a person's retry begins anew"


def test_cancelling(queue: CallQueue, calls: Calls) -> None:
    fresh, held = added(calls).call_id, added(calls).call_id
    queue.cancel(fresh)
    assert taken(queue, "w") == held
    queue.cancel(held)
    queue.cancel(held)
    assert not queue.beat(held, "w", state=CallState.TRANSCRIBING, progress_s=1)
    assert [state(calls, i) for i in (fresh, held)] == [CallState.CANCELLED] * 2
    ready = added(calls, transcript=transcript("喂")).call_id
    taken(queue, "w")
    queue.finish(ready, "w")
    with pytest.raises(BadInput, match="is ready: there is nothing to cancel"):
        queue.cancel(ready)
    with pytest.raises(NotFound):
        queue.cancel(999)


def test_waiting_for_a_model(queue: CallQueue, calls: Calls) -> None:
    ids = [added(calls).call_id, added(calls, demo=True).call_id, added(calls).call_id]
    for _ in ids:
        call = queue.claim("w")
        assert call is not None
        queue.wait(call.call_id, "w", "no model")
    assert queue.claim("w") is None
    assert queue.waiting()
    queue.retry(ids[2], demo_model=True)
    taken(queue, "w")
    queue.wait(ids[2], "w", "no model")
    assert queue.resume_waiting(demo_only=True) == 2
    assert [state(calls, i) for i in ids] == [CallState.WAITING, CallState.RECEIVED, CallState.RECEIVED]
    assert calls.get(ids[1]).reason == ""
    assert queue.resume_waiting(demo_only=False) == 1
    assert not queue.waiting()
    assert queue.resume_waiting(demo_only=False) == 0


def test_retrying(queue: CallQueue, calls: Calls) -> None:
    call_id = added(calls).call_id
    with pytest.raises(BadInput, match="is being worked on"):
        queue.retry(call_id)
    taken(queue, "w")
    queue.fail(call_id, "w", "bad sound")
    queue.retry(call_id)
    assert (state(calls, call_id), calls.get(call_id).reason) == (CallState.RECEIVED, "")
    taken(queue, "w")
    queue.keep_transcript(call_id, "w", transcript("积水"))
    taken(queue, "w")
    queue.finish(call_id, "w")
    queue.retry(call_id)
    assert state(calls, call_id) is CallState.RECEIVED, "a machine's text may be heard again"
    calls.keep_transcript(call_id, transcript("人写的", source=TranscriptSource.PERSON), "坐席")
    taken(queue, "w")
    queue.finish(call_id, "w")
    with pytest.raises(BadInput, match="a text by a person"):
        queue.retry(call_id)
    text = added(calls, recording=None, transcript=transcript("喂"), sha256="ab" * 32).call_id
    queue.cancel(text)
    queue.retry(text)
    assert state(calls, text) is CallState.UNDERSTANDING


def test_every_state_is_allowed_and_no_other(queue: CallQueue, calls: Calls) -> None:
    from sqlalchemy import update
    from sqlalchemy.exc import IntegrityError

    from knowledge import call_tables as t
    from knowledge.database import writing

    call_id = added(calls).call_id

    def put(value: str) -> None:
        with writing(calls.engine) as connection:
            connection.execute(update(t.calls).where(t.calls.c.call_id == call_id).values(state=value))

    for one in CallState:
        put(one.value)
        assert state(calls, call_id) is one
    with pytest.raises(IntegrityError):
        put("lost")
