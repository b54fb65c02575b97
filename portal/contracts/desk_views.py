"""Contracts as staff see them: every client's, opened by hand, credited, corrected by a counter-entry, ended."""

import secrets
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from portal.accounts.guard import me
from portal.accounts.models import Organisation
from portal.accounts.refusals import tell_refused
from portal.contracts.actions import balance, balances, correct, credit, find_contract, left_of
from portal.contracts.agreement_actions import set_overdraft
from portal.contracts.forms import (
    CorrectForm,
    CreditForm,
    EndForm,
    MadeGoodForm,
    NoticeForm,
    OverdraftForm,
)
from portal.contracts.links import DESK
from portal.contracts.mail_choices import tell_below, tell_moved
from portal.contracts.models import Contract, LedgerEntry
from portal.contracts.notice_actions import note_refused
from portal.contracts.notice_rules import Sender
from portal.contracts.permissions import may_manage
from portal.contracts.proposed import proposed_for
from portal.contracts.reading import held_by, movements, running_out
from portal.contracts.rules import (
    CannotCorrect,
    ContractEnded,
    PointsExhausted,
)
from portal.contracts.statement_views import csv_answer, pdf_answer
from portal.contracts.views import file_answer, letters, never_stored, notices_shown, parts_of, periods_of, terms_of
from portal.errors import show as refuse
from portal.french import points
from portal.gate import row_number
from portal.terms import Version
from portal.web import db, now, services, today

KEY_BYTES = 16
REFUSED, CONFLICT = 422, 409

contracts_desk = Blueprint("contracts_desk", __name__, url_prefix=DESK, template_folder="templates")
contracts_desk.after_request(never_stored)


@contracts_desk.errorhandler(ContractEnded)
def ended(error: ContractEnded) -> Any:
    """A colleague ended it meanwhile."""
    db.session.rollback()
    if contract := find_contract(db.session, (request.view_args or {}).get("reference", "")):
        what = (request.endpoint or "").rpartition(".")[2]
        tell_refused(note_refused, contract, what, by=me(), reason=type(error).__name__, at=now())
    return refuse(409)


def contract_of(reference: str) -> Contract:
    """The contract of an address, for staff."""
    return find_contract(db.session, reference) or abort(404)


def version_of(contract: Contract) -> Version:
    """The version that governs a contract, or today's where that one is not published here any more."""
    return terms_of(contract) or services().library.in_force(today())


@contracts_desk.get("/")
def index() -> Any:
    """Every contract, by client; those that run out first."""
    held = db.session.scalars(
        select(Contract).join(Organisation).order_by(Organisation.legal_name, Contract.signed_on, Contract.id)
    ).all()
    short = running_out(db.session, today=today())
    return render_template(
        "contracts/desk_index.html", contracts=held, left=balances(db.session, held), short=short,
        manages=may_manage(me().role_names),
    )  # fmt: skip


# --- One contract --------------------------------------------------------------------------------


def page_of(
    contract: Contract, status: int = 200, *, crediting: CreditForm | None = None,
    ruling: OverdraftForm | None = None, ending: EndForm | None = None, noticing: NoticeForm | None = None,
    settling: MadeGoodForm | None = None,
) -> tuple[str, int]:  # fmt: skip
    """The page of a contract on the desk, with what was typed and not taken."""
    crediting = crediting or CreditForm(formdata=None)
    crediting.key.data = crediting.key.data or secrets.token_urlsafe(KEY_BYTES)
    if ruling is None:
        ruling = OverdraftForm(formdata=None, policy=contract.policy.value)
    proposed = None if noticing else proposed_for(contract)
    noticing = noticing or NoticeForm(formdata=None, today=today())
    if proposed is not None:
        noticing.sender.data, noticing.breach.data = Sender.COMPANY.value, proposed.words
    noticing.key.data = noticing.key.data or secrets.token_urlsafe(KEY_BYTES)
    before = request.args.get("avant", type=row_number)
    held = held_by(db.session, contract.organisation_id, today=today())
    return (
        render_template(
            "contracts/desk_show.html", contract=contract, left=held.left[contract.id], crediting=crediting,
            ruling=ruling, noticing=noticing, proposed=proposed, settling=settling or MadeGoodForm(formdata=None),
            notices=notices_shown(contract), ending=ending or EndForm(formdata=None, version=version_of(contract)),
            terms=terms_of(contract),
            page=movements(db.session, contract, before=before), first_page=before is None,
            periods=periods_of(contract), manages=may_manage(me().role_names) and contract.ended_at is None,
            **parts_of(held),
        ),
        status,
    )  # fmt: skip


