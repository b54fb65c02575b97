"""Where quotes and requests for one hold a person's name, address and telephone: what a correction has to reach."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.quotes.quote_models import Quote, QuoteAct, QuoteMessage, Recipient
from portal.quotes.request_models import QuoteRequest, RequestMessage
from portal.quotes.request_rules import Side
from portal.registry import Datum, Place

_SIGNED = "ce qui a été accepté ou refusé est gardé tel quel\u00a0: c'est une preuve"


def _requests(session: Session, mail: str) -> Iterable[QuoteRequest]:
    mine = func.lower(QuoteRequest.mail) == mail.strip().lower()
    return session.scalars(select(QuoteRequest).where(mine).order_by(QuoteRequest.id))


def _asked(session: Session, mail: str) -> Iterable[RequestMessage]:
    return [
        message
        for request in _requests(session, mail)
        for message in request.messages
        if message.side is Side.REQUESTER
    ]


def _received(session: Session, mail: str) -> Iterable[Recipient]:
    mine = select(Recipient).where(Recipient.mail == mail.strip().lower())
    return session.scalars(mine.order_by(Recipient.id))


def _written(session: Session, mail: str) -> Iterable[QuoteMessage]:
    person = select(Person.id).where(Person.email == mail.strip().lower()).scalar_subquery()
    return session.scalars(select(QuoteMessage).where(QuoteMessage.author_id == person).order_by(QuoteMessage.id))


def _signed(session: Session, mail: str) -> Iterable[QuoteAct]:
    return session.scalars(select(QuoteAct).where(QuoteAct.mail == mail.strip().lower()).order_by(QuoteAct.id))


def _of_organisation(session: Session, mail: str) -> Iterable[Quote]:
    mine = select(Quote).join(Person, Person.organisation_id == Quote.organisation_id)
    return session.scalars(mine.where(Person.email == mail.strip().lower(), Quote.sent_at.is_not(None)))


CORRECTIONS = (
    Place(Datum.NAME, "demandes de devis", _requests, "contact_name"),
    Place(Datum.NAME, "messages de demandes de devis", _asked, "author"),
    Place(Datum.NAME, "devis que vous avez reçus", _received, "name"),
    Place(Datum.NAME, "messages de devis", _written, "author"),
    Place(Datum.NAME, "réponses à un devis", _signed, "name", stays=_SIGNED),
    Place(Datum.EMAIL, "demandes de devis", _requests, "mail"),
    Place(Datum.EMAIL, "devis que vous avez reçus", _received, "mail"),
    Place(Datum.EMAIL, "réponses à un devis", _signed, "mail", stays=_SIGNED),
    Place(Datum.PHONE, "demandes de devis", _requests, "phone"),
    *(
        Place(datum, "devis envoyés", _of_organisation, "client", stays="ils restent tels qu'ils ont été envoyés")
        for datum in (Datum.STREET, Datum.POSTAL_CODE, Datum.CITY)
    ),
)
