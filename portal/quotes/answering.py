"""What the pages of a client's answers share: the code that a link asks for, how one is known, a try that cannot succeed."""

from typing import Any

from flask import abort

from portal.accounts.refusals import tell_refused
from portal.accounts.security import browser, identified_by
from portal.errors import Refusal
from portal.errors import show as show_refusal
from portal.french import weekday_date
from portal.quotes import acceptance_actions as acceptance
from portal.quotes.acceptance_actions import TooManyCodes
from portal.quotes.client_pages import Reader, author
from portal.quotes.quote_models import Recipient
from portal.quotes.quote_rules import OFFERED, Act, NotAllowed, QuoteError, QuoteExpired, State, WrongState
from portal.quotes.reading_views import is_open, sheet_page
from portal.quotes.request_views import CONFLICT
from portal.quotes.writing_views import letters
from portal.web import db, now

FORBIDDEN = 403
WRONG_CODE = "Ce code n'est pas le bon, ou il ne vaut plus. Vérifiez-le, ou demandez-en un autre."
TOO_MANY = "Plusieurs codes vous ont déjà été envoyés. Attendez un peu, puis demandez-en un autre. Rien n'a changé."
NOT_A_SIGNATORY = Refusal(
    "Votre rôle ne permet pas de signer",
    "Rien n'a été accepté ni refusé.",
    "Depuis la page du devis, transmettez-le à un signataire de votre organisation.",
)


def send_code(reader: Reader, act: Act = Act.ACCEPTED) -> bool:
    """Send the code of an act; False: enough were sent for now."""
    try:
        acceptance.send_code(
            db.session, reader.quote, _recipient(reader), by=reader.person, browser=browser(), letters=letters(),
            at=now(), act=act,
        )  # fmt: skip
    except TooManyCodes:
        db.session.rollback()
        return False
    db.session.commit()
    return True


def _recipient(reader: Reader) -> Recipient:
    if reader.recipient is None:
        abort(400)
    return reader.recipient


def identified(reader: Reader) -> str:
    """How who acts is known, in the words that the proof keeps."""
    if reader.token:
        return f"lien personnel et code envoyés à {reader.person.email}"
    return identified_by()


def closed(reader: Reader, what: str) -> Any:
    """The page of a try that cannot succeed, before anything else is looked at; None: it may go on."""
    quote = reader.quote
    error: QuoteError | None = None
    if not reader.signs:
        error = NotAllowed()
    elif quote.state not in OFFERED:
        error = WrongState(quote.state)
    elif not is_open(quote) and quote.last_day is not None:
        error = QuoteExpired(quote.last_day)
    return None if error is None else denied(reader, what, error)


def deny(reader: Reader, what: str, error: QuoteError) -> None:
    """Undo what was begun and keep in the log that it was tried."""
    tell_refused(acceptance.record_try, reader.quote, what, error, by=reader.person, author=author(), at=now())


def denied(reader: Reader, what: str, error: QuoteError) -> Any:
    """The page of what was tried and refused; the log has it too."""
    deny(reader, what, error)
    if isinstance(error, NotAllowed):
        return show_refusal(FORBIDDEN, NOT_A_SIGNATORY)
    words = _why(reader, error)
    return sheet_page(reader, CONFLICT, refusal=words)


def _why(reader: Reader, error: QuoteError) -> str:
    quote = reader.quote
    if isinstance(error, QuoteExpired):
        return (
            f"Ce devis pouvait être accepté jusqu'au {weekday_date(error.last_day)} inclus\u00a0: il est trop tard. "
            "Rien n'a été accepté. Vous pouvez demander un nouveau devis."
        )
    acceptance_held = quote.acceptance
    if quote.state in {State.ACCEPTED, State.FINAL} and acceptance_held is not None:
        return f"Ce devis est déjà accepté, par {acceptance_held.name}. Rien n'a été accepté une seconde fois."
    return "Ce devis n'attend plus cette réponse. Rien n'a été modifié\u00a0: voici où il en est."
