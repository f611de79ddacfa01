"""The case base: writing cases as versions, reading them, filtering them, and the change numbers that copies follow.

Every write is one transaction and gives each changed case a new change number, larger than all before it. It knows
nothing of the indexes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Engine, Select, delete, func, insert, or_, select, update

from knowledge import tables as t
from knowledge.case import Case, CaseStatus, StoredCase
from knowledge.database import from_column, reading, to_column, writing
from knowledge.errors import BadInput, NotFound
from knowledge.filter import Wanted

__all__ = ["Columns", "Records", "SqlRecords", "Written"]

CHUNK = 500  # values in one IN (...) list


@dataclass(frozen=True)
class Written:
    """What one write did, in cases."""

    added: int = 0
    updated: int = 0
    skipped: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(self.added + other.added, self.updated + other.updated, self.skipped + other.skipped)


@dataclass(frozen=True)
class Columns:
    """The columns of one case that similarity needs, without its texts. Times are aware UTC."""

    case_id: int
    external_id: str | None
    kind: str
    category: str | None
    district: str | None
    place: str | None
    occurred_at: datetime | None
    severity: int | None
    language: str | None = None


class Records(Protocol):
    """The seam for the truth. One contract suite runs against every implementation."""

    def write(self, cases: Sequence[Case], *, seen: int | None = None) -> Written:
        """All cases or none, known by external_id; skips what is the same; BadInput if one is not at version `seen`."""
        ...

    def get(self, case_ids: Sequence[int]) -> dict[int, StoredCase]:
        """The present version of each case that exists, whatever its status."""
        ...

    def find(self, external_id: str) -> StoredCase | None:
        """The case with this external id."""
        ...

    def columns(self, case_ids: Sequence[int]) -> dict[int, Columns]:
        """The columns of each case that exists."""
        ...

    def select(self, wanted: Wanted) -> list[int]:
        """Ids of the approved cases that the filter wants, ascending."""
        ...

    def count(self, status: CaseStatus | None = CaseStatus.APPROVED) -> int:
        """How many cases have this status (None: all)."""
        ...

    def last_change(self) -> int:
        """The highest change number given out; 0 for an empty case base."""
        ...

    def changes(self, since: int, limit: int) -> list[StoredCase]:
        """Cases whose last change is above `since`, by change number, at most `limit`."""
        ...

    def versions(self, case_id: int) -> list[Case]:
        """All versions of a case, oldest first. Raises NotFound."""
        ...

    def all(self) -> Iterator[StoredCase]:
        """Every case by change number, in batches, so that memory stays flat."""
        ...


@dataclass(frozen=True)
class SqlRecords:
    """Records in SQLite or PostgreSQL, through SQLAlchemy."""

    engine: Engine

    def write(self, cases: Sequence[Case], *, seen: int | None = None) -> Written:
        """See Records.write."""
        if not cases:
            return Written()
        added = updated = skipped = 0
        with writing(self.engine) as connection:
            change = _counter(connection, lock=True)  # first: whoever writes too waits here, then sees what we wrote
            known = _known(connection, [c.external_id for c in cases if c.external_id])
            for case in cases:
                content_hash = case.content_hash()
                before = known.get(case.external_id) if case.external_id else None
                if before and before[2] == content_hash:
                    skipped += 1
                    continue
                if seen is not None and (before[1] if before else 0) != seen:
                    raise BadInput(f"{case.external_id or 'the case'} was changed meanwhile; open it again, then write")
                change += 1
                case_id, version = _write_one(connection, case, content_hash, before, change)
                added, updated = (added, updated + 1) if before else (added + 1, updated)
                if case.external_id:
                    known[case.external_id] = (case_id, version, content_hash)
            connection.execute(update(t.counters).where(t.counters.c.name == "change").values(value=change))
        return Written(added, updated, skipped)

    def get(self, case_ids: Sequence[int]) -> dict[int, StoredCase]:
        """See Records.get."""
        found: dict[int, StoredCase] = {}
        with reading(self.engine) as connection:
            for chunk in _chunks(case_ids):
                for row in connection.execute(_stored().where(t.cases.c.case_id.in_(chunk))):
                    found[row.case_id] = _read(row)
        return found

    def find(self, external_id: str) -> StoredCase | None:
        """See Records.find."""
        with reading(self.engine) as connection:
            row = connection.execute(_stored().where(t.cases.c.external_id == external_id)).first()
        return _read(row) if row else None

    def columns(self, case_ids: Sequence[int]) -> dict[int, Columns]:
        """See Records.columns."""
        c = t.cases.c
        wanted = select(
            c.case_id, c.external_id, c.kind, c.category, c.district, c.place, c.occurred_at, c.severity, c.language
        )
        found: dict[int, Columns] = {}
        with reading(self.engine) as connection:
            for chunk in _chunks(case_ids):
                for row in connection.execute(wanted.where(c.case_id.in_(chunk))):
                    found[row[0]] = Columns(*row[:6], from_column(row[6]), row[7], row[8])
        return found

    def select(self, wanted: Wanted) -> list[int]:
        """See Records.select."""
        query = _filtered(select(t.cases.c.case_id), wanted).order_by(t.cases.c.case_id)
        with reading(self.engine) as connection:
            return list(connection.execute(query).scalars())

    def count(self, status: CaseStatus | None = CaseStatus.APPROVED) -> int:
        """See Records.count."""
        query = select(func.count()).select_from(t.cases)
        if status is not None:
            query = query.where(t.cases.c.status == status.value)
        with reading(self.engine) as connection:
            return int(connection.execute(query).scalar_one())

    def last_change(self) -> int:
        """See Records.last_change."""
        with reading(self.engine) as connection:
            return _counter(connection)

    def changes(self, since: int, limit: int) -> list[StoredCase]:
        """See Records.changes."""
        query = _stored().where(t.cases.c.change > since).order_by(t.cases.c.change).limit(limit)
        with reading(self.engine) as connection:
            return [_read(row) for row in connection.execute(query)]

    def versions(self, case_id: int) -> list[Case]:
        """See Records.versions."""
        v = t.case_versions.c
        with reading(self.engine) as connection:
            records = connection.execute(select(v.record).where(v.case_id == case_id).order_by(v.version)).scalars()
            found = [Case.model_validate_json(record) for record in records]
        if not found:
            raise NotFound(f"there is no case {case_id}; `precedent match` lists the ids of similar cases")
        return found

    def all(self) -> Iterator[StoredCase]:
        """See Records.all."""
        since = 0
        while batch := self.changes(since, 1000):
            yield from batch
            since = batch[-1].change


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), CHUNK):
        yield [int(v) if not isinstance(v, str) else v for v in values[start : start + CHUNK]]


def _counter(connection: Connection, *, lock: bool = False) -> int:
    query = select(t.counters.c.value).where(t.counters.c.name == "change")
    return int(connection.execute(query.with_for_update() if lock else query).scalar_one())


def _known(connection: Connection, external_ids: Sequence[str]) -> dict[str, tuple[int, int, str]]:
    c = t.cases.c
    found: dict[str, tuple[int, int, str]] = {}
    for chunk in _chunks(list(dict.fromkeys(external_ids))):
        query = select(c.external_id, c.case_id, c.version, c.content_hash).where(c.external_id.in_(chunk))
        found |= {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}
    return found


def _stored() -> Select[Any]:
    c, v = t.cases.c, t.case_versions.c
    joined = t.cases.join(t.case_versions, (c.case_id == v.case_id) & (c.version == v.version))
    return select(c.case_id, c.version, c.change, c.updated_at, v.record).select_from(joined)


def _read(row: Any) -> StoredCase:
    case = Case.model_validate_json(row.record)
    return StoredCase(case_id=row.case_id, version=row.version, change=row.change, updated_at=row.updated_at, case=case)


def _write_one(
    connection: Connection, case: Case, content_hash: str, before: tuple[int, int, str] | None, change: int
) -> tuple[int, int]:
    """Writes one version with its rows; gives (case_id, version)."""
    now = to_column(datetime.now(UTC))
    version = before[1] + 1 if before else 1
    values = {
        **case.model_dump(include=set(_PLAIN)),
        "kind": case.kind.value,
        "status": case.status.value,
        "occurred_at": to_column(case.occurred_at),
        "closed_at": to_column(case.closed_at),
        "version": version,
        "change": change,
        "content_hash": content_hash,
        "updated_at": now,
    }
    if before:
        case_id = before[0]
        connection.execute(update(t.cases).where(t.cases.c.case_id == case_id).values(values))
        for table in (t.actions, t.outcomes, t.case_departments):
            connection.execute(delete(table).where(table.c.case_id == case_id))
    else:
        key = connection.execute(insert(t.cases).values(values)).inserted_primary_key
        assert key is not None
        case_id = int(key[0])
    record = {"case_id": case_id, "version": version, "written_at": now, "record": case.model_dump_json()}
    connection.execute(insert(t.case_versions).values(record))
    _write_parts(connection, case, case_id)
    return case_id, version


_PLAIN = ("external_id", "title", "situation", "category", "district", "place", "severity", "lessons", "source",
          "language", "superseded_by")  # fmt: skip


def _write_parts(connection: Connection, case: Case, case_id: int) -> None:
    if case.departments:
        rows = [{"case_id": case_id, "position": i, "department": d} for i, d in enumerate(case.departments)]
        connection.execute(insert(t.case_departments), rows)
    if case.actions:
        rows = [
            {**a.model_dump(), "result": a.result.value, "taken_at": to_column(a.taken_at), "case_id": case_id,
             "position": i}
            for i, a in enumerate(case.actions)
        ]  # fmt: skip
        connection.execute(insert(t.actions), rows)
    if case.outcome:
        connection.execute(insert(t.outcomes).values(case_id=case_id, **case.outcome.model_dump()))


def _filtered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    c = t.cases.c
    query = query.where(c.status == CaseStatus.APPROVED.value)
    if wanted.districts:
        query = query.where(c.district.in_(wanted.districts))
    if wanted.categories:
        query = query.where(or_(*[_within(x) for x in wanted.categories]))
    if wanted.kinds:
        query = query.where(c.kind.in_(wanted.kinds))
    if wanted.departments:
        d = t.case_departments.c
        query = query.where(c.case_id.in_(select(d.case_id).where(d.department.in_(wanted.departments))))
    if wanted.since:
        query = query.where(c.occurred_at >= to_column(wanted.since))
    if wanted.until:
        query = query.where(c.occurred_at <= to_column(wanted.until))
    return query


def _within(category: str) -> ColumnElement[bool]:
    """The category itself or one below it; not by LIKE, which takes no notice of upper and lower case in SQLite."""
    column, group = t.cases.c.category, f"{category}."
    return (column == category) | (func.substr(column, 1, len(group)) == group)
