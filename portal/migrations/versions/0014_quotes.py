"""Quotes: written, sent, received, accepted by both sides, frozen"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

#: The database itself refuses to change what was sent, and what was done.
GUARDS = {
    "sqlite": (
        """CREATE TRIGGER quote_no_change BEFORE update ON quote
WHEN OLD.sent_at IS NOT NULL AND (OLD.id IS NOT NEW.id OR OLD.reference IS NOT NEW.reference OR OLD.organisation_id IS NOT NEW.organisation_id OR OLD.request_id IS NOT NEW.request_id OR OLD.parent_id IS NOT NEW.parent_id OR OLD.parent_kind IS NOT NEW.parent_kind OR OLD.draft IS NOT NEW.draft OR OLD.attached IS NOT NEW.attached OR OLD.sent_at IS NOT NEW.sent_at OR OLD.subject IS NOT NEW.subject OR OLD.client IS NOT NEW.client OR OLD.conditions IS NOT NEW.conditions OR OLD.derogations IS NOT NEW.derogations OR OLD.delivery IS NOT NEW.delivery OR OLD.deposit_percent IS NOT NEW.deposit_percent OR OLD.deposit_amount IS NOT NEW.deposit_amount OR OLD.own_last_day IS NOT NEW.own_last_day OR OLD.latest_day IS NOT NEW.latest_day OR OLD.line_count IS NOT NEW.line_count OR OLD.total_net IS NOT NEW.total_net OR OLD.total_gross IS NOT NEW.total_gross OR OLD.terms_slug IS NOT NEW.terms_slug OR OLD.terms_sha256 IS NOT NEW.terms_sha256)
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END""",
        """CREATE TRIGGER quote_no_return BEFORE update ON quote
WHEN OLD.state = 'final' AND (OLD.state IS NOT NEW.state OR OLD.received_on IS NOT NEW.received_on OR OLD.last_day IS NOT NEW.last_day OR OLD.nominal_day IS NOT NEW.nominal_day OR OLD.closed_at IS NOT NEW.closed_at OR OLD.order_reference IS NOT NEW.order_reference)
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END""",
        """CREATE TRIGGER quote_no_delete BEFORE delete ON quote
WHEN OLD.sent_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END""",
        """CREATE TRIGGER quote_no_replace BEFORE insert ON quote
WHEN EXISTS (SELECT 1 FROM quote WHERE sent_at IS NOT NULL AND (id = NEW.id OR reference = NEW.reference OR form_key = NEW.form_key))
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END""",
        """CREATE TRIGGER quote_line_no_change BEFORE update ON quote_line
