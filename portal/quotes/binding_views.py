"""What staff record or do that binds: a reception with its proof, a quote signed on paper, the PRESTATAIRE's answer (5.2)."""

from typing import Any

from flask import request

from portal.accounts.guard import me
from portal.accounts.security import identified_by
from portal.files.actions import keep
from portal.files.models import StoredFile
from portal.files.rules import FileRefused
from portal.forms import BaseForm
from portal.quotes import acceptance_actions as acceptance
from portal.quotes import confirmation_actions as confirmation
from portal.quotes import reading_actions as reading
from portal.quotes.acceptance_forms import PaperForm, ReceptionForm
from portal.quotes.client_pages import author
from portal.quotes.following_views import act, page_of, quotes_following, sent_key
from portal.quotes.request_views import REFUSED
from portal.quotes.writing_views import letters, new_key, quote_of
from portal.web import db, now, services, store

# --- Received, signed on paper -------------------------------------------------------------------


def _kept(form: BaseForm, name: str) -> StoredFile | None:
    """The file of a field, kept; None: what is wrong with it stands by the field."""
    field = form[name]
    if not field.data or not field.data.filename:
        field.errors = ["Joignez le fichier\u00a0: c'est lui qui fait preuve."]
        return None
    try:
        return keep(db.session, store(), field.data.stream, name=field.data.filename, kept_for="quotes", now=now())
    except FileRefused as error:
        field.errors = [str(error)]
        return None


@quotes_following.post("/<reference>/reception")
def reception(reference: str) -> Any:
    """Record the day it was received, with its proof."""
    quote, form = quote_of(reference), ReceptionForm()
    proof = _kept(form, "proof") if form.validate() else None
    if proof is None:
        db.session.rollback()
        return page_of(quote, REFUSED, reception=form)
    return act(
        quote,
        lambda: reading.record_reception(
            db.session, quote, by=me(), day=form.day.data, words=form.words.data, proof=proof,
            library=services().library, letters=letters(), at=now(),
        ),
        "La réception est enregistrée.",
    )  # fmt: skip


@quotes_following.post("/<reference>/papier")
def signed_paper(reference: str) -> Any:
    """Record a quote that came back signed."""
    quote, form = quote_of(reference), PaperForm(prefix="paper-")
    scan = _kept(form, "scan") if form.validate() else None
    if scan is None:
        db.session.rollback()
        return page_of(quote, REFUSED, signed=form)
    return act(
        quote,
        lambda: acceptance.record_paper(
            db.session, quote, by=me(), name=form.name.data, capacity=form.capacity.data or "", day=form.day.data,
            scan=scan, form_key=form.key.data or new_key(), author=author(), library=services().library,
            letters=letters(), at=now(),
        ),
        "L'acceptation sur papier est enregistrée\u00a0: il reste à la confirmer.",
        "acceptance",
    )  # fmt: skip


# --- The PRESTATAIRE's answer (5.2) --------------------------------------------------------------


@quotes_following.post("/<reference>/confirmer")
def confirm(reference: str) -> Any:
    """Accept what the client has accepted: the order is final."""
    quote = quote_of(reference)
    return act(
        quote,
        lambda: confirmation.confirm_quote(
            db.session, quote, by=me(), form_key=sent_key(), author=author(),
            identified_by=identified_by(), letters=letters(), at=now(),
        ),
        "La commande est définitive. Les deux parties reçoivent la confirmation\u00a0; le fichier de preuve se prépare.",
        "confirmation",
    )  # fmt: skip


@quotes_following.post("/<reference>/decliner")
def decline(reference: str) -> Any:
    """Do not accept it."""
    quote = quote_of(reference)
    return act(
        quote,
        lambda: confirmation.decline_quote(
            db.session, quote, by=me(), words=request.form.get("reason", "")[:5_000], form_key=sent_key(), author=author(),
            identified_by=identified_by(), letters=letters(), at=now(),
        ),
        "La commande n'est pas confirmée\u00a0; le client en est prévenu.",
        "confirmation",
    )  # fmt: skip
