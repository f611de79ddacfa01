"""What the steps of a task tell the learner."""

from datetime import UTC, datetime, timedelta

from assistant.taskeffect import effects_of
from knowledge.case import Outcome
from knowledge.task import Step, Task

DAY = datetime(2026, 11, 3, 8, tzinfo=UTC)
GOOD, BAD = Outcome(resolved=True, satisfaction=4, days=0.1), Outcome(resolved=False, days=0.1)


def task(due: datetime | None = DAY + timedelta(hours=4), slot: int | None = 2) -> Task:
    return Task(
        task_id=5, matter="m", slot=slot, title="抽水", instructions="抽水", due=due, issued_by="李强", issued_at=DAY,
        updated_at=DAY,
    )  # fmt: skip


def step(number: int, kind: str, hours: float, outcome: Outcome | None = None, by: str = "王敏") -> Step:
    return Step(number=number, kind=kind, by=by, at=DAY + timedelta(hours=hours), outcome=outcome)  # type: ignore[arg-type]


ISSUE = Step(number=1, kind="issue", by="李强", at=DAY)


def test_nothing_is_told_before_it_is_done() -> None:
    assert effects_of(task(), [ISSUE, step(2, "accept", 1), step(3, "note", 2), step(4, "cancel", 3)]) == ()


def test_done_and_verified() -> None:
    done, verified = effects_of(task(), [ISSUE, step(2, "done", 4, GOOD), step(3, "verify", 9, BAD, "赵刚")])
    assert (done.interaction_id, done.slot, done.client_id, done.actor) == ("m", 2, "task-5-2", "王敏")
    assert (done.source, done.resolved, done.satisfaction, done.in_time) == ("official", True, 4, True)
    assert (verified.source, verified.resolved, verified.satisfaction) == ("record", False, None)
    assert (verified.client_id, verified.actor, verified.at) == ("task-5-3", "赵刚", DAY + timedelta(hours=9))
    assert verified.in_time is True, "it was done in time, and verified later"


def test_late_and_without_a_time() -> None:
    steps = [ISSUE, step(2, "done", 4.01, GOOD)]
    assert [effect.in_time for effect in effects_of(task(), steps)] == [False]
    assert [effect.in_time for effect in effects_of(task(due=None), steps)] == [None]


def test_what_is_reopened_is_taken_back() -> None:
    steps = [ISSUE, step(2, "done", 1, GOOD), step(3, "reopen", 2), step(4, "done", 6, BAD), step(5, "verify", 7, BAD)]
    found = effects_of(task(), steps)
    assert [(e.source, e.resolved, e.in_time) for e in found] == [
        ("official", True, True),
        ("official", None, None),
        ("official", False, False),
        ("record", False, False),
    ]
    assert len({effect.client_id for effect in found}) == 4


def test_telling_it_again_is_telling_the_same() -> None:
    steps = [ISSUE, step(2, "done", 1, GOOD), step(3, "verify", 2, GOOD)]
    assert effects_of(task(), steps)[:1] == effects_of(task(), steps[:2])


def test_a_task_of_its_own_tells_of_no_action() -> None:
    assert effects_of(task(slot=None), [ISSUE, step(2, "done", 1, GOOD)]) == ()
