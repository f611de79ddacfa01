"""Learning: what could have been shown and why it stood there, how it turned out, what was taken back, models and the
gate; every event gets its number in one order."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_interactions = sa.table(
    "interactions",
    *(sa.column(name) for name in ("interaction_id", "asked_at", "situation", "number", "category", "places")),
)
_shown = sa.table("shown_actions", *(sa.column(name) for name in ("interaction_id", "slot", "action_type")))
_reactions = sa.table(
    "reactions",
    *(
        sa.column(name)
        for name in (
            "reaction_id",
            "interaction_id",
            "client_id",
            "kind",
            "slot",
            "actor",
            "at",
            "number",
            "supersedes",
        )
    ),
)


def upgrade() -> None:
    """Adds columns and tables, numbers the events that are there by their time, and counts them."""
    _add_columns()
    _create_tables()
    bind = op.get_bind()
    groups, superseding = _number_events(bind)
    _count(bind, groups)
    _bind_reactions()
    if superseding:
        name: sa.BindParameter[Any] = sa.bindparam("key")
        earlier: sa.BindParameter[Any] = sa.bindparam("before")
        bind.execute(
            sa.update(_reactions).where(_reactions.c.reaction_id == name).values(supersedes=earlier), superseding
        )
    _refuse_changes(bind.dialect.name)


def _add_columns() -> None:
    check = sa.CheckConstraint("mode IN ('base','champion','interleave','emergency')", name="interaction_mode")
    for column in (
        sa.Column("number", sa.Integer()),
        sa.Column("category", sa.String(length=200)),
        sa.Column("mode", sa.String(length=20), check, nullable=False, server_default="base"),
        sa.Column("champion", sa.String(length=40), nullable=False, server_default="base"),
        sa.Column("challenger", sa.String(length=40)),
        sa.Column("seed", sa.BigInteger()),
        sa.Column("places", sa.Integer()),
        sa.Column("context", sa.JSON()),
        sa.Column("offers", sa.JSON()),
    ):
        op.add_column("interactions", column)
    check = sa.CheckConstraint("team IN ('champion','challenger','both')", name="shown_team")
    op.add_column("shown_actions", sa.Column("team", sa.String(length=20), check))
    op.add_column("shown_actions", sa.Column("offer", sa.Integer()))
    for column in _new_of_reactions():
        op.add_column("reactions", column)


def _new_of_reactions() -> list[sa.Column[Any]]:
    return [
        sa.Column("number", sa.Integer()),
        sa.Column("department", sa.String(length=200)),
        sa.Column("case_id", sa.Integer()),
        sa.Column("supersedes", sa.String(length=100)),
    ]


def _shown_key() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["interaction_id", "slot"], ["shown_actions.interaction_id", "shown_actions.slot"]
    )  # fmt: skip


def _create_tables() -> None:
    op.create_table(
        "effects",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("interaction_id", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("resolved", sa.Boolean()),
        sa.Column("satisfaction", sa.Float()),
        sa.Column("in_time", sa.Boolean()),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        _shown_key(),
        sa.UniqueConstraint("interaction_id", "client_id", name="effect_once"),
        sa.CheckConstraint("source IN ('record','official','citizen')", name="effect_source"),
        sa.CheckConstraint("satisfaction BETWEEN 1 AND 5", name="effect_satisfaction"),
    )
    op.create_table(
        "withdrawals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("actor", "at", name="withdrawal_once"),
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(), nullable=False),
        sa.Column("watermark", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
        sa.UniqueConstraint("position"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "gate_events",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("champion", sa.String(length=40), nullable=False),
        sa.Column("challenger", sa.String(length=40)),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.CheckConstraint(
            "kind IN ('fitted','trial','ready','promoted','refused','suspended','rolled_back','paused')",
            name="gate_kind",
        ),
    )
    op.create_table(
        "followups",
        sa.Column("interaction_id", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("answered", sa.String(length=20)),
        sa.Column("answered_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("interaction_id", "slot"),
        _shown_key(),
        sa.CheckConstraint("answered IN ('worked','failed','later')", name="followup_answer"),
        sa.CheckConstraint("(answered IS NULL) = (answered_at IS NULL)", name="followup_answered"),
    )
    op.create_index("followups_actor", "followups", ["actor", "asked_at"], unique=False)
    op.create_table(
        "action_counts",
        sa.Column("category", sa.String(length=200), nullable=False),
        sa.Column("action_type", sa.String(length=200), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("shown", "decided", "adopted", "known", "worked")),
        sa.PrimaryKeyConstraint("category", "action_type"),
        sa.CheckConstraint(
            "0 <= worked AND worked <= known AND known <= adopted AND adopted <= decided AND decided <= shown",
            name="counts_order",
        ),
    )


def _number_events(bind: sa.Connection) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Numbers interactions and reactions by time, a reaction always after its interaction and after those before it.
    Gives the category group of each interaction, and which earlier reaction each one supersedes."""
    i, r = _interactions.c, _reactions.c
    asked: dict[str, datetime] = {}
    groups: dict[str, str] = {}
    events: list[tuple[datetime, int, str, int]] = []  # time, 0 asked or 1 chosen, interaction, reaction
    for interaction_id, at, situation in bind.execute(
        sa.select(i.interaction_id, sa.type_coerce(i.asked_at, sa.DateTime()), sa.type_coerce(i.situation, sa.JSON()))
    ):
        asked[interaction_id] = at
        groups[interaction_id] = _group(situation)
        events.append((at, 0, interaction_id, 0))
    newest: dict[tuple[str, str, int | None], str] = {}
    superseding: list[dict[str, Any]] = []
    at = sa.type_coerce(r.at, sa.DateTime()).label("at")
    for row in bind.execute(
        sa.select(r.reaction_id, r.interaction_id, r.client_id, r.slot, r.actor, at).order_by(r.reaction_id)
    ):
        asked[row.interaction_id] = max(asked[row.interaction_id], row.at)
        events.append((asked[row.interaction_id], 1, row.interaction_id, row.reaction_id))
        target = (row.interaction_id, row.actor, row.slot)
        if target in newest:
            superseding.append({"key": row.reaction_id, "before": newest[target]})
        newest[target] = row.client_id
    events.sort()
    numbers = {event[1:]: number for number, event in enumerate(events, 1)}
    first = [{"key": a, "n": n, "then": groups[a] or None} for (kind, a, _), n in numbers.items() if kind == 0]
    chosen = [{"key": b, "n": n} for (kind, _, b), n in numbers.items() if kind == 1]
    key: sa.BindParameter[Any] = sa.bindparam("key")
    number: sa.BindParameter[Any] = sa.bindparam("n")
    then: sa.BindParameter[Any] = sa.bindparam("then")
    if first:
        bind.execute(
            sa.update(_interactions).where(i.interaction_id == key).values(number=number, category=then), first
        )
    if chosen:
        bind.execute(sa.update(_reactions).where(r.reaction_id == key).values(number=number), chosen)
    op.create_index("interactions_number", "interactions", ["number"], unique=True)
    counters = [
        {"name": "learning", "value": len(numbers)},
        {"name": "gate", "value": 0},
        {"name": "policy", "value": 0},
    ]
    op.bulk_insert(sa.table("counters", sa.column("name"), sa.column("value")), counters)
    return groups, superseding


