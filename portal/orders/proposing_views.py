"""A proposal is written, line by line; both states can be looked at side by side before it leaves."""

from typing import Any

from flask import flash, redirect, render_template, request

from portal.accounts.refusals import tell_refused
from portal.orders.amendment_actions import propose
from portal.orders.amendment_forms import EMPTY, ProposeForm
from portal.orders.amendment_lines import (
    MOST_LINES,
    Compared,
    Lines,
    LinesRefused,
    Overtaken,
    read_lines,
    typed_of,
)
from portal.orders.amendment_rules import AlreadyProposed, AmendmentKind, NotAllowed, NotYours, WordsMissing
from portal.orders.clauses import clause
from portal.orders.pages import Reader, letters, new_key, order_page, providers, reader_of, signer
from portal.orders.progress_actions import note_refused
from portal.orders.rules import LineKind, OrderError
from portal.web import db, now

CONFLICT, REFUSED, FORBIDDEN = 409, 422, 403


def new_amendment(reference: str) -> Any:
    """Propose a change or a cancellation."""
    reader = reader_of(reference)
    before = reader.order.lines_in_force
    if request.method != "POST":
        form = ProposeForm(formdata=None, data={"lines": typed_of(before), "base": reader.order.last_change})
        return _page(reader, form)
    form, do = ProposeForm(), request.form.get("do", "send")
    if do == "line":
        return _page(reader, _one_more(form))
    # Who only looks is told of the lines, not of what is still to be written.
    valid = do == "look" or form.validate()
    lines, problems = before, list[tuple[str, str]]()
    if form.kind.data == AmendmentKind.CHANGE:
        lines, problems = read_lines(form.rows, before, reader.order.used_positions)
    form.tell(problems)
    if do == "look" and not problems:
        return _page(reader, form, looked=Compared(before, lines))
    if not valid or problems:
        return _page(reader, form, REFUSED)
    return _sent(reader, form, lines)


def _sent(reader: Reader, form: ProposeForm, lines: Lines) -> Any:
    try:
        made = propose(
            db.session, reader.order, kind=AmendmentKind(form.kind.data), words=form.words.data, lines=lines,
            base=form.base.data or "", by=signer(form.capacity.data), form_key=form.key.data or new_key(),
            letters=letters(), at=now(),
        )  # fmt: skip
    except OrderError as error:
        words, status = _why(reader, error)
        again = reader_of(reader.order.reference)
        form.form_errors.append(words)
        if isinstance(error, Overtaken):
            form.base.data = again.order.last_change
        return _page(again, form, status)
    db.session.commit()
    flash("Votre proposition est envoyée. Rien ne change tant que l'autre partie ne l'a pas acceptée.", "success")
    return redirect(reader.url("amendment", number=made.reference), 303)


def _why(reader: Reader, error: OrderError) -> tuple[str, int]:
    """Why a proposal did not leave; what was only typed wrong is no try."""
    db.session.rollback()
    match error:
        case WordsMissing():
            return "Dites ce qui change en une phrase.", REFUSED
        case LinesRefused():
            return str(error), REFUSED
        case AlreadyProposed():
            waits = f"L'avenant {error.reference} attend déjà une réponse\u00a0: il doit être accepté, refusé ou retiré d'abord."
            return waits, CONFLICT
        case Overtaken():
            return (
                "Un autre avenant a changé les lignes entre-temps. Ce que vous avez écrit est gardé ci-dessous\u00a0: "
                "comparez-le avec la commande, puis envoyez de nouveau."
            ), CONFLICT
        case _:
            return denied(reader, "propose", error)


def denied(reader: Reader, what: str, error: OrderError) -> tuple[str, int]:
    """What was tried and refused, kept in the log: the words of its page and its status."""
    db.session.rollback()
    note(reader, what, error)
    if isinstance(error, NotAllowed):
        words = "Seule une personne habilitée à signer pour votre partie peut le faire. Rien n'a été enregistré."
        return words, FORBIDDEN
    if isinstance(error, NotYours):
        return "C'est à l'autre partie de le faire. Rien n'a été enregistré.", CONFLICT
    return f"{error} Rien n'a été enregistré.", CONFLICT


def note(reader: Reader, what: str, error: OrderError) -> None:
    """Keep in the log what was tried and refused."""
    tell_refused(note_refused, reader.order, what, by=reader.person, reason=type(error).__name__, at=now())


def _one_more(form: ProposeForm) -> ProposeForm:
    """The same form with an empty line at its end."""
    again = ProposeForm(formdata=None, data={**form.data, "lines": [*form.rows, EMPTY][:MOST_LINES]})
    again.key.data, again.base.data = form.key.data, form.base.data
    return again


def _page(reader: Reader, form: ProposeForm, status: int = 200, *, looked: Compared | None = None) -> tuple[str, int]:
    form.key.data = form.key.data or new_key()
    fixed = {
        str(each.position): each.value.label
        for each in reader.order.lines_in_force
        if each.value.kind is LineKind.POINTS
    }
    page = render_template(
        "orders/propose.html", **order_page(reader), form=form, looked=looked, fixed=fixed,
        extra_work=clause(reader.version, "extra_work"),
        supplement=providers().supplement(db.session, reader.order, reader.staff) if fixed else None,
    )  # fmt: skip
    return page, status
