"""Whom staff told of a correction, an erasure, a freeze: each recipient of the data in turn (GDPR article 19)."""

from typing import Any

from flask import abort, flash, redirect, url_for

from portal.accounts.guard import me
from portal.privacy import recipients
from portal.privacy.deciding_forms import OtherRecipientForm, RecipientForm
from portal.privacy.deciding_views import asked_of, page
from portal.privacy.desk_views import privacy_desk
from portal.privacy.models import PrivacyRecipient
from portal.privacy.rules import Right, State
from portal.privacy.views import CONFLICT, REFUSED
from portal.web import db, now, today

SETTLED = "Ce destinataire est déjà noté. Rien n'a changé."
#: Of what recipients are told, and from when on.
TOLD_OF = frozenset({Right.RECTIFICATION, Right.ERASURE, Right.RESTRICTION})


@privacy_desk.post("/<reference>/destinataires")
def add_recipient(reference: str) -> Any:
    """Somebody whom staff alone know to have been given the data."""
    asked = asked_of(reference)
    if asked.right not in TOLD_OF or asked.state in {State.ADDRESS, State.REFUSED, State.WITHDRAWN}:
        abort(404)
    form = OtherRecipientForm(prefix="autre")
    if not form.validate():
        return page(asked, REFUSED, other=form)
    recipients.add(db.session, asked, form.name.data or "", by=me(), at=now())
    db.session.commit()
    flash("Ajouté\u00a0: dites maintenant s'il est prévenu.", "success")
    return redirect(url_for("privacy_desk.show", reference=reference), 303)


@privacy_desk.post("/<reference>/destinataires/<int:number>")
def settle_recipient(reference: str, number: int) -> Any:
    """One of them was told, or could not be."""
    asked = asked_of(reference)
    one = db.session.get(PrivacyRecipient, number)
    if one is None or one.request_id != asked.id:
        abort(404)
    form = RecipientForm.of(one, today())
    if not form.validate():
        return page(asked, REFUSED, telling={one.id: form})
    told_on = form.on.data if form.outcome.data == "told" else None
    try:
        recipients.settle(db.session, asked, one, by=me(), words=form.words.data or "", told_on=told_on, at=now())
    except recipients.AlreadySettled:
        db.session.rollback()
        return page(asked_of(reference), CONFLICT, refusal=SETTLED)
    db.session.commit()
    flash("C'est noté, et la personne le voit.", "success")
    return redirect(url_for("privacy_desk.show", reference=reference), 303)
