"""Which draft was made from which matter, on SQLite and, where one is installed, on a PostgreSQL server."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from knowledge.case import Case, CaseStatus
from knowledge.database import writing
from knowledge.interactions import Interactions
from knowledge.matter_drafts import DraftStep, MadeDraft, MatterDrafts
from knowledge.records import SqlRecords

DAY = datetime(2026, 11, 3, 8, tzinfo=UTC)


def draft(engine: Engine, name: str) -> MadeDraft:
    """A draft case and the answer that began its matter."""
    Interactions(engine).record(
        name, asked_at=DAY, actor="李强", question="桥下积水", language="zh", situation={}, filters={}, candidates=[],
        shown=[], versions={}, recommendation="{}",
    )  # fmt: skip
    case = Case(external_id=name, situation="桥下积水", status=CaseStatus.DRAFT)
    SqlRecords(engine).write([case])
    stored = SqlRecords(engine).find(name)
    assert stored is not None
    return MadeDraft(name, stored.case_id, case)


def test_a_draft_is_found_by_matter_and_by_case(engine: Engine) -> None:
    drafts = MatterDrafts(engine)
    one = draft(engine, "a")
    assert drafts.of_matter("a") is drafts.of_case(one.case_id) is None
    drafts.keep(one, DAY)
    assert drafts.of_matter("a") == drafts.of_case(one.case_id) == one
    later = MadeDraft("a", one.case_id, one.made.model_copy(update={"severity": 2}))
    drafts.keep(later, DAY)
    assert drafts.of_matter("a") == later


def test_drafts_that_wait(engine: Engine) -> None:
    drafts, records = MatterDrafts(engine), SqlRecords(engine)
    one, two, three = (draft(engine, name) for name in "abc")
    for made in (one, two, three):
        drafts.keep(made, DAY)
    assert drafts.waiting() == (three, two, one)
    records.write([one.made.model_copy(update={"title": "新"})])
    assert drafts.waiting() == (one, three, two)
    assert drafts.waiting(limit=1) == (one,)
    assert drafts.count() == 3
    records.write([two.made.model_copy(update={"status": CaseStatus.APPROVED})])
    records.write([three.made.model_copy(update={"status": CaseStatus.RETIRED})])
    assert drafts.waiting() == (one,)
    assert drafts.count() == 1
    assert drafts.of_case(two.case_id) == two


def test_what_curators_did(engine: Engine) -> None:
    drafts, one = MatterDrafts(engine), draft(engine, "a")
    assert drafts.steps(one.case_id) == ()
    steps = (
        DraftStep(one.case_id, "amended", "李强", DAY, 2),
        DraftStep(one.case_id, "dismissed", "王敏", DAY, 3, "演练"),
    )
    for step in steps:
        drafts.note(step)
    assert drafts.steps(one.case_id) == steps
    for change in ("UPDATE draft_steps SET actor = 'x'", "DELETE FROM draft_steps"):
        with pytest.raises(DatabaseError, match="append-only"), writing(engine) as connection:
            connection.execute(text(change))
    assert drafts.steps(one.case_id) == steps
