"""Invented invoices for the demo: paid, due, overdue with a penalty, disputed, claimed too late, and a credit note.

The seller's numbers are invented too: the seed gives none, and each file says that it is a demonstration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.accounts.rules import vat_of
from portal.clock import PARIS
from portal.files.actions import keep
from portal.files.store import Store
from portal.invoices.actions import add_invoice
from portal.invoices.dispute_actions import Grievance, Trace, file_dispute
from portal.invoices.dispute_answer_actions import answer_as_staff
from portal.invoices.dispute_letters import DisputeLetters
from portal.invoices.dispute_rules import Act, Reason
from portal.invoices.document import Nature, ReadFinding, ReadInvoice, ReadLine, ReadParty, ReadTax
from portal.invoices.issuer import DEMO_SIREN
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice
from portal.invoices.payment_actions import grant_deferral, record_payment
from portal.invoices.payment_rules import Means
from portal.invoices.reminder_actions import begin_ladder
from portal.terms import Library
from portal.terms.tariff import Hour

SELLER = ReadParty("IMS Partners (démonstration)", vat_number=vat_of(DEMO_SIREN), siren=DEMO_SIREN)
DEMO = ReadFinding("demo", "seller", "Facture de démonstration\u00a0: émetteur, numéros et montants sont inventés.")
RATE = Decimal(20)


@dataclass(frozen=True, slots=True)
class Sold:
    """One line of an invented invoice."""

    name: str
    quantity: str
    unit: str
    price: str
    goods: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """One invented invoice: how many days ago it was issued, when it is due after that, what it sells."""

    number: str
    ago: int
    due: int
    sold: Sequence[Sold]
    type_code: str = "380"
    preceding: tuple[str, ...] = ()
    available_after: int = 0


#: Prices that stand in the tariff of the day (7.1.1).
TECHNICAL, ENGINEERING = Hour.TECHNICAL.value, Hour.ENGINEERING.value
HOURS = Sold("Intervention sur site, remplacement d'un commutateur", "3.5", "HUR", TECHNICAL)
INVOICES = (
    Made("DEMO-2026-101", 3, 30, (HOURS, Sold("Écran 27 pouces", "2", "C62", "245", goods=True))),
    Made("DEMO-2026-099", 12, 30, (Sold("Téléassistance, poste de comptabilité", "2.25", "HUR", TECHNICAL),)),
    Made("DEMO-2026-087", 55, 30, (Sold("Heures d'ingénierie, migration du serveur", "6", "HUR", ENGINEERING),)),
    Made("DEMO-2026-052", 210, 30, (Sold("Serveur de fichiers", "1", "C62", "1850", goods=True), HOURS)),
    Made("DEMO-2026-031", 320, 30, (Sold("Audit du réseau", "8", "HUR", ENGINEERING),)),
    Made("DEMO-2026-060", 150, 30, (Sold("Onduleur", "1", "C62", "390", goods=True),)),
    Made("DEMO-2026-061", 140, 30, (Sold("Onduleur, retour partiel", "1", "C62", "90", goods=True),), "381", ("DEMO-2026-060",)),
    Made("DEMO-2026-098", 9, 45, (Sold("Mise à jour des postes", "4", "HUR", TECHNICAL),), available_after=6),
)  # fmt: skip
#: Of the public body of the demo, for the regime of public buyers.
PUBLIC = (Made("DEMO-2026-044", 240, 30, (Sold("Infogérance, second trimestre", "1", "C62", "960"),)),)


def _read(made: Made, today: date, client: Organisation, library: Library) -> ReadInvoice:
    hours = {rate.key: rate.rate for rate in library.in_force(today).tariff.hourly}
    prices = {sold: hours.get(sold.price) or Decimal(sold.price) for sold in made.sold}
    lines = tuple(
        ReadLine(
            str(number), sold.name, Decimal(sold.quantity) * prices[sold], quantity=Decimal(sold.quantity),
            unit=sold.unit, unit_price=prices[sold], vat_category="S", vat_rate=RATE,
            nature=Nature.GOODS if sold.goods else Nature.SERVICES,
        )
        for number, sold in enumerate(made.sold, 1)
    )  # fmt: skip
    net = sum((line.net or Decimal(0) for line in lines), Decimal(0)).quantize(Decimal("0.01"))
    tax = (net * RATE / 100).quantize(Decimal("0.01"))
    issued = today - timedelta(days=made.ago)
    return ReadInvoice(
        syntax="factur-x", profile="EN 16931", number=made.number, issued_on=issued, type_code=made.type_code,
        due_on=None if made.type_code == "381" else issued + timedelta(days=made.due), seller=SELLER,
        buyer=ReadParty(client.legal_name, siren=client.siren or ""), net=net, tax=tax, gross=net + tax,
        payable=net + tax, lines=lines, taxes=(ReadTax("S", RATE, net, tax),), preceding=made.preceding,
        findings=(DEMO,),
    )  # fmt: skip


def load(
    session: Session, *, clients: Sequence[Organisation], biller: Person, store: Store, letters: Letters, now: datetime
) -> None:
    """Put the invented invoices into the base, in the caller's transaction. The first client is a company."""
    today = now.astimezone(PARIS).date()
    company, public = clients[0], clients[1]
    found = {}
    for client, made in [*((company, made) for made in INVOICES), *((public, made) for made in PUBLIC)]:
        at = min(now, now - timedelta(days=made.ago - made.available_after))
        words = f"Facture de démonstration {made.number}, inventée.\n".encode()
        file = keep(session, store, words, name=f"{made.number}.txt", kept_for="invoices", now=at)
        found[made.number] = add_invoice(
            session, _read(made, today, client, letters.library), file=file, organisation=client, matched_by="siren",
            library=letters.library, letters=letters, announce=made.ago < 30, at=at,  # noqa: PLR2004 - older ones are no news
        )  # fmt: skip
    waiting = _read(Made("DEMO-2026-100", 4, 30, (HOURS,)), today, company, letters.library)
    file = keep(
        session,
        store,
        b"Facture de demonstration DEMO-2026-100\n",
        name="DEMO-2026-100.txt",
        kept_for="invoices",
        now=now,
    )
    add_invoice(
        session,
        waiting,
        file=file,
        organisation=None,
        matched_by=None,
        library=letters.library,
        letters=letters,
        at=now,
    )
    begin_ladder(session, by=biller, at=now)
    _payments(session, found, biller, letters, now, today)
    _disputes(session, found, company, biller, letters, now)


