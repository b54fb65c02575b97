"""The archive holds what an erasure takes out of frozen records, value by value; files that name somebody move there"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


#: What the database lets through from here on, by engine; the one change that an erasure makes to a frozen record.
NOW = {
    "sqlite": (
        ("contract", "TRIGGER contract_no_update",
            """CREATE TRIGGER contract_no_update BEFORE UPDATE OF "reference", "organisation_id", "kind", "signed_on", "opened_at", "order_reference", "terms_slug", "terms_sha256" ON contract
BEGIN SELECT RAISE(ABORT, 'what was agreed in a contract stays'); END"""),
        ("contract", "TRIGGER contract_no_mask",
            """CREATE TRIGGER contract_no_mask BEFORE UPDATE OF "conditions" ON contract
WHEN NOT ((CAST(OLD."conditions" AS TEXT) IS CAST(NEW."conditions" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'contract'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'conditions' AND was = CAST(OLD."conditions" AS TEXT) AND becomes = CAST(NEW."conditions" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'what was agreed in a contract stays'); END"""),
        ("contract_entry", "TRIGGER contract_entry_no_update",
            """CREATE TRIGGER contract_entry_no_update BEFORE UPDATE OF "id", "contract_id", "seq", "movement", "points", "balance", "key", "at", "corrects_id", "by_id" ON contract_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"""),
        ("contract_entry", "TRIGGER contract_entry_no_mask",
            """CREATE TRIGGER contract_entry_no_mask BEFORE UPDATE OF "words", "working", "reason", "by" ON contract_entry
WHEN NOT ((CAST(OLD."words" AS TEXT) IS CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'contract_entry'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."working" AS TEXT) IS CAST(NEW."working" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'contract_entry'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'working' AND was = CAST(OLD."working" AS TEXT) AND becomes = CAST(NEW."working" AS TEXT))) AND (CAST(OLD."reason" AS TEXT) IS CAST(NEW."reason" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'contract_entry'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'reason' AND was = CAST(OLD."reason" AS TEXT) AND becomes = CAST(NEW."reason" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'contract_entry'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"""),
        ("client_order", "TRIGGER client_order_no_update",
            """CREATE TRIGGER client_order_no_update BEFORE UPDATE OF "id", "reference", "organisation_id", "quote_reference", "supplements", "terms_slug", "terms_sha256", "accepted_client_at", "accepted_provider_at", "placed_at", "placed_by_id" ON client_order
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END"""),
        ("client_order", "TRIGGER client_order_no_mask",
            """CREATE TRIGGER client_order_no_mask BEFORE UPDATE OF "conditions", "placed_by" ON client_order
WHEN NOT ((CAST(OLD."conditions" AS TEXT) IS CAST(NEW."conditions" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'conditions' AND was = CAST(OLD."conditions" AS TEXT) AND becomes = CAST(NEW."conditions" AS TEXT))) AND (CAST(OLD."placed_by" AS TEXT) IS CAST(NEW."placed_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'placed_by' AND was = CAST(OLD."placed_by" AS TEXT) AND becomes = CAST(NEW."placed_by" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END"""),
        ("client_order_line", "TRIGGER client_order_line_no_update",
            """CREATE TRIGGER client_order_line_no_update BEFORE UPDATE OF "id", "order_id", "position", "kind", "quantity", "unit", "unit_price", "vat_rate", "points", "contract_kind", "top_up" ON client_order_line
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END"""),
        ("client_order_line", "TRIGGER client_order_line_no_mask",
            """CREATE TRIGGER client_order_line_no_mask BEFORE UPDATE OF "label", "description" ON client_order_line
WHEN NOT ((CAST(OLD."label" AS TEXT) IS CAST(NEW."label" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_line'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'label' AND was = CAST(OLD."label" AS TEXT) AND becomes = CAST(NEW."label" AS TEXT))) AND (CAST(OLD."description" AS TEXT) IS CAST(NEW."description" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_line'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'description' AND was = CAST(OLD."description" AS TEXT) AND becomes = CAST(NEW."description" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END"""),
        ("client_order_event", "TRIGGER client_order_event_no_update",
            """CREATE TRIGGER client_order_event_no_update BEFORE UPDATE OF "id", "order_id", "form_key", "kind", "day", "side", "ground", "line", "recorded_at", "by_id", "file_id", "evidence" ON client_order_event
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END"""),
        ("client_order_event", "TRIGGER client_order_event_no_mask",
            """CREATE TRIGGER client_order_event_no_mask BEFORE UPDATE OF "words", "by" ON client_order_event
WHEN NOT ((CAST(OLD."words" AS TEXT) IS CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_event'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_event'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END"""),
        ("client_order_amendment", "TRIGGER client_order_amendment_no_update",
            """CREATE TRIGGER client_order_amendment_no_update BEFORE UPDATE OF "id", "reference", "order_id", "form_key", "kind", "net_change", "side", "by_id", "proposed_at", "evidence" ON client_order_amendment
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END"""),
        ("client_order_amendment", "TRIGGER client_order_amendment_no_mask",
            """CREATE TRIGGER client_order_amendment_no_mask BEFORE UPDATE OF "words", "by", "capacity", "mail", "identified_by", "ip", "user_agent" ON client_order_amendment
WHEN NOT ((CAST(OLD."words" AS TEXT) IS CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))) AND (CAST(OLD."capacity" AS TEXT) IS CAST(NEW."capacity" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'capacity' AND was = CAST(OLD."capacity" AS TEXT) AND becomes = CAST(NEW."capacity" AS TEXT))) AND (CAST(OLD."mail" AS TEXT) IS CAST(NEW."mail" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'mail' AND was = CAST(OLD."mail" AS TEXT) AND becomes = CAST(NEW."mail" AS TEXT))) AND (CAST(OLD."identified_by" AS TEXT) IS CAST(NEW."identified_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'identified_by' AND was = CAST(OLD."identified_by" AS TEXT) AND becomes = CAST(NEW."identified_by" AS TEXT))) AND (CAST(OLD."ip" AS TEXT) IS CAST(NEW."ip" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'ip' AND was = CAST(OLD."ip" AS TEXT) AND becomes = CAST(NEW."ip" AS TEXT))) AND (CAST(OLD."user_agent" AS TEXT) IS CAST(NEW."user_agent" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_amendment'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'user_agent' AND was = CAST(OLD."user_agent" AS TEXT) AND becomes = CAST(NEW."user_agent" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END"""),
        ("client_order_decision", "TRIGGER client_order_decision_no_update",
            """CREATE TRIGGER client_order_decision_no_update BEFORE UPDATE OF "id", "amendment_id", "form_key", "outcome", "by_id", "decided_at", "evidence" ON client_order_decision
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END"""),
        ("client_order_decision", "TRIGGER client_order_decision_no_mask",
            """CREATE TRIGGER client_order_decision_no_mask BEFORE UPDATE OF "reason", "consents", "by", "capacity", "mail", "identified_by", "ip", "user_agent" ON client_order_decision
WHEN NOT ((CAST(OLD."reason" AS TEXT) IS CAST(NEW."reason" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'reason' AND was = CAST(OLD."reason" AS TEXT) AND becomes = CAST(NEW."reason" AS TEXT))) AND (CAST(OLD."consents" AS TEXT) IS CAST(NEW."consents" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'consents' AND was = CAST(OLD."consents" AS TEXT) AND becomes = CAST(NEW."consents" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))) AND (CAST(OLD."capacity" AS TEXT) IS CAST(NEW."capacity" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'capacity' AND was = CAST(OLD."capacity" AS TEXT) AND becomes = CAST(NEW."capacity" AS TEXT))) AND (CAST(OLD."mail" AS TEXT) IS CAST(NEW."mail" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'mail' AND was = CAST(OLD."mail" AS TEXT) AND becomes = CAST(NEW."mail" AS TEXT))) AND (CAST(OLD."identified_by" AS TEXT) IS CAST(NEW."identified_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'identified_by' AND was = CAST(OLD."identified_by" AS TEXT) AND becomes = CAST(NEW."identified_by" AS TEXT))) AND (CAST(OLD."ip" AS TEXT) IS CAST(NEW."ip" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'ip' AND was = CAST(OLD."ip" AS TEXT) AND becomes = CAST(NEW."ip" AS TEXT))) AND (CAST(OLD."user_agent" AS TEXT) IS CAST(NEW."user_agent" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'user_agent' AND was = CAST(OLD."user_agent" AS TEXT) AND becomes = CAST(NEW."user_agent" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END"""),
        ("quote", "TRIGGER quote_no_change",
            """CREATE TRIGGER quote_no_change BEFORE update ON quote
WHEN OLD.sent_at IS NOT NULL AND (OLD.id IS NOT NEW.id OR OLD.reference IS NOT NEW.reference OR OLD.organisation_id IS NOT NEW.organisation_id OR OLD.request_id IS NOT NEW.request_id OR OLD.parent_id IS NOT NEW.parent_id OR OLD.parent_kind IS NOT NEW.parent_kind OR OLD.sent_at IS NOT NEW.sent_at OR OLD.deposit_percent IS NOT NEW.deposit_percent OR OLD.deposit_amount IS NOT NEW.deposit_amount OR OLD.own_last_day IS NOT NEW.own_last_day OR OLD.latest_day IS NOT NEW.latest_day OR OLD.line_count IS NOT NEW.line_count OR OLD.total_net IS NOT NEW.total_net OR OLD.total_gross IS NOT NEW.total_gross OR OLD.terms_slug IS NOT NEW.terms_slug OR OLD.terms_sha256 IS NOT NEW.terms_sha256)
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END"""),
        ("quote", "TRIGGER quote_no_mask",
            """CREATE TRIGGER quote_no_mask BEFORE update ON quote
WHEN OLD.sent_at IS NOT NULL AND NOT ((CAST(OLD."draft" AS TEXT) IS CAST(NEW."draft" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'draft' AND was = CAST(OLD."draft" AS TEXT) AND becomes = CAST(NEW."draft" AS TEXT))) AND (CAST(OLD."attached" AS TEXT) IS CAST(NEW."attached" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'attached' AND was = CAST(OLD."attached" AS TEXT) AND becomes = CAST(NEW."attached" AS TEXT))) AND (CAST(OLD."subject" AS TEXT) IS CAST(NEW."subject" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'subject' AND was = CAST(OLD."subject" AS TEXT) AND becomes = CAST(NEW."subject" AS TEXT))) AND (CAST(OLD."client" AS TEXT) IS CAST(NEW."client" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'client' AND was = CAST(OLD."client" AS TEXT) AND becomes = CAST(NEW."client" AS TEXT))) AND (CAST(OLD."conditions" AS TEXT) IS CAST(NEW."conditions" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'conditions' AND was = CAST(OLD."conditions" AS TEXT) AND becomes = CAST(NEW."conditions" AS TEXT))) AND (CAST(OLD."derogations" AS TEXT) IS CAST(NEW."derogations" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'derogations' AND was = CAST(OLD."derogations" AS TEXT) AND becomes = CAST(NEW."derogations" AS TEXT))) AND (CAST(OLD."delivery" AS TEXT) IS CAST(NEW."delivery" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'delivery' AND was = CAST(OLD."delivery" AS TEXT) AND becomes = CAST(NEW."delivery" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END"""),
        ("quote_line", "TRIGGER quote_line_no_change",
            """CREATE TRIGGER quote_line_no_change BEFORE update ON quote_line
WHEN (EXISTS (SELECT 1 FROM quote WHERE id = OLD.quote_id AND sent_at IS NOT NULL) OR EXISTS (SELECT 1 FROM quote WHERE id = NEW.quote_id AND sent_at IS NOT NULL)) AND (OLD.id IS NOT NEW.id OR OLD.quote_id IS NOT NEW.quote_id OR OLD.position IS NOT NEW.position OR OLD.kind IS NOT NEW.kind OR OLD.quantity IS NOT NEW.quantity OR OLD.unit IS NOT NEW.unit OR OLD.unit_price IS NOT NEW.unit_price OR OLD.vat_rate IS NOT NEW.vat_rate OR OLD.contract IS NOT NEW.contract OR NOT ((CAST(OLD."description" AS TEXT) IS CAST(NEW."description" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_line'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'description' AND was = CAST(OLD."description" AS TEXT) AND becomes = CAST(NEW."description" AS TEXT)))))
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END"""),
        ("quote_act", "TRIGGER quote_act_no_update",
            """CREATE TRIGGER quote_act_no_update BEFORE UPDATE OF "id", "quote_id", "form_key", "act", "at", "on", "person_id", "ground", "scan_id", "entry" ON quote_act
BEGIN SELECT RAISE(ABORT, 'an act is never changed'); END"""),
        ("quote_act", "TRIGGER quote_act_no_mask",
            """CREATE TRIGGER quote_act_no_mask BEFORE UPDATE OF "name", "capacity", "mail", "identified_by", "consents", "words", "ip", "user_agent" ON quote_act
WHEN NOT ((CAST(OLD."name" AS TEXT) IS CAST(NEW."name" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'name' AND was = CAST(OLD."name" AS TEXT) AND becomes = CAST(NEW."name" AS TEXT))) AND (CAST(OLD."capacity" AS TEXT) IS CAST(NEW."capacity" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'capacity' AND was = CAST(OLD."capacity" AS TEXT) AND becomes = CAST(NEW."capacity" AS TEXT))) AND (CAST(OLD."mail" AS TEXT) IS CAST(NEW."mail" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'mail' AND was = CAST(OLD."mail" AS TEXT) AND becomes = CAST(NEW."mail" AS TEXT))) AND (CAST(OLD."identified_by" AS TEXT) IS CAST(NEW."identified_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'identified_by' AND was = CAST(OLD."identified_by" AS TEXT) AND becomes = CAST(NEW."identified_by" AS TEXT))) AND (CAST(OLD."consents" AS TEXT) IS CAST(NEW."consents" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'consents' AND was = CAST(OLD."consents" AS TEXT) AND becomes = CAST(NEW."consents" AS TEXT))) AND (CAST(OLD."words" AS TEXT) IS CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."ip" AS TEXT) IS CAST(NEW."ip" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'ip' AND was = CAST(OLD."ip" AS TEXT) AND becomes = CAST(NEW."ip" AS TEXT))) AND (CAST(OLD."user_agent" AS TEXT) IS CAST(NEW."user_agent" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'user_agent' AND was = CAST(OLD."user_agent" AS TEXT) AND becomes = CAST(NEW."user_agent" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'an act is never changed'); END"""),
        ("time_correction", "TRIGGER time_correction_no_update",
            """CREATE TRIGGER time_correction_no_update BEFORE UPDATE OF "id", "intervention_id", "form_key", "points_before", "points", "net_before", "net", "minutes", "at" ON time_correction
BEGIN SELECT RAISE(ABORT, 'a correction of time is only added'); END"""),
        ("time_correction", "TRIGGER time_correction_no_mask",
            """CREATE TRIGGER time_correction_no_mask BEFORE UPDATE OF "reason", "by" ON time_correction
WHEN NOT ((CAST(OLD."reason" AS TEXT) IS CAST(NEW."reason" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'time_correction'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'reason' AND was = CAST(OLD."reason" AS TEXT) AND becomes = CAST(NEW."reason" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'time_correction'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))))
BEGIN SELECT RAISE(ABORT, 'a correction of time is only added'); END"""),
        ("privacy_archive_piece", "TRIGGER privacy_archive_piece_no_update",
            """CREATE TRIGGER privacy_archive_piece_no_update BEFORE UPDATE ON privacy_archive_piece
WHEN NOT (NEW.id = OLD.id AND OLD.was IS NOT NULL AND NEW.was IS NULL AND NEW.becomes IS NULL AND NEW.erased_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'what is archived is only ever erased'); END"""),
        ("privacy_archive_piece", "TRIGGER privacy_archive_piece_no_delete",
            """CREATE TRIGGER privacy_archive_piece_no_delete BEFORE delete ON privacy_archive_piece
BEGIN SELECT RAISE(ABORT, 'what is archived is only ever erased'); END"""),
        ("privacy_archive_piece", "TRIGGER privacy_archive_piece_no_replace",
            """CREATE TRIGGER privacy_archive_piece_no_replace BEFORE INSERT ON privacy_archive_piece
WHEN EXISTS (SELECT 1 FROM privacy_archive_piece WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'what is archived is only ever erased'); END"""),
    ),
    "postgresql": (
        ("contract", "FUNCTION contract_refuse",
            """CREATE OR REPLACE FUNCTION contract_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF TG_NAME = 'contract_no_mask'
AND (CAST(OLD."conditions" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."conditions" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'contract'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'conditions' AND was = CAST(OLD."conditions" AS TEXT) AND becomes = CAST(NEW."conditions" AS TEXT))) THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'what was agreed in a contract stays'; END $$"""),
        ("contract", "TRIGGER contract_no_change",
            """CREATE TRIGGER contract_no_change BEFORE UPDATE OF "reference", "organisation_id", "kind", "signed_on", "opened_at", "order_reference", "terms_slug", "terms_sha256" OR DELETE ON contract
FOR EACH ROW EXECUTE FUNCTION contract_refuse()"""),
        ("contract", "TRIGGER contract_no_mask",
            """CREATE TRIGGER contract_no_mask BEFORE UPDATE OF "conditions" ON contract
FOR EACH ROW EXECUTE FUNCTION contract_refuse()"""),
        ("contract_entry", "FUNCTION contract_entry_refuse",
            """CREATE OR REPLACE FUNCTION contract_entry_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF to_jsonb(NEW) - ARRAY['words', 'working', 'reason', 'by'] = to_jsonb(OLD) - ARRAY['words', 'working', 'reason', 'by']
AND (CAST(OLD."words" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'contract_entry'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."working" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."working" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'contract_entry'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'working' AND was = CAST(OLD."working" AS TEXT) AND becomes = CAST(NEW."working" AS TEXT))) AND (CAST(OLD."reason" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."reason" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'contract_entry'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'reason' AND was = CAST(OLD."reason" AS TEXT) AND becomes = CAST(NEW."reason" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'contract_entry'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))) THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'the ledger is append-only'; END $$"""),
        ("client_order", "FUNCTION client_order_refuse",
            """CREATE OR REPLACE FUNCTION client_order_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF to_jsonb(NEW) - ARRAY['conditions', 'placed_by'] = to_jsonb(OLD) - ARRAY['conditions', 'placed_by']
AND (CAST(OLD."conditions" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."conditions" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'conditions' AND was = CAST(OLD."conditions" AS TEXT) AND becomes = CAST(NEW."conditions" AS TEXT))) AND (CAST(OLD."placed_by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."placed_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'placed_by' AND was = CAST(OLD."placed_by" AS TEXT) AND becomes = CAST(NEW."placed_by" AS TEXT))) THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'a final order is frozen'; END $$"""),
        ("client_order_line", "FUNCTION client_order_line_refuse",
            """CREATE OR REPLACE FUNCTION client_order_line_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF to_jsonb(NEW) - ARRAY['label', 'description'] = to_jsonb(OLD) - ARRAY['label', 'description']
AND (CAST(OLD."label" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."label" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_line'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'label' AND was = CAST(OLD."label" AS TEXT) AND becomes = CAST(NEW."label" AS TEXT))) AND (CAST(OLD."description" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."description" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_line'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'description' AND was = CAST(OLD."description" AS TEXT) AND becomes = CAST(NEW."description" AS TEXT))) THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'a final order is frozen'; END $$"""),
        ("client_order_event", "FUNCTION client_order_event_refuse",
            """CREATE OR REPLACE FUNCTION client_order_event_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF to_jsonb(NEW) - ARRAY['words', 'by'] = to_jsonb(OLD) - ARRAY['words', 'by']
AND (CAST(OLD."words" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_event'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_event'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))) THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'what became of a final order is only added to'; END $$"""),
        ("client_order_amendment", "FUNCTION client_order_amendment_refuse",
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
RAISE EXCEPTION 'what became of a final order is only added to'; END $$"""),
        ("client_order_decision", "FUNCTION client_order_decision_refuse",
            """CREATE OR REPLACE FUNCTION client_order_decision_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF to_jsonb(NEW) - ARRAY['reason', 'consents', 'by', 'capacity', 'mail', 'identified_by', 'ip', 'user_agent'] = to_jsonb(OLD) - ARRAY['reason', 'consents', 'by', 'capacity', 'mail', 'identified_by', 'ip', 'user_agent']
AND (CAST(OLD."reason" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."reason" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'reason' AND was = CAST(OLD."reason" AS TEXT) AND becomes = CAST(NEW."reason" AS TEXT))) AND (CAST(OLD."consents" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."consents" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'consents' AND was = CAST(OLD."consents" AS TEXT) AND becomes = CAST(NEW."consents" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))) AND (CAST(OLD."capacity" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."capacity" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'capacity' AND was = CAST(OLD."capacity" AS TEXT) AND becomes = CAST(NEW."capacity" AS TEXT))) AND (CAST(OLD."mail" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."mail" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'mail' AND was = CAST(OLD."mail" AS TEXT) AND becomes = CAST(NEW."mail" AS TEXT))) AND (CAST(OLD."identified_by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."identified_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'identified_by' AND was = CAST(OLD."identified_by" AS TEXT) AND becomes = CAST(NEW."identified_by" AS TEXT))) AND (CAST(OLD."ip" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."ip" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'ip' AND was = CAST(OLD."ip" AS TEXT) AND becomes = CAST(NEW."ip" AS TEXT))) AND (CAST(OLD."user_agent" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."user_agent" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'client_order_decision'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'user_agent' AND was = CAST(OLD."user_agent" AS TEXT) AND becomes = CAST(NEW."user_agent" AS TEXT))) THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'what became of a final order is only added to'; END $$"""),
        ("quote", "FUNCTION quote_masked",
            """CREATE OR REPLACE FUNCTION quote_masked() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF OLD.sent_at IS NOT NULL AND NOT ((CAST(OLD."draft" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."draft" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'draft' AND was = CAST(OLD."draft" AS TEXT) AND becomes = CAST(NEW."draft" AS TEXT))) AND (CAST(OLD."attached" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."attached" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'attached' AND was = CAST(OLD."attached" AS TEXT) AND becomes = CAST(NEW."attached" AS TEXT))) AND (CAST(OLD."subject" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."subject" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'subject' AND was = CAST(OLD."subject" AS TEXT) AND becomes = CAST(NEW."subject" AS TEXT))) AND (CAST(OLD."client" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."client" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'client' AND was = CAST(OLD."client" AS TEXT) AND becomes = CAST(NEW."client" AS TEXT))) AND (CAST(OLD."conditions" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."conditions" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'conditions' AND was = CAST(OLD."conditions" AS TEXT) AND becomes = CAST(NEW."conditions" AS TEXT))) AND (CAST(OLD."derogations" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."derogations" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'derogations' AND was = CAST(OLD."derogations" AS TEXT) AND becomes = CAST(NEW."derogations" AS TEXT))) AND (CAST(OLD."delivery" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."delivery" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'delivery' AND was = CAST(OLD."delivery" AS TEXT) AND becomes = CAST(NEW."delivery" AS TEXT)))) THEN RAISE EXCEPTION 'a quote that was sent is frozen'; END IF; RETURN NEW; END $$"""),
        ("quote", "TRIGGER quote_no_change",
            """CREATE TRIGGER quote_no_change BEFORE UPDATE ON quote
FOR EACH ROW WHEN (OLD.sent_at IS NOT NULL AND (OLD.id::text IS DISTINCT FROM NEW.id::text OR OLD.reference::text IS DISTINCT FROM NEW.reference::text OR OLD.organisation_id::text IS DISTINCT FROM NEW.organisation_id::text OR OLD.request_id::text IS DISTINCT FROM NEW.request_id::text OR OLD.parent_id::text IS DISTINCT FROM NEW.parent_id::text OR OLD.parent_kind::text IS DISTINCT FROM NEW.parent_kind::text OR OLD.sent_at::text IS DISTINCT FROM NEW.sent_at::text OR OLD.deposit_percent::text IS DISTINCT FROM NEW.deposit_percent::text OR OLD.deposit_amount::text IS DISTINCT FROM NEW.deposit_amount::text OR OLD.own_last_day::text IS DISTINCT FROM NEW.own_last_day::text OR OLD.latest_day::text IS DISTINCT FROM NEW.latest_day::text OR OLD.line_count::text IS DISTINCT FROM NEW.line_count::text OR OLD.total_net::text IS DISTINCT FROM NEW.total_net::text OR OLD.total_gross::text IS DISTINCT FROM NEW.total_gross::text OR OLD.terms_slug::text IS DISTINCT FROM NEW.terms_slug::text OR OLD.terms_sha256::text IS DISTINCT FROM NEW.terms_sha256::text)) EXECUTE FUNCTION quote_refuse()"""),
        ("quote", "TRIGGER quote_no_mask",
            """CREATE TRIGGER quote_no_mask BEFORE UPDATE ON quote
FOR EACH ROW EXECUTE FUNCTION quote_masked()"""),
        ("quote_line", "FUNCTION quote_line_frozen",
            """CREATE OR REPLACE FUNCTION quote_line_frozen() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF (EXISTS (SELECT 1 FROM quote WHERE id = OLD.quote_id AND sent_at IS NOT NULL) OR EXISTS (SELECT 1 FROM quote WHERE id = NEW.quote_id AND sent_at IS NOT NULL)) AND (OLD.id::text IS DISTINCT FROM NEW.id::text OR OLD.quote_id::text IS DISTINCT FROM NEW.quote_id::text OR OLD.position::text IS DISTINCT FROM NEW.position::text OR OLD.kind::text IS DISTINCT FROM NEW.kind::text OR OLD.quantity::text IS DISTINCT FROM NEW.quantity::text OR OLD.unit::text IS DISTINCT FROM NEW.unit::text OR OLD.unit_price::text IS DISTINCT FROM NEW.unit_price::text OR OLD.vat_rate::text IS DISTINCT FROM NEW.vat_rate::text OR OLD.contract::text IS DISTINCT FROM NEW.contract::text OR NOT ((CAST(OLD."description" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."description" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_line'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'description' AND was = CAST(OLD."description" AS TEXT) AND becomes = CAST(NEW."description" AS TEXT))))) THEN RAISE EXCEPTION 'a quote that was sent is frozen'; END IF; RETURN NEW; END $$"""),
        ("quote_act", "FUNCTION quote_act_refuse",
            """CREATE OR REPLACE FUNCTION quote_act_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF to_jsonb(NEW) - ARRAY['name', 'capacity', 'mail', 'identified_by', 'consents', 'words', 'ip', 'user_agent'] = to_jsonb(OLD) - ARRAY['name', 'capacity', 'mail', 'identified_by', 'consents', 'words', 'ip', 'user_agent']
AND (CAST(OLD."name" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."name" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'name' AND was = CAST(OLD."name" AS TEXT) AND becomes = CAST(NEW."name" AS TEXT))) AND (CAST(OLD."capacity" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."capacity" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'capacity' AND was = CAST(OLD."capacity" AS TEXT) AND becomes = CAST(NEW."capacity" AS TEXT))) AND (CAST(OLD."mail" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."mail" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'mail' AND was = CAST(OLD."mail" AS TEXT) AND becomes = CAST(NEW."mail" AS TEXT))) AND (CAST(OLD."identified_by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."identified_by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'identified_by' AND was = CAST(OLD."identified_by" AS TEXT) AND becomes = CAST(NEW."identified_by" AS TEXT))) AND (CAST(OLD."consents" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."consents" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'consents' AND was = CAST(OLD."consents" AS TEXT) AND becomes = CAST(NEW."consents" AS TEXT))) AND (CAST(OLD."words" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."words" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'words' AND was = CAST(OLD."words" AS TEXT) AND becomes = CAST(NEW."words" AS TEXT))) AND (CAST(OLD."ip" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."ip" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'ip' AND was = CAST(OLD."ip" AS TEXT) AND becomes = CAST(NEW."ip" AS TEXT))) AND (CAST(OLD."user_agent" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."user_agent" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'quote_act'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'user_agent' AND was = CAST(OLD."user_agent" AS TEXT) AND becomes = CAST(NEW."user_agent" AS TEXT))) THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'an act is never changed'; END $$"""),
        ("time_correction", "FUNCTION time_correction_refuse",
            """CREATE OR REPLACE FUNCTION time_correction_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF to_jsonb(NEW) - ARRAY['reason', 'by'] = to_jsonb(OLD) - ARRAY['reason', 'by']
AND (CAST(OLD."reason" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."reason" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'time_correction'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'reason' AND was = CAST(OLD."reason" AS TEXT) AND becomes = CAST(NEW."reason" AS TEXT))) AND (CAST(OLD."by" AS TEXT) IS NOT DISTINCT FROM CAST(NEW."by" AS TEXT) OR EXISTS (SELECT 1 FROM privacy_archive_piece WHERE in_table = 'time_correction'
AND row_key = CAST(OLD."id" AS TEXT) AND in_column = 'by' AND was = CAST(OLD."by" AS TEXT) AND becomes = CAST(NEW."by" AS TEXT))) THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'a correction of time is only added'; END $$"""),
        ("privacy_archive_piece", "FUNCTION privacy_archive_piece_refuse",
            """CREATE FUNCTION privacy_archive_piece_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF NEW.id = OLD.id AND OLD.was IS NOT NULL AND NEW.was IS NULL AND NEW.becomes IS NULL AND NEW.erased_at IS NOT NULL THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION 'what is archived is only ever erased'; END $$"""),
        ("privacy_archive_piece", "TRIGGER privacy_archive_piece_no_change",
            """CREATE TRIGGER privacy_archive_piece_no_change BEFORE UPDATE OR DELETE ON privacy_archive_piece
FOR EACH ROW EXECUTE FUNCTION privacy_archive_piece_refuse()"""),
        ("privacy_archive_piece", "TRIGGER privacy_archive_piece_no_truncate",
            """CREATE TRIGGER privacy_archive_piece_no_truncate BEFORE TRUNCATE ON privacy_archive_piece
FOR EACH STATEMENT EXECUTE FUNCTION privacy_archive_piece_refuse()"""),
    ),
}  # fmt: skip
#: What it let through before.
BEFORE = {
    "sqlite": (
        ("contract", "TRIGGER contract_no_update",
            """CREATE TRIGGER contract_no_update BEFORE update OF reference, organisation_id, kind, signed_on, opened_at, order_reference, terms_slug, terms_sha256, conditions ON contract
BEGIN SELECT RAISE(ABORT, 'what was agreed in a contract stays'); END"""),
        ("contract_entry", "TRIGGER contract_entry_no_update",
            """CREATE TRIGGER contract_entry_no_update BEFORE update ON contract_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"""),
        ("client_order", "TRIGGER client_order_no_update",
            """CREATE TRIGGER client_order_no_update BEFORE update ON client_order
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END"""),
        ("client_order_line", "TRIGGER client_order_line_no_update",
            """CREATE TRIGGER client_order_line_no_update BEFORE update ON client_order_line
BEGIN SELECT RAISE(ABORT, 'a final order is frozen'); END"""),
        ("client_order_event", "TRIGGER client_order_event_no_update",
            """CREATE TRIGGER client_order_event_no_update BEFORE update ON client_order_event
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END"""),
        ("client_order_amendment", "TRIGGER client_order_amendment_no_update",
            """CREATE TRIGGER client_order_amendment_no_update BEFORE update ON client_order_amendment
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END"""),
        ("client_order_decision", "TRIGGER client_order_decision_no_update",
            """CREATE TRIGGER client_order_decision_no_update BEFORE update ON client_order_decision
BEGIN SELECT RAISE(ABORT, 'what became of a final order is only added to'); END"""),
        ("quote", "TRIGGER quote_no_change",
            """CREATE TRIGGER quote_no_change BEFORE update ON quote
WHEN OLD.sent_at IS NOT NULL AND (OLD.id IS NOT NEW.id OR OLD.reference IS NOT NEW.reference OR OLD.organisation_id IS NOT NEW.organisation_id OR OLD.request_id IS NOT NEW.request_id OR OLD.parent_id IS NOT NEW.parent_id OR OLD.parent_kind IS NOT NEW.parent_kind OR OLD.draft IS NOT NEW.draft OR OLD.attached IS NOT NEW.attached OR OLD.sent_at IS NOT NEW.sent_at OR OLD.subject IS NOT NEW.subject OR OLD.client IS NOT NEW.client OR OLD.conditions IS NOT NEW.conditions OR OLD.derogations IS NOT NEW.derogations OR OLD.delivery IS NOT NEW.delivery OR OLD.deposit_percent IS NOT NEW.deposit_percent OR OLD.deposit_amount IS NOT NEW.deposit_amount OR OLD.own_last_day IS NOT NEW.own_last_day OR OLD.latest_day IS NOT NEW.latest_day OR OLD.line_count IS NOT NEW.line_count OR OLD.total_net IS NOT NEW.total_net OR OLD.total_gross IS NOT NEW.total_gross OR OLD.terms_slug IS NOT NEW.terms_slug OR OLD.terms_sha256 IS NOT NEW.terms_sha256)
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END"""),
        ("quote_line", "TRIGGER quote_line_no_change",
            """CREATE TRIGGER quote_line_no_change BEFORE update ON quote_line
WHEN EXISTS (SELECT 1 FROM quote WHERE id = OLD.quote_id AND sent_at IS NOT NULL) OR EXISTS (SELECT 1 FROM quote WHERE id = NEW.quote_id AND sent_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a quote that was sent is frozen'); END"""),
        ("quote_act", "TRIGGER quote_act_no_update",
            """CREATE TRIGGER quote_act_no_update BEFORE update ON quote_act
BEGIN SELECT RAISE(ABORT, 'an act is never changed'); END"""),
        ("time_correction", "TRIGGER time_correction_no_update",
            """CREATE TRIGGER time_correction_no_update BEFORE update ON time_correction
BEGIN SELECT RAISE(ABORT, 'a correction of time is only added'); END"""),
    ),
    "postgresql": (
        ("contract", "FUNCTION contract_refuse",
            """CREATE OR REPLACE FUNCTION contract_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'what was agreed in a contract stays'; END $$"""),
        ("contract", "TRIGGER contract_no_change",
            """CREATE TRIGGER contract_no_change BEFORE UPDATE OF reference, organisation_id, kind, signed_on, opened_at, order_reference, terms_slug, terms_sha256, conditions OR DELETE ON contract
FOR EACH ROW EXECUTE FUNCTION contract_refuse()"""),
        ("contract_entry", "FUNCTION contract_entry_refuse",
            """CREATE OR REPLACE FUNCTION contract_entry_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"""),
        ("client_order", "FUNCTION client_order_refuse",
            """CREATE OR REPLACE FUNCTION client_order_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'a final order is frozen'; END $$"""),
        ("client_order_line", "FUNCTION client_order_line_refuse",
            """CREATE OR REPLACE FUNCTION client_order_line_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'a final order is frozen'; END $$"""),
        ("client_order_event", "FUNCTION client_order_event_refuse",
            """CREATE OR REPLACE FUNCTION client_order_event_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'what became of a final order is only added to'; END $$"""),
        ("client_order_amendment", "FUNCTION client_order_amendment_refuse",
            """CREATE OR REPLACE FUNCTION client_order_amendment_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'what became of a final order is only added to'; END $$"""),
        ("client_order_decision", "FUNCTION client_order_decision_refuse",
            """CREATE OR REPLACE FUNCTION client_order_decision_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'what became of a final order is only added to'; END $$"""),
        ("quote", "TRIGGER quote_no_change",
            """CREATE TRIGGER quote_no_change BEFORE UPDATE ON quote
FOR EACH ROW WHEN (OLD.sent_at IS NOT NULL AND (OLD.id::text IS DISTINCT FROM NEW.id::text OR OLD.reference::text IS DISTINCT FROM NEW.reference::text OR OLD.organisation_id::text IS DISTINCT FROM NEW.organisation_id::text OR OLD.request_id::text IS DISTINCT FROM NEW.request_id::text OR OLD.parent_id::text IS DISTINCT FROM NEW.parent_id::text OR OLD.parent_kind::text IS DISTINCT FROM NEW.parent_kind::text OR OLD.draft::text IS DISTINCT FROM NEW.draft::text OR OLD.attached::text IS DISTINCT FROM NEW.attached::text OR OLD.sent_at::text IS DISTINCT FROM NEW.sent_at::text OR OLD.subject::text IS DISTINCT FROM NEW.subject::text OR OLD.client::text IS DISTINCT FROM NEW.client::text OR OLD.conditions::text IS DISTINCT FROM NEW.conditions::text OR OLD.derogations::text IS DISTINCT FROM NEW.derogations::text OR OLD.delivery::text IS DISTINCT FROM NEW.delivery::text OR OLD.deposit_percent::text IS DISTINCT FROM NEW.deposit_percent::text OR OLD.deposit_amount::text IS DISTINCT FROM NEW.deposit_amount::text OR OLD.own_last_day::text IS DISTINCT FROM NEW.own_last_day::text OR OLD.latest_day::text IS DISTINCT FROM NEW.latest_day::text OR OLD.line_count::text IS DISTINCT FROM NEW.line_count::text OR OLD.total_net::text IS DISTINCT FROM NEW.total_net::text OR OLD.total_gross::text IS DISTINCT FROM NEW.total_gross::text OR OLD.terms_slug::text IS DISTINCT FROM NEW.terms_slug::text OR OLD.terms_sha256::text IS DISTINCT FROM NEW.terms_sha256::text)) EXECUTE FUNCTION quote_refuse()"""),
        ("quote_line", "FUNCTION quote_line_frozen",
            """CREATE OR REPLACE FUNCTION quote_line_frozen() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF EXISTS (SELECT 1 FROM quote WHERE id = OLD.quote_id AND sent_at IS NOT NULL) OR EXISTS (SELECT 1 FROM quote WHERE id = NEW.quote_id AND sent_at IS NOT NULL) THEN RAISE EXCEPTION 'a quote that was sent is frozen'; END IF; RETURN NEW; END $$"""),
        ("quote_act", "FUNCTION quote_act_refuse",
            """CREATE OR REPLACE FUNCTION quote_act_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'an act is never changed'; END $$"""),
        ("time_correction", "FUNCTION time_correction_refuse",
            """CREATE OR REPLACE FUNCTION time_correction_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'a correction of time is only added'; END $$"""),
    ),
}  # fmt: skip


def _swap(gone: dict[str, tuple[tuple[str, str, str], ...]], made: dict[str, tuple[tuple[str, str, str], ...]]) -> None:
    dialect = op.get_bind().dialect.name
    for table, what, _ in gone[dialect]:
        if what.startswith("TRIGGER"):
            op.execute(f"DROP {what} ON {table}" if dialect == "postgresql" else f"DROP {what}")
    kept = {what for _, what, _ in made[dialect]}
    for _, what, _ in gone[dialect]:
        if what.startswith("FUNCTION") and what not in kept:
            op.execute(f"DROP {what}()")
    for _, _, statement in made[dialect]:
        op.execute(sa.text(statement.replace(":", "\\:")))


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "privacy_archive_piece",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("archive_id", sa.Integer(), nullable=False),
        sa.Column("in_table", sa.String(length=60), nullable=False),
        sa.Column("row_key", sa.String(length=40), nullable=False),
        sa.Column("in_column", sa.String(length=60), nullable=False),
        sa.Column("was", sa.Text(), nullable=True),
        sa.Column("becomes", sa.Text(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(was IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_privacy_archive_piece_erased_is_empty")
        ),
        sa.ForeignKeyConstraint(
            ["archive_id"], ["privacy_archive.id"], name=op.f("fk_privacy_archive_piece_archive_id_privacy_archive")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_archive_piece")),
    )
    with op.batch_alter_table("privacy_archive_piece") as batch:
        batch.create_index("ix_privacy_archive_piece_archive_id", ["archive_id"], unique=False)
        batch.create_index("ix_privacy_archive_piece_place", ["in_table", "row_key", "in_column"], unique=False)
    with op.batch_alter_table("privacy_archive") as batch:
        batch.alter_column("reference", existing_type=sa.String(length=80), type_=sa.String(length=200))
        batch.add_column(sa.Column("subject", sa.JSON(), nullable=True))
    with op.batch_alter_table("stored_file") as batch:
        batch.add_column(sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    _swap(BEFORE, NOW)


def downgrade() -> None:
    """Back to the schema before; what was archived stays out of the records."""
    _swap(NOW, BEFORE)
    with op.batch_alter_table("stored_file") as batch:
        batch.drop_column("archived_at")
    with op.batch_alter_table("privacy_archive") as batch:
        batch.drop_column("subject")
        batch.alter_column("reference", existing_type=sa.String(length=200), type_=sa.String(length=80))
    op.drop_table("privacy_archive_piece")
