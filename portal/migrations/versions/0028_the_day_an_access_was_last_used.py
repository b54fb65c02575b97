"""The day an access was last used"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    op.add_column("person", sa.Column("last_used_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE person SET last_used_on ="
        " (SELECT date(max(signed_in.began_at)) FROM signed_in WHERE signed_in.person_id = person.id)"
    )


def downgrade() -> None:
    """Back to the old one."""
    op.drop_column("person", "last_used_on")
