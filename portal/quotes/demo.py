"""Invented requests for the demo: one to answer, one talked over, one answered."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.quotes.estimate import read_estimate
from portal.quotes.request_actions import Asked, reply_as_requester, reply_to_request, submit_request
from portal.quotes.request_letters import Letters

#: How long ago each came, what was asked, and the calculator's query that came with it.
REQUESTS = (
    (
        timedelta(days=2, hours=3),
        Asked(
            "Menuiserie Exemple", "000000026", "Jean Exemple", "jean@menuiserie.example", "03 00 00 00 00",
            "Bonjour,\nnotre serveur est lent depuis lundi. Nous voudrions le remplacer avant la fin de l'année.\n\n"
            "Huit postes, deux imprimantes.",
        ),
        "ligne=onsite-server:240&ligne=project:120&tva=1",
    ),
    (
        timedelta(days=4),
        Asked(
            "Garage Modèle", "000000034", "Sonia Modèle", "sonia@garage.example", None,
            "Nous ouvrons un second atelier en mars et cherchons quelqu'un pour le réseau et les téléphones.",
        ),
        "",
    ),
    (
        timedelta(days=6),
        Asked(
            "Cabinet Témoin", "CHE000000017", "Urs Témoin", "urs@cabinet.example", None,
            "Pouvez-vous reprendre la sauvegarde de douze postes près de Bâle ?",
        ),
        "ligne=remote-desktop:30,x12",
    ),
)  # fmt: skip


def load(session: Session, *, letters: Letters, by: Person, now: datetime) -> None:
    """Put the invented requests into the base, in the caller's transaction; ``by`` answers."""
    made = []
    for number, (ago, asked, query) in enumerate(REQUESTS):
        at = now - ago
        day = at.astimezone(PARIS).date()
        made.append(
            submit_request(
                session, asked, terms=letters.library.in_force(day), form_key=f"demo-{number}", letters=letters, at=at,
                estimate=read_estimate(query, letters.library, day).estimate,
            )
        )  # fmt: skip
    _, talked, answered = made
    for request, words in (
        (talked, "Bonjour, combien de prises et de téléphones prévoyez-vous ?"),
        (answered, "Oui. Pouvez-vous nous dire combien de données sont à sauvegarder ?"),
    ):
        reply_to_request(
            session, request, by=by, words=words, form_key="demo", letters=letters, at=now - timedelta(days=1)
        )  # fmt: skip
    reply_as_requester(
        session, talked, words="Seize prises et six téléphones.", form_key="demo-answer", letters=letters,
        at=now - timedelta(hours=2),
    )  # fmt: skip
