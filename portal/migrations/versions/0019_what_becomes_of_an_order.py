"""What becomes of an order"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


#: What the database itself refuses, by engine.
GUARDS = {
    "sqlite": (
        """CREATE TRIGGER client_order_event_no_update BEFORE update ON client_order_event
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_event_no_delete BEFORE delete ON client_order_event
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_event_no_replace BEFORE INSERT ON client_order_event
WHEN EXISTS (SELECT 1 FROM client_order_event WHERE id = NEW.id OR (order_id = NEW.order_id AND form_key = NEW.form_key))
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_amendment_no_update BEFORE update ON client_order_amendment
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_amendment_no_delete BEFORE delete ON client_order_amendment
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_amendment_no_replace BEFORE INSERT ON client_order_amendment
WHEN EXISTS (SELECT 1 FROM client_order_amendment WHERE id = NEW.id OR reference = NEW.reference OR (order_id = NEW.order_id AND form_key = NEW.form_key))
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_decision_no_update BEFORE update ON client_order_decision
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_decision_no_delete BEFORE delete ON client_order_decision
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_decision_no_replace BEFORE INSERT ON client_order_decision
WHEN EXISTS (SELECT 1 FROM client_order_decision WHERE id = NEW.id OR amendment_id = NEW.amendment_id)
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_proof_no_update BEFORE update ON client_order_proof
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_proof_no_delete BEFORE delete ON client_order_proof
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_proof_no_replace BEFORE INSERT ON client_order_proof
WHEN EXISTS (SELECT 1 FROM client_order_proof WHERE amendment_id = NEW.amendment_id OR file_id = NEW.file_id)
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION client_order_event_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'what became of a final order is only added to'; END $$""",
        """CREATE TRIGGER client_order_event_no_change BEFORE UPDATE OR DELETE ON client_order_event
FOR EACH ROW EXECUTE FUNCTION client_order_event_refuse()""",
        """CREATE TRIGGER client_order_event_no_truncate BEFORE TRUNCATE ON client_order_event
FOR EACH STATEMENT EXECUTE FUNCTION client_order_event_refuse()""",
        """CREATE FUNCTION client_order_amendment_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'what became of a final order is only added to'; END $$""",
        """CREATE TRIGGER client_order_amendment_no_change BEFORE UPDATE OR DELETE ON client_order_amendment
FOR EACH ROW EXECUTE FUNCTION client_order_amendment_refuse()""",
        """CREATE TRIGGER client_order_amendment_no_truncate BEFORE TRUNCATE ON client_order_amendment
FOR EACH STATEMENT EXECUTE FUNCTION client_order_amendment_refuse()""",
        """CREATE FUNCTION client_order_decision_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'what became of a final order is only added to'; END $$""",
        """CREATE TRIGGER client_order_decision_no_change BEFORE UPDATE OR DELETE ON client_order_decision
FOR EACH ROW EXECUTE FUNCTION client_order_decision_refuse()""",
        """CREATE TRIGGER client_order_decision_no_truncate BEFORE TRUNCATE ON client_order_decision
FOR EACH STATEMENT EXECUTE FUNCTION client_order_decision_refuse()""",
        """CREATE FUNCTION client_order_proof_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'what became of a final order is only added to'; END $$""",
        """CREATE TRIGGER client_order_proof_no_change BEFORE UPDATE OR DELETE ON client_order_proof
FOR EACH ROW EXECUTE FUNCTION client_order_proof_refuse()""",
        """CREATE TRIGGER client_order_proof_no_truncate BEFORE TRUNCATE ON client_order_proof
FOR EACH STATEMENT EXECUTE FUNCTION client_order_proof_refuse()""",
    ),
}


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "client_order_amendment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("net_change", sa.BigInteger(), nullable=True),
        sa.Column("side", sa.String(length=20), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("capacity", sa.String(length=120), nullable=False),
        sa.Column("mail", sa.String(length=320), nullable=False),
        sa.Column("identified_by", sa.String(length=200), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=400), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_client_order_amendment_by_id_person")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["client_order.id"], name=op.f("fk_client_order_amendment_order_id_client_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_order_amendment")),
        sa.UniqueConstraint("order_id", "form_key", name=op.f("uq_client_order_amendment_order_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_client_order_amendment_reference")),
    )
    with op.batch_alter_table("client_order_amendment", schema=None) as batch_op:
        batch_op.create_index("ix_client_order_amendment_order", ["order_id", "proposed_at"], unique=False)

    op.create_table(
        "client_order_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=True),
        sa.Column("ground", sa.String(length=30), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'suspended' OR ground IS NOT NULL", name=op.f("ck_client_order_event_suspended_on_a_ground")
        ),
        sa.CheckConstraint(
            "kind NOT IN ('terminated', 'notice_sent') OR side IS NOT NULL",
            name=op.f("ck_client_order_event_by_a_side"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_client_order_event_by_id_person")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_client_order_event_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["client_order.id"], name=op.f("fk_client_order_event_order_id_client_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_order_event")),
        sa.UniqueConstraint("order_id", "form_key", name=op.f("uq_client_order_event_order_id")),
    )
    op.create_table(
        "client_order_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("capacity", sa.String(length=120), nullable=False),
        sa.Column("mail", sa.String(length=320), nullable=False),
        sa.Column("consents", sa.JSON(), nullable=False),
        sa.Column("identified_by", sa.String(length=200), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=400), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["amendment_id"],
            ["client_order_amendment.id"],
            name=op.f("fk_client_order_decision_amendment_id_client_order_amendment"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_client_order_decision_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_order_decision")),
        sa.UniqueConstraint("amendment_id", name=op.f("uq_client_order_decision_amendment_id")),
    )
    op.create_table(
        "client_order_proof",
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["amendment_id"],
            ["client_order_amendment.id"],
            name=op.f("fk_client_order_proof_amendment_id_client_order_amendment"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_client_order_proof_file_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("amendment_id", name=op.f("pk_client_order_proof")),
        sa.UniqueConstraint("file_id", name=op.f("uq_client_order_proof_file_id")),
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Back to the old one."""
    op.drop_table("client_order_proof")
    op.drop_table("client_order_decision")
    op.drop_table("client_order_event")
    with op.batch_alter_table("client_order_amendment", schema=None) as batch_op:
        batch_op.drop_index("ix_client_order_amendment_order")

    op.drop_table("client_order_amendment")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION client_order_event_refuse()")
        op.execute("DROP FUNCTION client_order_amendment_refuse()")
        op.execute("DROP FUNCTION client_order_decision_refuse()")
        op.execute("DROP FUNCTION client_order_proof_refuse()")
