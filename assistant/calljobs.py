"""The supervisor of the calls: claims them, has them heard by worker processes and read in a thread, keeps the results.

One thread per process; several processes may work on one database. A worker process that dies costs its call one of
three tries and nobody else anything. What was under way when the whole program died is claimed again by the next one.
Which model a call may have is told by `plan`, what a call means by `understand`.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

from sqlalchemy.exc import SQLAlchemyError

from assistant.callplan import Model, Plan, Planner
from assistant.callworker import Job, Outcome, transcribe
from knowledge.call import Call, CallState
from knowledge.call_queue import LEASE_S, CallQueue, LeaseLost
from knowledge.errors import BadInput, PrecedentError
from knowledge.lease import holder
from knowledge.recordings import Recordings

__all__ = ["CallJobs", "Understand", "Understood"]

logger = logging.getLogger(__name__)

_HEARD = (CallState.RECEIVED, CallState.DECODING, CallState.TRANSCRIBING)
_DIED = (
    "the program that transcribes ended three times on this recording (memory, or a damaged file); convert the "
    "recording to WAV and send it again, or attach a transcript"
)


@dataclass(frozen=True)
class Understood:
    """What was understood of a call: JSON for `Call.reading`, and what the list of calls sorts and counts by."""

    reading: str
    urgent: bool = False
    category: str | None = None
    district: str | None = None


Understand = Callable[[Call], Understood]


@dataclass
class _Work:
    """One call in somebody's hands; `reason` says why it waits afterwards, where there is no model."""

    call_id: int
    worker: str
    future: "Future[Outcome] | Future[Understood]"
    reason: str = ""


