"""Since when an organisation has been invoiced: from then on it may be named as a reference (article 12)."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.invoices.document import CREDIT_NOTES
from portal.invoices.models import Invoice


def first_invoice_days(session: Session) -> Mapping[int, date]:
    """The day of the first invoice of each organisation that has one."""
    first = (
        select(Invoice.organisation_id, func.min(Invoice.issued_on))
        .where(Invoice.organisation_id.is_not(None), Invoice.type_code.not_in(CREDIT_NOTES))
        .group_by(Invoice.organisation_id)
    )
    return {number: day for number, day in session.execute(first) if number is not None}
