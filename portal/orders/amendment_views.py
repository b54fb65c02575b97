"""Amendments, for both sides with the same pages: proposed, read, accepted in two steps, refused, withdrawn."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request

from portal.files.views import send
from portal.french import long_date
from portal.orders.amendment_actions import decide, find_amendment, proof_of
from portal.orders.amendment_rules import (
    AlreadyDecided,
    Outcome,
    consent_words,
)
from portal.orders.forms import AcceptForm, ActForm, RefuseForm
from portal.orders.letters import signatories
from portal.orders.pages import Reader, letters, new_key, reader_of, signer
from portal.orders.progress_models import Amendment
from portal.orders.proposing_views import CONFLICT, REFUSED, denied, new_amendment, note
from portal.orders.rules import OrderError
from portal.web import db, now

DONE = {
    Outcome.ACCEPTED: "L'avenant est accepté. Une confirmation part aux deux parties par courriel.",
    Outcome.REFUSED: "L'avenant est refusé. L'autre partie en est avertie.",
    Outcome.WITHDRAWN: "L'avenant est retiré. L'autre partie en est avertie.",
}


def add_to(blueprint: Blueprint) -> None:
    """Add these pages to the blueprint of one side."""
    for rule, methods, view in (
        ("/<reference>/avenants/nouveau", ("GET", "POST"), new_amendment),
        ("/<reference>/avenants/<number>", ("GET",), amendment),
        ("/<reference>/avenants/<number>/accepter", ("GET", "POST"), accept),
        ("/<reference>/avenants/<number>/refuser", ("POST",), refuse),
        ("/<reference>/avenants/<number>/retirer", ("POST",), withdraw),
        ("/<reference>/avenants/<number>/preuve", ("GET",), amendment_proof),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=list(methods))


def _found(reference: str, number: str) -> tuple[Reader, Amendment]:
    reader = reader_of(reference)
    held = find_amendment(db.session, reader.order, number)
    return (reader, held) if held is not None else abort(404)


def amendment(reference: str, number: str) -> Any:
    """One amendment: what changes, what became of it, what the reader may do."""
    return _page(*_found(reference, number))


def _page(
    reader: Reader, held: Amendment, status: int = 200, *, form: RefuseForm | None = None, refusal: str = ""
) -> tuple[str, int]:
    form = form or RefuseForm(formdata=None)
    form.key.data = form.key.data or new_key()
    act = ActForm(formdata=None)
    act.key.data = new_key()
    return (
        render_template(
            "orders/amendment.html", reader=reader, order=reader.order, amendment=held, decision=held.decision,
            proof=proof_of(db.session, held), form=form, act=act, refusal=refusal, version=reader.version,
            mine=held.side is reader.side,
            signatories=[] if reader.staff else signatories(db.session, reader.order.organisation_id),
        ),
        status,
    )  # fmt: skip


def accept(reference: str, number: str) -> Any:
    """The second step: name, capacity, both boxes; then it is accepted, once."""
    reader, held = _found(reference, number)
    form = AcceptForm(formdata=request.form if request.method == "POST" else None)
    words = _consents(reader, held)
    form.ask(words)
    if request.method != "POST":
        if held.decision is not None or held.side is reader.side or not reader.signs:
            return redirect(reader.url("amendment", number=number), 303)
        form.name.data = reader.person.name
        return _accept_page(reader, held, form)
    if held.decision is None and not form.validate():
        return _accept_page(reader, held, form, REFUSED)
    return _decided(
        reader,
        held,
        Outcome.ACCEPTED,
        form.key.data,
        capacity=form.capacity.data or "",
        consents=words,
        name=form.name.data or "",
    )


def _accept_page(reader: Reader, held: Amendment, form: AcceptForm, status: int = 200) -> tuple[str, int]:
    form.key.data = form.key.data or new_key()
    return (
        render_template(
            "orders/accept.html", reader=reader, order=reader.order, amendment=held, form=form, version=reader.version
        ),
        status,
    )


def refuse(reference: str, number: str) -> Any:
    """Refuse, with a reason that the other side reads."""
    reader, held = _found(reference, number)
    form = RefuseForm()
    if held.decision is None and not form.validate():
        return _page(reader, held, REFUSED, form=form)
    capacity, reason = form.capacity.data or "", form.reason.data or ""
    return _decided(reader, held, Outcome.REFUSED, form.key.data, capacity=capacity, reason=reason)


def withdraw(reference: str, number: str) -> Any:
    """Take one's own proposal back, before the other side answers."""
    reader, held = _found(reference, number)
    return _decided(reader, held, Outcome.WITHDRAWN, ActForm().key.data, capacity=held.capacity)


def _decided(
    reader: Reader, held: Amendment, outcome: Outcome, key: str | None, *, capacity: str,
    consents: tuple[str, ...] = (), reason: str = "", name: str = "",
) -> Any:  # fmt: skip
    number = held.reference
    try:
        decide(
            db.session, held, outcome, by=signer(capacity, name), form_key=key or new_key(), letters=letters(), at=now(),
            consents=consents, reason=reason,
        )  # fmt: skip
    except AlreadyDecided as error:
        db.session.rollback()
        note(reader, outcome.value, error)
        words = f"Cet avenant est déjà {error.outcome.label.lower()}. Votre réponse n'a pas été enregistrée."
        return _page(*_found(reader.order.reference, number), CONFLICT, refusal=words)
    except OrderError as error:
        return _denied(reader, outcome.value, error, number)
    db.session.commit()
    flash(DONE[outcome], "success")
    return redirect(reader.url("amendment", number=number), 303)


def _denied(reader: Reader, what: str, error: OrderError, number: str) -> Any:
    """What was tried and refused, told in the log and on a page."""
    words, status = denied(reader, what, error)
    return _page(*_found(reader.order.reference, number), status, refusal=words)


def amendment_proof(reference: str, number: str) -> Any:
    """The file of proof of an accepted amendment."""
    _, held = _found(reference, number)
    file = proof_of(db.session, held)
    return abort(404) if file is None else send(file)


def _consents(reader: Reader, held: Amendment) -> tuple[str, ...]:
    day = long_date(reader.version.in_force_from) if reader.version else reader.order.terms_slug
    return consent_words(held.reference, reader.order.reference, day)
