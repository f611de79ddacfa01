"""Handing over from the chat page: an adopted action becomes a task once, what is wrong is said and nothing written is
lost, and what nobody has accepted yet can be taken back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from task_city import LI, QUESTION, WANG, City

from knowledge.case import Case
from knowledge.task import TaskState
from ui import session as sessions
from ui.handover import hand_over, take_back
from ui.session import Session
from ui.task_wording import clock_of
from ui.texts import texts_in

FORM = {"action": "0", "department": "water", "assignee": "", "due": "", "instructions": "架泵抽水", "step": "0"}
T = texts_in("zh")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, small_cases: tuple[Case, ...]) -> Iterator[City]:
    city = City(tmp_path_factory.mktemp("handed") / "city", small_cases)
    yield city
    city.workplace.engine.dispose()


@pytest.fixture
def city(opened: City) -> City:
    opened.clear()
    return opened


@pytest.fixture
def session(city: City) -> Session:
    """Li has asked, and adopted the first action."""
    begun = replace(sessions.start({}, "zh", city.workplace.desk), person=LI)
    asked = sessions.answer(sessions.waiting(begun, QUESTION), city.workplace.desk)
    return sessions.react(asked, {"kind": "adopt", "action": "0", "step": "0"}, city.workplace.desk)


def _matter(session: Session) -> str:
    assert session.recommendation
    return session.recommendation.interaction_id


def test_an_adopted_action_becomes_a_task_once(city: City, session: Session) -> None:
    due = (city.now + timedelta(hours=3)).replace(second=0)
    sent = {**FORM, "due": clock_of(due), "assignee": " 王敏 "}
    done = hand_over(session, sent, city.tasks)
    assert (done.unsent, done.notice) == (None, None)
    again = hand_over(done, sent, city.tasks)
    assert again.unsent is None
    (task,) = city.tasks.of_matter(_matter(session))
    assert (task.slot, task.department, task.assignee, task.instructions) == (0, "water", "王敏", "架泵抽水")
    assert (task.issued_by, task.issuer_department, task.due) == (LI.name, LI.department, due)
    hand_over(again, {**sent, "step": "1", "department": "police"}, city.tasks)
    assert [task.department for task in city.tasks.of_matter(_matter(session))] == ["water", "police"]


def test_without_a_time_it_is_the_usual_one(city: City, session: Session) -> None:
    hand_over(session, FORM, city.tasks)
    (task,) = city.tasks.of_matter(_matter(session))
    assert task.due is not None
    assert task.due > city.now


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"instructions": "  "}, "task.missing_instructions"),
        ({"department": ""}, "handover.nobody"),
        ({"due": "2020-01-01T08:00"}, "task.wrong_due"),
        ({"due": "soon"}, "task.wrong_due"),
        ({"department": "nowhere"}, "handover.refused"),
        ({"instructions": "长" * 5_000}, "handover.refused"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_written_is_kept(
    city: City, session: Session, wrong: dict[str, str], key: str
) -> None:
    refused = hand_over(session, {**FORM, **wrong}, city.tasks)
    assert refused.unsent is not None
    assert (refused.unsent.slot, refused.unsent.problem) == (0, T(key))
    written = {name: text.strip() for name, text in {**FORM, **wrong}.items() if name not in ("action", "step")}
    assert refused.unsent.fields == written
    assert city.tasks.of_matter(_matter(session)) == ()
    assert hand_over(refused, FORM, city.tasks).unsent is None


def test_nobody_hands_over_without_a_name(city: City, session: Session) -> None:
    refused = hand_over(replace(session, person=None), FORM, city.tasks)
    assert refused.unsent is not None
    assert refused.unsent.problem == T("handover.who_first")
    assert city.tasks.of_matter(_matter(session)) == ()


@pytest.mark.parametrize("action", ["99", "-1", "x", None])
def test_an_action_that_was_never_shown_is_a_notice(city: City, session: Session, action: str | None) -> None:
    refused = hand_over(session, {**FORM, "action": action}, city.tasks)
    assert refused.notice
    assert city.tasks.of_matter(_matter(session)) == ()


def test_before_the_first_answer_nothing_happens(city: City) -> None:
    assert hand_over(Session(person=LI), FORM, city.tasks) == Session(person=LI)


def test_what_nobody_accepted_can_be_taken_back(city: City, session: Session) -> None:
    session = hand_over(session, FORM, city.tasks)
    (task,) = city.tasks.of_matter(_matter(session))
    sent = {"task": str(task.task_id), "version": str(task.version)}
    assert take_back(replace(session, person=None), sent, city.tasks).notice == T("handover.who_first")
    back = take_back(session, sent, city.tasks)
    assert back.notice is None
    assert city.tasks.task(task.task_id)[0].state is TaskState.CANCELLED


def test_who_comes_too_late_takes_nothing_back(city: City, session: Session) -> None:
    session = hand_over(session, FORM, city.tasks)
    (task,) = city.tasks.of_matter(_matter(session))
    city.tasks.step(task.task_id, "accept", WANG)
    late = take_back(session, {"task": str(task.task_id), "version": str(task.version)}, city.tasks)
    assert late.notice == T("handover.too_late")
    assert city.tasks.task(task.task_id)[0].state is TaskState.ACCEPTED
    assert take_back(session, {"task": "x", "version": None}, city.tasks).notice == T("handover.too_late")


def test_a_form_that_could_not_be_sent_can_be_put_away(city: City, session: Session) -> None:
    refused = hand_over(session, {**FORM, "department": ""}, city.tasks)
    assert take_back(refused, {}, city.tasks).unsent is None
    other = sessions.react(refused, {"kind": "adopt", "action": "1", "step": "1"}, city.workplace.desk)
    assert other.unsent == refused.unsent, "what is done elsewhere leaves it open"
    undone = sessions.react(refused, {"kind": "withdraw", "action": "0", "step": "1"}, city.workplace.desk)
    assert undone.unsent is None


def test_an_unsent_form_goes_with_the_next_question(city: City, session: Session) -> None:
    refused = hand_over(session, {**FORM, "department": ""}, city.tasks)
    assert sessions.waiting(refused, "x").unsent is None