def _group(situation: Any) -> str:
    found = json.loads(situation) if isinstance(situation, str) else situation
    category = found.get("category") if isinstance(found, dict) else None
    value = category.get("value") if isinstance(category, dict) else category
    return str(value).partition(".")[0] if value else ""


def _count(bind: sa.Connection, groups: dict[str, str]) -> None:
    """How often each action was shown, decided on and adopted: a place counts once, by each person's newest choice."""
    r, s = _reactions.c, _shown.c
    chosen: dict[tuple[str, int], dict[str, str]] = {}
    for name, slot, actor, kind in bind.execute(
        sa.select(r.interaction_id, r.slot, r.actor, r.kind)
        .where(r.slot.is_not(None), r.kind.in_(("adopt", "edit", "reject", "withdraw")))
        .order_by(r.number)
    ):
        chosen.setdefault((name, slot), {})[actor] = kind
    shown, decided, adopted = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for name, slot, action_type in bind.execute(sa.select(s.interaction_id, s.slot, s.action_type)):
        kinds, key = set(chosen.get((name, slot), {}).values()), (groups[name], action_type)
        shown[key] += 1
        decided[key] += bool(kinds - {"withdraw"})
        adopted[key] += bool(kinds & {"adopt", "edit"})
    columns = ("category", "action_type", "shown", "decided", "adopted", "known", "worked")
    rows = [
        dict(zip(columns, (*key, number, decided[key], adopted[key], 0, 0), strict=True))
        for key, number in shown.items()
    ]
    op.bulk_insert(sa.table("action_counts", *(sa.column(name) for name in columns)), rows)


