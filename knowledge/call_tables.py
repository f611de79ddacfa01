"""The tables of the hotline: calls, every version of their transcripts, and who looked behind the masks.

Columns serve filters, order and counts; `call_transcripts.record` holds each version whole. `worker` and `lease_until`
say who works on a call and until when nobody else may.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from knowledge.tables import metadata

__all__ = ["call_reveals", "call_transcripts", "calls"]

calls = Table(
    "calls",
    metadata,
    Column("call_id", Integer, primary_key=True),
    Column("external_id", String(200), unique=True),
    Column("sha256", String(64), unique=True),  # of the recording, or of the file of a transcript without one
    Column("change", Integer, nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("received_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False),
    Column("recording", Text),
    Column("name", Text, nullable=False),
    Column("progress_s", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),  # of the newest transcript, for looking words up
    Column("reading", Text, nullable=False),
    Column("category", String(200)),
    Column("district", String(200)),
    Column("matter_id", Integer, index=True),
    Column("waiting_s", Float),
    Column("handling_s", Float),
    Column("demo", Boolean, nullable=False),
    Column("demo_model", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", String(200)),
    Column("lease_until", DateTime),
    CheckConstraint(
        "state IN ('received','decoding','transcribing','understanding','waiting','ready','failed','cancelled')",
        name="call_state",
    ),
    CheckConstraint("(worker IS NULL) = (lease_until IS NULL)", name="call_lease"),
    Index("calls_queue", "state", "worker", "call_id"),
    Index("calls_order", "urgent", "received_at", "call_id"),
    sqlite_autoincrement=True,  # an id is never given to another call
)

call_transcripts = Table(
    "call_transcripts",
    metadata,
    Column("call_id", Integer, ForeignKey("calls.call_id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("author", String(200), nullable=False),
    Column("source", String(20), nullable=False, index=True),
    Column("written_at", DateTime, nullable=False),
    Column("record", Text, nullable=False),
)

call_reveals = Table(
    "call_reveals",
    metadata,
    Column("reveal_id", Integer, primary_key=True),
    Column("call_id", Integer, ForeignKey("calls.call_id"), nullable=False, index=True),
    Column("actor", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime, nullable=False),
    sqlite_autoincrement=True,
)
