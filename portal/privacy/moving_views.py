"""The two pages behind the mails of a new address: confirm it, signed in; keep the address of before."""

from typing import Any

from flask import flash, redirect, render_template, url_for

from portal.accounts.actions import AddressTaken
from portal.accounts.guard import current_person
from portal.errors import Refusal
from portal.errors import show as refuse
from portal.privacy import moving
from portal.privacy.links import ADDRESS, FORMER
from portal.privacy.models import PrivacyRequest
from portal.privacy.public_views import found
from portal.privacy.rooms import places
from portal.privacy.rules import AlreadyClosed
from portal.privacy.views import CONFLICT, GONE, letters, links, privacy
from portal.web import db, now

FORBIDDEN, NOT_FOUND = 403, 404
TAKEN = Refusal(
    "Cette adresse ne peut pas être prise",
    "Quelqu'un se connecte déjà avec elle. Rien n'a changé\u00a0: l'adresse d'avant vaut toujours.",
    "Choisissez-en une autre, ou écrivez-nous.",
)
OVER = Refusal(
    "Cette demande est close",
    "L'adresse a déjà été remplacée, ou la demande a été retirée. Rien n'a changé.",
    "Connectez-vous pour voir où elle en est.",
)
LATE = Refusal(
    "Ce lien ne vaut plus",
    "Il valait un jour, pour que personne ne s'en serve après coup. Rien n'a changé\u00a0: votre adresse reste celle d'avant.",
    "Connectez-vous et demandez de nouveau à la remplacer\u00a0: un autre lien part aussitôt.",
)
ANOTHERS = Refusal(
    "Ce lien n'est pas pour ce compte",
    "La nouvelle adresse a été demandée par une autre personne que celle qui est connectée ici. Rien n'a changé.",
    "Déconnectez-vous, puis suivez le lien connecté comme la personne qui l'a demandée.",
)
SETTLED = Refusal(
    "Il n'y a plus rien à annuler ici",
    "La demande a été annulée, ou le temps pour revenir à l'adresse d'avant est passé. Rien n'a changé.",
    "Connectez-vous pour voir votre adresse d'aujourd'hui, ou appelez-nous.",
)


@privacy.get(f"{ADDRESS}/<token>")
def new_address(token: str) -> Any:
    """What would be replaced by what, for who asked; looking changes nothing."""
    asked = found(links().opened_address, token)
    return _checked(asked) or _page(asked)


@privacy.post(f"{ADDRESS}/<token>")
def take_address(token: str) -> Any:
    """Who asked, signed in, reads the new address: it takes the place of the old one everywhere."""
    asked = found(links().opened_address, token)
    if (refusal := _checked(asked)) is not None:
        return refusal
    person = current_person()
    if person is None:
        return _page(asked, FORBIDDEN)
    try:
        after = moving.take(db.session, asked, person, places=places(), letters=letters(), at=now())
    except AddressTaken:
        db.session.rollback()
        return refuse(CONFLICT, TAKEN)
    except (AlreadyClosed, moving.NothingWaits):
        db.session.rollback()
        return refuse(GONE, OVER)
    db.session.commit()
    flash(f"{after} est votre adresse désormais\u00a0: connectez-vous avec elle.", "success")
    return redirect(url_for("privacy.show", reference=asked.reference), 303)


def _checked(asked: PrivacyRequest) -> Any:
    """The refusal that a link meets before anything is shown; None: none."""
    person = current_person()
    if person is not None and person.id != asked.person_id:
        return refuse(NOT_FOUND, ANOTHERS)
    try:
        moving.wanted(asked, at=now())
    except moving.LinkOver:
        return refuse(GONE, LATE)
    except moving.NothingWaits:
        return refuse(GONE, OVER)
    return None


def _page(asked: PrivacyRequest, status: int = 200) -> Any:
    person = current_person()
    after = moving.wanted(asked, at=now())
    # Who holds the link alone is told no name and no address.
    return render_template(
        "privacy/new_address.html", before=person.email if person else "", after=after if person else ""
    ), status


@privacy.get(f"{FORMER}/<token>")
def former_address(token: str) -> Any:
    """What the address of before may prevent or undo; looking changes nothing."""
    asked = found(links().opened_former, token)
    try:
        before, after, done = moving.undoable(db.session, asked, at=now())
    except moving.NothingWaits:
        return refuse(GONE, SETTLED)
    return render_template("privacy/former_address.html", before=before, after=after, done=done)


@privacy.post(f"{FORMER}/<token>")
def keep_address(token: str) -> Any:
    """Whoever reads the address of before keeps it, or takes it again."""
    asked = found(links().opened_former, token)
    try:
        back = moving.keep(db.session, asked, places=places(), letters=letters(), at=now())
    except moving.NothingWaits:
        db.session.rollback()
        return refuse(GONE, SETTLED)
    except AddressTaken:
        db.session.rollback()
        return refuse(CONFLICT, TAKEN)
    db.session.commit()
    flash(
        "Votre adresse est de nouveau celle-ci, et toutes les sessions sont fermées\u00a0: connectez-vous." if back
        else "Votre adresse est gardée\u00a0: la demande est annulée.",
        "success",
    )  # fmt: skip
    return redirect(url_for("security.us_signin"), 303)
