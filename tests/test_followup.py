"""Did it work? Asked of who adopted an action, at the right time, once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from task_city import GOOD, LI, WANG, City

from assistant.answer import Reaction, Recommendation
from assistant.followup import FollowUps, waiting_time
from assistant.learning.events import Effect
from knowledge import tables as t
from knowledge.case import Case
from knowledge.database import writing
from knowledge.errors import BadInput, NotFound
from knowledge.followup_log import FollowUpLog
from knowledge.learning_log import LearningLog, WithdrawalRow

DAY = timedelta(days=1)


class Asked:
    """A city where a person of the test's own adopts actions; what is asked and answered."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.actor = f"official-{uuid4().hex[:8]}"
        self.now = city.now
        self.follow = FollowUps(FollowUpLog(city.workplace.engine), city.told, clock=lambda: self.now)

    def react(self, answer: Recommendation, kind: str = "adopt", slot: int = 0, **fields: Any) -> None:
        known = {"interaction_id": answer.interaction_id, "client_id": uuid4().hex, "kind": kind, "action": slot,
                 "actor": self.actor, "at": self.now}  # fmt: skip
        assert self.city.workplace.desk.react(Reaction.model_validate(known | fields))

    def adopted(self, *slots: int, median_days: float | None = 3.0) -> Recommendation:
        """An answer whose track records tell this median, with these actions adopted."""
        answer = self.city.ask()
        told = tuple(
            a.model_copy(update={"track_record": a.track_record.model_copy(update={"median_days": median_days})})
            for a in answer.actions
        )
        record = answer.model_copy(update={"actions": told}).model_dump_json()
        same = t.interactions.c.interaction_id == answer.interaction_id
        with writing(self.city.workplace.engine) as connection:
            connection.execute(update(t.interactions).where(same).values(recommendation=record))
        for slot in slots:
            self.react(answer, slot=slot)
        return answer

    def due(self, limit: int = 1) -> list[tuple[str, int]]:
        return [(one.interaction_id, one.slot) for one in self.follow.due(self.actor, self.now, limit)]

    def effects(self, answer: Recommendation) -> list[tuple[int, str, bool | None]]:
        told = [effect for effect in self.city.effects if effect.interaction_id == answer.interaction_id]
        return [(effect.slot, effect.source, effect.resolved) for effect in told]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, small_cases: tuple[Case, ...]) -> Iterator[City]:
    city = City(tmp_path_factory.mktemp("asked") / "city", small_cases)
    yield city
    city.workplace.engine.dispose()


@pytest.fixture
def asked(opened: City) -> Asked:
    opened.clear()
    return Asked(opened)


def test_nobody_is_asked_about_nothing(asked: Asked) -> None:
    asked.city.ask()
    asked.now += 60 * DAY
    assert asked.due() == []


@pytest.mark.parametrize(("median", "days"), [(3.0, 3), (0.1, 1), (90.0, 30), (None, 7)])
def test_it_is_asked_when_such_matters_are_usually_over(asked: Asked, median: float | None, days: int) -> None:
    answer = asked.adopted(0, median_days=median)
    assert waiting_time(median) == days * DAY
    asked.now += days * DAY - timedelta(minutes=1)
    assert asked.due() == []
    asked.now += timedelta(minutes=1)
    (question,) = asked.follow.due(asked.actor, asked.now)
    assert (question.interaction_id, question.slot) == (answer.interaction_id, 0)
    assert (question.action_type, question.text) == (answer.actions[0].action_type, answer.actions[0].text)
    assert question.question == answer.situation.text


def test_an_edited_action_is_asked_about_as_it_was_edited(asked: Asked) -> None:
    answer = asked.adopted()
    asked.react(answer, "edit", text="只封东侧匝道")
    asked.now += 3 * DAY
    assert [one.text for one in asked.follow.due(asked.actor, asked.now)] == ["只封东侧匝道"]


def test_it_is_asked_once(asked: Asked) -> None:
    answer = asked.adopted(0)
    asked.now += 3 * DAY
    assert asked.due() == [(answer.interaction_id, 0)]
    asked.now += timedelta(hours=23)
    assert asked.due() == [(answer.interaction_id, 0)], "it stays for a day"
    asked.now += timedelta(hours=2)
    assert asked.due() == []
    asked.now += 30 * DAY
    assert asked.due() == []


def test_one_question_a_day(asked: Asked) -> None:
    first = asked.adopted(0, 1)
    asked.now += timedelta(minutes=1)
    second = asked.adopted(0)
    asked.now += 5 * DAY
    assert asked.due() == [(first.interaction_id, 0)]
    assert asked.follow.answer(first.interaction_id, 0, "worked", asked.actor)
    assert asked.due() == [], "enough for today"
    asked.now += DAY + timedelta(minutes=1)
    assert asked.due() == [(first.interaction_id, 1)]
    assert asked.due(limit=2) == [(first.interaction_id, 1), (second.interaction_id, 0)]
    assert asked.due(limit=0) == []


@pytest.mark.parametrize("then", ["reject", "withdraw"])
def test_who_changed_their_mind_is_not_asked(asked: Asked, then: str) -> None:
    answer = asked.adopted(0, 1)
    asked.react(answer, then, slot=0)
    asked.now += 10 * DAY
    assert asked.due(5) == [(answer.interaction_id, 1)]


