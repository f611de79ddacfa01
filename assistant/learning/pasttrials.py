"""The trials that there were, as the gate's history tells them: what was tried against what, from when to when, how it
ended. What people chose in them is not known here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from assistant.learning.events import GateEvent
from assistant.learning.standing import Standing

__all__ = ["PastTrial", "past_trials"]


@dataclass(frozen=True)
class PastTrial:
    """One trial. `number` counts them from 1; `line` are the versions that followed one another; `end` is the step that
    ended it (None: it goes on)."""

    number: int
    champion: str
    line: tuple[str, ...]
    began: datetime
    end: GateEvent | None = None


def past_trials(history: Iterable[GateEvent]) -> tuple[PastTrial, ...]:
    """All trials, the oldest first; only the last may still go on."""
    found: list[PastTrial] = []
    standing = Standing()
    for step in history:
        before, standing = standing, standing.after(step)
        if before.line and not standing.line:
            found[-1] = replace(found[-1], end=step)
        if standing.line and not before.line:
            found.append(PastTrial(len(found) + 1, standing.champion, standing.line, step.at))
        elif standing.line:
            found[-1] = replace(found[-1], line=standing.line)
    return tuple(found)
