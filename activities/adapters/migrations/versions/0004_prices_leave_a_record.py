"""Prices leave a record: uses of promotions, and the lines of quotes to compare with."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("promotion_use", "priced_line")
_EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Make the tables, which may only grow."""
    op.create_table(
        "promotion_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("quote_version", sa.Integer(), nullable=False),
        sa.Column("test_clock", sa.Boolean(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "priced_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("quote_version", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(24, 12), nullable=False),
        sa.Column("discount_percent", sa.Numeric(7, 2), nullable=False),
        sa.Column("quoted_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "quote_version", "reference"),
    )
    for column in ("code", "deal", "customer"):
        op.create_index(op.f(f"ix_promotion_use_{column}"), "promotion_use", [column], unique=False)
    for column in ("deal", "sku"):
        op.create_index(op.f(f"ix_priced_line_{column}"), "priced_line", [column], unique=False)
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
    """Remove the tables with their triggers."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
        if is_postgresql:
            for event in _EVENTS:
                op.execute(f"DROP FUNCTION {table}_no_{event.lower()}")
