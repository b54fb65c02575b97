"""Requests as the staff in charge of personal data see them: the register, one request, what may be decided."""

import csv
import io
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlalchemy import select

from portal.accounts.guard import me
from portal.french import long_date
from portal.mail.message import BadAddress
from portal.privacy import erasure, exports
from portal.privacy.actions import (
    Asked,
    NoSuchRequest,
    ask,
    ask_identity,
    extend,
    find_request,
    finish,
    identity_shown,
    refuse,
)
from portal.privacy.forms import NoteForm, WordsForm
from portal.privacy.links import DESK
from portal.privacy.models import Archived, PrivacyRequest
from portal.privacy.rooms import declared
from portal.privacy.rules import (
    CLOSED,
    AlreadyClosed,
    AlreadyExtended,
    NotWaiting,
    Right,
    Source,
    State,
    TooLateToExtend,
)
from portal.privacy.views import CONFLICT, KEY_BYTES, REFUSED, letters
from portal.web import db, now, services, settings, today

privacy_desk = Blueprint("privacy_desk", __name__, url_prefix=DESK, template_folder="templates")


@privacy_desk.get("/")
def register() -> Any:
    """Every request: what waits first, by its last day."""
    law = services().library.law
    found = db.session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id.desc())).all()
    waiting = [(asked, asked.timing.last_day(law, today())) for asked in found if asked.state not in CLOSED]
    return render_template(
        "privacy/register.html", waiting=sorted(waiting, key=lambda one: one[1]),
        closed=[asked for asked in found if asked.state in CLOSED],
    )  # fmt: skip


@privacy_desk.get("/registre.csv")
def register_csv() -> Any:
    """The register as a file (GDPR article 5(2)): dates, right, how identified, decision, digest of the reply."""
    law, text = services().library.law, io.StringIO()
    out = csv.writer(text, delimiter=";")
    out.writerow(
        ["référence", "droit", "article", "arrivée", "reçue le", "identification", "dernier jour", "reportée le", "état",
         "close le", "décision", "empreinte de la réponse"]
    )  # fmt: skip
    for asked in db.session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id)):
        out.writerow(
            [exports.formula_safe(value) for value in (
                asked.reference, asked.right.label, asked.right.article, asked.source.label, asked.received_on.isoformat(),
                asked.identified_by.label, asked.timing.last_day(law, today()).isoformat(),
                asked.extended_at.date().isoformat() if asked.extended_at else "", asked.state.label,
                asked.closed_at.date().isoformat() if asked.closed_at else "", asked.decision or "",
                asked.reply_sha256 or "",
            )]
        )  # fmt: skip
    return Response(
        "\ufeff" + text.getvalue(), mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="registre-demandes.csv"', "Cache-Control": "no-store"},
    )  # fmt: skip


@privacy_desk.get("/traitements")
def processing() -> Any:
    """The record of processing (GDPR article 30), from content/processing.toml."""
    library = services().library
    return render_template("privacy/processing.html", processing=library.processing, retention=library.law.retention)


@privacy_desk.route("/noter", methods=["GET", "POST"])
def note() -> Any:
    """Write down what somebody asked by phone, mail or letter."""
    form = NoteForm()
    if form.validate_on_submit():
        try:
            made = ask(
                db.session,
                Asked(
                    Right(form.right.data), form.name.data, form.email.data, form.details.data or "",
                    form.mandate.data or "",
                ),
                person=None, by=me(), source=Source(form.source.data),
                form_key=f"s:{form.key.data or secrets.token_urlsafe(KEY_BYTES)}"[:64], letters=letters(), at=now(),
            )  # fmt: skip
        except BadAddress:
            db.session.rollback()
            form.email.errors = ("Cette adresse n'est pas complète\u00a0: elle s'écrit comme nom@exemple.fr.",)
        else:
            db.session.commit()
            return redirect(url_for("privacy_desk.show", reference=made.reference), 303)
    form.key.data = form.key.data or secrets.token_urlsafe(KEY_BYTES)
    return render_template("privacy/note.html", form=form), REFUSED if form.errors else 200


@privacy_desk.get("/archive")
def archive() -> Any:
    """What the law has us keep of people who were erased: named by reference only."""
    kept = db.session.scalars(select(Archived).where(Archived.content.is_not(None)).order_by(Archived.until)).all()
    return render_template("privacy/archive.html", kept=kept)


@privacy_desk.post("/archive/<int:number>")
def archived(number: int) -> Any:
    """Open one, for a reason: each opening is written down."""
    form = WordsForm.asking("Pourquoi l'ouvrir", "archive")
    if not form.validate():
        flash("Écrivez pourquoi vous ouvrez cet élément\u00a0: l'ouverture est consignée.", "error")
        return redirect(url_for("privacy_desk.archive"), 303)
    found = erasure.open_archive(db.session, number, by=me(), reason=form.words.data, at=now())
    if found is None:
        abort(404)
    db.session.commit()
    return render_template("privacy/archived.html", one=found)


def _asked(reference: str) -> PrivacyRequest:
    try:
        return find_request(db.session, reference)
    except NoSuchRequest:
        abort(404)


