"""What an invoice is for: the orders and contracts that it names, the work on tickets, each line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.contracts.models import Contract
from portal.contracts.working import restored
from portal.french import amount, long_date, minutes, number, points
from portal.invoices.models import Invoice
from portal.invoices.references import references
from portal.invoices.work_actions import links_of
from portal.invoices.work_models import InvoiceWork
from portal.orders.models import Order
from portal.orders.progress_models import OrderEvent
from portal.orders.progress_rules import EventKind
from portal.orders.rules import OrderLine
from portal.terms import Library, UnknownVersion, Version
from portal.tickets.intervention_models import TimeEntry, WorkIntervention
from portal.tickets.intervention_rules import Step, service_label
from portal.tickets.links import CLIENT as TICKETS
from portal.tickets.links import DESK as DESK_TICKETS
from portal.tickets.models import Ticket

AREA = "/espace-client"


@dataclass(frozen=True, slots=True)
class Behind:
    """One thing that is invoiced: its name, what it was, its page."""

    title: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class Worked:
    """One entry of time: when, what, how long, at which rate of which clause."""

    day: date
    words: str
    kind: str
    minutes: int
    rate: str  # "" where the version that it was counted by is not published here any more
    article: str
    clause: str  # address of the clause


@dataclass(frozen=True, slots=True)
class Work:
    """One intervention behind a line: its ticket, what it came to, its entries."""

    link: InvoiceWork
    ticket: str
    subject: str
    url: str
    cost: str
    minimum: str  # what the minimum of 7.1.2 added, in words
    entries: tuple[Worked, ...]


@dataclass(frozen=True, slots=True)
class Ordered:
    """One line of an order, as it was accepted, and what became of it."""

    order: str
    url: str
    label: str
    detail: str


@dataclass(frozen=True, slots=True)
class Part:
    """What lies behind one line of an invoice, or behind the whole of it (``line`` is "")."""

    line: str
    ordered: tuple[Ordered, ...]
    work: tuple[Work, ...]


def behind(session: Session, invoice: Invoice, *, staff: bool = False) -> list[Behind]:
    """The client's own orders, contracts and tickets that an invoice names; somebody else's reference leads nowhere."""
    named = references(invoice)
    if not named or invoice.organisation_id is None:
        return []
    found = {each.title.rpartition(" ")[2]: each for each in _found(session, invoice, named, staff)}
    return [found[reference] for reference in named if reference in found]


def parts_behind(session: Session, library: Library, invoice: Invoice, *, staff: bool = False) -> list[Part]:
    """Line by line, the entries of orders and tickets that an invoice is for; lines without any are left out."""
    if invoice.organisation_id is None:
        return []
    work = links_of(session, invoice)
    ordered: dict[str, list[Ordered]] = {}
    for order in named_orders(session, invoice):
        for label, entry in _ordered(session, order, staff):
            ordered.setdefault(label, []).append(entry)
    found = []
    for line in invoice.lines:
        mine = [_work(library, each, staff) for each in work if each.line_id == line.id]
        found.append(
            Part(line.name or f"Ligne {line.position}", tuple(ordered.pop(_alike(line.name), ())), tuple(mine))
        )
    rest = [_work(library, each, staff) for each in work if each.line_id is None]
    others = [entry for entries in ordered.values() for entry in entries]
    found.append(Part("", tuple(others), tuple(rest)))
    return [part for part in found if part.ordered or part.work]


def named_orders(session: Session, invoice: Invoice) -> list[Order]:
    """The client's own orders that an invoice names."""
    named = select(Order).where(
        Order.organisation_id == invoice.organisation_id, Order.reference.in_(references(invoice))
    )
    return list(session.scalars(named.order_by(Order.id)))


def named_contracts(session: Session, invoice: Invoice) -> list[Contract]:
    """The client's own contracts that an invoice names."""
    named = select(Contract).where(
        Contract.organisation_id == invoice.organisation_id, Contract.reference.in_(references(invoice))
    )
    return list(session.scalars(named.order_by(Contract.id)))


