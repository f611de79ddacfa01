"""The log of what was shown and what was chosen: append-only, and a reaction without its interaction cannot exist.

It stores what it is given as JSON and knows nothing of how it was found. Every interaction and every reaction takes the
next number of the one order of events (see knowledge.learning_log, which reads them in it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Integer, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError

from knowledge import learning_tables as lt
from knowledge import tables as t
from knowledge.action_counts import recounting, withdrawn_until
from knowledge.database import from_column, json_ready, reading, to_column, writing
from knowledge.errors import BadInput, NotFound
from knowledge.numbering import next_number

__all__ = ["Interactions", "Proposal", "ReactionRow", "Shown"]

_r = t.reactions.c  # the statements of every reaction are put together once: that takes longer than carrying them out
_KNOWN = select(_r.number).where(
    _r.interaction_id == bindparam("interaction_id"), _r.client_id == bindparam("client_id")
)
_OWN = select(_r.client_id).where(_r.interaction_id == bindparam("interaction_id"), _r.actor == bindparam("actor"))
_SAME = (
    _OWN.where(
        _r.slot.is_not_distinct_from(bindparam("slot", type_=Integer)),
        _r.case_id.is_not_distinct_from(bindparam("case_id", type_=Integer)),
    )
    .order_by(_r.number.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Shown:
    """One action as it was shown: its type, its text, and the propensity in (0, 1] of standing at its place. `team` is
    champion, challenger or both: who put it there; `offer` its index among the proposal's offers; None where nothing
    was proposed."""

    action_type: str
    text: str
    propensity: float
    team: str | None = None
    offer: int | None = None


@dataclass(frozen=True)
class Proposal:
    """How the order of an answer came about, for learning: every candidate action with its features, its place and its
    scores, and the context, each as plain JSON values. `places` is how many of the first places a person could see,
    `mode` one of base, champion, interleave and emergency, `seed` what chance was drawn from."""

    context: Mapping[str, Any]
    offers: Sequence[Mapping[str, Any]]
    places: int
    seed: int = 0
    mode: str = "base"
    champion: str = "base"
    challenger: str | None = None


@dataclass(frozen=True)
class ReactionRow:
    """One reaction as it is kept; `slot` is the place of the action in the list from 0, None for the whole answer or a
    case. `case_id` is the precedent that does not fit. `supersedes` is the client_id of the same person's earlier
    reaction to the same thing (found by itself where it is not given), `number` its place in the order of events."""

    interaction_id: str
    client_id: str
    kind: str
    slot: int | None
    text: str | None
    reason: str | None
    actor: str
    at: datetime
    case_id: int | None = None
    department: str | None = None
    supersedes: str | None = None
    number: int = field(default=0, compare=False)


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
        proposal: Proposal | None = None,
    ) -> None:
        """Writes one interaction with everything that was shown, in one transaction. Without a `proposal` nothing can
        be learned from it, but its choices are counted."""
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
            **_columns(situation, proposal),
        }
        slots = [
            {"interaction_id": interaction_id, "slot": slot, "action_type": s.action_type, "text": s.text,
             "propensity": s.propensity, "team": s.team, "offer": s.offer}
            for slot, s in enumerate(shown)
        ]  # fmt: skip
        with writing(self.engine) as connection:
            number = next_number(connection)
            with recounting(connection, [interaction_id]):
                connection.execute(insert(t.interactions), {**row, "number": number})
                if slots:
                    connection.execute(insert(t.shown_actions), slots)

    def react(self, reaction: ReactionRow) -> bool:
        """Writes a reaction; False if its client_id is known for the interaction (nothing changes). Raises NotFound
        where the interaction, or the action at that place, or the case was never shown; BadInput for an impossible
        reaction."""
        row = {**reaction.__dict__, "at": to_column(reaction.at)}
        try:
            with writing(self.engine) as connection:
                if connection.execute(_KNOWN, row).first():
                    return False
                row["number"] = next_number(connection)
                _check_case(connection, reaction)
                row["supersedes"] = _earlier(connection, reaction)
                with recounting(connection, [] if reaction.slot is None else [reaction.interaction_id]):
                    connection.execute(insert(t.reactions), row)
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
            r.interaction_id, r.client_id, r.kind, r.slot, r.text, r.reason, r.actor, r.at, r.case_id, r.department,
            r.supersedes, r.number,
        ).where(r.interaction_id == interaction_id).order_by(r.reaction_id)  # fmt: skip
        with reading(self.engine) as connection:
            return [
                ReactionRow(*row[:7], from_column(row[7]) or datetime.min, *row[8:])
                for row in connection.execute(query)
            ]

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

    def has(self, interaction_id: str) -> bool:
        """Whether an interaction is logged."""
        query = select(t.interactions.c.interaction_id).where(t.interactions.c.interaction_id == interaction_id)
        with reading(self.engine) as connection:
            return connection.execute(query).first() is not None

    def count(self) -> int:
        """How many interactions are logged."""
        with reading(self.engine) as connection:
            return int(connection.execute(select(func.count()).select_from(t.interactions)).scalar_one())

    def export(self, limit: int = 1_000_000) -> list[dict[str, Any]]:
        """Interactions with their shown actions, reactions and effects, oldest first, as plain JSON values; without
        what a person withdrew."""
        with reading(self.engine) as connection:
            until = withdrawn_until(connection)
            rows = connection.execute(
                select(t.interactions).order_by(t.interactions.c.asked_at).limit(limit)
            ).mappings()
            found = {
                row["interaction_id"]: {**row, "shown": [], "reactions": [], "effects": []}
                for row in rows
                if row["actor"] not in until or row["asked_at"] > until[row["actor"]]
            }
            for name, table in (("shown", t.shown_actions), ("reactions", t.reactions), ("effects", lt.effects)):
                for row in connection.execute(select(table)).mappings():
                    withdrawn = name != "shown" and row["actor"] in until and row["at"] <= until[row["actor"]]
                    if row["interaction_id"] in found and not withdrawn:
                        found[row["interaction_id"]][name].append(dict(row))
        return [json_ready(row) for row in found.values()]


def _columns(situation: Mapping[str, Any], proposal: Proposal | None) -> dict[str, Any]:
    """The columns of learning. The category is the group: of `flood.underpass` it is `flood`."""
    if proposal is None:
        category = situation.get("category")
        value = category.get("value") if isinstance(category, Mapping) else category
        return {"category": str(value).partition(".")[0] if value else None}
    return {
        "category": proposal.context.get("category"),
        "mode": proposal.mode,
        "champion": proposal.champion,
        "challenger": proposal.challenger,
        "seed": proposal.seed,
        "places": proposal.places,
        "context": json_ready(dict(proposal.context)),
        "offers": json_ready([dict(offer) for offer in proposal.offers]),
    }


def _check_case(connection: Connection, reaction: ReactionRow) -> None:
    """Whether a precedent that is said not to fit was among those found. Raises NotFound or BadInput."""
    if reaction.kind == "unfit" and reaction.case_id is None:
        raise BadInput("a reaction of kind unfit needs the precedent that does not fit; add `case_id`")
    if reaction.case_id is None:
        return
    i = t.interactions.c
    found = connection.execute(select(i.candidates).where(i.interaction_id == reaction.interaction_id)).scalar()
    if reaction.case_id not in {candidate.get("case_id") for candidate in found or ()}:
        raise NotFound(
            f"case {reaction.case_id} was not shown in interaction {reaction.interaction_id}; "
            "name one of the cases of that answer"
        )


def _earlier(connection: Connection, reaction: ReactionRow) -> str | None:
    """The client_id of the reaction that this one replaces; None where it is the first. Raises BadInput where another
    is named that this person never made."""
    if reaction.supersedes is None:
        return connection.execute(_SAME, reaction.__dict__).scalar_one_or_none()
    if (
        connection.execute(_OWN.where(t.reactions.c.client_id == reaction.supersedes), reaction.__dict__).first()
        is None
    ):
        raise BadInput(
            f"{reaction.supersedes} is no earlier reaction of {reaction.actor} in interaction "
            f"{reaction.interaction_id}; leave `supersedes` out"
        )
    return reaction.supersedes
