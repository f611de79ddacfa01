"""The tables of tasks: tasks as they stand, every step they took, the draft cases made from closed matters, and what
curators did with those.

Columns serve filters and order; `task_steps.record` holds the task whole as it stood after each step, so that its
history is complete. `unsettled` marks a task whose last step is still to be passed on (see assistant.taskdesk).
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from knowledge.tables import metadata

__all__ = ["draft_steps", "matter_drafts", "task_steps", "tasks"]

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", Integer, primary_key=True),
    Column("matter", String(40), ForeignKey("interactions.interaction_id"), nullable=False),
    Column("client_id", String(100), nullable=False),
    Column("slot", Integer),
    Column("title", Text, nullable=False),
    Column("instructions", Text, nullable=False),
    Column("action_type", String(200), nullable=False),
    Column("department", String(200)),
    Column("assignee", String(100)),
    Column("due", DateTime),
    Column("state", String(20), nullable=False),
    Column("issued_by", String(100), nullable=False),
    Column("issuer_department", String(200)),
    Column("issued_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False),
    Column("reason", Text),
    Column("outcome", Text),
    Column("version", Integer, nullable=False),
    Column("category", String(200)),  # of the situation that the task answers, for finding open tasks on the same one
    Column("district", String(200)),
    Column("place", Text),
    Column("unsettled", Boolean, nullable=False),
    UniqueConstraint("matter", "client_id", name="task_once"),
    ForeignKeyConstraint(["matter", "slot"], ["shown_actions.interaction_id", "shown_actions.slot"]),
    CheckConstraint("state IN ('issued','accepted','returned','done','verified','cancelled')", name="task_state"),
    CheckConstraint("state NOT IN ('done','verified') OR outcome IS NOT NULL", name="task_outcome"),
    Index("tasks_assignee", "assignee", "state"),
    Index("tasks_department", "department", "state"),
    Index("tasks_issuer", "issued_by", "state"),
    Index("tasks_category", "category", "state"),
    Index("tasks_due", "state", "due"),
    Index("tasks_unsettled", "unsettled"),
    sqlite_autoincrement=True,
)

task_steps = Table(
    "task_steps",
    metadata,
    Column("task_id", Integer, ForeignKey("tasks.task_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("department", String(200)),
    Column("at", DateTime, nullable=False),
    Column("text", Text),
    Column("outcome", Text),
    Column("record", Text, nullable=False),
)

matter_drafts = Table(
    "matter_drafts",
    metadata,
    Column("matter", String(40), ForeignKey("interactions.interaction_id"), primary_key=True),
    Column("case_id", Integer, ForeignKey("cases.case_id"), nullable=False, unique=True),
    Column("made", Text, nullable=False),  # the case as it was last made from the tasks, before any curator's hand
    Column("made_at", DateTime, nullable=False),
)

draft_steps = Table(
    "draft_steps",
    metadata,
    Column("step_id", Integer, primary_key=True),
    Column("case_id", Integer, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("reason", Text),
    CheckConstraint("kind IN ('amended','approved','dismissed')", name="draft_step_kind"),
    sqlite_autoincrement=True,
)
