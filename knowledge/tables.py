"""The tables of the SQL database, the only truth. Columns serve filters and counts; `case_versions.record` holds each
version whole, so that reading a case is one row and its history is complete."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "actions",
    "case_departments",
    "case_versions",
    "cases",
    "conversations",
    "counters",
    "interactions",
    "metadata",
    "outcomes",
    "reactions",
    "shown_actions",
    "turns",
]

metadata = MetaData()

cases = Table(
    "cases",
    metadata,
    Column("case_id", Integer, primary_key=True),
    Column("external_id", String(200), unique=True),
    Column("version", Integer, nullable=False),
    Column("change", Integer, nullable=False, unique=True),
    Column("content_hash", String(64), nullable=False),
    Column("updated_at", DateTime, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("title", Text),
    Column("situation", Text, nullable=False),
    Column("category", String(200)),
    Column("district", String(200)),
    Column("place", Text),
    Column("occurred_at", DateTime),
    Column("closed_at", DateTime),
    Column("severity", Integer),
    Column("lessons", Text),
    Column("source", Text),
    Column("language", String(20)),
    Column("superseded_by", String(200)),
    CheckConstraint("severity BETWEEN 1 AND 4", name="severity_range"),
    Index("cases_filter", "status", "district", "category", "occurred_at"),
    sqlite_autoincrement=True,  # an id is never given to another case
)

case_versions = Table(
    "case_versions",
    metadata,
    Column("case_id", Integer, ForeignKey("cases.case_id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("written_at", DateTime, nullable=False),
    Column("record", Text, nullable=False),
)

case_departments = Table(
    "case_departments",
    metadata,
    Column("case_id", Integer, ForeignKey("cases.case_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("department", String(200), nullable=False, index=True),
)

actions = Table(
    "actions",
    metadata,
    Column("case_id", Integer, ForeignKey("cases.case_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("action_type", String(200), nullable=False, index=True),
    Column("department", String(200)),
    Column("taken_at", DateTime),
    Column("result", String(20), nullable=False),
    Column("note", Text),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("case_id", Integer, ForeignKey("cases.case_id"), primary_key=True),
    Column("resolved", Boolean),
    Column("days", Float),
    Column("satisfaction", Float),
    Column("recurred", Boolean),
    Column("summary", Text),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(50), primary_key=True),
    Column("value", Integer, nullable=False),
)

interactions = Table(
    "interactions",
    metadata,
    Column("interaction_id", String(40), primary_key=True),
    Column("asked_at", DateTime, nullable=False, index=True),
    Column("actor", String(200), nullable=False),
    Column("question", Text, nullable=False),
    Column("language", String(20), nullable=False),
    Column("situation", JSON, nullable=False),
    Column("filters", JSON, nullable=False),
    Column("candidates", JSON, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("recommendation", Text, nullable=False),
    Column("number", Integer),  # the place in the one order of all events of learning; never empty
    Column("category", String(200)),  # the group of the taxonomy
    Column("mode", String(20), nullable=False, server_default="base"),
    Column("champion", String(40), nullable=False, server_default="base"),
    Column("challenger", String(40)),
    Column("seed", BigInteger),
    Column("places", Integer),  # how many of the first places a person could see
    Column("context", JSON(none_as_null=True)),
    Column("offers", JSON(none_as_null=True)),  # every candidate action; empty for interactions before learning
    CheckConstraint("mode IN ('base','champion','interleave','emergency')", name="interaction_mode"),
    Index("interactions_number", "number", unique=True),
)

shown_actions = Table(
    "shown_actions",
    metadata,
    Column("interaction_id", String(40), ForeignKey("interactions.interaction_id"), primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("action_type", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("team", String(20)),
    Column("offer", Integer),  # its place among the interaction's offers
    CheckConstraint("team IN ('champion','challenger','both')", name="shown_team"),
    CheckConstraint("propensity > 0 AND propensity <= 1", name="propensity_range"),
)

reactions = Table(
    "reactions",
    metadata,
    Column("reaction_id", Integer, primary_key=True),
    Column("interaction_id", String(40), ForeignKey("interactions.interaction_id"), nullable=False, index=True),
    Column("client_id", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("slot", Integer),
    Column("text", Text),
    Column("reason", Text),
    Column("actor", String(200), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("number", Integer, nullable=False),
    Column("department", String(200)),
    Column("case_id", Integer),  # the precedent that does not fit
    Column("supersedes", String(100)),  # client_id of the same person's earlier reaction to the same thing
    UniqueConstraint("interaction_id", "client_id", name="reaction_once"),
    UniqueConstraint("number", name="reaction_number"),
    ForeignKeyConstraint(["interaction_id", "slot"], ["shown_actions.interaction_id", "shown_actions.slot"]),
    ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="reaction_case"),
    ForeignKeyConstraint(
        ["interaction_id", "supersedes"], ["reactions.interaction_id", "reactions.client_id"], name="reaction_earlier"
    ),
    CheckConstraint(
        "kind IN ('adopt','edit','reject','helpful','unhelpful','withdraw','unfit','nothing_fits')",
        name="reaction_kind",
    ),
    CheckConstraint(
        "slot IS NOT NULL OR kind IN ('helpful','unhelpful','withdraw','unfit','nothing_fits')", name="reaction_target"
    ),
    CheckConstraint(
        "(kind <> 'unfit' OR case_id IS NOT NULL) AND "
        "(case_id IS NULL OR (slot IS NULL AND kind IN ('unfit','withdraw')))",
        name="reaction_precedent",
    ),
    Index("reactions_actor", "actor", "at"),
    sqlite_autoincrement=True,
)

conversations = Table(
    "conversations",
    metadata,
    Column("conversation_id", String(40), primary_key=True),
    Column("owner", String(200), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("started_at", DateTime, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("turn_id", String(40), primary_key=True),
    Column("conversation_id", String(40), ForeignKey("conversations.conversation_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("interaction_id", String(40), ForeignKey("interactions.interaction_id")),
    Column("record", Text, nullable=False),
    Column("at", DateTime, nullable=False),
    UniqueConstraint("conversation_id", "number", name="turn_order"),
)
