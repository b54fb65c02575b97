"""Orders as staff see them: what is done, delivered, suspended, put in default, ended; each with its proof."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from sqlalchemy import select

from portal.accounts.models import Organisation
from portal.accounts.refusals import tell_refused
from portal.files.actions import keep
from portal.files.models import StoredFile
from portal.files.rules import FileRefused
from portal.files.views import download, send
from portal.gate import row_number
from portal.orders import amendment_views
from portal.orders.amendment_rules import NotAllowed
from portal.orders.forms import EventForm, LineForm, NoticeForm, ReceptionForm, SuspendForm, TerminateForm
from portal.orders.links import DESK
from portal.orders.models import Order
from portal.orders.pages import Reader, letters, new_key, order_page, providers, reader_of
from portal.orders.papers import notice_pdf
from portal.orders.progress_actions import note_event, note_refused
from portal.orders.progress_models import OrderEvent
from portal.orders.progress_rules import DayRefused, Event, EventKind, Ground, Side
from portal.orders.rules import LineKind, OrderError
from portal.orders.views import CONFLICT, REFUSED, ended, never_stored, rows
from portal.registry import Proposed
from portal.web import db, now, services, today

orders_desk = Blueprint("orders_desk", __name__, url_prefix=DESK, template_folder="templates")
orders_desk.after_request(never_stored)
FORBIDDEN = 403
#: What the address of an act is called, the event it notes, and its form.
ACTS: dict[str, tuple[EventKind, type[EventForm]]] = {
    "realiser": (EventKind.DONE, LineForm),
    "livrer": (EventKind.DELIVERED, LineForm),
    "suspendre": (EventKind.SUSPENDED, SuspendForm),
    "reprendre": (EventKind.RESUMED, EventForm),
    "mettre-en-demeure": (EventKind.NOTICE_SENT, NoticeForm),
    "reception": (EventKind.NOTICE_RECEIVED, ReceptionForm),
    "suivie-d-effet": (EventKind.NOTICE_ANSWERED, ReceptionForm),
}
#: The form that a proposal of the room of invoices opens.
PROPOSED = {"suspension": "suspendre", "formal_notice": "mettre-en-demeure"}


@orders_desk.get("/")
def index() -> Any:
    """Every order, the last one first; ``client`` narrows to one organisation."""
    asked = request.args.get("client", type=row_number)
    found = select(Order).order_by(Order.id.desc())
    if asked is not None:
        found = found.where(Order.organisation_id == asked)
    return render_template(
        "orders/desk_list.html", rows=rows(list(db.session.scalars(found)), staff=True),
        client=db.session.get(Organisation, asked) if asked is not None else None,
    )  # fmt: skip


@orders_desk.get("/<reference>")
def show(reference: str) -> Any:
    """One order."""
    return page(reference)


def page(
    reference: str, status: int = 200, *, form: TerminateForm | None = None, refusal: str = "", opened: str = "",
    act: EventForm | None = None,
) -> Any:  # fmt: skip
    """The page of an order on the desk, with what was typed and not taken."""
    reader = reader_of(reference)
    forms: dict[str, Any] = {name: kind(formdata=None, prefix=f"{name}-") for name, (_, kind) in ACTS.items()}
    if act is not None and opened in forms:
        forms[opened] = act
    end = form or TerminateForm(formdata=None)
    for each in (*forms.values(), end):
        each.key.data = each.key.data or new_key()
        if hasattr(each, "day") and not each.day.raw_data:
            each.day.data = each.day.data or today()
    _choices(reader.order, forms, end)
    proposed = None if opened else _proposed(reader.order, forms)
    if proposed is not None:
        opened = PROPOSED[proposed.act]
    return (
        render_template(
            "orders/desk.html",
            **order_page(reader),
            forms=forms,
            form=end,
            refusal=refusal,
            opened=opened,
            proposed=proposed,
        ),
        status,
    )


def _proposed(order: Order, forms: dict[str, Any]) -> Proposed | None:
    """What is proposed about an unpaid invoice, put into the form that does it; nothing is done by it."""
    number = request.args.get("proposition", type=row_number)
    found = providers().proposed(db.session, order.organisation_id, number) if number else None
    if found is None or found.act not in PROPOSED:
        return None
    form = forms[PROPOSED[found.act]]
    form.words.data = found.words
    if isinstance(form, SuspendForm):
        form.ground.data = Ground.LATE_PAYMENT.value
    else:
        form.side.data = Side.PROVIDER.value
    return found


def _choices(order: Order, forms: dict[str, Any], end: TerminateForm | None = None) -> None:
    lines = [(line.position, line.label) for line in order.lines_in_force]
    for name, form in forms.items():
        if isinstance(form, LineForm):
            goods = [(line.position, line.label) for line in order.lines_in_force if line.kind is LineKind.GOODS]
            form.line.choices = goods if name == "livrer" else lines
    if end is not None:
        end.lines.choices = lines


@orders_desk.post("/<reference>/actes/<act>")
def note(reference: str, act: str) -> Any:
    """Note what happened."""
    if act not in ACTS:
        abort(404)
    reader, (kind, form_class) = reader_of(reference), ACTS[act]
    form = form_class(prefix=f"{act}-")
    _choices(reader.order, {act: form})
    if not form.validate():
        return page(reference, REFUSED, opened=act, act=form)
    try:
        file = _proof(form)
        if kind is EventKind.NOTICE_RECEIVED and file is None:
            form.form_errors.append("Joignez la preuve de réception\u00a0: son jour fait courir le délai.")
            return page(reference, REFUSED, opened=act, act=form)
        note_event(
            db.session, reader.order, _event(kind, form), by=reader.person, form_key=form.key.data or new_key(),
            letters=letters(), at=now(), file=file,
        )  # fmt: skip
    except FileRefused as error:
        db.session.rollback()
        form.form_errors.append(str(error))
        return page(reference, REFUSED, opened=act, act=form)
    except OrderError as error:
        tell_refused(note_refused, reader.order, kind.value, by=reader.person, reason=type(error).__name__, at=now())
        status = REFUSED if isinstance(error, DayRefused) else CONFLICT
        words = str(error)
        if isinstance(error, NotAllowed):
            status, words = FORBIDDEN, "Votre rôle ne permet pas d'engager l'entreprise."
        return page(reference, status, refusal=f"{words} Rien n'a été enregistré.", opened=act, act=form)
    db.session.commit()
    flash(f"{kind.label}\u00a0: c'est enregistré.", "success")
    return redirect(reader.url(), 303)


def _event(kind: EventKind, form: EventForm) -> Event:
    sided = isinstance(form, NoticeForm | ReceptionForm)
    return Event(
        kind, form.day.data,
        side=Side(form.side.data) if sided else None,
        ground=Ground(form.ground.data) if isinstance(form, SuspendForm) else None,
        line=form.line.data if isinstance(form, LineForm) else None,
        words=form.words.data or "",
    )  # fmt: skip


def _proof(form: EventForm) -> StoredFile | None:
    given = form.proof.data if isinstance(form, ReceptionForm) else None
    if not given or not given.filename:
        return None
    return keep(db.session, services().store, given.stream, name=given.filename, kept_for="orders", now=now())


@orders_desk.post("/<reference>/resilier/<ground>")
def end(reference: str, ground: str) -> Any:
    """The company ends an order, when 7.4, 7.5 or article 10 gives it the right."""
    return ended(reference, ground, page)


@orders_desk.get("/<reference>/preuve")
def proof(reference: str) -> Any:
    """The file of proof of the order."""
    file = providers().proof(db.session, reader_of(reference).order).file
    return abort(404) if file is None else send(file)


@orders_desk.get("/<reference>/evenements/<int:number>/preuve")
def event_file(reference: str, number: int) -> Any:
    """What proves an event."""
    event = _event_of(reader_of(reference), number)
    return abort(404) if event.file is None else send(event.file)


@orders_desk.get("/<reference>/evenements/<int:number>/lettre.pdf")
def letter(reference: str, number: int) -> Any:
    """The formal notice as a registered letter, in a French window envelope."""
    reader = reader_of(reference)
    event, version = _event_of(reader, number), reader.version
    if event.kind is not EventKind.NOTICE_SENT or event.side is not Side.PROVIDER or version is None:
        abort(404)
    content = notice_pdf(reader.order, event, company=services().library.company, terms=version, today=today())
    return download(content, name=f"mise-en-demeure-{reference}.pdf", media_type="application/pdf", size=len(content))


def _event_of(reader: Reader, number: int) -> OrderEvent:
    event = db.session.get(OrderEvent, number)
    return event if event is not None and event.order_id == reader.order.id else abort(404)


amendment_views.add_to(orders_desk)
