"""Staff write a quote: for whom, its texts, a look at it as the client will see it, sending it."""

import secrets
from typing import Any, BinaryIO, cast

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy import select

from portal.accounts.guard import me
from portal.accounts.models import Organisation
from portal.accounts.rules import CLIENT_WORDS
from portal.errors import show as refuse
from portal.files.actions import keep
from portal.files.models import StoredFile
from portal.files.rules import FileRefused
from portal.files.views import send as send_file
from portal.quotes import writing_actions as writing
from portal.quotes.draft import empty, empty_line
from portal.quotes.links import QUOTES_DESK
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.quote_models import Quote, QuoteTemplate
from portal.quotes.quote_rules import GroundMissing, NotAllowed, NotSendable, NoValidity, State, WrongState
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_views import CONFLICT, KEY_BYTES, REFUSED, links
from portal.quotes.sending_actions import prepare, recipients_of, send_quote
from portal.quotes.shown import before_sending
from portal.quotes.writing_actions import MOST_FILES, NoSuchQuote, Overtaken, find_quote
from portal.quotes.writing_forms import DraftForm, StartForm
from portal.web import db, mail_domain, now, services, store, today

quotes_writing = Blueprint("quotes_writing", __name__, url_prefix=QUOTES_DESK, template_folder="templates")

NO_VALIDITY = (
    "Les CGV en vigueur ne donnent pas de durée de validité et le devis n'indique pas son dernier jour\u00a0: "
    "l'article 5.2 veut qu'une durée soit imprimée sur le devis. Indiquez un dernier jour."
)


def letters() -> QuoteLetters:
    """The mails of this installation."""
    return QuoteLetters(services().library, links(), mail_domain())


@quotes_writing.errorhandler(NotAllowed)
def not_allowed(_: NotAllowed) -> Any:
    """The table of routes lets nobody come here; the rule says no all the same."""
    return refuse(403)


@quotes_writing.errorhandler(WrongState)
def stands_elsewhere(_: WrongState) -> Any:
    """A colleague was faster."""
    db.session.rollback()
    return refuse(CONFLICT)


def quote_of(reference: str) -> Quote:
    """The quote of an address, for staff."""
    try:
        return find_quote(db.session, reference)
    except NoSuchQuote:
        abort(404)


def new_key() -> str:
    """What makes one page of a form one act."""
    return secrets.token_urlsafe(KEY_BYTES)


# --- For whom ------------------------------------------------------------------------------------


@quotes_writing.route("/nouveau", methods=["GET", "POST"])
def start() -> Any:
    """Choose the client and what to begin with; ``?client=`` and ``?demande=`` come from their pages."""
    form = StartForm()
    clients = db.session.scalars(select(Organisation).order_by(Organisation.legal_name)).all()
    form.organisation.choices = [(each.id, each.legal_name) for each in clients]
    held = writing.templates(db.session)
    form.template.choices = [(0, "Une page blanche")] + [(each.id, f"Modèle\u00a0: {each.name}") for each in held]
    asked = _request_of(form.request.data or request.args.get("demande", ""))
    if request.method != "POST":
        form.key.data = new_key()
        form.request.data = asked.reference if asked else ""
        wanted = asked.organisation_id if asked else request.args.get("client", type=int)
        form.organisation.data = wanted if wanted in {each.id for each in clients} else None
        return render_template("quotes/writing/start.html", form=form, asked=asked, clients=clients)
    if not form.validate():
        return render_template("quotes/writing/start.html", form=form, asked=asked, clients=clients), REFUSED
    vat = services().library.law.vat
    template = db.session.get(QuoteTemplate, form.template.data) if form.template.data else None
    typed = template.draft if template else empty(vat)
    organisation = db.session.get_one(Organisation, form.organisation.data)
    signs = [person.id for person in organisation.people if person.active and "signatory" in person.role_names]
    if asked is not None and asked.organisation_id != organisation.id:
        asked = None
    quote = writing.start_quote(
        db.session, organisation=organisation, by=me(), typed=typed, form_key=form.key.data or new_key(), at=now(),
        request=asked, recipients=signs,
    )  # fmt: skip
    db.session.commit()
    return redirect(url_for("quotes_writing.write", reference=quote.reference), 303)


def _request_of(reference: str) -> QuoteRequest | None:
    found = select(QuoteRequest).where(QuoteRequest.reference == reference, QuoteRequest.organisation_id.is_not(None))
    return db.session.scalars(found).first() if reference else None


# --- Its texts -----------------------------------------------------------------------------------


@quotes_writing.route("/<reference>/rediger", methods=["GET", "POST"])
def write(reference: str) -> Any:
    """The draft. Whatever button is pressed, what was typed is kept first."""
    quote = quote_of(reference)
    if quote.state is not State.DRAFT:
        return redirect(url_for("quotes_following.show", reference=reference), 303)
    if request.method != "POST":
        return _page(quote, _form_of(quote))
    form, do = DraftForm(), request.form.get("do", "save")
    valid = form.validate()
    if form.csrf_token.errors:
        abort(400)
    if not valid:
        return _page(quote, form, REFUSED)
    typed, chosen = _changed(form.typed(), do), form.recipients.data or []
    try:
        revision = writing.save_draft(
            db.session, quote, by=me(), typed=typed, recipients=chosen, revision=_number(form.revision.data), at=now()
        )
    except Overtaken:
        db.session.rollback()
        return _overtaken(quote, form, do)
    if do == "autosave":
        db.session.commit()
        return jsonify(revision=revision)
    return _done(quote, form, do)


