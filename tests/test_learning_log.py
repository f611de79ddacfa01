"""How actions turned out and what a person took back, on SQLite and PostgreSQL."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from knowledge.action_counts import Counts
from knowledge.database import open_database
from knowledge.errors import BadInput, NotFound
from knowledge.interactions import Interactions, Proposal, ReactionRow, Shown
from knowledge.learning_log import EffectRow, LearningLog, ProposalRow, WithdrawalRow

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def log(engine: Engine) -> LearningLog:
    return LearningLog(engine)


def ask(
    log: LearningLog, interaction_id: str, *, minute: int = 0, actor: str = "wang", category: str = "flood"
) -> None:
    offers = [{"action_type": name, "place": place} for place, name in enumerate(("pump", "close_off"))]
    Interactions(log.engine).record(
        interaction_id,
        asked_at=AT + timedelta(minutes=minute),
        actor=actor,
        question="桥下积水",
        language="zh",
        situation={},
        filters={},
        candidates=[{"case_id": 7}],
        shown=[Shown(str(offer["action_type"]), "…", 1.0, "both", place) for place, offer in enumerate(offers)],
        versions={},
        recommendation="{}",
        proposal=Proposal({"category": category}, offers, 2, seed=5),
    )


def react(log: LearningLog, interaction_id: str, client_id: str, kind: str = "adopt", **changes: Any) -> bool:
    values: dict[str, Any] = {"slot": 0, "text": None, "reason": None, "actor": "wang", "at": AT + timedelta(minutes=1)}
    return Interactions(log.engine).react(ReactionRow(interaction_id, client_id, kind, **(values | changes)))


def effect(interaction_id: str, client_id: str, **changes: Any) -> EffectRow:
    values: dict[str, Any] = {"slot": 0, "source": "official", "actor": "wang", "at": AT + timedelta(days=1)}
    return EffectRow(interaction_id, client_id, **(values | changes))


def test_everything_takes_the_next_number_of_one_order(log: LearningLog) -> None:
    ask(log, "i-1")
    react(log, "i-1", "a")
    react(log, "i-1", "b", "helpful", slot=None)
    log.effect(effect("i-1", "a", resolved=True))
    log.withdraw(WithdrawalRow("nobody", AT, "admin"))
    ask(log, "i-2")
    rows = log.rows(range(1, 10))
    assert [(row["number"], row["event"]) for row in rows] == [
        (1, "interaction"), (2, "reaction"), (3, "reaction"), (4, "effect"), (5, "withdrawal"), (6, "interaction")
    ]  # fmt: skip
    assert log.last() == 6
    assert [row.number for row in log.stream()] == [1, 2, 4, 6], "what concerns no single action is in no stream"


def test_an_effect_is_kept_whole_and_once(log: LearningLog) -> None:
    ask(log, "i-1")
    told = effect("i-1", "a", slot=1, source="record", resolved=False, satisfaction=2.5, in_time=True)
    assert log.effect(told)
    assert not log.effect(told)
    assert not log.effect(effect("i-1", "a", resolved=True))
    assert list(log.stream(1)) == [told]
    assert log.last() == 2
    react(log, "i-1", "a")
    assert log.last() == 3, "an effect and a reaction may have the same client_id"


@pytest.mark.parametrize("wrong", [effect("i-9", "a"), effect("i-1", "a", slot=2), effect("i-1", "a", slot=-1)])
def test_what_was_never_shown_has_no_effect(log: LearningLog, wrong: EffectRow) -> None:
    ask(log, "i-1")
    with pytest.raises(NotFound, match=f"no action {wrong.slot} was shown in interaction {wrong.interaction_id}"):
        log.effect(wrong)
    assert log.last() == 1


@pytest.mark.parametrize(
    "wrong", [{"source": "rumour"}, {"satisfaction": 0.9}, {"satisfaction": 5.1}, {"satisfaction": -float("inf")}]
)
def test_an_impossible_effect_is_bad_input(log: LearningLog, wrong: dict[str, Any]) -> None:
    ask(log, "i-1")
    with pytest.raises(BadInput, match="the source is record, official or citizen, satisfaction 1 to 5"):
        log.effect(effect("i-1", "a", **wrong))
    assert (log.last(), log.counts("pump", None)) == (1, Counts(shown=1))


def test_a_proposal_comes_back_as_it_went(log: LearningLog) -> None:
    ask(log, "i-1", minute=3)
    (found,) = log.stream()
    assert isinstance(found, ProposalRow)
    assert (found.interaction_id, found.at, found.actor, found.number) == ("i-1", AT + timedelta(minutes=3), "wang", 1)
    assert (found.proposal.seed, found.proposal.places, found.proposal.context) == (5, 2, {"category": "flood"})


def test_the_strongest_source_says_whether_it_worked(log: LearningLog) -> None:
    ask(log, "i-1")
    react(log, "i-1", "a")
    told = []
    for number, (source, resolved) in enumerate(
        [("citizen", True), ("official", False), ("record", True), ("record", None), ("official", True)]
    ):
        log.effect(effect("i-1", f"e{number}", source=source, resolved=resolved))
        told.append(log.counts("pump", "flood").worked)
    assert told == [1, 0, 1, 0, 1], "a later one of the same source replaces; what says nothing counts for nothing"


def test_counts_are_of_a_category_or_of_all(log: LearningLog) -> None:
    ask(log, "i-1")
    ask(log, "i-2", category="power")
    react(log, "i-1", "a")
    react(log, "i-2", "b", "reject")
    log.effect(effect("i-1", "a", resolved=False))
    assert log.counts("pump", "flood") == Counts(1, 1, 1, 1, 0)
    assert log.counts("pump", "power") == Counts(1, 1, 0, 0, 0)
    assert log.counts("pump", None) == Counts(2, 2, 1, 1, 0)
    assert log.counts_of(["close_off", "dig"], "flood") == {"close_off": Counts(1), "dig": Counts()}
    assert log.counts_of([], "flood") == {}


def test_a_withdrawal_takes_everything_of_a_person_out_at_once(log: LearningLog) -> None:
    ask(log, "i-1", actor="li")
    react(log, "i-1", "a")
    ask(log, "i-2", minute=1)
    react(log, "i-2", "b", actor="li")
    react(log, "i-2", "c")
    log.effect(effect("i-2", "d", actor="li", at=AT, resolved=True))
    ask(log, "i-3", minute=60, actor="li")
    assert log.counts("pump", "flood") == Counts(3, 2, 2, 1, 1)
    assert log.withdraw(WithdrawalRow("li", AT + timedelta(minutes=30), "admin", "left"))
    assert not log.withdraw(WithdrawalRow("li", AT + timedelta(minutes=30), "another", "again"))
    assert [row.number for row in log.stream()] == [3, 5, 7], "an answer to li, with what wang said of it, is gone"
    assert log.counts("pump", "flood") == Counts(2, 1, 1, 0, 0)
    assert log.withdrawals() == 1
    exported = {row["interaction_id"]: row for row in Interactions(log.engine).export()}
    assert sorted(exported) == ["i-2", "i-3"]
    assert ([r["client_id"] for r in exported["i-2"]["reactions"]], exported["i-2"]["effects"]) == (["c"], [])
    (audit,) = log.rows([8])
    assert (audit["actor"], audit["by"], audit["reason"], audit["withdrawn"]) == ("li", "admin", "left", False)


def test_a_withdrawal_that_comes_many_times_at_once_is_one(log: LearningLog) -> None:
    ask(log, "i-1", actor="li")
    row = WithdrawalRow("li", AT, "admin")
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: log.withdraw(row), range(8))) == 1
    assert (log.last(), log.withdrawals(), log.counts("pump", "flood")) == (2, 1, Counts())


def test_what_comes_in_late_after_a_withdrawal_counts_for_nothing_either(log: LearningLog) -> None:
    log.withdraw(WithdrawalRow("li", AT + timedelta(hours=1), "admin"))
    ask(log, "i-1", actor="li")
    ask(log, "i-2")
    react(log, "i-1", "a")
    react(log, "i-2", "a", actor="li")
    assert [row.number for row in log.stream()] == [3]
    assert log.counts("pump", "flood") == Counts(shown=1)


def test_a_withdrawal_erases_a_persons_words_and_nobody_elses(log: LearningLog) -> None:
    ask(log, "i-1")
    react(log, "i-1", "a", "edit", actor="li", text="李的话", reason="李的理由")
    react(log, "i-1", "b", "reject", actor="li", slot=1, reason="later", at=AT + timedelta(days=2))
    react(log, "i-1", "c", "reject", reason="不合适")
    log.withdraw(WithdrawalRow("li", AT + timedelta(days=1), "admin"))
    kept = [(r.client_id, r.kind, r.text, r.reason) for r in Interactions(log.engine).reactions("i-1")]
    assert kept == [("a", "edit", None, None), ("b", "reject", None, "later"), ("c", "reject", None, "不合适")]


def test_erased_words_are_in_no_file_of_the_database(tmp_path: Any) -> None:
    log = LearningLog(open_database(str(tmp_path / "base.sqlite")))
    ask(log, "i-1")
    react(log, "i-1", "a", "edit", actor="li", text="words of li " * 400, reason="reason of li")
    react(log, "i-1", "b", reason="reason of wang")

    def found(words: str) -> bool:
        return any(words.encode() in path.read_bytes() for path in tmp_path.iterdir())

    assert found("words of li")
    log.withdraw(WithdrawalRow("li", AT + timedelta(days=1), "admin"))
    assert not found("words of li")
    assert not found("reason of li")
    assert found("reason of wang")
    log.engine.dispose()


def test_a_trace_shows_where_a_figure_comes_from(log: LearningLog) -> None:
    ask(log, "i-1")
    ask(log, "i-2", category="power")
    react(log, "i-1", "a")
    react(log, "i-1", "b", slot=1)
    react(log, "i-1", "c", "helpful", slot=None)
    log.effect(effect("i-1", "d", resolved=True))
    log.effect(effect("i-2", "d", slot=1, resolved=True))
    assert log.behind("pump", "flood") == [1, 3, 6]
    assert log.behind("close_off", None) == [1, 2, 4, 7]
    assert log.behind("close_off", "") == log.behind("dig", None) == []
    rows = log.trace("i-1")
    json.dumps(rows)
    assert [(row["number"], row["event"]) for row in rows] == [
        (1, "interaction"), (3, "reaction"), (4, "reaction"), (5, "reaction"), (6, "effect")
    ]  # fmt: skip
    assert [(one["slot"], one["action_type"], one["offer"]) for one in rows[0]["shown"]] == [
        (0, "pump", 0), (1, "close_off", 1)
    ]  # fmt: skip
    assert rows[0]["offers"][0] == {"action_type": "pump", "place": 0}
    assert log.rows([6, 1, 99, 6]) == [rows[0], rows[4]]
    log.withdraw(WithdrawalRow("wang", AT, "admin"))
    assert [row["withdrawn"] for row in log.trace("i-1")] == [True, False, False, False, False]
    assert log.behind("pump", None) == []


def test_there_is_no_trace_of_what_never_was(log: LearningLog) -> None:
    with pytest.raises(NotFound, match="there is no interaction i-9; `precedent export interactions`"):
        log.trace("i-9")
