"""The steps of a task: each from each state, what each needs, and what any sequence of them leaves true."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.moment import CITY_ZONE
from assistant.taskstep import Handing, default_due, next_step
from knowledge.case import Outcome
from knowledge.errors import BadInput
from knowledge.task import OPEN, STEPS, Person, Step, Task, TaskState

DAY = datetime(2026, 11, 3, 2, tzinfo=UTC)  # ten in the morning in the city
WANG, ZHAO = Person(name="王敏", department="water"), Person(name="赵刚", department="emergency")
GOOD = Outcome(resolved=True, summary="水退了")
NEEDED: dict[str, dict[str, Any]] = {
    "return": {"text": "不归我们管"},
    "note": {"text": "在路上"},
    "done": {"outcome": GOOD},
    "reopen": {"text": "还在积水"},
}

# From each state, each step: to which state it leads; what is missing here is refused. Written by hand, not from STEPS.
EXPECTED: dict[str, dict[str, str]] = {
    "issued": {"accept": "accepted", "return": "returned", "note": "issued", "done": "done", "cancel": "cancelled"},
    "accepted": {"return": "returned", "note": "accepted", "done": "done", "cancel": "cancelled"},
    "returned": {"reissue": "issued", "note": "returned", "cancel": "cancelled"},
    "done": {"note": "done", "verify": "verified", "reopen": "accepted"},
    "verified": {"note": "verified"},
    "cancelled": {},
}
WAYS: dict[str, list[str]] = {
    "issued": [],
    "accepted": ["accept"],
    "returned": ["return"],
    "done": ["done"],
    "verified": ["done", "verify"],
    "cancelled": ["cancel"],
}


def issued(**fields: object) -> tuple[Task, list[Step]]:
    known = {"task_id": 5, "matter": "m", "slot": 0, "title": "抽水", "instructions": "架泵抽水", "department": "water",
             "due": DAY + timedelta(hours=4), "issued_by": "李强", "issued_at": DAY, "updated_at": DAY}  # fmt: skip
    return Task.model_validate(known | fields), [Step(number=1, kind="issue", by="李强", at=DAY)]


def taken(task: Task, steps: list[Step], kind: str, by: Person | None = None, **needed: Any) -> tuple[Task, list[Step]]:
    """One step more, an hour later; by whom it usually is."""
    person = by or (ZHAO if kind in ("verify", "reopen") else WANG)
    at = task.updated_at + timedelta(hours=1)
    after, step = next_step(task, steps, kind, person, **{"at": at, **NEEDED.get(kind, {}), **needed})
    return after.model_copy(update={"version": task.version + 1}), [*steps, step]


def at_state(state: str) -> tuple[Task, list[Step]]:
    task, steps = issued()
    for kind in WAYS[state]:
        task, steps = taken(task, steps, kind)
    assert task.state == state
    return task, steps


def test_every_state_and_step_is_expected() -> None:
    assert set(EXPECTED) == set(WAYS) == {state.value for state in TaskState}
    assert {kind for steps in EXPECTED.values() for kind in steps} == set(STEPS)


@pytest.mark.parametrize("kind", sorted(STEPS))
@pytest.mark.parametrize("state", sorted(EXPECTED))
def test_each_step_from_each_state(state: str, kind: str) -> None:
    task, steps = at_state(state)
    if kind not in EXPECTED[state]:
        with pytest.raises(BadInput, match=f"task 5 is {state}: '{kind}' cannot be taken now; possible: "):
            taken(task, steps, kind)
        return
    after, history = taken(task, steps, kind)
    assert after.state == EXPECTED[state][kind]
    assert history[-1].kind == kind
    assert history[-1].number == len(history) == after.version


@pytest.mark.parametrize("kind", ["", "issue", "erledigt", "Done"])
def test_there_are_no_other_steps(kind: str) -> None:
    task, steps = issued()
    with pytest.raises(BadInput, match=r"there is no step .*; take one of accept, return"):
        taken(task, steps, kind)


@pytest.mark.parametrize(
    ("kind", "why"), [("return", "say why it is returned"), ("reopen", "what is still missing"), ("note", "the note")]
)
def test_a_step_that_needs_a_text(kind: str, why: str) -> None:
    task, steps = at_state("done" if kind == "reopen" else "issued")
    for empty in (None, "", " \n"):
        with pytest.raises(BadInput, match=why):
            taken(task, steps, kind, text=empty)


def test_a_text_has_an_end() -> None:
    task, steps = issued()
    with pytest.raises(BadInput, match=r"1,001 characters, at most 1,000"):
        taken(task, steps, "return", text="长" * 1_001)
    assert taken(task, steps, "note", text="长" * 4_000)[1][-1].text == "长" * 4_000
    with pytest.raises(BadInput, match=r"at most 4,000"):
        taken(task, steps, "note", text="长" * 4_001)


def test_why_a_task_came_back_stands_in_it() -> None:
    task, steps = issued()
    task, steps = taken(task, steps, "return", text=" 不归我们管 ")
    assert (task.reason, steps[-1].text) == ("不归我们管", "不归我们管")
    task, steps = taken(task, steps, "reissue")
    assert task.reason is None
    task, steps = taken(task, steps, "done")
    task, steps = taken(task, steps, "reopen", text="还在积水")
    assert (task.reason, task.outcome) == ("还在积水", None)
    task, steps = taken(task, steps, "done")
    assert (task.reason, task.outcome is not None) == (None, True)


def test_who_accepts_an_open_task_has_it() -> None:
    assert taken(*issued(), "accept")[0].assignee == "王敏"
    assert taken(*issued(assignee="陈静"), "accept")[0].assignee == "陈静"


# Done and verified


@pytest.mark.parametrize("outcome", [None, Outcome(), Outcome(satisfaction=4)])
def test_done_needs_an_outcome_that_says_something(outcome: Outcome | None) -> None:
    task, steps = issued()
    with pytest.raises(BadInput, match="'done' needs an outcome"):
        taken(task, steps, "done", outcome=outcome)


def test_days_run_from_the_issue() -> None:
    task, steps = issued()
    at = DAY + timedelta(days=2, hours=6)
    assert taken(task, steps, "done", at=at)[0].outcome == GOOD.model_copy(update={"days": 2.25})
    told = Outcome(resolved=True, days=1)
    assert taken(task, steps, "done", at=at, outcome=told)[0].outcome == told


def test_a_text_is_what_happened() -> None:
    task, steps = issued()
    after, history = taken(task, steps, "done", outcome=Outcome(resolved=False), text="泵坏了")
    assert after.outcome is not None
    assert after.outcome.summary == "泵坏了"
    assert history[-1].outcome == after.outcome
    assert taken(task, steps, "done", outcome=Outcome(), text="泵坏了")[0].outcome is not None


@pytest.mark.parametrize("name", ["王敏", " 王敏 ", "王 敏", "王　敏"])
def test_nobody_verifies_what_they_did(name: str) -> None:
    task, steps = at_state("done")
    with pytest.raises(BadInput, match="王敏 did task 5, so somebody else has to verify it"):
        taken(task, steps, "verify", Person(name=name))


def test_letters_do_not_make_another_person() -> None:
    task, steps = taken(*issued(), "done", Person(name="Wang Min"))
    with pytest.raises(BadInput, match="somebody else"):
        taken(task, steps, "verify", Person(name="WANG  MIN"))
    with pytest.raises(BadInput, match="somebody else"):
        taken(task, steps, "verify", Person(name="ｗａｎｇ min"))


def test_the_last_who_did_it_counts() -> None:
    task, steps = at_state("done")
    task, steps = taken(task, steps, "reopen")
    task, steps = taken(task, steps, "done", ZHAO)
    assert taken(task, steps, "verify", WANG)[0].state is TaskState.VERIFIED
    with pytest.raises(BadInput, match="赵刚 did task 5"):
        taken(task, steps, "verify", ZHAO)


def test_who_verifies_may_know_better() -> None:
    task, steps = at_state("done")
    assert taken(task, steps, "verify")[0].outcome == task.outcome
    better = taken(task, steps, "verify", outcome=Outcome(resolved=False, satisfaction=2))
    assert better[0].outcome == Outcome(resolved=False, days=task.outcome.days, satisfaction=2, summary="水退了")  # type: ignore[union-attr]
    assert better[1][-1].outcome == better[0].outcome


def test_an_outcome_belongs_to_done_and_verify() -> None:
    with pytest.raises(BadInput, match="'accept' takes no outcome"):
        taken(*issued(), "accept", outcome=GOOD)


# To whom it goes


def test_a_returned_task_goes_to_another_department() -> None:
    task, steps = taken(*taken(*issued(), "accept"), "return")
    assert taken(task, steps, "reissue")[0].assignee == "王敏"
    after = taken(task, steps, "reissue", handing=Handing(department="police", instructions="封路"))[0]
    assert (after.department, after.assignee, after.instructions) == ("police", None, "封路")
    assert (after.issued_at, after.due) == (task.issued_at, task.due)


def test_a_task_that_is_late_gets_the_same_time_again() -> None:
    task, steps = taken(*issued(), "return")
    at = DAY + timedelta(days=1)
    assert taken(task, steps, "reissue", at=at)[0].due == at + timedelta(hours=4)
    soon = at + timedelta(minutes=5)
    assert taken(task, steps, "reissue", at=at, handing=Handing(due=soon))[0].due == soon
    with pytest.raises(BadInput, match="which has passed; choose a later time"):
        taken(task, steps, "reissue", at=at, handing=Handing(due=at))
    assert taken(*taken(*issued(due=None), "return"), "reissue", at=at)[0].due is None


def test_only_a_returned_task_goes_elsewhere() -> None:
    with pytest.raises(BadInput, match="return it, then reissue it"):
        taken(*issued(), "accept", handing=Handing(department="police"))
    assert taken(*issued(), "accept", handing=Handing())[0].department == "water"


def test_what_a_task_cannot_hold_is_named() -> None:
    task, steps = taken(*issued(), "return")
    with pytest.raises(BadInput, match=r"instructions of task 5 cannot be used: .*4000 characters"):
        taken(task, steps, "reissue", handing=Handing(instructions="长" * 4_001))


def test_time_does_not_run_back() -> None:
    task, steps = taken(*issued(), "accept")
    after, history = taken(task, steps, "done", at=DAY - timedelta(days=3))
    assert after.updated_at == history[-1].at == task.updated_at


# By when


@pytest.mark.parametrize(
    ("when", "hour", "hours"),
    [("now", 10, 4), ("today", 10, 14), ("today", 0, 24), ("today", 20, 4), ("today", 22, 4), ("later", 10, 7 * 24)],
)
def test_by_when_an_action_is_to_be_done(when: str, hour: int, hours: int) -> None:
    at = datetime(2026, 11, 3, hour, tzinfo=CITY_ZONE).astimezone(UTC)
    due = default_due(when, at)
    assert due == at + timedelta(hours=hours)
    assert due.utcoffset() == timedelta(0)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_now_is_before_today_and_today_before_later(at: datetime) -> None:
    now, today, later = (default_due(when, at) for when in ("now", "today", "later"))
    assert at < now <= today < later
    assert today - at <= timedelta(days=1)


# Any sequence

KINDS = st.sampled_from(sorted(STEPS))
PEOPLE = st.sampled_from([WANG, ZHAO])


@given(st.lists(st.tuples(KINDS, PEOPLE, st.integers(0, 72)), max_size=30))
def test_any_sequence_of_steps_holds_together(wanted: list[tuple[str, Person, int]]) -> None:
    task, steps = issued()
    doer = None
    for kind, by, hours in wanted:
        before = task
        possible = kind in EXPECTED[before.state] and not (kind == "verify" and doer == by.name)
        at = before.updated_at + timedelta(hours=hours)
        try:
            task, steps = taken(before, steps, kind, by, at=at)
        except BadInput:
            assert not possible
            continue
        assert possible
        assert task.state == EXPECTED[before.state][kind]
        doer = by.name if kind == "done" else doer
        assert len(steps) == task.version == before.version + 1
        assert (task.outcome is not None) == (task.state in (TaskState.DONE, TaskState.VERIFIED))
        assert (task.issued_at, task.issued_by, task.matter) == (DAY, "李强", "m")
        assert task.updated_at == steps[-1].at
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert task.state is _replayed(steps)
    assert (task.state in OPEN) == (task.state not in ("done", "verified", "cancelled"))


def _replayed(steps: list[Step]) -> TaskState:
    """The state that follows from the kinds of the steps alone."""
    state = "issued"
    for step in steps[1:]:
        state = EXPECTED[state][step.kind]
    return TaskState(state)
