"""The two start pages. What they show is handed up by the rooms, which this one does not know by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request, url_for

from portal.accounts.guard import may, me
from portal.accounts.models import Person
from portal.desk.rules import days_left, waited
from portal.registry import Queue, QueueItem, Viewer, in_order
from portal.web import AREA, db, now, today

desk = Blueprint("desk", __name__, url_prefix=AREA, template_folder="templates")


@dataclass(frozen=True, slots=True)
class Start:
    """A link of a client's start page: where to, and what for."""

    endpoint: str
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What the rooms handed up."""

    staff: Sequence[Queue]
    client: Sequence[Queue]
    starts: Sequence[Start]


def register(app: Flask, given: Desk) -> None:
    """Add the start pages to an application."""
    app.extensions["desk"] = given
    app.register_blueprint(desk)
    app.jinja_env.filters.update(
        lower_first=lambda words: words[:1].lower() + words[1:],
        days_left=lambda day: days_left(day, today()),
        waited=lambda since: waited(since, now()),
    )


def _given() -> Desk:
    held: Desk = current_app.extensions["desk"]
    return held


def _viewer(person: Person) -> Viewer:
    return Viewer(person.id, person.role_names, person.organisation_id)


def _waiting(queues: Sequence[Queue], person: Person) -> list[QueueItem]:
    viewer = _viewer(person)
    return in_order(item for queue in queues for item in queue.items(db.session, viewer))


@desk.get("/bureau/")
def queue() -> Any:
    """Everything that waits for whoever looks, the most pressing first; ``?genre=`` keeps one kind."""
    queues, kind = _given().staff, request.args.get("genre", "")
    if kind and kind not in {queue.kind for queue in queues}:
        abort(404)
    items = _waiting(queues, me())
    counts = {queue.kind: sum(item.kind == queue.kind for item in items) for queue in queues}
    shown = [item for item in items if not kind or item.kind == kind]
    return render_template("desk/queue.html", items=shown, total=len(items), queues=queues, counts=counts, kind=kind)


@desk.get("/")
def start() -> Any:
    """A client's start page; staff have their own."""
    person = me()
    if person.staff:
        return redirect(url_for("desk.queue"), 303)
    starts = [each for each in _given().starts if may(each.endpoint, person)]
    items = _waiting(_given().client, person)
    return render_template("desk/start.html", items=items, starts=starts, organisation=person.organisation)
