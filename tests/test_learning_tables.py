"""The schema of learning guards itself, and an older log is brought into it without a loss."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from knowledge import action_counts, interactions, learning_log
from knowledge.database import MIGRATIONS, open_database, reading, writing

DAY = "2026-03-02 08:00:00"
LATER = datetime(2026, 3, 3, tzinfo=UTC)

_FILL = (
    "INSERT INTO interactions (interaction_id, asked_at, actor, question, language, situation, filters, candidates, "
    "versions, recommendation, number) "
    f"VALUES ('i', '{DAY}', 'wang', '', 'zh', '{{}}', '{{}}', '[]', '{{}}', '{{}}', 1)",
    "INSERT INTO shown_actions (interaction_id, slot, action_type, text, propensity) VALUES ('i', 0, 'pump', '', 1)",
    "INSERT INTO reactions (interaction_id, client_id, kind, slot, text, reason, actor, at, number) "
    f"VALUES ('i', 'a', 'edit', 0, 'words', 'why', 'wang', '{DAY}', 2)",
    "INSERT INTO effects (number, interaction_id, slot, client_id, source, actor, at) "
    f"VALUES (3, 'i', 0, 'a', 'record', 'wang', '{DAY}')",
    f"INSERT INTO withdrawals (number, actor, at, by, reason) VALUES (4, 'li', '{DAY}', 'admin', '')",
    f"INSERT INTO policies VALUES ('p0001-0', 1, '{DAY}', 4, 'a', '{{}}')",
    f"INSERT INTO gate_events VALUES (1, '{DAY}', 'trial', 'base', NULL, 'system', '{{}}', '')",
)


def _filled(engine: Engine) -> None:
    with writing(engine) as connection:
        for statement in _FILL:
            connection.exec_driver_sql(statement)


def _all(engine: Engine) -> dict[str, list[Any]]:
    names = ("interactions", "shown_actions", "reactions", "effects", "withdrawals", "policies", "gate_events")
    with reading(engine) as connection:
        return {name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))] for name in names}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM effects",
        "DELETE FROM withdrawals",
        "DELETE FROM policies",
        "DELETE FROM gate_events",
        "DELETE FROM reactions",
        "UPDATE effects SET resolved = NULL",
        "UPDATE withdrawals SET reason = 'x'",
        "UPDATE policies SET text = 'x'",
        "UPDATE gate_events SET kind = 'promoted'",
        "UPDATE reactions SET kind = 'adopt'",
        "UPDATE reactions SET text = 'other words'",
        "UPDATE reactions SET text = NULL",  # as long as the reason stays it is no withdrawal
        "UPDATE reactions SET number = 9",
        "UPDATE interactions SET offers = '[]'",
        "UPDATE interactions SET number = 9",
        "UPDATE interactions SET mode = 'champion'",
        "DELETE FROM interactions",
        "DELETE FROM shown_actions",
    ],
)
def test_what_is_written_stays_as_it_is(engine: Engine, statement: str) -> None:
    _filled(engine)
    before = _all(engine)
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.exec_driver_sql(statement)
    assert _all(engine) == before
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE reactions SET text = NULL, reason = NULL")


@pytest.mark.parametrize(
    "statement",
    [
        _FILL[0].replace("'i',", "'j',").replace(", 1)", ", NULL)"),  # an interaction without its number
        _FILL[0].replace("'i',", "'j',"),  # a number twice
        _FILL[2].replace("'a'", "'b'"),
        _FILL[3].replace("'a'", "'b'"),
        _FILL[3].replace("(3, 'i'", "(9, 'j'"),  # an effect of what was never asked
        _FILL[3].replace("(3, 'i', 0, 'a'", "(9, 'i', 1, 'b'"),  # of what was never shown
        _FILL[3].replace("(3,", "(9,"),  # the same effect again
        _FILL[3].replace("(3,", "(9,").replace("'a'", "'b'").replace("'record'", "'rumour'"),
        _FILL[4].replace("(4,", "(9,"),
        _FILL[5].replace("'p0001-0', 1", "'p0002-0', 2"),  # the same model again
        _FILL[6].replace("(1,", "(2,").replace("trial", "won"),
        "INSERT INTO reactions (interaction_id, client_id, kind, actor, at, number) "
        f"VALUES ('i', 'b', 'unfit', 'wang', '{DAY}', 9)",  # no case
        "INSERT INTO reactions (interaction_id, client_id, kind, actor, at, number, case_id) "
        f"VALUES ('i', 'b', 'unfit', 'wang', '{DAY}', 9, 77)",  # a case that does not exist
        "INSERT INTO reactions (interaction_id, client_id, kind, actor, at, number, supersedes) "
        f"VALUES ('i', 'b', 'helpful', 'wang', '{DAY}', 9, 'z')",  # instead of nothing
        f"INSERT INTO followups VALUES ('i', 1, 'wang', '{DAY}', NULL, NULL)",
        f"INSERT INTO followups VALUES ('i', 0, 'wang', '{DAY}', 'worked', NULL)",
        "INSERT INTO action_counts VALUES ('flood', 'pump', 1, 2, 0, 0, 0)",
    ],
)
def test_the_schema_refuses_what_cannot_be(engine: Engine, statement: str) -> None:
    _filled(engine)
    before = _all(engine)
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.exec_driver_sql(statement)
    assert _all(engine) == before


def _left_by(url: str, revision: str) -> Engine:
    """A database as an older version left it, with answers and choices in it."""
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        asked = {"i-2": "09:00:00", "i-1": "08:00:00", "i-3": "07:00:00"}
        for name, at in asked.items():
            category = {"i-1": {"value": "flood.underpass"}, "i-2": {"value": "flood"}, "i-3": None}[name]
            connection.execute(
                text(
                    "INSERT INTO interactions VALUES "
                    "(:name, :at, 'wang', '桥下积水', 'zh', :situation, '{}', '[]', '{}', "
                    '\'{"interaction_id": "kept"}\')'
                ),
                {"name": name, "at": f"2026-03-02 {at}", "situation": json.dumps({"category": category})},
            )
            for slot, action_type in enumerate(("pump", "close_off")):
                connection.execute(
                    text("INSERT INTO shown_actions VALUES (:name, :slot, :action_type, '…', 0.5)"),
                    {"name": name, "slot": slot, "action_type": action_type},
                )
        chosen: tuple[tuple[str, str, str, int | None, str, str], ...] = (
            ("i-1", "a", "adopt", 0, "wang", "08:10:00"),
            ("i-2", "a", "edit", 0, "wang", "09:10:00"),
            ("i-1", "b", "reject", 0, "wang", "08:05:00"),  # its clock was behind
            ("i-1", "c", "helpful", None, "wang", "08:20:00"),
            ("i-1", "d", "adopt", 0, "li", "08:30:00"),
            ("i-2", "e", "withdraw", 0, "wang", "09:20:00"),
            ("i-2", "f", "reject", 1, "wang", "01:00:00"),  # before it was asked
        )
        for name, client_id, kind, place, actor, at in chosen:
            connection.execute(
                text(
                    "INSERT INTO reactions (interaction_id, client_id, kind, slot, text, reason, actor, at) "
                    "VALUES (:name, :client_id, :kind, :slot, '原话', NULL, :actor, :at)"
                ),
                {"name": name, "client_id": client_id, "kind": kind, "slot": place, "actor": actor,
                 "at": f"2026-03-02 {at}"},
            )  # fmt: skip
        connection.execute(
            text("INSERT INTO conversations VALUES ('c', 'wang', 't', '2026-03-02 08:00:00')")
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO turns VALUES ('t', 'c', 1, 'i-1', '{}', '2026-03-02 08:00:00')")
        )  # fmt: skip
    engine.dispose()
    return engine


@pytest.mark.parametrize("revision", ["0001", "0002"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_older_log_is_numbered_counted_and_stays_readable(
    kind: str, revision: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'base.sqlite'}"
    if kind == "postgresql":
        server, name = request.getfixturevalue("postgres"), f"learning{revision}"
        admin = create_engine(f"{server}postgres", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        url = f"{server}{name}"
    _left_by(url, revision)
    engine = open_database(url)
    log, learned = interactions.Interactions(engine), learning_log.LearningLog(engine)
    rows = log.export()
    assert [(row["interaction_id"], row["number"], row["mode"], row["category"]) for row in rows] == [
        ("i-3", 1, "base", None), ("i-1", 2, "base", "flood"), ("i-2", 7, "base", "flood")
    ]  # fmt: skip
    assert all(row["offers"] is None and row["champion"] == "base" and len(row["shown"]) == 2 for row in rows)
    kept = [(r.number, r.client_id, r.kind, r.supersedes, r.text) for r in log.reactions("i-1")]
    assert kept == [
        (3, "a", "adopt", None, "原话"), (4, "b", "reject", "a", "原话"), (5, "c", "helpful", None, "原话"),
        (6, "d", "adopt", None, "原话"),
    ]  # fmt: skip
    assert [(r.number, r.client_id, r.supersedes) for r in log.reactions("i-2")] == [
        (8, "a", None), (9, "e", "a"), (10, "f", None)
    ]  # fmt: skip
    assert learned.last() == 10
    assert log.recommendation("i-2") == '{"interaction_id": "kept"}'
    assert list(learned.stream()) == [], "without candidates nothing can be learned"
    assert learned.counts("pump", "flood") == action_counts.Counts(2, 1, 1, 0, 0)
    assert learned.counts("close_off", "flood") == action_counts.Counts(2, 1, 0, 0, 0)
    assert learned.counts("pump", "") == action_counts.Counts(1, 0, 0, 0, 0)
    assert log.react(interactions.ReactionRow("i-2", "g", "adopt", 0, None, None, "wang", LATER))
    assert (log.reactions("i-2")[-1].supersedes, learned.last()) == ("e", 11)
    assert learned.counts("pump", "flood") == action_counts.Counts(2, 2, 2, 0, 0)
    _check_whole(engine)
    engine.dispose()


def _check_whole(engine: Engine) -> None:
    """Nothing dangles, no table is left over, and ids of reactions go on where they stopped."""
    assert not [name for name in inspect(engine).get_table_names() if "tmp" in name]
    if engine.dialect.name == "sqlite":
        with reading(engine) as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
            ids = "SELECT seq FROM sqlite_sequence WHERE name = 'reactions'"
            assert connection.exec_driver_sql(ids).scalar_one() == 8
