"""Fetching speech weights in the background, where the settings ask for it: once at a time, and again after a while
where it failed. How weights are fetched, `knowledge.weights` knows."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.errors import PrecedentError

__all__ = ["SpeechFetch"]

logger = logging.getLogger(__name__)

Pull = Callable[[str, Callable[[int, int], None]], Path]


@dataclass
class SpeechFetch:
    """Fetches the weights of one name (empty: none). `again_s` is how long a failure is left alone."""

    name: str
    pull: Pull
    again_s: float = 600.0
    _said: str = ""
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)

    def __call__(self) -> str:
        """Begins to fetch where it is time for it; says how far that is, or why it failed; empty for nothing."""
        with self._lock:
            running = self._thread is not None and self._thread.is_alive()
            if self.name and not running and time.monotonic() >= self._next:
                self._thread = threading.Thread(target=self._run, name="speech weights", daemon=True)
                self._said = f"{self.name} is being fetched"
                self._thread.start()
            return self._said

    def wait(self, seconds: float) -> None:
        """Waits for the end of what is under way, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self.pull(self.name, self._progress)
            self._said = f"{self.name} was fetched"
        except PrecedentError as error:
            logger.warning("%s could not be fetched: %s", self.name, error)
            self._said = f"{self.name} could not be fetched: {error}"
        self._next = time.monotonic() + self.again_s

    def _progress(self, done: int, total: int) -> None:
        whole = f" of {total / 1e6:,.0f}" if total else ""
        self._said = f"{self.name} is being fetched: {done / 1e6:,.0f}{whole} MB"
