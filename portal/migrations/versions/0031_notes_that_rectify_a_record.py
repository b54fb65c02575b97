"""Notes that rectify a record"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "privacy_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=40), nullable=False),
        sa.Column("wrong", sa.Text(), nullable=False),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attached_by", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "(attached_at IS NULL) = (attached_by IS NULL)", name=op.f("ck_privacy_note_attached_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["privacy_request.id"],
            name=op.f("fk_privacy_note_request_id_privacy_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_note")),
    )
    with op.batch_alter_table("privacy_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_privacy_note_record"), ["record"], unique=False)
        batch_op.create_index(batch_op.f("ix_privacy_note_request_id"), ["request_id"], unique=False)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("privacy_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_privacy_note_request_id"))
        batch_op.drop_index(batch_op.f("ix_privacy_note_record"))

    op.drop_table("privacy_note")
