"""The mails of a quote: who gets which, in which thread, written into the outbox with the act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.mail.letters import quoted
from portal.mail.transport import NOTIFY
from portal.quotes.links import Links
from portal.quotes.quote_models import Quote, QuoteAct, QuoteMessage, Recipient
from portal.quotes.quote_rules import Act
from portal.quotes.shown import Shown
from portal.quotes.threads import post_in_thread
from portal.terms import Library
from portal.terms.citing import cites

#: Asks the servers on the way for a notice once the mail is in its reader's mailbox (RFC 3461).
NOTICE = {NOTIFY: "success"}

#: What a code that was sent for an act does, before the quote's number.
DEEDS = {
    Act.ACCEPTED: "accepter le", Act.REFUSED: "refuser le", Act.TAKEN_BACK: "reprendre votre acceptation du",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuoteLetters:
    """Writes the mails of quotes into the outbox."""

    library: Library
    links: Links
    domain: str

    def sent(self, session: Session, quote: Quote, recipient: Recipient, shown: Shown, at: datetime) -> None:
        """The quote, to one recipient: its link, and how long it holds."""
        values = {"shown": shown, "from_colleague": recipient.forwarded_by}
        key = f"sent-{recipient.person_id}"
        self._to(session, quote, recipient, "quote_sent", values, at, key=key, headers=NOTICE)

    def reminder(self, session: Session, quote: Quote, shown: Shown, left: int, at: datetime) -> None:
        """Its last day comes near."""
        for recipient in (each for each in quote.recipients if each.reachable):
            key = f"reminder-{recipient.person_id}"
            self._to(session, quote, recipient, "quote_reminder", {"shown": shown, "left": left}, at, key=key)

    def withdrawn(self, session: Session, quote: Quote, words: str, at: datetime) -> None:
        """It is no longer offered."""
        self._to_all(session, quote, "quote_withdrawn", {"reason": quoted(words)}, at, key="withdrawn")

    def moved(self, session: Session, quote: Quote, shown: Shown, at: datetime) -> None:
        """A reception became known that is earlier than the one we knew: the last day is another one."""
        key = f"moved-{shown.last.enforced.isoformat()}"
        self._to_all(session, quote, "quote_moved", {"shown": shown}, at, key=key)

    def asked(self, session: Session, quote: Quote, message: QuoteMessage, at: datetime) -> None:
        """A question, to who wrote the quote."""
        values = {"message": message, "written": quoted(message.text)}
        self._to_staff(session, quote, "quote_question", values, at, key=f"message-{message.id}")

    def answered(self, session: Session, quote: Quote, message: QuoteMessage, at: datetime) -> None:
        """The answer, to every recipient."""
        values = {"message": message, "written": quoted(message.text)}
        self._to_all(session, quote, "quote_answer", values, at, key=f"message-{message.id}")

    def renewal_asked(self, session: Session, quote: Quote, who: str, at: datetime) -> None:
        """Somebody wants a new quote after the last day of this one."""
        self._to_staff(session, quote, "quote_renewal", {"who": who}, at, key="renewal")

    def code(
        self, session: Session, quote: Quote, recipient: Recipient, code: str, key: str, at: datetime, act: Act
    ) -> None:
        """The code that an act by the link asks for, to the signatory's own address."""
        values = {"code": code, "deed": DEEDS[act]}
        self._to(session, quote, recipient, "quote_code", values, at, key=f"code-{key}")

    def accepted(self, session: Session, quote: Quote, act: QuoteAct, at: datetime) -> None:
        """The client accepted: acknowledged to it, and ours to confirm (5.2)."""
        self._to_all(session, quote, "quote_accepted", {"act": act}, at, key=f"accepted-{act.id}")
        self._to_staff(session, quote, "quote_to_confirm", {"act": act}, at, key=f"to-confirm-{act.id}")

    def taken_back(self, session: Session, quote: Quote, act: QuoteAct, at: datetime) -> None:
        """The client took its acceptance back before we confirmed."""
        values = {"act": act, "reason": quoted(act.words)}
        self._to_all(session, quote, "quote_taken_back", values, at, key=f"taken-back-{act.id}")
        self._to_staff(session, quote, "quote_taken_back_staff", values, at, key=f"taken-back-staff-{act.id}")

    def refused(self, session: Session, quote: Quote, act: QuoteAct, at: datetime) -> None:
        """The client refused."""
        values = {"act": act, "reason": quoted(act.words)}
        self._to_all(session, quote, "quote_refused", values, at, key="refused")
        self._to_staff(session, quote, "quote_refused_staff", values, at, key="refused-staff")

    def final(self, session: Session, quote: Quote, act: QuoteAct, confirmed: QuoteAct, at: datetime) -> None:
        """Both have accepted: the acknowledgement, with where the file of proof is, to both sides."""
        values = {"act": act, "confirmed": confirmed}
        self._to_all(session, quote, "quote_final", values, at, key="final")
        self._to_staff(session, quote, "quote_final_staff", values, at, key="final-staff")

    def not_confirmed(self, session: Session, quote: Quote, act: QuoteAct, at: datetime) -> None:
        """We declined what the client had accepted."""
        values = {"act": act, "reason": quoted(act.words)}
        self._to_all(session, quote, "quote_not_confirmed", values, at, key="not-confirmed")

    def message_id(self, quote: Quote, key: str) -> str:
        """The Message-ID of one of a quote's mails."""
        return f"<{self._key(quote, key)}@{self.domain}>"

    def _to_all(
        self, session: Session, quote: Quote, event: str, values: Mapping[str, Any], at: datetime, *, key: str
    ) -> None:
        for recipient in (each for each in quote.recipients if each.reachable):
            self._to(session, quote, recipient, event, values, at, key=f"{key}-to-{recipient.person_id}")

    def _to(
        self, session: Session, quote: Quote, recipient: Recipient, event: str, values: Mapping[str, Any], at: datetime,
        *, key: str, headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        given = {"link": self.links.quote(recipient.id, recipient.link_key)} | dict(values)
        self._post(
            session, quote, event, given, key=key, recipient=recipient.mail, at=at, headers=headers,
            first=f"sent-{recipient.person_id}",
        )  # fmt: skip

    def _to_staff(
        self, session: Session, quote: Quote, event: str, values: Mapping[str, Any], at: datetime, *, key: str
    ) -> None:
        # To the company's own mailbox: whoever wrote the quote may be away.
        given = {"link": self.links.quote_on_desk(quote.reference)} | dict(values)
        self._post(session, quote, event, given, key=key, recipient=self.library.company.mail, at=at, first="desk")

    def _key(self, quote: Quote, key: str) -> str:
        return f"quote.{quote.reference}.{key}"

    def _post(
        self, session: Session, quote: Quote, event: str, values: Mapping[str, Any], *, key: str, first: str,
        recipient: str, at: datetime, headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        version = self.library.version(quote.terms_slug) if quote.terms_slug else None
        given = {"quote": quote, "company": self.library.company, "version": version, "cites": cites} | dict(values)
        post_in_thread(
            session, event, given, key=self._key(quote, key), earlier=[self._key(quote, first)], recipient=recipient,
            domain=self.domain, at=at, headers=headers,
        )  # fmt: skip
