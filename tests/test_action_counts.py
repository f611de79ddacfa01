"""Counts kept beside the log: exact after every event, whatever is written at once."""

import time
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from sqlalchemy import Engine, insert, select

from knowledge import learning_tables as lt
from knowledge import tables as t
from knowledge.action_counts import Counts, read_counts, recounting, withdrawn_until
from knowledge.database import reading, to_column, writing
from knowledge.interactions import Interactions, ReactionRow, Shown
from knowledge.learning_log import EffectRow, LearningLog, WithdrawalRow

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def ask(
    engine: Engine, interaction_id: str, *action_types: str, actor: str = "wang", category: str = "flood.x"
) -> None:
    Interactions(engine).record(
        interaction_id,
        asked_at=AT,
        actor=actor,
        question="?",
        language="zh",
        situation={"category": {"value": category}},
        filters={},
        candidates=(),
        shown=[Shown(name, "…", 1.0) for name in action_types],
        versions={},
        recommendation="{}",
    )


def choose(engine: Engine, interaction_id: str, client_id: str, kind: str, slot: int = 0, actor: str = "wang") -> None:
    assert Interactions(engine).react(ReactionRow(interaction_id, client_id, kind, slot, None, None, actor, AT))


def counts(engine: Engine, action_type: str = "pump", category: str | None = "flood") -> Counts:
    with reading(engine) as connection:
        return read_counts(connection, [action_type], category)[action_type]


def test_each_choice_changes_its_place(engine: Engine) -> None:
    ask(engine, "i-1", "pump", "dig", "pump")
    assert counts(engine) == Counts(2)
    seen = []
    for number, (kind, actor) in enumerate(
        [
            ("reject", "wang"),
            ("adopt", "wang"),
            ("edit", "li"),
            ("withdraw", "wang"),
            ("reject", "li"),
            ("withdraw", "li"),
        ]
    ):
        choose(engine, "i-1", f"c{number}", kind, slot=2, actor=actor)
        seen.append((counts(engine).decided, counts(engine).adopted))
    assert seen == [(1, 0), (1, 1), (1, 1), (1, 1), (1, 0), (0, 0)], (
        "a place counts once, as long as anybody holds to it"
    )
    assert counts(engine, "dig") == Counts(1)


def test_an_outcome_counts_once_the_action_is_adopted(engine: Engine) -> None:
    ask(engine, "i-1", "pump")
    LearningLog(engine).effect(EffectRow("i-1", "e", 0, "record", "li", AT, resolved=True))
    assert counts(engine) == Counts(1)
    choose(engine, "i-1", "a", "adopt")
    assert counts(engine) == Counts(1, 1, 1, 1, 1)
    choose(engine, "i-1", "b", "reject")
    assert counts(engine) == Counts(1, 1)


def test_the_category_is_the_group_and_may_be_unknown(engine: Engine) -> None:
    ask(engine, "i-1", "pump")
    Interactions(engine).record(
        "i-2", asked_at=AT, actor="wang", question="?", language="zh", situation={"category": None}, filters={},
        candidates=(), shown=[Shown("pump", "…", 1.0)], versions={}, recommendation="{}",
    )  # fmt: skip
    assert (counts(engine), counts(engine, category=""), counts(engine, category=None)) == (
        Counts(1), Counts(1), Counts(2)
    )  # fmt: skip
    with reading(engine) as connection:
        assert connection.execute(select(t.interactions.c.category)).scalars().all() == ["flood", None]


def test_a_withdrawal_over_more_answers_than_are_read_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.action_counts.CHUNK", 2)
    for number in range(5):
        ask(engine, f"i-{number}", "pump", actor="li" if number < 3 else "wang")
        choose(engine, f"i-{number}", "a", "adopt", actor="li" if number % 2 else "wang")
    LearningLog(engine).withdraw(WithdrawalRow("li", AT, "admin"))
    assert counts(engine) == Counts(2, 1, 1)
    with reading(engine) as connection:
        assert withdrawn_until(connection) == {"li": to_column(AT)}


def test_the_newest_withdrawal_of_a_person_holds(engine: Engine) -> None:
    log = LearningLog(engine)
    for days in (1, 3, 2):
        assert log.withdraw(WithdrawalRow("li", AT + timedelta(days=days), "admin"))
    with reading(engine) as connection:
        assert withdrawn_until(connection) == {"li": to_column(AT + timedelta(days=3))}


def test_counts_fail_with_their_event(engine: Engine) -> None:
    ask(engine, "i-1", "pump")

    def write_and_fail() -> None:
        row = {"number": 9, "interaction_id": "i-1", "slot": 0, "client_id": "e", "source": "record", "actor": "li"}
        with writing(engine) as connection, recounting(connection, ["i-1"]):
            connection.execute(insert(lt.effects), {**row, "at": to_column(AT)})
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert counts(engine) == Counts(1)


def test_reading_eight_takes_little(engine: Engine) -> None:
    names = [f"a{number}" for number in range(8)]
    for number in range(20):
        ask(engine, f"i-{number}", *names)
    log, taken = LearningLog(engine), []
    for _ in range(50):
        started = time.perf_counter()
        found = log.counts_of(names, "flood")
        taken.append(time.perf_counter() - started)
    assert set(found.values()) == {Counts(20)}
    assert median(taken) < 0.02  # ten times what it takes
