"""Lines of an amendment: all of them, as they will be; frozen with it, but for what an erasure moves to the archive"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

#: What the database lets through from here on, by engine: the new column is guarded as the others are.
NOW = {
    "sqlite": (
        """CREATE TRIGGER client_order_amendment_no_update BEFORE UPDATE OF "id", "reference", "order_id", "form_key", "kind", "net_change", "side", "by_id", "proposed_at", "evidence" ON client_order_amendment
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_amendment_no_mask BEFORE UPDATE OF "words", "lines", "by", "capacity", "mail", "identified_by", "ip", "user_agent" ON client_order_amendment
WHEN NOT ((CAST(OLD."words" AS TEXT) IS CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."lines" AS TEXT) IS CAST(NEW."lines" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'lines' AND was = CAST(OLD."lines" AS TEXT) AND becomes = CAST(NEW."lines" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))) AND (CAST(OLD."capacity" AS TEXT) IS CAST(NEW."capacity" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'capacity' AND was = CAST(OLD."capacity" AS TEXT) AND becomes = CAST(NEW."capacity" AS TEXT))) AND (CAST(OLD."mail" AS TEXT) IS CAST(NEW."mail" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'mail' AND was = CAST(OLD."mail" AS TEXT) AND becomes = CAST(NEW."mail" AS TEXT))) AND (CAST(OLD."identified_by" AS TEXT) IS CAST(NEW."identified_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'identified_by' AND was = CAST(OLD."identified_by" AS TEXT) AND becomes = CAST(NEW."identified_by" AS TEXT))) AND (CAST(OLD."ip" AS TEXT) IS CAST(NEW."ip" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'ip' AND was = CAST(OLD."ip" AS TEXT) AND becomes = CAST(NEW."ip" AS TEXT))) AND (CAST(OLD."user_agent" AS TEXT) IS CAST(NEW."user_agent" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'user_agent' AND was = CAST(OLD."user_agent" AS TEXT) AND becomes = CAST(NEW."user_agent" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION client_order_amendment_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF to_jsonb(NEW) - ARRAY['words', 'lines', 'by', 'capacity', 'mail', 'identified_by', 'ip', 'user_agent'] = to_jsonb(OLD) - ARRAY['words', 'lines', 'by', 'capacity', 'mail', 'identified_by', 'ip', 'user_agent']
AND (CAST(OLD."words" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."lines" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."lines" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'lines' AND was = CAST(OLD."lines" AS TEXT) AND becomes = CAST(NEW."lines" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))) AND (CAST(OLD."capacity" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."capacity" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'capacity' AND was = CAST(OLD."capacity" AS TEXT) AND becomes = CAST(NEW."capacity" AS TEXT))) AND (CAST(OLD."mail" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."mail" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'mail' AND was = CAST(OLD."mail" AS TEXT) AND becomes = CAST(NEW."mail" AS TEXT))) AND (CAST(OLD."identified_by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."identified_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'identified_by' AND was = CAST(OLD."identified_by" AS TEXT) AND becomes = CAST(NEW."identified_by" AS TEXT))) AND (CAST(OLD."ip" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."ip" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'ip' AND was = CAST(OLD."ip" AS TEXT) AND becomes = CAST(NEW."ip" AS TEXT))) AND (CAST(OLD."user_agent" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."user_agent" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'user_agent' AND was = CAST(OLD."user_agent" AS TEXT) AND becomes = CAST(NEW."user_agent" AS TEXT))) THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'what became of a final order is only added to'; END $$""",
    ),
}

#: The same before.
BEFORE = {
    "sqlite": (
        """CREATE TRIGGER client_order_amendment_no_update BEFORE UPDATE OF "id", "reference", "order_id", "form_key", "kind", "net_change", "side", "by_id", "proposed_at", "evidence" ON client_order_amendment
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
        """CREATE TRIGGER client_order_amendment_no_mask BEFORE UPDATE OF "words", "by", "capacity", "mail", "identified_by", "ip", "user_agent" ON client_order_amendment
WHEN NOT ((CAST(OLD."words" AS TEXT) IS CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))) AND (CAST(OLD."capacity" AS TEXT) IS CAST(NEW."capacity" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'capacity' AND was = CAST(OLD."capacity" AS TEXT) AND becomes = CAST(NEW."capacity" AS TEXT))) AND (CAST(OLD."mail" AS TEXT) IS CAST(NEW."mail" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'mail' AND was = CAST(OLD."mail" AS TEXT) AND becomes = CAST(NEW."mail" AS TEXT))) AND (CAST(OLD."identified_by" AS TEXT) IS CAST(NEW."identified_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'identified_by' AND was = CAST(OLD."identified_by" AS TEXT) AND becomes = CAST(NEW."identified_by" AS TEXT))) AND (CAST(OLD."ip" AS TEXT) IS CAST(NEW."ip" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'ip' AND was = CAST(OLD."ip" AS TEXT) AND becomes = CAST(NEW."ip" AS TEXT))) AND (CAST(OLD."user_agent" AS TEXT) IS CAST(NEW."user_agent" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'user_agent' AND was = CAST(OLD."user_agent" AS TEXT) AND becomes = CAST(NEW."user_agent" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION client_order_amendment_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF to_jsonb(NEW) - ARRAY['words', 'by', 'capacity', 'mail', 'identified_by', 'ip', 'user_agent'] = to_jsonb(OLD) - ARRAY['words', 'by', 'capacity', 'mail', 'identified_by', 'ip', 'user_agent']
AND (CAST(OLD."words" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))) AND (CAST(OLD."capacity" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."capacity" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'capacity' AND was = CAST(OLD."capacity" AS TEXT) AND becomes = CAST(NEW."capacity" AS TEXT))) AND (CAST(OLD."mail" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."mail" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'mail' AND was = CAST(OLD."mail" AS TEXT) AND becomes = CAST(NEW."mail" AS TEXT))) AND (CAST(OLD."identified_by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."identified_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'identified_by' AND was = CAST(OLD."identified_by" AS TEXT) AND becomes = CAST(NEW."identified_by" AS TEXT))) AND (CAST(OLD."ip" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."ip" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'ip' AND was = CAST(OLD."ip" AS TEXT) AND becomes = CAST(NEW."ip" AS TEXT))) AND (CAST(OLD."user_agent" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."user_agent" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'user_agent' AND was = CAST(OLD."user_agent" AS TEXT) AND becomes = CAST(NEW."user_agent" AS TEXT))) THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'what became of a final order is only added to'; END $$""",
    ),
}


def _swap(made: dict[str, tuple[str, ...]]) -> None:
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for trigger in ("no_update", "no_mask"):
            op.execute(f"DROP TRIGGER client_order_amendment_{trigger}")
    for statement in made[dialect]:
        op.execute(sa.text(statement.replace(":", "\\:")))


def upgrade() -> None:
    """Towards the new schema."""
    # A plain ALTER TABLE: a table made anew would lose the triggers that keep its rows as they are.
    op.add_column("client_order_amendment", sa.Column("lines", sa.JSON(), nullable=True))
    _swap(NOW)


def downgrade() -> None:
    """Back to the schema before."""
    _swap(BEFORE)
    op.drop_column("client_order_amendment", "lines")
