"""The log of learning in SQL: how actions turned out and what a person took back are written here; what was proposed
and chosen (knowledge.interactions), and both of these, are read in the one order in which they were written.

What a person withdrew counts for nothing: it is in no stream and in no count. It knows no model and no features.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from knowledge import learning_tables as lt
from knowledge import tables as t
from knowledge.action_counts import CHOICES, Counts, read_counts, recounting, withdrawn_until
from knowledge.call_rows import utc
from knowledge.database import reading, to_column, writing
from knowledge.errors import BadInput, NotFound
from knowledge.interactions import Proposal, ReactionRow
from knowledge.numbering import hold_numbers, newest_number, next_number
from knowledge.trace import behind_counts, of_interaction, rows_of

__all__ = ["EffectRow", "EventRow", "LearningLog", "ProposalRow", "WithdrawalRow"]

CHUNK = 2_000  # numbers that are read at once
_e = lt.effects.c
_KNOWN = select(_e.number).where(
    _e.interaction_id == bindparam("interaction_id"), _e.client_id == bindparam("client_id")
)  # put together once


@dataclass(frozen=True)
class ProposalRow:
    """An interaction as it was proposed; `at` is when it was asked."""

    interaction_id: str
    at: datetime
    actor: str
    proposal: Proposal
    number: int = field(default=0, compare=False)


@dataclass(frozen=True)
class EffectRow:
    """How the action at a place turned out; `satisfaction` in 1..5, `source` is record, official or citizen; None where
    not known."""

    interaction_id: str
    client_id: str
    slot: int
    source: str
    actor: str
    at: datetime
    resolved: bool | None = None
    satisfaction: float | None = None
    in_time: bool | None = None
    number: int = field(default=0, compare=False)


@dataclass(frozen=True)
class WithdrawalRow:
    """A person's events up to `at` are to count for nothing; `by` wrote it down."""

    actor: str
    at: datetime
    by: str
    reason: str = ""


EventRow = ProposalRow | ReactionRow | EffectRow


@dataclass(frozen=True)
class LearningLog:
    """The log in the same database as the interactions. Every write is one transaction."""

    engine: Engine

    def effect(self, effect: EffectRow) -> bool:
        """Writes how an action turned out; False if its client_id is known among the effects of the interaction. Raises
        NotFound where the action was never shown, BadInput for an unknown source or a satisfaction outside 1..5."""
        row = {**effect.__dict__, "at": to_column(effect.at)}
        try:
            with writing(self.engine) as connection:
                if connection.execute(_KNOWN, row).first():
                    return False
                row["number"] = next_number(connection)
                with recounting(connection, [effect.interaction_id]):
                    connection.execute(insert(lt.effects), row)
        except IntegrityError as error:
            said = str(error.orig).upper()
            if "UNIQUE" in said:  # the same came in at the same moment by another way
                return False
            if "FOREIGN KEY" in said:
                raise NotFound(
                    f"no action {effect.slot} was shown in interaction {effect.interaction_id}; "
                    "tell how an action of that answer turned out"
                ) from error
            raise BadInput(
                f"an effect of source {effect.source} with satisfaction {effect.satisfaction} cannot be kept; the "
                "source is record, official or citizen, satisfaction 1 to 5"
            ) from error
        return True

    def withdraw(self, withdrawal: WithdrawalRow) -> bool:
        """Takes back whatever a person asked, chose or judged up to a time, in every count and stream at once; False
        where that is written down already. The words of the person's reactions are erased, for good: the one change of
        the log that its schema lets through."""
        until = to_column(withdrawal.at)
        r, w = t.reactions.c, lt.withdrawals.c
        known = select(w.number).where(w.actor == withdrawal.actor, w.at == until)
        with writing(self.engine) as connection:
            hold_numbers(connection)
            if connection.execute(known).first():
                return False
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete=ON")  # the pages are overwritten, too
            number = next_number(connection)
            with recounting(connection, _touched(connection, withdrawal.actor)):
                connection.execute(
                    insert(lt.withdrawals).values({**withdrawal.__dict__, "at": until, "number": number})
                )
            connection.execute(
                update(t.reactions)
                .where(r.actor == withdrawal.actor, r.at <= until, or_(r.text.is_not(None), r.reason.is_not(None)))
                .values(text=None, reason=None)
            )
        if self.engine.dialect.name == "sqlite":
            plain = self.engine.raw_connection()  # outside a transaction: the write-ahead file is emptied as well
            try:
                plain.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                plain.close()
        return True

    def withdrawals(self) -> int:
        """How many were written: who keeps what the stream gave begins again when this grows."""
        with reading(self.engine) as connection:
            return int(connection.execute(select(func.count()).select_from(lt.withdrawals)).scalar_one())

    def last(self) -> int:
        """The number of the newest event; 0 where there is none."""
        with reading(self.engine) as connection:
            return newest_number(connection)

    def stream(self, since: int = 0) -> Iterator[EventRow]:
        """What counts, oldest first, from after number `since` to what is newest when the reading begins: proposals,
        choices about single actions, effects. Left out is what was withdrawn, with whatever others said of a withdrawn
        interaction, and interactions that were logged without a proposal."""
        with reading(self.engine) as connection:
            last, until = newest_number(connection), withdrawn_until(connection)
        for start in range(since, last, CHUNK):
            with reading(self.engine) as connection:
                found = list(_between(connection, start, min(start + CHUNK, last), until))
            yield from sorted(found, key=lambda row: row.number)

    def counts(self, action_type: str, category: str | None) -> Counts:
        """How often the action was shown, decided on, adopted and worked in a category group (None: anywhere)."""
        return self.counts_of([action_type], category)[action_type]

    def counts_of(self, action_types: Sequence[str], category: str | None) -> dict[str, Counts]:
        """As `counts`, for several at once."""
        with reading(self.engine) as connection:
            return read_counts(connection, action_types, category)

    def rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """The rows of the log with these numbers, ascending, as plain JSON values; `event` says which kind each is,
        `withdrawn` whether it counts for nothing any more. Unknown numbers are left out."""
        with reading(self.engine) as connection:
            return rows_of(connection, numbers)

    def trace(self, interaction_id: str) -> list[dict[str, Any]]:
        """An interaction and all that was said about it, as `rows`. Raises NotFound."""
        with reading(self.engine) as connection:
            found = rows_of(connection, of_interaction(connection, interaction_id))
        if not found:
            raise NotFound(f"there is no interaction {interaction_id}; `precedent export interactions` lists them")
        return found

    def behind(self, action_type: str, category: str | None) -> list[int]:
        """The numbers of the events that `counts` follows from, for `rows`."""
        with reading(self.engine) as connection:
            return behind_counts(connection, action_type, category)


