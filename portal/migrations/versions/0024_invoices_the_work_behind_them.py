"""Invoices: the work behind them"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "invoice_work",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=True),
        sa.Column("intervention_id", sa.Integer(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_by", sa.String(length=200), nullable=False),
        sa.Column("linked_by_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL)", name=op.f("ck_invoice_work_undone_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["intervention_id"], ["intervention.id"], name=op.f("fk_invoice_work_intervention_id_intervention")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_work_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["line_id"], ["invoice_line.id"], name=op.f("fk_invoice_work_line_id_invoice_line")),
        sa.ForeignKeyConstraint(["linked_by_id"], ["person.id"], name=op.f("fk_invoice_work_linked_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_work")),
        sa.UniqueConstraint("invoice_id", "intervention_id", name=op.f("uq_invoice_work_invoice_id")),
    )
    with op.batch_alter_table("invoice_work", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_work_intervention_id"), ["intervention_id"], unique=False)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("invoice_work", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invoice_work_intervention_id"))

    op.drop_table("invoice_work")
