"""A report that comes back by mail is a quote's reception, when it proves that it held the mail; a bounce is told."""

from datetime import date

from portal.hotline import open_receiver
from portal.mail.models import OutgoingMail
from portal.quotes.quote_rules import State
from portal.web import services
from tests.mail.test_reports import report
from tests.quotes.quoting import Room
from tests.quotes.test_reading import known


def bring(room: Room, mail: OutgoingMail, action: str, status: str, token: str | None) -> None:
    receiver = open_receiver(services(room.portal.app), room.portal.sessions)
    raw = report(action, status, f"Message-ID: {mail.message_id}\nX-Portail-Envoi: {token}\n")
    receiver.receive(raw, via="pipe", now=room.at)


def test_a_delivery_report_that_held_the_mail_is_the_quotes_reception(room: Room) -> None:
    reference = room.sent()
    (mail,) = room.mails("quote_sent")
    bring(room, mail, "delivered", "2.0.0", "devine")
    assert known(room, reference)[0] is State.SENT
    bring(room, mail, "relayed", "2.0.0", mail.token)
    assert known(room, reference)[0] is State.SENT
    bring(room, mail, "delivered", "2.1.5", mail.token)
    assert known(room, reference) == (State.RECEIVED, date(2026, 11, 23), date(2026, 12, 3))


def test_a_bounce_of_a_quote_is_no_reception_and_is_noted_on_its_recipient(room: Room) -> None:
    reference = room.sent()
    (mail,) = room.mails("quote_sent")
    bring(room, mail, "failed", "5.1.1", mail.token)
    assert known(room, reference)[0] is State.SENT
    assert room.see(reference, lambda quote: quote.recipients[0].bounced_at) == room.at
