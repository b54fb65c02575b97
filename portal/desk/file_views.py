"""A file that the scanner found infected after it was taken, as staff see it."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template

from portal.files.infected import PAGE, references, take_note
from portal.files.models import StoredFile
from portal.web import db, now

desk_files = Blueprint("desk_files", __name__, url_prefix=PAGE, template_folder="templates")


def _file(number: int) -> StoredFile:
    found = db.session.get(StoredFile, number)
    if found is None or found.infected_as is None:
        abort(404)  # every other file belongs to its room
    return found


@desk_files.get("/<int:number>")
def show(number: int) -> Any:
    """What was found, and with what it was sent."""
    file = _file(number)
    return render_template("desk/file.html", file=file, references=references(db.session, file))


@desk_files.post("/<int:number>/vu")
def seen(number: int) -> Any:
    """Take note: it leaves the desk."""
    take_note(db.session, _file(number), now=now())
    db.session.commit()
    flash("C'est noté\u00a0: ce fichier quitte le bureau.", "success")
    return redirect(f"{PAGE}/{number}", 303)
