"""A proof of identity: asked for, sent on the request's page, looked at by those in charge alone, destroyed."""

import io
from typing import Any

import pytest
from sqlalchemy import select

from portal.files.models import StoredFile
from portal.files.scanner import Scanner
from portal.privacy.forms import ProofForm
from portal.privacy.models import PrivacyRequest
from portal.privacy.rules import Identified, State
from portal.web import AREA, services
from tests.accounts.conftest import LEA, MARC, OTTO, STAFF, Portal, Visitor, portal
from tests.files.clamd import EICAR, clamd
from tests.privacy.test_erasure import quiet, work
from tests.privacy.test_views import ask, asked, decide, kinds, officer, plain, public
from tests.quotes.conftest import hidden, signed_in

__all__ = ["portal", "quiet"]

PDF = b"%PDF-1.4\n%carte\n%%EOF\n"


def sent(name: str = "carte de Marc.pdf", content: bytes = PDF) -> dict[str, Any]:
    return {"proof": (io.BytesIO(content), name)}


def proofs(portal: Portal) -> list[tuple[str, bool]]:
    """Name and whether it is still there, of each."""
    with portal.sessions() as session:
        kept = select(StoredFile).where(StoredFile.kept_for == "privacy").order_by(StoredFile.id)
        return [(file.name, file.erased_at is None) for file in session.scalars(kept)]


def doubted(portal: Portal) -> tuple[Visitor, Visitor, str]:
    """Marc asked, Dora doubts it: his session, hers, the reference."""
    marc, dora = signed_in(portal, MARC), officer(portal)
    ask(marc, "restriction", details="Gelez tout.")
    reference = asked(portal).reference
    decide(dora, f"bureau/donnees/{reference}", "identite", "Le numéro ne nous dit rien.")
    return marc, dora, reference


def test_a_proof_is_sent_on_the_page_that_its_mail_names_and_the_clock_goes_on(quiet: Portal) -> None:
    marc, dora, reference = doubted(quiet)
    assert quiet.link(MARC) == f"{AREA}/mes-donnees/{reference}"
    assert "Déposer ma preuve" in (quiet.mails(MARC)[-1].html or "")
    quiet.clock.pass_(days=4)
    page, desk = f"mes-donnees/{reference}", f"bureau/donnees/{reference}"
    marc, dora = signed_in(quiet, MARC), signed_in(quiet, "dora@ims.example")
    assert "Choisissez un fichier" in marc.send(f"{page}/preuve", 422, on=page)
    marc.send(f"{page}/preuve", on=page, **sent())
    request = asked(quiet)
    assert (request.state, request.waiting_since, request.paused_days) == (State.IDENTITY, None, 4)
    assert "Votre preuve d'identité est arrivée" in marc.open(page)
    assert "lundi 28 décembre 2026 inclus" in plain(marc.open(page))  # the 23rd, four days later: a Sunday
    # Those in charge alone read it, and that they did is written down.
    name = f"preuve-{reference}-1.pdf"
    assert (name, True) in proofs(quiet)
    assert name in dora.open(desk)
    nadia = signed_in(quiet, STAFF)  # an administrator
    assert name not in nadia.open(desk)
    nadia.send(f"{desk}/preuve/1", 403, on=desk)
    answer = dora.client.post(f"{AREA}/{desk}/preuve/1", data={"csrf_token": dora.token(desk)})
    assert answer.get_data() == PDF
    dora.send(f"{desk}/preuve/2", 404, on=desk)
    decide(dora, desk, "identite-etablie", "Carte regardée.")
    assert asked(quiet).identified_by is Identified.PROOF
    assert proofs(quiet) == [("(effacé)", False)]
    work(quiet)
    assert list(services(quiet.app).store.list()) == []
    dora.send(f"{desk}/preuve/1", 404, on=desk)
    told = [kind.removeprefix("privacy.identity_") for kind in kinds(quiet) if "identity" in kind]
    assert told == ["asked", "sent", "opened", "destroyed", "shown"]


def test_what_is_no_proof_is_refused_and_somebody_elses_request_is_not_there(
    quiet: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ProofForm.proof.kwargs, "limit", 100)
    marc, _, reference = doubted(quiet)
    page = f"mes-donnees/{reference}"
    for other in (LEA, OTTO):
        signed_in(quiet, other).send(f"{page}/preuve", 404, on="mes-donnees/pour-quelqu-un", **sent())
    with clamd() as url:
        store = services(quiet.app).store
        for what, words in (
            (sent("grand.pdf", PDF + b" " * 80), "trop lourd"), (sent("carte.txt", b"Marc"), "n'est pas d'un type"),
            (sent("carte.png.exe", b"MZ" + b"0" * 90), "n'est pas d'un type"),
        ):  # fmt: skip
            assert words in marc.send(f"{page}/preuve", 422, on=page, **what)
        store.scanner = Scanner(url)
        refused = marc.send(f"{page}/preuve", 422, on=page, **sent("carte.pdf", PDF + EICAR))
        assert "programme malveillant" in refused
    assert proofs(quiet) == []
    assert asked(quiet).waiting_since is not None  # the clock stands still
    store.scanner = None
    marc.send(f"{page}/retirer", on=page)
    marc.send(f"{page}/preuve", 409, on="mes-donnees/", **sent())


def test_somebody_without_an_account_sends_it_by_their_link_and_it_goes_with_a_refusal(quiet: Portal) -> None:
    stranger, dora = quiet.visitor(), officer(quiet)
    public(stranger, right="access", name="Zoé Inconnue", email="zoe@ailleurs.example")
    link = quiet.link("zoe@ailleurs.example")
    stranger.send(link, on=link)
    stranger.send(
        f"{link}/preuve", 409, csrf_token=hidden(stranger.open("vos-donnees"))["csrf_token"], **sent()
    )  # nobody asked
    desk = f"bureau/donnees/{asked(quiet).reference}"
    decide(dora, desk, "identite", "Ce nom n'est pas celui de l'adresse.")
    assert quiet.link("zoe@ailleurs.example") == link
    stranger.send(f"{link}/preuve", on=link, **sent("carte.pdf"))
    assert [there for _, there in proofs(quiet)] == [True]
    decide(dora, desk, "identite", "Ce n'est pas lisible.")  # again: the first one goes
    assert [there for _, there in proofs(quiet)] == [False]
    assert asked(quiet).waiting_since is not None
    stranger.send(f"{link}/preuve", on=link, **sent("carte.pdf"))
    decide(dora, desk, "refuser", "Ce n'est pas vous.")
    assert [there for _, there in proofs(quiet)] == [False, False]
    with quiet.sessions() as session:
        assert [len(one.proofs) for one in session.scalars(select(PrivacyRequest))] == [2]
