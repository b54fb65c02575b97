"""The sealed file of a dispute's proof"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proof_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_dispute_proof_id_stored_file"), "stored_file", ["proof_id"], ["id"])


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_dispute_proof_id_stored_file"), type_="foreignkey")
        batch_op.drop_column("proof_id")
