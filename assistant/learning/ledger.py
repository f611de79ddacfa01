"""The log as the page of what was learned needs it: how many answers were given in which way, what was said since a
model, and everything that belongs to the interactions in which two orders were merged.

Every event is read once; only a withdrawal makes all be read again. It decides nothing and computes no gain.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assistant.learning.events import BOTH, CHALLENGER, Effect, Event, Mode, Proposed, Reacted
from assistant.learning.pasttrials import PastTrial
from assistant.learning.reading import CountedLog

__all__ = ["MODES", "Answers", "Entry", "Ledger", "answers_of"]

MODES: tuple[Mode, ...] = ("base", "champion", "interleave", "emergency")
Entry = tuple[int, Event]  # the number of an event in the log, and the event


@dataclass
class Answers:
    """The numbers of the interactions by mode, of those that were careful (an emergency, or an action that must come
    first), and of those careful ones in which something was tried all the same: there must be none."""

    modes: dict[str, list[int]] = field(default_factory=lambda: {mode: [] for mode in MODES})
    careful: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)

    def take(self, number: int, event: Proposed) -> None:
        """Counts one more."""
        slate = event.slate
        self.modes[slate.mode].append(number)
        if event.context.emergency or any(offer.first for offer in event.offers):
            self.careful.append(number)
            tried = slate.mode == "interleave" or bool({CHALLENGER, BOTH} & {*slate.teams})
            if tried or any(propensity < 1 for propensity in slate.propensities):
                self.broken.append(number)

    @property
    def all(self) -> list[int]:
        """Every one, ascending."""
        return sorted(number for numbers in self.modes.values() for number in numbers)


def answers_of(entries: Iterable[Entry]) -> Answers:
    """The answers among some events."""
    answers = Answers()
    for number, event in entries:
        if isinstance(event, Proposed):
            answers.take(number, event)
    return answers


class Ledger:
    """What was read so far; `last` is the number of the newest event. Not safe from several threads."""

    def __init__(self, log: CountedLog) -> None:
        self._log = log
        self.withdrawals = 0
        self._clear()

    def _clear(self) -> None:
        self.last = 0
        self.answers = Answers()
        self.said: list[int] = []  # numbers of choices and outcomes, ascending
        self._tried: dict[str, list[Entry]] = {}  # by interaction, what was merged and all that was said about it

    def catch_up(self) -> None:
        """Reads what is new."""
        withdrawals = self._log.withdrawals()
        if withdrawals != self.withdrawals:
            self._clear()
            self.withdrawals = withdrawals
        for number, event in self._log.events(self.last):
            self.last = number
            if isinstance(event, Proposed):
                self.answers.take(number, event)
                if event.slate.mode == "interleave":
                    self._tried[event.interaction_id] = [(number, event)]
            elif isinstance(event, Reacted | Effect):
                self.said.append(number)
                if event.interaction_id in self._tried:
                    self._tried[event.interaction_id].append((number, event))

    def said_after(self, number: int) -> list[int]:
        """The numbers of choices and outcomes after an event."""
        return self.said[bisect_right(self.said, number) :]

    def entries(self, trial: PastTrial, versions: Sequence[str] | None = None) -> list[Entry]:
        """What belongs to a trial (`versions`: only to these of its versions): the interactions in which two orders
        were merged, and all that was said about them, by number."""
        wanted = {(trial.champion, version) for version in (trial.line if versions is None else versions)}
        found: list[Entry] = []
        for own in self._tried.values():
            first = own[0][1]
            if isinstance(first, Proposed) and (first.slate.version, first.slate.challenger) in wanted:
                found += own
        return sorted(found, key=lambda entry: entry[0])
