"""Embeddings kept by content: the same text under the same model is never embedded twice, also across rebuilds."""

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from knowledge.embedder import Embedder
from knowledge.errors import Fault

__all__ = ["KeptEmbedder"]


class KeptEmbedder:
    """An embedder that remembers vectors in a file of its own. Losing the file costs time only."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder = embedder
        self._lock = Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = _open(path)
        except sqlite3.OperationalError as error:  # locked, no right to write, disk full
            raise Fault(f"the kept embeddings {path} cannot be opened ({error}); check the data folder") from error
        except sqlite3.DatabaseError:  # damaged: losing it costs time only
            path.unlink()
            self._connection = _open(path)

    @property
    def name(self) -> str:
        """See Embedder.name."""
        return self._embedder.name

    @property
    def dimension(self) -> int:
        """See Embedder.dimension."""
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See Embedder.embed."""
        keys = [hashlib.sha256(f"{self.name}\0{text}".encode()).digest() for text in texts]
        with self._lock:
            kept = self._read(keys)
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
            if missing:
                fresh = self._embedder.embed(list(missing.values()))
                rows = [(key, vector.tobytes()) for key, vector in zip(missing, fresh, strict=True)]
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany("INSERT OR IGNORE INTO embeddings VALUES (?, ?)", rows)
                self._connection.execute("COMMIT")
                kept |= {key: np.frombuffer(blob, np.float32) for key, blob in rows}
        return np.stack([kept[key] for key in keys]) if keys else np.zeros((0, self.dimension), np.float32)

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        found: dict[bytes, NDArray[np.float32]] = {}
        for start in range(0, len(keys), 500):
            chunk = keys[start : start + 500]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT key, vector FROM embeddings WHERE key IN ({marks})"
            found |= {k: np.frombuffer(v, np.float32) for k, v in self._connection.execute(query, chunk)}
        return found

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
    try:
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=NORMAL",
            "CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID",
        ):
            connection.execute(statement)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
