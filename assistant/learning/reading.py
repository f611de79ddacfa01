"""Follows the log: what is new since the last look, how much of it no model has seen, and what it says of the trial.

Every event is read once. Only a withdrawal makes everything be read again, and a new trial what came after its model
was fitted. Nothing is decided here.
"""

from bisect import bisect_right
from collections.abc import Sequence

from assistant.learning.events import Effect, Proposed, Reacted
from assistant.learning.shelves import EventLog
from assistant.learning.trial import Trial

__all__ = ["CountedLog", "Reading"]


CountedLog = EventLog  # the name that it had before every log counted its withdrawals


class Reading:
    """What was read so far: `last`, the number of the newest event; `interactions` and how many of them were
    `interleaved`; the present `trial`, None where there is none. Not safe from several threads."""

    def __init__(self, log: CountedLog) -> None:
        self._log = log
        self._withdrawals = 0
        self._clear()

    def _clear(self) -> None:
        self.last = self.interactions = self.interleaved = 0
        self.trial: Trial | None = None
        self._said: list[int] = []  # numbers of choices and outcomes, ascending

    def catch_up(self, champion: str, line: Sequence[str], *, fitted_on: int = 0) -> None:
        """Reads what is new. `line` are the versions on trial (none: there is no trial), `fitted_on` is the number of
        the last event that the first of them was fitted on."""
        withdrawals = self._log.withdrawals()
        if withdrawals != self._withdrawals:
            self._clear()
            self._withdrawals = withdrawals
        if not line:
            self.trial = None
        elif self.trial is None or (self.trial.champion, self.trial.line[0]) != (champion, line[0]):
            self.trial = Trial(champion, *line)
            for number, event in self._log.events(fitted_on):
                if number <= self.last:
                    self.trial.take(event)
        elif self.trial is not None:
            for version in line[len(self.trial.line) :]:
                self.trial.follow(version)
        for number, event in self._log.events(self.last):
            self.last = number
            if isinstance(event, Reacted | Effect):
                self._said.append(number)
            elif isinstance(event, Proposed):
                self.interactions += 1
                self.interleaved += event.slate.mode == "interleave"
            if self.trial is not None and number > fitted_on:
                self.trial.take(event)

    def said(self, until: int) -> int:
        """How many choices and outcomes there are up to an event's number."""
        return bisect_right(self._said, until)

    def unseen(self, watermark: int) -> int:
        """How many choices and outcomes came after an event's number."""
        return len(self._said) - bisect_right(self._said, watermark)
