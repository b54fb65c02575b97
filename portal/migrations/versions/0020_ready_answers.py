"""Ready answers of the tickets"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "ticket_canned_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_canned_answer")),
        sa.UniqueConstraint("title", name=op.f("uq_ticket_canned_answer_title")),
    )


def downgrade() -> None:
    """Back to the old one."""
    op.drop_table("ticket_canned_answer")
