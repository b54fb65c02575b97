"""Which invoices a list holds: asked of the database by the page, however many there are."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, selectinload

from portal.invoices.dispute_models import Dispute
from portal.invoices.dispute_rules import OVER
from portal.invoices.governing import DISPUTE
from portal.invoices.listing import Row, rows_of
from portal.invoices.models import Invoice, InvoiceImport
from portal.invoices.payment_rules import Settling
from portal.invoices.rules import Import
from portal.terms import Library, Version
from portal.terms.labelled import Labelled

PAGE = 50
#: How many invoices an export reads at once.
BATCH = 500
Criteria = tuple[ColumnElement[bool], ...]
_UNPAID = (Settling.ASKED, Settling.HELD)
_LATEST = (Invoice.issued_on.desc(), Invoice.id.desc())


class Kept(Labelled):
    """What a list keeps; the values stand in its address."""

    ALL = "", "Toutes"
    DUE = "a-payer", "À payer"
    OVERDUE = "en-retard", "En retard"
    DISPUTED = "contestees", "Contestées"
    OPEN = "contestables", "À vérifier"
    PAID = "payees", "Payées"
    CREDITS = "avoirs", "Avoirs"


class NoSuchPage(Exception):
    """Beyond the last one."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What is asked in one currency."""

    currency: str
    left: Decimal
    overdue: Decimal  # what is late and not disputed
    disputed: Decimal


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a list, with what stands around it."""

    rows: list[Row]
    page: int
    last: int
    kept: Kept
    words: str
    counts: Mapping[Kept, int]
    sums: list[Sums]
    total: int


def of_client(organisation_id: int) -> Criteria:
    """Everything that a client may see."""
    return (Invoice.organisation_id == organisation_id,)


def of_everybody() -> Criteria:
    """Every client's; what no client sees waits elsewhere."""
    return (Invoice.organisation_id.is_not(None),)


def of_nobody() -> Criteria:
    """What waits for staff to say whose it is: without a client, and not set aside."""
    aside = exists().where(
        InvoiceImport.invoice_id == Invoice.id,
        InvoiceImport.status == Import.UNMATCHED,
        InvoiceImport.handled_at.is_not(None),
    )
    return (Invoice.organisation_id.is_(None), ~aside)


