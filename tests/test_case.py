import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from knowledge.case import Action, Case, CaseStatus, Outcome, StoredCase
from knowledge.casetext import case_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50).filter(str.strip)
MOMENT = st.datetimes(timezones=st.just(timezone(timedelta(hours=8))), min_value=datetime(1900, 1, 2))
ACTION = st.builds(Action, text=TEXT, action_type=TEXT, note=st.none() | TEXT, taken_at=st.none() | MOMENT)
OUTCOME = st.builds(
    Outcome, resolved=st.none() | st.booleans(), days=st.none() | st.floats(0, 36_500), summary=st.none() | TEXT
)
CASE = st.builds(
    Case,
    external_id=st.none() | TEXT,
    title=st.none() | TEXT,
    situation=TEXT,
    severity=st.none() | st.integers(1, 4),
    occurred_at=st.none() | MOMENT,
    departments=st.lists(TEXT, max_size=3).map(tuple),
    actions=st.lists(ACTION, max_size=3).map(tuple),
    outcome=st.none() | OUTCOME,
    status=st.sampled_from(CaseStatus),
)


@given(CASE)
def test_json_and_back_is_the_same_case(case: Case) -> None:
    again = Case.model_validate_json(case.model_dump_json())
    assert again == case
    assert again.content_hash() == case.content_hash()


@given(CASE, st.sampled_from(["situation", "title", "lessons", "status", "severity", "superseded_by"]))
def test_every_field_counts_for_the_content_hash(case: Case, name: str) -> None:
    other = {"status": CaseStatus.RETIRED, "severity": 4}.get(name, "另一个")
    changed = case.model_copy(update={name: other})
    assert (changed.content_hash() == case.content_hash()) == (getattr(case, name) == other)


@given(CASE)
def test_every_text_of_a_case_stands_in_its_json(case: Case) -> None:
    dumped = json.dumps(case.model_dump(mode="json"), ensure_ascii=False)
    for text in case.texts():
        assert json.dumps(text, ensure_ascii=False)[1:-1] in dumped
    assert case.situation in case.texts()


@given(CASE, st.integers(2, 60))
def test_a_heading_made_from_the_situation_is_short(case: Case, length: int) -> None:
    heading = case.heading(length)
    assert heading == case.title if case.title else len(heading) <= length


def test_a_record_is_frozen() -> None:
    case = Case(situation="停电")
    with pytest.raises(ValidationError, match="frozen"):
        case.situation = "别的"  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [
        {"situation": ""},
        {"situation": "   "},
        {"situation": "x" * 50_001},
        {"situation": "停电", "severity": 0},
        {"situation": "停电", "severity": 5},
        {"situation": "停电", "kind": "accident"},
        {"situation": "停电", "status": "gone"},
        {"situation": "停电", "unheard_of": 1},
        {"situation": "停电", "actions": [{"text": ""}]},
        {"situation": "停电", "outcome": {"satisfaction": 6}},
        {"situation": "停电", "outcome": {"days": -1}},
        {"situation": "停电", "outcome": {"days": float("nan")}},
    ],
)
def test_what_breaks_a_limit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Case.model_validate(wrong)


def test_times_become_utc() -> None:
    beijing = timezone(timedelta(hours=8))
    case = Case(situation="停电", occurred_at=datetime(2024, 1, 1, 8, tzinfo=beijing), closed_at=datetime(2024, 1, 1))
    assert case.occurred_at == datetime(2024, 1, 1, tzinfo=UTC)
    assert case.occurred_at.tzinfo is UTC
    assert case.closed_at == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_preview_leaves_the_stored_case_alone() -> None:
    stored = StoredCase(case_id=1, version=2, change=3, updated_at=datetime(2024, 1, 1), case=Case(situation="停电"))
    preview = stored.replaced(Case(situation="来电"))
    assert (preview.case.situation, preview.version) == ("来电", 2)
    assert stored.case.situation == "停电"


def test_case_text_holds_what_is_said_and_nothing_else(small_cases: tuple[Case, ...]) -> None:
    texts = case_text(small_cases[0])
    assert texts.title == "凤台立交桥下积水 凤台立交桥"
    assert texts.matter() == f"{texts.title}\n{small_cases[0].situation}"
    assert texts.handling.split("\n") == [
        "封闭下穿通道并疏导车辆。",
        "架设移动泵车抽水。",
        "四小时后通车。",
        "泵车要在雨前到位。",
    ]
    assert case_text(Case(situation="停电")).handling == ""
