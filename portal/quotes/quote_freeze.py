"""What the database refuses of a quote that was sent: to change what it says, to take it away, to add a line.

Not only the application: its own SQL too. What became of a quote (received, accepted …) may still be
written, but a final one stays final. A person who is erased leaves these words for the archive: that change alone
is let through, once the archive holds what stood there. The migration holds the same statements, written out.
"""

from portal.guards import Guards, archived

REFUSAL = "a quote that was sent is frozen"
#: What a quote says: compared as text, for PostgreSQL knows no equality of JSON.
CONTENT = (
    "id", "reference", "organisation_id", "request_id", "parent_id", "parent_kind", "sent_at", "deposit_percent",
    "deposit_amount", "own_last_day", "latest_day", "line_count", "total_net", "total_gross", "terms_slug",
    "terms_sha256",
)  # fmt: skip
#: Its words, which may name somebody.
WORDS = ("draft", "attached", "subject", "client", "conditions", "derogations", "delivery")
#: What an order stands on: nothing of it changes once it is final.
FINAL = ("state", "received_on", "last_day", "nominal_day", "closed_at", "order_reference")


def _differs(columns: tuple[str, ...], *, sqlite: bool) -> str:
    if sqlite:
        return " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in columns)
    return " OR ".join(f"OLD.{name}::text IS DISTINCT FROM NEW.{name}::text" for name in columns)


_LINE_WORDS = ("description",)
_LINE_REST = ("id", "quote_id", "position", "kind", "quantity", "unit", "unit_price", "vat_rate", "contract")
_FROZEN_LINE = "EXISTS (SELECT 1 FROM quote WHERE id = {0}.quote_id AND sent_at IS NOT NULL)"
# As many lines as it was sent with: a backup is read back line by line, and one more is refused.
_FULL = """EXISTS (SELECT 1 FROM quote WHERE id = NEW.quote_id AND line_count IS NOT NULL
AND line_count <= (SELECT count(*) FROM quote_line WHERE quote_id = NEW.quote_id))"""
_REPLACES = """EXISTS (SELECT 1 FROM quote_line JOIN quote ON quote.id = quote_line.quote_id WHERE quote.sent_at IS NOT NULL
AND (quote_line.id = NEW.id OR (quote_line.quote_id = NEW.quote_id AND quote_line.position = NEW.position)))"""


def _sqlite(table: str, name: str, event: str, when: str) -> str:
    return f"""CREATE TRIGGER {table}_no_{name} BEFORE {event} ON {table}
WHEN {when}
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""


def _refuse(table: str) -> str:
    return f"""CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"""


def _function(name: str, condition: str, returns: str) -> str:
    return f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF {condition} THEN RAISE EXCEPTION '{REFUSAL}'; END IF; RETURN {returns}; END $$"""


def _no_truncate(table: str) -> str:
    return f"""CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"""


def _changed(*, sqlite: bool) -> str:
    frozen = f"({_FROZEN_LINE.format('OLD')} OR {_FROZEN_LINE.format('NEW')})"
    words = archived("quote_line", _LINE_WORDS, sqlite=sqlite)
    return f"{frozen} AND ({_differs(_LINE_REST, sqlite=sqlite)} OR NOT ({words}))"


QUOTE: Guards = {
    "sqlite": (
        _sqlite("quote", "change", "update", f"OLD.sent_at IS NOT NULL AND ({_differs(CONTENT, sqlite=True)})"),
        _sqlite("quote", "mask", "update", f"OLD.sent_at IS NOT NULL AND NOT ({archived('quote', WORDS, sqlite=True)})"),
        _sqlite("quote", "return", "update", f"OLD.state = 'final' AND ({_differs(FINAL, sqlite=True)})"),
        _sqlite("quote", "delete", "delete", "OLD.sent_at IS NOT NULL"),
        # INSERT OR REPLACE deletes a row without firing its DELETE trigger.
        _sqlite(
            "quote", "replace", "insert",
            "EXISTS (SELECT 1 FROM quote WHERE sent_at IS NOT NULL"
            " AND (id = NEW.id OR reference = NEW.reference OR form_key = NEW.form_key))",
        ),
    ),
    "postgresql": (
        _refuse("quote"),
        f"""CREATE TRIGGER quote_no_change BEFORE UPDATE ON quote
FOR EACH ROW WHEN (OLD.sent_at IS NOT NULL AND ({_differs(CONTENT, sqlite=False)})) EXECUTE FUNCTION quote_refuse()""",
        _function("quote_masked", f"OLD.sent_at IS NOT NULL AND NOT ({archived('quote', WORDS, sqlite=False)})", "NEW"),
        """CREATE TRIGGER quote_no_mask BEFORE UPDATE ON quote
FOR EACH ROW EXECUTE FUNCTION quote_masked()""",
        f"""CREATE TRIGGER quote_no_return BEFORE UPDATE ON quote
FOR EACH ROW WHEN (OLD.state = 'final' AND ({_differs(FINAL, sqlite=False)})) EXECUTE FUNCTION quote_refuse()""",
        """CREATE TRIGGER quote_no_delete BEFORE DELETE ON quote
FOR EACH ROW WHEN (OLD.sent_at IS NOT NULL) EXECUTE FUNCTION quote_refuse()""",
        _no_truncate("quote"),
    ),
}  # fmt: skip
LINES: Guards = {
    "sqlite": (
        _sqlite("quote_line", "change", "update", _changed(sqlite=True)),
        _sqlite("quote_line", "delete", "delete", _FROZEN_LINE.format("OLD")),
        _sqlite("quote_line", "insert", "insert", f"{_FULL} OR {_REPLACES}"),
    ),
    "postgresql": (
        _refuse("quote_line"),
        _function("quote_line_frozen", _changed(sqlite=False), "NEW"),
        _function("quote_line_kept", _FROZEN_LINE.format("OLD"), "OLD"),
        _function("quote_line_full", _FULL, "NEW"),
        """CREATE TRIGGER quote_line_no_change BEFORE UPDATE ON quote_line
FOR EACH ROW EXECUTE FUNCTION quote_line_frozen()""",
        """CREATE TRIGGER quote_line_no_delete BEFORE DELETE ON quote_line
FOR EACH ROW EXECUTE FUNCTION quote_line_kept()""",
        """CREATE TRIGGER quote_line_no_insert BEFORE INSERT ON quote_line
FOR EACH ROW EXECUTE FUNCTION quote_line_full()""",
        _no_truncate("quote_line"),
    ),
}
#: The functions beside the refusal that go with each table.
QUOTE_FUNCTIONS = ("quote_masked",)
FUNCTIONS = ("quote_line_frozen", "quote_line_kept", "quote_line_full")
