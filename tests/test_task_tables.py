"""The tables of tasks: the migration makes what the program expects, and keeps what was there."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from knowledge import task_tables as t
from knowledge.case import Case
from knowledge.database import MIGRATIONS, open_database
from knowledge.records import SqlRecords
from knowledge.tables import metadata

OWN = {table.name: table for table in (t.tasks, t.task_steps, t.matter_drafts, t.draft_steps)}


def _upgraded(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_the_migration_makes_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": _ours}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        found = inspect(connection)
        for name, table in OWN.items():  # checks are not compared by alembic
            checks = {c.name for c in table.constraints if c.name and "CHECK" in type(c).__name__.upper()}
            assert {c["name"] for c in found.get_check_constraints(name)} == checks


def _ours(one: object, name: str, kind: str, *_: object) -> bool:
    return kind != "table" or name in OWN


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_there_stays(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'base.sqlite'}"
    if kind == "postgresql":
        server = request.getfixturevalue("postgres")
        admin = create_engine(f"{server}postgres", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE before_tasks"))
        admin.dispose()
        url = f"{server}before_tasks"
    old = create_engine(url)
    _upgraded(old, "0003")
    SqlRecords(old).write([Case(external_id="old", situation="停电")])
    with old.connect() as connection:
        assert not set(OWN) & set(inspect(connection).get_table_names())
    old.dispose()
    engine = open_database(url)
    with engine.connect() as connection:
        assert set(OWN) <= set(inspect(connection).get_table_names())
    assert [stored.case.external_id for stored in SqlRecords(engine).all()] == ["old"]
    engine.dispose()