def _touched(connection: Connection, actor: str) -> list[str]:
    """The interactions that a person asked, chose in, or judged."""
    tables = (t.interactions, t.reactions, lt.effects)
    found = (select(one.c.interaction_id).where(one.c.actor == actor).distinct() for one in tables)
    return sorted({name for query in found for name in connection.execute(query).scalars()})


def _between(
    connection: Connection, after: int, until: int, withdrawn: Mapping[str, datetime]
) -> Iterator[EventRow]:  # fmt: skip
    """The events with numbers above `after` and up to `until`, kind by kind."""
    i, r = t.interactions.c, t.reactions.c

    def counts(row: Any, *names: tuple[str, str]) -> bool:
        return all(getattr(row, a) not in withdrawn or getattr(row, at) > withdrawn[getattr(row, a)] for a, at in names)

    asked = ("asked_by", "asked_at")
    columns = (i.actor.label("asked_by"), i.asked_at)
    proposals = select(
        i.interaction_id, *columns, i.context, i.offers, i.places, i.seed, i.mode, i.champion, i.challenger, i.number
    ).where(i.number > after, i.number <= until, i.offers.is_not(None))
    for row in connection.execute(proposals):
        if counts(row, asked):
            proposal = Proposal(row.context, row.offers, row.places, row.seed, row.mode, row.champion, row.challenger)
            yield ProposalRow(row.interaction_id, utc(row.asked_at), row.asked_by, proposal, row.number)
    for table, own in ((t.reactions, r.kind.in_(CHOICES) & r.slot.is_not(None)), (lt.effects, true())):
        query = (
            select(table, *columns)
            .join(t.interactions, i.interaction_id == table.c.interaction_id)
            .where(table.c.number > after, table.c.number <= until, i.offers.is_not(None), own)
        )
        for row in connection.execute(query):
            if not counts(row, asked, ("actor", "at")):
                continue
            if table is lt.effects:
                yield EffectRow(
                    row.interaction_id, row.client_id, row.slot, row.source, row.actor, utc(row.at), row.resolved,
                    row.satisfaction, row.in_time, row.number,
                )  # fmt: skip
            else:
                yield ReactionRow(
                    row.interaction_id, row.client_id, row.kind, row.slot, row.text, row.reason, row.actor,
                    utc(row.at), row.case_id, row.department, row.supersedes, row.number,
                )  # fmt: skip
