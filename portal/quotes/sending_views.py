"""A draft is looked at as its client will see it, then sent, or given up; the texts that quotes begin with."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for

from portal.accounts.guard import me
from portal.accounts.refusals import tell_refused
from portal.errors import show as refuse
from portal.quotes import writing_actions as writing
from portal.quotes.acceptance_actions import record_try
from portal.quotes.client_pages import author
from portal.quotes.quote_models import Quote, QuoteTemplate
from portal.quotes.quote_rules import GroundMissing, NotSendable, NoValidity, QuoteError, State, WrongState
from portal.quotes.request_views import CONFLICT, REFUSED
from portal.quotes.sending_actions import prepare, recipients_of, send_quote
from portal.quotes.shown import before_sending
from portal.quotes.writing_views import letters, quote_of, quotes_writing
from portal.terms.citing import article_words
from portal.web import db, now, services, today


def _no_validity() -> str:
    where = article_words(services().library.in_force(today()), "printed_validity")
    return (
        "Les CGV en vigueur ne donnent pas de durée de validité et le devis n'indique pas son dernier jour\u00a0: une "
        f"durée doit être imprimée sur le devis{f', dit l’{where}' if where else ''}. Indiquez un dernier jour."
    )


# --- A look, and off it goes ---------------------------------------------------------------------


@quotes_writing.get("/<reference>/apercu")
def preview(reference: str) -> Any:
    """The draft as the client will see it, and what keeps it from being sent."""
    quote = quote_of(reference)
    if quote.state is not State.DRAFT:
        return redirect(url_for("quotes_following.show", reference=reference), 303)
    return _preview(quote)


def _preview(quote: Quote, missing: tuple[str, ...] = (), status: int = 200) -> tuple[str, int]:
    shown, people = None, recipients_of(db.session, quote)
    reading = writing.reading_of(db.session, quote, today())
    try:
        shown = before_sending(quote, reading.offer, services().library, today())
        prepare(db.session, quote, library=services().library, at=now())
    except NotSendable as error:
        missing = missing or error.words
    except NoValidity:
        missing = missing or (_no_validity(),)
    return (
        render_template(
            "quotes/writing/preview.html", quote=quote, shown=shown, people=people, missing=missing,
            offer=reading.offer, replaced=_replaced(quote),
            version=services().library.in_force(today()),
        ),
        status,
    )  # fmt: skip


def _replaced(quote: Quote) -> Quote | None:
    return quote.parent if quote.parent is not None and quote.parent_kind == "correction" else None


@quotes_writing.post("/<reference>/envoyer")
def send(reference: str) -> Any:
    """Send it. Sent twice is sent once."""
    quote = quote_of(reference)
    try:
        send_quote(db.session, quote, by=me(), library=services().library, letters=letters(), at=now())
    except WrongState as error:
        db.session.rollback()
        if error.state in {State.SENT, State.RECEIVED} and quote.sent_at is not None:
            return redirect(url_for("quotes_following.show", reference=reference), 303)
        _tried(quote, error)
        return refuse(CONFLICT)
    except NotSendable as error:
        db.session.rollback()
        return _preview(quote, error.words, REFUSED)
    except NoValidity:
        db.session.rollback()
        return _preview(quote, (_no_validity(),), REFUSED)
    except GroundMissing as error:
        db.session.rollback()
        _tried(quote, error)
        words = (
            "Le devis à remplacer a été reçu entre-temps\u00a0: il ne se remplace plus qu'avec l'accord du client ou "
            "pour une raison. Rien n'est parti. Abandonnez ce brouillon et corrigez de nouveau le devis reçu."
        )
        return _preview(quote, (words,), CONFLICT)
    db.session.commit()
    names = ", ".join(recipient.name for recipient in quote.recipients)
    flash(f"Le devis part à {names}.", "success")
    return redirect(url_for("quotes_following.show", reference=reference), 303)


def _tried(quote: Quote, error: QuoteError) -> None:
    """An offer that could not leave binds nobody; that it was tried is kept."""
    tell_refused(record_try, quote, "sending", error, by=me(), author=author(), at=now())


@quotes_writing.post("/<reference>/abandonner")
def discard(reference: str) -> Any:
    """Give the draft up; it can be taken up again."""
    writing.discard_draft(db.session, quote_of(reference), by=me(), at=now())
    db.session.commit()
    flash("Le brouillon est abandonné. Vous pouvez le reprendre.", "success")
    return redirect(url_for("quotes_following.show", reference=reference), 303)


@quotes_writing.post("/<reference>/reprendre")
def resume(reference: str) -> Any:
    """Take a draft up again."""
    writing.resume_draft(db.session, quote_of(reference), by=me(), at=now())
    db.session.commit()
    return redirect(url_for("quotes_writing.write", reference=reference), 303)


# --- Templates -----------------------------------------------------------------------------------


@quotes_writing.get("/modeles")
def templates() -> Any:
    """Texts to begin with."""
    return render_template("quotes/writing/templates.html", templates=writing.templates(db.session))


@quotes_writing.post("/modeles/<int:number>/supprimer")
def delete_template(number: int) -> Any:
    """Forget one; once more is no mistake."""
    held = db.session.get(QuoteTemplate, number)
    if held is None:
        abort(404)
    writing.delete_template(db.session, held, by=me())
    db.session.commit()
    flash(f"Le modèle «\u00a0{held.name}\u00a0» est supprimé.", "success")
    return redirect(url_for("quotes_writing.templates"), 303)
