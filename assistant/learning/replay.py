"""The log replayed from empty: every model on the shelf is fitted once more and compared with what is kept, byte for
byte. It changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from assistant.learning.advisor import Advisor
from assistant.learning.shelves import EventLog, Shelf
from knowledge.errors import NotFound

__all__ = ["Replayed", "replay"]

Withdrawn = Callable[[int], int]  # how many of the rows up to a number were withdrawn


@dataclass(frozen=True)
class Replayed:
    """What came of one model: the same text again; not the same because events that it was fitted on were `withdrawn`
    since (so many); or another one, with the place (from 0) and the surroundings of the first `difference`, as kept and
    as replayed."""

    version: str
    watermark: int
    events: int
    outcome: Literal["same", "withdrawn", "differs"]
    withdrawn: int = 0
    place: int | None = None
    difference: tuple[str, str] = ("", "")


def replay(
    advisor: Advisor, log: EventLog, shelf: Shelf, *, withdrawn: Withdrawn, version: str | None = None
) -> Iterator[Replayed]:  # fmt: skip
    """Every model in turn, the oldest first; or the one that is named (NotFound where there is none)."""
    kept = [one for one in shelf.policies() if version in (None, one.version)]
    if version is not None and not kept:
        raise NotFound(f"there is no model {version}; `precedent learn show` lists those that are there")
    for one in kept:
        events = [event for number, event in log.events() if number <= one.watermark]
        text = advisor.fit(events).text()
        if text == one.text:
            yield Replayed(one.version, one.watermark, len(events), "same")
            continue
        gone = withdrawn(one.watermark)
        place = _first_difference(one.text, text)
        yield Replayed(
            one.version, one.watermark, len(events), "withdrawn" if gone else "differs", gone, place,
            (_around(one.text, place), _around(text, place)),
        )  # fmt: skip


def _first_difference(kept: str, made: str) -> int:
    """The first byte that differs.

    >>> _first_difference("abc", "abd"), _first_difference("ab", "abc")
    (2, 2)
    """
    pairs = zip_longest(kept.encode(), made.encode())
    return next((place for place, (a, b) in enumerate(pairs) if a != b), len(kept.encode()))


def _around(text: str, place: int) -> str:
    return text.encode()[max(0, place - 40) : place + 20].decode(errors="replace")
