"""The client accepts in two steps, refuses, or takes its acceptance back."""

from typing import Any

from flask import flash, redirect, render_template, request, session

from portal.accounts.security import browser
from portal.quotes import acceptance_actions as acceptance
from portal.quotes.acceptance_actions import Signature, WrongCode, consents
from portal.quotes.acceptance_forms import ConfirmForm, SignForm
from portal.quotes.answering import TOO_MANY, WRONG_CODE, closed, denied, deny, identified, send_code
from portal.quotes.client_pages import Reader, author, page
from portal.quotes.quote_rules import (
    NotAllowed,
    QuoteExpired,
    WrongState,
)
from portal.quotes.reading_views import is_open
from portal.quotes.request_views import REFUSED
from portal.quotes.shown import as_sent
from portal.quotes.writing_views import letters, new_key
from portal.web import db, now, services

#: Where this browser keeps what was typed in the first step, by quote.
STEP = "devis_accepte"


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
    refused = closed(reader, "acceptance")
    if refused is not None:
        return refused
    if not form.validate():
        return _recap(reader, form, REFUSED)
    session[STEP] = {
        quote.reference: {"name": form.name.data, "capacity": form.capacity.data, "key": new_key(), "consents": words}
    }
    if reader.token and not send_code(reader):
        form.form_errors.append(TOO_MANY)
        return _recap(reader, form, 429)
    return redirect(reader.url("confirm"), 303)


def _recap(reader: Reader, form: SignForm, status: int = 200) -> tuple[str, int]:
    shown = as_sent(reader.quote, services().library)
    return render_template(
        "quotes/acceptance/recap.html", reader=reader, quote=reader.quote, shown=shown, form=form
    ), status


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
        return closed(reader, "acceptance") or redirect(reader.url("accept"), 303)
    if not form.validate():
        return _last_look(reader, form, held, REFUSED)
    signature = Signature(
        name=held["name"], capacity=held["capacity"], consents=tuple(held["consents"]), form_key=held["key"],
        identified_by=identified(reader), author=author(),
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
        deny(reader, "acceptance", error)
        form.code.data = ""
        form.code.errors = [WRONG_CODE]
        return _last_look(reader, form, held, REFUSED)
    except (NotAllowed, WrongState, QuoteExpired) as error:
        return denied(reader, "acceptance", error)
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
    refused = closed(reader, "acceptance")
    if refused is not None:
        return refused
    if reader.token is None:
        return redirect(reader.url("confirm"), 303)
    if send_code(reader):
        flash("Un nouveau code vient de vous être envoyé\u00a0: le précédent ne vaut plus.", "success")
    else:
        flash("Plusieurs codes vous ont déjà été envoyés\u00a0: attendez un peu avant d'en demander un autre.", "error")
    return redirect(reader.url("confirm"), 303)
