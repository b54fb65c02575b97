"""The client accepts in two steps, refuses, or takes its acceptance back."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, session

from portal.accounts.security import browser, current_session
from portal.errors import Refusal
from portal.errors import show as show_refusal
from portal.french import weekday_date
from portal.quotes import acceptance_actions as acceptance
from portal.quotes.acceptance_actions import Signature, TooManyCodes, WrongCode, consents
from portal.quotes.acceptance_forms import ConfirmForm, SignForm
from portal.quotes.client_pages import Reader, author, page
from portal.quotes.quote_models import Recipient
from portal.quotes.quote_rules import (
    OFFERED,
    NotAllowed,
    QuoteError,
    QuoteExpired,
    ReasonMissing,
    State,
    WrongState,
)
from portal.quotes.reading_views import is_open, sheet_page
from portal.quotes.request_views import CONFLICT, REFUSED
from portal.quotes.shown import as_sent
from portal.quotes.writing_views import letters, new_key
from portal.web import db, now, services

#: Where this browser keeps what was typed in the first step, by quote.
STEP = "devis_accepte"
FORBIDDEN = 403


# --- First step: what one signs ------------------------------------------------------------------


@page("/accepter", methods=("GET", "POST"))
def accept(reader: Reader) -> Any:
    """The recap, and who signs. Nothing is accepted yet."""
    quote = reader.quote
    if request.method != "POST" and not (is_open(quote) and reader.signs):
        return redirect(reader.url(), 303)
    shown = as_sent(quote, services().library)
    form = SignForm()
    words = consents(shown)
    form.ask(
        words, conditions=bool(shown.offer.conditions or shown.files), derogations=bool(shown.offer.derogations)
    )  # fmt: skip
    if request.method != "POST":
        held = session.get(STEP, {}).get(quote.reference, {})
        form.name.data, form.capacity.data = held.get("name") or reader.person.name, held.get("capacity", "")
        return _recap(reader, form)
    denied = _closed(reader, "acceptance")
    if denied is not None:
        return denied
    if not form.validate():
        return _recap(reader, form, REFUSED)
    session[STEP] = {
        quote.reference: {"name": form.name.data, "capacity": form.capacity.data, "key": new_key(), "consents": words}
    }
    if reader.token and not _send_code(reader):
        form.form_errors.append(
            "Plusieurs codes vous ont déjà été envoyés. Attendez un peu, puis demandez-en un autre. Rien n'est accepté."
        )
        return _recap(reader, form, 429)
    return redirect(reader.url("confirm"), 303)


def _recap(reader: Reader, form: SignForm, status: int = 200) -> tuple[str, int]:
    shown = as_sent(reader.quote, services().library)
    return render_template(
        "quotes/acceptance/recap.html", reader=reader, quote=reader.quote, shown=shown, form=form
    ), status


def _send_code(reader: Reader) -> bool:
    try:
        acceptance.send_code(
            db.session, reader.quote, _recipient(reader), by=reader.person, browser=browser(), letters=letters(), at=now()
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


# --- Second step: it is accepted -----------------------------------------------------------------


@page("/confirmer", methods=("GET", "POST"))
def confirm(reader: Reader) -> Any:
    """What will be accepted, in one sentence; the code; then the quote is accepted, once."""
    quote, form = reader.quote, ConfirmForm()
    held = session.get(STEP, {}).get(quote.reference)
    if request.method != "POST":
        if held is None or not is_open(quote):
            return redirect(reader.url("accept") if is_open(quote) else reader.url(), 303)
        form.key.data = held["key"]
        return _last_look(reader, form, held)
    if quote.acceptance is not None and quote.acceptance.form_key == form.key.data:
        return _accepted(reader)  # the same page again
    if held is None or form.key.data != held["key"]:
        return _closed(reader, "acceptance") or redirect(reader.url("accept"), 303)
    if not form.validate():
        return _last_look(reader, form, held, REFUSED)
    signature = Signature(
        name=held["name"], capacity=held["capacity"], consents=tuple(held["consents"]), form_key=held["key"],
        identified_by=_identified(reader), author=author(),
    )  # fmt: skip
    check = None
    if reader.token:
        check = acceptance.check_code(
            db.session, quote, form.code.data or "", by=reader.person, browser=browser(), at=now()
        )
    try:
        acceptance.accept_quote(
            db.session, quote, by=reader.person, signature=signature, library=services().library, letters=letters(),
            at=now(), check=check,
        )  # fmt: skip
    except WrongCode as error:
        _deny(reader, "acceptance", error)
        form.code.data = ""
        form.code.errors = ["Ce code n'est pas le bon, ou il ne vaut plus. Vérifiez-le, ou demandez-en un autre."]
        return _last_look(reader, form, held, REFUSED)
    except (NotAllowed, WrongState, QuoteExpired) as error:
        return _denied(reader, "acceptance", error)
    db.session.commit()
    return _accepted(reader)


def _accepted(reader: Reader) -> Any:
    session.pop(STEP, None)
    flash("Votre acceptation est enregistrée. Une confirmation part par courriel.", "success")
    return redirect(reader.url(), 303)


def _last_look(reader: Reader, form: ConfirmForm, held: dict[str, Any], status: int = 200) -> tuple[str, int]:
    shown = as_sent(reader.quote, services().library)
    return (
        render_template(
            "quotes/acceptance/confirm.html", reader=reader, quote=reader.quote, shown=shown, form=form, held=held
        ),
        status,
    )


@page("/code", methods=("POST",))
def code(reader: Reader) -> Any:
    """Send another code."""
    denied = _closed(reader, "acceptance")
    if denied is not None:
        return denied
    if reader.token is None:
        return redirect(reader.url("confirm"), 303)
    if _send_code(reader):
        flash("Un nouveau code vient de vous être envoyé\u00a0: le précédent ne vaut plus.", "success")
    else:
        flash("Plusieurs codes vous ont déjà été envoyés\u00a0: attendez un peu avant d'en demander un autre.", "error")
    return redirect(reader.url("confirm"), 303)


def _identified(reader: Reader) -> str:
    if reader.token:
        return f"lien personnel et code envoyés à {reader.person.email}"
    held = current_session()
    means = {"email": "code reçu par courriel", "webauthn": "clé d'accès", "password": "mot de passe"}
    known = [means[each] for each in (held.means if held else "").split(",") if each in means]
    return "connexion à l'espace client" + (f" ({', '.join(known)})" if known else "")


# --- No, and no longer ---------------------------------------------------------------------------


@page("/refuser", methods=("POST",))
def refuse(reader: Reader) -> Any:
    """Refuse, with a reason."""
    try:
        acceptance.refuse_quote(
            db.session, reader.quote, by=reader.person, words=request.form.get("reason", "")[:5_000],
            form_key=_key(), author=author(), identified_by=_by_link(reader), letters=letters(), at=now(),
        )  # fmt: skip
    except ReasonMissing:
        db.session.rollback()
        return sheet_page(
            reader, REFUSED, refusal="Écrivez la raison du refus\u00a0: elle nous est envoyée. Rien n'est refusé."
        )
    except (NotAllowed, WrongState) as error:
        return _denied(reader, "refusal", error)
    db.session.commit()
    flash("Votre refus est enregistré. Nous en sommes prévenus.", "success")
    return redirect(reader.url(), 303)


@page("/reprendre", methods=("POST",))
def take_back(reader: Reader) -> Any:
    """Take the acceptance back, while the order is not final."""
    try:
        acceptance.take_back(
            db.session, reader.quote, by=reader.person, words=request.form.get("reason", "")[:5_000],
            form_key=_key(), author=author(), identified_by=_by_link(reader), letters=letters(), at=now(),
        )  # fmt: skip
    except (NotAllowed, WrongState) as error:
        return _denied(reader, "taking_back", error)
    db.session.commit()
    flash("L'acceptation est reprise\u00a0: rien n'est commandé.", "success")
    return redirect(reader.url(), 303)


def _key() -> str:
    return request.form.get("key", "")[:64] or new_key()


def _by_link(reader: Reader) -> str:
    return f"lien personnel envoyé à {reader.person.email}" if reader.token else _identified(reader)


def _closed(reader: Reader, what: str) -> Any:
    """The page of a try that cannot succeed, before anything else is looked at; None: it may go on."""
    quote = reader.quote
    error: QuoteError | None = None
    if not reader.signs:
        error = NotAllowed()
    elif quote.state not in OFFERED:
        error = WrongState(quote.state)
    elif not is_open(quote) and quote.last_day is not None:
        error = QuoteExpired(quote.last_day)
    return None if error is None else _denied(reader, what, error)


def _deny(reader: Reader, what: str, error: QuoteError) -> None:
    """Undo what was begun and keep in the log that it was tried."""
    db.session.rollback()
    acceptance.record_try(
        db.session, reader.quote, what, error, by=reader.person, author=author(), at=now()
    )  # fmt: skip
    db.session.commit()


def _denied(reader: Reader, what: str, error: QuoteError) -> Any:
    _deny(reader, what, error)
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


NOT_A_SIGNATORY = Refusal(
    "Votre rôle ne permet pas de signer",
    "Rien n'a été accepté ni refusé.",
    "Depuis la page du devis, transmettez-le à un signataire de votre organisation.",
)
