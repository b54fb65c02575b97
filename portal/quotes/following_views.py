"""A quote as staff follow it: the list, the page of one, and every answer that is theirs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import or_, select

from portal.accounts.guard import me
from portal.accounts.models import Organisation
from portal.accounts.refusals import tell_refused
from portal.errors import show as refuse
from portal.files.models import StoredFile
from portal.files.views import download
from portal.files.views import send as send_file
from portal.forms import BaseForm
from portal.gate import row_number
from portal.orders.rules import WrongContract
from portal.quotes import acceptance_actions as acceptance
from portal.quotes import reading_actions as reading
from portal.quotes import sending_actions as sending
from portal.quotes import writing_actions as writing
from portal.quotes.acceptance_forms import PaperForm, ReceptionForm
from portal.quotes.client_pages import author
from portal.quotes.links import QUOTES_DESK
from portal.quotes.paper import quote_pdf
from portal.quotes.quote_models import Quote
from portal.quotes.quote_rules import (
    OFFERED,
    Ground,
    GroundMissing,
    NotAllowed,
    Parent,
    QuoteExpired,
    ReasonMissing,
    State,
    WrongState,
    may_write,
)
from portal.quotes.reading_actions import WrongDay
from portal.quotes.reading_forms import QuestionForm
from portal.quotes.request_views import CONFLICT, REFUSED
from portal.quotes.shown import as_sent, day_of
from portal.quotes.writing_forms import GroundForm
from portal.quotes.writing_views import letters, new_key, quote_of
from portal.web import db, now, services, settings, today

quotes_following = Blueprint("quotes_following", __name__, url_prefix=QUOTES_DESK, template_folder="templates")
LONGEST_SEARCH = 100
LISTED = 200
#: What the list can be narrowed to: word in the address, name.
FILTERS = {
    "": "Tous",
    "brouillons": "Brouillons",
    "attente": "Chez le client",
    "a-confirmer": "À confirmer",
    "expires": "Expirés",
    "commandes": "Commandes",
    "clos": "Sans suite",
}


@quotes_following.errorhandler(NotAllowed)
def not_allowed(_: NotAllowed) -> Any:
    """Their role does not cover it."""
    db.session.rollback()
    return refuse(403)


@quotes_following.get("/")
def index() -> Any:
    """Every quote, the latest first; ``?etat=`` and ``?client=`` narrow, ``?q=`` looks for words."""
    client = request.args.get("client", type=row_number)
    kind, words = request.args.get("etat", ""), request.args.get("q", "").strip()[:LONGEST_SEARCH]
    if kind not in FILTERS:
        abort(404)
    query = select(Quote).join(Organisation).order_by(Quote.saved_at.desc(), Quote.id.desc()).limit(LISTED)
    narrowed = {
        "brouillons": Quote.state == State.DRAFT,
        "attente": Quote.state.in_(OFFERED) & (Quote.last_day >= today()),
        "a-confirmer": Quote.state == State.ACCEPTED,
        "expires": Quote.state.in_(OFFERED) & (Quote.last_day < today()),
        "commandes": Quote.state == State.FINAL,
        "clos": Quote.state.in_(
            [State.REFUSED, State.NOT_CONFIRMED, State.WITHDRAWN, State.REPLACED, State.DISCARDED]
        ),
    }  # fmt: skip
    if kind:
        query = query.where(narrowed[kind])
    if client is not None:
        query = query.where(Quote.organisation_id == client)
    if words:
        found = [
            column.icontains(words, autoescape=True)
            for column in (Quote.reference, Quote.subject, Organisation.legal_name)
        ]
        query = query.where(or_(*found))
    quotes = db.session.scalars(query).all()
    return render_template(
        "quotes/following/index.html", quotes=quotes, kind=kind, words=words, filters=FILTERS,
        writes=may_write(me().role_names), most=LISTED,
    )  # fmt: skip


@quotes_following.get("/<reference>")
def show(reference: str) -> Any:
    """One quote."""
    quote = quote_of(reference)
    if quote.state is State.DRAFT and may_write(me().role_names):
        return redirect(url_for("quotes_writing.write", reference=reference), 303)
    return page_of(quote)


def page_of(quote: Quote, status: int = 200, *, refusal: str | None = None, **forms: BaseForm) -> tuple[str, int]:
    """The page of a quote on the desk, with what was typed and not taken."""
    shown = as_sent(quote, services().library) if quote.sent_at is not None else None
    made: dict[str, Any] = {
        "reply": forms.get("reply") or QuestionForm(formdata=None),
        "ground": forms.get("ground") or GroundForm(formdata=None),
        "reception": forms.get("reception") or ReceptionForm(formdata=None),
        "signed": forms.get("signed") or PaperForm(formdata=None, prefix="paper-"),
    }
    for form in made.values():
        if "key" in form:
            form.key.data = form.key.data or new_key()
    return (
        render_template(
            "quotes/following/show.html", quote=quote, shown=shown, refusal=refusal, writes=may_write(me().role_names),
            open=quote.state in OFFERED and quote.last_day is not None and quote.last_day >= today(), key=new_key(),
            unreceived=unreceived(quote), wrong=next(iter(forms), None), **made,
        ),
        status,
    )  # fmt: skip


def unreceived(quote: Quote) -> bool:
    """Whether it was sent long enough ago for its reception to be asked about (convention)."""
    days = services().library.conventions["quote_unreceived"].days or 0
    return (
        quote.state is State.SENT and quote.sent_at is not None
        and today() >= day_of(quote.sent_at) + timedelta(days=days)
    )  # fmt: skip


def act(quote: Quote, do: Callable[[], object], done: str, what: str = "") -> Any:
    """Do an act of staff and say so; what cannot be done any more is told on the page, which shows where it stands."""
    try:
        do()
    except WrongState as error:
        return refused(quote, what, error, "Ce devis n'en est plus là\u00a0: rien n'a été fait. Voici où il en est.")
    except WrongContract as error:
        words = (
            "Le contrat que ce devis recharge a pris fin\u00a0: la commande ne peut pas être passée. Déclinez, puis "
            "renouvelez le devis."
        )
        return refused(quote, what, error, words)
    except QuoteExpired as error:
        words = "Ce jour est après le dernier jour du devis\u00a0: il ne peut pas être accepté. Renouvelez-le."
        return refused(quote, what, error, words)
    except ReasonMissing as error:
        return refused(
            quote, "", error, "Écrivez la raison\u00a0: elle est envoyée au client. Rien n'a été fait.", REFUSED
        )
    except GroundMissing as error:
        words = (
            "Le client a reçu ce devis\u00a0: il ne se retire ou ne se remplace plus librement (Code civil, articles "
            "1115 et 1116). Dites si le client est d'accord, ou pour quelle raison. Rien n'a été fait."
        )
        return refused(quote, "", error, words, REFUSED)
    except WrongDay as error:
        return refused(
            quote, "", error, "Ce jour est avant l'envoi du devis ou à venir. Rien n'a été enregistré.", REFUSED
        )
    db.session.commit()
    flash(done, "success")
    return redirect(url_for("quotes_following.show", reference=quote.reference), 303)


def refused(quote: Quote, what: str, error: Exception, words: str, status: int = CONFLICT) -> Any:
    """What was tried and refused: in the log when it binds (``what``), and on the page."""
    db.session.rollback()
    if what:
        tell_refused(acceptance.record_try, quote, what, error, by=me(), author=author(), at=now())
    return page_of(quote, status, refusal=words)


def sent_key() -> str:
    """The key of the page that was sent."""
    return request.form.get("key", "")[:64] or new_key()


# --- The thread ----------------------------------------------------------------------------------


@quotes_following.post("/<reference>/repondre")
def reply(reference: str) -> Any:
    """Write to the client."""
    quote, form = quote_of(reference), QuestionForm()
    if not form.validate():
        return page_of(quote, REFUSED, reply=form)
    return act(
        quote,
        lambda: reading.answer(
            db.session, quote, by=me(), words=form.words.data, form_key=form.key.data or new_key(), letters=letters(),
            at=now(),
        ),
        "Votre message part à chaque destinataire.",
    )  # fmt: skip


# --- What follows --------------------------------------------------------------------------------


@quotes_following.post("/<reference>/retirer")
def withdraw(reference: str) -> Any:
    """Take the offer back."""
    quote, form = quote_of(reference), GroundForm()
    if not form.validate():
        return page_of(quote, REFUSED, ground=form)
    return act(
        quote,
        lambda: sending.withdraw_quote(
            db.session, quote, by=me(), ground=_ground(form), words=form.words.data or "", form_key=sent_key(),
            author=author(), letters=letters(), at=now(),
        ),
        "Le devis est retiré\u00a0; le client en est prévenu.",
        "withdrawal",
    )  # fmt: skip


def _ground(form: GroundForm) -> Ground | None:
    return Ground(form.ground.data) if form.ground.data in set(Ground) else None


def _follow(reference: str, kind: Parent) -> Any:
    quote, form = quote_of(reference), GroundForm()
    if not form.validate():
        return page_of(quote, REFUSED, ground=form)
    made: list[Quote] = []
    answer = act(
        quote,
        lambda: made.append(
            writing.follow_up(
                db.session, quote, kind, by=me(), form_key=sent_key(), at=now(), ground=_ground(form),
                words=form.words.data or "",
            )
        ),
        "Un brouillon est ouvert, avec les textes du devis.",
    )  # fmt: skip
    return redirect(url_for("quotes_writing.write", reference=made[0].reference), 303) if made else answer


@quotes_following.post("/<reference>/corriger")
def correct(reference: str) -> Any:
    """Write the quote that will replace this one."""
    return _follow(reference, Parent.CORRECTION)


@quotes_following.post("/<reference>/renouveler")
def renew(reference: str) -> Any:
    """Write it anew, at today's terms."""
    return _follow(reference, Parent.RENEWAL)


@quotes_following.post("/<reference>/completer")
def supplement(reference: str) -> Any:
    """Write what comes on top of an order (7.3)."""
    return _follow(reference, Parent.SUPPLEMENT)


# --- Files ---------------------------------------------------------------------------------------


@quotes_following.get("/<reference>/devis.pdf")
def paper(reference: str) -> Any:
    """The quote on paper, as it was sent."""
    quote = quote_of(reference)
    if quote.sent_at is None:
        abort(404)
    library = services().library
    content = quote_pdf(
        quote, as_sent(quote, library), company=library.company, base_url=settings().base_url
    )  # fmt: skip
    return download(content, name=f"{quote.reference}.pdf", media_type="application/pdf", size=len(content))


@quotes_following.get("/<reference>/piece/<int:number>")
def piece(reference: str, number: int) -> Any:
    """A file of the quote: of its conditions, a proof of reception, a signed paper, the file of proof."""
    quote = quote_of(reference)
    held = {each["id"] for each in quote.attached} | {each.proof_id for each in quote.receptions}
    held |= {act.scan_id for act in quote.acts} | {quote.proof_id}
    if number not in held:
        abort(404)
    return send_file(db.session.get_one(StoredFile, number))