def worked(library: Library, intervention: WorkIntervention) -> tuple[Worked, ...]:
    """The entries of a counted intervention, each with its rate and its clause, in the version it was counted by."""
    try:
        version = library.version(intervention.terms_slug or intervention.ticket.terms_slug)
    except UnknownVersion:
        version = None
    return tuple(
        Worked(
            intervention.day, each.words, service_label(each.service), each.counts, *_rate(version, intervention, each)
        )
        for each in intervention.entries
        if each.counts
    )


def cost(intervention: WorkIntervention) -> str:
    """What an intervention came to: euros to be invoiced, or points that a contract has paid."""
    if intervention.net is not None:
        return f"{amount(intervention.net, 'EUR')} HT"
    return f"{points(intervention.points_now)}, décomptés du contrat" if intervention.points_now is not None else ""


def _rate(version: Version | None, intervention: WorkIntervention, entry: TimeEntry) -> tuple[str, str, str]:
    if version is None:
        return "", "", ""
    try:
        if intervention.step is Step.BILLED:
            hour = version.tariff.hour_rate(intervention.hour or "")
            return f"{amount(hour.rate, 'EUR')} HT / h", hour.article, version.permalink(hour.anchor)
        rate = version.tariff.point_rate(entry.service)
        return f"{number(rate.rate)} points / h", rate.article, version.permalink(rate.anchor)
    except KeyError:
        return "", "", ""


def _work(library: Library, link: InvoiceWork, staff: bool) -> Work:
    intervention = link.intervention
    ticket, working = intervention.ticket, restored(intervention.working)
    least = (
        f"{minutes(working.worked)} réelles, {minutes(working.counted)} comptées (minimum de {minutes(working.minimum)})"
        if working and working.below_minimum and not intervention.corrections
        else ""
    )
    base = DESK_TICKETS if staff else TICKETS
    return Work(
        link, ticket.reference, ticket.subject, f"{base}/{ticket.reference}/temps", cost(intervention), least,
        worked(library, intervention),
    )  # fmt: skip


def _ordered(session: Session, order: Order, staff: bool) -> Iterator[tuple[str, Ordered]]:
    url = f"{AREA}/{'bureau/commandes' if staff else 'commandes'}/{order.reference}"
    events = session.scalars(
        select(OrderEvent)
        .where(OrderEvent.order_id == order.id, OrderEvent.kind.in_((EventKind.DONE, EventKind.DELIVERED)))
        .order_by(OrderEvent.id)
    ).all()
    for line in order.lines_in_force:
        went = [
            f"{each.kind.label.lower()} le {long_date(each.day)}"
            for each in events
            if each.line in {None, line.position}
        ]
        yield _alike(line.label), Ordered(order.reference, url, line.label, ", ".join([_sold(line.value), *went]))


def _sold(line: OrderLine) -> str:
    return f"{number(line.quantity)} {line.unit} à {amount(line.unit_price, 'EUR')} HT"


def _alike(words: str) -> str:
    return " ".join(words.split()).casefold()


def _found(session: Session, invoice: Invoice, named: list[str], staff: bool) -> Iterator[Behind]:
    orders, contracts = ("bureau/commandes", "bureau/contrats") if staff else ("commandes", "contrats")
    for order in named_orders(session, invoice):
        labels = ", ".join(line.label for line in order.lines_in_force)
        yield Behind(f"Commande {order.reference}", labels, f"{AREA}/{orders}/{order.reference}")
    for contract in named_contracts(session, invoice):
        signed = long_date(contract.signed_on)
        yield Behind(
            f"Contrat {contract.reference}", f"{contract.kind.label}, conclu le {signed}",
            f"{AREA}/{contracts}/{contract.reference}",
        )  # fmt: skip
    tickets = select(Ticket).where(Ticket.organisation_id == invoice.organisation_id, Ticket.reference.in_(named))
    for ticket in session.scalars(tickets):
        opened = long_date(ticket.opened_at.astimezone(PARIS).date())
        base = DESK_TICKETS if staff else TICKETS
        yield Behind(
            f"Ticket {ticket.reference}", f"{ticket.subject}, ouvert le {opened}", f"{base}/{ticket.reference}"
        )
