"""What the staff in charge of personal data keep: the register, what they write down, the record of processing, the archive."""

import csv
import io
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlalchemy import select

from portal.accounts.guard import me
from portal.clock import PARIS
from portal.files.actions import stream
from portal.files.rules import FileRefused
from portal.files.views import download
from portal.mail.message import BadAddress
from portal.privacy import erasure, exports
from portal.privacy.actions import Asked, ask
from portal.privacy.deciding_forms import NoteForm, WordsForm
from portal.privacy.freezing import freezes
from portal.privacy.links import DESK
from portal.privacy.models import Archived, PrivacyRecipient, PrivacyRequest
from portal.privacy.opening import file_of, files_of, records_of
from portal.privacy.rules import CLOSED, Right, Source, State
from portal.privacy.views import REFUSED, basis, letters, new_key
from portal.terms.law import Law
from portal.web import db, now, services, store, today

privacy_desk = Blueprint("privacy_desk", __name__, url_prefix=DESK, template_folder="templates")


@privacy_desk.get("/")
def register() -> Any:
    """Every request: what waits first, by its last day."""
    law = services().library.law
    found = db.session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id.desc())).all()
    waiting = [(asked, asked.timing.last_day(law, today())) for asked in found if asked.state not in CLOSED]
    return render_template(
        "privacy/register.html", waiting=sorted(waiting, key=lambda one: one[1]),
        closed=[asked for asked in found if asked.state in CLOSED], freezes=freezes(db.session),
    )  # fmt: skip


@privacy_desk.get("/registre.csv")
def register_csv() -> Any:
    """The register as a file (GDPR article 5(2)): dates, right, how identified, decision, digest of the reply."""
    law, text = services().library.law, io.StringIO()
    out = csv.writer(text, delimiter=";")
    out.writerow(
        ["référence", "droit", "texte", "arrivée", "reçue le", "identification", "jours de pause", "dernier jour",
         "reportée le", "raison du report", "état", "close le", "dans le délai", "décision", "empreinte de la réponse",
         "destinataires"]
    )  # fmt: skip
    for asked in db.session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id)):
        out.writerow(
            [exports.formula_safe(value) for value in (
                asked.reference, asked.right.noun, basis(asked.right, asked.received_on), asked.source.label,
                asked.received_on.isoformat(), asked.identified_by.label, str(asked.paused_days),
                asked.timing.last_day(law, today()).isoformat(), _day(asked.extended_at), asked.extension_reason or "",
                asked.state.label, _day(asked.closed_at), _in_time(asked, law), asked.decision or "",
                asked.reply_sha256 or "", " ; ".join(map(_recipient, asked.recipients)),
            )]
        )  # fmt: skip
    return Response(
        "\ufeff" + text.getvalue(), mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="registre-demandes.csv"', "Cache-Control": "no-store"},
    )  # fmt: skip


def _recipient(one: PrivacyRecipient) -> str:
    if one.told_on is not None:
        return f"{one.name}\u00a0: prévenu le {one.told_on.isoformat()} par {one.by}, {one.words}"
    return f"{one.name}\u00a0: {'pas prévenu, ' + one.words if one.words else 'à prévenir'}"


def _day(moment: datetime | None) -> str:
    return moment.astimezone(PARIS).date().isoformat() if moment else ""


def _in_time(asked: PrivacyRequest, law: Law) -> str:
    """Whether the answer came by its last day; nothing where none is due."""
    if asked.state in {State.ADDRESS, State.WITHDRAWN}:
        return ""
    ended = asked.closed_at.astimezone(PARIS).date() if asked.closed_at else today()
    if ended > asked.timing.last_day(law, ended):
        return "non"
    return "oui" if asked.closed_at else ""


@privacy_desk.get("/traitements")
def processing() -> Any:
    """The record of processing (GDPR article 30), from content/processing.toml."""
    library = services().library
    return render_template(
        "privacy/processing.html", processing=library.processing, retention=library.law.retention,
        sweeps=library.sweeps, record=library.objections,
    )  # fmt: skip


@privacy_desk.route("/noter", methods=["GET", "POST"])
def note() -> Any:
    """Write down what somebody asked by phone, mail or letter."""
    form = NoteForm()
    if form.validate_on_submit() and (not form.for_somebody or form.check_mandate()):
        try:
            made = _note(form)
        except FileRefused:
            db.session.rollback()
        except BadAddress:
            db.session.rollback()
            form.email.errors = ("Cette adresse n'est pas complète\u00a0: elle s'écrit comme nom@exemple.fr.",)
        else:
            db.session.commit()
            return redirect(url_for("privacy_desk.show", reference=made.reference), 303)
    if not form.is_submitted():
        form.received_on.data = today()
    form.key.data = form.key.data or new_key()
    return render_template("privacy/note.html", form=form), REFUSED if form.errors else 200


def _note(form: NoteForm) -> PrivacyRequest:
    files = form.mandate_file.keep(db.session, store(), kept_for="privacy", now=now()) if form.for_somebody else []
    asked = Asked(
        Right(form.right.data), form.name.data or "", form.email.data or "", form.details.data or "",
        subject_name=form.subject_name.data or "", subject_email=form.subject_email.data or "",
        mandate=form.mandate.data or "", mandate_file=files[0] if files else None,
    )  # fmt: skip
    return ask(
        db.session, asked, person=None, by=me(), source=Source(form.source.data), received_on=form.received_on.data,
        form_key=f"s:{form.key.data or new_key()}"[:64], letters=letters(), at=now(),
    )  # fmt: skip


@privacy_desk.get("/archive")
def archive() -> Any:
    """What the law has us keep of people who were erased: named by reference only."""
    held = select(Archived).where(Archived.content.is_not(None), Archived.subject.is_(None))
    kept = db.session.scalars(held.order_by(Archived.until, Archived.id)).all()
    return render_template("privacy/archive.html", kept=kept)


@privacy_desk.post("/archive/<int:number>")
def archived(number: int) -> Any:
    """Open one, for a reason: each opening is written down."""
    reason = _why()
    if reason is None:
        return redirect(url_for("privacy_desk.archive"), 303)
    found = erasure.open_archive(db.session, number, by=me(), reason=reason, at=now())
    if found is None:
        abort(404)
    db.session.commit()
    return render_template(
        "privacy/archived.html", one=found, records=records_of(found), files=list(files_of(db.session, found)),
        reason=reason,
    )  # fmt: skip


@privacy_desk.post("/archive/<int:number>/fichiers/<int:file>")
def archived_file(number: int, file: int) -> Any:
    """One of its files, as it was kept; written down too."""
    reason = _why()
    if reason is None:
        return redirect(url_for("privacy_desk.archive"), 303)
    entry = db.session.get(Archived, number)
    pair = file_of(db.session, entry, file) if entry is not None and entry.content is not None else None
    if pair is None:
        abort(404)
    kept, name = pair
    content = stream(store(), kept, from_archive=True)
    erasure.open_archive(db.session, number, by=me(), reason=reason, file=kept.id, at=now())
    db.session.commit()
    return download(content, name=name, media_type=kept.media_type, size=kept.size)


def _why() -> str | None:
    """The reason that was typed; without one, a message."""
    form = WordsForm.asking("Pourquoi l'ouvrir", "archive")
    if form.validate():
        return str(form.words.data)
    flash("Écrivez pourquoi vous ouvrez cet élément\u00a0: l'ouverture est consignée.", "error")
    return None
