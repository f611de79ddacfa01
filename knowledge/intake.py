"""The way of a row into the case base: read as a case, written in batches, its problems told by row and field.

It knows cells and cases; what a heading means stands in `mapping`, what a free-text reply says is read by `reply`.
Nothing is guessed: a cell that cannot be read is a problem, one that is empty stays unknown.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import ValidationError

from knowledge.case import Action, Case, Outcome
from knowledge.errors import BadInput
from knowledge.mapping import (
    Mapping,
    choose_mapping,
    read_kind,
    read_list,
    read_moment,
    read_number,
    read_result,
    read_severity,
    read_status,
    read_text,
    read_yes,
)
from knowledge.places import Gazetteer
from knowledge.records import Written
from knowledge.reply import read_reply, read_resolved
from knowledge.sheet import Row, read_rows
from knowledge.taxonomy import Taxonomy
from knowledge.text import clean, language_of

__all__ = ["ImportReport", "RowError", "RowProblem", "import_cases", "read_case"]

MAX_ERRORS = 1_000  # kept in a report; all are counted
PEEKED = 50  # rows whose headings choose the mapping: objects in JSONL need not all have the same

_SPLIT = re.compile(r"[、，,;；|｜/\n]+")
_PARTS: dict[str, Callable[[object], object]] = {
    "resolved": read_yes, "days": read_number, "satisfaction": read_number, "recurred": read_yes, "summary": read_text
}  # fmt: skip
_BARS = re.compile(r"\s*[|｜]\s*")


class RowProblem(BadInput):
    """A row that cannot become a case: the field and what is wrong with it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


@dataclass(frozen=True)
class RowError:
    """A row that was left out: its number below the headings, the field ("" for the whole row) and the problem."""

    row: int
    field: str
    problem: str


@dataclass(frozen=True)
class ImportReport:
    """What an import did, in rows; `errors` holds the first 1,000 of `errors_total`. A dry run adds nothing."""

    read: int = 0
    added: int = 0
    updated: int = 0
    skipped: int = 0
    errors: tuple[RowError, ...] = ()
    errors_total: int = 0
    cancelled: bool = False

    def to_dict(self) -> dict[str, object]:
        """As `precedent import --json` prints it."""
        errors = [{"row": error.row, "field": error.field, "problem": error.problem} for error in self.errors]
        counts = {"read": self.read, "added": self.added, "updated": self.updated, "skipped": self.skipped}
        return {**counts, "errors": errors, "errors_total": self.errors_total, "cancelled": self.cancelled}


class CaseStore(Protocol):
    """What an import needs of the case base."""

    def write(self, cases: Sequence[Case]) -> Written:
        """Adds or updates all cases in one transaction."""


_Found = TypeVar("_Found")


@dataclass(frozen=True)
class _Fields:
    """The values of one row by field; every value that cannot be read becomes a RowProblem that names its field."""

    values: dict[str, object]

    def read(self, name: str, reading: Callable[[object], _Found]) -> _Found | None:
        value = self.values.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return reading(value)
        except (ValueError, OverflowError, RecursionError) as error:
            raise RowProblem(name, f"{str(value)[:60]!r} cannot be read: {error}") from error

    def text(self, name: str) -> str | None:
        return self.read(name, read_text) or None


def read_case(values: dict[str, object], mapping: Mapping, taxonomy: Taxonomy, gazetteer: Gazetteer) -> Case:
    """The case that a row tells. Where no column gives them, district, place and language are read from its texts, and
    actions and outcome from an official reply; an external_id is made from the content. RowProblem if a cell cannot be
    read, if a text is too long, or if there is neither a situation nor a title.
    """
    fields = _Fields(mapping(values))
    title = fields.text("title")
    situation = fields.text("situation") or title
    if situation is None:
        raise RowProblem("situation", "is empty, and there is no title either; fill one of the two")
    occurred_at, closed_at = fields.read("occurred_at", read_moment), fields.read("closed_at", read_moment)
    reply = fields.read("reply", lambda value: read_reply(read_text(value), taxonomy, closed_at, occurred_at))
    actions, outcome = reply or ((), None)
    category = fields.text("category")
    district, place = _place(fields, f"{title or ''}\n{situation}", gazetteer)
    case = _checked(
        Case,
        {
            "external_id": fields.text("external_id"),
            "kind": fields.read("kind", read_kind) or "incident",
            "title": title,
            "situation": situation,
            "category": category and (taxonomy.resolve_category(category) or category),
            "district": district,
            "place": place,
            "occurred_at": occurred_at,
            "closed_at": closed_at,
            "severity": fields.read("severity", read_severity),
            "departments": fields.read("departments", lambda value: _departments(value, taxonomy)) or (),
            "actions": fields.read("actions", lambda value: _actions(value, taxonomy)) or actions,
            "outcome": _outcome(fields, taxonomy, outcome),
            "lessons": fields.text("lessons"),
            "source": fields.text("source"),
            "language": fields.text("language") or language_of(situation),
            "status": fields.read("status", read_status) or "approved",
            "superseded_by": fields.text("superseded_by"),
        },
    )
    return case if case.external_id else case.model_copy(update={"external_id": f"sha:{case.content_hash()[:16]}"})


_Record = TypeVar("_Record", Case, Action, Outcome)


