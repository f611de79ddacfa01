"""The contract of Tasks, run on SQLite and, where one is installed, on a PostgreSQL server."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from knowledge.case import Outcome
from knowledge.database import writing
from knowledge.errors import BadInput, NotFound
from knowledge.interactions import Interactions, Shown
from knowledge.task import Step, Task, TaskState
from knowledge.tasks import About, Tasks

DAY = datetime(2026, 11, 3, 8, tzinfo=UTC)
MATTER = "a1" * 16


def ask(engine: Engine, matter: str = MATTER) -> None:
    """Logs an answer with two actions."""
    Interactions(engine).record(
        matter, asked_at=DAY, actor="李强", question="桥下积水", language="zh", situation={}, filters={}, candidates=[],
        shown=[Shown("pump", "抽水", 1.0), Shown("close_off", "封路", 1.0)], versions={}, recommendation="{}",
    )  # fmt: skip


def task(**fields: object) -> Task:
    known = {"matter": MATTER, "slot": 0, "title": "抽水", "instructions": "架泵抽水", "action_type": "pump",
             "department": "water", "due": DAY + timedelta(hours=4), "issued_by": "李强", "issued_at": DAY,
             "updated_at": DAY}  # fmt: skip
    return Task.model_validate(known | fields)


def noted(before: Task, steps: Sequence[Step]) -> tuple[Task, Step]:
    at = before.updated_at + timedelta(minutes=1)
    return before.model_copy(update={"updated_at": at}), Step(number=0, kind="note", by="王敏", at=at, text="在路上")


@pytest.fixture
def tasks(engine: Engine) -> Tasks:
    ask(engine)
    return Tasks(engine)


def test_no_tasks(tasks: Tasks) -> None:
    assert tasks.of_matter(MATTER) == tasks.assigned("李强") == tasks.handed("water") == tasks.unsettled() == ()
    for look in (tasks.get, tasks.history, tasks.versions):
        with pytest.raises(NotFound, match=r"no task 7; the list of tasks"):
            look(7)
    with pytest.raises(NotFound, match="no task 7"):
        tasks.change(7, noted)


def test_a_task_is_kept_as_it_is(tasks: Tasks) -> None:
    given = task(assignee="王敏", issuer_department="emergency")
    stored, new = tasks.add(given, "c1")
    assert new
    assert stored == given.model_copy(update={"task_id": stored.task_id})
    assert tasks.get(stored.task_id) == stored
    assert tasks.known(MATTER, "c1") == stored
    assert tasks.known(MATTER, "c2") is None
    first = Step(number=1, kind="issue", by="李强", department="emergency", at=DAY)
    assert tasks.history(stored.task_id) == (first,)
    assert tasks.versions(stored.task_id) == (stored,)


def test_the_same_client_id_is_the_same_task(tasks: Tasks, engine: Engine) -> None:
    first, _ = tasks.add(task(), "c1")
    assert tasks.add(task(title="别的"), "c1") == (first, False)
    assert tasks.add(task(), "c2")[1]
    ask(engine, "b2" * 16)
    assert tasks.add(task(matter="b2" * 16), "c1")[1], "another matter counts by itself"
    assert len(tasks.of_matter(MATTER)) == 2


def test_the_same_client_id_at_the_same_moment_is_one_task(tasks: Tasks) -> None:
    start = threading.Barrier(6)

    def add(_: int) -> tuple[Task, bool]:
        start.wait()
        return tasks.add(task(), "c1")

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(add, range(6)))
    assert len({one.task_id for one, _ in found}) == 1
    assert [new for _, new in found].count(True) == 1
    assert len(tasks.history(found[0][0].task_id)) == 1


@pytest.mark.parametrize("fields", [{"matter": "never"}, {"slot": 2}, {"matter": "never", "slot": None}])
def test_a_task_without_its_answer_cannot_be(tasks: Tasks, fields: dict[str, object]) -> None:
    with pytest.raises(NotFound, match="ask first, then hand out"):
        tasks.add(task(**fields), "c1")
    assert tasks.of_matter("never") == tasks.of_matter(MATTER) == ()


def test_a_task_of_its_own_belongs_to_no_place(tasks: Tasks) -> None:
    assert tasks.add(task(slot=None), "c1")[0].slot is None


def test_a_step_is_kept_with_what_it_made(tasks: Tasks) -> None:
    stored, _ = tasks.add(task(), "c1")
    outcome = Outcome(resolved=True, days=0.5, satisfaction=4, summary="水退了")

    def done(before: Task, steps: Sequence[Step]) -> tuple[Task, Step]:
        assert [step.kind for step in steps] == ["issue"]
        changes = {"state": TaskState.DONE, "outcome": outcome, "updated_at": DAY + timedelta(hours=2)}
        return before.model_copy(update=changes), Step(
            number=99, kind="done", by="王敏", at=DAY + timedelta(hours=2), outcome=outcome
        )

    after = tasks.change(stored.task_id, done, version=1, unsettled=True)
    assert (after.version, after.state, after.outcome) == (2, TaskState.DONE, outcome)
    assert tasks.get(stored.task_id) == after
    assert [step.number for step in tasks.history(stored.task_id)] == [1, 2]
    assert tasks.history(stored.task_id)[1].outcome == outcome
    assert tasks.versions(stored.task_id) == (stored, after)


def test_nobody_decides_on_what_was_not_seen(tasks: Tasks) -> None:
    task_id = tasks.add(task(), "c1")[0].task_id
    tasks.change(task_id, noted, version=1)
    with pytest.raises(BadInput, match=r"task \d+ was changed meanwhile \(version 2, not 1\); open it again"):
        tasks.change(task_id, noted, version=1)
    assert len(tasks.history(task_id)) == 2


def test_a_refused_step_leaves_nothing(tasks: Tasks) -> None:
    stored, _ = tasks.add(task(), "c1")

    def refused(before: Task, steps: Sequence[Step]) -> tuple[Task, Step]:
        raise BadInput("not now")

    with pytest.raises(BadInput, match="not now"):
        tasks.change(stored.task_id, refused, unsettled=True)
    assert tasks.get(stored.task_id) == stored
    assert tasks.unsettled() == ()


def test_steps_at_the_same_moment_are_all_kept(tasks: Tasks) -> None:
    task_id, start = tasks.add(task(), "c1")[0].task_id, threading.Barrier(4)

    def step(_: int) -> None:
        start.wait()
        for _ in range(5):
            tasks.change(task_id, noted)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(step, range(4)))
    assert tasks.get(task_id).version == 21
    assert [one.number for one in tasks.history(task_id)] == list(range(1, 22))


def test_of_two_who_saw_the_same_one_is_told(tasks: Tasks) -> None:
    task_id, start = tasks.add(task(), "c1")[0].task_id, threading.Barrier(2)

    def step(_: int) -> str:
        start.wait()
        try:
            tasks.change(task_id, noted, version=1)
        except BadInput as error:
            return str(error)
        return "kept"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(step, range(2)))
    assert said[0] == "kept"
    assert "changed meanwhile" in said[1]
    assert len(tasks.history(task_id)) == 2


@pytest.mark.parametrize("change", ["UPDATE task_steps SET text = 'x'", "DELETE FROM task_steps"])
def test_the_history_is_not_written_again(tasks: Tasks, engine: Engine, change: str) -> None:
    stored, _ = tasks.add(task(), "c1")
    with pytest.raises(DatabaseError, match="append-only"), writing(engine) as connection:
        connection.execute(text(change))
    assert len(tasks.history(stored.task_id)) == 1


def test_a_task_that_is_done_has_an_outcome(tasks: Tasks, engine: Engine) -> None:
    tasks.add(task(), "c1")
    with pytest.raises(DatabaseError), writing(engine) as connection:
        connection.execute(text("UPDATE tasks SET state = 'done'"))


def closing(state: TaskState) -> object:
    def edit(before: Task, steps: Sequence[Step]) -> tuple[Task, Step]:
        outcome = Outcome(resolved=True) if state in (TaskState.DONE, TaskState.VERIFIED) else None
        return before.model_copy(update={"state": state, "outcome": outcome}), Step(
            number=0, kind="note", by="x", at=before.updated_at
        )

    return edit


def test_who_has_to_do_with_a_task_finds_it(tasks: Tasks) -> None:
    later = DAY + timedelta(hours=1)
    one = tasks.add(task(assignee="王敏"), "c1")[0]
    two = tasks.add(
        task(assignee="王敏", department="police", issued_by="赵刚", issued_at=later, updated_at=later), "c2"
    )[0]
    assert tasks.assigned("王敏") == (two, one)
    assert tasks.handed("police") == (two,)
    assert tasks.issued("李强") == (one,)
    assert tasks.assigned("李强") == ()
    assert tasks.of_matter(MATTER) == (one, two)
    assert tasks.assigned("王敏", limit=1) == (two,)
    closed = tasks.change(two.task_id, closing(TaskState.CANCELLED))  # type: ignore[arg-type]
    assert tasks.assigned("王敏", limit=1) == (one,), "of too many the open ones are shown"
    assert tasks.assigned("王敏") == (closed, one)


def test_what_is_overdue(tasks: Tasks) -> None:
    late = tasks.add(task(due=DAY + timedelta(hours=1)), "c1")[0]
    later = tasks.add(task(due=DAY + timedelta(minutes=30)), "c2")[0]
    tasks.add(task(due=None), "c3")
    ended = tasks.add(task(due=DAY + timedelta(minutes=30)), "c4")[0]
    tasks.change(ended.task_id, closing(TaskState.DONE))  # type: ignore[arg-type]
    assert tasks.overdue(DAY + timedelta(minutes=30)) == (), "at its time it is not yet late"
    assert tasks.overdue(DAY + timedelta(hours=2)) == (later, late)
    assert tasks.overdue(DAY + timedelta(hours=2), limit=1) == (later,)


def test_open_tasks_of_a_category(tasks: Tasks) -> None:
    here = About("flood.underpass", "wangjiang", "凤台立交桥")
    one = tasks.add(task(), "c1", about=here)[0]
    tasks.add(task(), "c2", about=About("flood.road", "wangjiang"))
    tasks.add(task(), "c3")
    assert tasks.open_in("flood.underpass", DAY) == ((one, here),)
    assert tasks.open_in("flood", DAY) == ()
    assert tasks.open_in("flood.underpass", DAY + timedelta(seconds=1)) == ()
    tasks.change(one.task_id, closing(TaskState.CANCELLED))  # type: ignore[arg-type]
    assert tasks.open_in("flood.underpass", DAY) == ()


def test_a_step_waits_until_it_is_passed_on(tasks: Tasks) -> None:
    task_id = tasks.add(task(), "c1")[0].task_id
    assert tasks.unsettled() == ()
    first = tasks.change(task_id, noted, unsettled=True)
    second = tasks.change(task_id, noted)
    assert tasks.unsettled() == (second,)
    tasks.settled(first)
    assert tasks.unsettled() == (second,), "what was passed on was another version"
    tasks.settled(second)
    assert tasks.unsettled() == ()