def _payments(
    session: Session, found: dict[str, Invoice], biller: Person, letters: Letters, now: datetime, today: date
) -> None:
    for number, ago, amount in (
        ("DEMO-2026-031", 250, "1094.40"), ("DEMO-2026-052", 100, "1000.00"), ("DEMO-2026-060", 100, "360.00"),
    ):  # fmt: skip
        record_payment(
            session, found[number], day=today - timedelta(days=ago), amount=Decimal(amount), means=Means.TRANSFER,
            reference="VIR DEMO", form_key="demo", by=biller, at=now,
        )  # fmt: skip
    grant_deferral(
        session, found["DEMO-2026-087"], until=today + timedelta(days=10), granted_on=today - timedelta(days=20),
        writing="Courriel de démonstration", form_key="demo", by=biller, letters=letters, at=now,
    )  # fmt: skip


def _disputes(
    session: Session, found: dict[str, Invoice], company: Organisation, biller: Person, letters: Letters, now: datetime
) -> None:
    bookkeeper = next((each for each in company.people if "billing" in each.role_names), None)
    if bookkeeper is None:
        return
    mails = DisputeLetters(letters)
    for number, ago, reason, amount, words in (
        ("DEMO-2026-099", 5, Reason.QUANTITY, "118.80", "La téléassistance a duré une heure, pas plus de deux."),
        ("DEMO-2026-052", 20, Reason.QUALITY, "500.00", "Le serveur redémarre sans raison depuis sa livraison."),
    ):
        dispute = file_dispute(
            session, found[number], Grievance(Decimal(amount), reason, words), by=bookkeeper,
            form_key=f"demo-{number}", trace=Trace(means="démonstration"), library=letters.library, letters=mails,
            at=now - timedelta(days=ago),
        )  # fmt: skip
        if not dispute.late:
            answer_as_staff(
                session, dispute, Act.ASK, by=biller, words="À quelle heure l'assistance a-t-elle pris fin ?",
                form_key="demo", letters=mails, at=now - timedelta(days=2),
            )  # fmt: skip
