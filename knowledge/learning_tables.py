"""The tables of learning: how actions turned out, what was taken back, the models, the steps of the gate, who was asked
whether it worked, and counts kept beside them.

What was shown and chosen stands in `knowledge.tables`. Effects, withdrawals, models and steps of the gate are
append-only: the schema itself refuses to change or delete a row. `number` is the place in the one order of all events.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from knowledge.tables import metadata

__all__ = ["action_counts", "effects", "followups", "gate_events", "policies", "withdrawals"]

_SHOWN = (["interaction_id", "slot"], ["shown_actions.interaction_id", "shown_actions.slot"])

effects = Table(
    "effects",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("interaction_id", String(40), nullable=False),
    Column("slot", Integer, nullable=False),
    Column("client_id", String(100), nullable=False),
    Column("source", String(20), nullable=False),
    Column("resolved", Boolean),
    Column("satisfaction", Float),
    Column("in_time", Boolean),
    Column("actor", String(200), nullable=False),
    Column("at", DateTime, nullable=False),
    ForeignKeyConstraint(*_SHOWN),
    UniqueConstraint("interaction_id", "client_id", name="effect_once"),
    CheckConstraint("source IN ('record','official','citizen')", name="effect_source"),
    CheckConstraint("satisfaction BETWEEN 1 AND 5", name="effect_satisfaction"),
)

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("actor", String(200), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("actor", "at", name="withdrawal_once"),
)

policies = Table(
    "policies",
    metadata,
    Column("version", String(40), primary_key=True),
    Column("position", Integer, nullable=False, unique=True),  # 1, 2, … in the order in which they were kept
    Column("fitted_at", DateTime, nullable=False),
    Column("watermark", Integer, nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("text", Text, nullable=False),
)

gate_events = Table(
    "gate_events",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # an order of its own
    Column("at", DateTime, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("champion", String(40), nullable=False),
    Column("challenger", String(40)),
    Column("by", String(200), nullable=False),
    Column("figures", JSON, nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint(
        "kind IN ('fitted','trial','ready','promoted','refused','suspended','rolled_back','paused')", name="gate_kind"
    ),
)

followups = Table(  # an action stands here once somebody was asked whether it worked: nobody is asked twice
    "followups",
    metadata,
    Column("interaction_id", String(40), primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("actor", String(200), nullable=False),
    Column("asked_at", DateTime, nullable=False),
    Column("answered", String(20)),
    Column("answered_at", DateTime),
    ForeignKeyConstraint(*_SHOWN),
    CheckConstraint("answered IN ('worked','failed','later')", name="followup_answer"),
    CheckConstraint("(answered IS NULL) = (answered_at IS NULL)", name="followup_answered"),
    Index("followups_actor", "actor", "asked_at"),
)

action_counts = Table(  # follows from the events; written in the same transaction as each of them
    "action_counts",
    metadata,
    Column("category", String(200), primary_key=True),  # the group; empty where unknown
    Column("action_type", String(200), primary_key=True),
    Column("shown", Integer, nullable=False),
    Column("decided", Integer, nullable=False),
    Column("adopted", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("worked", Integer, nullable=False),
    CheckConstraint(
        "0 <= worked AND worked <= known AND known <= adopted AND adopted <= decided AND decided <= shown",
        name="counts_order",
    ),
)
