"""Drafts are held, released and annotated before they are issued."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

APPEND_ONLY = ("draft_note",)

_EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Put what people say of drafts on record."""
    op.create_table(
        "draft_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("key", "request_hash", "kind", "text", "actor")
        ),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    for column in ("draft", "deal"):
        op.create_index(op.f(f"ix_draft_note_{column}"), "draft_note", [column])
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
    """Take the table away with what was said."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in APPEND_ONLY:
        op.drop_table(table)
        for event in _EVENTS if postgresql else ():
            op.execute(f"DROP FUNCTION {table}_no_{event.lower()}()")