WHEN EXISTS (SELECT 1 FROM quote WHERE id = OLD.quote_id AND sent_at IS NOT NULL) OR EXISTS (SELECT 1 FROM quote WHERE id = NEW.quote_id AND sent_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END""",
        """CREATE TRIGGER quote_line_no_delete BEFORE delete ON quote_line
WHEN EXISTS (SELECT 1 FROM quote WHERE id = OLD.quote_id AND sent_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END""",
        """CREATE TRIGGER quote_line_no_insert BEFORE insert ON quote_line
WHEN EXISTS (SELECT 1 FROM quote WHERE id = NEW.quote_id AND line_count IS NOT NULL
AND line_count <= (SELECT count(*) FROM quote_line WHERE quote_id = NEW.quote_id)) OR EXISTS (SELECT 1 FROM quote_line JOIN quote ON quote.id = quote_line.quote_id WHERE quote.sent_at IS NOT NULL
AND (quote_line.id = NEW.id OR (quote_line.quote_id = NEW.quote_id AND quote_line.position = NEW.position)))
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END""",
        """CREATE TRIGGER quote_act_no_update BEFORE update ON quote_act
BEGIN SELECT RAISE(ABORT, 'an act is never changed'); END""",
        """CREATE TRIGGER quote_act_no_delete BEFORE delete ON quote_act
BEGIN SELECT RAISE(ABORT, 'an act is never changed'); END""",
        """CREATE TRIGGER quote_act_no_replace BEFORE INSERT ON quote_act
WHEN EXISTS (SELECT 1 FROM quote_act WHERE id = NEW.id OR form_key = NEW.form_key)
BEGIN SELECT RAISE(ABORT, 'an act is never changed'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION quote_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'a quote that was sent is frozen'; END $$""",
        """CREATE TRIGGER quote_no_change BEFORE UPDATE ON quote
FOR EACH ROW WHEN (OLD.sent_at IS NOT NULL AND (OLD.id::text IS DISTINCT FROM NEW.id::text OR OLD.reference::text IS DISTINCT FROM NEW.reference::text OR OLD.organisation_id::text IS DISTINCT FROM NEW.organisation_id::text OR OLD.request_id::text IS DISTINCT FROM NEW.request_id::text OR OLD.parent_id::text IS DISTINCT FROM NEW.parent_id::text OR OLD.parent_kind::text IS DISTINCT FROM NEW.parent_kind::text OR OLD.draft::text IS DISTINCT FROM NEW.draft::text OR OLD.attached::text IS DISTINCT FROM NEW.attached::text OR OLD.sent_at::text IS DISTINCT FROM NEW.sent_at::text OR OLD.subject::text IS DISTINCT FROM NEW.subject::text OR OLD.client::text IS DISTINCT FROM NEW.client::text OR OLD.conditions::text IS DISTINCT FROM NEW.conditions::text OR OLD.derogations::text IS DISTINCT FROM NEW.derogations::text OR OLD.delivery::text IS DISTINCT FROM NEW.delivery::text OR OLD.deposit_percent::text IS DISTINCT FROM NEW.deposit_percent::text OR OLD.deposit_amount::text IS DISTINCT FROM NEW.deposit_amount::text OR OLD.own_last_day::text IS DISTINCT FROM NEW.own_last_day::text OR OLD.latest_day::text IS DISTINCT FROM NEW.latest_day::text OR OLD.line_count::text IS DISTINCT FROM NEW.line_count::text OR OLD.total_net::text IS DISTINCT FROM NEW.total_net::text OR OLD.total_gross::text IS DISTINCT FROM NEW.total_gross::text OR OLD.terms_slug::text IS DISTINCT FROM NEW.terms_slug::text OR OLD.terms_sha256::text IS DISTINCT FROM NEW.terms_sha256::text)) EXECUTE FUNCTION quote_refuse()""",
        """CREATE TRIGGER quote_no_return BEFORE UPDATE ON quote
FOR EACH ROW WHEN (OLD.state = 'final' AND (OLD.state::text IS DISTINCT FROM NEW.state::text OR OLD.received_on::text IS DISTINCT FROM NEW.received_on::text OR OLD.last_day::text IS DISTINCT FROM NEW.last_day::text OR OLD.nominal_day::text IS DISTINCT FROM NEW.nominal_day::text OR OLD.closed_at::text IS DISTINCT FROM NEW.closed_at::text OR OLD.order_reference::text IS DISTINCT FROM NEW.order_reference::text)) EXECUTE FUNCTION quote_refuse()""",
        """CREATE TRIGGER quote_no_delete BEFORE DELETE ON quote
FOR EACH ROW WHEN (OLD.sent_at IS NOT NULL) EXECUTE FUNCTION quote_refuse()""",
        """CREATE TRIGGER quote_no_truncate BEFORE TRUNCATE ON quote
FOR EACH STATEMENT EXECUTE FUNCTION quote_refuse()""",
        """CREATE FUNCTION quote_line_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'a quote that was sent is frozen'; END $$""",
        """CREATE FUNCTION quote_line_frozen() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF EXISTS (SELECT 1 FROM quote WHERE id = OLD.quote_id AND sent_at IS NOT NULL) OR EXISTS (SELECT 1 FROM quote WHERE id = NEW.quote_id AND sent_at IS NOT NULL) THEN RAISE EXCEPTION 'a quote that was sent is frozen'; END IF; RETURN NEW; END $$""",
        """CREATE FUNCTION quote_line_kept() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF EXISTS (SELECT 1 FROM quote WHERE id = OLD.quote_id AND sent_at IS NOT NULL) THEN RAISE EXCEPTION 'a quote that was sent is frozen'; END IF; RETURN OLD; END $$""",
        """CREATE FUNCTION quote_line_full() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF EXISTS (SELECT 1 FROM quote WHERE id = NEW.quote_id AND line_count IS NOT NULL
AND line_count <= (SELECT count(*) FROM quote_line WHERE quote_id = NEW.quote_id)) THEN RAISE EXCEPTION 'a quote that was sent is frozen'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER quote_line_no_change BEFORE UPDATE ON quote_line
FOR EACH ROW EXECUTE FUNCTION quote_line_frozen()""",
        """CREATE TRIGGER quote_line_no_delete BEFORE DELETE ON quote_line
FOR EACH ROW EXECUTE FUNCTION quote_line_kept()""",
        """CREATE TRIGGER quote_line_no_insert BEFORE INSERT ON quote_line
FOR EACH ROW EXECUTE FUNCTION quote_line_full()""",
        """CREATE TRIGGER quote_line_no_truncate BEFORE TRUNCATE ON quote_line
FOR EACH STATEMENT EXECUTE FUNCTION quote_line_refuse()""",
        """CREATE FUNCTION quote_act_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'an act is never changed'; END $$""",
        """CREATE TRIGGER quote_act_no_change BEFORE UPDATE OR DELETE ON quote_act
FOR EACH ROW EXECUTE FUNCTION quote_act_refuse()""",
        """CREATE TRIGGER quote_act_no_truncate BEFORE TRUNCATE ON quote_act
FOR EACH STATEMENT EXECUTE FUNCTION quote_act_refuse()""",
    ),
}


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "quote_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["saved_by_id"], ["person.id"], name=op.f("fk_quote_template_saved_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_template")),
        sa.UniqueConstraint("name", name=op.f("uq_quote_template_name")),
    )
    op.create_table(
        "quote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("parent_kind", sa.String(length=20), nullable=True),
        sa.Column("ground", sa.String(length=20), nullable=True),
        sa.Column("ground_words", sa.Text(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("draft_recipients", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("writer_id", sa.Integer(), nullable=False),
        sa.Column("attached", sa.JSON(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("client", sa.JSON(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("derogations", sa.JSON(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("deposit_percent", sa.BigInteger(), nullable=True),
        sa.Column("deposit_amount", sa.BigInteger(), nullable=True),
        sa.Column("own_last_day", sa.Date(), nullable=True),
        sa.Column("latest_day", sa.Date(), nullable=True),
        sa.Column("line_count", sa.Integer(), nullable=True),
        sa.Column("total_net", sa.BigInteger(), nullable=True),
        sa.Column("total_gross", sa.BigInteger(), nullable=True),
        sa.Column("terms_slug", sa.String(length=40), nullable=True),
        sa.Column("terms_sha256", sa.String(length=64), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("nominal_day", sa.Date(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("order_reference", sa.String(length=20), nullable=True),
        sa.Column("proof_id", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('draft', 'discarded')) = (sent_at IS NULL)", name=op.f("ck_quote_sent_or_draft")
        ),
        sa.CheckConstraint("state <> 'received' OR received_on IS NOT NULL", name=op.f("ck_quote_received_has_a_day")),
        sa.CheckConstraint("(parent_id IS NULL) = (parent_kind IS NULL)", name=op.f("ck_quote_parent_with_its_kind")),
        sa.CheckConstraint("(sent_at IS NULL) = (latest_day IS NULL)", name=op.f("ck_quote_sent_with_a_validity")),
        sa.CheckConstraint("(sent_at IS NULL) = (line_count IS NULL)", name=op.f("ck_quote_sent_with_lines")),
        sa.CheckConstraint("(sent_at IS NULL) = (terms_sha256 IS NULL)", name=op.f("ck_quote_sent_under_terms")),
        sa.CheckConstraint("deposit_percent IS NULL OR deposit_amount IS NULL", name=op.f("ck_quote_one_deposit")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_quote_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["quote.id"], name=op.f("fk_quote_parent_id_quote")),
        sa.ForeignKeyConstraint(["proof_id"], ["stored_file.id"], name=op.f("fk_quote_proof_id_stored_file")),
        sa.ForeignKeyConstraint(["request_id"], ["quote_request.id"], name=op.f("fk_quote_request_id_quote_request")),
        sa.ForeignKeyConstraint(["writer_id"], ["person.id"], name=op.f("fk_quote_writer_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sa.UniqueConstraint("form_key", name=op.f("uq_quote_form_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_quote_reference")),
    )
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.create_index("ix_quote_organisation", ["organisation_id", "state"], unique=False)
        batch_op.create_index("ix_quote_state", ["state", "last_day"], unique=False)

    op.create_table(
        "quote_act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("capacity", sa.String(length=200), nullable=False),
        sa.Column("mail", sa.String(length=320), nullable=False),
        sa.Column("identified_by", sa.String(length=300), nullable=False),
        sa.Column("consents", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("ground", sa.String(length=20), nullable=True),
        sa.Column("scan_id", sa.Integer(), nullable=True),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=400), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quote_act_person_id_person")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_act_quote_id_quote")),
        sa.ForeignKeyConstraint(["scan_id"], ["stored_file.id"], name=op.f("fk_quote_act_scan_id_stored_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_act")),
        sa.UniqueConstraint("form_key", name=op.f("uq_quote_act_form_key")),
    )
    with op.batch_alter_table("quote_act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_act_quote_id"), ["quote_id"], unique=False)

    op.create_table(
        "quote_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=60), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate", sa.BigInteger(), nullable=False),
        sa.Column("contract", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_line_quote_id_quote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_line")),
        sa.UniqueConstraint("quote_id", "position", name=op.f("uq_quote_line_quote_id")),
    )
    op.create_table(
        "quote_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_quote_message_author_id_person")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_message_quote_id_quote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_message")),
        sa.UniqueConstraint("quote_id", "form_key", name=op.f("uq_quote_message_quote_id")),
    )
    with op.batch_alter_table("quote_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_message_quote_id"), ["quote_id"], unique=False)

    op.create_table(
        "quote_reception",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("who", sa.String(length=400), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("proof_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "how <> 'staff' OR proof_id IS NOT NULL", name=op.f("ck_quote_reception_staff_with_a_proof")
        ),
        sa.ForeignKeyConstraint(["proof_id"], ["stored_file.id"], name=op.f("fk_quote_reception_proof_id_stored_file")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_reception_quote_id_quote")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["person.id"], name=op.f("fk_quote_reception_recorded_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_reception")),
    )
    with op.batch_alter_table("quote_reception", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_reception_quote_id"), ["quote_id"], unique=False)

    op.create_table(
        "quote_recipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("mail", sa.String(length=320), nullable=False),
        sa.Column("link_key", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forwarded_by", sa.String(length=200), nullable=True),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bounced_with", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quote_recipient_person_id_person")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_recipient_quote_id_quote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_recipient")),
        sa.UniqueConstraint("quote_id", "person_id", name=op.f("uq_quote_recipient_quote_id")),
    )
    with op.batch_alter_table("quote_recipient", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_recipient_message_id"), ["message_id"], unique=False)
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("quote_recipient", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quote_recipient_message_id"))

    op.drop_table("quote_recipient")
    with op.batch_alter_table("quote_reception", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quote_reception_quote_id"))

    op.drop_table("quote_reception")
    with op.batch_alter_table("quote_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quote_message_quote_id"))

    op.drop_table("quote_message")
    op.drop_table("quote_line")
    with op.batch_alter_table("quote_act", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quote_act_quote_id"))

    op.drop_table("quote_act")
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.drop_index("ix_quote_state")
        batch_op.drop_index("ix_quote_organisation")

    op.drop_table("quote")
    op.drop_table("quote_template")
    if op.get_bind().dialect.name == "postgresql":
        for function in (
            "quote_refuse", "quote_line_refuse", "quote_act_refuse", "quote_line_frozen", "quote_line_kept", "quote_line_full",
        ):  # fmt: skip
            op.execute(f"DROP FUNCTION {function}()")
