"""Formal notices and the end of a contract, on the desk."""

import secrets
from typing import Any

from flask import abort

from portal.accounts.guard import me
from portal.accounts.refusals import tell_refused
from portal.contracts.desk_views import (
    CONFLICT,
    KEY_BYTES,
    REFUSED,
    back,
    contract_of,
    contracts_desk,
    page_of,
    version_of,
)
from portal.contracts.forms import EndForm, MadeGoodForm, NoticeForm
from portal.contracts.models import Contract
from portal.contracts.notice_actions import end_for, make_good, note_refused, record_notice
from portal.contracts.notice_models import ContractNotice
from portal.contracts.notice_rules import NoticeMissing, NoticeOver, NoticeRuns
from portal.contracts.rules import ContractError
from portal.errors import show as refuse
from portal.french import weekday_date
from portal.web import db, now, today


@contracts_desk.post("/<reference>/fin")
def end(reference: str) -> Any:
    """End the contract."""
    contract = contract_of(reference)
    version = version_of(contract)
    form = EndForm(version=version)
    if not form.validate():
        return page_of(contract, REFUSED, ending=form)
    try:
        end_for(
            db.session, contract, ground=form.chosen_ground, reason=form.reason.data, version=version, by=me(), at=now()
        )
    except NoticeMissing as error:
        article = f"L'article {figure.article}" if (figure := version.figures.get("formal_notice")) else "Une rupture"
        return _not_ended(
            contract, form, error, f"{article} demande d'abord une mise en demeure\u00a0: enregistrez-la."
        )
    except NoticeRuns as error:
        words = f"La mise en demeure court jusqu'au {weekday_date(error.last_day)} inclus\u00a0: le contrat peut prendre fin à partir du lendemain."
        return _not_ended(contract, form, error, words)
    return back(contract, "Le contrat a pris fin. Son registre reste lisible.")


def _not_ended(contract: Contract, form: EndForm, error: ContractError, words: str) -> tuple[str, int]:
    tell_refused(note_refused, contract, "end", by=me(), reason=type(error).__name__, at=now())
    form.form_errors.append(f"{words} Rien n'a été changé, ce que vous avez écrit est gardé.")
    return page_of(contract, CONFLICT, ending=form)


@contracts_desk.post("/<reference>/mises-en-demeure")
def notice(reference: str) -> Any:
    """Record a formal notice (article 10)."""
    contract, form = contract_of(reference), NoticeForm(today=today())
    if not form.validate():
        return page_of(contract, REFUSED, noticing=form)
    record_notice(
        db.session, contract, sender=form.chosen_sender, breach=form.breach.data, received_on=form.received_on.data,
        received_how=form.received_how.data, by=me(), form_key=form.key.data or secrets.token_urlsafe(KEY_BYTES),
        at=now(),
    )  # fmt: skip
    return back(contract, "La mise en demeure est enregistrée. Le client la voit sur la page du contrat.")


@contracts_desk.post("/<reference>/mises-en-demeure/<int:number>/reglee")
def settled(reference: str, number: int) -> Any:
    """A notice was answered."""
    contract, form = contract_of(reference), MadeGoodForm()
    found = db.session.get(ContractNotice, number)
    if found is None or found.contract_id != contract.id:
        abort(404)
    if not form.validate():
        return page_of(contract, REFUSED, settling=form)
    try:
        make_good(db.session, found, words=form.words.data, by=me(), at=now())
    except NoticeOver:
        db.session.rollback()
        return refuse(409)
    return back(contract, "C'est noté\u00a0: cette mise en demeure ne peut plus mettre fin au contrat.")
