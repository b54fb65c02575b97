"""Contracts of points with their ledger; final orders"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


#: The database itself keeps what was agreed, and the ledger, as they were written.
GUARDS = {
    "sqlite": (
        """CREATE TRIGGER contract_no_update BEFORE update OF reference, organisation_id, kind, signed_on, opened_at, order_reference, terms_slug, terms_sha256, conditions ON contract
BEGIN SELECT RAISE(ABORT, 'what was agreed in a contract stays'); END""",
        """CREATE TRIGGER contract_no_delete BEFORE delete ON contract
BEGIN SELECT RAISE(ABORT, 'what was agreed in a contract stays'); END""",
        """CREATE TRIGGER contract_entry_no_update BEFORE update ON contract_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
        """CREATE TRIGGER contract_entry_no_delete BEFORE delete ON contract_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
        """CREATE TRIGGER contract_entry_no_replace BEFORE INSERT ON contract_entry
WHEN EXISTS (SELECT 1 FROM contract_entry WHERE id = NEW.id OR (contract_id = NEW.contract_id AND seq = NEW.seq) OR (contract_id = NEW.contract_id AND key = NEW.key))
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
        """CREATE TRIGGER contract_entry_adds_up BEFORE INSERT ON contract_entry
WHEN NEW.seq <> 1 + COALESCE((SELECT MAX(seq) FROM contract_entry WHERE contract_id = NEW.contract_id), 0)
OR NEW.balance <> NEW.points + COALESCE((SELECT balance FROM contract_entry
WHERE contract_id = NEW.contract_id ORDER BY seq DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'the ledger does not add up'); END""",
        """CREATE TRIGGER client_order_no_update BEFORE update ON client_order
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END""",
        """CREATE TRIGGER client_order_no_delete BEFORE delete ON client_order
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END""",
        """CREATE TRIGGER client_order_no_replace BEFORE INSERT ON client_order
WHEN EXISTS (SELECT 1 FROM client_order WHERE id = NEW.id OR reference = NEW.reference OR quote_reference = NEW.quote_reference)
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END""",
        """CREATE TRIGGER client_order_line_no_update BEFORE update ON client_order_line
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END""",
        """CREATE TRIGGER client_order_line_no_delete BEFORE delete ON client_order_line
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END""",
        """CREATE TRIGGER client_order_line_no_replace BEFORE INSERT ON client_order_line
WHEN EXISTS (SELECT 1 FROM client_order_line WHERE id = NEW.id OR (order_id = NEW.order_id AND position = NEW.position))
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION contract_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'what was agreed in a contract stays'; END $$""",
        """CREATE TRIGGER contract_no_change BEFORE UPDATE OF reference, organisation_id, kind, signed_on, opened_at, order_reference, terms_slug, terms_sha256, conditions OR DELETE ON contract
FOR EACH ROW EXECUTE FUNCTION contract_refuse()""",
        """CREATE TRIGGER contract_no_truncate BEFORE TRUNCATE ON contract
FOR EACH STATEMENT EXECUTE FUNCTION contract_refuse()""",
        """CREATE FUNCTION contract_entry_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$""",
        """CREATE TRIGGER contract_entry_no_change BEFORE UPDATE OR DELETE ON contract_entry
FOR EACH ROW EXECUTE FUNCTION contract_entry_refuse()""",
        """CREATE TRIGGER contract_entry_no_truncate BEFORE TRUNCATE ON contract_entry
FOR EACH STATEMENT EXECUTE FUNCTION contract_entry_refuse()""",
        """CREATE FUNCTION contract_entry_adds_up() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF NEW.seq <> 1 + COALESCE((SELECT MAX(seq) FROM contract_entry WHERE contract_id = NEW.contract_id), 0)
OR NEW.balance <> NEW.points + COALESCE((SELECT balance FROM contract_entry
WHERE contract_id = NEW.contract_id ORDER BY seq DESC LIMIT 1), 0)
THEN RAISE EXCEPTION 'the ledger does not add up'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER contract_entry_adds_up BEFORE INSERT ON contract_entry
FOR EACH ROW EXECUTE FUNCTION contract_entry_adds_up()""",
        """CREATE FUNCTION client_order_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'a final order is frozen'; END $$""",
        """CREATE TRIGGER client_order_no_change BEFORE UPDATE OR DELETE ON client_order
FOR EACH ROW EXECUTE FUNCTION client_order_refuse()""",
        """CREATE TRIGGER client_order_no_truncate BEFORE TRUNCATE ON client_order
FOR EACH STATEMENT EXECUTE FUNCTION client_order_refuse()""",
        """CREATE FUNCTION client_order_line_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'a final order is frozen'; END $$""",
        """CREATE TRIGGER client_order_line_no_change BEFORE UPDATE OR DELETE ON client_order_line
FOR EACH ROW EXECUTE FUNCTION client_order_line_refuse()""",
        """CREATE TRIGGER client_order_line_no_truncate BEFORE TRUNCATE ON client_order_line
FOR EACH STATEMENT EXECUTE FUNCTION client_order_line_refuse()""",
    ),
}


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "client_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("quote_reference", sa.String(length=20), nullable=False),
        sa.Column("supplements", sa.String(length=20), nullable=True),
        sa.Column("terms_slug", sa.String(length=40), nullable=False),
        sa.Column("terms_sha256", sa.String(length=64), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("accepted_client_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_provider_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by_id", sa.Integer(), nullable=True),
        sa.Column("placed_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "accepted_client_at <= accepted_provider_at", name=op.f("ck_client_order_client_accepts_first")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_client_order_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["placed_by_id"], ["person.id"], name=op.f("fk_client_order_placed_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_order")),
        sa.UniqueConstraint("quote_reference", name=op.f("uq_client_order_quote_reference")),
        sa.UniqueConstraint("reference", name=op.f("uq_client_order_reference")),
    )
    with op.batch_alter_table("client_order", schema=None) as batch_op:
        batch_op.create_index("ix_client_order_organisation", ["organisation_id", "placed_at"], unique=False)

    op.create_table(
        "contract",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=True),
        sa.Column("opened_by", sa.String(length=200), nullable=False),
        sa.Column("opening_reason", sa.Text(), nullable=True),
        sa.Column("order_reference", sa.String(length=20), nullable=True),
        sa.Column("terms_slug", sa.String(length=40), nullable=False),
        sa.Column("terms_sha256", sa.String(length=64), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("policy", sa.String(length=20), nullable=False),
        sa.Column("limit_below", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=200), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(policy = 'limit') = (limit_below > 0)", name=op.f("ck_contract_limit_with_its_rule")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)",
            name=op.f("ck_contract_ended_with_a_reason"),
        ),
        sa.CheckConstraint(
            "(order_reference IS NULL) = (opening_reason IS NOT NULL)", name=op.f("ck_contract_ordered_or_by_hand")
        ),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_contract_opened_by_id_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_contract_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("reference", name=op.f("uq_contract_reference")),
    )
    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.create_index("ix_contract_organisation", ["organisation_id", "signed_on", "id"], unique=False)

    op.create_table(
        "client_order_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column(
            "contract_kind",
            sa.String(length=40),
            nullable=True,
        ),
        sa.Column("top_up", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "(kind = 'points') = (points IS NOT NULL)", name=op.f("ck_client_order_line_points_on_a_points_line")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["client_order.id"], name=op.f("fk_client_order_line_order_id_client_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_client_order_line_order_id")),
    )
    op.create_table(
        "contract_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "movement",
            sa.String(length=20),
            nullable=False,
        ),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("working", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(movement = 'correction') = (corrects_id IS NOT NULL)",
            name=op.f("ck_contract_entry_correction_of_something"),
        ),
        sa.CheckConstraint("movement <> 'charge' OR points < 0", name=op.f("ck_contract_entry_points_go_out")),
        sa.CheckConstraint(
            "movement <> 'correction' OR reason IS NOT NULL", name=op.f("ck_contract_entry_correction_with_a_reason")
        ),
        sa.CheckConstraint(
            "movement NOT IN ('opening', 'credit') OR points > 0", name=op.f("ck_contract_entry_points_come_in")
        ),
        sa.CheckConstraint("points <> 0", name=op.f("ck_contract_entry_moves_something")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_contract_entry_by_id_person")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_contract_entry_contract_id_contract")),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["contract_entry.id"], name=op.f("fk_contract_entry_corrects_id_contract_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_entry")),
        sa.UniqueConstraint("contract_id", "key", name="uq_contract_entry_key"),
        sa.UniqueConstraint("contract_id", "seq", name=op.f("uq_contract_entry_contract_id")),
    )
    with op.batch_alter_table("contract_entry", schema=None) as batch_op:
        batch_op.create_index("ix_contract_entry_at", ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_contract_entry_corrects_id"), ["corrects_id"], unique=False)
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("contract_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contract_entry_corrects_id"))
        batch_op.drop_index("ix_contract_entry_at")

    op.drop_table("contract_entry")
    op.drop_table("client_order_line")
    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.drop_index("ix_contract_organisation")

    op.drop_table("contract")
    with op.batch_alter_table("client_order", schema=None) as batch_op:
        batch_op.drop_index("ix_client_order_organisation")

    op.drop_table("client_order")
    if op.get_bind().dialect.name == "postgresql":
        for function in (
            "contract_refuse",
            "contract_entry_refuse",
            "contract_entry_adds_up",
            "client_order_refuse",
            "client_order_line_refuse",
        ):
            op.execute(f"DROP FUNCTION {function}()")