def back(contract: Contract, words: str) -> Response:
    """Keep what was done, and back to the contract."""
    db.session.commit()
    flash(words, "success")
    return redirect(f"{DESK}/{contract.reference}", 303)


@contracts_desk.get("/<reference>")
def show(reference: str) -> Any:
    """Its points, its ledger, what staff may do with it."""
    return page_of(contract_of(reference))


@contracts_desk.get("/<reference>/pieces/<int:number>")
def file(reference: str, number: int) -> Any:
    """A file of what was agreed."""
    return file_answer(contract_of(reference), number)


@contracts_desk.get("/<reference>/releve.csv")
def statement_csv(reference: str) -> Any:
    """The statement that the client sees."""
    return csv_answer(contract_of(reference))


@contracts_desk.get("/<reference>/releve.pdf")
def statement_pdf(reference: str) -> Any:
    """The same, on paper."""
    return pdf_answer(contract_of(reference))


@contracts_desk.post("/<reference>/points")
def add(reference: str) -> Any:
    """Add points by hand."""
    contract, form = contract_of(reference), CreditForm()
    if not form.validate():
        return page_of(contract, REFUSED, crediting=form)
    entry = credit(
        db.session, contract, points=form.points.points, key=form.key.data or secrets.token_urlsafe(KEY_BYTES),
        words="Points ajoutés", reason=form.reason.data, by=me(), at=now(),
    )  # fmt: skip
    tell_moved(db.session, entry, letters=letters(), at=now())
    return back(contract, f"{points(entry.points)} de plus\u00a0: il en reste {points(entry.balance)}.")


@contracts_desk.post("/<reference>/regle")
def rule(reference: str) -> Any:
    """Another rule for when the points are used up."""
    contract, form = contract_of(reference), OverdraftForm()
    if not form.validate():
        return page_of(contract, REFUSED, ruling=form)
    set_overdraft(db.session, contract, overdraft=form.overdraft, reason=form.reason.data, by=me(), at=now())
    return back(contract, "La règle est changée. Le client la lit sur la page du contrat.")


@contracts_desk.route("/<reference>/mouvements/<int:seq>/corriger", methods=["GET", "POST"])
def amend(reference: str, seq: int) -> Any:
    """Correct a movement by a counter-entry."""
    contract = contract_of(reference)
    entry = db.session.scalars(
        select(LedgerEntry).where(LedgerEntry.contract_id == contract.id, LedgerEntry.seq == seq)
    ).first()
    if entry is None or entry.corrects_id is not None:
        abort(404)
    form = CorrectForm()
    if request.method != "POST":
        return _correction(contract, entry, form, 200)
    if not form.validate():
        return _correction(contract, entry, form, REFUSED)
    # A charge is given back, a credit is taken back.
    change = form.points.points if entry.points < 0 else -form.points.points
    try:
        made = correct(
            db.session, entry, points=change, key=form.key.data or secrets.token_urlsafe(KEY_BYTES),
            reason=form.reason.data, by=me(), at=now(),
        )  # fmt: skip
    except CannotCorrect as error:
        return _refused(contract, entry, form, f"Ce mouvement ne compte plus que pour {points(abs(error.left))}.")
    except PointsExhausted as error:
        words = f"Le solde passerait sous ce que la règle du contrat permet\u00a0: {points(error.available)} au plus."
        return _refused(contract, entry, form, words)
    tell_moved(db.session, made, letters=letters(), at=now())
    tell_below(db.session, [made], letters=letters(), at=now())
    return back(contract, f"Corrigé\u00a0: il reste {points(made.balance)}.")


def _refused(contract: Contract, entry: LedgerEntry, form: CorrectForm, words: str) -> tuple[str, int]:
    db.session.rollback()
    form.form_errors.append(f"{words} Rien n'a été changé, ce que vous avez écrit est gardé.")
    return _correction(contract, entry, form, CONFLICT)


def _correction(contract: Contract, entry: LedgerEntry, form: CorrectForm, status: int) -> tuple[str, int]:
    form.key.data = form.key.data or secrets.token_urlsafe(KEY_BYTES)
    return (
        render_template(
            "contracts/desk_correct.html", contract=contract, entry=entry, form=form,
            left=left_of(db.session, entry), balance=balance(db.session, contract),
        ),
        status,
    )  # fmt: skip
