"""Charges may be parts of a schedule, and milestones that make them billable are facts."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

APPEND_ONLY = ("milestone",)

_EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Let planned charges be parts of a schedule, and put milestones on record."""
    op.add_column(
        "planned_charge", sa.Column("part", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "planned_charge", sa.Column("milestone", sa.String(), server_default="", nullable=False)
    )
    op.create_table(
        "milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reached_on", sa.Date(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("command_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "term", "name"),
    )
    op.create_index(op.f("ix_milestone_deal"), "milestone", ["deal"], unique=False)
    guard = _guard_postgresql if op.get_bind().dialect.name == "postgresql" else _guard_sqlite
    for table in APPEND_ONLY:
        guard(table)


def _guard_sqlite(table: str) -> None:
    for event in _EVENTS:
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _guard_postgresql(table: str) -> None:
    for event in _EVENTS:
        name = f"{table}_no_{event.lower()}"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{table} is append-only' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_no_delete()"
    )


def downgrade() -> None:
    """Take milestones and schedules away."""
    op.drop_table("milestone")
    if op.get_bind().dialect.name == "postgresql":
        for event in _EVENTS:
            op.execute(f"DROP FUNCTION milestone_no_{event.lower()}()")
    op.drop_column("planned_charge", "milestone")
    op.drop_column("planned_charge", "part")
