"""The models that the door works with: read from the shelf once each, then kept in memory.

A model whose text is damaged or gone is told apart from one that can be read, so that an order can still be given
without it. Which model is in force or on trial is not known here.
"""

import logging
from collections.abc import Iterable

from assistant.learning.policy import BASE, Policy
from assistant.learning.shelves import KeptPolicy, Shelf
from assistant.learning.standing import FIXED
from knowledge.errors import Fault, NotFound

__all__ = ["Library"]

logger = logging.getLogger(__name__)


class Library:
    """Knows the fixed ranker without a shelf. What was read once stays in use, whatever becomes of the shelf later."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._policies: dict[str, Policy] = {FIXED: BASE}
        self._watermarks: dict[str, int] = {FIXED: 0}
        self._missed: set[str] = set()  # versions of which it was said already that they cannot be read

    def policy(self, version: str) -> Policy:
        """A model. Raises NotFound for one that is not there and Fault for one that is damaged."""
        if version not in self._policies:
            kept = self._shelf.get(version)
            self.keep(kept, Policy.read(kept.text))
        return self._policies[version]

    def keep(self, kept: KeptPolicy, policy: Policy) -> None:
        """A model that is at hand already need not be read."""
        self._policies[kept.version], self._watermarks[kept.version] = policy, kept.watermark
        self._missed.discard(kept.version)

    def watermark(self, version: str) -> int:
        """The number of the last event that a model was fitted on; 0 where the model cannot be read."""
        if version not in self._watermarks:
            try:
                self._watermarks[version] = self._shelf.get(version).watermark
            except (NotFound, Fault) as error:
                self._say(version, error)
        return self._watermarks.get(version, 0)

    def readable(self, version: str) -> bool:
        """Whether a model can be used. One that cannot is said in the log, once, and tried again at every call, so
        that it is back as soon as it was restored."""
        try:
            self.policy(version)
        except (NotFound, Fault) as error:
            self._say(version, error)
            return False
        return True

    def damaged(self, versions: Iterable[str | None]) -> tuple[str, ...]:
        """Those of some versions that cannot be used, in their order."""
        return tuple(version for version in versions if version is not None and not self.readable(version))

    def _say(self, version: str, error: Exception) -> None:
        if version not in self._missed:
            self._missed.add(version)
            logger.warning("model %s cannot be used, the fixed order stands in for it: %s", version, error)
