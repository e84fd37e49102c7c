"""Quotes are revised: deal files have revisions, quote versions name what they were made from."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APPEND_ONLY = ("revision",)

_TABLE = "revision"
_UNIQUE = "deal_file_deal_term_revision_key"
_NEWEST = "SELECT MAX(id) FROM deal_file GROUP BY deal, term"
_COUNTED: Any = {"server_default": "1", "nullable": False}
_UNKNOWN: Any = {"server_default": "0", "nullable": False}
_EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Let a term have several files, and put the revisions of quotes on record."""
    op.add_column("quote", sa.Column("file_revision", sa.Integer(), **_COUNTED))
    op.add_column("quote", sa.Column("catalog_revision", sa.Integer(), **_UNKNOWN))
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("quote_version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("delta", sa.String(), nullable=False),
        sa.Column("command_id", sa.String(), nullable=False),
        sa.Column("alternative", sa.String(), server_default="", nullable=False),
        sa.Column("revised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "command_id"),
        sa.UniqueConstraint("deal", "quote_version"),
    )
    op.create_index(op.f("ix_revision_deal"), _TABLE, ["deal"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _widen_postgresql()
        _guard_postgresql(_TABLE)
    else:
        _widen_sqlite()
        _guard_sqlite(_TABLE)


def _widen_postgresql() -> None:
    op.add_column("deal_file", sa.Column("revision", sa.Integer(), **_COUNTED))
    op.drop_constraint("deal_file_deal_term_key", "deal_file", type_="unique")
    op.create_unique_constraint(_UNIQUE, "deal_file", ["deal", "term", "revision"])


def _widen_sqlite() -> None:
    _rebuild_sqlite((sa.Column("revision", sa.Integer(), **_COUNTED),), "deal", "term", "revision")


def _rebuild_sqlite(more: tuple[sa.Column[int], ...], *unique: str) -> None:
    """SQLite cannot change a constraint, so the table is made anew; its triggers go with it."""
    op.create_table(
        "deal_file_new",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        *more,
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(*unique),
    )
    columns = "id, deal, term, content, content_hash"
    op.execute(
        f"INSERT INTO deal_file_new ({columns}) SELECT {columns} FROM deal_file "  # noqa: S608
        f"WHERE id IN ({_NEWEST})"
    )
    for event in _EVENTS:
        op.execute(f"DROP TRIGGER deal_file_no_{event.lower()}")
    op.drop_table("deal_file")
    op.rename_table("deal_file_new", "deal_file")
    op.create_index(op.f("ix_deal_file_deal"), "deal_file", ["deal"], unique=False)
    _guard_sqlite("deal_file")


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
    """Keep the newest file of each term; the earlier ones and what changed them are lost."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE deal_file DISABLE TRIGGER USER")
        op.execute(f"DELETE FROM deal_file WHERE id NOT IN ({_NEWEST})")  # noqa: S608
        op.execute("ALTER TABLE deal_file ENABLE TRIGGER USER")
        op.drop_constraint(_UNIQUE, "deal_file", type_="unique")
        op.drop_column("deal_file", "revision")
        op.create_unique_constraint("deal_file_deal_term_key", "deal_file", ["deal", "term"])
        for event in _EVENTS:
            op.execute(f"DROP FUNCTION {_TABLE}_no_{event.lower()} CASCADE")
    else:
        _rebuild_sqlite((), "deal", "term")
        for event in _EVENTS:
            op.execute(f"DROP TRIGGER {_TABLE}_no_{event.lower()}")
    op.drop_table(_TABLE)
    op.drop_column("quote", "catalog_revision")
    op.drop_column("quote", "file_revision")
