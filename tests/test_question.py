"""The question whether an action worked, on the page: it is put to whoever adopted it, answered once, changed, put off
or put aside; and the page works where it cannot be asked."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import count

import pytest
from fake_desk import HOSTILE, FakeDesk
from task_city import QUESTION, City

from assistant.followup import FollowUps
from knowledge.case import Case
from knowledge.errors import Fault
from knowledge.followup_log import FollowUpLog, Unheard
from ui import session as sessions
from ui.question import answer_question, ask_question
from ui.render_question import question
from ui.session import Question, Session
from ui.texts import texts_in
from ui.wording import Wording

MONTH = timedelta(days=31)
ABOUT = Unheard(
    interaction_id="i-1",
    slot=2,
    action_type="pump",
    text="调两台泵车抽水",
    question="凤台立交桥下\n积水半米",
    adopted_at=datetime(2026, 7, 12, 20, 0, tzinfo=UTC),
    median_days=3.0,
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, small_cases: tuple[Case, ...]) -> Iterator[City]:
    city = City(tmp_path_factory.mktemp("question") / "city", small_cases)
    yield city
    city.workplace.engine.dispose()


@pytest.fixture
def city(opened: City) -> City:
    opened.clear()
    return opened


@pytest.fixture
def later(city: City) -> FollowUps:
    """The questions as they stand a month from now, on a clock that goes on."""
    seconds = count()
    return FollowUps(
        FollowUpLog(city.workplace.engine), city.told, clock=lambda: city.now + MONTH + timedelta(seconds=next(seconds))
    )


@pytest.fixture
def session(city: City) -> Session:
    """Somebody has adopted the first action."""
    asked = sessions.answer(
        sessions.waiting(sessions.start({}, "zh", city.workplace.desk), QUESTION), city.workplace.desk
    )
    return sessions.react(asked, {"kind": "adopt", "action": "0", "step": "0"}, city.workplace.desk)


def test_it_is_asked_when_it_is_time_and_of_nobody_else(city: City, later: FollowUps, session: Session) -> None:
    today = replace(later, clock=lambda: city.now)
    assert ask_question(session, today).question is None
    stranger = sessions.start({}, "zh", city.workplace.desk)
    assert ask_question(stranger, later) == stranger
    asked = ask_question(session, later).question
    assert asked is not None
    assert session.recommendation is not None
    assert asked.about.text == session.recommendation.actions[0].text
    assert asked.open


@pytest.mark.parametrize(("kind", "resolved"), [("worked", True), ("failed", False)])
def test_an_answer_is_told_once_and_can_be_changed(
    city: City, later: FollowUps, session: Session, kind: str, resolved: bool
) -> None:
    answered = answer_question(ask_question(session, later), {"kind": kind}, later)
    assert answered.question is not None
    assert (answered.question.answer, answered.question.open) == (kind, False)
    assert [(e.resolved, e.actor, e.source) for e in city.effects] == [(resolved, session.owner, "official")]
    assert ask_question(session, later).question is None, "it was asked once"
    change = answer_question(answered, {"kind": "change"}, later)
    assert change.question is not None
    assert change.question.open
    other = "failed" if resolved else "worked"
    assert answer_question(change, {"kind": other}, later).question == replace(
        change.question, answer=other, open=False
    )
    assert [e.resolved for e in city.effects] == [resolved, not resolved]


def test_too_early_is_asked_once_more(city: City, later: FollowUps, session: Session) -> None:
    answer_question(ask_question(session, later), {"kind": "later"}, later)
    assert city.effects == []
    soon = replace(later, clock=lambda: city.now + MONTH + timedelta(hours=12))
    assert ask_question(session, soon).question is None
    again = replace(later, clock=lambda: city.now + 2 * MONTH)
    assert ask_question(session, again).question is not None


def test_a_question_put_aside_stays_aside(city: City, later: FollowUps, session: Session) -> None:
    asked = ask_question(session, later)
    aside = answer_question(asked, {"kind": "dismiss"}, later)
    assert aside.question is None
    back = sessions.start(sessions.remembered(aside), None, city.workplace.desk)
    assert ask_question(back, later).question is None
    assert city.effects == []


def test_what_cannot_be_kept_is_a_notice(later: FollowUps, session: Session) -> None:
    asked = ask_question(session, later)
    refused = answer_question(asked, {"kind": "nonsense"}, later)
    assert refused.notice
    assert refused.question == asked.question
    assert answer_question(session, {"kind": "worked"}, later) == session, "nothing was asked"


class _BrokenLog(FollowUpLog):
    def open(self, actor: str, since: datetime) -> Sequence[Unheard]:
        raise Fault("the database cannot be read; check the disk")


def test_a_log_that_cannot_be_read_asks_nothing(city: City, session: Session) -> None:
    broken = FollowUps(_BrokenLog(city.workplace.engine), city.told)
    assert ask_question(session, broken) == session


def test_the_question_goes_on_into_a_new_conversation(session: Session) -> None:
    asked = replace(session, question=Question(ABOUT), dismissed="i-0-1")
    assert sessions.fresh(asked).question == asked.question
    assert sessions.fresh(asked).dismissed == "i-0-1"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_question_says_what_and_when_in_words(language: str) -> None:
    desk, t = FakeDesk(), texts_in(language)
    words = Wording(t, desk.taxonomy, desk.gazetteer)
    assert question(words, None) == ""
    html = question(words, Question(ABOUT))
    for said in (t("follow_up.title"), ABOUT.text, "凤台立交桥下 积水半米", "13"):  # past midnight in the city
        assert said in unescape(html)
    assert [f'data-kind="{kind}"' in html for kind in ("worked", "failed", "later", "dismiss")] == [True] * 4
    done = question(words, Question(ABOUT, "worked", open=False))
    assert t("follow_up.thanks_worked") in done
    assert 'data-kind="change"' in done
    change = question(words, Question(ABOUT, "worked"))
    assert 'data-kind="later"' not in change, "what was told is not put off"


def test_nothing_of_the_question_becomes_markup() -> None:
    desk = FakeDesk()
    words = Wording(texts_in("zh"), desk.taxonomy, desk.gazetteer)
    html = question(words, Question(replace(ABOUT, text=HOSTILE, question=HOSTILE)))
    assert "<script" not in html
    assert "<img" not in html
