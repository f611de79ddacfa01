"""Which tasks a person wants to see: a tab, and whether they are finished; read from the address and written into it.
And the order in which they are listed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from assistant.taskdesk import Board
from knowledge.task import Task, TaskState

__all__ = ["FINISHED", "SHOWN", "TABS", "TaskWish", "chosen", "is_overdue"]

TABS = ("mine", "department", "issued")
SHOWN = ("open", "closed", "all")
FINISHED = frozenset({TaskState.VERIFIED, TaskState.CANCELLED})  # done waits for somebody who verifies
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class TaskWish:
    """What is looked for: one of TABS, one of SHOWN."""

    tab: str = "mine"
    shown: str = "open"

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "TaskWish":
        """From the parameters of an address; what makes no sense is left out.

        >>> TaskWish.read({"tab": "issued", "state": "odd"})
        TaskWish(tab='issued', shown='open')
        """
        tab, shown = query.get("tab", ""), query.get("state", "")
        return cls(tab if tab in TABS else "mine", shown if shown in SHOWN else "open")

    def address(self, **other: str) -> str:
        """The address of this list, or of one that differs in `tab` or `shown`.

        >>> TaskWish().address(tab="issued"), TaskWish("issued").address(shown="all")
        ('/tasks?tab=issued', '/tasks?tab=issued&state=all')
        """
        wish = replace(self, **other)
        said = {"tab": "" if wish.tab == "mine" else wish.tab, "state": "" if wish.shown == "open" else wish.shown}
        query = urlencode({name: value for name, value in said.items() if value})
        return f"/tasks?{query}" if query else "/tasks"


def is_overdue(task: Task, now: datetime) -> bool:
    """Whether it should have been done by now and is not."""
    return task.due is not None and task.due < now and task.state not in FINISHED | {TaskState.DONE}


def chosen(board: Board, wish: TaskWish) -> tuple[Task, ...]:
    """The tasks of a wish. What is under way stands first, the earliest due on top and what has no date below; then
    what is finished, the last changed first. Ties: the newer task first."""
    tasks: Sequence[Task] = {"mine": board.mine, "department": board.department, "issued": board.issued}[wish.tab]
    wanted = [task for task in tasks if wish.shown == "all" or (task.state in FINISHED) == (wish.shown == "closed")]

    def place(task: Task) -> tuple[bool, float, int]:
        if task.state in FINISHED:
            return True, -task.updated_at.timestamp(), -task.task_id
        return False, (task.due or _NEVER).timestamp(), -task.task_id

    return tuple(sorted(wanted, key=place))