def test_who_rejected_first_and_then_adopted_is_asked(asked: Asked) -> None:
    answer = asked.adopted()
    asked.react(answer, "reject")
    asked.react(answer, "adopt")
    asked.now += 3 * DAY
    assert asked.due(5) == [(answer.interaction_id, 0)]


def test_what_has_a_task_or_an_outcome_is_not_asked_about(asked: Asked) -> None:
    answer = asked.adopted(0, 1)
    asked.city.issue(answer, slot=0)
    effect = Effect(answer.interaction_id, "c1", 1, asked.now, "citizen", "一位市民", resolved=True)
    asked.city.workplace.desk.effect(effect)
    asked.now += 10 * DAY
    assert asked.due(5) == []


def test_a_question_that_was_shown_goes_when_a_task_tells(asked: Asked) -> None:
    answer = asked.adopted(0)
    asked.now += 3 * DAY
    assert asked.due() == [(answer.interaction_id, 0)]
    task = asked.city.issue(answer, slot=0)
    asked.city.tasks.step(task.task_id, "done", WANG, outcome=GOOD)
    assert asked.due() == []


def test_nobody_is_asked_about_anothers_choice(asked: Asked) -> None:
    asked.adopted(0)
    asked.now += 10 * DAY
    assert asked.follow.due(LI.name, asked.now) == []


def test_who_withdrew_is_not_asked(asked: Asked) -> None:
    asked.adopted(0)
    log = LearningLog(asked.city.workplace.engine)
    log.withdraw(WithdrawalRow(asked.actor, asked.now + timedelta(seconds=1), "管理员", "本人要求"))
    asked.now += 10 * DAY
    assert asked.due() == []


def test_after_months_nobody_is_asked(asked: Asked) -> None:
    asked.adopted(0)
    asked.now += 121 * DAY
    assert asked.due() == []


@pytest.mark.parametrize(("kind", "resolved"), [("worked", True), ("failed", False)])
def test_an_answer_is_an_effect(asked: Asked, kind: str, resolved: bool) -> None:
    answer = asked.adopted(0)
    asked.now += 3 * DAY
    asked.due()
    assert asked.follow.answer(answer.interaction_id, 0, kind, asked.actor) is True
    assert asked.follow.answer(answer.interaction_id, 0, kind, asked.actor) is False
    assert asked.effects(answer) == [(0, "official", resolved)]
    assert asked.due() == []


def test_a_wrong_answer_can_be_put_right(asked: Asked) -> None:
    answer = asked.adopted(0)
    asked.now += 3 * DAY
    asked.due()
    for kind in ("worked", "failed", "worked"):
        asked.now += timedelta(seconds=1)
        assert asked.follow.answer(answer.interaction_id, 0, kind, asked.actor)
    assert asked.effects(answer) == [(0, "official", True), (0, "official", False), (0, "official", True)]
    with pytest.raises(BadInput, match="answered with 'worked' already"):
        asked.follow.answer(answer.interaction_id, 0, "later", asked.actor)


def test_later_asks_again_after_as_long(asked: Asked) -> None:
    answer = asked.adopted(0)
    asked.now += 3 * DAY
    asked.due()
    assert asked.follow.answer(answer.interaction_id, 0, "later", asked.actor)
    assert asked.effects(answer) == []
    asked.now += 3 * DAY - timedelta(minutes=1)
    assert asked.due() == []
    asked.now += timedelta(minutes=1)
    assert asked.due() == [(answer.interaction_id, 0)]
    assert asked.follow.answer(answer.interaction_id, 0, "failed", asked.actor)
    assert asked.effects(answer) == [(0, "official", False)]


def test_an_answer_without_a_question(asked: Asked) -> None:
    answer = asked.adopted(0)
    with pytest.raises(NotFound, match="was not asked about action 0"):
        asked.follow.answer(answer.interaction_id, 0, "worked", asked.actor)
    asked.now += 3 * DAY
    asked.due()
    with pytest.raises(NotFound, match="李强 was not asked"):
        asked.follow.answer(answer.interaction_id, 0, "worked", LI.name)
    with pytest.raises(BadInput, match="no answer 'perhaps'; answer one of worked, failed, later"):
        asked.follow.answer(answer.interaction_id, 0, "perhaps", asked.actor)
    assert asked.effects(answer) == []


def test_an_effect_that_cannot_be_kept_leaves_the_question_open(asked: Asked) -> None:
    answer = asked.adopted(0)
    asked.now += 3 * DAY
    asked.due()

    def failing(effect: Effect) -> None:
        raise BadInput("no")

    with pytest.raises(BadInput, match="no"):
        replace(asked.follow, on_effect=failing).answer(answer.interaction_id, 0, "worked", asked.actor)
    assert asked.due() == [(answer.interaction_id, 0)]
    assert asked.follow.answer(answer.interaction_id, 0, "worked", asked.actor)


def test_the_time_of_the_clock_is_the_time(asked: Asked) -> None:
    answer = asked.adopted(0)
    asked.now += 3 * DAY
    assert [one.interaction_id for one in asked.follow.due(asked.actor)] == [answer.interaction_id]
    row = asked.follow.log.asked(answer.interaction_id, 0)
    assert row is not None
    assert (row.actor, row.asked_at, row.answered) == (asked.actor, asked.now, None)
    assert row.asked_at.tzinfo is UTC
    assert isinstance(row.asked_at, datetime)
