"""A person's own pages for what is done at once: correct, freeze, stop a use; and asking for somebody else."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for

from portal.accounts.guard import me
from portal.accounts.models import Person
from portal.accounts.views import fresh
from portal.files.rules import FileRefused
from portal.privacy import freezing, moving, notes, objections, rectification
from portal.privacy.actions import Asked, ask, finish
from portal.privacy.forms import AddressForm, CorrectionForm, MandateForm, ObjectionForm, RightForm
from portal.privacy.links import CLIENT
from portal.privacy.models import PrivacyRequest
from portal.privacy.rooms import declared, places
from portal.privacy.rules import Right, Source
from portal.privacy.views import REFUSED, asked_for, letters, new_key, own_key, privacy
from portal.registry import Datum
from portal.web import db, now, services, store

NOTHING = "C'est ce que nous avons déjà\u00a0: rien n'est à corriger. Décrivez plus bas ce qui est faux ailleurs."
BY_US = "espace client"


@privacy.route(f"{CLIENT}/demander/rectification", methods=["GET", "POST"])
def rectify() -> Any:
    """Write what is right: a name and a telephone are corrected at once, everywhere; what needs judgement is asked."""
    form, person = CorrectionForm(), me()
    standing = rectification.held(db.session, person.email, places=places())
    records = notes.records_of(db.session, person.email, rooms=declared())
    form.record.choices = [("", "Aucun"), *records]
    if form.validate_on_submit():
        typed = {Datum.NAME: form.name.data or "", Datum.PHONE: form.phone.data or ""}
        wanted = {
            datum: value for datum, value in typed.items()
            if datum in standing and value and set(standing[datum].values) != {value}
        }  # fmt: skip
        if wanted or form.details.data or form.states:
            return _corrected(person, wanted, form)
        form.form_errors.append(NOTHING)
    elif not form.is_submitted():
        form.name.data = standing[Datum.NAME].value if Datum.NAME in standing else person.name
        form.phone.data = standing[Datum.PHONE].value if Datum.PHONE in standing else ""
    form.key.data = form.key.data or new_key()
    page = render_template("privacy/rectify.html", form=form, standing=standing, datum=Datum, records=records)
    return page, REFUSED if form.problems else 200


def _corrected(person: Person, wanted: dict[Datum, str], form: CorrectionForm) -> Any:
    open_left = bool(form.details.data) or form.states
    made = ask(
        db.session, Asked(Right.RECTIFICATION, person.name, person.email, form.details.data or ""), person=person,
        source=Source.PORTAL, form_key=own_key(form.key.data), letters=letters(), at=now(), acknowledge=open_left,
    )  # fmt: skip
    if form.states and not made.notes:
        notes.propose(
            db.session,
            made,
            record=form.record.data,
            wrong=form.wrong.data or "",
            right=form.instead.data or "",
            at=now(),
        )
    if made.changes is None and wanted:
        rectification.propose(db.session, made, wanted, places=places(), at=now())
        rectification.correct(
            db.session, made, rectification.AT_ONCE, places=places(), by=person.email, letters=letters(), at=now()
        )
        rectification.close_if_done(db.session, made, by=BY_US, letters=letters(), at=now())
    return asked_for(made, "C'est corrigé partout." if wanted and not open_left else "Votre demande est enregistrée.")


@privacy.route(f"{CLIENT}/demander/rectification/adresse", methods=["GET", "POST"])
@fresh
def change_address() -> Any:
    """Another address, after a fresh sign-in: it is what one signs in with. A link proves it, and then it takes over."""
    form, person = AddressForm(), me()
    if form.validate_on_submit():
        wanted = (form.email.data or "").lower()
        if wanted == person.email:
            form.email.errors = ["C'est déjà votre adresse."]
        else:
            made = ask(
                db.session, Asked(Right.RECTIFICATION, person.name, person.email), person=person, source=Source.PORTAL,
                form_key=own_key(form.key.data), letters=letters(), at=now(), acknowledge=False,
            )  # fmt: skip
            moving.want(db.session, made, wanted, places=places(), letters=letters(), at=now())
            return asked_for(
                made,
                f"Un lien est parti à {wanted}\u00a0: suivez-le d'ici un jour, connecté, et l'adresse est remplacée.",
            )
    form.key.data = form.key.data or new_key()
    return render_template("privacy/change_address.html", form=form), REFUSED if form.errors else 200


@privacy.route(f"{CLIENT}/demander/restriction", methods=["GET", "POST"])
def restrict() -> Any:
    """Freeze the use of one's data: it begins at once, and is answered within the month."""
    form, person = RightForm(), me()
    form.ask_for(Right.RESTRICTION)
    if form.validate_on_submit():
        made = ask(
            db.session, Asked(Right.RESTRICTION, person.name, person.email, form.details.data or ""), person=person,
            source=Source.PORTAL, form_key=own_key(form.key.data), letters=letters(), at=now(),
        )  # fmt: skip
        freezing.freeze(db.session, made, library=services().library, by=person.email, at=now())
        return asked_for(made, "Vos données sont gelées. Un courriel vous le confirme.")
    form.key.data = form.key.data or new_key()
    exempt = services().library.objections.while_frozen
    held = freezing.freeze_of(db.session, person.email)
    page = render_template("privacy/restrict.html", form=form, exempt=exempt, freeze=held)
    return page, REFUSED if form.errors else 200


