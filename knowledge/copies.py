"""The derived copies together: bringing word index, vector index and profiles up to the case base.

Each copy remembers its own last change, so that any of them may be deleted or lag behind; sync() applies to each what
it lacks. A crash at any line loses nothing and duplicates nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from knowledge.case import Case, CaseStatus, StoredCase
from knowledge.casetext import case_text
from knowledge.embedder import Embedder
from knowledge.profiles import Profiles
from knowledge.records import Records
from knowledge.vectors import VectorIndex
from knowledge.words import WordIndex

__all__ = ["Copies", "embedded_text"]

BATCH = 2_000  # changes applied at once
EMBED_CHARACTERS = 2_000  # of title and situation together


def embedded_text(case: Case) -> str:
    """What is embedded of a case."""
    return case_text(case).matter()[:EMBED_CHARACTERS]


@dataclass(frozen=True)
class Copies:
    """The case base with its three copies."""

    records: Records
    words: WordIndex
    vectors: VectorIndex
    profiles: Profiles
    embedder: Embedder
    _lock: Lock = field(default_factory=Lock, compare=False)

    def with_embedder(self, embedder: Embedder, vectors: VectorIndex) -> "Copies":
        """The same case base, words and profiles with other vectors; both share one lock."""
        return replace(self, embedder=embedder, vectors=vectors)

    def behind(self) -> int:
        """How many change numbers the slowest copy lacks."""
        applied = min(self.words.applied(), self.vectors.applied(), self.profiles.applied())
        return self.records.last_change() - applied

    def sync(self, progress: Callable[[int, int], None] | None = None, at_most: int | None = None) -> int:
        """Applies what each copy lacks, in batches; gives the number of case changes read. `progress` gets (change
        reached, last change); `at_most` bounds the changes of this call."""
        if not self.behind():
            return 0
        read = 0
        with self._lock:
            last = self.records.last_change()
            since = min(self.words.applied(), self.vectors.applied(), self.profiles.applied())
            while since < last and (at_most is None or read < at_most):
                batch = self.records.changes(since, BATCH)
                reached = batch[-1].change if len(batch) == BATCH else max(last, batch[-1].change if batch else last)
                self._apply(batch, reached)
                read, since = read + len(batch), reached
                if progress:
                    progress(since, last)
        return read

    def save(self) -> None:
        """Keeps on disk what is held in memory, so that the next start is quick."""
        self.profiles.save()
        save = getattr(self.vectors, "save", None)
        if save:
            save()

    def _apply(self, batch: list[StoredCase], reached: int) -> None:
        self.words.apply(batch, reached)  # also when another process has done it: then this one looks at the result
        if self.profiles.applied() < reached:
            self.profiles.apply(batch, reached)
        if self.vectors.applied() < reached:
            live = [s for s in batch if s.case.status is CaseStatus.APPROVED]
            gone = [s.case_id for s in batch if s.case.status is not CaseStatus.APPROVED]
            texts = [embedded_text(s.case) for s in live]
            self.vectors.apply([s.case_id for s in live], self.embedder.embed(texts), gone, reached)
