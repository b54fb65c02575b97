"""Clients as staff see them: the list, one of them with what every room holds of it, a new one, its people."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, current_app, flash, redirect, render_template, request, url_for

from portal.accounts import actions, membership
from portal.accounts.actions import IdentityTaken
from portal.accounts.clients import PAGE, find_clients, number_of
from portal.accounts.forms import ClientForm, InvitationForm
from portal.accounts.guard import may, me
from portal.accounts.models import Invitation, Organisation, Person
from portal.accounts.rules import (
    CLIENT_WORDS,
    COUNTRIES,
    ClientRole,
    LastAdministrator,
    NotAllowed,
    parse_identity,
    vat_of,
)
from portal.errors import show as refuse
from portal.registry import ClientSection, Viewer
from portal.web import AREA, db, mail_domain, now, settings

DESK = f"{AREA}/bureau/clients"
#: Lines of a room that a client's page shows; the rest is in the room's own list.
SHOWN = 5
REFUSED, CONFLICT = 422, 409

clients_desk = Blueprint("clients_desk", __name__, url_prefix=DESK, template_folder="templates")


def register(app: Flask, sections: Sequence[ClientSection]) -> None:
    """Add the pages; ``sections`` is what the rooms show of a client, in the order of the page."""
    app.extensions["client_sections"] = sections
    app.register_blueprint(clients_desk)


@clients_desk.errorhandler(NotAllowed)
def not_allowed(_: NotAllowed) -> Any:
    """The table of routes lets nobody come here; the rule says no all the same."""
    return refuse(403)


def _client(number: int) -> Organisation:
    found = db.session.get(Organisation, number)
    if found is None:
        abort(404)
    return found


def _wanted_page() -> int:
    typed = request.args.get("page", "1")
    return int(typed) if typed.isascii() and typed.isdigit() and 0 < len(typed) < len(str(2**31)) else 1


@clients_desk.get("/")
def index() -> Any:
    """Every client, or those that the words find. ``vers`` is a page of the desk that needs one: each row leads there."""
    words, towards = request.args.get("q", "").strip()[:200], request.args.get("vers", "")
    if towards and (urlsplit(towards).netloc or urlsplit(towards).scheme or not towards.startswith(f"{AREA}/bureau/")):
        abort(404)
    found = find_clients(db.session, words)
    pages = max(1, -(-len(found) // PAGE))
    page = min(_wanted_page(), pages)
    return render_template(
        "accounts/clients.html", found=found[(page - 1) * PAGE : page * PAGE], total=len(found), words=words,
        page=page, pages=pages, towards=towards,
        leads=lambda one: f"{towards}{'&' if '?' in towards else '?'}client={one.id}" if towards else url_for("clients_desk.show", number=one.id),
    )  # fmt: skip


@clients_desk.get("/<int:number>")
def show(number: int) -> Any:
    """One client: who it is, its people, and what every room holds of it."""
    organisation, person = _client(number), me()
    viewer = Viewer(person.id, person.role_names, None)
    sections = []
    for section in current_app.extensions["client_sections"]:
        rows = list(section.rows(db.session, organisation.id, viewer))
        add = section.add_at(organisation.id) if section.add_at and may(section.add_endpoint, person) else None
        sections.append((section, rows[:SHOWN], len(rows), add))
    return render_template(
        "accounts/client.html", client=organisation, sections=sections, words=CLIENT_WORDS, countries=COUNTRIES,
        people=[one for one in organisation.people if one.active],
        invitations=membership.open_invitations(db.session, organisation, now=now()),
        number=number_of(organisation),
        vat=organisation.vat_number or (vat_of(organisation.siren) if organisation.siren else None),
    )  # fmt: skip


def _values(form: ClientForm) -> dict[str, Any]:
    names = ("legal_name", "street", "postal_code", "city", "country", "public_body")
    return {name: form[name].data or ("" if name != "public_body" else False) for name in names}


def _taken(form: ClientForm, other: Organisation) -> None:
    form.identity.errors = [f"{other.legal_name} est déjà cliente sous ce numéro."]


@clients_desk.route("/nouveau", methods=["GET", "POST"])
def create() -> Any:
    """A new client, whom nobody signs in for yet."""
    form, other = ClientForm(), None
    if form.validate_on_submit():
        identity = parse_identity(form.identity.data)
        other = actions.find_organisation(db.session, identity)
        if other is None:
            try:
                made = actions.create_organisation(db.session, identity=identity, by=me(), now=now(), **_values(form))
            except IdentityTaken as taken:
                other = taken.organisation
            else:
                db.session.commit()
                flash(f"{made.legal_name} est cliente. Invitez-y une première personne.", "success")
                return redirect(url_for("clients_desk.show", number=made.id), 303)
        db.session.rollback()
        _taken(form, other)
    status = CONFLICT if other else REFUSED if form.errors else 200
    return render_template("accounts/client_form.html", form=form, client=None, other=other), status


@clients_desk.route("/<int:number>/modifier", methods=["GET", "POST"])
def edit(number: int) -> Any:
    """Change what is known of a client."""
    organisation, other = _client(number), None
    form = ClientForm(obj=organisation)
    if request.method == "GET":
        form.identity.data = number_of(organisation)
    if form.validate_on_submit():
        try:
            changed = actions.update_organisation(
                db.session,
                organisation,
                by=me(),
                now=now(),
                identity=parse_identity(form.identity.data),
                **_values(form),
            )
        except IdentityTaken as taken:
            db.session.rollback()
            other = taken.organisation
            _taken(form, other)
        else:
            db.session.commit()
            flash("La fiche est à jour." if changed else "Rien n'a changé.", "success")
            return redirect(url_for("clients_desk.show", number=number), 303)
    status = CONFLICT if other else REFUSED if form.errors else 200
    return render_template("accounts/client_form.html", form=form, client=organisation, other=other), status


# --- Its people ----------------------------------------------------------------------------------


@clients_desk.route("/<int:number>/inviter", methods=["GET", "POST"])
def invite(number: int) -> Any:
    """Invite somebody of the client, the first one above all."""
    organisation = _client(number)
    first = not any(ClientRole.ADMINISTRATOR in one.role_names for one in organisation.people if one.active)
    form = InvitationForm(data={"roles": ["administrator", "signatory"]} if first else None)
    if form.validate_on_submit():
        membership.invite(
            db.session, organisation=organisation, email=form.email.data, name=form.name.data,
            roles=[ClientRole(name) for name in form.roles.data], by=me(), base_url=settings().base_url,
            domain=mail_domain(), now=now(),
        )  # fmt: skip
        db.session.commit()
        flash(f"L'invitation part à {form.email.data}. Elle vaut sept jours.", "success")
        return redirect(url_for("clients_desk.show", number=number), 303)
    page = render_template("accounts/client_invite.html", form=form, client=organisation, first=first)
    return page, REFUSED if form.errors else 200


@clients_desk.post("/<int:number>/invitations/<int:invitation>/retirer")
def withdraw(number: int, invitation: int) -> Any:
    """Take an invitation back."""
    found = db.session.get(Invitation, invitation)
    if found is None or found.organisation_id != number or found.accepted_at or found.revoked_at:
        abort(404)
    membership.withdraw_invitation(db.session, found, by=me(), now=now())
    db.session.commit()
    flash(f"L'invitation de {found.email} est retirée.", "success")
    return redirect(url_for("clients_desk.show", number=number), 303)


@clients_desk.post("/<int:number>/personnes/<int:person>/retirer")
def remove(number: int, person: int) -> Any:
    """Take somebody's access away, as the client asked."""
    found = db.session.get(Person, person)
    if found is None or not found.active or found.organisation_id != number:
        abort(404)
    try:
        membership.remove_person(db.session, found, by=me(), now=now())
    except LastAdministrator:
        db.session.rollback()
        flash("C'est le seul administrateur\u00a0: invitez-en d'abord un autre.", "error")
    else:
        db.session.commit()
        flash(f"{found.name} n'a plus d'accès.", "success")
    return redirect(url_for("clients_desk.show", number=number), 303)
