"""The models in use: the choice in models.json, and the matcher that follows it while questions are asked.

Another process may make the choice (`precedent models use`): it embeds every case first and writes the choice last.
The server sees the file change, builds the new matcher beside the old one, and changes over by one assignment; where
that fails the old one stays. How models are built is not known here.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from filelock import FileLock

from assistant.match import Matcher
from knowledge.case import CaseStatus
from knowledge.copies import Copies, embedded_text
from knowledge.embedder import Embedder
from knowledge.errors import BadInput, PrecedentError
from knowledge.level import Level, measure_levels

__all__ = ["BUILT_IN", "Choice", "Current", "Models", "embed_all"]

logger = logging.getLogger(__name__)

BUILT_IN = "meaning"
EMBED_AT_ONCE = 32
LOOK_EVERY = 1.0  # seconds


@dataclass(frozen=True)
class Choice:
    """The embedder ("meaning", or the name or folder of a sentence-transformers model); the reranker, empty for
    none."""

    embedder: str = BUILT_IN
    reranker: str = ""


@dataclass(frozen=True)
class Models:
    """models.json of a data folder. `default` holds where nothing was chosen."""

    path: Path
    default: Choice

    def choice(self) -> Choice:
        """What is in use. Raises BadInput for a file that was damaged."""
        chosen = self._content().get("choice")
        if chosen is None:
            return self.default
        if not isinstance(chosen, dict) or not all(isinstance(chosen.get(n), str) for n in ("embedder", "reranker")):
            raise BadInput(f"{self.path}: the choice has no embedder or reranker; delete the file, then choose again")
        return Choice(chosen["embedder"] or BUILT_IN, chosen["reranker"])

    def choose(self, choice: Choice) -> None:
        """Writes the choice; who reads the file sees the old one or the new one."""
        self._change("choice", asdict(choice))

    def known_levels(self, name: str) -> dict[str, Level]:
        """The levels that were measured for an embedder of this name; none if they were not."""
        kept = self._content().get("levels")
        found = kept.get(name) if isinstance(kept, dict) else None
        try:
            return {language: Level(**level) for language, level in found.items()} if isinstance(found, dict) else {}
        except TypeError:  # of another version: measured again
            return {}

    def levels(self, embedder: Embedder) -> dict[str, Level]:
        """What the embedder's cosines mean in each language: measured once, then kept."""
        known = self.known_levels(embedder.name)
        if known:
            return known
        measured = measure_levels(embedder)
        kept = {language: asdict(level) for language, level in measured.items()}
        self._change("levels", {embedder.name: kept}, within=True)
        return measured

    def changed_at(self) -> int:
        """When the file was changed, in nanoseconds; 0 if there is none."""
        try:
            return self.path.stat().st_mtime_ns
        except OSError:
            return 0

    def _content(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise BadInput(f"{self.path} is not JSON ({error}); delete it, then choose the models again") from error
        return content if isinstance(content, dict) else {}

    def _change(self, key: str, value: Mapping[str, Any], *, within: bool = False) -> None:
        with FileLock(f"{self.path}.lock", timeout=30):
            try:
                content = self._content()
            except BadInput:
                content = {}
            before = content.get(key)
            content[key] = {**before, **value} if within and isinstance(before, dict) else dict(value)
            temporary = self.path.with_suffix(".tmp")
            temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            temporary.replace(self.path)


class Current:
    """Gives the matcher of the choice. A changed choice is looked for once a second at most, and built in a thread of
    its own, while the matcher before it goes on answering."""

    def __init__(self, models: Models, build: Callable[[Choice], Matcher], look_every: float = LOOK_EVERY) -> None:
        self._models = models
        self._build = build
        self._look_every = look_every
        self._lock = Lock()
        self._seen = models.changed_at()
        self._choice = models.choice()
        self._looked = time.monotonic()
        self._building: Thread | None = None
        self._matcher = build(self._choice)

    def __call__(self) -> Matcher:
        """The matcher in use."""
        if time.monotonic() - self._looked >= self._look_every and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._matcher

    def _look(self) -> None:
        self._looked = time.monotonic()
        if self._building is not None and self._building.is_alive():
            return
        changed = self._models.changed_at()
        if changed == self._seen:
            return
        self._seen = changed
        self._building = Thread(target=self._change_over, name="models", daemon=True)
        self._building.start()

    def _change_over(self) -> None:
        try:
            choice = self._models.choice()
            if choice == self._choice:
                return
            matcher = self._build(choice)
            matcher.copies.sync()
            matcher.copies.embedder.embed(["积水"])  # what is loaded at the first use is loaded now
        except (PrecedentError, OSError) as error:  # anything else ends this thread, and the old matcher goes on, too
            logger.error("the models stay as they were: %s", error)
            return
        self._matcher, self._choice = matcher, choice
        logger.info("embedder %s, reranker %s from now on", choice.embedder, choice.reranker or "none")


def embed_all(copies: Copies, progress: Callable[[int, int], None] | None = None) -> int:
    """Brings copies with an embedder of their own up to date: every approved case is embedded, a few at a time, so that
    an embedder that keeps its vectors goes on where it was stopped; gives their number. `progress` gets (done, all)."""
    total, done = copies.records.count(), 0
    batch: list[str] = []

    def put() -> None:
        nonlocal done, batch
        copies.embedder.embed(batch)
        done, batch = done + len(batch), []
        if progress:
            progress(done, max(total, done))

    for stored in copies.records.all():
        if stored.case.status is CaseStatus.APPROVED:
            batch.append(embedded_text(stored.case))
        if len(batch) == EMBED_AT_ONCE:
            put()
    if batch:
        put()
    copies.sync()
    copies.save()
    return copies.vectors.count()
