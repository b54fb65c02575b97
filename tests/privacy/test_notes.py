"""A text that is contested stays, with a note of what to read instead; a postal address is corrected by staff."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from portal.accounts.actions import add_staff
from portal.accounts.models import Organisation
from portal.accounts.rules import StaffRole
from portal.evidence.models import Entry
from portal.privacy.models import PrivacyNote
from portal.privacy.retention import report
from portal.privacy.rooms import declared
from portal.privacy.rules import State
from portal.tickets.models import Ticket
from tests.accounts.conftest import CLAIRE, MARC, NOON, Portal, portal
from tests.privacy.test_erasure import fetched, quiet, work
from tests.privacy.test_rights import a_ticket
from tests.privacy.test_views import DPO, ask, asked, decide, kinds, officer, plain
from tests.quotes.conftest import hidden, signed_in

__all__ = ["portal", "quiet"]

SAID: dict[str, Any] = {"record": "TIC-2026-0001", "wrong": "Elle est bloquée.", "instead": "Elle est lente."}


def test_a_note_stands_with_the_record_and_in_the_file_and_the_words_stay(quiet: Portal) -> None:
    a_ticket(quiet)
    marc, dora = signed_in(quiet, MARC), officer(quiet)
    assert "Choisissez le texte" in ask(marc, "rectification", 422, **SAID | {"record": ""})
    assert "Écrivez ce qu'il faut lire" in ask(marc, "rectification", 422, **SAID | {"instead": ""})
    ask(marc, "rectification", name="Marc Weber", **SAID)
    request = asked(quiet)
    assert request.state is State.RECEIVED  # somebody looks at it first
    assert "à vérifier" in marc.open(f"mes-donnees/{request.reference}")
    assert "Note rectificative" not in marc.open("tickets/TIC-2026-0001")
    desk = f"bureau/donnees/{request.reference}"
    assert "Elle est lente." in dora.open(desk)
    words: dict[str, Any] = {f"annoter-{name}": value for name, value in SAID.items()} | {
        "annoter-words": "C'est fait."
    }
    dora.send(f"{desk}/annoter", 422, on=desk, **words | {"annoter-record": "TIC-2026-0002"})  # none of his
    dora.send(f"{desk}/annoter", 422, on=desk, **words | {"annoter-instead": ""})
    dora.send(f"{desk}/annoter", on=desk, **words)
    assert asked(quiet).state is State.DONE
    assert "se lit « Elle est lente. »" in plain(quiet.mails(MARC)[-1].text)
    for page in (signed_in(quiet, CLAIRE).open("tickets/TIC-2026-0001"), signed_in(quiet, "nadia@ims.example").open(
        "bureau/tickets/TIC-2026-0001"
    )):  # fmt: skip
        assert "Note rectificative" in page
        assert "Elle est lente." in page
        assert page.count("Elle est bloquée.") >= 2  # the original stands, and the note tells what it is about
    ask(marc, "access")
    work(quiet)
    inside = zipfile.ZipFile(io.BytesIO(fetched(marc, f"mes-donnees/{asked(quiet).reference}")))
    told = json.loads(inside.read(f"{asked(quiet).reference}/donnees.json"))
    (ticket,) = [one for one in told["records"] if one["reference"].startswith("TIC-2026-0001")]
    assert "Elle est lente." in ticket["values"]["Note rectificative"]
    # The register's line stays as long as the record that the note stands with, and no longer.
    given, years = quiet.app.extensions["portal"], NOON + timedelta(days=365 * 7)
    for reference, stays in (("TIC-2026-0001", True), ("TIC-2026-0009", False)):
        with quiet.sessions.begin() as session:
            session.execute(update(Ticket).values(reference=reference))
            due = {one.sweep.key: one for one in report(session, given.library, rooms=declared(), at=years)}["register"]
        assert (request.reference in dict(due.spared), request.reference in due.references) == (stays, not stays)
    assert [kind for kind in kinds(quiet) if "note" in kind] == ["privacy.note_asked", "privacy.note_attached"]


def test_what_is_no_record_of_theirs_takes_no_note(portal: Portal) -> None:
    a_ticket(portal)
    claire = signed_in(portal, CLAIRE)  # of the same organisation, in no message of it
    address = "mes-donnees/demander/rectification"
    sent: dict[str, Any] = hidden(claire.open(address)) | SAID
    claire.send(address, 422, on=address, **sent)
    with portal.sessions() as session:
        assert session.scalars(select(PrivacyNote)).all() == []


def test_the_postal_address_of_an_organisation_is_corrected_by_staff_with_before_and_after(portal: Portal) -> None:
    with portal.sessions.begin() as session:
        client = session.get_one(Organisation, portal.ids["client"])
        client.street, client.postal_code, client.city = "1 rue Haute", "68000", "Colmar"
    ask(signed_in(portal, MARC), "rectification", details="Nous sommes au 2 rue Basse.")
    desk, dora = f"bureau/donnees/{asked(portal).reference}", officer(portal)
    assert "qui tiennent les fiches clients" in dora.open(desk)
    sent: dict[str, Any] = {
        "corriger-words": "C'est corrigé.", "corriger-name": "Marc Weber", "corriger-email": MARC,
        "corriger-street": "2 rue Basse", "corriger-postal_code": "68000", "corriger-city": "Colmar",
    }  # fmt: skip
    # Who keeps clients changes what is theirs, whoever asks.
    assert "qui tiennent les fiches clients" in dora.send(f"{desk}/corriger", 409, on=desk, **sent)
    with portal.sessions.begin() as session:
        assert session.get_one(Organisation, portal.ids["client"]).street == "1 rue Haute"
        add_staff(session, email=DPO, name="Dora Données", roles=[StaffRole.PRIVACY, StaffRole.SALES], now=NOON)
    dora = signed_in(portal, DPO)
    assert "fiche de votre organisation" in dora.open(desk)
    dora.send(f"{desk}/corriger", on=desk, **sent)
    with portal.sessions() as session:
        client = session.get_one(Organisation, portal.ids["client"])
        assert (client.street, client.city) == ("2 rue Basse", "Colmar")
        changed = select(Entry.seq).where(Entry.kind == "accounts.organisation_changed")
        assert len(session.scalars(changed).all()) == 1
    page = plain(signed_in(portal, MARC).open(f"mes-donnees/{asked(portal).reference}"))
    for words in ("Adresse postale, rue", "1 rue Haute", "2 rue Basse"):
        assert words in page
    assert decide(dora, desk, "corriger", "Encore.", 409, on="bureau/donnees/noter")