def _bind_reactions() -> None:
    """The constraints of the new columns of reactions; SQLite needs the table to be written anew for them."""
    before = sa.Table(
        "reactions",
        sa.MetaData(),
        sa.Column("reaction_id", sa.Integer(), nullable=False),
        sa.Column("interaction_id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("slot", sa.Integer()),
        sa.Column("text", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        *_new_of_reactions(),
        sa.CheckConstraint("kind IN ('adopt','edit','reject','helpful','unhelpful','withdraw')", name="reaction_kind"),
        sa.CheckConstraint("slot IS NOT NULL OR kind IN ('helpful','unhelpful','withdraw')", name="reaction_target"),
        _shown_key(),
        sa.ForeignKeyConstraint(["interaction_id"], ["interactions.interaction_id"]),
        sa.PrimaryKeyConstraint("reaction_id"),
        sa.UniqueConstraint("interaction_id", "client_id", name="reaction_once"),
        sa.Index("ix_reactions_interaction_id", "interaction_id"),
        sqlite_autoincrement=True,
    )
    whole = "'helpful','unhelpful','withdraw','unfit','nothing_fits'"
    with op.batch_alter_table("reactions", copy_from=before) as batch:
        batch.alter_column("number", existing_type=sa.Integer(), nullable=False)
        batch.drop_constraint("reaction_kind", type_="check")
        batch.drop_constraint("reaction_target", type_="check")
        batch.create_check_constraint("reaction_kind", f"kind IN ('adopt','edit','reject',{whole})")
        batch.create_check_constraint("reaction_target", f"slot IS NOT NULL OR kind IN ({whole})")
        batch.create_check_constraint(
            "reaction_precedent",
            "(kind <> 'unfit' OR case_id IS NOT NULL) AND "
            "(case_id IS NULL OR (slot IS NULL AND kind IN ('unfit','withdraw')))",
        )
        batch.create_unique_constraint("reaction_number", ["number"])
        batch.create_foreign_key("reaction_case", "cases", ["case_id"], ["case_id"])
        batch.create_foreign_key(
            "reaction_earlier", "reactions", ["interaction_id", "supersedes"], ["interaction_id", "client_id"]
        )
    op.create_index("reactions_actor", "reactions", ["actor", "at"], unique=False)


_APPEND_ONLY = ("effects", "withdrawals", "policies", "gate_events")
_LOGGED = "number, mode, champion, challenger, seed, places, context, offers"
_CHOSEN = "reaction_id, interaction_id, client_id, kind, slot, actor, at, number, department, case_id, supersedes"
# name, table, when it acts, under which condition: what is written stays; only a person's words may be taken out
_GUARDS = [
    *((f"{table}_stay", table, "DELETE", "") for table in _APPEND_ONLY),
    *((f"{table}_unchanged", table, "UPDATE", "") for table in _APPEND_ONLY),
    ("reactions_stay", "reactions", "DELETE", ""),
    ("reactions_unchanged", "reactions", f"UPDATE OF {_CHOSEN}", ""),
    ("reactions_erased", "reactions", "UPDATE OF text, reason", "NEW.text IS NOT NULL OR NEW.reason IS NOT NULL"),
    ("interactions_unchanged", "interactions", f"UPDATE OF {_LOGGED}", ""),
    ("interactions_numbered", "interactions", "INSERT", "NEW.number IS NULL"),
]


def _refuse_changes(dialect: str) -> None:
    """Triggers that keep the log append-only, and no interaction without its number. A later migration that writes one
    of these tables anew (SQLite) creates them again."""
    if dialect == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    for name, table, action, condition in _GUARDS:
        when = f" WHEN ({condition})" if condition else ""
        head = f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW{when}"
        said = "an interaction needs its number" if action == "INSERT" else f"{table} is append-only"
        if dialect == "postgresql":
            op.execute(f"{head} EXECUTE FUNCTION refuse_change('{said}')")
        else:
            op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{said}'); END")
