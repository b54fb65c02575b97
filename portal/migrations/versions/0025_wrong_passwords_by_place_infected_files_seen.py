"""Wrong passwords are counted by place, infected files are seen to"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    op.drop_column("person", "password_failures")
    op.drop_column("person", "password_failed_at")
    op.add_column("stored_file", sa.Column("infection_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_stored_file_infected_as"), "stored_file", ["infected_as"])


def downgrade() -> None:
    """Back to the old one."""
    op.drop_index(op.f("ix_stored_file_infected_as"), "stored_file")
    op.drop_column("stored_file", "infection_seen_at")
    op.add_column("person", sa.Column("password_failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("password_failures", sa.Integer(), server_default="0", nullable=False))
