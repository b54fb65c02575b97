"""Lines of an amendment"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    # A plain ALTER TABLE: a table made anew would lose the triggers that keep its rows as they are.
    op.add_column("client_order_amendment", sa.Column("lines", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_column("client_order_amendment", "lines")
