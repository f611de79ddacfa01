"""The tasks as they are kept: added once, changed step by step, found by who has to do with them.

A step and what it makes of the task are written in one transaction, and nobody steps in between. Which steps there are
is not known here, nor what follows from them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, case, insert, select, update
from sqlalchemy.exc import IntegrityError

from knowledge import task_tables as t
from knowledge.case import Outcome
from knowledge.database import from_column, reading, to_column, writing
from knowledge.errors import BadInput, NotFound
from knowledge.task import OPEN, Step, Task, TaskState

__all__ = ["About", "Tasks"]


@dataclass(frozen=True)
class About:
    """What a task's matter is about: ids of category and district, and the place as it was understood; None where
    unknown."""

    category: str | None = None
    district: str | None = None
    place: str | None = None


Edit = Callable[[Task, Sequence[Step]], tuple[Task, Step]]


@dataclass(frozen=True)
class Tasks:
    """Tasks in SQLite or PostgreSQL, through SQLAlchemy."""

    engine: Engine

    def known(self, matter: str, client_id: str) -> Task | None:
        """The task that was added to a matter under this client_id."""
        with reading(self.engine) as connection:
            return _known(connection, matter, client_id)

    def add(self, task: Task, client_id: str, *, about: About | None = None) -> tuple[Task, bool]:
        """The task of this client_id in its matter, and whether it is new; its history begins with "issue". Raises
        NotFound where the matter, or the action at the task's slot, was never shown."""
        fresh = task.model_copy(update={"version": 1})
        step = Step(
            number=1, kind="issue", by=task.issued_by, department=task.issuer_department, at=task.issued_at
        )  # fmt: skip
        try:
            with writing(self.engine) as connection:
                known = _known(connection, task.matter, client_id)
                if known is not None:
                    return known, False
                row = _columns(fresh) | (about or About()).__dict__ | {"client_id": client_id, "unsettled": False}
                key = connection.execute(insert(t.tasks).values(row)).inserted_primary_key
                assert key is not None
                stored = fresh.model_copy(update={"task_id": int(key[0])})
                _write_step(connection, stored, step)
                return stored, True
        except IntegrityError as error:
            if "UNIQUE" in str(error.orig).upper():  # the same came in at the same moment by another way
                known = self.known(task.matter, client_id)
                assert known is not None
                return known, False
            place = "" if task.slot is None else f" with an action at place {task.slot}"
            raise NotFound(
                f"there is no answer {task.matter}{place}; ask first, then hand out an action of that answer"
            ) from error

    def get(self, task_id: int) -> Task:
        """A task as it stands. Raises NotFound."""
        with reading(self.engine) as connection:
            return _one(connection, task_id)

    def history(self, task_id: int) -> tuple[Step, ...]:
        """Every step, oldest first. Raises NotFound."""
        with reading(self.engine) as connection:
            _one(connection, task_id)
            return _steps(connection, task_id)

    def versions(self, task_id: int) -> tuple[Task, ...]:
        """The task as it stood after each step, oldest first. Raises NotFound."""
        s = t.task_steps.c
        with reading(self.engine) as connection:
            _one(connection, task_id)
            found = connection.execute(select(s.record).where(s.task_id == task_id).order_by(s.number)).scalars()
            return tuple(Task.model_validate_json(record) for record in found)

    def change(self, task_id: int, edit: Edit, *, version: int | None = None, unsettled: bool = False) -> Task:
        """Writes what `edit` makes of a task and its history: the task after one more step, and that step. `version` is
        the one that the editor saw; `unsettled` marks the task until `settled`. Raises NotFound, BadInput where another
        has been faster, and what `edit` raises; then nothing is written."""
        with writing(self.engine) as connection:
            before = _one(connection, task_id, lock=True)
            if version is not None and version != before.version:
                raise BadInput(
                    f"task {task_id} was changed meanwhile (version {before.version}, not {version}); open it again, "
                    "then decide"
                )
            after, step = edit(before, _steps(connection, task_id))
            after = after.model_copy(update={"task_id": task_id, "version": before.version + 1})
            columns = _columns(after) | ({"unsettled": True} if unsettled else {})
            connection.execute(update(t.tasks).where(t.tasks.c.task_id == task_id).values(columns))
            _write_step(connection, after, step.model_copy(update={"number": after.version}))
        return after

    def of_matter(self, matter: str) -> tuple[Task, ...]:
        """The tasks of a matter, oldest first."""
        c = t.tasks.c
        return self._found(select(t.tasks).where(c.matter == matter).order_by(c.task_id))

    def assigned(self, name: str, limit: int = 200) -> tuple[Task, ...]:
        """Tasks assigned to a person: of too many the open ones, then newest first."""
        return self._newest(t.tasks.c.assignee == name, limit)

    def handed(self, department: str, limit: int = 200) -> tuple[Task, ...]:
        """Tasks handed to a department, as `assigned`."""
        return self._newest(t.tasks.c.department == department, limit)

    def issued(self, name: str, limit: int = 200) -> tuple[Task, ...]:
        """Tasks that a person issued, as `assigned`."""
        return self._newest(t.tasks.c.issued_by == name, limit)

    def overdue(self, now: datetime, limit: int = 200) -> tuple[Task, ...]:
        """Open tasks whose time has passed, the longest overdue first, ties by the older task."""
        c = t.tasks.c
        query = select(t.tasks).where(_open(), c.due < to_column(now)).order_by(c.due, c.task_id)
        return self._found(query.limit(limit))

    def open_in(self, category: str, since: datetime, limit: int = 200) -> tuple[tuple[Task, About], ...]:
        """Open tasks on matters of exactly this category that were issued from `since` on, newest first."""
        c = t.tasks.c
        query = select(t.tasks).where(_open(), c.category == category, c.issued_at >= to_column(since))
        with reading(self.engine) as connection:
            rows = connection.execute(query.order_by(c.issued_at.desc(), c.task_id.desc()).limit(limit)).all()
        return tuple((_task(row), About(row.category, row.district, row.place)) for row in rows)

    def unsettled(self, limit: int = 100) -> tuple[Task, ...]:
        """Tasks with a step that is still to be passed on, oldest first."""
        return self._found(select(t.tasks).where(t.tasks.c.unsettled).order_by(t.tasks.c.task_id).limit(limit))

    def settled(self, task: Task) -> None:
        """What followed from this version has been passed on; a newer version stays marked."""
        c = t.tasks.c
        same = (c.task_id == task.task_id) & (c.version == task.version)
        with writing(self.engine) as connection:
            connection.execute(update(t.tasks).where(same).values(unsettled=False))

    def _newest(self, wanted: ColumnElement[bool], limit: int) -> tuple[Task, ...]:
        c = t.tasks.c
        rest = case((_open(), 0), else_=1)
        found = self._found(
            select(t.tasks).where(wanted).order_by(rest, c.issued_at.desc(), c.task_id.desc()).limit(limit)
        )
        return tuple(sorted(found, key=lambda task: (task.issued_at, task.task_id), reverse=True))

    def _found(self, query: Select[Any]) -> tuple[Task, ...]:
        with reading(self.engine) as connection:
            return tuple(_task(row) for row in connection.execute(query))


