"""Cases are approved beside quotes; invoices are written off and money is paid back."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

APPEND_ONLY = ("approval_case", "case_decision", "case_outcome", "write_off", "refund")

_EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Put cases, their decisions and outcomes on record, and what two kinds of them write."""
    _cases()
    _decisions()
    _written()
    guard = _guard_postgresql if op.get_bind().dialect.name == "postgresql" else _guard_sqlite
    for table in APPEND_ONLY:
        guard(table)


def _texts(*names: str) -> list["sa.Column[str]"]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _cases() -> None:
    op.create_table(
        "approval_case",
        *_texts("number", "subject", "key", "content", "content_hash", "title", "reason"),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        *_texts("entity", "deal", "customer", "requester", "channel", "policy_version", "path"),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    _index("approval_case", "subject", "deal", "customer")
    op.create_table(
        "case_outcome",
        *_texts("case_number", "status", "text", "reference", "deals"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["approval_case.number"]),
        sa.PrimaryKeyConstraint("case_number"),
    )


def _decisions() -> None:
    op.create_table(
        "case_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        *_texts("case_number", "kind", "step", "person", "actor", "on_behalf_of", "content_hash"),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        *_texts("refused_because", "reason", "channel", "assurance", "policy_version", "facts"),
        *_texts("command_id"),
        sa.Column("used", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["approval_case.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "command_id"),
        sa.UniqueConstraint("used"),
    )
    _index("case_decision", "case_number")


def _written() -> None:
    op.create_table(
        "write_off",
        *_texts("invoice", "case_number", "deal", "customer", "currency"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        *_texts("reason", "actor"),
        sa.Column("written_off_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["invoice"], ["invoice.number"]),
        sa.ForeignKeyConstraint(["case_number"], ["approval_case.number"]),
        sa.PrimaryKeyConstraint("invoice"),
        sa.UniqueConstraint("case_number"),
    )
    _index("write_off", "deal", "customer")
    op.create_table(
        "refund",
        *_texts("number", "case_number", "payment", "customer", "entity", "currency"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        *_texts("reason", "actor"),
        sa.Column("refunded_on", sa.Date(), nullable=False),
        *_texts("scope"),
        sa.ForeignKeyConstraint(["case_number"], ["approval_case.number"]),
        sa.ForeignKeyConstraint(["payment"], ["payment.number"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("case_number"),
    )
    _index("refund", "payment", "customer")


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
    """Take the tables away with what was approved in them."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
        for event in _EVENTS if postgresql else ():
            op.execute(f"DROP FUNCTION {table}_no_{event.lower()}()")
