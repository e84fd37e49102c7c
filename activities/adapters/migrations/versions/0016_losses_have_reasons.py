"""A rejected or declined offer has a code beside its reason, so that losses can be counted."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was decided before has no code."""
    column = sa.Column("reason_code", sa.String(), nullable=False, server_default="")
    op.add_column("decision", column)


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("decision", "reason_code")
