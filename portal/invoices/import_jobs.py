"""The watched folder: what the invoicing software drops there is imported, then moved beside with its outcome."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from portal.files.store import StoreAway
from portal.invoices.import_actions import FOLDER, Importer, import_file
from portal.invoices.import_report import REJECTED
from portal.invoices.importing import importer_of
from portal.invoices.reading.files import bring
from portal.jobs.actions import Leased, fail, finish
from portal.jobs.recurring import Recurring
from portal.jobs.rules import Patience
from portal.logs import logger

KIND = "invoices.folder"
DONE, REFUSED = "traites", "refuses"
#: A file that was touched a moment ago may still be being written.
AT_REST = timedelta(seconds=20)
#: Names that software gives to what is not whole yet.
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", "~")
#: Files of one turn: what is left waits for the next one, so that a lease never grows old.
A_TURN = 500


def at_rest(folder: Path, now: datetime) -> Iterator[Path]:
    """The files of a folder that nobody writes to any more, by name; what is hidden or unfinished is left alone."""
    for path in sorted(folder.iterdir()):
        if (
            path.name.startswith(".")
            or path.name.lower().endswith(_UNFINISHED)
            or path.is_symlink()
            or not path.is_file()
        ):
            continue
        if now.timestamp() - path.stat().st_mtime >= AT_REST.total_seconds():
            yield path


def import_folder(sessions: sessionmaker[Session], folder: Path, importer: Importer, now: datetime) -> int:
    """Import what lies in a folder; how many files were taken. A file that vanishes meanwhile is nobody's problem."""
    taken = 0
    for path in at_rest(folder, now):
        if taken == A_TURN:
            break
        before = _state(path)
        answers = [answer for brought in bring([path]) for answer in import_file(sessions, brought, importer, at=now)]
        if _state(path) != before:
            continue  # it was written to while it was read: the next turn reads it whole, and knows what it has already
        refused = [answer["reason"] for answer in answers if answer["status"] == REJECTED]
        target = _move(path, folder / (REFUSED if refused else DONE))
        if target and refused:
            target.with_name(f"{target.name}.raison.txt").write_text("\n".join(refused) + "\n", encoding="utf-8")
        taken += 1
    return taken


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _move(path: Path, folder: Path) -> Path | None:
    """Move a file aside without ever taking the place of another."""
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    try:
        shutil.move(path, target)
    except FileNotFoundError:
        return None
    return target


def _work(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Any) -> None:
    folder = services.settings.invoices_dir
    try:
        if folder is not None:
            importer = importer_of(services.settings, library=services.library, store=services.store, origin=FOLDER)
            import_folder(sessions, folder, importer, now)
    except (OSError, StoreAway, ValueError) as error:
        logger().warning("watched folder", error=type(error).__name__)
        with sessions.begin() as session:
            fail(session, job, f"{type(error).__name__}: {error}", now=now, patience=Patience(attempts=3))
        return
    with sessions.begin() as session:
        finish(session, job, now=now)


HANDLERS: Mapping[str, Any] = {KIND: _work}
RECURRING = (Recurring(KIND, every=timedelta(minutes=1)),)
