"""The steps of a task: what each needs, from which state it may be taken, and what the task is after it.

Pure: from a task with its history to the next task and the step. It knows no database; who may see a task is not
decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from pydantic import ValidationError

from assistant.moment import CITY_ZONE
from knowledge.case import Outcome
from knowledge.errors import BadInput
from knowledge.task import STEPS, Person, Step, Task
from knowledge.text import fold

__all__ = ["Handing", "default_due", "next_step"]

_AT_ONCE = timedelta(hours=4)
_LATER = timedelta(days=7)
_NEEDS = {
    "return": "say why it is returned",
    "reopen": "say what is still missing",
    "note": "write the note",
}  # fmt: skip
_REASON, _TEXT = 1_000, 4_000  # characters


@dataclass(frozen=True)
class Handing:
    """To whom a returned task goes next, by when, and with which instructions; None leaves each as it was."""

    department: str | None = None
    assignee: str | None = None
    due: datetime | None = None
    instructions: str | None = None


def default_due(when: str, at: datetime) -> datetime:
    """By when an action is to be done that is called for now (within four hours), today (by the end of the city's day,
    and never before one that is called for now) or later (within seven days).

    >>> from datetime import UTC
    >>> noon = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)
    >>> [default_due(when, noon).isoformat() for when in ("now", "today")]
    ['2026-07-01T08:00:00+00:00', '2026-07-01T16:00:00+00:00']
    """
    if when == "later":
        return at + _LATER
    if when == "now":
        return at + _AT_ONCE
    tomorrow = at.astimezone(CITY_ZONE).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), tzinfo=CITY_ZONE)
    return max(midnight.astimezone(at.tzinfo), at + _AT_ONCE)


def next_step(
    task: Task, history: Sequence[Step], kind: str, by: Person, *, at: datetime, text: str | None = None,
    outcome: Outcome | None = None, handing: Handing | None = None,
) -> tuple[Task, Step]:  # fmt: skip
    """The task after a step, and the step; `at` is not before the last one. Raises BadInput where the state does not
    allow it, where something is missing, or where who did a task would verify it."""
    if kind not in STEPS:
        raise BadInput(f"there is no step {kind!r}; take one of {', '.join(STEPS)}")
    allowed, to = STEPS[kind]
    if task.state not in allowed:
        raise BadInput(
            f"task {task.task_id} is {task.state}: {kind!r} cannot be taken now; possible: "
            f"{', '.join(name for name, (states, _) in STEPS.items() if task.state in states) or 'nothing more'}"
        )
    text = (text or "").strip() or None
    most = _REASON if kind in ("return", "reopen", "cancel") else _TEXT
    if text and len(text) > most:
        raise BadInput(f"the text has {len(text):,} characters, at most {most:,} are kept; shorten it")
    if kind in _NEEDS and not text:
        raise BadInput(f"{kind!r} needs a text: {_NEEDS[kind]}")
    if outcome is not None and kind not in ("done", "verify"):
        raise BadInput(f"{kind!r} takes no outcome; give it with 'done' or 'verify'")
    if handing is not None and handing != Handing() and kind != "reissue":
        raise BadInput(f"{kind!r} hands the task to nobody else; return it, then reissue it")
    at = max(at, task.updated_at)
    changes: dict[str, Any] = {"updated_at": at, "state": to or task.state}
    changes |= _changes(task, history, kind, by, at, text, outcome, handing or Handing())
    after = _changed(task, changes)
    said = after.outcome if kind in ("done", "verify") else None
    step = Step.model_validate(
        {"number": task.version + 1, "kind": kind, "by": by.name, "department": by.department, "at": at, "text": text,
         "outcome": said}
    )  # fmt: skip
    return after, step


def _changes(
    task: Task, history: Sequence[Step], kind: str, by: Person, at: datetime, text: str | None,
    outcome: Outcome | None, handing: Handing,
) -> Mapping[str, Any]:  # fmt: skip
    """What the step changes beside state and time."""
    if kind == "accept":
        return {"assignee": task.assignee or by.name}
    if kind in ("return", "cancel"):
        return {"reason": text}
    if kind == "reopen":
        return {"reason": text, "outcome": None}
    if kind == "reissue":
        return {"reason": None, **_handed(task, at, handing)}
    if kind == "done":
        return {"reason": None, "outcome": _told(task, at, text, outcome)}
    if kind == "verify":
        return {"outcome": _verified(task, history, by, outcome)}
    return {}


def _handed(task: Task, at: datetime, handing: Handing) -> Mapping[str, Any]:
    """Another department means another person; a time that has passed gives way to one that leaves as long as the first
    time did."""
    elsewhere = handing.department is not None and handing.department != task.department
    due = handing.due or task.due
    if handing.due is not None and handing.due <= at:
        raise BadInput(f"the task would be due at {handing.due.isoformat()}, which has passed; choose a later time")
    if due is not None and due <= at:
        due = at + (due - task.issued_at)
    return {
        "department": handing.department or task.department,
        "assignee": handing.assignee or (None if elsewhere else task.assignee),
        "due": due,
        "instructions": handing.instructions or task.instructions,
    }


def _told(task: Task, at: datetime, text: str | None, outcome: Outcome | None) -> Outcome:
    """What is said of a task that is done; days run from its issue where they are not given."""
    said = outcome or Outcome()
    summary = said.summary or text
    if outcome is None or (said.resolved is None and not summary):
        raise BadInput("'done' needs an outcome: whether it is resolved, or what happened")
    days = (at - task.issued_at) / timedelta(days=1) if said.days is None else said.days
    return said.model_copy(update={"days": round(days, 2), "summary": summary})


def _verified(task: Task, history: Sequence[Step], by: Person, correction: Outcome | None) -> Outcome:
    """What holds after a second person has looked: what was said, with what that person knows better."""
    doer = next(step.by for step in reversed(history) if step.kind == "done")
    if _same_name(doer, by.name):
        raise BadInput(f"{doer} did task {task.task_id}, so somebody else has to verify it; ask a colleague")
    assert task.outcome is not None  # a task that is done has one
    return task.outcome.model_copy(update=correction.model_dump(exclude_none=True) if correction else {})


def _same_name(one: str, other: str) -> bool:
    """Whether two names are one, whatever their blanks and letters look like."""
    return fold(one).replace(" ", "") == fold(other).replace(" ", "")


def _changed(task: Task, changes: Mapping[str, Any]) -> Task:
    try:
        return Task.model_validate({**dict(task), **changes})
    except ValidationError as error:
        wrong = error.errors()[0]
        raise BadInput(f"{wrong['loc'][0]} of task {task.task_id} cannot be used: {wrong['msg'].lower()}") from error
