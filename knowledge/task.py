"""A task: an action that somebody is to carry out, its states, and what came of it.

Who acts is a `Person`: a name and a department (an id of the taxonomy). This module knows no database and no page.
"""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from knowledge.case import Moment, Outcome

__all__ = ["OPEN", "STEPS", "Person", "Step", "Task", "TaskState"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Person(_Record):
    """Somebody who acts: `name` identifies, `department` is an id of the taxonomy or None."""

    name: str = Field(min_length=1, max_length=100)
    department: str | None = Field(default=None, max_length=200)


class TaskState(StrEnum):
    """待签收 / 办理中 / 已退回 / 已办结 / 已核验 / 已撤销."""

    ISSUED = "issued"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    DONE = "done"
    VERIFIED = "verified"
    CANCELLED = "cancelled"


OPEN = frozenset({TaskState.ISSUED, TaskState.ACCEPTED, TaskState.RETURNED})

Kind = Literal["issue", "accept", "return", "reissue", "note", "done", "verify", "reopen", "cancel"]

# From which states a step may be taken, and to which state it leads (None: it stays).
STEPS: dict[str, tuple[frozenset[TaskState], TaskState | None]] = {
    "accept": (frozenset({TaskState.ISSUED}), TaskState.ACCEPTED),
    "return": (frozenset({TaskState.ISSUED, TaskState.ACCEPTED}), TaskState.RETURNED),
    "reissue": (frozenset({TaskState.RETURNED}), TaskState.ISSUED),
    "note": (frozenset(TaskState) - {TaskState.CANCELLED}, None),
    "done": (frozenset({TaskState.ISSUED, TaskState.ACCEPTED}), TaskState.DONE),
    "verify": (frozenset({TaskState.DONE}), TaskState.VERIFIED),
    "reopen": (frozenset({TaskState.DONE}), TaskState.ACCEPTED),
    "cancel": (OPEN, TaskState.CANCELLED),
}


class Task(_Record):
    """An action that was handed to a department, as it stands now.

    `task_id` is 0 before it is stored. `matter` groups the tasks of one matter: the interaction whose answer they come
    from. `slot` is the action's place in that answer, from 0; None for a task that a person added. `due` is the time by
    which it is to be done. `outcome` is what came of it, from "done" on. `reason` says why it was returned or reopened.
    `version` counts the steps taken.
    """

    task_id: int = 0
    matter: str = Field(min_length=1, max_length=40)
    slot: int | None = Field(default=None, ge=0)
    title: str = Field(min_length=1, max_length=1_000)
    instructions: str = Field(min_length=1, max_length=4_000)
    action_type: str = "other"
    department: str | None = Field(default=None, max_length=200)
    assignee: str | None = Field(default=None, max_length=100)
    due: Moment | None = None
    state: TaskState = TaskState.ISSUED
    issued_by: str = Field(min_length=1, max_length=100)
    issuer_department: str | None = Field(default=None, max_length=200)
    issued_at: Moment
    updated_at: Moment
    reason: str | None = Field(default=None, max_length=1_000)
    outcome: Outcome | None = None
    version: int = 1


class Step(_Record):
    """One entry of a task's history: `kind` is one of STEPS or "issue"; `text` its reason, note or summary."""

    number: int
    kind: Kind
    by: str
    department: str | None = None
    at: Moment
    text: str | None = Field(default=None, max_length=4_000)
    outcome: Outcome | None = None
