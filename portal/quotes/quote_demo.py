"""Invented quotes for the demo: one being written, one sent, one received, one that waits for us, one ordered."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.clock import PARIS
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


def load(
    session: Session, *, organisation: Organisation, signatory: Person, by: Person, library: Library,
    letters: QuoteLetters, now: datetime,
) -> None:  # fmt: skip
    """Put the invented quotes into the base, in the caller's transaction; ``by`` writes, ``signatory`` accepts."""

    def texts(subject: str, lines: list[dict[str, str]], **more: Any) -> dict[str, Any]:
        return empty(library.law.vat) | {"subject": subject, "lines": lines} | more

    def draft(key: str, typed: dict[str, Any], at: datetime) -> Quote:
        return start_quote(
            session, organisation=organisation, by=by, typed=typed, form_key=f"demo-quote-{key}", at=at,
            recipients=[signatory.id],
        )  # fmt: skip

    def sent(key: str, typed: dict[str, Any], at: datetime) -> Quote:
        quote = draft(key, typed, at)
        send_quote(session, quote, by=by, library=library, letters=letters, at=at)
        return quote

    def received(key: str, typed: dict[str, Any], at: datetime) -> Quote:
        quote = sent(key, typed, at)
        read_quote(
            session, quote, by=signatory, how=How.READ_BY_LINK, library=library, letters=letters,
            at=at + timedelta(hours=3),
        )  # fmt: skip
        return quote

    def accepted(key: str, typed: dict[str, Any], at: datetime) -> Quote:
        quote = received(key, typed, at)
        signed = Signature(
            signatory.name, "gérante", consents(as_sent(quote, library)), "données de démonstration", f"demo-act-{key}",
            DEMO,
        )  # fmt: skip
        accept_quote(
            session, quote, by=signatory, signature=signed, library=library, letters=letters, at=at + timedelta(days=1)
        )  # fmt: skip
        return quote

    server = _server(library, now.astimezone(PARIS).date())
    ordered = accepted("ordered", texts("Contrat Liberty", POINTS), now - timedelta(days=5))
    confirm_quote(
        session, ordered, by=by, form_key="demo-confirm", author=DEMO, identified_by="démonstration", letters=letters,
        at=now - timedelta(days=3),
    )  # fmt: skip
    accepted("accepted", texts("Téléphones du magasin", PHONES, deposit="30 %"), now - timedelta(days=3))
    open_one = received(
        "received",
        texts(
            "Remplacement du serveur", server, delivery="première quinzaine du mois prochain", deposit="30 %",
            conditions="L'ancien serveur est repris et ses disques sont détruits.",
        ),
        now - timedelta(days=2),
    )  # fmt: skip
    ask(
        session, open_one, by=signatory, words="L'installation peut-elle se faire un lundi ?", form_key="demo-question",
        letters=letters, at=now - timedelta(hours=20),
    )  # fmt: skip
    sent("sent", texts("Télésauvegarde des postes", BACKUP), now - timedelta(hours=5))
    draft("draft", texts("Deuxième écran pour la caisse", server[1:]), now - timedelta(hours=1))
    save_template(session, "Serveur et installation", texts("Remplacement du serveur", server), by=by, at=now)
