"""Credit is prepaid: pools that usage draws on."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLE = "usage_pool"
APPEND_ONLY = (_TABLE,)

_EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Add the pools, which are never changed; what was drawn stands in the ratings."""
    texts = ("key", "deal", "reference", "name", "currency", "overage_percent", "actor")
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("term", "priority")),
        *(sa.Column(n, sa.BigInteger(), nullable=False) for n in ("paid_minor", "credit_minor")),
        *(sa.Column(name, sa.Date(), nullable=False) for name in ("starts_on", "ends_on")),
        sa.Column("is_top_up", sa.Boolean(), nullable=False),
        sa.Column("command_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "key"),
        sa.UniqueConstraint("deal", "command_id"),
    )
    op.create_index(op.f("ix_usage_pool_deal"), _TABLE, ["deal"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    for event in _EVENTS:
        op.execute(
            f"CREATE TRIGGER {_TABLE}_no_{event.lower()} BEFORE {event} ON {_TABLE} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{_TABLE} is append-only'); END"
        )


def _guard_postgresql() -> None:
    for event in _EVENTS:
        name = f"{_TABLE}_no_{event.lower()}"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{_TABLE} is append-only' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {_TABLE} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    op.execute(
        f"CREATE TRIGGER {_TABLE}_no_truncate BEFORE TRUNCATE ON {_TABLE} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {_TABLE}_no_delete()"
    )


def downgrade() -> None:
    """Take the pools away."""
    op.drop_table(_TABLE)
    if op.get_bind().dialect.name == "postgresql":
        for event in _EVENTS:
            op.execute(f"DROP FUNCTION {_TABLE}_no_{event.lower()}()")
