"""Invented quotes for the demo: one being written, one sent, one received, one that waits for us, three ordered."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.clock import PARIS
from portal.orders.actions import find_order
from portal.orders.models import Order
from portal.quotes.acceptance_actions import Signature, accept_quote, consents
from portal.quotes.confirmation_actions import confirm_quote
from portal.quotes.draft import empty
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.quote_models import Quote
from portal.quotes.quote_rules import How
from portal.quotes.reading_actions import ask, read_quote
from portal.quotes.sending_actions import Author, send_quote
from portal.quotes.shown import as_sent
from portal.quotes.writing_actions import save_template, start_quote
from portal.terms import Library

DEMO = Author("192.0.2.1", "Démonstration")
_VAT = {"vat": "20", "contract": ""}


def _server(library: Library, day: date) -> list[dict[str, str]]:
    """A server and the hours to set it up, at the tariff of the day (7.1.1)."""
    hour = library.in_force(day).tariff.hour_rate("technical")
    return [
        {"kind": "goods", "description": "Serveur d'exemple\nDeux disques en miroir, trois ans de garantie",
         "quantity": "1", "unit": "pièce", "price": "2450", **_VAT},
        {"kind": "service", "description": "Installation et reprise des données", "quantity": "6", "unit": "h",
         "price": str(hour.rate), **_VAT},
    ]  # fmt: skip


POINTS = [
    {"kind": "points", "description": "Contrat Liberty, 600 points", "quantity": "600", "unit": "", "price": "1,10",
     "vat": "20", "contract": "liberty"},
]  # fmt: skip
PHONES = [
    {"kind": "goods", "description": "Téléphone de bureau", "quantity": "6", "unit": "pièce", "price": "129,90", **_VAT},
    {"kind": "service", "description": "Pose et réglages", "quantity": "1", "unit": "forfait", "price": "240", **_VAT},
]  # fmt: skip
BACKUP = [
    {"kind": "service", "description": "Télésauvegarde de huit postes, un an", "quantity": "12", "unit": "mois",
     "price": "64", **_VAT},
]  # fmt: skip


#: What is ordered, when it became final, days ago: two orders that run, and the contract that is counted from.
ORDERED: dict[str, tuple[str, list[dict[str, str]], int]] = {
    "phones": (
        "Téléphones et câblage de l'atelier",
        [
            {"kind": "goods", "description": "Téléphones (exemple)", "quantity": "6", "unit": "pièces", "price": "89", **_VAT},
            {"kind": "service", "description": "Câblage de l'atelier", "quantity": "1", "unit": "forfait", "price": "950",
             **_VAT},
        ],
        30,
    ),
    "server": (
        "Serveur de fichiers",
        [
            {"kind": "goods", "description": "Serveur de fichiers (exemple)\n8 cœurs, 64 Go", "quantity": "1",
             "unit": "unité", "price": "2190", **_VAT},
            {"kind": "service", "description": "Installation et reprise des données", "quantity": "2", "unit": "jours",
             "price": "640", **_VAT},
        ],
        12,
    ),
    "contract": ("Contrat Liberty", POINTS, 3),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """Who plays, and with what: ``by`` writes and confirms for the company, ``signatory`` accepts for the client."""

    session: Session
    organisation: Organisation
    signatory: Person
    by: Person
    library: Library
    letters: QuoteLetters

    def texts(self, subject: str, lines: list[dict[str, str]], **more: Any) -> dict[str, Any]:
        """What is typed."""
        return empty(self.library.law.vat) | {"subject": subject, "lines": lines} | more

    def draft(self, key: str, typed: dict[str, Any], at: datetime) -> Quote:
        """A quote that is being written."""
        return start_quote(
            self.session, organisation=self.organisation, by=self.by, typed=typed, form_key=f"demo-quote-{key}", at=at,
            recipients=[self.signatory.id],
        )  # fmt: skip

    def sent(self, key: str, typed: dict[str, Any], at: datetime) -> Quote:
        """A quote that left."""
        quote = self.draft(key, typed, at)
        send_quote(self.session, quote, by=self.by, library=self.library, letters=self.letters, at=at)
        return quote

    def received(self, key: str, typed: dict[str, Any], at: datetime) -> Quote:
        """A quote that was read three hours later."""
        quote = self.sent(key, typed, at)
        read_quote(
            self.session, quote, by=self.signatory, how=How.READ_BY_LINK, library=self.library, letters=self.letters,
            at=at + timedelta(hours=3),
        )  # fmt: skip
        return quote

    def accepted(self, key: str, typed: dict[str, Any], at: datetime) -> Quote:
        """A quote that the client accepted the day after."""
        quote = self.received(key, typed, at)
        signed = Signature(
            self.signatory.name, "gérante", consents(as_sent(quote, self.library)), "données de démonstration",
            f"demo-act-{key}", DEMO,
        )  # fmt: skip
        accept_quote(
            self.session, quote, by=self.signatory, signature=signed, library=self.library, letters=self.letters,
            at=at + timedelta(days=1),
        )  # fmt: skip
        return quote

    def ordered(self, key: str, typed: dict[str, Any], at: datetime) -> Order:
        """A quote that both accepted, final two days after it left: its order, whose file of proof the worker makes."""
        quote = self.accepted(key, typed, at)
        confirm_quote(
            self.session, quote, by=self.by, form_key=f"demo-confirm-{key}", author=DEMO, identified_by="démonstration",
            letters=self.letters, at=at + timedelta(days=2),
        )  # fmt: skip
        order = find_order(self.session, quote.order_reference or "")
        if order is None:
            raise LookupError(f"{quote.reference} was not ordered")
        return order


def load(stage: Stage, *, now: datetime) -> dict[str, Order]:
    """Put the invented quotes into the base, in the caller's transaction; the orders made of them, by what is ordered."""
    texts = stage.texts
    orders = {
        key: stage.ordered(key, texts(subject, lines), now - timedelta(days=ago + 2))
        for key, (subject, lines, ago) in ORDERED.items()
    }
    server = _server(stage.library, now.astimezone(PARIS).date())
    stage.accepted("accepted", texts("Téléphones du magasin", PHONES, deposit="30 %"), now - timedelta(days=3))
    open_one = stage.received(
        "received",
        texts(
            "Remplacement du serveur", server, delivery="première quinzaine du mois prochain", deposit="30 %",
            conditions="L'ancien serveur est repris et ses disques sont détruits.",
        ),
        now - timedelta(days=2),
    )  # fmt: skip
    ask(
        stage.session, open_one, by=stage.signatory, words="L'installation peut-elle se faire un lundi ?",
        form_key="demo-question", letters=stage.letters, at=now - timedelta(hours=20),
    )  # fmt: skip
    stage.sent("sent", texts("Télésauvegarde des postes", BACKUP), now - timedelta(hours=5))
    stage.draft("draft", texts("Deuxième écran pour la caisse", server[1:]), now - timedelta(hours=1))
    save_template(
        stage.session, "Serveur et installation", texts("Remplacement du serveur", server), by=stage.by, at=now
    )
    return orders
