"""Work that follows choices and never makes anybody wait: one thread at most, begun when enough has come in.

What the work is, and what came in, is not known here.
"""

import logging
from collections.abc import Callable
from threading import Lock, Thread

from knowledge.errors import PrecedentError

__all__ = ["Background"]

logger = logging.getLogger(__name__)


class Background:
    """Does `work` once every `every` ticks, in a thread of its own that ends with it and with the process. Ticks that
    come in while it works are counted, and enough of them make it work once more."""

    def __init__(self, work: Callable[[], object], *, every: int = 1) -> None:
        self._work = work
        self._every = every
        self._lock = Lock()
        self._waiting = 0
        self._thread: Thread | None = None

    def tick(self) -> None:
        """Says that something came in; returns at once."""
        with self._lock:
            self._waiting += 1
            if self._waiting >= self._every and self._thread is None:
                self._thread = Thread(target=self._run, name="learning", daemon=True)
                self._thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Waits until nothing is being done; whether that came about in time. For an orderly end."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _run(self) -> None:
        try:
            while self._take():
                try:
                    self._work()
                except PrecedentError as error:  # said once more at the next tick; an answer never fails for it
                    logger.warning("learning was left for the next time: %s", error)
        finally:
            with self._lock:
                self._thread = None

    def _take(self) -> bool:
        with self._lock:
            if self._waiting < self._every:
                return False
            self._waiting = 0
            return True
