"""The desk of tasks over a real desk: from an answer to a task, from a task to an outcome."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from task_city import GOOD, LI, WANG, ZHAO, City

from assistant.learning.events import Effect
from assistant.moment import CITY_ZONE
from knowledge.case import Case, Outcome
from knowledge.errors import BadInput, Fault, NotFound
from knowledge.task import STEPS, Person, TaskState


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, small_cases: tuple[Case, ...]) -> Iterator[City]:
    city = City(tmp_path_factory.mktemp("tasks") / "city", small_cases)
    yield city
    city.workplace.engine.dispose()


@pytest.fixture
def city(opened: City) -> City:
    """The city is shared, since it takes seconds to open; every test begins with nothing open."""
    opened.clear()
    return opened


# Handing out


def test_an_action_becomes_a_task(city: City) -> None:
    answer = city.ask()
    action = answer.actions[0]
    task = city.issue(answer, department=None, instructions=f" {action.text}\n注意安全 ")
    assert (task.matter, task.slot, task.action_type) == (answer.interaction_id, 0, action.action_type)
    assert task.department == action.department == "police", "the action's own department"
    assert task.title == action.text
    assert task.instructions == f"{action.text}\n注意安全"
    assert (task.issued_by, task.issuer_department, task.issued_at) == ("李强", "emergency", city.now)
    assert (task.state, task.version) == (TaskState.ISSUED, 1)
    assert city.tasks.task(task.task_id)[0] == task
    assert [step.kind for step in city.tasks.task(task.task_id)[1]] == ["issue"]
    assert city.tasks.of_matter(answer.interaction_id) == (task,)


def test_the_same_client_id_again_is_the_same_task(city: City) -> None:
    answer = city.ask()
    task = city.issue(answer, client_id="c1", due=city.now + timedelta(hours=1))
    city.now += timedelta(hours=2)
    again = city.issue(answer, client_id="c1", due=city.now - timedelta(hours=1), instructions="")
    assert again == task
    assert len(city.tasks.of_matter(answer.interaction_id)) == 1


def test_by_when_follows_from_the_action(city: City) -> None:
    city.now = datetime(2026, 11, 3, 10, tzinfo=CITY_ZONE).astimezone(UTC)
    answer = city.ask()
    due = {"now": 4, "today": 14, "later": 7 * 24}
    for slot, action in enumerate(answer.actions):
        assert city.issue(answer, slot=slot).due == city.now + timedelta(hours=due[action.when])
    assert city.issue(answer, slot=None).due == city.now + timedelta(hours=14)
    given = city.now + timedelta(minutes=1)
    assert city.issue(answer, due=given).due == given
    assert city.issue(answer, due=given.replace(tzinfo=None)).due == given, "a time without a zone is read as UTC"


@pytest.mark.parametrize(
    ("named", "department"), [("water", "water"), ("水务局", "water"), (" 云州市水务局 ", "water"), (None, "police")]
)
def test_a_department_by_id_or_name(city: City, named: str | None, department: str) -> None:
    assert city.issue(city.ask(), department=named).department == department


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"instructions": " \n"}, "the instructions are empty"),
        ({"instructions": "长" * 4_001}, "instructions of the new task cannot be used: .*4000"),
        ({"department": "气象魔法部"}, "there is no department '气象魔法部'"),
        ({"slot": None, "department": None}, "handed to nobody; name a department or a person"),
        ({"client_id": ""}, "needs a client_id"),
        ({"client_id": "x" * 101}, "needs a client_id"),
        ({"title": "长" * 1_001}, "title of the new task"),
        ({"assignee": "长" * 101}, "assignee of the new task"),
    ],
)
def test_what_cannot_be_handed_out(city: City, fields: dict[str, object], said: str) -> None:
    answer = city.ask()
    with pytest.raises(BadInput, match=said):
        city.issue(answer, **fields)
    assert city.tasks.of_matter(answer.interaction_id) == ()


def test_a_time_that_has_passed(city: City) -> None:
    with pytest.raises(BadInput, match="which has passed; choose a later time"):
        city.issue(city.ask(), due=city.now)


@pytest.mark.parametrize("slot", [-1, 99])
def test_what_was_never_shown(city: City, slot: int) -> None:
    with pytest.raises(NotFound, match=f"no action {slot} was shown"):
        city.issue(city.ask(), slot=slot)
    with pytest.raises(NotFound, match="there is no interaction never"):
        city.tasks.issue("never", LI, slot=0, department="water", instructions="抽水", client_id="c")


def test_what_concerns_whom(city: City) -> None:
    sun, zhou = Person(name="孙丽", department="archives"), Person(name="周涛", department="energy")
    answer = city.ask()
    given = {"slot": 0, "instructions": "抽水"}
    one = city.tasks.issue(answer.interaction_id, zhou, **given, department="energy", client_id="1")
    two = city.tasks.issue(answer.interaction_id, zhou, **given, department="police", assignee="孙丽", client_id="2")
    board = city.tasks.board(sun)
    assert (board.mine, board.department, board.issued) == ((two,), (), ())
    assert (city.tasks.board(zhou).department, city.tasks.board(zhou).issued) == ((one,), (two, one))
    assert city.tasks.board(Person(name="周涛")).department == ()
    accepted = city.tasks.step(one.task_id, "accept", sun)
    assert city.tasks.board(sun).mine == (two, accepted)
    assert {two, accepted} & set(city.tasks.overdue()) == set()
    city.now += timedelta(days=30)
    assert {two, accepted} <= set(city.tasks.overdue())
    for task in (one, two):
        city.tasks.step(task.task_id, "cancel", zhou)


# Steps


def test_two_people_at_once(city: City) -> None:
    task, start = city.issue(city.ask()), threading.Barrier(2)

    def accept(person: Person) -> str:
        start.wait()
        try:
            return city.tasks.step(task.task_id, "accept", person, version=1).assignee or ""
        except BadInput as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(accept, (WANG, ZHAO)))
    kept, steps = city.tasks.task(task.task_id)
    assert kept.assignee in said
    assert sum("changed meanwhile (version 2, not 1)" in one for one in said) == 1
    assert [step.kind for step in steps] == ["issue", "accept"]


def test_a_returned_task_goes_on(city: City) -> None:
    task = city.issue(city.ask())
    city.tasks.step(task.task_id, "return", WANG, text="归交警管")
    again = city.tasks.step(task.task_id, "reissue", LI, department="公安局", assignee=" 赵刚 ", instructions="封路")
    assert (again.department, again.assignee, again.instructions, again.reason) == ("police", "赵刚", "封路", None)
    assert [one.department for one in city.tasks.store.versions(task.task_id)] == ["water", "water", "police"]
    with pytest.raises(BadInput, match="there is no department"):
        city.tasks.step(task.task_id, "reissue", LI, department="没有的部门")


def test_the_learner_is_told(city: City) -> None:
    answer = city.ask()
    task = city.issue(answer, slot=1, due=city.now + timedelta(hours=4))
    city.now += timedelta(hours=6)
    city.tasks.step(task.task_id, "accept", WANG)
    assert city.effects == []
    done = city.tasks.step(task.task_id, "done", WANG, outcome=GOOD)
    assert done.outcome == GOOD.model_copy(update={"days": 0.25})
    assert [(e.interaction_id, e.slot, e.source, e.resolved, e.satisfaction, e.in_time) for e in city.effects] == [
        (answer.interaction_id, 1, "official", True, 4, False)
    ]
    with pytest.raises(BadInput, match="somebody else has to verify"):
        city.tasks.step(task.task_id, "verify", WANG)
    city.tasks.step(task.task_id, "verify", ZHAO, outcome=Outcome(satisfaction=3))
    told = {effect.client_id: effect for effect in city.effects}
    assert [(e.source, e.actor, e.satisfaction) for e in told.values()] == [
        ("official", "王敏", 4),
        ("record", "赵刚", 3),
    ]
    assert city.tasks.store.unsettled() == ()


def test_what_a_crash_left_is_caught_up_with(city: City) -> None:
    answer, failing = city.ask(), True

    def told(effect: Effect) -> None:
        if failing:
            raise Fault("the disk is full")
        city.effects.append(effect)

    tasks = replace(city.tasks, on_effect=told)
    task = city.issue(answer)
    with pytest.raises(Fault, match="the disk is full"):
        tasks.step(task.task_id, "done", WANG, outcome=GOOD)
    assert tasks.task(task.task_id)[0].state is TaskState.DONE, "the step itself is kept"
    with pytest.raises(Fault):
        tasks.step(task.task_id, "verify", ZHAO)
    assert city.tasks.drafting.made.of_matter(answer.interaction_id) is None
    failing = False
    assert [draft.stored.case.external_id for draft in tasks.drafts()] == [f"TASK-{answer.interaction_id[:12]}"]
    assert [effect.source for effect in city.effects] == ["official", "record"]
    assert tasks.catch_up() == 0
    assert len(city.effects) == 2


# Any sequence


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from([WANG, ZHAO])), max_size=12))
def test_any_sequence_of_steps_is_kept_whole(city: City, wanted: list[tuple[str, Person]]) -> None:
    answer = city.ask()
    task = city.issue(answer)
    for kind, by in wanted:
        outcome = GOOD if kind == "done" else None
        before = task
        try:
            task = city.tasks.step(task.task_id, kind, by, text="原因", outcome=outcome, version=task.version)
        except BadInput:
            assert city.tasks.task(task.task_id)[0] == before
        kept, steps = city.tasks.task(task.task_id)
        assert kept == task
        assert len(steps) == task.version == len(city.tasks.store.versions(task.task_id))
    drafts = [draft for draft in city.tasks.drafts() if draft.tasks[0].matter == answer.interaction_id]
    assert len(drafts) == (task.state is TaskState.VERIFIED)
