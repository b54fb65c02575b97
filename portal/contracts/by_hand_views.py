"""A contract typed in by staff: one that was signed without the portal."""

import secrets
from typing import Any

from flask import render_template, request
from sqlalchemy import select

from portal.accounts.guard import me
from portal.accounts.models import Organisation
from portal.contracts.agreement_actions import open_contract
from portal.contracts.desk_views import KEY_BYTES, REFUSED, back, contracts_desk
from portal.contracts.forms import OpenForm
from portal.contracts.rules import Derogation, KeptFile, SpecialConditions
from portal.files.rules import FileRefused
from portal.gate import row_number
from portal.web import db, now, services, store, today


@contracts_desk.route("/nouveau", methods=["GET", "POST"])
def new() -> Any:
    """Type in a contract that was signed without the portal."""
    form = OpenForm(today=today())
    clients = db.session.scalars(select(Organisation).order_by(Organisation.legal_name, Organisation.id)).all()
    library = services().library
    form.organisation.choices = [(client.id, client.legal_name) for client in clients]
    form.terms.choices = [
        (version.slug, f"CGV du {version.in_force_from:%d/%m/%Y}") for version in reversed(library.versions)
    ]
    if request.method != "POST":
        form.organisation.data = request.args.get("client", type=row_number)
        form.key.data = secrets.token_urlsafe(KEY_BYTES)
        return render_template("contracts/desk_new.html", form=form)
    if not form.validate():
        return render_template("contracts/desk_new.html", form=form), REFUSED
    version = library.version(form.terms.data)
    try:
        kept = form.files.keep(db.session, store(), kept_for="contracts", now=now())
    except FileRefused:
        db.session.rollback()
        return render_template("contracts/desk_new.html", form=form), REFUSED
    files = tuple(KeptFile(each.key, each.name, each.sha256) for each in kept)
    derogations = (Derogation(form.derogation_day.data, form.derogation.data),) if form.derogation.data else ()
    contract = open_contract(
        db.session, organisation=db.session.get_one(Organisation, form.organisation.data), kind=form.chosen_kind,
        points=form.points.points, terms_slug=version.slug, terms_sha256=version.sha256,
        special_conditions=SpecialConditions(form.conditions.data or "", files, derogations),
        overdraft=form.overdraft, by=me(), at=now(), reason=form.reason.data, signed_on=form.signed_on.data,
        form_key=form.key.data,
    )  # fmt: skip
    if contract.opened_at != now():
        # The same page again: the files that came with it are those of the first time.
        db.session.rollback()
    return back(contract, f"Le contrat {contract.reference} est ouvert.")
