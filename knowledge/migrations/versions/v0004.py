"""Tasks with their steps, the draft cases made from closed matters, and what curators did with those."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables of tasks and drafts."""
    op.create_table(
        "tasks",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=100), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("action_type", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=True),
        sa.Column("assignee", sa.String(length=100), nullable=True),
        sa.Column("due", sa.DateTime(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("issued_by", sa.String(length=100), nullable=False),
        sa.Column("issuer_department", sa.String(length=200), nullable=True),
        sa.Column("issued_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=200), nullable=True),
        sa.Column("district", sa.String(length=200), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("unsettled", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('issued','accepted','returned','done','verified','cancelled')", name="task_state"
        ),
        sa.CheckConstraint("state NOT IN ('done','verified') OR outcome IS NOT NULL", name="task_outcome"),
        sa.ForeignKeyConstraint(["matter"], ["interactions.interaction_id"]),
        sa.ForeignKeyConstraint(["matter", "slot"], ["shown_actions.interaction_id", "shown_actions.slot"]),
        sa.PrimaryKeyConstraint("task_id"),
        sa.UniqueConstraint("matter", "client_id", name="task_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("tasks_assignee", "tasks", ["assignee", "state"], unique=False)
    op.create_index("tasks_department", "tasks", ["department", "state"], unique=False)
    op.create_index("tasks_issuer", "tasks", ["issued_by", "state"], unique=False)
    op.create_index("tasks_category", "tasks", ["category", "state"], unique=False)
    op.create_index("tasks_due", "tasks", ["state", "due"], unique=False)
    op.create_index("tasks_unsettled", "tasks", ["unsettled"], unique=False)
    op.create_table(
        "task_steps",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.task_id"]),
        sa.PrimaryKeyConstraint("task_id", "number"),
    )
    op.create_table(
        "matter_drafts",
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("made", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.ForeignKeyConstraint(["matter"], ["interactions.interaction_id"]),
        sa.PrimaryKeyConstraint("matter"),
        sa.UniqueConstraint("case_id"),
    )
    op.create_table(
        "draft_steps",
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('amended','approved','dismissed')", name="draft_step_kind"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.PrimaryKeyConstraint("step_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_draft_steps_case_id"), "draft_steps", ["case_id"], unique=False)
    for table in ("task_steps", "draft_steps"):
        _keep_as_written(table)


def _keep_as_written(table: str) -> None:
    """Triggers that keep a history append-only; on PostgreSQL with the function of revision 0003."""
    said = f"'{table} is append-only'"
    refused = f"BEGIN SELECT RAISE(ABORT, {said}); END"
    if op.get_bind().dialect.name == "postgresql":
        refused = f"EXECUTE FUNCTION refuse_change({said})"
    for name, action in (("stay", "DELETE"), ("unchanged", "UPDATE")):
        op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {action} ON {table} FOR EACH ROW {refused}")
