"""A signatory of the client sends the company a formal notice from the page of a contract: either side may."""

import secrets
from typing import Any

from flask import flash, redirect, request

from portal.accounts.guard import me
from portal.accounts.refusals import tell_refused
from portal.accounts.security import identified_by
from portal.contracts.forms import ServeForm
from portal.contracts.links import CLIENT
from portal.contracts.notice_actions import note_refused, serve_notice
from portal.contracts.permissions import NotAllowed
from portal.contracts.rules import ContractEnded
from portal.contracts.views import REFUSED, contracts, letters, mine, page_of, terms_of
from portal.web import db, now, services, today

FORBIDDEN, CONFLICT = 403, 409


@contracts.post("/<reference>/mise-en-demeure")
def serve(reference: str) -> Any:
    """Put the company on notice."""
    contract, form = mine(reference), ServeForm()
    if not form.validate():
        return page_of(contract, status=REFUSED, serving=form)
    try:
        serve_notice(
            db.session, contract, breach=form.breach.data, by=me(), known=identified_by(),
            ip=request.remote_addr or "", user_agent=request.user_agent.string[:400],
            form_key=form.key.data or secrets.token_urlsafe(16), letters=letters(),
            version=terms_of(contract) or services().library.in_force(today()), at=now(),
        )  # fmt: skip
    except (NotAllowed, ContractEnded) as error:
        tell_refused(note_refused, contract, "serve", by=me(), reason=type(error).__name__, at=now())
        over = isinstance(error, ContractEnded)
        words = "Ce contrat a déjà pris fin." if over else "Seul un signataire de votre organisation peut le faire."
        return page_of(
            contract, status=CONFLICT if over else FORBIDDEN, serving=form, refusal=f"{words} Rien n'a été envoyé."
        )
    db.session.commit()
    flash("Votre mise en demeure est envoyée et reçue. Une copie vous parvient par courriel.", "success")
    return redirect(f"{CLIENT}/{reference}", 303)
