"""A file that the scanner found infected once it was taken: on the desk, until somebody takes note of it."""

from datetime import timedelta
from io import BytesIO

from sqlalchemy import select

from portal.files.actions import scan_later
from portal.files.models import StoredFile
from portal.files.scanner import Scanner
from portal.web import services
from tests.accounts.conftest import CLAIRE, Portal
from tests.files.clamd import EICAR, clamd
from tests.test_routes import staff_visitor
from tests.tickets.test_client_pages import ask


def test_a_file_found_infected_later_is_told_to_staff_with_its_ticket_until_they_take_note(portal: Portal) -> None:
    store, staff = services(portal.app).store, staff_visitor(portal)
    with clamd() as url:
        pass  # the port is free again: the scanner is away
    store.scanner = Scanner(url)
    ask(portal.sign_in(CLAIRE), files=(BytesIO(EICAR), "capture.txt"))
    with portal.sessions() as session:
        number = session.scalars(select(StoredFile.id).where(StoredFile.kept_for == "tickets")).one()
    assert "Fichier infecté" not in staff.open("bureau/")
    staff.open(f"bureau/fichiers/{number}", 404)  # nothing is known of it yet, and its room shows it
    portal.clock.pass_(hours=1)
    with clamd(int(url.rpartition(":")[2])):
        scan_later(portal.sessions, store, number, now=portal.clock() - timedelta(minutes=1))
    assert "Fichier infecté\xa0: capture.txt" in staff.open("bureau/")
    page = staff.open(f"bureau/fichiers/{number}")
    assert "Eicar-Signature" in page
    assert "TIC-2026-0001" in page
    for _ in range(2):
        staff.send(f"bureau/fichiers/{number}/vu", 303, on="compte/appareils")
    assert "Fichier infecté" not in staff.open("bureau/")
    assert "Noté le" in staff.open(f"bureau/fichiers/{number}")
