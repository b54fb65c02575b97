"""The ladder of reminders, as staff set it; what it proposes, as they decide."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template
from wtforms import IntegerField, RadioField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional

from portal.accounts.guard import me
from portal.forms import BaseForm, at_most, strip
from portal.invoices.forms import LONGEST_WORDS
from portal.invoices.links import DESK
from portal.invoices.proposals import targets
from portal.invoices.reminder_actions import (
    AlreadyDecided,
    RungTaken,
    add_rung,
    begin_ladder,
    decide,
    ladder,
    open_proposals,
    remove_rung,
)
from portal.invoices.reminder_models import Reminder, ReminderStep
from portal.invoices.reminder_rules import SUGGESTED, Step
from portal.invoices.views import CONFLICT, REFUSED, never_stored, parts_of, row
from portal.orders.amendment_rules import may_sign
from portal.web import db, now

invoice_reminders = Blueprint("invoice_reminders", __name__, url_prefix=DESK, template_folder="templates")
invoice_reminders.after_request(never_stored)
BEFORE, AFTER = "avant", "apres"
FARTHEST = 365


class RungForm(BaseForm):
    """A rung of the ladder."""

    days = IntegerField(
        "Jours", validators=[InputRequired("Écrivez un nombre de jours."), NumberRange(0, FARTHEST, "Entre 0 et 365 jours.")],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )  # fmt: skip
    side = RadioField(
        "Avant ou après l'échéance", choices=[(BEFORE, "Avant l'échéance"), (AFTER, "Après l'échéance")],
        validators=[InputRequired("Choisissez avant ou après.")],
    )  # fmt: skip
    step = RadioField(
        "Que faire", choices=[(each.value, each.label) for each in Step],
        validators=[InputRequired("Choisissez ce que fait ce barreau.")],
    )  # fmt: skip
    words = TextAreaField(
        "Vos mots dans le courriel", filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)],
        render_kw={"rows": "3"},
    )  # fmt: skip


class DecisionForm(BaseForm):
    """What became of a proposal."""

    decision = RadioField(
        "Votre décision", choices=[("fait", "C'est fait"), ("renonce", "Nous y renonçons")],
        validators=[InputRequired("Choisissez une décision.")],
    )  # fmt: skip
    words = TextAreaField("Pourquoi, ou comment", filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)],
                          render_kw={"rows": "3"})  # fmt: skip


@invoice_reminders.route("/rappels", methods=["GET", "POST"])
def show() -> Any:
    """The ladder, and a rung to add."""
    form = RungForm()
    if form.is_submitted():
        return _add(form)
    return _page(form, 200)


def _add(form: RungForm) -> Any:
    if not form.validate():
        return _page(form, REFUSED)
    days = -form.days.data if form.side.data == BEFORE else form.days.data
    try:
        add_rung(db.session, days=days, step=Step(form.step.data), words=form.words.data or "", by=me(), at=now())
    except RungTaken as error:
        db.session.rollback()
        form.days.errors = [str(error)]
        return _page(form, CONFLICT)
    db.session.commit()
    flash("Le barreau est ajouté. Il vaut pour les factures encore dues.", "success")
    return redirect(f"{DESK}/rappels", 303)


def _page(form: RungForm, status: int) -> tuple[str, int]:
    return (
        render_template(
            "invoices/desk_reminders.html", form=form, rungs=ladder(db.session), suggested=SUGGESTED,
            proposals=open_proposals(db.session),
        ),
        status,
    )  # fmt: skip


@invoice_reminders.post("/rappels/commencer")
def begin() -> Any:
    """Set the suggested ladder."""
    begin_ladder(db.session, by=me(), at=now())
    db.session.commit()
    return redirect(f"{DESK}/rappels", 303)


@invoice_reminders.post("/rappels/<int:number>/retirer")
def remove(number: int) -> Any:
    """Take a rung away."""
    rung = db.session.get(ReminderStep, number) or abort(404)
    remove_rung(db.session, rung, by=me(), at=now())
    db.session.commit()
    flash("Le barreau est retiré. Ce qui a été envoyé le reste.", "success")
    return redirect(f"{DESK}/rappels", 303)


def _proposal(number: int) -> Reminder:
    found = db.session.get(Reminder, number)
    if found is None or found.rung.step is Step.MAIL:
        abort(404)
    return found


@invoice_reminders.route("/propositions/<int:number>", methods=["GET", "POST"])
def proposal(number: int) -> Any:
    """Decide on a suspension or a formal notice that the ladder proposes."""
    found, form = _proposal(number), DecisionForm()
    status, concerned = 200, targets(db.session, found)
    if form.is_submitted():
        if form.validate():
            try:
                decide(
                    db.session, found, done=form.decision.data == "fait", words=form.words.data or "", by=me(), at=now()
                )
            except AlreadyDecided as error:
                db.session.rollback()
                flash(str(error), "error")
                return redirect(f"{DESK}/propositions/{number}", 303)
            db.session.commit()
            flash("Votre décision est enregistrée.", "success")
            return redirect(f"{DESK}/{found.invoice_id}", 303)
        status = REFUSED
    elif any(each.done for each in concerned):
        form.decision.data = "fait"
    shown = row(found.invoice)
    return render_template(
        "invoices/desk_proposal.html",
        proposal=found,
        form=form,
        row=shown,
        targets=concerned,
        signs=may_sign(me().role_names, staff=True),
        **parts_of(shown),
    ), status
