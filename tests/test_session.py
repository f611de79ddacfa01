"""A sitting at the page: what the browser sends is checked, owners see their own, choices are made once."""

from dataclasses import replace

import pytest
from fake_desk import FakeDesk

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


@pytest.mark.parametrize(
    "sent", [{}, {"kind": "nonsense"}, {"kind": "adopt", "action": "x"}, {"kind": "adopt", "action": 99}]
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
