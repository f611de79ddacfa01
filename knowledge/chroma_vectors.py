"""The vector index on a Chroma server, through langchain-chroma, for when one machine is not enough.

The stamp lives in the collection's metadata on the server, so that every replica sees the same state. Filters are ids
in a `where` clause, which Chroma answers slowly when there are many (see eval/LOG.md).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import Fault

__all__ = ["ChromaVectors"]

BATCH = 1_000


class ChromaVectors:
    """VectorIndex on a Chroma server. Raises Fault where the package is missing or the server does not answer."""

    def __init__(self, model: str, *, host: str, port: int, collection: str = "precedent") -> None:
        try:
            import chromadb
            from chromadb.config import Settings
            from langchain_chroma import Chroma
        except ImportError as error:
            raise Fault("Chroma is not installed; run `pip install precedent[chroma]`") from error
        self._silent = f'no Chroma server answers at {host}:{port}; start it, or set vectors = "faiss"'
        try:
            self._client: Any = chromadb.HttpClient(
                host=host, port=port, settings=Settings(anonymized_telemetry=False, chroma_server_host=host)
            )
        except ValueError as error:
            raise Fault(self._silent) from error
        with self._faults():
            self._store = Chroma(
                client=self._client,
                collection_name=f"{collection}-{_slug(model)}",
                collection_metadata={"applied": 0},
                collection_configuration={"hnsw": {"space": "cosine"}},
            )
        self._collection: Any = self._store._collection

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """A server that does not answer becomes a Fault in plain words."""
        import httpx

        try:
            yield
        except httpx.HTTPError as error:
            raise Fault(self._silent) from error

    def close(self) -> None:
        """Closes the connections to the server."""
        clients = (self._client, getattr(self._client, "_admin_client", None))
        sessions = [getattr(getattr(client, "_server", None), "_session", None) for client in clients]
        self._client.close()
        for session in sessions:
            if session is not None:  # chromadb 1.5 leaves them open
                session.close()

    def applied(self) -> int:
        """See VectorIndex.applied."""
        with self._faults():
            stamp = self._collection.get(ids=["stamp"], include=["metadatas"])["metadatas"]
        return int(stamp[0]["change"]) if stamp else 0

    def apply(self, add: Sequence[int], vectors: NDArray[np.float32], remove: Sequence[int], change: int) -> None:
        """See VectorIndex.apply."""
        with self._faults():
            self._apply(add, vectors, list(dict.fromkeys(remove)), change)

    def _apply(self, add: Sequence[int], vectors: NDArray[np.float32], remove: Sequence[int], change: int) -> None:
        dimension = vectors.shape[1]
        for start in range(0, len(remove), BATCH):
            self._collection.delete(ids=[str(i) for i in remove[start : start + BATCH]])
        for start in range(0, len(add), BATCH):
            ids = add[start : start + BATCH]
            self._collection.upsert(
                ids=[str(i) for i in ids],
                embeddings=vectors[start : start + BATCH],
                metadatas=[{"case_id": int(i)} for i in ids],
            )
        stamp = np.full((1, dimension), dimension**-0.5, np.float32)
        self._collection.upsert(ids=["stamp"], embeddings=stamp, metadatas=[{"case_id": -1, "change": change}])

    def save(self) -> None:
        """Nothing to do: the server keeps what it was given."""

    def search(
        self, vector: NDArray[np.float32], limit: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """See VectorIndex.search."""
        if limit < 1 or not vector.any() or (allowed is not None and not len(allowed)):
            return []
        where: dict[str, Any] = {"case_id": {"$gte": 0}}
        if allowed is not None:
            where = {"case_id": {"$in": [int(i) for i in allowed]}}
        with self._faults():
            found = self._collection.query(
                query_embeddings=[vector], n_results=limit, where=where, include=["distances"]
            )
        return [(int(i), 1.0 - float(d)) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]

    def count(self) -> int:
        """See VectorIndex.count."""
        with self._faults():
            return int(self._collection.count()) - (1 if self.applied() else 0)


def _slug(model: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in model)[:40].strip("-")