def _done(quote: Quote, form: DraftForm, do: str) -> Any:
    """What a button asks for once the texts are kept."""
    here = url_for("quotes_writing.write", reference=quote.reference)
    verb, _, number = do.partition("-")
    if verb == "detach":
        writing.detach(db.session, quote, _number(number), by=me(), at=now())
    refused = [] if verb == "detach" else _attach(quote)
    if verb == "template":
        if not form.template_name.data:
            refused.append(("template_name", "Donnez un nom au modèle."))
        else:
            writing.save_template(db.session, form.template_name.data, quote.draft, by=me(), at=now())
            flash(f"Le modèle «\u00a0{form.template_name.data}\u00a0» est enregistré.", "success")
    db.session.commit()
    if refused:
        again = _form_of(quote)
        for field, words in refused:
            if field in again:
                again[field].errors = [words]
            else:
                again.form_errors.append(words)
        return _page(quote, again, REFUSED)
    if verb == "preview":
        return redirect(url_for("quotes_writing.preview", reference=quote.reference), 303)
    place = {"line": "#lignes", "derogation": "#derogations", "remove": "#lignes", "detach": "#fichiers"}.get(verb, "")
    if verb == "save":
        flash("Le brouillon est enregistré.", "success")
    return redirect(here + place, 303)


def _attach(quote: Quote) -> list[tuple[str, str]]:
    refused = []
    for given in request.files.getlist("files"):
        if not given.filename:
            continue
        if len(quote.attached) >= MOST_FILES:
            refused.append(("", f"Un devis porte {MOST_FILES} fichiers au plus."))
            break
        try:
            file = keep(
                db.session, store(), cast("BinaryIO", given.stream), name=given.filename, kept_for="quotes", now=now()
            )
        except FileRefused as error:
            refused.append(("", str(error)))
            continue
        writing.attach(db.session, quote, file, by=me(), at=now())
    return refused


def _changed(typed: dict[str, Any], do: str) -> dict[str, Any]:
    verb, _, rest = do.partition("-")
    if verb == "line":
        typed["lines"].append(empty_line(services().library.law.vat))
    elif verb == "derogation":
        typed["derogations"].append({})
    elif verb == "remove":
        table, _, number = rest.partition("-")
        place = _number(number)
        if table in {"lines", "derogations"} and place < len(typed[table]):
            del typed[table][place]
    return typed


def _overtaken(quote: Quote, form: DraftForm, do: str) -> Any:
    if do == "autosave":
        return jsonify(overtaken=True), CONFLICT
    db.session.refresh(quote)
    form.form_errors.append(
        f"{quote.writer.name} a enregistré ce brouillon entre-temps. Ce que vous avez écrit est gardé ci-dessous\u00a0: "
        "l'enregistrer de nouveau remplacera sa version."
    )
    form.revision.data = quote.revision
    return _page(quote, form, CONFLICT, keep_revision=True)


def _form_of(quote: Quote) -> DraftForm:
    form = DraftForm(formdata=None, data={**quote.draft, "recipients": quote.draft_recipients})
    form.revision.data = quote.revision
    return form


def _page(quote: Quote, form: DraftForm, status: int = 200, *, keep_revision: bool = False) -> tuple[str, int]:
    if not keep_revision:
        form.revision.data = quote.revision
    people = [person for person in quote.organisation.people if person.active]
    words = {str(role): text.partition("\u00a0:")[0] for role, text in CLIENT_WORDS.items()}
    form.offer_choices(
        [
            (each.id, f"{each.name}, {each.email} ({', '.join(words[name] for name in sorted(each.role_names))})")
            for each in people
        ],
        writing.contracts_of(db.session, quote),
    )
    reading = writing.reading_of(db.session, quote, today())
    return (
        render_template(
            "quotes/writing/draft.html", quote=quote, form=form, reading=reading, people=people,
            files=_files(quote), version=services().library.in_force(today()),
            signs=any("signatory" in each.role_names for each in people),
        ),
        status,
    )  # fmt: skip


def _files(quote: Quote) -> list[StoredFile]:
    return [db.session.get_one(StoredFile, each["id"]) for each in quote.attached]


def _number(text: object) -> int:
    return int(str(text)) if str(text).isdecimal() else -1


@quotes_writing.get("/<reference>/fichier/<int:number>")
def file(reference: str, number: int) -> Any:
    """A file of the special conditions, as staff have it."""
    quote = quote_of(reference)
    if number not in {each["id"] for each in quote.attached}:
        abort(404)
    return send_file(db.session.get_one(StoredFile, number))


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
        missing = missing or (NO_VALIDITY,)
    return (
        render_template(
            "quotes/writing/preview.html", quote=quote, shown=shown, people=people, missing=missing,
            offer=reading.offer, replaced=_replaced(quote),
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
        return refuse(CONFLICT)
    except NotSendable as error:
        db.session.rollback()
        return _preview(quote, error.words, REFUSED)
    except NoValidity:
        db.session.rollback()
        return _preview(quote, (NO_VALIDITY,), REFUSED)
    except GroundMissing:
        db.session.rollback()
        words = (
            "Le devis à remplacer a été reçu entre-temps\u00a0: il ne se remplace plus qu'avec l'accord du client ou "
            "pour une raison. Rien n'est parti. Abandonnez ce brouillon et corrigez de nouveau le devis reçu."
        )
        return _preview(quote, (words,), CONFLICT)
    db.session.commit()
    names = ", ".join(recipient.name for recipient in quote.recipients)
    flash(f"Le devis part à {names}.", "success")
    return redirect(url_for("quotes_following.show", reference=reference), 303)


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
