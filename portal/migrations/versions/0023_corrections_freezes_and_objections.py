"""Corrections, freezes and objections"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "mail_stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("because", sa.String(length=40), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("all_but", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_stop")),
        sa.UniqueConstraint("address", "because", name=op.f("uq_mail_stop_address")),
    )
    op.create_table(
        "privacy_freeze",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lift_on", sa.Date(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(lift_on IS NULL) = (lift_reason IS NULL)", name=op.f("ck_privacy_freeze_lifted_for_a_reason")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["privacy_request.id"],
            name=op.f("fk_privacy_freeze_request_id_privacy_request"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_freeze")),
    )
    with op.batch_alter_table("privacy_freeze", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_privacy_freeze_email"), ["email"], unique=False)

    op.create_table(
        "privacy_objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("use", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["privacy_request.id"],
            name=op.f("fk_privacy_objection_request_id_privacy_request"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_objection")),
    )
    with op.batch_alter_table("privacy_objection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_privacy_objection_email"), ["email"], unique=False)

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withheld_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("privacy_export", schema=None) as batch_op:
        batch_op.alter_column("size", existing_type=sa.INTEGER(), type_=sa.BigInteger(), existing_nullable=True)

    with op.batch_alter_table("privacy_request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subject_name", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("subject_email", sa.String(length=320), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("mandate_file_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("changes", sa.JSON(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_privacy_request_mandate_file_id_stored_file"), "stored_file", ["mandate_file_id"], ["id"]
        )
    # The requests there are were made for oneself; new ones say it themselves.
    with op.batch_alter_table("privacy_request", schema=None) as batch_op:
        batch_op.alter_column("subject_name", existing_type=sa.String(length=200), server_default=None)
        batch_op.alter_column("subject_email", existing_type=sa.String(length=320), server_default=None)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("privacy_request", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_privacy_request_mandate_file_id_stored_file"), type_="foreignkey")
        batch_op.drop_column("changes")
        batch_op.drop_column("mandate_file_id")
        batch_op.drop_column("subject_email")
        batch_op.drop_column("subject_name")

    with op.batch_alter_table("privacy_export", schema=None) as batch_op:
        batch_op.alter_column("size", existing_type=sa.BigInteger(), type_=sa.INTEGER(), existing_nullable=True)

    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.drop_column("withheld_at")

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_column("left_at")

    with op.batch_alter_table("privacy_objection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_privacy_objection_email"))

    op.drop_table("privacy_objection")
    with op.batch_alter_table("privacy_freeze", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_privacy_freeze_email"))

    op.drop_table("privacy_freeze")
    op.drop_table("mail_stop")
