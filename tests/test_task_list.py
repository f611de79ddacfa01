"""The lists of tasks: what an address asks for, and in which order it is shown."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from test_task_turn import AT, task

from assistant.taskdesk import Board
from knowledge.task import TaskState
from ui.task_list import FINISHED, SHOWN, TABS, TaskWish, chosen, is_overdue


@given(st.sampled_from(TABS), st.sampled_from(SHOWN))
def test_an_address_says_what_it_shows(tab: str, shown: str) -> None:
    wish = TaskWish(tab, shown)
    query = dict(part.split("=") for part in wish.address().partition("?")[2].split("&") if part)
    assert TaskWish.read(query) == wish


@given(st.dictionaries(st.sampled_from(["tab", "state", "odd"]), st.text(max_size=9)))
def test_an_address_that_makes_no_sense_is_the_first_list(query: dict[str, str]) -> None:
    wish = TaskWish.read(query)
    assert wish.tab in TABS
    assert wish.shown in SHOWN


def test_overdue_is_what_should_be_done_and_is_not() -> None:
    due = AT - timedelta(minutes=1)
    for state in TaskState:
        late = state in (TaskState.ISSUED, TaskState.ACCEPTED, TaskState.RETURNED)
        assert is_overdue(task(state, due=due), AT) is late
        assert not is_overdue(task(state), AT)
        assert not is_overdue(task(state, due=AT), AT)


def test_the_earliest_due_stands_first_and_what_is_finished_last() -> None:
    tasks = (
        task(task_id=1, due=AT + timedelta(days=2)),
        task(task_id=2),
        task("done", task_id=3, due=AT - timedelta(days=1)),
        task("verified", task_id=4, updated_at=AT + timedelta(hours=1)),
        task("cancelled", task_id=5, updated_at=AT + timedelta(hours=2)),
        task(task_id=6),
    )
    board = Board(mine=tasks, department=(), issued=tasks[:1])
    order = [one.task_id for one in chosen(board, TaskWish(shown="all"))]
    assert order == [3, 1, 6, 2, 5, 4]
    assert [one.task_id for one in chosen(board, TaskWish())] == [3, 1, 6, 2]
    assert [one.task_id for one in chosen(board, TaskWish(shown="closed"))] == [5, 4]
    assert chosen(board, TaskWish("department")) == ()
    assert [one.task_id for one in chosen(board, TaskWish("issued"))] == [1]


@given(st.lists(st.tuples(st.sampled_from(TaskState), st.none() | st.integers(-50, 50)), max_size=12))
def test_every_task_is_in_exactly_one_of_under_way_and_finished(made: list[tuple[TaskState, int | None]]) -> None:
    tasks = tuple(
        task(state, task_id=n, due=None if due is None else AT + timedelta(hours=due))
        for n, (state, due) in enumerate(made, 1)
    )
    board = Board(mine=tasks, department=(), issued=())
    parts = [chosen(board, TaskWish(shown=shown)) for shown in ("open", "closed")]
    assert parts[0] + parts[1] == chosen(board, TaskWish(shown="all"))
    assert {one.task_id for one in parts[0]} == {t.task_id for t in tasks if t.state not in FINISHED}
