"""Revenue of past days is caught up: a promise may have two entries up to one day."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TABLE = "recognized"
_OLD = ["deal", "term", "reference", "before"]
_NEW = [*_OLD, "entry"]
_NAME = "uq_recognized_deal"
_NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s"}


def upgrade() -> None:
    """Let an amendment post beside the month's own entry."""
    _replace_unique(_NEW)


def downgrade() -> None:
    """Allow one entry a day again; days that were caught up keep this from being undone."""
    _replace_unique(_OLD)


def _replace_unique(columns: list[str]) -> None:
    """Change what is on record once; SQLite copies the table and loses its triggers by it."""
    if op.get_bind().dialect.name == "postgresql":
        found = sa.inspect(op.get_bind()).get_unique_constraints(_TABLE)
        op.drop_constraint(str(found[0]["name"]), _TABLE, type_="unique")
        op.create_unique_constraint(_NAME, _TABLE, columns)
        return
    with op.batch_alter_table(_TABLE, naming_convention=_NAMES, recreate="always") as batch:
        batch.drop_constraint(_NAME, type_="unique")
        batch.create_unique_constraint(_NAME, columns)
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {_TABLE}_no_{event.lower()} BEFORE {event} ON {_TABLE} "
            f"FOR EACH ROW BEGIN SELECT RAISE(ABORT, '{_TABLE} is append-only'); END"
        )
