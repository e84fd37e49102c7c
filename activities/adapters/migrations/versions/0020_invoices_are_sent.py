"""Invoices are sent over networks, and what became of them stays on record."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLE = "transmission"
APPEND_ONLY = (TABLE,)

_EVENTS = ("UPDATE", "DELETE")
_TEXTS = ("status", "format", "reference", "reason", "sha256", "actor")


def upgrade() -> None:
    """Put every step of a document over a network on record, each once."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in _TEXTS),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("document", "attempt", "status"),
    )
    for column in ("deal", "document"):
        op.create_index(op.f(f"ix_{TABLE}_{column}"), TABLE, [column], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
        return
    for event in _EVENTS:
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{event.lower()} BEFORE {event} ON {TABLE} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
        )


def _guard_postgresql() -> None:
    for event in _EVENTS:
        name = f"{TABLE}_no_{event.lower()}"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{TABLE} is append-only' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    op.execute(
        f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_no_delete()"
    )


def downgrade() -> None:
    """Take the table away with what was sent."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.drop_table(TABLE)
    for event in _EVENTS if postgresql else ():
        op.execute(f"DROP FUNCTION {TABLE}_no_{event.lower()}()")
