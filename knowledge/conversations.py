"""Conversations: whose they are and what was said, turn by turn. Only the owner can open one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from knowledge import tables as t
from knowledge.database import from_column, reading, to_column, writing
from knowledge.errors import BadInput, NotFound

__all__ = ["ConversationHead", "Conversations", "NumberTaken"]


class NumberTaken(BadInput):
    """Another turn of the same conversation was written first."""


@dataclass(frozen=True)
class ConversationHead:
    """One line of a person's history."""

    conversation_id: str
    title: str
    started_at: datetime
    turns: int


@dataclass(frozen=True)
class Conversations:
    """Conversations in SQL. Turns are JSON that this module does not read."""

    engine: Engine

    def start(self, owner: str, title: str) -> str:
        """Begins a conversation and gives its id."""
        conversation_id = uuid4().hex
        row = {
            "conversation_id": conversation_id,
            "owner": owner,
            "title": title[:200],
            "started_at": to_column(datetime.now(UTC)),
        }
        with writing(self.engine) as connection:
            connection.execute(insert(t.conversations).values(row))
        return conversation_id

    def append(
        self, conversation_id: str, owner: str, *, turn_id: str, number: int, interaction_id: str | None, record: str
    ) -> None:
        """Adds a turn. Raises NotFound where the conversation is not the owner's, NumberTaken where another turn was
        faster."""
        row = {
            "turn_id": turn_id,
            "conversation_id": conversation_id,
            "number": number,
            "interaction_id": interaction_id,
            "record": record,
            "at": to_column(datetime.now(UTC)),
        }
        self.check(conversation_id, owner)
        try:
            with writing(self.engine) as connection:
                connection.execute(insert(t.turns).values(row))
        except IntegrityError as error:
            if "FOREIGN KEY" in str(error.orig).upper():
                raise
            raise NumberTaken("this conversation went on in another window; reload it, then say it again") from error

    def check(self, conversation_id: str, owner: str) -> None:
        """Raises NotFound, in the same words, for a conversation that does not exist or is another person's."""
        c = t.conversations.c
        with reading(self.engine) as connection:
            found = connection.execute(select(c.owner).where(c.conversation_id == conversation_id)).scalar_one_or_none()
        if found != owner:
            raise NotFound("this conversation does not exist or is not yours; choose one from your history")

    def turns(self, conversation_id: str, owner: str) -> list[str]:
        """The records of all turns in order. Raises NotFound as `check` does."""
        self.check(conversation_id, owner)
        query = select(t.turns.c.record).where(t.turns.c.conversation_id == conversation_id).order_by(t.turns.c.number)
        with reading(self.engine) as connection:
            return [str(record) for record in connection.execute(query).scalars()]

    def heads(self, owner: str, limit: int) -> list[ConversationHead]:
        """The owner's conversations, newest first."""
        c = t.conversations.c
        query = (
            select(c.conversation_id, c.title, c.started_at, func.count(t.turns.c.turn_id))
            .select_from(t.conversations.outerjoin(t.turns))
            .where(c.owner == owner)
            .group_by(c.conversation_id, c.title, c.started_at)
            .order_by(c.started_at.desc())
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [
                ConversationHead(row[0], row[1], from_column(row[2]) or datetime.min, row[3])
                for row in connection.execute(query)
            ]
