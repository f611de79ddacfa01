"""A draft as a form and back: nothing is lost, what is wrong is named, what differs is told."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.case import Action, ActionResult, Case, CaseStatus, Outcome
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy
from ui.draft_form import FIELDS, Reading, action_rows, changed, is_field, read_case, values_of

TAXONOMY, GAZETTEER = read_taxonomy(), read_places()
AT = datetime(2026, 11, 20, 4, 30, 15, 123, tzinfo=UTC)
CASE = Case(
    external_id="TASK-1",
    title="凤台立交桥下积水",
    situation="凤台立交桥下积水约半米",
    category="flood.underpass",
    district="wangjiang",
    severity=3,
    occurred_at=AT,
    departments=("water",),
    actions=(
        Action(
            text="架泵车抽排", action_type="pump_drain", department="water", result=ActionResult.WORKED, taken_at=AT
        ),
        Action(text="封闭车道", note="南北两口"),
    ),
    outcome=Outcome(resolved=True, days=0.5, satisfaction=4),
    source="交办任务 1",
    status=CaseStatus.DRAFT,
)


def read(values: dict[str, str], base: Case = CASE) -> Reading:
    return read_case(values, base, taxonomy=TAXONOMY, gazetteer=GAZETTEER)


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=30).map(str.strip)
said = words.filter(bool)
truth = st.sampled_from([None, True, False])
cases = st.builds(
    Case,
    title=st.none() | said,
    situation=said,
    category=st.none() | st.sampled_from(sorted(TAXONOMY.category_by_id)),
    district=st.none() | st.sampled_from(sorted(p.id for p in GAZETTEER.places if p.kind == "district")),
    place=st.none() | said,
    severity=st.none() | st.integers(1, 4),
    lessons=st.none() | said,
    outcome=st.none()
    | st.builds(
        Outcome, resolved=truth, recurred=truth, days=st.none() | st.floats(0, 400).map(lambda n: round(n, 2)),
        satisfaction=st.none() | st.sampled_from([1, 2.5, 5]), summary=st.none() | said,
    ),
    actions=st.lists(
        st.builds(
            Action, text=said, action_type=st.sampled_from([a.id for a in TAXONOMY.action_types]),
            department=st.none() | st.sampled_from([d.id for d in TAXONOMY.departments]),
            taken_at=st.none() | st.datetimes(timezones=st.just(UTC)), result=st.sampled_from(ActionResult),
            note=st.none() | said,
        ),
        max_size=3,
    ).map(tuple),
    occurred_at=st.none() | st.just(AT),
    status=st.just(CaseStatus.DRAFT),
    source=st.just("交办任务 1"),
)  # fmt: skip


@given(cases)
def test_a_form_that_nobody_touched_is_the_same_case(case: Case) -> None:
    found = read(values_of(case), case)
    assert found.problems == {}
    assert found.case == case
    assert changed(case, case) == ()


@given(cases, cases)
def test_what_differs_is_what_the_fields_say(before: Case, after: Case) -> None:
    old, new = values_of(before), values_of(after)
    told = changed(before, after)
    assert set(told) == {name for name in {*old, *new} if old.get(name, "") != new.get(name, "")}
    assert all(is_field(name) for name in told)


@given(st.dictionaries(st.sampled_from([*FIELDS, *values_of(CASE), "action-7-text", "action-x-text"]), st.text()))
def test_whatever_is_sent_is_a_case_or_has_a_named_problem(values: dict[str, str]) -> None:
    found = read(values)
    assert (found.case is None) == bool(found.problems)
    if found.case is not None:
        assert found.case.status is CaseStatus.DRAFT
        assert found.case.external_id == "TASK-1"


def test_what_the_form_does_not_show_stays() -> None:
    found = read(values_of(CASE) | {"title": "新标题", "lessons": "提前备泵"})
    assert found.case == CASE.model_copy(update={"title": "新标题", "lessons": "提前备泵"})
    assert changed(CASE, found.case) == ("title", "lessons")


def test_an_action_is_removed_by_emptying_it_and_added_below() -> None:
    values = values_of(CASE) | {"action-0-text": "  ", "action-2-text": "回访车主", "action-2-result": "worked"}
    found = read(values)
    assert found.case is not None
    assert [(a.text, a.result.value) for a in found.case.actions] == [("封闭车道", "unknown"), ("回访车主", "worked")]
    assert found.case.actions[1].action_type == "other"


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("situation", "   ", "wrong_empty"),
        ("title", "长" * 1_001, "wrong_long"),
        ("severity", "5", "wrong_choice"),
        ("category", "no.such", "wrong_choice"),
        ("district", "mars", "wrong_choice"),
        ("outcome-days", "-1", "wrong_number"),
        ("outcome-days", "很久", "wrong_number"),
        ("outcome-days", "nan", "wrong_number"),
        ("outcome-satisfaction", "6", "wrong_number"),
        ("action-0-type", "no_such", "wrong_choice"),
        ("action-0-department", "moon", "wrong_choice"),
        ("action-0-text", "长" * 4_001, "wrong_long"),
        ("action-1-taken_at", "gestern", "wrong_choice"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(field: str, value: str, key: str) -> None:
    found = read(values_of(CASE) | {field: value})
    assert found.case is None
    assert [(name, problem.key) for name, problem in found.problems.items()] == [(field, key)]


def test_a_category_that_the_taxonomy_does_not_have_may_stay() -> None:
    case = CASE.model_copy(update={"category": "我市自定类别"})
    assert read(values_of(case), case).case == case


def test_no_outcome_stays_none_until_something_is_said() -> None:
    case = CASE.model_copy(update={"outcome": None})
    assert read(values_of(case), case).case == case
    found = read(values_of(case) | {"outcome-resolved": "no"}, case).case
    assert found is not None
    assert found.outcome == Outcome(resolved=False)


def test_rows_are_read_in_their_order() -> None:
    values = {f"action-{row}-text": str(row) for row in (10, 2, 0)} | {"action-9999-text": "x", "action--1-text": "x"}
    assert action_rows(values) == (0, 2, 10)
