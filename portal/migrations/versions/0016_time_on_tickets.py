"""Time on tickets: interventions, entries, timers, contestations, corrections"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


REFUSAL = "a correction of time is only added"
#: The database itself only adds corrections.
GUARDS = {
    "sqlite": (
        f"""CREATE TRIGGER time_correction_no_update BEFORE update ON time_correction
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
        f"""CREATE TRIGGER time_correction_no_delete BEFORE delete ON time_correction
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
        f"""CREATE TRIGGER time_correction_no_replace BEFORE INSERT ON time_correction
WHEN EXISTS (SELECT 1 FROM time_correction WHERE id = NEW.id OR form_key = NEW.form_key)
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",  # noqa: S608 - no word of it comes from outside
    ),
    "postgresql": (
        f"""CREATE FUNCTION time_correction_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$""",
        """CREATE TRIGGER time_correction_no_change BEFORE UPDATE OR DELETE ON time_correction
FOR EACH ROW EXECUTE FUNCTION time_correction_refuse()""",
        """CREATE TRIGGER time_correction_no_truncate BEFORE TRUNCATE ON time_correction
FOR EACH STATEMENT EXECUTE FUNCTION time_correction_refuse()""",
    ),
}


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "intervention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_by", sa.String(length=200), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("terms_slug", sa.String(length=40), nullable=True),
        sa.Column("terms_sha256", sa.String(length=64), nullable=True),
        sa.Column("working", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("hour", sa.String(length=20), nullable=True),
        sa.Column("km", sa.BigInteger(), nullable=True),
        sa.Column("net", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(step = 'billed') = (net IS NOT NULL)", name=op.f("ck_intervention_billed_in_euros")),
        sa.CheckConstraint("(step = 'charged') = (points IS NOT NULL)", name=op.f("ck_intervention_charged_in_points")),
        sa.CheckConstraint(
            "(step IN ('charged', 'billed')) = (counted_at IS NOT NULL)",
            name=op.f("ck_intervention_counted_has_a_moment"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_intervention_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_intervention_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intervention")),
    )
    with op.batch_alter_table("intervention", schema=None) as batch_op:
        batch_op.create_index("ix_intervention_step", ["step", "began_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_intervention_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "time_timer",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_time_timer_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_time_timer_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_time_timer")),
    )
    op.create_table(
        "time_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("intervention_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("points_before", sa.BigInteger(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("net_before", sa.BigInteger(), nullable=True),
        sa.Column("net", sa.BigInteger(), nullable=True),
        sa.Column("minutes", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["intervention_id"], ["intervention.id"], name=op.f("fk_time_correction_intervention_id_intervention")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_correction")),
        sa.UniqueConstraint("form_key", name=op.f("uq_time_correction_form_key")),
    )
    with op.batch_alter_table("time_correction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_time_correction_intervention_id"), ["intervention_id"], unique=False)

    op.create_table(
        "time_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("intervention_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("technician_id", sa.Integer(), nullable=True),
        sa.Column("technician", sa.String(length=200), nullable=False),
        sa.Column("typed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("typed_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_time_entry_some_minutes")),
        sa.ForeignKeyConstraint(
            ["intervention_id"], ["intervention.id"], name=op.f("fk_time_entry_intervention_id_intervention")
        ),
        sa.ForeignKeyConstraint(["technician_id"], ["person.id"], name=op.f("fk_time_entry_technician_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_entry")),
        sa.UniqueConstraint("form_key", name=op.f("uq_time_entry_form_key")),
    )
    with op.batch_alter_table("time_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_time_entry_intervention_id"), ["intervention_id"], unique=False)

    op.create_table(
        "time_contest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("by_mail", sa.String(length=320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.String(length=200), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(outcome IS NULL) = (answer IS NULL) AND (outcome IS NULL) = (answered_at IS NULL)",
            name=op.f("ck_time_contest_answered_whole"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_time_contest_by_id_person")),
        sa.ForeignKeyConstraint(["entry_id"], ["time_entry.id"], name=op.f("fk_time_contest_entry_id_time_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_contest")),
        sa.UniqueConstraint("form_key", name=op.f("uq_time_contest_form_key")),
    )
    with op.batch_alter_table("time_contest", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_time_contest_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index("ix_time_contest_waiting", ["outcome", "at"], unique=False)
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Back to the old one."""
    with op.batch_alter_table("time_contest", schema=None) as batch_op:
        batch_op.drop_index("ix_time_contest_waiting")
        batch_op.drop_index(batch_op.f("ix_time_contest_entry_id"))

    op.drop_table("time_contest")
    with op.batch_alter_table("time_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_time_entry_intervention_id"))

    op.drop_table("time_entry")
    with op.batch_alter_table("time_correction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_time_correction_intervention_id"))

    op.drop_table("time_correction")
    op.drop_table("time_timer")
    with op.batch_alter_table("intervention", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_intervention_ticket_id"))
        batch_op.drop_index("ix_intervention_step")

    op.drop_table("intervention")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION time_correction_refuse()")
