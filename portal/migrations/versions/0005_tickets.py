"""Tickets, their thread, their history, appointments, the words of the search"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("form_key", sa.String(length=100), nullable=False),
        sa.Column("link_key", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("quarantined", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("portal_rank", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("qualified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply_due_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call_back_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adviser_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=True),
        sa.Column("urgency", sa.String(length=20), nullable=True),
        sa.Column("impact", sa.String(length=20), nullable=True),
        sa.Column("place", sa.String(length=20), nullable=False),
        sa.Column("place_words", sa.String(length=300), nullable=True),
        sa.Column("third_agreed", sa.Boolean(), nullable=False),
        sa.Column("backup", sa.String(length=20), nullable=True),
        sa.Column("backup_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_id", sa.Integer(), nullable=True),
        sa.Column("creator_name", sa.String(length=200), nullable=False),
        sa.Column("creator_mail", sa.String(length=320), nullable=True),
        sa.Column("creator_phone", sa.String(length=40), nullable=True),
        sa.Column("typed_by_id", sa.Integer(), nullable=True),
        sa.Column("beneficiary_id", sa.Integer(), nullable=True),
        sa.Column("beneficiary", sa.String(length=200), nullable=True),
        sa.Column("terms_slug", sa.String(length=20), nullable=False),
        sa.Column("terms_sha256", sa.String(length=64), nullable=False),
        sa.Column("under_contract", sa.Boolean(), nullable=False),
        sa.Column("terms_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("terms_accepted_by", sa.String(length=200), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("split_from_id", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_ticket_closed_has_a_moment")),
        sa.CheckConstraint("settled = (state = 'closed')", name=op.f("ck_ticket_settled_is_closed")),
        sa.CheckConstraint(
            "(terms_accepted_at IS NULL) = (terms_accepted_by IS NULL)", name=op.f("ck_ticket_accepted_by_somebody")
        ),
        sa.CheckConstraint("NOT quarantined OR organisation_id IS NULL", name=op.f("ck_ticket_quarantined_is_nobodys")),
        sa.ForeignKeyConstraint(["adviser_id"], ["person.id"], name=op.f("fk_ticket_adviser_id_person")),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["person.id"], name=op.f("fk_ticket_beneficiary_id_person")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_ticket_closed_by_id_person")),
        sa.ForeignKeyConstraint(["creator_id"], ["person.id"], name=op.f("fk_ticket_creator_id_person")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["ticket.id"], name=op.f("fk_ticket_merged_into_id_ticket")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ticket_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["split_from_id"], ["ticket.id"], name=op.f("fk_ticket_split_from_id_ticket")),
        sa.ForeignKeyConstraint(["typed_by_id"], ["person.id"], name=op.f("fk_ticket_typed_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("form_key", name=op.f("uq_ticket_form_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_ticket_reference")),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ticket_adviser", ["adviser_id", "settled", "priority", "portal_rank", "opened_at", "id"], unique=False
        )
        batch_op.create_index("ix_ticket_call_back", ["call_back_since"], unique=False)
        batch_op.create_index("ix_ticket_creator_mail", ["creator_mail"], unique=False)
        batch_op.create_index("ix_ticket_organisation", ["organisation_id", "changed_at", "id"], unique=False)
        batch_op.create_index(
            "ix_ticket_organisation_state", ["organisation_id", "settled", "changed_at", "id"], unique=False
        )
        batch_op.create_index("ix_ticket_recent", ["changed_at", "id"], unique=False)
        batch_op.create_index("ix_ticket_reply_due", ["reply_due_since"], unique=False)
        batch_op.create_index("ix_ticket_state", ["state", "priority", "portal_rank", "opened_at", "id"], unique=False)
        batch_op.create_index("ix_ticket_work", ["settled", "priority", "portal_rank", "opened_at", "id"], unique=False)

    op.create_table(
        "ticket_appointment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=100), nullable=False),
        sa.Column("uid", sa.String(length=120), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=20), nullable=False),
        sa.Column("place_words", sa.String(length=300), nullable=True),
        sa.Column("adviser_id", sa.Integer(), nullable=True),
        sa.Column("backup", sa.String(length=20), nullable=True),
        sa.Column("backup_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("backup_by", sa.String(length=200), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_because", sa.String(length=300), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_ticket_appointment_lasts_a_while")),
        sa.ForeignKeyConstraint(["adviser_id"], ["person.id"], name=op.f("fk_ticket_appointment_adviser_id_person")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_appointment_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_appointment")),
        sa.UniqueConstraint("form_key", name=op.f("uq_ticket_appointment_form_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_ticket_appointment_uid")),
    )
    with op.batch_alter_table("ticket_appointment", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_appointment_day", ["starts_at"], unique=False)
        batch_op.create_index("ix_ticket_appointment_ticket", ["ticket_id", "starts_at"], unique=False)

    op.create_table(
        "ticket_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_ticket_event_by_id_person")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_event_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_event")),
    )
    with op.batch_alter_table("ticket_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_event_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "ticket_link",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_ticket_link_lower_first")),
        sa.ForeignKeyConstraint(["first_id"], ["ticket.id"], name=op.f("fk_ticket_link_first_id_ticket")),
        sa.ForeignKeyConstraint(["second_id"], ["ticket.id"], name=op.f("fk_ticket_link_second_id_ticket")),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_ticket_link")),
    )
    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_link_second_id"), ["second_id"], unique=False)

    op.create_table(
        "ticket_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=100), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("quarantined", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("author_mail", sa.String(length=320), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("mail_id", sa.String(length=255), nullable=True),
        sa.Column("raw_file_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_ticket_message_author_id_person")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_message_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_message")),
        sa.UniqueConstraint("ticket_id", "form_key", name=op.f("uq_ticket_message_ticket_id")),
    )
    with op.batch_alter_table("ticket_message", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_message_author_mail", ["author_mail"], unique=False)
        batch_op.create_index("ix_ticket_message_mail_id", ["mail_id"], unique=False)
        batch_op.create_index("ix_ticket_message_thread", ["ticket_id", "written_at", "id"], unique=False)

    op.create_table(
        "ticket_participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("mail", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ticket_participant_person_id_person")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_participant_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_participant")),
        sa.UniqueConstraint("ticket_id", "mail", name=op.f("uq_ticket_participant_ticket_id")),
    )
    op.create_table(
        "ticket_word",
        sa.Column("stem", sa.String(length=40), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_word_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("stem", "ticket_id", name=op.f("pk_ticket_word")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ticket_word", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_word_organisation", ["organisation", "stem", "ticket_id"], unique=False)
        batch_op.create_index("ix_ticket_word_ticket", ["ticket_id"], unique=False)

    op.create_table(
        "ticket_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["ticket_message.id"], name=op.f("fk_ticket_file_message_id_ticket_message")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_file_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_file")),
    )
    with op.batch_alter_table("ticket_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_file_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_file_ticket_id"), ["ticket_id"], unique=False)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("ticket_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_file_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_ticket_file_message_id"))

    op.drop_table("ticket_file")
    with op.batch_alter_table("ticket_word", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_word_ticket")
        batch_op.drop_index("ix_ticket_word_organisation")

    op.drop_table("ticket_word")
    op.drop_table("ticket_participant")
    with op.batch_alter_table("ticket_message", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_message_thread")
        batch_op.drop_index("ix_ticket_message_mail_id")
        batch_op.drop_index("ix_ticket_message_author_mail")

    op.drop_table("ticket_message")
    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_link_second_id"))

    op.drop_table("ticket_link")
    with op.batch_alter_table("ticket_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_event_ticket_id"))

    op.drop_table("ticket_event")
    with op.batch_alter_table("ticket_appointment", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_appointment_ticket")
        batch_op.drop_index("ix_ticket_appointment_day")

    op.drop_table("ticket_appointment")
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_work")
        batch_op.drop_index("ix_ticket_state")
        batch_op.drop_index("ix_ticket_reply_due")
        batch_op.drop_index("ix_ticket_recent")
        batch_op.drop_index("ix_ticket_organisation_state")
        batch_op.drop_index("ix_ticket_organisation")
        batch_op.drop_index("ix_ticket_creator_mail")
        batch_op.drop_index("ix_ticket_call_back")
        batch_op.drop_index("ix_ticket_adviser")

    op.drop_table("ticket")
