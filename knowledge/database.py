"""The connection to the SQL database: opening, migrating, and turning its failures into sentences.

SQLite runs in WAL mode with foreign keys on; a write takes its lock at once, so that two processes queue up and never
deadlock. The same code opens PostgreSQL by its URL. It knows no case and no table.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from knowledge.errors import Fault

__all__ = ["HEAD", "from_column", "open_database", "reading", "to_column", "writing"]

HEAD = "0004"  # the newest revision in migrations/versions; a test holds the two together
MIGRATIONS = Path(__file__).parent / "migrations"


def to_column(moment: datetime | None) -> datetime | None:
    """An aware time as the naive UTC that the columns hold."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None


def from_column(moment: datetime | None) -> datetime | None:
    """A column's naive UTC as an aware time."""
    return moment.replace(tzinfo=UTC) if moment else None


def open_database(url: str, *, timeout_s: float = 15.0) -> Engine:
    """Opens the database and brings its schema up to date.

    A path makes an SQLite file. Raises Fault where it cannot be opened, is damaged, or was written by a newer version.
    """
    if "://" not in url:
        Path(url).parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{url}"
    try:
        engine = create_engine(url, connect_args={"timeout": timeout_s} if url.startswith("sqlite") else {})
    except (ArgumentError, ImportError) as error:  # not shown as it stands: it may hold a password
        raise Fault(
            f"the database setting cannot be used ({type(error).__name__}); write a path, or a URL such as "
            "postgresql+psycopg://user@host/name with psycopg installed"
        ) from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    with _faults(engine):
        _migrate(engine)
    return engine


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        _use_wal(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _use_wal(connection: sqlite3.Connection, patience_s: float = 5.0) -> None:
    """Switches to WAL. SQLite does not wait for its own lock here, so that two processes that open a new file at once
    would fail: this waits instead."""
    until = time.monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.05)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: Engine) -> None:
    revision = _revision(engine)
    if revision == HEAD:
        return
    if revision is not None and not (MIGRATIONS / "versions" / f"v{revision}.py").is_file():
        raise Fault(
            f"the database {engine.url.database} was written by a newer version (schema {revision}, this program knows "
            f"{HEAD}); install that version, or restore a back-up made with this one"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    for attempt in range(5):  # two processes may start on an empty folder at once: one migrates, the other sees it done
        try:
            with engine.connect().execution_options(write=True) as connection, connection.begin():
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            return
        except OperationalError:
            if _revision(engine) == HEAD:
                return
            if attempt == 4:
                raise
            time.sleep(0.2 * (attempt + 1))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database throughout."""
    with _faults(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction: all of it is kept, or nothing."""
    with _faults(engine), engine.connect().execution_options(write=True) as connection, connection.begin():
        yield connection


_SENTENCES = (
    ("disk is full", "the disk is full: nothing of this step was kept; free some space and do it again"),
    ("database is locked", "another program holds the database; wait until it has finished, then try again"),
    ("readonly", "the database may not be written; check the rights of the data folder"),
    ("connection", "the database server does not answer; start it, or check the database setting"),
    ("unable to open", "the database cannot be opened; check that the data folder exists and may be written"),
    ("not a database", "the file is not a database of Precedent; move it away or restore a back-up"),
    ("malformed", "the database is damaged; restore the last back-up"),
    ("disk i/o error", "the disk reports errors; check the disk, then try again"),
)


@contextmanager
def _faults(engine: Engine) -> Iterator[None]:
    """Failures of the machine become a Fault in plain words; mistakes of this program pass through."""
    try:
        yield
    except DatabaseError as error:
        said = str(error.orig).lower()
        for sign, sentence in _SENTENCES:
            if sign in said:
                raise Fault(f"{sentence} ({engine.url.database})") from error
        raise


def json_ready(value: Any) -> Any:
    """Records and tuples as plain JSON values, for a JSON column.

    >>> json_ready({"a": (1, 2)})
    {'a': [1, 2]}
    """
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value