@privacy.post(f"{CLIENT}/gel/lever")
def lift() -> Any:
    """Who had their data frozen has them used again, at once."""
    held = freezing.freeze_of(db.session, me().email)
    if held is None:
        abort(404)
    freezing.lift(db.session, held, by=me().email, letters=letters(), at=now())
    db.session.commit()
    flash("Le gel est levé\u00a0: vos données servent de nouveau.", "success")
    return redirect(url_for("privacy.start"), 303)


@privacy.route(f"{CLIENT}/demander/objection", methods=["GET", "POST"])
def object_to() -> Any:
    """Stop uses, without a reason, at once; ask for another one to stop, in words."""
    form, person = ObjectionForm(), me()
    offered = objections.uses_for(services().library, person)
    form.uses.choices = [(use.key, use.title) for use in offered]
    if form.validate_on_submit():
        made = ask(
            db.session, Asked(Right.OBJECTION, person.name, person.email, form.details.data or ""), person=person,
            source=Source.PORTAL, form_key=own_key(form.key.data), letters=letters(), at=now(),
            acknowledge=bool(form.details.data),
        )  # fmt: skip
        said = objections.stop_uses(
            db.session, made, form.uses.data or (), library=services().library, by=person, at=now()
        )
        if said and not made.details and made.closed_at is None:
            finish(db.session, made, by=BY_US, decision=said, letters=letters(), at=now())
        return asked_for(made, "C'est arrêté." if said else "Votre demande est enregistrée.")
    form.key.data = form.key.data or new_key()
    page = render_template("privacy/object.html", form=form, uses=offered)
    return page, REFUSED if form.errors else 200


@privacy.post(f"{CLIENT}/usages/<key>/reprendre")
def take_back(key: str) -> Any:
    """Let a use begin again."""
    if not objections.take_back(db.session, me(), key, at=now()):
        abort(404)
    db.session.commit()
    flash("Cet usage peut reprendre.", "success")
    return redirect(url_for("privacy.start"), 303)


@privacy.route(f"{CLIENT}/pour-quelqu-un", methods=["GET", "POST"])
def for_somebody() -> Any:
    """Ask for somebody else: with a mandate, which a person of the staff reads before anything is done."""
    form = MandateForm()
    if form.validate_on_submit() and form.check_mandate():
        try:
            return asked_for(_mandated(form, me()))
        except FileRefused:
            db.session.rollback()
    form.key.data = form.key.data or new_key()
    return render_template("privacy/mandate.html", form=form), REFUSED if form.errors else 200


def _mandated(form: MandateForm, person: Person) -> PrivacyRequest:
    files = form.mandate_file.keep(db.session, store(), kept_for="privacy", now=now())
    asked = Asked(
        Right(form.right.data), person.name, person.email, form.details.data or "",
        subject_name=form.subject_name.data or "", subject_email=form.subject_email.data or "",
        mandate=form.mandate.data or "", mandate_file=files[0] if files else None,
    )  # fmt: skip
    return ask(
        db.session, asked, person=person, source=Source.PORTAL, form_key=own_key(form.key.data), letters=letters(),
        at=now(),
    )  # fmt: skip
