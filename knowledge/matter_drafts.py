"""Which draft case was made from which matter, how it was made last, and what curators did with it.

The cases themselves are kept by `records`; this knows only their ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Select, func, insert, select, update

from knowledge import task_tables as t
from knowledge.case import Case, CaseStatus
from knowledge.database import reading, to_column, writing
from knowledge.tables import cases

__all__ = ["DraftStep", "MadeDraft", "MatterDrafts"]


@dataclass(frozen=True)
class MadeDraft:
    """The case of a matter, and what it held when it was last made from the tasks."""

    matter: str
    case_id: int
    made: Case


@dataclass(frozen=True)
class DraftStep:
    """What a person did with a draft: amended, approved or dismissed it; `version` is the one that came of it."""

    case_id: int
    kind: str
    by: str
    at: datetime
    version: int
    reason: str | None = None


@dataclass(frozen=True)
class MatterDrafts:
    """Drafts by matter, in SQL."""

    engine: Engine

    def keep(self, draft: MadeDraft, at: datetime) -> None:
        """Remembers how the draft of a matter was made; a later one replaces an earlier one."""
        d = t.matter_drafts.c
        row = {"case_id": draft.case_id, "made": draft.made.model_dump_json(), "made_at": to_column(at)}
        with writing(self.engine) as connection:
            done = connection.execute(update(t.matter_drafts).where(d.matter == draft.matter).values(row))
            if not done.rowcount:
                connection.execute(insert(t.matter_drafts).values(matter=draft.matter, **row))

    def of_matter(self, matter: str) -> MadeDraft | None:
        """The draft that was made from a matter, whatever became of it."""
        return self._one(_drafts().where(t.matter_drafts.c.matter == matter))

    def of_case(self, case_id: int) -> MadeDraft | None:
        """The draft of this case id, whatever became of it."""
        return self._one(_drafts().where(t.matter_drafts.c.case_id == case_id))

    def waiting(self, limit: int = 100) -> tuple[MadeDraft, ...]:
        """Drafts that are still drafts, the last changed first."""
        query = _drafts().join(cases, cases.c.case_id == t.matter_drafts.c.case_id)
        query = query.where(cases.c.status == CaseStatus.DRAFT.value).order_by(cases.c.change.desc()).limit(limit)
        with reading(self.engine) as connection:
            return tuple(_draft(row) for row in connection.execute(query))

    def count(self) -> int:
        """How many drafts wait."""
        joined = t.matter_drafts.join(cases, cases.c.case_id == t.matter_drafts.c.case_id)
        query = select(func.count()).select_from(joined).where(cases.c.status == CaseStatus.DRAFT.value)
        with reading(self.engine) as connection:
            return int(connection.execute(query).scalar_one())

    def note(self, step: DraftStep) -> None:
        """Writes down what a person did with a draft."""
        row = {**step.__dict__, "actor": step.by, "at": to_column(step.at)}
        row.pop("by")
        with writing(self.engine) as connection:
            connection.execute(insert(t.draft_steps).values(row))

    def steps(self, case_id: int) -> Sequence[DraftStep]:
        """What people did with a draft, oldest first."""
        s = t.draft_steps.c
        query = select(t.draft_steps).where(s.case_id == case_id).order_by(s.step_id)
        with reading(self.engine) as connection:
            return tuple(
                DraftStep(row.case_id, row.kind, row.actor, row.at.replace(tzinfo=UTC), row.version, row.reason)
                for row in connection.execute(query)
            )

    def _one(self, query: Select[Any]) -> MadeDraft | None:
        with reading(self.engine) as connection:
            row = connection.execute(query).first()
        return _draft(row) if row else None


def _drafts() -> Select[Any]:
    d = t.matter_drafts.c
    return select(d.matter, d.case_id, d.made)


def _draft(row: Any) -> MadeDraft:
    return MadeDraft(row.matter, row.case_id, Case.model_validate_json(row.made))
