"""The stamp of a derived copy: its format and the last change number that it has applied, and the lock beside it.

The stamp is written after the copy itself, by an atomic rename: a crash in between only makes changes apply twice.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from knowledge.errors import Fault

__all__ = ["Stamp"]


class Stamp:
    """Stamp and lock of one folder; without a folder both live in memory only."""

    def __init__(self, folder: Path | None, format_name: str, timeout_s: float = 60.0) -> None:
        self._folder = folder
        self._format = format_name
        self._memory = 0
        self._lock: FileLock | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(str(folder) + ".lock", timeout=timeout_s)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other processes (and threads) from writing to the folder. Raises Fault after the time limit."""
        if self._lock is None:
            yield
            return
        try:
            with self._lock:
                yield
        except Timeout as error:
            raise Fault(f"another program is writing to {self._folder}; wait until it has finished") from error

    def _content(self) -> dict[str, object]:
        assert self._folder is not None
        try:
            content = json.loads((self._folder / "stamp.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def is_foreign(self) -> bool:
        """Whether the folder holds something that was not written in this format, or has no stamp at all."""
        if self._folder is None:
            return False
        return any(self._folder.iterdir()) and self._content().get("format") != self._format

    def wipe(self) -> None:
        """Empties the folder."""
        assert self._folder is not None
        shutil.rmtree(self._folder)
        self._folder.mkdir()

    def read(self) -> int:
        """The last change number applied; 0 if nothing was."""
        if self._folder is None:
            return self._memory
        content = self._content()
        change = content.get("change") if content.get("format") == self._format else None
        return change if isinstance(change, int) else 0

    def write(self, change: int) -> None:
        """Remembers a change number."""
        self._memory = change
        if self._folder is None:
            return
        path = self._folder / "stamp.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps({"format": self._format, "change": change}), encoding="utf-8")
        temporary.replace(path)
