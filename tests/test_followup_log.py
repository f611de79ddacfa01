"""Who was asked whether an action worked, on SQLite and, where one is installed, on a PostgreSQL server."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from knowledge.followup_log import FollowUpLog
from knowledge.interactions import Interactions, ReactionRow, Shown

DAY = datetime(2026, 11, 3, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ask(engine: Engine, matter: str, *adopted: int, at: datetime = DAY, actor: str = "李强") -> None:
    """An answer with two actions, the second without a track record; some of them adopted."""
    actions = [{"track_record": {"median_days": 2.5}}, {"track_record": None}]
    log = Interactions(engine)
    log.record(
        matter, asked_at=at, actor=actor, question="桥下积水", language="zh", situation={}, filters={}, candidates=[],
        shown=[Shown("pump", "抽水", 1.0), Shown("close_off", "封路", 1.0)], versions={},
        recommendation=json.dumps({"actions": actions}),
    )  # fmt: skip
    for slot in adopted:
        log.react(ReactionRow(matter, f"c{slot}", "adopt", slot, None, None, actor, at))


@pytest.fixture
def log(engine: Engine) -> FollowUpLog:
    return FollowUpLog(engine)


def test_what_was_adopted_is_unheard_of(log: FollowUpLog, engine: Engine) -> None:
    assert log.unheard("李强", DAY) == ()
    ask(engine, "b", 0, 1, at=DAY + HOUR)
    ask(engine, "a", 0)
    ask(engine, "c", 0, actor="王敏")
    found = log.unheard("李强", DAY)
    assert [(one.interaction_id, one.slot, one.median_days) for one in found] == [
        ("a", 0, 2.5),
        ("b", 0, 2.5),
        ("b", 1, None),
    ]
    assert (found[0].text, found[0].action_type, found[0].question) == ("抽水", "pump", "桥下积水")
    assert (found[0].adopted_at, found[0].postponed_at) == (DAY, None)
    assert len(log.unheard("李强", DAY + HOUR)) == 2
    assert len(log.unheard("李强", DAY, limit=1)) == 1


def test_asking_answering_and_asking_again(log: FollowUpLog, engine: Engine) -> None:
    ask(engine, "a", 0)
    assert log.asked("a", 0) is None
    assert log.ask("a", 0, "李强", DAY)
    assert not log.ask("a", 0, "李强", DAY + HOUR)
    assert not log.ask("a", 0, "王敏", DAY + HOUR)
    assert log.unheard("李强", DAY) == ()
    assert [one.interaction_id for one in log.open("李强", DAY)] == ["a"]
    assert log.open("李强", DAY + HOUR) == log.open("王敏", DAY) == ()
    assert (log.asked_since("李强", DAY), log.asked_since("李强", DAY + HOUR)) == (1, 0)
    log.answer("a", 0, "later", DAY + HOUR)
    assert log.open("李强", DAY) == ()
    assert [one.postponed_at for one in log.unheard("李强", DAY)] == [DAY + HOUR]
    assert log.ask("a", 0, "李强", DAY + 2 * HOUR)
    log.answer("a", 0, "worked", DAY + 3 * HOUR)
    assert log.unheard("李强", DAY) == log.open("李强", DAY) == ()
    assert not log.ask("a", 0, "李强", DAY + 4 * HOUR)
    answered = log.asked("a", 0)
    assert answered is not None
    assert (answered.actor, answered.asked_at, answered.answered) == ("李强", DAY + 2 * HOUR, "worked")


def test_two_windows_ask_once(log: FollowUpLog, engine: Engine) -> None:
    ask(engine, "a", 0)
    start = threading.Barrier(4)

    def one(_: int) -> bool:
        start.wait()
        return log.ask("a", 0, "李强", DAY)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [False, False, False, True]
