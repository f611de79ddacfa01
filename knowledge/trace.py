"""From a figure back to the rows of the log that it came from: by number, by interaction, or by what was counted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from knowledge import learning_tables as lt
from knowledge import tables as t
from knowledge.action_counts import CHOICES, CHUNK, withdrawn_until
from knowledge.database import json_ready

__all__ = ["behind_counts", "of_interaction", "rows_of"]

_TABLES = {"interaction": t.interactions, "reaction": t.reactions, "effect": lt.effects, "withdrawal": lt.withdrawals}
_LARGE = ("situation", "filters", "candidates", "recommendation")  # they stand in the export of interactions


def rows_of(connection: Connection, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The rows with these numbers, ascending, as plain JSON values: `event` says which kind it is, `withdrawn` whether
    it counts for nothing any more; an interaction has its `shown` actions with it. Unknown numbers are left out."""
    until = withdrawn_until(connection)
    wanted = sorted(set(numbers))
    found = []
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        for event, table in _TABLES.items():
            columns = [column for column in table.c if column.name not in _LARGE]
            rows = connection.execute(select(*columns).where(table.c.number.in_(chunk))).mappings().all()
            found += [dict(row) | {"event": event, "withdrawn": _withdrawn(event, row, until)} for row in rows]
    asked = {row["interaction_id"]: row for row in found if row["event"] == "interaction"}
    for row in asked.values():
        row["shown"] = []
    names = list(asked)
    for start in range(0, len(names), CHUNK):
        s = t.shown_actions.c
        query = select(t.shown_actions).where(s.interaction_id.in_(names[start : start + CHUNK])).order_by(s.slot)
        for shown in connection.execute(query).mappings():
            asked[shown["interaction_id"]]["shown"].append(dict(shown))
    return [json_ready(row) for row in sorted(found, key=lambda row: row["number"])]


def of_interaction(connection: Connection, interaction_id: str) -> list[int]:
    """The numbers of an interaction and of all that was said about it, ascending; none where it does not exist."""
    tables = (t.interactions, t.reactions, lt.effects)
    queries = (select(one.c.number).where(one.c.interaction_id == interaction_id) for one in tables)
    return sorted(number for query in queries for number in connection.execute(query).scalars())


def behind_counts(connection: Connection, action_type: str, category: str | None) -> list[int]:
    """The numbers of the events that the counts of an action follow from, ascending: the interactions where it was
    shown, the choices and the effects at its places; not those that were withdrawn."""
    i, s = t.interactions.c, t.shown_actions.c
    until = withdrawn_until(connection)
    places = (
        select(s.interaction_id, s.slot, i.number.label("asked"), i.actor.label("asked_by"), i.asked_at)
        .join(t.interactions, i.interaction_id == s.interaction_id)
        .where(s.action_type == action_type)
    )
    if category is not None:
        places = places.where(i.category.is_(None) if category == "" else i.category == category)
    asked = connection.execute(places).all()
    found = {row.asked for row in asked if row.asked_by not in until or row.asked_at > until[row.asked_by]}
    place = places.subquery()
    for event, table in (("reaction", t.reactions), ("effect", lt.effects)):
        query = select(table.c.number, table.c.actor, table.c.at, place.c.asked).join(
            place, (place.c.interaction_id == table.c.interaction_id) & (place.c.slot == table.c.slot)
        )
        if table is t.reactions:
            query = query.where(table.c.kind.in_(CHOICES))
        rows = connection.execute(query).mappings().all()
        found |= {row["number"] for row in rows if row["asked"] in found and not _withdrawn(event, row, until)}
    return sorted(found)


def _withdrawn(event: str, row: Any, until: Mapping[str, datetime]) -> bool:
    """Whether the row's own person took it back."""
    at = row["asked_at" if event == "interaction" else "at"]
    return event != "withdrawal" and row["actor"] in until and bool(at <= until[row["actor"]])
