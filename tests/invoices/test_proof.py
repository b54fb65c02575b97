"""A dispute's file of proof holds, by the verifier's own check, and both sides may have it."""

from portal.invoices.dispute_actions import PROOF
from portal.invoices.jobs import HANDLERS
from portal.jobs.actions import lease
from portal.proof.checking import holds, verify_proof
from tests.accounts.conftest import MARC, OTTO, Portal, portal
from tests.invoices.test_dispute_views import confirm, write
from tests.invoices.test_views import Given, biller, give, text
from tests.quotes.conftest import signed_in

__all__ = ["biller", "give", "portal"]


def test_a_dispute_has_a_file_of_proof_that_holds(portal: Portal, give: Given, biller: str) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number)
    reference = confirm(marc, number)
    page = f"factures/contestations/{reference}"
    assert "Le dossier de preuve se prépare" in text(marc.open(page))
    marc.open(f"{page}/preuve.zip", 404)
    services = portal.app.extensions["portal"]
    for _ in range(2):  # a second turn makes nothing new
        with portal.sessions.begin() as session:
            job = lease(session, now=portal.clock())
            while job is not None and job.kind != PROOF:
                job = lease(session, now=portal.clock())
        if job is not None:
            HANDLERS[PROOF](portal.sessions, job, portal.clock(), services)
    assert "Télécharger le dossier de preuve" in text(marc.open(page))
    content = marc.client.get(f"/espace-client/{page}/preuve.zip").data
    version = services.library.version("2018-10-01")
    found = verify_proof(content, published={version.slug: version.sha256})
    assert holds(found), [each for each in found if each.sound is False]
    desk = signed_in(portal, biller).client.get(f"/espace-client/bureau/factures/contestations/{reference}/preuve.zip")
    assert desk.data == content
    signed_in(portal, OTTO).open(f"{page}/preuve.zip", 404)
