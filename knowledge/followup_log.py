"""Adopted actions of which nothing was heard, and who was asked whether they worked.

An action counts as unheard of while it has no task and no effect. When it is time to ask is not known here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from knowledge import learning_tables as learned
from knowledge import tables as t
from knowledge import task_tables as k
from knowledge.database import reading, to_column, writing

__all__ = ["Asked", "FollowUpLog", "Unheard"]

LATER = "later"


@dataclass(frozen=True)
class Unheard:
    """An action that a person adopted: `text` as the person edited it, else as it was shown; `median_days` of the track
    record that stood beside it; `postponed_at` where the person asked to be asked later."""

    interaction_id: str
    slot: int
    action_type: str
    text: str
    question: str
    adopted_at: datetime
    median_days: float | None
    postponed_at: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """That a person was asked about an action, and the answer: worked, failed, later, or None while there is none."""

    actor: str
    asked_at: datetime
    answered: str | None


@dataclass(frozen=True)
class FollowUpLog:
    """Questions asked once, in SQL."""

    engine: Engine

    def unheard(self, actor: str, since: datetime, limit: int = 200) -> Sequence[Unheard]:
        """Actions that a person adopted from `since` on and holds to, without task or effect, of which that person was
        never asked or asked to be asked later; the earliest adopted first, ties by interaction and place."""
        f = learned.followups.c
        query = _adopted(actor).where(
            t.reactions.c.at >= to_column(since), or_(f.actor.is_(None), f.answered == LATER)
        )  # fmt: skip
        return self._found(query.limit(limit))

    def open(self, actor: str, since: datetime) -> Sequence[Unheard]:
        """Actions of which a person was asked from `since` on and has not said anything yet."""
        f = learned.followups.c
        asked = and_(f.actor == actor, f.asked_at >= to_column(since), f.answered.is_(None))
        return self._found(_adopted(actor).where(asked))

    def asked_since(self, actor: str, since: datetime) -> int:
        """How many questions a person was asked from `since` on."""
        f = learned.followups.c
        query = (
            select(func.count()).select_from(learned.followups).where(f.actor == actor, f.asked_at >= to_column(since))
        )
        with reading(self.engine) as connection:
            return int(connection.execute(query).scalar_one())

    def ask(self, interaction_id: str, slot: int, actor: str, at: datetime) -> bool:
        """Notes that a person is asked now; False where somebody was asked already and did not say "later"."""
        row = {"actor": actor, "asked_at": to_column(at), "answered": None, "answered_at": None}
        same = _same(interaction_id, slot)
        try:
            with writing(self.engine) as connection:
                again = update(learned.followups).where(same, learned.followups.c.answered == LATER).values(row)
                if connection.execute(again).rowcount:
                    return True
                if connection.execute(select(learned.followups.c.slot).where(same)).first():
                    return False
                connection.execute(insert(learned.followups).values(interaction_id=interaction_id, slot=slot, **row))
        except IntegrityError as error:
            if "UNIQUE" in str(error.orig).upper():  # somebody was asked at the same moment
                return False
            raise
        return True

    def asked(self, interaction_id: str, slot: int) -> Asked | None:
        """Who was asked about an action."""
        f = learned.followups.c
        with reading(self.engine) as connection:
            row = connection.execute(
                select(f.actor, f.asked_at, f.answered).where(_same(interaction_id, slot))
            ).first()  # fmt: skip
        return Asked(row.actor, row.asked_at.replace(tzinfo=UTC), row.answered) if row else None

    def answer(self, interaction_id: str, slot: int, kind: str, at: datetime) -> None:
        """Keeps what was answered; a later answer replaces an earlier one."""
        row = {"answered": kind, "answered_at": to_column(at)}
        with writing(self.engine) as connection:
            connection.execute(update(learned.followups).where(_same(interaction_id, slot)).values(row))

    def _found(self, query: Select[Any]) -> tuple[Unheard, ...]:
        with reading(self.engine) as connection:
            rows = connection.execute(query).all()
        return tuple(
            Unheard(
                interaction_id=row.interaction_id,
                slot=row.slot,
                action_type=row.action_type,
                text=row.edited or row.text,
                question=row.question,
                adopted_at=row.at.replace(tzinfo=UTC),
                median_days=_median_days(row.recommendation, row.slot),
                postponed_at=row.answered_at.replace(tzinfo=UTC) if row.answered_at else None,
            )
            for row in rows
        )


def _same(interaction_id: str, slot: int) -> ColumnElement[bool]:
    f = learned.followups.c
    return and_(f.interaction_id == interaction_id, f.slot == slot)


def _adopted(actor: str) -> Select[Any]:
    """The newest choices of a person that are adoptions, were not withdrawn with the person's events, and have neither
    task nor effect; with what was asked of them."""
    r, s, i, f, w = t.reactions.c, t.shown_actions.c, t.interactions.c, learned.followups.c, learned.withdrawals.c
    later = t.reactions.alias("later")
    place = (later.c.interaction_id == r.interaction_id, later.c.slot == r.slot, later.c.actor == r.actor)
    newer = exists().where(*place, later.c.number > r.number)
    withdrawn = exists().where(w.actor == r.actor, w.at >= r.at)
    tasked = exists().where(k.tasks.c.matter == r.interaction_id, k.tasks.c.slot == r.slot)
    told = exists().where(learned.effects.c.interaction_id == r.interaction_id, learned.effects.c.slot == r.slot)
    joined = (
        t.reactions.join(t.shown_actions, and_(s.interaction_id == r.interaction_id, s.slot == r.slot))
        .join(t.interactions, i.interaction_id == r.interaction_id)
        .outerjoin(learned.followups, and_(f.interaction_id == r.interaction_id, f.slot == r.slot))
    )
    columns = (r.interaction_id, r.slot, s.action_type, s.text, r.text.label("edited"), i.question, r.at)
    return (
        select(*columns, i.recommendation, f.answered_at)
        .select_from(joined)
        .where(r.actor == actor, r.kind.in_(("adopt", "edit")), ~newer, ~withdrawn, ~tasked, ~told)
        .order_by(r.at, r.interaction_id, r.slot)
    )


def _median_days(recommendation: str, slot: int) -> float | None:
    """Of the track record in an answer as it was shown; None where it tells none."""
    actions = json.loads(recommendation).get("actions") or []
    record = actions[slot].get("track_record") if slot < len(actions) else None
    days = record.get("median_days") if record else None
    return None if days is None else float(days)
