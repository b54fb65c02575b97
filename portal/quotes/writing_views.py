"""Staff write a quote: for whom, its texts, a look at it as the client will see it, sending it."""

import secrets
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy import select

from portal.accounts.guard import me
from portal.accounts.models import Organisation
from portal.accounts.rules import CLIENT_WORDS
from portal.errors import show as refuse
from portal.files.models import StoredFile
from portal.files.rules import FileRefused
from portal.files.views import send as send_file
from portal.gate import row_number
from portal.quotes import writing_actions as writing
from portal.quotes.draft import empty, empty_line
from portal.quotes.links import QUOTES_DESK
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.quote_models import Quote, QuoteTemplate
from portal.quotes.quote_rules import NotAllowed, State, WrongState
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_views import CONFLICT, KEY_BYTES, REFUSED, links
from portal.quotes.writing_actions import MOST_FILES, NoSuchQuote, Overtaken, find_quote
from portal.quotes.writing_forms import DraftForm, FilesForm, StartForm
from portal.web import db, mail_domain, now, services, store, today

quotes_writing = Blueprint("quotes_writing", __name__, url_prefix=QUOTES_DESK, template_folder="templates")


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
        wanted = asked.organisation_id if asked else request.args.get("client", type=row_number)
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
    files, refused = FilesForm(formdata=None), list[tuple[str, str]]()
    if verb == "detach":
        writing.detach(db.session, quote, _number(number), by=me(), at=now())
    elif request.files:
        db.session.commit()  # the texts are kept, whatever becomes of the files
        files = _attach(quote)
    if verb == "template":
        if not form.template_name.data:
            refused.append(("template_name", "Donnez un nom au modèle."))
        else:
            writing.save_template(db.session, form.template_name.data, quote.draft, by=me(), at=now())
            flash(f"Le modèle «\u00a0{form.template_name.data}\u00a0» est enregistré.", "success")
    db.session.commit()
    if refused or files.problems:
        again = _form_of(quote)
        for field, words in refused:
            again[field].errors = [words]
        return _page(quote, again, REFUSED, files=files)
    if verb == "preview":
        return redirect(url_for("quotes_writing.preview", reference=quote.reference), 303)
    place = {"line": "#lignes", "derogation": "#derogations", "remove": "#lignes", "detach": "#fichiers"}.get(verb, "")
    if verb == "save":
        flash("Le brouillon est enregistré.", "success")
    return redirect(here + place, 303)


def _attach(quote: Quote) -> FilesForm:
    """Keep the files that were sent, all of them or none; what is wrong stands by the field."""
    form = FilesForm()
    if not form.validate() or not form.files.data:
        return form
    if len(quote.attached) + len(form.files.data) > MOST_FILES:
        form.files.errors = [f"Un devis porte {MOST_FILES} fichiers au plus."]
        return form
    try:
        for file in form.files.keep(db.session, store(), kept_for="quotes", now=now()):
            writing.attach(db.session, quote, file, by=me(), at=now())
    except FileRefused:
        db.session.rollback()
    return form


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


def _page(
    quote: Quote, form: DraftForm, status: int = 200, *, keep_revision: bool = False, files: FilesForm | None = None
) -> tuple[str, int]:  # fmt: skip
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
    reading, version = writing.reading_of(db.session, quote, today()), services().library.in_force(today())
    form.cite(version)
    return (
        render_template(
            "quotes/writing/draft.html", quote=quote, form=form, reading=reading, people=people,
            files=_files(quote), adding=files or FilesForm(formdata=None), version=version,
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
