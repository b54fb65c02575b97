"""What the tests of this room stand on: two organisations, staff by role, a caller, a mail, the verbs with what they need."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from portal.accounts.actions import add_staff
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import StaffRole
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.mail.models import OutgoingMail
from portal.tickets.actions import Asked, Caller, enter_call, open_on_the_portal, ticket_from_mail
from portal.tickets.attached import ArrivedMail
from portal.tickets.cover import Cover
from portal.tickets.letters import Letters
from portal.tickets.links import Links
from portal.tickets.models import Ticket
from portal.tickets.rules import Backup, Channel, Impact, Urgency
from tests.accounts.conftest import CLAIRE, LEA, MARC, OTTO, STAFF, Portal, Visitor, portal, seed
from tests.quotes.conftest import hidden, signed_in

__all__ = ["CLAIRE", "LEA", "MARC", "OTTO", "STAFF", "Portal", "Visitor", "hidden", "portal", "signed_in"]

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # noon in Paris
ADVISER, SELLER, BOOKKEEPER, CHIEF = "anne@ims.example", "paul@ims.example", "rita@ims.example", "marc@ims.example"
ASKED = Asked(
    subject="Imprimante bloquée",
    description="Bonjour,\nl'imprimante de l'atelier n'imprime plus.\n\nhttps://ailleurs.example",
    service="remote-desktop",
    urgency=Urgency.HINDERED,
    impact=Impact.SEVERAL,
    backup=Backup.DONE,
)
ARRIVED = ArrivedMail(
    key="mail-1", subject="Serveur lent", text="Le serveur est très lent depuis ce matin.", from_name="Claire M",
    from_mail=CLAIRE, folded="-- \nClaire", mail_id="<1@client.example>",
)  # fmt: skip


class Room:
    """The verbs, with what they always need."""

    def __init__(self, sessions: "sessionmaker[Session]", library: "Library", letters: Letters) -> None:
        self.sessions, self.library, self.letters = sessions, library, letters
        with sessions.begin() as session:
            seed(session)
            for email, name, role in (
                (ADVISER, "Anne Klein", StaffRole.ADVISER),
                (SELLER, "Paul Weber", StaffRole.SALES),
                (BOOKKEEPER, "Rita Roth", StaffRole.BILLING),
                (CHIEF, "Marc Direction", StaffRole.ADMINISTRATOR),
            ):
                add_staff(session, email=email, name=name, roles=[role], now=NOON)

    @property
    def cover(self) -> Cover:
        return Cover(self.library.in_force(NOON.date()), under_contract=False)

    def person(self, session: "Session", email: str) -> Person:
        from sqlalchemy import select

        return session.scalars(select(Person).where(Person.email == email)).one()

    def ticket(self, session: "Session", reference: str) -> Ticket:
        from sqlalchemy import select

        return session.scalars(select(Ticket).where(Ticket.reference == reference)).one()

    def open(self, key: str = "page-1", by: str = CLAIRE, asked: Asked = ASKED, at: datetime = NOON) -> str:
        with self.sessions.begin() as session:
            return open_on_the_portal(
                session, asked, by=self.person(session, by), cover=self.cover, accepts=True, form_key=key,
                letters=self.letters, at=at,
            ).reference  # fmt: skip

    def call(self, key: str = "call-1", caller: str | None = LEA, at: datetime = NOON, **changes: object) -> str:
        with self.sessions.begin() as session:
            person = self.person(session, caller) if caller else None
            given = Caller(person.name, person.email, "03 89 00 00 00", person) if person else Caller("Jean Inconnu")
            organisation: Organisation | None = person.organisation if person else None
            return enter_call(
                session, replace(ASKED, **changes), caller=given,  # type: ignore[arg-type]
                organisation=organisation, channel=Channel.PHONE, by=self.person(session, ADVISER), call_back=True,
                cover=self.cover, form_key=key, letters=self.letters, at=at,
            ).reference  # fmt: skip

    def mail(
        self, person: str | None = CLAIRE, at: datetime = NOON, mail: ArrivedMail = ARRIVED, quarantined: bool = False
    ) -> str:
        with self.sessions.begin() as session:
            return ticket_from_mail(
                session, mail, person=self.person(session, person) if person else None, quarantined=quarantined,
                cover=self.cover, letters=self.letters, at=at,
            ).reference  # fmt: skip

    def mails(self, event: str) -> list[OutgoingMail]:
        from sqlalchemy import select

        with self.sessions() as session:
            found = select(OutgoingMail).where(OutgoingMail.event == f"tickets/{event}").order_by(OutgoingMail.id)
            return list(session.scalars(found))

    def kinds(self) -> list[str]:
        from sqlalchemy import select

        with self.sessions() as session:
            assert list(verify_log(session)) == []
            return list(session.scalars(select(Entry.kind).where(Entry.kind.like("tickets.%")).order_by(Entry.seq)))


@pytest.fixture
def letters(library: "Library") -> Letters:
    """The mails of an installation."""
    return Letters(library, Links("https://portail.example", "k" * 32), "portail.example")


@pytest.fixture
def room(sessions: "sessionmaker[Session]", library: "Library", letters: Letters) -> Room:
    """The room on each engine."""
    return Room(sessions, library, letters)
