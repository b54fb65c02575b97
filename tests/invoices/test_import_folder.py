"""The watched folder: what is whole is imported and moved; what is refused has its reason beside it."""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from portal.accounts.models import Organisation
from portal.files.store import Store
from portal.invoices.import_actions import FOLDER, Importer
from portal.invoices.import_jobs import import_folder
from portal.invoices.issuer import Issuer
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice
from tests.invoices.conftest import NOON
from tests.invoices.reading.written import cii
from tests.invoices.test_import_actions import OURS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The watched folder."""
    (found := tmp_path / "entrees").mkdir()
    return found


def drop(folder: Path, name: str, content: str, *, age: float = 60) -> None:
    path = folder / name
    path.write_text(content)
    moment = (NOON - timedelta(seconds=age)).timestamp()
    os.utime(path, (moment, moment))


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def turn(
    sessions: "sessionmaker[Session]", folder: Path, store: Store, letters: Letters, library: "Library", **later: float
) -> int:
    importer = Importer(store, library, letters, Issuer("100000009", "FR88100000009"), origin=FOLDER)
    return import_folder(sessions, folder, importer, NOON + timedelta(**later))


def count(sessions: "sessionmaker[Session]") -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(Invoice)) or 0


def test_what_is_whole_is_imported_and_moved(
    sessions: "sessionmaker[Session]",
    folder: Path,
    store: Store,
    letters: Letters,
    library: "Library",
    client: Organisation,
) -> None:
    drop(folder, "a.xml", cii(OURS))
    drop(folder, "b.xml", "<a/>")
    drop(folder, "c.xml", cii(OURS.but(number="F-2")), age=5)
    drop(folder, "d.xml.part", cii(OURS.but(number="F-3")))
    drop(folder, ".e.xml", cii(OURS.but(number="F-4")))
    assert turn(sessions, folder, store, letters, library) == 2
    assert names(folder) == [
        ".e.xml",
        "c.xml",
        "d.xml.part",
        "refuses/b.xml",
        "refuses/b.xml.raison.txt",
        "traites/a.xml",
    ]
    reason = (folder / "refuses" / "b.xml.raison.txt").read_text()
    assert "b.xml\u00a0: fichier\u00a0: sa racine est « a »" in reason
    assert count(sessions) == 1
    assert turn(sessions, folder, store, letters, library, minutes=1) == 1
    assert names(folder) == [
        ".e.xml", "d.xml.part", "refuses/b.xml", "refuses/b.xml.raison.txt", "traites/a.xml", "traites/c.xml",
    ]  # fmt: skip


def test_a_file_of_the_same_name_takes_nobody_s_place(
    sessions: "sessionmaker[Session]",
    folder: Path,
    store: Store,
    letters: Letters,
    library: "Library",
    client: Organisation,
) -> None:
    for number in ("F-1", "F-2"):
        drop(folder, "a.xml", cii(OURS.but(number=number)))
        turn(sessions, folder, store, letters, library)
    assert names(folder) == ["traites/a-2.xml", "traites/a.xml"]
    assert count(sessions) == 2


def test_a_file_that_was_imported_but_not_moved_is_a_duplicate_and_moves(
    sessions: "sessionmaker[Session]",
    folder: Path,
    store: Store,
    letters: Letters,
    library: "Library",
    client: Organisation,
) -> None:
    drop(folder, "a.xml", cii(OURS))
    turn(sessions, folder, store, letters, library)
    (folder / "traites" / "a.xml").rename(folder / "a.xml")  # as after a kill between the two
    turn(sessions, folder, store, letters, library)
    assert names(folder) == ["traites/a.xml"]
    assert count(sessions) == 1


def test_the_worker_takes_its_turns(
    sessions: "sessionmaker[Session]",
    folder: Path,
    store: Store,
    library: "Library",
    client: Organisation,
    tmp_path: Path,
) -> None:
    from portal.config import read_settings
    from portal.web import Services
    from portal.worker import Worker, handlers, recurring

    settings = read_settings(
        {
            "PORTAL_SECRET_KEY": "k" * 32,
            "PORTAL_INVOICES_DIR": str(folder),
            "PORTAL_COMPANY_ID": "100000009",
            "PORTAL_DEMO": "1",
        }
    )
    drop(folder, "a.xml", cii(OURS))
    services = Services(settings, lambda: NOON, library, store)
    bound = handlers(settings, "portail@ims.example", services)
    every = [one for one in recurring() if one.kind == "invoices.folder"]
    Worker(sessions, bound, now=lambda: NOON, recurring=every).run(until_empty=True)
    assert names(folder) == ["traites/a.xml"]


def test_an_installation_without_a_folder_does_nothing(
    sessions: "sessionmaker[Session]", store: Store, library: "Library", tmp_path: Path
) -> None:
    from portal.config import read_settings
    from portal.web import Services
    from portal.worker import Worker, handlers, recurring

    settings = read_settings({"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DEMO": "1"})
    bound = handlers(settings, "portail@ims.example", Services(settings, lambda: NOON, library, store))
    every = [one for one in recurring() if one.kind == "invoices.folder"]
    Worker(sessions, bound, now=lambda: NOON, recurring=every).run(until_empty=True)
    assert count(sessions) == 0


@pytest.mark.parametrize(
    ("given", "sound", "words"),
    [
        ({}, True, "notre SIREN manque (PORTAL_COMPANY_ID)"),
        ({"PORTAL_COMPANY_ID": "100000009"}, True, "les nôtres portent le 100000009"),
        ({"PORTAL_COMPANY_ID": "FR88100000009"}, True, "les nôtres portent le 100000009"),
        ({"PORTAL_DEMO": "1"}, True, "inventé"),
        ({"PORTAL_INVOICES_DIR": "/nulle-part"}, False, "n'est pas un dossier où lire et écrire"),
    ],
)
def test_the_check_of_an_installation_tells_who_we_are_and_whether_the_folder_can_be_worked_in(
    given: dict[str, str], words: str, *, sound: bool
) -> None:
    from portal.config import read_settings
    from portal.installation import invoices

    part = invoices(read_settings({"PORTAL_SECRET_KEY": "k" * 32, **given}))
    assert (part.sound, words in part.words) == (sound, True), part.words