class CallJobs:
    """Starts with `start`, ends with `close`; `poke` says that there may be something to do."""

    def __init__(
        self,
        queue: CallQueue,
        recordings: Recordings,
        plan: Planner,
        understand: Understand | None,
        *,
        executor: Callable[[], Executor],
        workers: int = 1,
        look_s: float = 10.0,
        poll_s: float = 1.0,
        lease_s: float = LEASE_S,
    ) -> None:
        self._queue, self._recordings, self._plan, self._understand = queue, recordings, plan, understand
        self._make_executor, self._look_s, self._poll_s, self._lease_s = executor, look_s, poll_s, lease_s
        self._executors: list[Executor | None] = [None] * workers
        self._hearing: list[_Work | None] = [None] * workers
        self._reading: _Work | None = None
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="understanding")
        self._tokens = count(1)
        self._looked = self._renewed = time.monotonic()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to work, in a thread of its own; a second time changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="calls", daemon=True)
            self._thread.start()

    def model(self) -> Model | str:
        """The speech model at hand, or the sentence that says what to do to get one."""
        return self._plan.model()

    def poke(self) -> None:
        """Looks at once instead of within a second."""
        self._wake.set()

    def close(self) -> None:
        """Ends the work: what is under way goes back into the queue, the worker processes end."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        for work in filter(None, [*self._hearing, self._reading]):
            try:
                self._queue.release(work.call_id, work.worker)
            except PrecedentError as error:
                logger.info("call %d: %s", work.call_id, error)
        for executor in filter(None, self._executors):
            executor.shutdown(wait=True, cancel_futures=True)
        self._readers.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._step()
            except (PrecedentError, SQLAlchemyError) as error:  # a full disk, a busy database: it may pass
                logger.error("the work on calls is held up: %s", error)
            self._wake.wait(self._poll_s)
            self._wake.clear()

    def _step(self) -> None:
        for slot, work in enumerate(self._hearing):
            if work is not None and work.future.done():
                self._keep_heard(slot, work)
        if self._reading is not None and self._reading.future.done():
            self._keep_read(self._reading)
        self._renew()
        self._look_for_a_model()
        while self._reading is None and not self._closing.is_set() and self._read_next():
            pass
        for slot in range(len(self._hearing)):
            while self._hearing[slot] is None and not self._closing.is_set() and self._hear_next(slot):
                pass

    def _claim(self, states: tuple[CallState, ...]) -> tuple[Call, str] | None:
        worker = holder(str(next(self._tokens)))
        call = self._queue.claim(worker, self._lease_s, states=states)
        return None if call is None else (call, worker)

    # hearing

    def _hear_next(self, slot: int) -> bool:
        """Takes the next call that waits to be heard; False where there is none."""
        claimed = self._claim(_HEARD)
        if claimed is None:
            return False
        call, worker = claimed
        try:
            self._begin(slot, call, worker, self._plan(call))
        except LeaseLost as error:
            logger.info("%s", error)
        except BadInput as error:
            reason = str(error)
            self._end(call.call_id, lambda: self._queue.fail(call.call_id, worker, reason))
        return True

    def _begin(self, slot: int, call: Call, worker: str, plan: Plan) -> None:
        if plan.transcript is not None:
            self._queue.keep_transcript(call.call_id, worker, plan.transcript)
            self.poke()  # to have it read
            return
        if plan.opening is None and (call.recording is None or call.recording.duration_s is not None):
            self._queue.wait(call.call_id, worker, plan.reason)
            return
        assert call.recording is not None
        job = Job(
            call_id=call.call_id,
            worker=worker,
            path=self._recordings.path(call.recording.sha256),
            recording=call.recording,
            database=self._queue.engine.url.render_as_string(hide_password=False),
            opening=plan.opening,
            hear=self._plan.hear,
            probe=self._plan.probe,
            prompt=self._plan.prompt(),
        )
        executor = self._executors[slot]
        if executor is None:
            executor = self._executors[slot] = self._make_executor()
        try:
            future = executor.submit(transcribe, job)
        except BrokenExecutor:  # it died while it had nothing to do: that is nobody's fault
            self._renew_executor(slot)
            self._queue.release(call.call_id, worker)
            return
        future.add_done_callback(lambda _: self._wake.set())
        self._hearing[slot] = _Work(call.call_id, worker, future, plan.reason)

    def _renew_executor(self, slot: int) -> None:
        executor, self._executors[slot] = self._executors[slot], None
        if executor is not None:
            executor.shutdown(wait=True)  # its process is dead: there is nothing to wait for but its threads

    def _keep_heard(self, slot: int, work: _Work) -> None:
        self._end(work.call_id, lambda: self._keep_outcome(slot, work))
        self._hearing[slot] = None

    def _keep_outcome(self, slot: int, work: _Work) -> None:
        error = work.future.exception()
        if isinstance(error, BrokenExecutor):
            self._renew_executor(slot)
            again = self._queue.lost(work.call_id, work.worker, _DIED)
            logger.warning("call %d: its worker process died; %s", work.call_id, "once more" if again else "given up")
            return
        if error is not None:
            logger.error("call %d could not be transcribed", work.call_id, exc_info=error)
            self._queue.fail(work.call_id, work.worker, _unforeseen("transcribed", error))
            return
        outcome = work.future.result()
        assert isinstance(outcome, Outcome)
        if outcome.stopped:
            self._queue.release(work.call_id, work.worker)
        elif outcome.unheard:
            self._queue.wait(work.call_id, work.worker, work.reason)
        elif outcome.transcript is None:
            self._queue.fail(work.call_id, work.worker, outcome.reason)
        else:
            self._queue.keep_transcript(work.call_id, work.worker, outcome.transcript)

    # understanding

    def _read_next(self) -> bool:
        """Takes the next call that waits to be understood; False where there is none."""
        claimed = self._claim((CallState.UNDERSTANDING,))
        if claimed is None:
            return False
        call, worker = claimed
        if self._understand is None or call.transcript is None:
            self._end(call.call_id, lambda: self._queue.finish(call.call_id, worker))
            return True
        future = self._readers.submit(self._understand, call)
        future.add_done_callback(lambda _: self._wake.set())
        self._reading = _Work(call.call_id, worker, future)
        return True

    def _keep_read(self, work: _Work) -> None:
        def keep() -> None:
            error = work.future.exception()
            if error is not None:
                logger.error("call %d could not be understood", work.call_id, exc_info=error)
                self._queue.finish(work.call_id, work.worker, _unforeseen("understood", error))
                return
            found = work.future.result()
            assert isinstance(found, Understood)
            self._queue.keep_reading(
                work.call_id, work.worker, found.reading, urgent=found.urgent, category=found.category,
                district=found.district,
            )  # fmt: skip

        self._end(work.call_id, keep)
        self._reading = None

    # around them

    def _end(self, call_id: int, keep: Callable[[], object]) -> None:
        """Keeps a result, unless the call is no longer ours."""
        try:
            keep()
        except LeaseLost:
            logger.info("call %d went on without this worker: its result is not kept", call_id)

    def _renew(self) -> None:
        if time.monotonic() - self._renewed < self._lease_s / 4:
            return
        for work in filter(None, [*self._hearing, self._reading]):
            self._queue.renew(work.call_id, work.worker, self._lease_s)
        self._renewed = time.monotonic()

    def _look_for_a_model(self) -> None:
        """Calls that wait for a model go on when there is one."""
        if time.monotonic() - self._looked < self._look_s:
            return
        self._looked = time.monotonic()
        model = self._plan.model() if self._queue.waiting() else None
        if model is not None and not isinstance(model, str):
            self._queue.resume_waiting(demo_only=model.demo)


def _unforeseen(what: str, error: BaseException) -> str:
    said = str(error).strip().partition("\n")[0][:200]
    return f"the call could not be {what} ({type(error).__name__}: {said}); try again, and tell the administrator"
