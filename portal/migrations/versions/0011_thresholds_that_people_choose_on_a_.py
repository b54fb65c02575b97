"""Thresholds that people choose on a contract"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "contract_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_contract_alert_contract_id_contract")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_contract_alert_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_alert")),
        sa.UniqueConstraint("contract_id", "person_id", "threshold", name=op.f("uq_contract_alert_contract_id")),
    )
    with op.batch_alter_table("contract_alert", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contract_alert_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("contract_alert", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contract_alert_person_id"))

    op.drop_table("contract_alert")
