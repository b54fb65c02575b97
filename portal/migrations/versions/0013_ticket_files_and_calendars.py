"""Files of tickets are stored files, remarks on a mail, the calendar of a mail"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("calendar", sa.Text(), nullable=True))

    with op.batch_alter_table("ticket_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_file_file_id"), ["file_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_ticket_file_file_id_stored_file"), "stored_file", ["file_id"], ["id"]
        )

    with op.batch_alter_table("ticket_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("remarks", sa.JSON(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_ticket_message_raw_file_id_stored_file"), "stored_file", ["raw_file_id"], ["id"]
        )
    op.execute("UPDATE ticket_message SET remarks = '[]'")
    with op.batch_alter_table("ticket_message", schema=None) as batch_op:
        batch_op.alter_column("remarks", existing_type=sa.JSON(), nullable=False)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("ticket_message", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_ticket_message_raw_file_id_stored_file"), type_="foreignkey")
        batch_op.drop_column("remarks")

    with op.batch_alter_table("ticket_file", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_ticket_file_file_id_stored_file"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_ticket_file_file_id"))

    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.drop_column("calendar")
