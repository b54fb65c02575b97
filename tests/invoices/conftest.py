"""What the tests of this room stand on: invoices as a reader gives them, a client, staff."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from portal.accounts.actions import add_person, add_staff, create_organisation
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import ClientRole, Identity, StaffRole
from portal.files.actions import keep
from portal.files.store import Store
from portal.invoices.actions import add_invoice
from portal.invoices.document import Nature, ReadInvoice, ReadLine, ReadParty, ReadTax
from portal.invoices.letters import Letters
from portal.invoices.links import Links
from portal.invoices.models import Invoice

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # noon in Paris
SELLER = ReadParty("SARL IMS PARTNERS", vat_number="FR83404833048", siren="404833048")
BUYER = ReadParty("Boulangerie Muller", vat_number="FR44732829320", siren="732829320")
BOOKKEEPER, ADMINISTRATOR, TECHNICIAN, STRANGER = (
    "marc@client.example", "claire@client.example", "lea@client.example", "otto@autre.example",
)  # fmt: skip


def reading(number: str = "F-2026-0042", **changed: Any) -> ReadInvoice:
    """An invoice as read: an hour on site and a screen, VAT at 20 %, 480,00 € in all."""
    given: dict[str, Any] = {
        "syntax": "factur-x", "profile": "EN 16931", "number": number, "issued_on": date(2026, 11, 23),
        "due_on": date(2026, 12, 23), "seller": SELLER, "buyer": BUYER,
        "net": Decimal("400.00"), "tax": Decimal("80.00"), "gross": Decimal("480.00"), "payable": Decimal("480.00"),
        "lines": (
            ReadLine(
                "1", "Intervention sur site", Decimal("150.00"), quantity=Decimal("1.5"), unit="HUR",
                unit_price=Decimal(100), vat_category="S", vat_rate=Decimal(20), nature=Nature.SERVICES,
            ),
            ReadLine(
                "2", "Écran 27 pouces", Decimal("250.00"), quantity=Decimal(1), unit="C62",
                unit_price=Decimal(250), vat_category="S", vat_rate=Decimal(20), nature=Nature.GOODS,
            ),
        ),
        "taxes": (ReadTax("S", Decimal(20), Decimal("400.00"), Decimal("80.00")),),
    }  # fmt: skip
    return ReadInvoice(**{**given, **changed})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A folder for files."""
    return Store(f"file:{tmp_path / 'files'}")


@pytest.fixture
def letters(library: "Library") -> Letters:
    """The mails of an installation."""
    return Letters(library, Links("https://portail.example"), "portail.example")


@pytest.fixture
def client(sessions: "sessionmaker[Session]") -> Organisation:
    """An organisation with a bookkeeper, an administrator and a technician."""
    with sessions.begin() as session:
        organisation = create_organisation(
            session, legal_name="Boulangerie Muller", identity=Identity(siren="732829320"), public_body=False,
            by=None, now=NOON,
        )  # fmt: skip
        for email, name, role in (
            (ADMINISTRATOR, "Claire Muller", ClientRole.ADMINISTRATOR),
            (BOOKKEEPER, "Marc Weber", ClientRole.BILLING),
            (TECHNICIAN, "Léa Klein", ClientRole.TECHNICAL),
        ):
            add_person(session, organisation=organisation, email=email, name=name, roles=[role], by=None, now=NOON)
    return organisation


@pytest.fixture
def bookkeeper(sessions: "sessionmaker[Session]", client: Organisation) -> Person:
    """Who reads and disputes for the client."""
    from portal.accounts.actions import find_person

    with sessions() as session:
        found = find_person(session, BOOKKEEPER)
        assert found
        return found


@pytest.fixture
def biller(sessions: "sessionmaker[Session]") -> Person:
    """Somebody of the staff who deals with invoices."""
    with sessions.begin() as session:
        return add_staff(session, email="anne@ims.example", name="Anne Klein", roles=[StaffRole.BILLING], now=NOON)


@pytest.fixture
def add(
    sessions: "sessionmaker[Session]", store: Store, letters: Letters, library: "Library", client: Organisation
) -> Callable[..., Invoice]:
    """``add(reading(…))``: the client's invoice, or nobody's with ``matched=False``."""

    def added(read: ReadInvoice | None = None, *, at: datetime = NOON, matched: bool = True) -> Invoice:
        read = read or reading()
        with sessions.begin() as session:
            content = f"%PDF-1.7 {read.number}".encode()
            file = keep(session, store, content, name=f"{read.number}.pdf", kept_for="invoices", now=at)
            return add_invoice(
                session, read, file=file, organisation=session.merge(client) if matched else None,
                matched_by="siren" if matched else None, library=library, letters=letters, at=at,
            )  # fmt: skip

    return added
