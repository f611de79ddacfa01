"""What the city knows of one matter: the Case with its Actions and its Outcome.

Records are frozen; whatever is not known is None (or an empty tuple), never a guess. This module knows nothing of
databases, indexes or files.
"""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["Action", "ActionResult", "Case", "CaseKind", "CaseStatus", "Outcome", "StoredCase"]


class CaseKind(StrEnum):
    """What sort of precedent a case is."""

    INCIDENT = "incident"
    DECISION = "decision"
    POLICY = "policy"


class CaseStatus(StrEnum):
    """Only approved cases are shown; drafts wait for a curator, retired ones are kept but never matched."""

    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"


class ActionResult(StrEnum):
    """Whether an action did what it was taken for."""

    WORKED = "worked"
    FAILED = "failed"
    UNKNOWN = "unknown"


def _in_utc(value: datetime) -> datetime:
    """A naive time is read as UTC; an aware one is converted."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_in_utc)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Action(_Record):
    """One measure that was taken: what, of which type (an id of the taxonomy), by whom, when, with what result."""

    text: str = Field(min_length=1, max_length=4_000)
    action_type: str = "other"
    department: str | None = None
    taken_at: Moment | None = None
    result: ActionResult = ActionResult.UNKNOWN
    note: str | None = Field(default=None, max_length=4_000)


class Outcome(_Record):
    """How a matter ended. `days` is the time to resolution in days, `satisfaction` runs from 1 (worst) to 5 (best)."""

    resolved: bool | None = None
    days: float | None = Field(default=None, ge=0, le=36_500)
    satisfaction: float | None = Field(default=None, ge=1, le=5)
    recurred: bool | None = None
    summary: str | None = Field(default=None, max_length=20_000)


class Case(_Record):
    """One matter as the city remembers it. Only `situation` is required.

    `category`, `departments` and each `action_type` hold taxonomy ids where they could be resolved, else the text that
    was given; `district` holds a gazetteer id likewise. `severity` runs from 1 (特别重大) to 4 (一般).
    `superseded_by` names the external_id of the case or policy that replaced this one.
    """

    external_id: str | None = Field(default=None, max_length=200)
    kind: CaseKind = CaseKind.INCIDENT
    title: str | None = Field(default=None, max_length=1_000)
    situation: str = Field(min_length=1, max_length=50_000)
    category: str | None = None
    district: str | None = None
    place: str | None = Field(default=None, max_length=1_000)
    occurred_at: Moment | None = None
    closed_at: Moment | None = None
    severity: int | None = Field(default=None, ge=1, le=4)
    departments: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    outcome: Outcome | None = None
    lessons: str | None = Field(default=None, max_length=20_000)
    source: str | None = Field(default=None, max_length=1_000)
    language: str | None = Field(default=None, max_length=20)
    status: CaseStatus = CaseStatus.APPROVED
    superseded_by: str | None = None

    def content_hash(self) -> str:
        """SHA-256 over all fields: two cases with the same hash say the same; the key of "nothing changed".

        >>> Case(situation="停电").content_hash() == Case(situation="停电").content_hash()
        True
        """
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def heading(self, length: int = 40) -> str:
        """The title, or the beginning of the situation where there is none.

        >>> Case(situation="东岭路路灯不亮").heading()
        '东岭路路灯不亮'
        """
        text = self.title or self.situation
        return text if len(text) <= length or self.title else text[: length - 1] + "…"

    def texts(self) -> tuple[str, ...]:
        """Every text of the case from which a quote may be taken, word for word."""
        parts = [self.title, self.situation, self.lessons, self.outcome.summary if self.outcome else None]
        for action in self.actions:
            parts += [action.text, action.note]
        return tuple(part for part in parts if part)


class StoredCase(_Record):
    """A case in the case base: its id (unique, never reused), its version (1, 2, …) and the change that wrote it."""

    case_id: int
    version: int
    change: int
    updated_at: Moment
    case: Case

    def replaced(self, case: Case) -> Self:
        """The same row with other content (used by previews; nothing is written)."""
        return self.model_copy(update={"case": case})
