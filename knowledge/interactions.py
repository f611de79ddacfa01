"""The log of what was shown and what was chosen: append-only, and a reaction without its interaction cannot exist.

It stores what it is given as JSON and knows nothing of how it was found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from knowledge import tables as t
from knowledge.database import from_column, json_ready, reading, to_column, writing
from knowledge.errors import BadInput, NotFound

__all__ = ["Interactions", "ReactionRow", "Shown"]


@dataclass(frozen=True)
class Shown:
    """One action as it was shown: its type, its text, and the propensity in (0, 1] of standing at its place."""

    action_type: str
    text: str
    propensity: float


@dataclass(frozen=True)
class ReactionRow:
    """One reaction as it is kept; `slot` is the place of the action in the list from 0, None for the whole answer."""

    interaction_id: str
    client_id: str
    kind: str
    slot: int | None
    text: str | None
    reason: str | None
    actor: str
    at: datetime


@dataclass(frozen=True)
class Interactions:
    """The log in SQL."""

    engine: Engine

    def record(
        self,
        interaction_id: str,
        *,
        asked_at: datetime,
        actor: str,
        question: str,
        language: str,
        situation: Mapping[str, Any],
        filters: Mapping[str, Any],
        candidates: Sequence[Mapping[str, Any]],
        shown: Sequence[Shown],
        versions: Mapping[str, str],
        recommendation: str,
    ) -> None:
        """Writes one interaction with everything that was shown, in one transaction."""
        row = {
            "interaction_id": interaction_id,
            "asked_at": to_column(asked_at),
            "actor": actor,
            "question": question,
            "language": language,
            "situation": json_ready(dict(situation)),
            "filters": json_ready(dict(filters)),
            "candidates": json_ready([dict(c) for c in candidates]),
            "versions": dict(versions),
            "recommendation": recommendation,
        }
        slots = [
            {"interaction_id": interaction_id, "slot": slot, "action_type": s.action_type, "text": s.text,
             "propensity": s.propensity}
            for slot, s in enumerate(shown)
        ]  # fmt: skip
        with writing(self.engine) as connection:
            connection.execute(insert(t.interactions).values(row))
            if slots:
                connection.execute(insert(t.shown_actions), slots)

    def react(self, reaction: ReactionRow) -> bool:
        """Writes a reaction; False if its client_id is known for the interaction (nothing changes). Raises NotFound
        where the interaction, or the action at that place, was never shown; BadInput for an impossible reaction."""
        row = {**reaction.__dict__, "at": to_column(reaction.at)}
        r = t.reactions.c
        known = select(r.reaction_id).where(
            r.interaction_id == reaction.interaction_id, r.client_id == reaction.client_id
        )
        try:
            with writing(self.engine) as connection:
                if connection.execute(known).first():
                    return False
                connection.execute(insert(t.reactions).values(row))
        except IntegrityError as error:
            said = str(error.orig).upper()
            if "UNIQUE" in said:  # the same reaction came in at the same moment by another way
                return False
            if "FOREIGN KEY" in said:
                raise NotFound(
                    f"no action {reaction.slot} was shown in interaction {reaction.interaction_id}; "
                    "ask again and react to that answer"
                ) from error
            raise BadInput(f"a reaction of kind {reaction.kind} needs the place of its action; add `action`") from error
        return True

    def reactions(self, interaction_id: str) -> list[ReactionRow]:
        """All reactions to one interaction, oldest first."""
        r = t.reactions.c
        query = select(
            r.interaction_id, r.client_id, r.kind, r.slot, r.text, r.reason, r.actor, r.at
        ).where(r.interaction_id == interaction_id).order_by(r.reaction_id)  # fmt: skip
        with reading(self.engine) as connection:
            return [ReactionRow(*row[:7], from_column(row[7]) or datetime.min) for row in connection.execute(query)]

    def recommendation(self, interaction_id: str) -> str:
        """The recommendation as it was shown (JSON). Raises NotFound."""
        i = t.interactions.c
        with reading(self.engine) as connection:
            found = connection.execute(
                select(i.recommendation).where(i.interaction_id == interaction_id)
            ).scalar_one_or_none()
        if found is None:
            raise NotFound(f"there is no interaction {interaction_id}; ask first, then react to its answer")
        return str(found)

    def count(self) -> int:
        """How many interactions are logged."""
        with reading(self.engine) as connection:
            return int(connection.execute(select(func.count()).select_from(t.interactions)).scalar_one())

    def export(self, limit: int = 1_000_000) -> list[dict[str, Any]]:
        """Interactions with their shown actions and reactions, oldest first, as plain JSON values."""
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(t.interactions).order_by(t.interactions.c.asked_at).limit(limit)
            ).mappings()
            found = {row["interaction_id"]: {**row, "shown": [], "reactions": []} for row in rows}
            for name, table in (("shown", t.shown_actions), ("reactions", t.reactions)):
                for row in connection.execute(select(table)).mappings():
                    if row["interaction_id"] in found:
                        found[row["interaction_id"]][name].append(dict(row))
        return [json_ready(row) for row in found.values()]
