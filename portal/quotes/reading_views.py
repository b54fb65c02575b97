"""The client's list of quotes, and the page of one: read, asked about, given to who may sign."""

from typing import Any

from flask import abort, flash, redirect, render_template, request
from sqlalchemy import or_, select

from portal.accounts.guard import me
from portal.errors import Refusal
from portal.errors import show as refuse
from portal.files.models import StoredFile
from portal.files.views import download
from portal.files.views import send as send_file
from portal.quotes import reading_actions as reading
from portal.quotes.acceptance_actions import consents
from portal.quotes.client_pages import Reader, page, quotes_client, quotes_link
from portal.quotes.paper import quote_pdf
from portal.quotes.quote_models import Quote
from portal.quotes.quote_rules import OFFERED, UNSEEN, NotAllowed, State, WrongState
from portal.quotes.reading_forms import ForwardForm, QuestionForm
from portal.quotes.request_views import CONFLICT, REFUSED
from portal.quotes.shown import as_sent
from portal.quotes.writing_views import letters, new_key
from portal.web import db, now, services, settings, today

LONGEST_SEARCH = 100


@quotes_client.errorhandler(NotAllowed)
@quotes_link.errorhandler(NotAllowed)
def not_allowed(_: NotAllowed) -> Any:
    """Their role does not cover it."""
    db.session.rollback()
    return refuse(403)


@quotes_client.get("/")
def index() -> Any:
    """The quotes of one's organisation, those that wait first; ``?q=`` looks for words."""
    words = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    mine = select(Quote).where(Quote.organisation_id == me().organisation_id, Quote.state.not_in(UNSEEN))
    if words:
        mine = mine.where(
            or_(Quote.subject.icontains(words, autoescape=True), Quote.reference.icontains(words, autoescape=True))
        )
    found = db.session.scalars(mine.order_by(Quote.sent_at.desc(), Quote.id.desc())).all()
    waiting = sorted((each for each in found if is_open(each)), key=lambda each: (each.last_day, each.id))
    others = [each for each in found if each not in waiting]
    return render_template("quotes/reading/index.html", waiting=waiting, others=others, words=words)


def is_open(quote: Quote) -> bool:
    """Whether the client may still answer."""
    return quote.state in OFFERED and quote.last_day is not None and quote.last_day >= today()


@page("", covered=False)
def show(reader: Reader) -> Any:
    """The quote; or its cover, which tells a mail scanner nothing, until its button is pressed."""
    if not reader.opened:
        return render_template(
            "quotes/reading/cover.html", reader=reader, quote=reader.quote,
            version=as_sent(reader.quote, services().library).version,
        )  # fmt: skip
    return sheet_page(reader)


def sheet_page(
    reader: Reader, status: int = 200, *, question: QuestionForm | None = None, forward: ForwardForm | None = None,
    refusal: str | None = None,
) -> tuple[str, int]:  # fmt: skip
    """The whole page of a quote."""
    quote = reader.quote
    shown = as_sent(quote, services().library)
    question = question or QuestionForm(formdata=None)
    question.key.data = question.key.data or new_key()
    forward = forward or ForwardForm(formdata=None)
    forward.person.choices = [(each.id, each.name) for each in reading.signatories(quote)]
    return (
        render_template(
            "quotes/reading/show.html", reader=reader, quote=quote, shown=shown, question=question, forward=forward,
            open=is_open(quote), refusal=refusal, consents=consents(shown), key=new_key(),
            conventions=services().library.conventions,
            files=[reader.url("attached", number=place) for place in range(len(quote.attached))],
        ),
        status,
    )  # fmt: skip


@page("/lire", methods=("POST",), covered=False)
def read(reader: Reader) -> Any:
    """The button "Lire le devis": an identified person opens it, so it is received."""
    reading.read_quote(
        db.session, reader.quote, by=reader.person, how=reader.how, library=services().library, letters=letters(),
        at=now(),
    )  # fmt: skip
    db.session.commit()
    reader.open()
    return redirect(reader.url(), 303)


@page("/question", methods=("POST",))
def question(reader: Reader) -> Any:
    """Write to who wrote the quote."""
    form = QuestionForm()
    if not form.validate():
        return sheet_page(reader, REFUSED, question=form)
    reading.ask(
        db.session, reader.quote, by=reader.person, words=form.words.data, form_key=form.key.data or new_key(),
        letters=letters(), at=now(),
    )  # fmt: skip
    db.session.commit()
    flash("Votre message est envoyé. La réponse arrive par courriel et s'affiche ici.", "success")
    return redirect(reader.url() + "#echange", 303)


@page("/transmettre", methods=("POST",))
def forward(reader: Reader) -> Any:
    """Give it to a colleague who may sign."""
    form = ForwardForm()
    form.person.choices = [(each.id, each.name) for each in reading.signatories(reader.quote)]
    if not form.validate():
        return sheet_page(reader, REFUSED, forward=form)
    try:
        given = reading.forward_quote(
            db.session, reader.quote, form.person.data, by=reader.person, library=services().library, letters=letters(),
            at=now(),
        )  # fmt: skip
    except (WrongState, reading.NoSignatory):
        db.session.rollback()
        return sheet_page(
            reader, CONFLICT, refusal="Ce devis ne peut plus être transmis\u00a0: il n'attend plus de réponse."
        )
    db.session.commit()
    flash(f"Le devis est transmis à {given.name}, qui reçoit un lien par courriel.", "success")
    return redirect(reader.url(), 303)


@page("/nouveau-devis", methods=("POST",))
def renewal(reader: Reader) -> Any:
    """Ask for a new quote instead of one that is over."""
    try:
        reading.ask_renewal(db.session, reader.quote, by=reader.person, letters=letters(), at=now())
    except WrongState:
        db.session.rollback()
        return sheet_page(
            reader, CONFLICT, refusal="Ce devis est encore ouvert\u00a0: vous pouvez l'accepter tel quel."
        )
    db.session.commit()
    flash("Votre demande est envoyée\u00a0: nous préparons un nouveau devis.", "success")
    return redirect(reader.url(), 303)


@page("/devis.pdf")
def paper(reader: Reader) -> Any:
    """The quote on paper."""
    quote = reader.quote
    content = quote_pdf(
        quote, as_sent(quote, services().library), company=services().library.company, base_url=settings().base_url
    )
    return download(content, name=f"{quote.reference}.pdf", media_type="application/pdf", size=len(content))


@page("/fichier/<int:number>")
def attached(reader: Reader, number: int) -> Any:
    """A file of the special conditions, by its place."""
    if number >= len(reader.quote.attached):
        abort(404)
    return send_file(db.session.get_one(StoredFile, reader.quote.attached[number]["id"]))


@page("/preuve")
def proof(reader: Reader) -> Any:
    """The file of proof, once it is made."""
    quote = reader.quote
    if quote.state is not State.FINAL:
        abort(404)
    if quote.proof is None:
        return refuse(503, NOT_YET)
    return send_file(quote.proof)


NOT_YET = Refusal(
    "Le fichier de preuve est en préparation",
    "Votre commande est définitive\u00a0: rien ne dépend de ce fichier.",
    "Revenez dans une minute\u00a0: il se prépare tout seul.",
)
