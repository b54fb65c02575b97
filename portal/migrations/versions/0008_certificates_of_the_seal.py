"""Certificates of the seal"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


#: What the database itself refuses, by engine.
GUARDS = {
    "sqlite": (
        """CREATE TRIGGER seal_certificate_no_update BEFORE update OF fingerprint, certificate, made_at ON seal_certificate
BEGIN SELECT RAISE(ABORT, 'a certificate that proofs were sealed with is kept'); END""",
        """CREATE TRIGGER seal_certificate_no_delete BEFORE delete ON seal_certificate
BEGIN SELECT RAISE(ABORT, 'a certificate that proofs were sealed with is kept'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION seal_certificate_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'a certificate that proofs were sealed with is kept'; END $$""",
        """CREATE TRIGGER seal_certificate_no_change BEFORE UPDATE OF fingerprint, certificate, made_at OR DELETE ON seal_certificate
FOR EACH ROW EXECUTE FUNCTION seal_certificate_refuse()""",
        """CREATE TRIGGER seal_certificate_no_truncate BEFORE TRUNCATE ON seal_certificate
FOR EACH STATEMENT EXECUTE FUNCTION seal_certificate_refuse()""",
    ),
}


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "seal_certificate",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("current", sa.Boolean(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_seal_certificate")),
        sa.UniqueConstraint("current", name=op.f("uq_seal_certificate_current")),
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Back to the old one."""
    op.drop_table("seal_certificate")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION seal_certificate_refuse()")
