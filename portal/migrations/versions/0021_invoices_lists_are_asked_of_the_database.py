"""Invoices: lists are asked of the database"""

import json
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COLUMNS = ("came_late", "settling", "remaining", "claimable", "disputed_left", "due_day", "searched")


def upgrade() -> None:
    """Towards the new schema."""
    # With a default of their own the columns are added in place: the table is not made again, its rules stay.
    op.add_column("invoice", sa.Column("came_late", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("invoice", sa.Column("settling", sa.String(length=20), server_default="asked", nullable=False))
    for name in ("remaining", "claimable", "disputed_left"):
        op.add_column("invoice", sa.Column(name, sa.String(length=60), server_default="0", nullable=False))
    op.add_column("invoice", sa.Column("due_day", sa.Date(), nullable=True))
    op.add_column("invoice", sa.Column("searched", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.drop_index("ix_invoice_organisation", "invoice")
    op.create_index("ix_invoice_organisation", "invoice", ["organisation_id", "issued_on", "id"])
    op.create_index("ix_invoice_client_settling", "invoice", ["organisation_id", "settling", "due_day"])
    op.create_index("ix_invoice_issued", "invoice", ["issued_on", "id"])
    op.create_index("ix_invoice_late", "invoice", ["came_late", "late_seen_at"])
    op.create_index("ix_invoice_settling", "invoice", ["settling", "due_day", "organisation_id"])
    connection = op.get_bind()
    for invoice in connection.execute(sa.text("SELECT * FROM invoice")).mappings().all():
        connection.execute(
            sa.text(f"UPDATE invoice SET {', '.join(f'{name} = :{name}' for name in COLUMNS)} WHERE id = :id"),  # noqa: S608 - our own names
            {"id": invoice["id"], **_filled(connection, invoice)},
        )


def downgrade() -> None:
    """Back to the old one."""
    for name in ("settling", "late", "issued", "client_settling", "organisation"):
        op.drop_index(f"ix_invoice_{name}", "invoice")
    op.create_index("ix_invoice_organisation", "invoice", ["organisation_id", "issued_on"])
    for name in COLUMNS:
        op.execute(f"ALTER TABLE invoice DROP COLUMN {name}")


# What the rules made of an invoice on the day of this step; the rules themselves live on in the room.


def _filled(connection: sa.Connection, invoice: Any) -> dict[str, Any]:
    asked = {"invoice": invoice["id"]}

    def rows(query: str) -> list[Any]:
        return list(connection.execute(sa.text(query), asked).mappings())

    payments = rows("SELECT * FROM invoice_payment WHERE invoice_id = :invoice AND cancelled_at IS NULL")
    disputes = rows("SELECT * FROM dispute WHERE invoice_id = :invoice")
    deferrals = rows(
        "SELECT until FROM invoice_deferral WHERE invoice_id = :invoice AND cancelled_at IS NULL ORDER BY id"
    )
    over = ("accepted", "withdrawn", "settled")
    credit = invoice["type_code"] in {"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"}
    zero = Decimal(0)
    paid = sum((Decimal(each["amount"]) for each in payments), zero)
    left = zero if credit else max(Decimal(invoice["payable"]) - paid, zero)
    disputed = min(left, sum((
        Decimal(each["amount"]) for each in disputes
        if each["state"] not in over and (not each["late"] or each["admitted_at"] is not None)
    ), zero))  # fmt: skip
    granted = [each for each in disputes if each["state"] in over and each["credited"]]
    promised = sum((Decimal(each["credited"]) for each in granted), zero)
    if granted:
        since = min(str(each["filed_at"]) for each in granted)
        promised -= sum((
            Decimal(each["amount"]) for each in payments
            if each["means"] == "credit_note" and str(each["recorded_at"]) >= since
        ), zero)  # fmt: skip
    claimable = left - disputed - min(max(promised, zero), left - disputed)
    settling = "asked" if claimable else "held"
    if credit or Decimal(invoice["payable"]) < 0:
        settling = "credit"
    elif not left:
        settling = "paid"
    return {
        "came_late": _late(invoice), "settling": settling, "remaining": f"{left:f}", "claimable": f"{claimable:f}",
        "disputed_left": f"{disputed:f}", "due_day": deferrals[-1]["until"] if deferrals else invoice["due_on"],
        "searched": _searched(invoice, rows),
    }  # fmt: skip


def _late(invoice: Any) -> bool:
    """Two working days after its issue; holidays are not known here, so that staff may be told of one too many."""
    given = invoice["available_at"]
    if given is None:
        return False
    if isinstance(given, str):
        given = datetime.fromisoformat(f"{given}+00:00")
    last = invoice["issued_on"]
    last = date.fromisoformat(last) if isinstance(last, str) else last
    for _ in range(2):
        last += timedelta(days=1)
        while last.weekday() > 4:  # noqa: PLR2004 - Saturday and Sunday
            last += timedelta(days=1)
    return bool(given.astimezone(ZoneInfo("Europe/Paris")).date() > last)


def _searched(invoice: Any, rows: Any) -> str:
    details = invoice["details"]
    details = json.loads(details) if isinstance(details, str) else details
    issued, gross = str(invoice["issued_on"]), f"{Decimal(invoice['gross']):.2f}"
    said = [
        invoice["number"], invoice["buyer"], invoice["seller"], invoice["purchase_order"], invoice["sales_order"],
        invoice["contract"], "/".join(reversed(issued.split("-"))), issued, gross, gross.replace(".", ","),
        details.get("project"), details.get("buyer_reference"), *details.get("notes", ()),
    ]  # fmt: skip
    for line in rows("SELECT * FROM invoice_line WHERE invoice_id = :invoice ORDER BY position"):
        more = line["details"]
        more = json.loads(more) if isinstance(more, str) else more
        said += [line["name"], line["description"], line["note"], *(str(value) for value in more.values() if value)]
    plain = unicodedata.normalize("NFKD", "\n".join(filter(None, said)).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
