"""Which cases are wanted: the one filter that records, words and vectors all understand."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Wanted"]


@dataclass(frozen=True)
class Wanted:
    """All conditions must hold; an empty one does not restrict. Within one condition any value will do.

    `districts`, `departments` hold ids (or the text that no gazetteer or taxonomy knows); `categories` holds ids, where
    a group id stands for all its leaves; `since` and `until` are aware times, both included, and leave out cases
    without a time. Only approved cases are ever wanted.
    """

    districts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing is restricted.

        >>> Wanted().is_open, Wanted(kinds=("policy",)).is_open
        (True, False)
        """
        return self == Wanted()
