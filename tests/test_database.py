import multiprocessing
import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from knowledge import call_tables, learning_tables, task_tables
from knowledge import tables as t
from knowledge.call import Recording
from knowledge.calls import Calls
from knowledge.case import Case
from knowledge.database import HEAD, MIGRATIONS, from_column, open_database, reading, to_column, writing
from knowledge.errors import Fault
from knowledge.filter import Wanted
from knowledge.records import SqlRecords

SPAWN = multiprocessing.get_context("spawn")


def test_an_empty_folder_becomes_a_database(tmp_path: Path) -> None:
    engine = open_database(str(tmp_path / "not" / "yet" / "base.sqlite"))
    with reading(engine) as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == HEAD
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    engine.dispose()


def test_the_newest_migration_is_the_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [HEAD]
    for revision in script.walk_revisions():
        assert (MIGRATIONS / "versions" / f"v{revision.revision}.py").is_file()


def test_migrations_end_in_the_schema_of_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, t.metadata) == []
        found = inspect(connection)
        for table in t.metadata.tables.values():  # checks are not compared by alembic
            named = {c.name for c in table.constraints if c.name and "CHECK" in type(c).__name__.upper()}
            assert {c["name"] for c in found.get_check_constraints(table.name)} == named


def _at_revision(url: str, revision: str) -> None:
    """A database as an older version of the program left it, with a case in it."""
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    SqlRecords(engine).write([Case(external_id="old", situation="停电")])
    with engine.connect() as connection:
        later = {call_tables.calls.name, learning_tables.effects.name, task_tables.tasks.name}
        assert not later & set(inspect(connection).get_table_names())
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_older_database_is_brought_up_to_date(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:  # fmt: skip
    url = f"sqlite:///{tmp_path / 'base.sqlite'}"
    if kind == "postgresql":
        server = request.getfixturevalue("postgres")
        admin = create_engine(f"{server}postgres", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE upgraded"))
        admin.dispose()
        url = f"{server}upgraded"
    _at_revision(url, "0001")
    engine = open_database(url)
    assert [s.case.external_id for s in SqlRecords(engine).all()] == ["old"]
    assert SqlRecords(engine).last_change() == 1
    call, new = Calls(engine).add(Recording(sha256="ab" * 32, name="a.wav", size=1), received_at=datetime.now(UTC))
    assert (new, call.change) == (True, 1), "calls are counted by themselves"
    assert SqlRecords(engine).write([Case(external_id="new", situation="停水")]).added == 1
    engine.dispose()


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "base.sqlite")
    first = open_database(path)
    SqlRecords(first).write([Case(external_id="a", situation="停电")])
    first.dispose()
    again = open_database(path)
    assert SqlRecords(again).count() == 1
    again.dispose()


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "base.sqlite")
    engine = open_database(path)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(Fault, match=r"written by a newer version \(schema 9999.*install that version"):
        open_database(path)


@pytest.mark.parametrize("content", [b"not a database" * 100, b"\x00" * 4096, os.urandom(4096)])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "base.sqlite"
    path.write_bytes(content)
    with pytest.raises(Fault, match="not a database"):
        open_database(str(path))
    assert path.read_bytes() == content


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="cannot be opened"):
        open_database(str(tmp_path))


def test_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "base.sqlite"
    engine = open_database(str(path))
    SqlRecords(engine).write([Case(situation=f"停电{i}" * 50) for i in range(300)])
    engine.dispose()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xee" * (len(content) - 4096)
    path.write_bytes(bytes(content))
    with pytest.raises(Fault, match="restore"):
        SqlRecords(open_database(str(path))).select(Wanted())


def _hold(path: Path) -> sqlite3.Connection:
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    return holder


def test_a_locked_database_is_a_fault_within_the_time_limit(tmp_path: Path) -> None:
    path = tmp_path / "base.sqlite"
    records = SqlRecords(open_database(str(path), timeout_s=0.3))
    holder = _hold(path)
    started = time.monotonic()
    with pytest.raises(Fault, match="another program holds the database; wait"):
        records.write([Case(situation="停电")])
    assert time.monotonic() - started < 3
    assert records.count() == 0  # reading goes on meanwhile
    holder.execute("ROLLBACK")
    holder.close()
    assert records.write([Case(situation="停电")]).added == 1
    records.engine.dispose()


def test_a_lock_on_an_empty_database_is_a_fault_too(tmp_path: Path) -> None:
    path = tmp_path / "base.sqlite"
    holder = _hold(path)
    started = time.monotonic()
    with pytest.raises(Fault, match="another program holds the database"):
        open_database(str(path), timeout_s=0.3)
    assert time.monotonic() - started < 6
    holder.close()


