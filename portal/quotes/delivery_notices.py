"""What servers say became of the mails of quotes, from the receiver of mail to the reception of a quote (5.1)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.mail.incoming.message import DeliveryReport
from portal.mail.models import OutgoingMail
from portal.quotes.jobs import letters_of
from portal.quotes.reading_actions import take_notice
from portal.web import Services

#: How the events of this room's mails begin.
EVENTS = "quotes/"


@dataclass(frozen=True, slots=True)
class Notices:
    """A handler of delivery reports: only given those that prove that they held the mail they speak of."""

    services: Services

    def __call__(self, session: Session, mail: OutgoingMail, report: DeliveryReport, *, at: datetime) -> None:
        """Take each report of a mail's own reader for what it is."""
        for one in report.recipients:
            if one.recipient and one.recipient != mail.recipient.lower():
                continue
            take_notice(
                session, message_id=mail.message_id, action=one.action.value, said_at=None,
                words=f"{one.status} {one.why}".strip(), library=self.services.library,
                letters=letters_of(self.services), at=at,
            )  # fmt: skip
