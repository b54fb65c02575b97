"""What a reader does by the "stop" link of a mail about points: one threshold, or one kind of mails, no more."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.contracts.alert_models import ContractAlert
from portal.contracts.mail_choices import choice_of, choose
from portal.mail.models import OutgoingMail
from portal.mail.stopping import Stop


def _threshold(session: Session, mail: OutgoingMail, _: datetime) -> None:
    """The threshold that the mail was about is taken away."""
    number = mail.message_id.removeprefix("<contract-alert.").partition(".")[0]
    alert = session.get(ContractAlert, int(number)) if number.isdigit() else None
    if alert is not None and alert.person.email == mail.recipient:
        session.delete(alert)


def _movements(session: Session, mail: OutgoingMail, at: datetime) -> None:
    for person in _readers(session, mail):
        _, monthly = choice_of(session, person)
        choose(session, person, movements=False, monthly=monthly, at=at)


def _monthly(session: Session, mail: OutgoingMail, at: datetime) -> None:
    for person in _readers(session, mail):
        movements, _ = choice_of(session, person)
        choose(session, person, movements=movements, monthly=False, at=at)


def _readers(session: Session, mail: OutgoingMail) -> list[Person]:
    return list(session.scalars(select(Person).where(Person.email == mail.recipient, Person.active)))


MOVEMENTS = Stop("de courriel à chaque mouvement de vos points", _movements)
#: By event, in the words of a page.
STOPS: Mapping[str, Stop] = {
    "contracts/threshold": Stop("de courriel quand ce contrat passe sous le seuil que vous aviez choisi", _threshold),
    "contracts/moved": MOVEMENTS,
    "contracts/month": Stop("le relevé de chaque mois", _monthly),
}
