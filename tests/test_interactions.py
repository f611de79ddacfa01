"""The log of what was shown and chosen, on SQLite and PostgreSQL."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError

from knowledge import tables as t
from knowledge.action_counts import Counts
from knowledge.case import Case
from knowledge.database import to_column, writing
from knowledge.errors import BadInput, NotFound
from knowledge.interactions import Interactions, ReactionRow, Shown
from knowledge.learning_log import LearningLog
from knowledge.records import SqlRecords

AT = datetime(2024, 7, 1, 8, tzinfo=UTC)
SHOWN = (Shown("close_off", "封闭下穿通道", 1.0), Shown("pump", "架设泵车", 0.25))


@pytest.fixture
def log(engine: Engine) -> Interactions:
    return Interactions(engine)


def record(log: Interactions, interaction_id: str, shown: tuple[Shown, ...] = SHOWN, at: datetime = AT) -> None:
    log.record(
        interaction_id,
        asked_at=at,
        actor="值班员",
        question="桥下积水 <b>'\"",
        language="zh",
        situation={"category": "flood.underpass", "at": at},
        filters={"districts": ("wangjiang",), "since": at, "until": None},
        candidates=[{"case_id": 1, "score": 0.5, "parts": {"text": 0.25}}, {"case_id": 2, "score": 0.1, "parts": {}}],
        shown=shown,
        versions={"precedent": "0.1.0"},
        recommendation=json.dumps({"interaction_id": interaction_id}),
    )


def reaction(interaction_id: str, client_id: str = "c-1", **fields: object) -> ReactionRow:
    given = {"kind": "adopt", "slot": 0, "text": None, "reason": None, "actor": "值班员", "at": AT}
    return ReactionRow(interaction_id=interaction_id, client_id=client_id, **(given | fields))  # type: ignore[arg-type]


def test_what_was_shown_is_kept_whole(log: Interactions) -> None:
    record(log, "i-1")
    assert log.count() == 1
    assert json.loads(log.recommendation("i-1")) == {"interaction_id": "i-1"}
    (row,) = log.export()
    json.dumps(row)
    assert row["question"] == "桥下积水 <b>'\""
    assert row["filters"] == {"districts": ["wangjiang"], "since": AT.isoformat(), "until": None}
    assert row["situation"] == {"category": "flood.underpass", "at": AT.isoformat()}
    assert [c["case_id"] for c in row["candidates"]] == [1, 2]
    assert row["versions"] == {"precedent": "0.1.0"}
    shown = sorted(row["shown"], key=lambda s: s["slot"])
    assert [(s["slot"], s["action_type"], s["text"], s["propensity"]) for s in shown] == [
        (0, "close_off", "封闭下穿通道", 1.0),
        (1, "pump", "架设泵车", 0.25),
    ]
    assert row["reactions"] == []


def test_an_answer_without_actions_is_logged_too(log: Interactions) -> None:
    record(log, "i-1", shown=())
    assert log.export()[0]["shown"] == []
    assert log.react(reaction("i-1", kind="unhelpful", slot=None))


def test_an_interaction_is_written_once(log: Interactions) -> None:
    record(log, "i-1")
    with pytest.raises(IntegrityError):
        record(log, "i-1")
    assert (log.count(), len(log.export()[0]["shown"])) == (1, 2)


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.5, float("nan")])
def test_a_propensity_lies_in_0_to_1_and_nothing_is_half_written(log: Interactions, propensity: float) -> None:
    with pytest.raises(IntegrityError):
        record(log, "i-1", shown=(SHOWN[0], Shown("pump", "泵", propensity)))
    assert log.count() == 0


@pytest.mark.parametrize("kind", ["adopt", "edit", "reject", "helpful", "unhelpful", "withdraw"])
def test_reactions_to_an_action(log: Interactions, kind: str) -> None:
    record(log, "i-1")
    given = reaction("i-1", kind=kind, slot=1, text="改成两台泵车", reason="一台不够")
    assert log.react(given)
    assert log.reactions("i-1") == [given]


def test_reacting_twice_with_one_id_changes_nothing(log: Interactions) -> None:
    record(log, "i-1")
    record(log, "i-2")
    assert log.react(reaction("i-1"))
    assert not log.react(reaction("i-1"))
    assert not log.react(reaction("i-1", kind="reject", slot=1))
    assert log.reactions("i-1") == [reaction("i-1")]
    assert log.react(reaction("i-2"))  # the id counts within its interaction
    assert log.react(reaction("i-1", "c-2", kind="withdraw"))
    assert [r.kind for r in log.reactions("i-1")] == ["adopt", "withdraw"]


def test_the_same_reaction_sent_many_times_at_once_is_kept_once(log: Interactions) -> None:
    record(log, "i-1")
    with ThreadPoolExecutor(6) as pool:
        new = list(pool.map(lambda _: log.react(reaction("i-1")), range(12)))
    assert sum(new) == 1
    assert len(log.reactions("i-1")) == 1


@pytest.mark.parametrize("wrong", [reaction("i-9"), reaction("i-1", slot=2), reaction("i-1", slot=-1)])
def test_what_was_never_shown_cannot_be_reacted_to(log: Interactions, wrong: ReactionRow) -> None:
    record(log, "i-1")
    with pytest.raises(NotFound, match="ask again and react to that answer"):
        log.react(wrong)
    assert log.reactions("i-1") == log.reactions("i-9") == []


@pytest.mark.parametrize("kind", ["helpful", "unhelpful", "withdraw"])
def test_no_reaction_to_an_answer_that_was_never_given(log: Interactions, kind: str) -> None:
    with pytest.raises(NotFound):
        log.react(reaction("i-9", kind=kind, slot=None))


@pytest.mark.parametrize("wrong", [reaction("i-1", slot=None), reaction("i-1", kind="edit", slot=None)])
def test_a_choice_needs_its_action(log: Interactions, wrong: ReactionRow) -> None:
    record(log, "i-1")
    with pytest.raises(BadInput, match="needs the place of its action"):
        log.react(wrong)
    assert log.react(replace(wrong, slot=1))


def test_an_unknown_kind_is_bad_input(log: Interactions) -> None:
    record(log, "i-1")
    with pytest.raises(BadInput):
        log.react(reaction("i-1", kind="like"))


def test_an_interaction_that_does_not_exist(log: Interactions) -> None:
    with pytest.raises(NotFound, match="there is no interaction i-9; ask first"):
        log.recommendation("i-9")


_INSERT = (
    "INSERT INTO reactions (interaction_id, client_id, kind, slot, actor, at, number) "
    "VALUES ({interaction}, 'c', {kind}, {slot}, 'x', '2024-01-01 00:00:00', 99)"
)


@pytest.mark.parametrize(
    ("interaction", "kind", "slot"),
    [
        ("'i-9'", "'adopt'", "0"),  # never asked
        ("'i-9'", "'helpful'", "NULL"),
        ("'i-1'", "'adopt'", "2"),  # never shown
        ("'i-1'", "'helpful'", "2"),
        ("'i-1'", "'adopt'", "NULL"),  # nothing chosen
        ("'i-1'", "'like'", "0"),  # no such kind
        ("'i-1'", "NULL", "0"),
        ("NULL", "'adopt'", "0"),
    ],
)
def test_the_schema_itself_refuses_an_impossible_reaction(
    log: Interactions, interaction: str, kind: str, slot: str
) -> None:
    record(log, "i-1")
    record(log, "i-2", shown=(*SHOWN, SHOWN[0]))  # slot 2 was shown there
    with pytest.raises(IntegrityError), writing(log.engine) as connection:
        connection.execute(text(_INSERT.format(interaction=interaction, kind=kind, slot=slot)))
    with writing(log.engine) as connection:
        connection.execute(text(_INSERT.format(interaction="'i-1'", kind="'adopt'", slot="0")))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM interactions WHERE interaction_id = 'i-1'",
        "DELETE FROM shown_actions WHERE interaction_id = 'i-1'",
        "UPDATE shown_actions SET slot = 7 WHERE slot = 0",
        "UPDATE interactions SET interaction_id = 'i-8'",
    ],
)
def test_what_was_reacted_to_cannot_be_taken_away(log: Interactions, statement: str) -> None:
    record(log, "i-1")
    log.react(reaction("i-1"))
    with pytest.raises(IntegrityError), writing(log.engine) as connection:
        connection.execute(text(statement))


def test_an_action_without_its_interaction_is_refused(log: Interactions) -> None:
    row = {"interaction_id": "i-9", "slot": 0, "action_type": "pump", "text": "泵", "propensity": 1.0}
    with pytest.raises(IntegrityError), writing(log.engine) as connection:
        connection.execute(insert(t.shown_actions).values(row))


def test_export_gives_the_oldest_first_each_with_its_own(log: Interactions) -> None:
    for number in (2, 0, 1):
        record(log, f"i-{number}", at=AT + timedelta(hours=number))
    log.react(reaction("i-1", at=AT.astimezone(timezone(timedelta(hours=8)))))
    log.react(reaction("i-2", kind="helpful", slot=None))
    rows = log.export()
    json.dumps(rows)
    assert [row["interaction_id"] for row in rows] == ["i-0", "i-1", "i-2"]
    assert [len(row["shown"]) for row in rows] == [2, 2, 2]
    assert [[r["kind"] for r in row["reactions"]] for row in rows] == [[], ["adopt"], ["helpful"]]
    assert rows[1]["reactions"][0]["at"].startswith("2024-07-01T08:00:00")
    assert [row["interaction_id"] for row in log.export(limit=1)] == ["i-0"]


def test_times_are_kept_in_utc(log: Interactions) -> None:
    record(log, "i-1")
    beijing = datetime(2024, 7, 1, 16, tzinfo=timezone(timedelta(hours=8)))
    log.react(reaction("i-1", at=beijing))
    assert log.reactions("i-1")[0].at == beijing
    assert to_column(beijing) == datetime(2024, 7, 1, 8)


def shown_cases(log: Interactions, interaction_id: str) -> None:
    """An answer that showed cases 1 and 2, which exist."""
    SqlRecords(log.engine).write([Case(external_id=f"c-{n}", situation="停电") for n in range(3)])
    record(log, interaction_id)


def test_a_precedent_that_does_not_fit(log: Interactions) -> None:
    shown_cases(log, "i-1")
    given = reaction("i-1", kind="unfit", slot=None, case_id=2, reason="另一种事", department="water")
    assert log.react(given)
    assert not log.react(given)
    assert log.react(reaction("i-1", "c-2", kind="unfit", slot=None, case_id=1))
    assert log.react(reaction("i-1", "c-3", kind="withdraw", slot=None, case_id=2))
    kept = log.reactions("i-1")
    assert kept[0] == given
    assert [(r.kind, r.case_id, r.supersedes) for r in kept] == [
        ("unfit", 2, None), ("unfit", 1, None), ("withdraw", 2, "c-1")
    ]  # fmt: skip


def test_a_case_that_was_not_shown_cannot_be_unfit(log: Interactions) -> None:
    shown_cases(log, "i-1")
    with pytest.raises(NotFound, match="case 3 was not shown in interaction i-1"):
        log.react(reaction("i-1", kind="unfit", slot=None, case_id=3))
    with pytest.raises(NotFound, match="interaction i-9"):
        log.react(reaction("i-9", kind="unfit", slot=None, case_id=1))
    with pytest.raises(BadInput, match="add `case_id`"):
        log.react(reaction("i-1", kind="unfit", slot=None))
    with pytest.raises(BadInput):
        log.react(reaction("i-1", kind="adopt", slot=0, case_id=1))
    with pytest.raises(BadInput):
        log.react(reaction("i-1", kind="unfit", slot=0, case_id=1))
    assert log.reactions("i-1") == []


def test_nothing_fits_is_said_of_the_whole_answer(log: Interactions) -> None:
    record(log, "i-1")
    for number, kind in enumerate(("helpful", "nothing_fits", "withdraw")):
        assert log.react(reaction("i-1", f"c-{number}", kind=kind, slot=None))
    assert [(r.kind, r.supersedes) for r in log.reactions("i-1")] == [
        ("helpful", None), ("nothing_fits", "c-0"), ("withdraw", "c-1")
    ]  # fmt: skip


def test_a_newer_choice_of_a_person_supersedes_the_earlier_about_the_same_action(log: Interactions) -> None:
    record(log, "i-1")
    record(log, "i-2")
    choices: dict[str, dict[str, object]] = {
        "a": {},
        "b": {"slot": 1},
        "c": {"actor": "另一人"},
        "d": {"kind": "edit", "text": "改成两台泵车"},
        "e": {"kind": "withdraw"},
        "f": {"kind": "helpful", "slot": None},
    }
    for client_id, fields in choices.items():
        assert log.react(reaction("i-1", client_id, **fields))
    assert log.react(reaction("i-2", "g"))
    kept = log.reactions("i-1")
    assert {r.client_id: r.supersedes for r in kept} == {
        "a": None, "b": None, "c": None, "d": "a", "e": "d", "f": None
    }  # fmt: skip
    assert log.reactions("i-2")[0].supersedes is None
    assert kept[3].text == "改成两台泵车"


def test_what_is_superseded_may_be_named(log: Interactions) -> None:
    record(log, "i-1")
    log.react(reaction("i-1", "a"))
    log.react(reaction("i-1", "b", actor="另一人"))
    assert log.react(reaction("i-1", "c", slot=1, supersedes="a"))
    assert log.reactions("i-1")[-1].supersedes == "a"
    for stranger in ("b", "z"):
        with pytest.raises(BadInput, match=f"{stranger} is no earlier reaction of 值班员"):
            log.react(reaction("i-1", "d", supersedes=stranger))


def test_an_interaction_that_fails_takes_no_number_and_is_not_counted(log: Interactions) -> None:
    learned = LearningLog(log.engine)
    for _ in range(2):
        with pytest.raises(IntegrityError):
            record(log, "i-1", shown=(SHOWN[0], Shown("pump", "泵", 2.0)))
    record(log, "i-1")
    with pytest.raises(IntegrityError):
        record(log, "i-1")
    assert learned.last() == 1
    assert learned.counts("pump", "flood") == learned.counts("close_off", "flood") == Counts(shown=1)
    with pytest.raises(NotFound):
        log.react(reaction("i-1", slot=7))
    assert (learned.last(), log.has("i-1"), log.has("i-2")) == (1, True, False)
