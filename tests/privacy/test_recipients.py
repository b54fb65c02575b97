"""Who was given the data is told what became of them, or why not is said (GDPR article 19)."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select

from portal.privacy.links import Links
from portal.privacy.models import PrivacyRecipient
from portal.privacy.recipients import ORGANISATION
from portal.privacy.rooms import declared
from portal.terms import Library
from portal.tickets.models import Ticket
from tests.accounts.conftest import CLAIRE, MARC, Portal, portal
from tests.privacy.test_erasure import quiet, work
from tests.privacy.test_rights import a_ticket, followed_under
from tests.privacy.test_views import ask, asked, decide, kinds, officer, plain, public
from tests.quotes.conftest import hidden, signed_in

__all__ = ["portal", "quiet"]


def held(portal: Portal) -> list[tuple[str, bool, bool]]:
    """(key, told, settled) of each, in their order."""
    with portal.sessions() as session:
        rows = session.scalars(select(PrivacyRecipient).order_by(PrivacyRecipient.id))
        return [(one.key, one.told_on is not None, one.by is not None) for one in rows]


def test_each_recipient_is_given_data_by_a_processing_that_a_room_declares(library: Library) -> None:
    purposes = {room.purpose for room in declared()} & {one.key for one in library.processing}
    assert library.objections.recipients
    for one in library.objections.recipients:
        assert set(one.processing) <= purposes
    assert ORGANISATION in {one.key for one in library.objections.recipients}


def test_after_an_erasure_each_recipient_is_told_or_why_not_is_said(quiet: Portal) -> None:
    followed_under(quiet, a_ticket(quiet), "tim@ailleurs.example")
    marc, dora = quiet.sign_in(MARC), officer(quiet)
    marc.send(
        "mes-donnees/effacer", on="mes-donnees/effacer", **dict[str, Any](hidden(marc.open("mes-donnees/effacer")))
    )
    reference = asked(quiet).reference
    desk = f"bureau/donnees/{reference}"
    assert held(quiet) == []  # nothing has happened yet
    decide(dora, desk, "effacer", "Vérifié.")
    work(quiet)
    assert held(quiet) == [("organisation", False, False), ("followers", False, False)]
    link = Links("", "k" * 32).follow(reference, asked(quiet).link_key)
    page = quiet.visitor()
    assert "à prévenir" in page.open(link)
    assert "Destinataires à prévenir" in dora.open("bureau/")
    quiet.clock.pass_(hours=2)
    work(quiet)  # the last traces go
    seen = plain(dora.open(desk))
    assert "Marc" not in seen
    assert "aux archives</a> : « Identité : Personne effacée 1 »" in seen
    first: dict[str, Any] = {
        "destinataire-1-outcome": "told",
        "destinataire-1-on": "",
        "destinataire-1-words": f"Par téléphone. Claire sait que Marc Weber ({MARC}) est effacé.",
    }
    assert "Écrivez le jour" in dora.send(f"{desk}/destinataires/1", 422, on=desk, **first)
    for day in ("22/11/2026", "24/11/2026"):  # before it was asked, and not come yet
        first["destinataire-1-on"] = day
        assert "jour de la demande" in dora.send(f"{desk}/destinataires/1", 422, on=desk, **first)
    first["destinataire-1-on"] = "23/11/2026"
    dora.send(f"{desk}/destinataires/1", on=desk, **first)
    dora.send(f"{desk}/destinataires/1", 409, on=desk, **first)
    assert "Destinataires à prévenir" in dora.open("bureau/")
    second: dict[str, Any] = {
        "destinataire-2-outcome": "impossible",
        "destinataire-2-words": "Nous n'avons plus leurs adresses.",
    }
    dora.send(f"{desk}/destinataires/2", on=desk, **second)
    assert "Destinataires à prévenir" not in dora.open("bureau/")
    dora.send(f"{desk}/destinataires", on=desk, **dict[str, Any]({"autre-name": "Le cabinet Kern, expert"}))
    assert "Destinataires à prévenir" in dora.open("bureau/")
    third: dict[str, Any] = {
        "destinataire-3-outcome": "told",
        "destinataire-3-on": "23/11/2026",
        "destinataire-3-words": "Par courrier.",
    }
    dora.send(f"{desk}/destinataires/3", on=desk, **third)
    seen = plain(page.open(link))
    for words in (
        "prévenu",
        "le 23 novembre 2026",
        "Par téléphone.",
        "Nous n'avons plus leurs adresses.",
        "cabinet Kern",
    ):
        assert words in seen
    assert "sait que Personne effacée 1" in seen
    assert not {"Marc", MARC} & set(seen.split())
    register = dora.client.get("/espace-client/bureau/donnees/registre.csv").get_data(as_text=True)
    (line,) = list(csv.DictReader(io.StringIO(register.lstrip("\ufeff")), delimiter=";"))
    assert "pas prévenu, Nous n'avons plus" in plain(line["destinataires"])
    assert [kind.removeprefix("privacy.recipient_") for kind in kinds(quiet) if "recipient" in kind] == [
        "told", "not_told", "added", "told",
    ]  # fmt: skip


def test_a_correction_is_told_to_the_organisation_by_itself_where_somebody_can_be_written_to(portal: Portal) -> None:
    ask(signed_in(portal, MARC), "rectification", name="Marc Zimmermann")
    assert held(portal) == [("organisation", True, True)]
    assert "prévenu" in signed_in(portal, MARC).open(f"mes-donnees/{asked(portal).reference}")
    assert "Destinataires à prévenir" not in officer(portal).open("bureau/")
    ask(signed_in(portal, CLAIRE), "rectification", name="Claire Zimmermann")  # the only administrator
    assert held(portal)[1:] == [("organisation", False, False)]
    assert "Destinataires à prévenir" in signed_in(portal, "dora@ims.example").open("bureau/")


def test_who_has_no_colleague_and_whom_nobody_follows_was_given_to_nobody(quiet: Portal) -> None:
    number = a_ticket(quiet)
    with quiet.sessions.begin() as session:
        ticket = session.get_one(Ticket, number)
        ticket.organisation_id = ticket.creator_id = None
        ticket.creator_mail = ticket.messages[0].author_mail = "zoe@ailleurs.example"
        ticket.participants.clear()
    stranger = quiet.visitor()
    public(stranger, right="erasure", name="Zoé Z", email="zoe@ailleurs.example")
    link = quiet.link("zoe@ailleurs.example")
    stranger.send(link, on=link)
    decide(officer(quiet), f"bureau/donnees/{asked(quiet).reference}", "effacer", "Vérifié.")
    assert held(quiet) == []


def test_a_freeze_that_is_lifted_leaves_nobody_to_tell(portal: Portal) -> None:
    marc = signed_in(portal, MARC)
    ask(marc, "restriction", details="Mon adresse est fausse.")
    assert held(portal) == [("organisation", False, False)]
    marc.send("mes-donnees/gel/lever", on="mes-donnees/")
    assert held(portal) == []


@pytest.mark.parametrize("right", ["access", "objection"])
def test_nobody_is_told_of_what_changes_nothing(portal: Portal, right: str) -> None:
    dora = officer(portal)
    what: dict[str, Any] = {"uses": "quote_reminder"} if right == "objection" else {}
    ask(signed_in(portal, MARC), right, **what)
    desk = f"bureau/donnees/{asked(portal).reference}"
    dora.send(
        f"{desk}/destinataires", 404, on=desk if right == "access" else "bureau/donnees/noter", **{"autre-name": "X"}
    )
    assert held(portal) == []
