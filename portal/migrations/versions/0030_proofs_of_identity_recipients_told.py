"""Proofs of identity; whom what became of the data is told to"""

import sqlalchemy as sa
from alembic import op

from portal.clock import now

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

PROOF = sa.table("privacy_proof", sa.column("file_id", sa.Integer))
FILE = sa.table(
    "stored_file", sa.column("id", sa.Integer), sa.column("name", sa.String),
    sa.column("erased_at", sa.DateTime(timezone=True)),
)  # fmt: skip


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "privacy_proof",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_privacy_proof_file_id_stored_file")),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["privacy_request.id"],
            name=op.f("fk_privacy_proof_request_id_privacy_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_proof")),
    )
    with op.batch_alter_table("privacy_proof", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_privacy_proof_request_id"), ["request_id"], unique=False)

    op.create_table(
        "privacy_recipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(by IS NULL) = (words IS NULL)", name=op.f("ck_privacy_recipient_settled_with_words")),
        sa.CheckConstraint("told_on IS NULL OR words IS NOT NULL", name=op.f("ck_privacy_recipient_told_somehow")),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["privacy_request.id"],
            name=op.f("fk_privacy_recipient_request_id_privacy_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_recipient")),
    )
    with op.batch_alter_table("privacy_recipient", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_privacy_recipient_request_id"), ["request_id"], unique=False)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("privacy_recipient", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_privacy_recipient_request_id"))

    op.drop_table("privacy_recipient")
    # Nothing would lead to these documents any more: they are let go, and the nightly sweep of files takes them away.
    proofs = sa.select(PROOF.c.file_id)
    op.execute(
        sa.update(FILE).where(FILE.c.id.in_(proofs), FILE.c.erased_at.is_(None))
        .values(name="(effacé)", erased_at=now())
    )  # fmt: skip
    with op.batch_alter_table("privacy_proof", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_privacy_proof_request_id"))

    op.drop_table("privacy_proof")
