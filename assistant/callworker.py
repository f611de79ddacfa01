"""What a worker process does: opens the model once, hears recordings, says how far it is, and stops when told to.

The result goes back to the supervisor (`calljobs`), which alone keeps it. It does not know which model a call may have,
nor what a transcript means.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import connection, get_context, parent_process
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Protocol

from knowledge.call import CallState, Recording, Transcript
from knowledge.call_queue import CallQueue, LeaseLost
from knowledge.database import open_database
from knowledge.errors import Fault, PrecedentError
from knowledge.hearing import Stopped
from knowledge.transcriber import Transcriber

__all__ = ["Hear", "Job", "OneProcess", "Opening", "Outcome", "transcribe"]

_BEAT_S = 0.5  # progress is not written more often


class Hear(Protocol):
    """A recording as a transcript, as `knowledge.hearing.hear` does it; a module's function, for it is sent along."""

    def __call__(
        self,
        path: Path,
        transcriber: Transcriber,
        *,
        prompt: str = "",
        progress: Callable[[float], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Transcript: ...


@dataclass(frozen=True)
class Opening:
    """How a worker opens its transcriber: a module's function and what it is called with, all of it hashable."""

    open: Callable[..., Transcriber]
    arguments: tuple[Any, ...] = ()

    def __call__(self) -> Transcriber:
        """Opens it; heavy. Raises Fault for a model that cannot be loaded."""
        return self.open(*self.arguments)


@dataclass(frozen=True)
class Job:
    """One call to hear. `worker` is the token under which it was claimed; `probe` tells what the sound is, before it is
    decoded. Without an `opening` there is no model: what is no recording is told at once, the rest waits."""

    call_id: int
    worker: str
    path: Path
    recording: Recording
    database: str
    opening: Opening | None
    hear: Hear
    probe: Callable[[Path], Any]
    prompt: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a job ended: with a transcript, with the reason why there is none, stopped because the call is no longer this
    worker's, or in order, though no model was there to hear it."""

    transcript: Transcript | None = None
    reason: str = ""
    stopped: bool = False
    unheard: bool = False


def transcribe(job: Job) -> Outcome:
    """Hears one recording; what is wrong with it, or with the model, comes back as a reason."""
    queue = _queue(job.database)
    pulse = _Pulse(queue, job)
    try:
        found = job.probe(job.path)
        facts = {name: getattr(found, name) for name in ("duration_s", "channels", "sample_rate", "codec")}
        pulse.found(job.recording.model_copy(update=facts))
        if job.opening is None:
            return Outcome(stopped=pulse.lost, unheard=True)
        transcriber = _opened(job.opening)
        transcript = job.hear(
            job.path, transcriber, prompt=job.prompt, progress=pulse.progress, stop=pulse.asked_to_stop
        )
    except Stopped:
        return Outcome(stopped=True)
    except PrecedentError as error:
        return Outcome(stopped=True) if pulse.lost else Outcome(reason=str(error))
    return Outcome(stopped=True) if pulse.lost else Outcome(transcript)


class _Pulse:
    """Tells the database how far the work is, and learns there whether it is still wanted."""

    def __init__(self, queue: CallQueue, job: Job) -> None:
        self._queue, self._job = queue, job
        self._done, self._last = 0.0, 0.0
        self.lost = False

    def found(self, recording: Recording) -> None:
        """What the sound is, before it is heard."""
        try:
            self._queue.keep_recording(self._job.call_id, self._job.worker, recording)
        except LeaseLost:
            self.lost = True
        except Fault:  # a busy database is no fault of the recording; the length is shown later
            return

    def progress(self, seconds: float) -> None:
        """So many seconds of audio are done."""
        self._done = seconds
        self._beat()

    def asked_to_stop(self) -> bool:
        """Whether the call was cancelled or taken over."""
        self._beat()
        return self.lost

    def _beat(self) -> None:
        if self.lost or time.monotonic() - self._last < _BEAT_S:
            return
        self._last = time.monotonic()
        try:
            state = CallState.TRANSCRIBING
            self.lost = not self._queue.beat(self._job.call_id, self._job.worker, state=state, progress_s=self._done)
        except Fault:  # a busy database: the supervisor holds the lease, and the next beat tells it again
            return


@lru_cache(maxsize=2)
def _queue(database: str) -> CallQueue:
    return CallQueue(open_database(database))


@lru_cache(maxsize=1)
def _opened(opening: Opening) -> Transcriber:
    return opening()


class OneProcess(ProcessPoolExecutor):
    """A pool of one spawned process, so that a recording on which it dies is known. The process ends with the program
    that started it, however that ends, and at once when the pool is shut down."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._ending = context.Event()
        super().__init__(1, mp_context=context, initializer=_begin, initargs=(self._ending,))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the process, in the middle of a recording too."""
        self._ending.set()
        super().shutdown(wait, cancel_futures=cancel_futures)


def _begin(ending: Event) -> None:
    """In the new process: the page comes first, an interrupt of the keyboard is the parent's to handle."""
    os.nice(5)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(ending,), name="parent", daemon=True).start()


def _watch(ending: Event) -> None:
    parent = parent_process()
    assert parent is not None
    while not ending.is_set():
        if connection.wait([parent.sentinel], timeout=0.5):
            break
    os._exit(0)  # nothing is kept here: what was under way is done again