#: What may be done with a request: the end of its address, the question, the button.
ACTS = {
    "effacer": ("Ce que vous avez vérifié avant d'effacer", "Effacer maintenant"),
    "terminer": ("Ce qui a été fait, envoyé à la personne", "Terminer et prévenir"),
    "prolonger": ("La raison du report, envoyée à la personne", "Reporter de deux mois et prévenir"),
    "identite": ("Le doute que vous avez, envoyé à la personne", "Demander une preuve d'identité"),
    "identite-etablie": ("Comment l'identité est établie", "Reprendre le délai"),
    "refuser": ("Le fondement du refus, envoyé à la personne", "Refuser et prévenir"),
}


@privacy_desk.get("/<reference>")
def show(reference: str) -> Any:
    """One request."""
    return _page(_asked(reference))


def _page(
    asked: PrivacyRequest, status: int = 200, *, refusal: str | None = None, sent: Mapping[str, WordsForm] | None = None
) -> tuple[str, int]:  # fmt: skip
    law = services().library.law
    offered = [act for act in ACTS if _offered(act, asked)]
    forms = {act: (sent or {}).get(act) or WordsForm.asking(ACTS[act][0], act) for act in offered}
    seen = (
        erasure.preview(db.session, asked.email, rooms=declared(), library=services().library)
        if "effacer" in offered
        else None
    )
    return (
        render_template(
            "privacy/desk.html", seen=seen, asked=asked, forms=forms, acts=ACTS, refusal=refusal,
            last_day=asked.timing.last_day(law, today()), closed=asked.state in CLOSED,
        ),
        status,
    )  # fmt: skip


def _offered(act: str, asked: PrivacyRequest) -> bool:
    if asked.state in CLOSED or asked.state is State.EXECUTING:
        return False
    if act == "effacer":
        return asked.right is Right.ERASURE and asked.state is State.RECEIVED
    if act == "prolonger":
        return asked.extended_at is None
    if act == "identite":
        return asked.state is State.RECEIVED
    if act == "identite-etablie":
        return asked.state is State.IDENTITY
    return True


def _extend(asked: PrivacyRequest, words: str) -> str:
    last = extend(db.session, asked, by=me(), reason=words, letters=letters(), at=now())
    return f"Reporté au {long_date(last)}. La personne est prévenue."


def _finish(asked: PrivacyRequest, words: str) -> str:
    finish(db.session, asked, by=me().name, decision=words, letters=letters(), at=now())
    return "Terminée. La personne est prévenue."


def _identity(asked: PrivacyRequest, words: str) -> str:
    ask_identity(db.session, asked, by=me(), reason=words, letters=letters(), at=now())
    return "Le délai est arrêté. La personne est prévenue."


def _shown(asked: PrivacyRequest, words: str) -> str:
    identity_shown(db.session, asked, by=me(), how=words, at=now())
    return "Le délai reprend."


def _refuse(asked: PrivacyRequest, words: str) -> str:
    refuse(db.session, asked, by=me(), ground=words, letters=letters(), at=now())
    return "Refusée. La personne est prévenue, avec l'adresse de la CNIL."


def _execute(asked: PrivacyRequest, words: str) -> str:
    erasure.execute(
        db.session, services().store, asked, by=me(), rooms=declared(), library=services().library,
        secret=settings().secret_key, note=words, at=now(),
    )  # fmt: skip
    return "Effacé. La demande se clôt quand les derniers fichiers sont détruits."


_DO: dict[str, Callable[[PrivacyRequest, str], str]] = {
    "terminer": _finish, "prolonger": _extend, "identite": _identity, "identite-etablie": _shown, "refuser": _refuse,
    "effacer": _execute,
}  # fmt: skip


@privacy_desk.post("/<reference>/<act>")
def decide(reference: str, act: str) -> Any:
    """Do one of these; what was typed is kept when it is refused."""
    asked = _asked(reference)
    if act not in _DO:
        abort(404)
    form = WordsForm.asking(ACTS[act][0], act)
    if not form.validate():
        return _page(asked, REFUSED, sent={act: form})
    if asked.state not in CLOSED and not _offered(act, asked) and act not in {"prolonger", "effacer"}:
        return _page(
            asked, CONFLICT, refusal="La demande n'en est plus là\u00a0: relisez ses étapes. Rien n'a été envoyé."
        )
    try:
        said = _DO[act](asked, form.words.data)
    except AlreadyClosed:
        refusal = "Cette demande a été close entre-temps. Rien n'a été envoyé."
    except AlreadyExtended:
        refusal = "La réponse a déjà été reportée\u00a0: le règlement ne le permet qu'une fois."
    except TooLateToExtend as error:
        refusal = (
            f"Un report se dit pendant le premier mois, qui a fini le {long_date(error.last_day)}. Rien n'a été envoyé."
        )
    except (NotWaiting, erasure.NotAnErasure):
        refusal = "La demande n'en est plus là\u00a0: relisez ses étapes. Rien n'a été envoyé."
    else:
        db.session.commit()
        flash(said, "success")
        return redirect(url_for("privacy_desk.show", reference=reference), 303)
    db.session.rollback()
    return _page(asked, CONFLICT, refusal=refusal, sent={act: form})
