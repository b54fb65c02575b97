"""The client refuses, or takes its acceptance back: both free somebody, so the link of a mail asks for a code as for accepting."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template

from portal.accounts.security import browser
from portal.quotes import acceptance_actions as acceptance
from portal.quotes.acceptance_actions import WrongCode
from portal.quotes.acceptance_forms import CodeForm
from portal.quotes.answering import TOO_MANY, WRONG_CODE, denied, deny, identified, send_code
from portal.quotes.client_pages import Reader, author, page
from portal.quotes.quote_models import QuoteAct
from portal.quotes.quote_rules import OFFERED, Act, NotAllowed, QuoteError, State, WrongState
from portal.quotes.reading_views import sheet_page
from portal.quotes.request_views import REFUSED
from portal.quotes.writing_views import letters, new_key
from portal.web import db, now


@page("/refuser", methods=("POST",))
def refuse(reader: Reader) -> Any:
    """Refuse, with a reason."""
    return _answer(reader, REFUSING)


@page("/reprendre", methods=("POST",))
def take_back(reader: Reader) -> Any:
    """Take the acceptance back, while the order is not final."""
    return _answer(reader, TAKING_BACK)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is not an acceptance. Signed in it takes one step, by the link of a mail a second one, for its code."""

    page: str
    what: str  # in the log, when it is refused
    act: Act
    do: Callable[..., QuoteAct]
    title: str
    lede: str
    button: str
    done: str
    from_states: frozenset[State]
    reason_needed: bool = False


REFUSING = Answer(
    "refuse", "refusal", Act.REFUSED, acceptance.refuse_quote, "Refuser le devis",
    "Rien n'est refusé avant l'étape suivante.", "Refuser le devis",
    "Votre refus est enregistré. Nous en sommes prévenus.", OFFERED, reason_needed=True,
)  # fmt: skip
TAKING_BACK = Answer(
    "take_back", "taking_back", Act.TAKEN_BACK, acceptance.take_back, "Reprendre l'acceptation",
    "L'acceptation tient jusqu'à l'étape suivante.", "Reprendre l'acceptation",
    "L'acceptation est reprise\u00a0: rien n'est commandé.", frozenset({State.ACCEPTED}),
)  # fmt: skip


def _answer(reader: Reader, answer: Answer) -> Any:
    quote, form = reader.quote, CodeForm()
    form.key.data = (form.key.data or new_key())[:64]
    form.reason.data = (form.reason.data or "")[:5_000]
    if any(each.form_key == form.key.data and each.act is answer.act for each in quote.acts):
        return redirect(reader.url(), 303)  # the same page again
    if error := _no_answer(reader, answer):
        return denied(reader, answer.what, error)
    if answer.reason_needed and not form.reason.data.strip():
        words = "Écrivez la raison du refus\u00a0: elle nous est envoyée. Rien n'est refusé."
        return sheet_page(reader, REFUSED, refusal=words)
    check = None
    if reader.token:
        if not form.code.data:
            return _ask_code(reader, answer, form)
        check = acceptance.check_code(
            db.session, quote, form.code.data, by=reader.person, browser=browser(), at=now(), act=answer.act
        )
    try:
        answer.do(
            db.session, quote, by=reader.person, words=form.reason.data, form_key=form.key.data, author=author(),
            identified_by=identified(reader), letters=letters(), at=now(), check=check,
        )  # fmt: skip
    except WrongCode as error:
        deny(reader, answer.what, error)
        form.code.data, form.code.errors = "", [WRONG_CODE]
        return _code_page(reader, answer, form, REFUSED)
    except (NotAllowed, WrongState) as error:
        return denied(reader, answer.what, error)
    db.session.commit()
    flash(answer.done, "success")
    return redirect(reader.url(), 303)


def _no_answer(reader: Reader, answer: Answer) -> QuoteError | None:
    """Why this answer cannot be given, known before a code is sent for it."""
    if not reader.signs:
        return NotAllowed()
    return None if reader.quote.state in answer.from_states else WrongState(reader.quote.state)


def _ask_code(reader: Reader, answer: Answer, form: CodeForm) -> Any:
    if send_code(reader, answer.act):
        return _code_page(reader, answer, form)
    form.code.errors = [TOO_MANY]
    return _code_page(reader, answer, form, 429)


def _code_page(reader: Reader, answer: Answer, form: CodeForm, status: int = 200) -> tuple[str, int]:
    return render_template(
        "quotes/acceptance/code.html", reader=reader, quote=reader.quote, answer=answer, form=form
    ), status  # fmt: skip