def find(
    session: Session, library: Library, within: Criteria, today: date, *, kept: Kept = Kept.ALL, words: str = "",
    page: int = 1,
) -> Found:  # fmt: skip
    """One page of a list, the latest first.

    Raises:
        NoSuchPage: it has none of that number.
    """
    searched = (*within, *_said(words))
    counts = _counts(session, library, within, _said(words), today)
    last = max(1, -(-counts[kept] // PAGE))
    if not 1 <= page <= last:
        raise NoSuchPage
    rows = read(
        session, library, (*searched, *keeping(kept, library, today)), today, limit=PAGE, offset=(page - 1) * PAGE
    )
    total = counts[Kept.ALL] if searched == within else count(session, within)
    return Found(rows, page, last, kept, words, counts, sums(session, within, today), total)


def read(
    session: Session, library: Library, within: Criteria, today: date, *, limit: int, offset: int = 0,
    order: Sequence[Any] = _LATEST,
) -> list[Row]:  # fmt: skip
    """So many of them, in order."""
    asked = select(Invoice).where(*within).order_by(*order).limit(limit).offset(offset)
    found = session.scalars(asked.options(selectinload(Invoice.organisation))).all()
    return rows_of(session, library, found, today)


def every(
    session: Session, library: Library, within: Criteria, today: date, *, kept: Kept = Kept.ALL, words: str = ""
) -> Iterator[Row]:
    """All of them, for an export: so many in memory at a time."""
    asked = (*within, *_said(words), *keeping(kept, library, today))
    numbers = session.scalars(select(Invoice.id).where(*asked).order_by(*_LATEST)).all()
    for start in range(0, len(numbers), BATCH):
        named = (Invoice.id.in_(numbers[start : start + BATCH]),)
        yield from read(session, library, named, today, limit=BATCH)


def count(session: Session, within: Criteria) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(Invoice).where(*within)) or 0


def _counts(session: Session, library: Library, within: Criteria, said: Criteria, today: date) -> dict[Kept, int]:
    if not said:  # each along an index of its own
        return {each: count(session, (*within, *keeping(each, library, today))) for each in Kept}
    # Words are looked for row by row: once for all filters.
    kept = [and_(true(), *keeping(each, library, today)) for each in Kept]
    counted = select(*(func.coalesce(func.sum(case((each, 1), else_=0)), 0) for each in kept)).where(*within, *said)
    return dict(zip(Kept, session.execute(counted).one(), strict=True))


def keeping(kept: Kept, library: Library, today: date) -> Criteria:
    """What a filter keeps. What is overdue is also to be paid; what is disputed may be overdue at the same time."""
    match kept:
        case Kept.DUE:
            return (Invoice.settling.in_(_UNPAID),)
        case Kept.OVERDUE:
            return (Invoice.settling.in_(_UNPAID), Invoice.due_day < today)
        case Kept.DISPUTED:
            return (Invoice.id.in_(select(Dispute.invoice_id).where(Dispute.state.not_in(OVER))),)
        case Kept.OPEN:
            return (_disputable(library, today), Invoice.id.not_in(select(Dispute.invoice_id)))
        case Kept.PAID:
            return (Invoice.settling == Settling.PAID,)
        case Kept.CREDITS:
            return (Invoice.settling == Settling.CREDIT,)
        case _:
            return ()


def _disputable(library: Library, today: date) -> ColumnElement[bool]:
    """Invoices whose days of 7.4 still run, by the version that governs each."""
    runs = [
        and_(Invoice.terms_slug == version.slug, Invoice.issued_on >= first_issue(version, today))
        for version in library.versions
    ]
    return or_(false(), *runs)


def first_issue(version: Version, today: date) -> date:
    """The earliest day of issue that may still be disputed today: a later issue never ends sooner."""
    period = version.deadline(DISPUTE)
    first = today
    while period.last_day(first - timedelta(days=1)) >= today:
        first -= timedelta(days=1)
    return first


def sums(session: Session, within: Criteria, today: date) -> list[Sums]:
    """What is asked, by currency, the euro first. Amounts are exact: they are added here, those left to pay alone."""
    asked = select(
        Invoice.currency, Invoice.remaining, Invoice.claimable, Invoice.disputed_left, Invoice.due_day
    ).where(*within, Invoice.settling.in_(_UNPAID))  # fmt: skip
    found: dict[str, list[Decimal]] = {}
    for currency, remaining, claimable, disputed, due in session.execute(asked):
        held = found.setdefault(currency, [Decimal(0)] * 3)
        late = claimable if due is not None and due < today else Decimal(0)
        found[currency] = [held[0] + remaining, held[1] + late, held[2] + disputed]
    if not found:
        first = session.scalar(select(Invoice.currency).where(*within).limit(1))
        found = {first: [Decimal(0)] * 3} if first else {}
    ordered = sorted(found, key=lambda currency: (currency != "EUR", currency))
    return [Sums(currency, *found[currency]) for currency in ordered]


def _said(words: str) -> Criteria:
    """That every word stands in it: number, buyer, references, lines, amounts as a reader types them."""
    return tuple(Invoice.searched.contains(_folded(word), autoescape=True) for word in words.split())


def naming(reference: str) -> Criteria:
    """That a reference stands somewhere in it; ``behind.references`` tells whether it is one there."""
    return _said(reference)


def searched_text(invoice: Invoice) -> str:
    """Everything that a search looks at, folded: case and accents do not count."""
    gross, client = f"{invoice.gross:.2f}", invoice.organisation
    said: list[str | None] = [
        invoice.title, client.legal_name if client else "", invoice.buyer, invoice.seller, invoice.purchase_order,
        invoice.sales_order, invoice.contract, invoice.issued_on.strftime("%d/%m/%Y %Y-%m-%d"), gross,
        gross.replace(".", ","), invoice.details.get("project", ""), invoice.details.get("buyer_reference", ""),
        *invoice.details.get("notes", ()),
    ]  # fmt: skip
    for line in invoice.lines:
        said += [line.name, line.description, line.note, *(str(value) for value in line.details.values() if value)]
    return _folded("\n".join(filter(None, said)))


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
