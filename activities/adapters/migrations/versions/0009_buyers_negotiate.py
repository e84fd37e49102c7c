"""Buyers negotiate on their page: comments, counter-offers, answers, and links that are ended."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APPEND_ONLY = ("comment", "counter_offer", "counter_answer", "link_revocation")

_EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Put what both sides say about an offer on record, and name the partner of a deal."""
    op.add_column("deal", sa.Column("partner", sa.String(), server_default="", nullable=False))
    op.create_index(op.f("ix_deal_partner"), "deal", ["partner"], unique=False)
    _fact(
        "comment",
        ("number", "quote_version"),
        ("origin", "person", "actor", "channel", "text", "command_id"),
        "written_at",
        "number",
    )
    _fact(
        "counter_offer",
        ("number", "base_version"),
        ("person", "actor", "channel", "reason", "delta", "command_id"),
        "offered_at",
        "number",
    )
    _fact(
        "counter_answer",
        ("counter", "quote_version"),
        ("reason", "actor", "channel", "command_id"),
        "answered_at",
        "counter",
        sa.Column("accepted", sa.Boolean(), nullable=False),
    )
    _fact(
        "link_revocation",
        (),
        ("person", "reason", "actor", "channel", "command_id"),
        "revoked_at",
        "",
    )
    guard = _guard_postgresql if op.get_bind().dialect.name == "postgresql" else _guard_sqlite
    for table in APPEND_ONLY:
        guard(table)


def _fact(
    table: str,
    counts: tuple[str, ...],
    texts: tuple[str, ...],
    moment: str,
    counted: str,
    *more: "sa.Column[bool]",
) -> None:
    unique = [sa.UniqueConstraint("deal", counted)] if counted else []
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        *more,
        sa.Column(moment, sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("id"),
        *unique,
        sa.UniqueConstraint("deal", "command_id"),
    )
    op.create_index(op.f(f"ix_{table}_deal"), table, ["deal"], unique=False)


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
    """Take the tables away with what was said in them."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in APPEND_ONLY:
        op.drop_table(table)
        for event in _EVENTS if postgresql else ():
            op.execute(f"DROP FUNCTION {table}_no_{event.lower()}()")
    op.drop_index(op.f("ix_deal_partner"), table_name="deal")
    op.drop_column("deal", "partner")
