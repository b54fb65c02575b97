"""The statement of a contract, whole or of one month or year: for a spreadsheet and on paper. Both sides see the same."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import abort, request
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from portal.contracts.actions import balance
from portal.contracts.models import Contract, LedgerEntry
from portal.contracts.period import Month, parsed
from portal.contracts.rules import NOTHING
from portal.contracts.statement import PAPERS, calculation, csv_of
from portal.contracts.views import contracts, mine, terms_of, unsaid
from portal.contracts.working import restored
from portal.paper import pdf_of
from portal.web import db, now, services

#: More movements than that are asked for by the month or the year.
MOST_PRINTED = 5_000


@dataclass(frozen=True, slots=True)
class Statement:
    """Movements, the oldest first, and the balance before and after them."""

    period: Month | None  # None: everything
    entries: list[LedgerEntry]
    before: Decimal
    after: Decimal


@contracts.get("/<reference>/releve.csv")
def statement_csv(reference: str) -> Any:
    """Movements, for a spreadsheet."""
    return csv_answer(mine(reference))


@contracts.get("/<reference>/releve.pdf")
def statement_pdf(reference: str) -> Any:
    """Movements, on paper."""
    return pdf_answer(mine(reference))


def csv_answer(contract: Contract) -> Response:
    """The statement as CSV, of the period that the address asks for."""
    held = _statement(contract)
    response = Response(csv_of(held.entries), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{_name(contract, held)}.csv"'
    return response


def pdf_answer(contract: Contract) -> Response:
    """The statement as PDF."""
    held, library = _statement(contract), services().library
    title = f"Relevé de points du contrat {contract.reference}"
    if held.period is not None:
        title += f", {held.period.label}"
    html = PAPERS.html(
        "statement.html", company=library.company, title=title, contract=contract, entries=held.entries,
        statement=held, left=balance(db.session, contract), terms=terms_of(contract), unsaid=unsaid(), at=now(),
        working=restored, calculation=calculation,
    )  # fmt: skip
    response = Response(pdf_of(html, title=title), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{_name(contract, held)}.pdf"'
    return response


def _name(contract: Contract, held: Statement) -> str:
    return f"releve-{contract.reference}" + (f"-{held.period.key}" if held.period else "")


def _statement(contract: Contract) -> Statement:
    try:
        period = parsed(request.args.get("periode", ""))
    except ValueError:
        abort(404)
    mine_ = LedgerEntry.contract_id == contract.id
    query, earlier = select(LedgerEntry).where(mine_), NOTHING
    if period is not None:
        query = query.where(LedgerEntry.at >= period.begins, LedgerEntry.at < period.ends)
        earlier = (
            db.session.scalar(select(func.sum(LedgerEntry.points)).where(mine_, LedgerEntry.at < period.begins))
            or NOTHING
        )
    latest = db.session.scalars(query.order_by(LedgerEntry.seq.desc()).limit(MOST_PRINTED)).all()
    entries = list(reversed(latest))
    before = entries[0].before if entries else earlier
    return Statement(period, entries, before, entries[-1].balance if entries else earlier)
