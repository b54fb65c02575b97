"""The national status 207 "En litige" and its coded reason, for the company's accredited platform. Pure.

The portal issues no status: whoever downloads this carries it over.
"""

from typing import Any

from portal.invoices.dispute_models import Dispute

STATUS, LABEL = "207", "En litige"


def status_207(dispute: Dispute) -> dict[str, Any]:
    """What the platform needs of a dispute: dates ISO, amounts as decimal strings."""
    invoice = dispute.invoice
    numbers = {line.id: line.number or str(line.position) for line in invoice.lines}
    return {
        "status": {"code": STATUS, "label": LABEL},
        "issued_by_this_portal": False,
        "reason": {"code": dispute.reason.value, "label": dispute.reason.label},
        "dispute": {
            "reference": dispute.reference,
            "sent_on": dispute.sent_on.isoformat(),
            "filed_at": dispute.filed_at.isoformat(),
            "late": dispute.late,
            "admitted": dispute.admitted_at is not None,
            "amount": f"{dispute.amount:f}",
            "text": dispute.text,
        },
        "lines": [{"number": numbers[each.line_id], "amount": f"{each.amount:f}"} for each in dispute.lines],
        "invoice": {
            "number": invoice.number,
            "type": invoice.type_code,
            "issued_on": invoice.issued_on.isoformat(),
            "currency": invoice.currency,
            "payable": f"{invoice.payable:f}",
            "seller": invoice.seller,
            "seller_vat": invoice.seller_vat,
            "buyer": invoice.buyer,
            "buyer_siren": invoice.buyer_siren,
            "sha256": invoice.file_sha256,
        },
    }
