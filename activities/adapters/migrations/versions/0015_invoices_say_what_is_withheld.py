"""An invoice says what its customer keeps back of it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the amount; older invoices have nothing kept back."""
    op.add_column(
        "invoice",
        sa.Column("withheld_minor", sa.BigInteger(), server_default="0", nullable=False),
    )


def downgrade() -> None:
    """Take the amount away."""
    op.drop_column("invoice", "withheld_minor")
