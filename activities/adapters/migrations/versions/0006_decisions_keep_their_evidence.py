"""Decisions keep their evidence: for whom, under which policy, on which facts, and the counter."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = ("on_behalf_of", "policy_version", "facts", "counter")


def upgrade() -> None:
    """Add the columns; what was decided before has nothing in them."""
    for name in _COLUMNS:
        op.add_column("decision", sa.Column(name, sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the columns."""
    for name in _COLUMNS:
        op.drop_column("decision", name)