def test_a_short_lock_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "base.sqlite"
    records = SqlRecords(open_database(str(path), timeout_s=10))
    holder = _hold(path)
    release = threading.Timer(0.4, lambda: holder.execute("ROLLBACK"))
    release.start()
    assert records.write([Case(situation="停电")]).added == 1
    release.join()
    holder.close()
    records.engine.dispose()


def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    try:
        (folder / "probe").touch()
        pytest.skip("rights do not bind this user")
    except PermissionError:
        pass
    with pytest.raises(Fault, match="cannot be opened"):
        open_database(str(folder / "base.sqlite"))
    folder.chmod(0o700)


def test_a_database_that_may_not_be_written(tmp_path: Path) -> None:
    records = SqlRecords(open_database(str(tmp_path / "base.sqlite")))
    records.write([Case(external_id="a", situation="停电")])
    with records.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
    with pytest.raises(Fault, match="may not be written; check the rights"):
        records.write([Case(external_id="b", situation="停水")])
    assert records.count() == 1
    records.engine.dispose()


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    records = SqlRecords(open_database(str(tmp_path / "base.sqlite")))
    records.write([Case(external_id="kept", situation="停电")])
    before = list(records.all())
    with records.engine.connect() as connection:  # the pool has this one connection
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 8}")
    many = [Case(external_id=f"c-{i}", situation="停水" * 500) for i in range(200)]
    with pytest.raises(Fault, match="the disk is full: nothing of this step was kept; free some space"):
        records.write(many)
    assert list(records.all()) == before
    assert records.last_change() == 1
    with records.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    assert records.write(many).added == 200
    records.engine.dispose()


def test_a_transaction_is_all_or_nothing(engine: Engine) -> None:
    def count_and_fail() -> None:
        with writing(engine) as connection:
            connection.execute(t.counters.update().values(value=7))
            connection.execute(t.counters.insert().values(name="change", value=8))

    with pytest.raises(IntegrityError):
        count_and_fail()
    assert SqlRecords(engine).last_change() == 0


def test_a_mistake_of_the_program_is_not_dressed_up(engine: Engine) -> None:
    with pytest.raises(SQLAlchemyError), reading(engine) as connection:
        connection.execute(text("SELECT * FROM no_such_table"))


def test_a_reading_sees_one_state_throughout(tmp_path: Path) -> None:
    records = SqlRecords(open_database(str(tmp_path / "base.sqlite")))
    count = t.cases.select()
    with reading(records.engine) as connection:
        assert len(connection.execute(count).all()) == 0
        records.write([Case(situation="停电")])
        assert len(connection.execute(count).all()) == 0
    assert records.count() == 1
    records.engine.dispose()


def _open_and_write(path: str, name: str, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    engine = open_database(path)
    SqlRecords(engine).write([Case(external_id=name, situation="停电")])
    engine.dispose()


def test_processes_that_open_an_empty_folder_at_once(tmp_path: Path) -> None:
    for attempt in range(2):
        path = str(tmp_path / f"{attempt}" / "base.sqlite")
        start = SPAWN.Barrier(3)
        processes = [SPAWN.Process(target=_open_and_write, args=(path, f"p{i}", start)) for i in range(3)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0, 0, 0]
        records = SqlRecords(open_database(path))
        assert sorted(s.case.external_id or "" for s in records.all()) == ["p0", "p1", "p2"]
        assert records.last_change() == 3
        records.engine.dispose()


def test_threads_that_open_an_empty_folder_at_once(tmp_path: Path) -> None:
    for attempt in range(10):
        path, start = str(tmp_path / f"{attempt}.sqlite"), threading.Barrier(6)
        with ThreadPoolExecutor(6) as pool:
            running = [pool.submit(_open_and_write, path, f"t{i}", start) for i in range(6)]
            assert [one.result(60) for one in running] == [None] * 6
        records = SqlRecords(open_database(path))
        assert records.count() == 6
        records.engine.dispose()


def test_times_go_into_columns_and_back() -> None:
    beijing = datetime(2024, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    column = to_column(beijing)
    assert column == datetime(2024, 1, 1)
    assert from_column(column) == beijing
    assert from_column(column).tzinfo is UTC  # type: ignore[union-attr]
    assert (to_column(None), from_column(None)) == (None, None)


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://nobody@127.0.0.1:1/none", "oracle+nothing://x/y", "nonsense://x", "http://"]
)
def test_a_url_that_leads_nowhere_is_a_fault(url: str) -> None:
    with pytest.raises(Fault, match="database"):
        open_database(url)
