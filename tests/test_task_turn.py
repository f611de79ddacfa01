"""Whose turn it is: what the page offers to whom, held against the states in which a step is possible."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.task import STEPS, Person, Step, Task, TaskState
from ui.task_turn import steps_for, turn

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
HOLDER, ISSUER = Person(name="李强", department="water"), Person(name="王敏", department="emergency")
COLLEAGUE, STRANGER = Person(name="周洁", department="emergency"), Person(name="赵刚", department="police")


def task(state: str = "issued", **fields: object) -> Task:
    given_fields = {
        "matter": "i-1", "title": "抽排", "instructions": "抽排", "department": "water", "issued_by": "王敏",
        "issuer_department": "emergency", "issued_at": AT, "updated_at": AT, "state": state,
    }  # fmt: skip
    return Task.model_validate(given_fields | fields)


def done_by(name: str) -> list[Step]:
    return [Step(number=1, kind="issue", by="王敏", at=AT), Step(number=2, kind="done", by=name, at=AT)]


@pytest.mark.parametrize(
    ("state", "person", "offered", "waits"),
    [
        ("issued", HOLDER, ("accept", "done", "return", "note"), "accept"),
        ("issued", ISSUER, ("cancel", "note"), None),
        ("issued", STRANGER, ("note",), None),
        ("accepted", HOLDER, ("done", "return", "note"), "done"),
        ("returned", HOLDER, ("note",), None),
        ("returned", COLLEAGUE, ("reissue", "cancel", "note"), "reissue"),
        ("done", HOLDER, ("note",), None),
        ("done", ISSUER, ("verify", "reopen", "note"), "verify"),
        ("verified", ISSUER, ("note",), None),
        ("cancelled", ISSUER, (), None),
    ],
)
def test_each_is_offered_what_is_his(state: str, person: Person, offered: tuple[str, ...], waits: str | None) -> None:
    assert steps_for(task(state), person, done_by("李强")) == offered
    assert turn(task(state), person) == waits


def test_whoever_reported_it_done_does_not_verify_it() -> None:
    own = task("done", department="emergency", assignee="王敏")
    assert steps_for(own, ISSUER, done_by("王敏")) == ("reopen", "note")
    assert turn(own, ISSUER) is None
    assert "verify" in steps_for(own, COLLEAGUE, done_by("王敏"))
    assert turn(own, COLLEAGUE) == "verify"


def test_a_task_may_be_handed_to_a_name_alone() -> None:
    named = task(department=None, assignee="赵刚")
    assert turn(named, STRANGER) == "accept"
    assert turn(named, Person(name="赵刚")) == "accept"
    assert turn(named, HOLDER) is None
    assert turn(named, Person(name="无部门")) is None


@given(
    st.sampled_from(TaskState), st.sampled_from([HOLDER, ISSUER, COLLEAGUE, STRANGER, Person(name="无部门")]),
    st.sampled_from(["李强", "王敏", None]), st.sampled_from(["water", "emergency", None]),
)  # fmt: skip
def test_nothing_impossible_is_offered(
    state: TaskState, person: Person, assignee: str | None, department: str | None
) -> None:
    one = task(state, assignee=assignee, department=department)
    offered = steps_for(one, person, done_by("李强"))
    assert all(state in STEPS[kind][0] for kind in offered)
    assert len(set(offered)) == len(offered)
    waits = turn(one, person)
    assert waits is None or waits in offered or (waits == "verify" and person.name == "李强")