def _open() -> ColumnElement[bool]:
    return t.tasks.c.state.in_(sorted(state.value for state in OPEN))


def _known(connection: Connection, matter: str, client_id: str) -> Task | None:
    c = t.tasks.c
    row = connection.execute(select(t.tasks).where(c.matter == matter, c.client_id == client_id)).first()
    return _task(row) if row else None


def _one(connection: Connection, task_id: int, *, lock: bool = False) -> Task:
    query = select(t.tasks).where(t.tasks.c.task_id == task_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(f"there is no task {task_id}; the list of tasks shows those there are")
    return _task(row)


def _steps(connection: Connection, task_id: int) -> tuple[Step, ...]:
    query = select(t.task_steps).where(t.task_steps.c.task_id == task_id).order_by(t.task_steps.c.number)
    return tuple(
        Step(
            number=row.number,
            kind=row.kind,
            by=row.actor,
            department=row.department,
            at=_utc(row.at),
            text=row.text,
            outcome=Outcome.model_validate_json(row.outcome) if row.outcome else None,
        )
        for row in connection.execute(query)
    )


def _write_step(connection: Connection, task: Task, step: Step) -> None:
    row = {
        "task_id": task.task_id,
        "number": step.number,
        "kind": step.kind,
        "actor": step.by,
        "department": step.department,
        "at": to_column(step.at),
        "text": step.text,
        "outcome": step.outcome.model_dump_json() if step.outcome else None,
        "record": task.model_dump_json(),
    }
    connection.execute(insert(t.task_steps).values(row))


_MOMENTS = ("due", "issued_at", "updated_at")


def _columns(task: Task) -> dict[str, Any]:
    return {
        **task.model_dump(exclude={"task_id", "outcome"}),
        **{name: to_column(getattr(task, name)) for name in _MOMENTS},
        "state": task.state.value,
        "outcome": task.outcome.model_dump_json() if task.outcome else None,
    }


def _task(row: Any) -> Task:
    values = {name: getattr(row, name) for name in Task.model_fields}
    values |= {name: from_column(values[name]) for name in _MOMENTS}
    values |= {"state": TaskState(row.state), "outcome": None}
    if row.outcome:
        values["outcome"] = Outcome.model_validate_json(row.outcome)
    return Task(**values)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
