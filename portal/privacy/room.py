"""The room as an application takes it in: its pages, its words, and what a freeze keeps still everywhere."""

from datetime import date

from flask import Flask

from portal.french import long_date
from portal.mail.stops import frozen
from portal.privacy import deciding_views, moving_views, proof_views, public_views, rights_views, telling_views
from portal.privacy.desk_views import privacy_desk
from portal.privacy.notes import notes_on
from portal.privacy.views import basis, keep_frozen_still, privacy
from portal.registry import Datum
from portal.web import db

#: Their routes are on this room's blueprints: they are there once their modules are.
_PAGES = (rights_views, public_views, moving_views, proof_views, deciding_views, telling_views)


def register(app: Flask) -> None:
    """Add the pages; the public form checks its token itself, to give back what was typed."""
    app.register_blueprint(privacy)
    app.register_blueprint(privacy_desk)
    app.jinja_env.filters.update(
        iso_date=lambda text: long_date(date.fromisoformat(text)), basis=basis, datum=lambda value: Datum(value).label
    )
    # Whose data are frozen is shown wherever a member of staff reads a name.
    app.jinja_env.globals["is_frozen"] = lambda mail: bool(mail and frozen(db.session, [mail]))
    # A note stands with its record on the pages of every room (templates/macros/notes.html).
    app.jinja_env.globals["notes_on"] = lambda reference: notes_on(db.session, reference)
    app.before_request(keep_frozen_still)
    app.extensions["csrf"].exempt(app.view_functions["privacy.ask_publicly"])
