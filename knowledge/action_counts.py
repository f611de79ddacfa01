"""How often an action was shown, decided on, adopted and worked, by category group: kept beside the log of events and
written in the same transaction as each event, so that reading is one row and always exact.

One place of one answer is one time, whatever number of people chose there. Times are the naive UTC of the columns.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select, update

from knowledge import learning_tables as lt
from knowledge import tables as t

__all__ = ["CHOICES", "SOURCES", "Counts", "read_counts", "recounting", "withdrawn_until"]

CHOICES = ("adopt", "edit", "reject", "withdraw")
SOURCES = ("record", "official", "citizen")  # whose word on an outcome counts, the first before the next
CHUNK = 500  # values in one IN (...) list
_FIGURES = ("shown", "decided", "adopted", "known", "worked")
_Key = tuple[str, str]  # category group (empty where unknown), action type


# Statements are put together once: that takes longer than carrying them out.
_i, _s, _r, _e, _c, _w = (
    table.c for table in (t.interactions, t.shown_actions, t.reactions, lt.effects, lt.action_counts, lt.withdrawals)
)
_NAMES: BindParameter[Any] = bindparam("names", expanding=True)
_PLACES = (
    select(_s.interaction_id, _s.slot, _s.action_type, _i.category, _i.actor, _i.asked_at.label("at"))
    .join(t.interactions, _i.interaction_id == _s.interaction_id)
    .where(_s.interaction_id.in_(_NAMES))
)
_CHOSEN = (
    select(_r.interaction_id, _r.slot, _r.kind, _r.actor, _r.at)
    .where(_r.interaction_id.in_(_NAMES), _r.slot.is_not(None), _r.kind.in_(CHOICES))
    .order_by(_r.number)
)
_TOLD = (
    select(_e.interaction_id, _e.slot, _e.source, _e.resolved, _e.actor, _e.at)
    .where(_e.interaction_id.in_(_NAMES))
    .order_by(_e.number)
)
_WITHDRAWN = select(_w.actor, func.max(_w.at).label("at")).group_by(_w.actor)
_THERE = select(_c.category, _c.action_type).where(_c.category.in_(_NAMES))
_CHANGE = (
    update(lt.action_counts)
    .where(_c.category == bindparam("in_category"), _c.action_type == bindparam("of_type"))
    .values({name: _c[name] + bindparam(f"more_{name}") for name in _FIGURES})
)
_TYPES: BindParameter[Any] = bindparam("types", expanding=True)
_ANYWHERE = (
    select(_c.action_type, *(func.sum(_c[name]) for name in _FIGURES))
    .where(_c.action_type.in_(_TYPES))
    .group_by(_c.action_type)
)
_WITHIN = _ANYWHERE.where(_c.category == bindparam("category"))


@dataclass(frozen=True)
class Counts:
    """Times an action was shown; decided on (adopted, edited or rejected, and not taken back); adopted or edited by at
    least one; of these with a known outcome; of these worked. Each is at most the one before it."""

    shown: int = 0
    decided: int = 0
    adopted: int = 0
    known: int = 0
    worked: int = 0


def read_counts(connection: Connection, action_types: Sequence[str], category: str | None) -> dict[str, Counts]:
    """The counts of each action type in a category group (None: in all of them together; empty: where none was known);
    zeros where never shown."""
    query, values = (_ANYWHERE, {}) if category is None else (_WITHIN, {"category": category})
    rows = connection.execute(query, {"types": list(action_types), **values})
    found = {row[0]: Counts(*(int(value) for value in row[1:])) for row in rows}
    return {name: found.get(name, Counts()) for name in action_types}


def withdrawn_until(connection: Connection) -> dict[str, datetime]:
    """The people who withdrew, each with the time up to which their events count for nothing."""
    return {row.actor: row.at for row in connection.execute(_WITHDRAWN)}


@contextmanager
def recounting(connection: Connection, interaction_ids: Sequence[str]) -> Iterator[None]:
    """Whatever is written inside changes the counts as it should; the interactions must be all that it touches."""
    before = _tally(connection, interaction_ids)
    yield
    change = _tally(connection, interaction_ids)
    change.subtract(before)
    _add(connection, change)


def _add(connection: Connection, change: Mapping[tuple[_Key, str], int]) -> None:
    keys = sorted({key for (key, _), number in change.items() if number})
    if not keys:
        return
    known = connection.execute(_THERE, {"names": sorted({category for category, _ in keys})})
    there = {(row[0], row[1]) for row in known}
    fresh = [
        {"category": category, "action_type": action_type, **dict.fromkeys(_FIGURES, 0)}
        for category, action_type in keys
        if (category, action_type) not in there
    ]
    if fresh:
        connection.execute(insert(lt.action_counts), fresh)
    connection.execute(
        _CHANGE,
        [
            {"in_category": key[0], "of_type": key[1]}
            | {f"more_{name}": change.get((key, name), 0) for name in _FIGURES}
            for key in keys
        ],
    )


def _tally(connection: Connection, interaction_ids: Sequence[str]) -> Counter[tuple[_Key, str]]:
    """The counts of some interactions alone, read from the events."""
    found: Counter[tuple[_Key, str]] = Counter()
    for start in range(0, len(interaction_ids), CHUNK):
        names = {"names": list(interaction_ids[start : start + CHUNK])}
        if places := connection.execute(_PLACES, names).all():
            choices, effects = connection.execute(_CHOSEN, names).all(), connection.execute(_TOLD, names).all()
            found.update(_count(places, choices, effects, withdrawn_until(connection)))
    return found


def _count(
    places: Sequence[Any], choices: Sequence[Any], effects: Sequence[Any], until: Mapping[str, datetime]
) -> Counter[tuple[_Key, str]]:  # fmt: skip
    kinds: dict[tuple[str, int], dict[str, str]] = {}
    for row in _standing(choices, until):
        kinds.setdefault((row.interaction_id, row.slot), {})[row.actor] = row.kind
    told: dict[tuple[str, int], dict[str, bool | None]] = {}
    for row in _standing(effects, until):
        told.setdefault((row.interaction_id, row.slot), {})[row.source] = row.resolved
    found: Counter[tuple[_Key, str]] = Counter()
    for row in _standing(places, until):
        place = (row.interaction_id, row.slot)
        held = set(kinds.get(place, {}).values()) - {"withdraw"}
        adopted = bool(held & {"adopt", "edit"})
        sources = told.get(place, {})
        resolved = next((sources[name] for name in SOURCES if sources.get(name) is not None), None)
        known = adopted and resolved is not None
        figures = (True, bool(held), adopted, known, known and bool(resolved))
        key = (row.category or "", row.action_type)
        found.update({(key, name): 1 for name, holds in zip(_FIGURES, figures, strict=True) if holds})
    return found


def _standing(rows: Sequence[Any], until: Mapping[str, datetime]) -> Iterable[Any]:
    """Rows whose person did not withdraw them."""
    return (row for row in rows if row.actor not in until or row.at > until[row.actor])
