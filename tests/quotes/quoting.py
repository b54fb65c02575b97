"""A sales person with quotes to write, for the tests of quotes: the verbs with what they always need, and the pages."""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from html import unescape
from io import BytesIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.mail.models import OutgoingMail
from portal.quotes.draft import empty
from portal.quotes.links import Links
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.quote_models import Quote
from portal.quotes.sending_actions import Author, send_quote
from portal.quotes.writing_actions import find_quote, start_quote
from portal.terms import Library
from tests.accounts.conftest import CLAIRE, STAFF, Portal, Visitor
from tests.quotes.conftest import hidden, signed_in

DESK, MINE = "/espace-client/bureau/devis", "/espace-client/devis"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
LINE = {
    "kind": "service", "description": "Installation du serveur", "quantity": "4", "unit": "heure", "price": "88",
    "vat": "20", "contract": "",
}  # fmt: skip
GOODS = {
    "kind": "goods", "description": "Serveur\nDeux disques en miroir", "quantity": "1", "unit": "pièce",
    "price": "2 450,00", "vat": "20", "contract": "",
}  # fmt: skip
FROM = Author("127.0.0.1", "Test")


def texts(**values: Any) -> dict[str, Any]:
    """The texts of a draft that can be sent."""
    return empty(Decimal(20)) | {"subject": "Remplacement du serveur", "lines": [LINE, GOODS]} | values


@dataclass
class Room:
    """The verbs of quotes in a portal, by its clock."""

    portal: Portal
    library: Library
    keys: int = 0
    letters: QuoteLetters = field(init=False)

    def __post_init__(self) -> None:
        self.letters = QuoteLetters(self.library, Links("http://localhost", "k" * 32), "localhost")

    @property
    def at(self) -> Any:
        return self.portal.clock()

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def person(self, session: Session, email: str) -> Person:
        return session.scalars(select(Person).where(Person.email == email)).one()

    def draft(self, session: Session, *, to: tuple[str, ...] = (CLAIRE,), **values: Any) -> Quote:
        organisation = session.get_one(Organisation, self.portal.ids["client"])
        return start_quote(
            session, organisation=organisation, by=self.person(session, STAFF), typed=texts(**values),
            form_key=self.key(), at=self.at, recipients=[self.portal.ids[email] for email in to],
        )  # fmt: skip

    def send(self, session: Session, quote: Quote) -> None:
        send_quote(
            session, quote, by=self.person(session, STAFF), library=self.library, letters=self.letters, at=self.at
        )  # fmt: skip

    def sent(self, **values: Any) -> str:
        """A quote that was sent, by its reference."""
        with self.portal.sessions.begin() as session:
            quote = self.draft(session, **values)
            self.send(session, quote)
            return quote.reference

    def see(self, reference: str, read: Any) -> Any:
        """What a quote says."""
        with self.portal.sessions() as session:
            return read(find_quote(session, reference))

    def kinds(self) -> list[str]:
        """What the log tells of quotes; it must verify."""
        with self.portal.sessions() as session:
            assert list(verify_log(session)) == []
            return list(session.scalars(select(Entry.kind).where(Entry.kind.like("quotes.%")).order_by(Entry.seq)))

    def mails(self, event: str) -> list[OutgoingMail]:
        with self.portal.sessions() as session:
            found = select(OutgoingMail).where(OutgoingMail.event == f"quotes/{event}").order_by(OutgoingMail.id)
            return list(session.scalars(found))

    # Pages.

    def staff(self) -> Visitor:
        return signed_in(self.portal, STAFF)

    def link(self, email: str = CLAIRE) -> str:
        """The path of the link in the last mail of a quote to somebody."""
        found = re.findall(r"https?://[^/\s]+(/espace-client/devis/lien/\S+)", self.portal.mails(email)[-1].text)
        assert found
        return str(found[-1])

    def opened(self, email: str = CLAIRE) -> tuple[Visitor, str]:
        """Somebody who has pressed the button of their link, and its path."""
        visitor, link = self.portal.visitor(), self.link(email)
        press(visitor, f"{link}/lire", on=link)
        return visitor, link


def press(visitor: Visitor, path: str, *, on: str, status: Any = 303, files: Any = None, **values: Any) -> str:
    """Send a form of the page ``on`` to ``path``: its token, its hidden fields, what is typed."""
    page = visitor.open(on)
    form = next(
        (found for found in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'action="{path}"' in unescape(found)),
        "",
    )
    assert form, (path, page)
    data = {**hidden(form), **values}
    for name, (content, filename) in (files or {}).items():
        data[name] = (BytesIO(content), filename)
    visitor.last = visitor.client.post(path, data=data, content_type="multipart/form-data")
    return visitor._page(status)


def day(text: str) -> date:
    return date.fromisoformat(text)
