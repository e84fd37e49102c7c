"""Verdicts on VAT numbers and tax kept back are facts; a planned charge may hold its tax."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

APPEND_ONLY = ("vat_check", "withheld")

_EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Add the facts with their guards, and the gross amount of a planned charge."""
    op.add_column("planned_charge", sa.Column("gross_minor", sa.BigInteger(), nullable=True))
    op.add_column(
        "invoice",
        sa.Column("withheld_minor", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.create_table(
        "vat_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("vat_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("reference", "name", "asked_at", "actor")
        ),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer", "vat_id", "number"),
    )
    op.create_index(op.f("ix_vat_check_customer"), "vat_check", ["customer"], unique=False)
    op.create_table(
        "withheld",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("invoice", "deal", "payment", "name")
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["invoice"], ["invoice.number"]),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.ForeignKeyConstraint(["payment"], ["payment.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("invoice"),
    )
    op.create_index(op.f("ix_withheld_deal"), "withheld", ["deal"], unique=False)
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
    """Take the facts away, and the gross amounts."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in APPEND_ONLY:
        op.drop_table(table)
        for event in _EVENTS if postgresql else ():
            op.execute(f"DROP FUNCTION {table}_no_{event.lower()}()")
    op.drop_column("invoice", "withheld_minor")
    op.drop_column("planned_charge", "gross_minor")
