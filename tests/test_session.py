"""A sitting at the page: what the browser sends is checked, owners see their own, choices are made once."""

from dataclasses import replace

import pytest
from fake_desk import FakeDesk

from knowledge.task import Person
from ui import session as sessions
from ui.session import Session


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


def asked(desk: FakeDesk, text: str = "积水", session: Session | None = None) -> Session:
    start = session or sessions.start({}, "zh", desk)
    return sessions.answer(sessions.waiting(start, text), desk)


@pytest.mark.parametrize("sent", [None, "x", {"owner": 3, "language": []}, {"owner": "short"}, {"owner": "x" * 500}])
def test_a_browser_may_send_anything(desk: FakeDesk, sent: object) -> None:
    session = sessions.start(sent, "en", desk)
    assert session.language == "en"
    assert 16 <= len(session.owner) <= 100


def test_a_reload_brings_back_conversation_and_choices(desk: FakeDesk) -> None:
    session = sessions.react(asked(desk), {"kind": "adopt", "action": "0", "step": "0"}, desk)
    again = sessions.start(sessions.remembered(session), None, desk)
    assert again.turns == session.turns
    assert [r.kind for r in again.reactions] == ["adopt"]


def test_the_conversation_of_another_is_not_opened(desk: FakeDesk) -> None:
    mine = asked(desk)
    stranger = sessions.start({**sessions.remembered(mine), "owner": "s" * 32}, None, desk)
    assert stranger.turns == ()
    opened = sessions.open_conversation(stranger, str(mine.conversation_id), desk)
    assert opened.turns == ()
    assert opened.notice
    continued = asked(desk, session=replace(stranger, conversation_id=mine.conversation_id))
    assert continued.turns == ()
    assert continued.problem


def test_a_double_click_is_one_choice(desk: FakeDesk) -> None:
    session = asked(desk)
    sent = {"kind": "adopt", "action": "1", "step": "0"}
    twice = sessions.react(sessions.react(session, sent, desk), sent, desk)
    assert [r.kind for r in twice.reactions] == ["adopt"]
    undone = sessions.react(twice, {"kind": "withdraw", "action": "1", "step": "1"}, desk)
    assert [r.kind for r in undone.reactions] == ["adopt", "withdraw"]


def test_a_precedent_and_the_answer_are_judged_apart(desk: FakeDesk) -> None:
    session = asked(desk)
    for step, sent in enumerate(
        ({"kind": "unfit", "case": "1"}, {"kind": "unfit", "case": "3"}, {"kind": "nothing_fits"})
    ):
        session = sessions.react(session, {**sent, "step": str(step)}, desk)
    session = sessions.react(session, {"kind": "withdraw", "case": "1", "step": "3"}, desk)
    assert [(r.kind, r.case_id, r.action) for r in session.reactions] == [
        ("unfit", 1, None),
        ("unfit", 3, None),
        ("nothing_fits", None, None),
        ("withdraw", 1, None),
    ]


def test_two_precedents_are_two_choices_at_the_same_step(desk: FakeDesk) -> None:
    session = asked(desk)
    for case in ("1", "3", "3"):
        session = sessions.react(session, {"kind": "unfit", "case": case, "step": "0"}, desk)
    assert [r.case_id for r in session.reactions] == [1, 3]


def test_a_choice_names_the_department_and_not_the_person(desk: FakeDesk) -> None:
    session = replace(asked(desk), person=Person(name="李强", department="emergency"))
    (kept,) = sessions.react(session, {"kind": "adopt", "action": "0", "step": "0"}, desk).reactions
    assert (kept.actor, kept.department) == (session.owner, "emergency")
    assert "李强" not in kept.model_dump_json()


def test_a_new_conversation_is_of_the_same_person(desk: FakeDesk) -> None:
    session = replace(asked(desk), person=Person(name="李强"))
    fresh = sessions.fresh(session)
    assert (fresh.person, fresh.owner, fresh.turns) == (session.person, session.owner, ())


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"kind": "nonsense"},
        {"kind": "adopt", "action": "x"},
        {"kind": "adopt", "action": 99},
        {"kind": "unfit", "case": "x"},
        {"kind": "unfit", "case": "0"},
    ],
)
def test_an_impossible_choice_is_a_notice(desk: FakeDesk, sent: dict[str, object]) -> None:
    changed = sessions.react(asked(desk), sent, desk)
    assert changed.notice
    assert changed.reactions == ()


def test_failures_are_sentences_in_the_language_of_the_page(desk: FakeDesk) -> None:
    failed = asked(desk, "故障")
    assert failed.unanswered == "故障"
    assert failed.problem
    assert "故障" in failed.problem
    assert "disk" not in failed.problem
    empty = asked(desk, " ")
    assert empty.problem == "这段话读不出情况；请写明发生了什么、在哪里。"
    long = asked(desk, "长" * 20_001)
    assert long.problem
    assert "20,000" in long.problem


def test_stop_keeps_the_question(desk: FakeDesk) -> None:
    stopped = sessions.stop(sessions.waiting(sessions.start({}, "zh", desk), "积水"))
    assert stopped.asking is None
    assert stopped.unanswered == "积水"
    assert sessions.stop(stopped) == stopped