def _checked(kind: type[_Record], values: dict[str, object], within: str = "") -> _Record:
    """The record, or a RowProblem with the first field that breaks a limit."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise RowProblem(within or name, f"{name}: {first['msg']}" if within else first["msg"]) from error


def _place(fields: _Fields, told: str, gazetteer: Gazetteer) -> tuple[str | None, str | None]:
    """District and place as given, else the first that the text names, else what has the shape of one."""
    district, place = fields.text("district"), fields.text("place")
    if district:
        district = gazetteer.resolve_district(district) or district
    sought = f"{place}\n{told}" if place else told
    known = gazetteer.find(sought)
    if not district:
        district = next((f.place.district for f in known if f.place), None) or gazetteer.find_unknown_district(sought)
    if not place:
        place = next((f.words for f in known if f.place and f.place.kind != "district"), None)
        place = place or (gazetteer.find_address(told) or "").lstrip("市区县") or None
    return district, place


def _departments(value: object, taxonomy: Taxonomy) -> tuple[str, ...]:
    if isinstance(value, str) and not value.lstrip().startswith("["):
        value = _SPLIT.split(value)
    names = [read_text(item) for item in read_list(value)]
    return tuple(dict.fromkeys(taxonomy.resolve_department(name) or name for name in names if name))


def _actions(value: object, taxonomy: Taxonomy) -> tuple[Action, ...]:
    return tuple(_action(item, taxonomy) for item in read_list(value) if item)


def _action(item: object, taxonomy: Taxonomy) -> Action:
    """One action from an object of the contract or from a line "text | type | department | result"."""
    if isinstance(item, dict):
        values = {str(name): value for name, value in item.items() if value is not None}
    else:
        parts = _BARS.split(read_text(item))
        values = dict(zip(("text", "action_type", "department", "result"), parts, strict=False))
    unknown = set(values) - set(Action.model_fields)
    if unknown:
        raise ValueError(f"an action has no {sorted(unknown)[0]!r}; it has {', '.join(Action.model_fields)}")
    texts = {
        name: read_text(values[name]) for name in ("text", "action_type", "department", "note") if values.get(name)
    }
    for name, resolve in (("action_type", taxonomy.resolve_action_type), ("department", taxonomy.resolve_department)):
        if name in texts:
            texts[name] = resolve(texts[name]) or texts[name]
    found: dict[str, object] = dict(texts)
    if values.get("taken_at"):
        found["taken_at"] = read_moment(values["taken_at"])
    if values.get("result"):
        found["result"] = read_result(values["result"])
    return _checked(Action, found, "actions")


def _outcome(fields: _Fields, taxonomy: Taxonomy, from_reply: Outcome | None) -> Outcome | None:
    """The outcome column, an object or a text, then the columns for its parts, over what the reply says."""
    values = from_reply.model_dump(exclude_none=True) if from_reply else {}
    values |= fields.read("outcome", lambda value: _outcome_values(value, taxonomy)) or {}
    for name, reading in _PARTS.items():
        value = fields.read(f"outcome.{name}", reading)
        if value is not None:
            values[name] = value
    return _checked(Outcome, values, "outcome") if values else None


def _outcome_values(value: object, taxonomy: Taxonomy) -> dict[str, object]:
    found = value
    if not isinstance(found, dict):
        text = read_text(found)
        if not text.startswith("{"):
            return {"summary": text, "resolved": read_resolved(text, taxonomy)}
        found = json.loads(text)
    return {name: clean(item) if isinstance(item, str) else item for name, item in found.items() if item is not None}


def import_cases(
    path: Path,
    records: CaseStore,
    *,
    taxonomy: Taxonomy,
    gazetteer: Gazetteer,
    mapping: Mapping | None = None,
    dry_run: bool = False,
    batch: int = 500,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportReport:
    """Reads the file into the case base, `batch` cases in one transaction; a bad row is reported and left out.

    `progress` is told the rows read so far after each batch, when `cancelled` is asked too: what is written stays.
    Importing the file again adds nothing. BadInput if the file or its headings cannot be used.
    """
    rows = read_rows(path)
    first = list(islice(rows, PEEKED))
    headings = list(dict.fromkeys(heading for row in first for heading in row.values))
    mapping = mapping or (choose_mapping(headings) if headings else None)
    if mapping and headings and not {"situation", "title"}.intersection(mapping.covers(headings)):
        raise BadInput(f"mapping {mapping.name!r} finds no situation in {path}; its headings are {', '.join(headings)}")
    read, errors_total, errors, written, stopped = 0, 0, list[RowError](), Written(), False
    for cases, problems in _batches(chain(first, rows), mapping, taxonomy, gazetteer, batch):
        read += len(cases) + len(problems)
        errors_total, errors = errors_total + len(problems), (errors + problems)[:MAX_ERRORS]
        if cases and not dry_run:
            written += records.write(cases)
        if progress:
            progress(read)
        stopped = cancelled is not None and cancelled()
        if stopped:
            break
    return ImportReport(read, **vars(written), errors=tuple(errors), errors_total=errors_total, cancelled=stopped)


def _batches(
    rows: Iterator[Row], mapping: Mapping | None, taxonomy: Taxonomy, gazetteer: Gazetteer, size: int
) -> Iterator[tuple[list[Case], list[RowError]]]:
    """Cases and problems of up to `size` rows; a second row with the same external_id begins another batch."""
    cases: dict[str | None, Case] = {}
    problems: list[RowError] = []
    for row in rows:
        try:
            if row.problem or mapping is None:
                raise RowProblem("", row.problem or "has no headings")
            case = read_case(row.values, mapping, taxonomy, gazetteer)
        except RowProblem as error:
            problems.append(RowError(row.number, error.field, error.problem))
        else:
            if case.external_id in cases:
                yield list(cases.values()), problems
                cases, problems = {}, []
            cases[case.external_id] = case
        if len(cases) + len(problems) >= size:
            yield list(cases.values()), problems
            cases, problems = {}, []
    if cases or problems:
        yield list(cases.values()), problems
