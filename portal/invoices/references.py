"""The references of ours that stand in an invoice: of orders, contracts, tickets."""

import re

from portal.invoices.models import Invoice, InvoiceLine

#: References as the rooms below give them: ``TIC-2026-0001``.
_REFERENCE = re.compile(r"\b[A-Z]{2,4}-\d{4}-\d{4,}\b")


def references(invoice: Invoice) -> list[str]:
    """Every reference of ours that stands anywhere on an invoice, in the order of the page."""
    details = invoice.details
    said = [
        invoice.sales_order, invoice.purchase_order, invoice.contract, details.get("project", ""),
        details.get("buyer_reference", ""), *details.get("notes", ()),
    ]  # fmt: skip
    for line in invoice.lines:
        said += _said_in(line)
    return _found(said)


def of_line(line: InvoiceLine) -> list[str]:
    """Those that stand in one line."""
    return _found(_said_in(line))


def _said_in(line: InvoiceLine) -> list[str]:
    return [line.name, line.description, line.note, *(str(value) for value in line.details.values() if value)]


def _found(said: list[str]) -> list[str]:
    return list(dict.fromkeys(_REFERENCE.findall("\n".join(said).upper())))
