"""The task desk and the follow-ups as a data folder opens them: what they are told stands in the log of learning."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from task_city import GOOD, LI, WANG, ZHAO, City

from assistant.answer import Reaction
from assistant.learning.events import Effect
from assistant.learning.sqllog import SqlEventLog
from assistant.taskwiring import open_follow_ups, open_task_desk
from knowledge.case import Case


@pytest.fixture
def city(tmp_path: Path, small_cases: tuple[Case, ...]) -> Iterator[City]:
    city = City(tmp_path / "city", small_cases)
    yield city
    city.workplace.engine.dispose()


def test_what_tasks_and_people_tell_stands_in_the_log(city: City) -> None:
    place, answer = city.workplace, city.ask()
    tasks = open_task_desk(place.engine, lambda: place.desk, taxonomy=place.taxonomy, gazetteer=place.gazetteer)
    follow = open_follow_ups(place.engine, lambda: place.desk)
    task = tasks.issue(
        answer.interaction_id, LI, slot=0, department="water", instructions="架泵抽水", client_id="c1"
    )  # fmt: skip
    tasks.step(task.task_id, "done", WANG, outcome=GOOD)
    tasks.step(task.task_id, "verify", ZHAO)
    reaction = Reaction(
        interaction_id=answer.interaction_id, client_id="r1", kind="adopt", action=1, actor="李强", at=city.now
    )  # fmt: skip
    place.desk.react(reaction)
    later = city.now + timedelta(days=40)
    assert [one.slot for one in follow.due("李强", later)] == [1]
    assert follow.answer(answer.interaction_id, 1, "failed", "李强")
    told = [event for _, event in SqlEventLog(place.engine).events() if isinstance(event, Effect)]
    assert [(e.slot, e.source, e.actor, e.resolved, e.in_time) for e in told] == [
        (0, "official", "王敏", True, True),
        (0, "record", "赵刚", True, True),
        (1, "official", "李强", False, None),
    ]
    assert tasks.open_like("凤台立交桥下又积水了") == ()
    assert tasks.draft(tasks.drafts()[0].stored.case_id).alike[0][2] >= 0.5
