"""Keep a ticket's words in the index of the search; called by every verb that changes what is written in it."""

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from portal.tickets.models import Ticket, TicketWord
from portal.tickets.stems import stems

#: Who belongs to no organisation yet.
NOBODY = 0


def reindex(session: Session, ticket: Ticket) -> None:
    """Put the words of a ticket as it stands into the index, those that only staff read apart."""
    session.flush()
    public = stems(ticket.reference, ticket.subject, ticket.creator_name, ticket.beneficiary or "")
    internal: set[str] = stems(ticket.creator_mail or "", ticket.creator_phone or "")
    for message in ticket.messages:
        texts = (message.text, message.folded, message.author, *(file.name for file in message.files))
        (internal if message.internal or message.quarantined else public).update(stems(*texts))
    session.execute(delete(TicketWord).where(TicketWord.ticket_id == ticket.id))
    rows = [
        {
            "stem": word,
            "ticket_id": ticket.id,
            "organisation": ticket.organisation_id or NOBODY,
            "internal": word not in public,
        }
        for word in sorted(public | internal)
    ]
    if rows:
        session.execute(insert(TicketWord), rows)
