"""Formal notices of contracts"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "contract_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=20), nullable=False),
        sa.Column("breach", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("received_how", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("made_good_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_good", sa.Text(), nullable=True),
        sa.Column("made_good_by", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "(made_good_at IS NULL) = (made_good IS NULL)", name=op.f("ck_contract_notice_made_good_in_words")
        ),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_contract_notice_contract_id_contract")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_notice")),
        sa.UniqueConstraint("form_key", name=op.f("uq_contract_notice_form_key")),
    )
    with op.batch_alter_table("contract_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contract_notice_contract_id"), ["contract_id"], unique=False)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("contract_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contract_notice_contract_id"))

    op.drop_table("contract_notice")
