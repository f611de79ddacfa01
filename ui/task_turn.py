"""Whose turn it is: what a person has to do with a task, and which steps the page offers to that person.

It guides, it does not protect: which steps a state allows is decided by the task desk, and names are taken on trust.
"""

from collections.abc import Sequence

from knowledge.task import STEPS, Person, Step, Task, TaskState
from knowledge.text import fold

__all__ = ["doer", "holds", "issued", "steps_for", "turn"]

_HOLDER = ("accept", "done", "return")
_ISSUER = ("verify", "reopen", "reissue", "cancel")


def holds(task: Task, person: Person) -> bool:
    """Whether the task was handed to this person: by name, or to the person's department."""
    if task.assignee == person.name:
        return True
    return person.department is not None and person.department == task.department


def issued(task: Task, person: Person) -> bool:
    """Whether this person issued the task, or somebody of the same department did."""
    if task.issued_by == person.name:
        return True
    return person.department is not None and person.department == task.issuer_department


def doer(history: Sequence[Step]) -> str | None:
    """Who reported last that the task is done; None where nobody has."""
    return next((step.by for step in reversed(history) if step.kind == "done"), None)


def steps_for(task: Task, person: Person, history: Sequence[Step] = ()) -> tuple[str, ...]:
    """The steps that the page offers, the usual one first. Who reported a task done does not verify it; a note may be
    left by anybody.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 20, tzinfo=UTC)
    >>> task = Task(matter="i", title="抽排", instructions="抽排", department="water", issued_by="王敏", issued_at=at,
    ...             updated_at=at)
    >>> steps_for(task, Person(name="李强", department="water")), steps_for(task, Person(name="王敏"))
    (('accept', 'done', 'return', 'note'), ('cancel', 'note'))
    """
    mine = (_HOLDER if holds(task, person) else ()) + (_ISSUER if issued(task, person) else ())
    able = [kind for kind in (*mine, "note") if task.state in STEPS[kind][0]]
    done_by = doer(history)
    if "verify" in able and done_by is not None and fold(done_by) == fold(person.name):
        able.remove("verify")
    return tuple(able)


def turn(task: Task, person: Person) -> str | None:
    """The step that the task waits for, if it waits for this person; None where it waits for somebody else."""
    if holds(task, person):
        if task.state is TaskState.ISSUED:
            return "accept"
        if task.state is TaskState.ACCEPTED:
            return "done"
    if issued(task, person):
        if task.state is TaskState.RETURNED:
            return "reissue"
        if task.state is TaskState.DONE and task.assignee != person.name:
            return "verify"
    return None
