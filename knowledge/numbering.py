"""Numbers given out one after another: each is taken in the transaction that uses it, so that none is lost and whoever
reads up to a number has seen everything below it."""

from sqlalchemy import Connection, bindparam, select, update

from knowledge import tables as t

__all__ = ["hold_numbers", "newest_number", "next_number"]

_c = t.counters.c
_TAKE = update(t.counters).where(_c.name == bindparam("counter")).values(value=_c.value + 1).returning(_c.value)


def next_number(connection: Connection, name: str = "learning") -> int:
    """The next number, from 1. Until the transaction ends nobody else gets one: numbers are kept in their order."""
    return int(connection.execute(_TAKE, {"counter": name}).scalar_one())


def hold_numbers(connection: Connection, name: str = "learning") -> None:
    """Whoever else wants a number waits until this transaction has ended, so that what is looked up now stays true."""
    connection.execute(select(_c.value).where(_c.name == name).with_for_update()).one()


def newest_number(connection: Connection, name: str = "learning") -> int:
    """The last number given out; 0 where none was."""
    return int(connection.execute(select(_c.value).where(_c.name == name)).scalar_one())
