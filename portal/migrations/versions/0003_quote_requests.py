"""Quote requests: their numbers, what was asked, their thread"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "quote_request_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_quote_request_counter")),
    )
    op.create_table(
        "quote_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("link_key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("identity", sa.String(length=20), nullable=False),
        sa.Column("contact_name", sa.String(length=120), nullable=False),
        sa.Column("mail", sa.String(length=320), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("terms_slug", sa.String(length=20), nullable=False),
        sa.Column("terms_sha256", sa.String(length=64), nullable=False),
        sa.Column("estimate_query", sa.Text(), nullable=True),
        sa.Column("estimate_slug", sa.String(length=20), nullable=True),
        sa.Column("estimate_sha256", sa.String(length=64), nullable=True),
        sa.Column("estimate_shown", sa.JSON(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'declined') = (decline_reason IS NOT NULL)", name=op.f("ck_quote_request_declined_has_a_reason")
        ),
        sa.CheckConstraint(
            "(state IN ('accepted', 'declined')) = (closed_at IS NOT NULL)",
            name=op.f("ck_quote_request_closed_has_a_moment"),
        ),
        sa.CheckConstraint(
            "(estimate_query IS NULL) = (estimate_sha256 IS NULL) AND (estimate_query IS NULL) = (estimate_slug IS NULL) AND (estimate_query IS NULL) = (estimate_shown IS NULL)",
            name=op.f("ck_quote_request_estimate_whole"),
        ),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_quote_request_closed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_quote_request_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_request")),
        sa.UniqueConstraint("form_key", name=op.f("uq_quote_request_form_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_quote_request_reference")),
    )
    with op.batch_alter_table("quote_request", schema=None) as batch_op:
        batch_op.create_index("ix_quote_request_mail", ["mail"], unique=False)
        batch_op.create_index("ix_quote_request_state", ["state", "waiting_since"], unique=False)

    op.create_table(
        "quote_request_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_quote_request_message_author_id_person")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["quote_request.id"], name=op.f("fk_quote_request_message_request_id_quote_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_request_message")),
        sa.UniqueConstraint("request_id", "form_key", name=op.f("uq_quote_request_message_request_id")),
    )
    with op.batch_alter_table("quote_request_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_request_message_request_id"), ["request_id"], unique=False)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("quote_request_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quote_request_message_request_id"))

    op.drop_table("quote_request_message")
    with op.batch_alter_table("quote_request", schema=None) as batch_op:
        batch_op.drop_index("ix_quote_request_state")
        batch_op.drop_index("ix_quote_request_mail")

    op.drop_table("quote_request")
    op.drop_table("quote_request_counter")
