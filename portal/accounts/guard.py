"""The table of routes, applied to every request before its view is reached."""

from typing import Any

from flask import Flask, abort, request
from flask_login import current_user

from portal.accounts.models import Person
from portal.accounts.security import to_sign_in
from portal.routes import ROUTES, Access


def current_person() -> Person | None:
    """Who is signed in."""
    person: Person | None = current_user._get_current_object() if current_user.is_authenticated else None  # noqa: SLF001
    return person


def me() -> Person:
    """Who is signed in, in a view that only signed-in people reach."""
    person = current_person()
    if person is None:
        abort(403)
    return person


def may(endpoint: str, person: Person | None) -> bool:
    """Whether somebody may call a route."""
    access = ROUTES.get(endpoint, Access())
    return access.admits(
        signed_in=person is not None,
        staff=person is not None and person.staff,
        roles=person.role_names if person else frozenset(),
    )


def register(app: Flask) -> None:
    """Refuse what the table does not allow: sign in first, or 403."""

    def check() -> Any:
        if request.endpoint is None:
            return None  # 404 or 405, as it will be
        if ROUTES.get(request.endpoint, Access()).anonymous:
            return None  # asks neither the session nor the database
        person = current_person()
        if may(request.endpoint, person):
            return None
        if person is None:
            return to_sign_in()
        return abort(403)

    app.before_request(check)
    app.context_processor(lambda: {"may": may})
