"""The public page: whoever holds a file of proof has it checked, part by part; nothing of it is kept."""

import json
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal import paper
from portal.app import create_app
from portal.config import read_settings
from portal.evidence.actions import record
from portal.proof.actions import seal_of
from portal.proof.making import make_proof, sealed_pdf
from portal.server import PORTAL_PATHS
from portal.web import services
from tests.accounts.conftest import NOON, Portal, Visitor, portal
from tests.accounts.test_sign_in import everything
from tests.proof.conftest import CLAIRE, DOCUMENTS, PAUL

if TYPE_CHECKING:
    from portal.terms import Library

__all__ = ["portal"]
pytestmark = pytest.mark.skipif(bool(paper.why_unavailable()), reason="no Pango on this machine")


@pytest.fixture
def proof(portal: Portal, library: "Library") -> bytes:
    """A proof made by this installation, under its own seal."""
    with portal.sessions.begin() as session:
        entry = record(session, "quotes.final", {"who": "Paul Weber"}, at=NOON)
        seal = seal_of(session, services(portal.app).settings, library.company, at=NOON)
        return make_proof(
            reference="DEV-2026-0001", title="Remplacement du serveur", documents=DOCUMENTS, acts=(CLAIRE, PAUL),
            terms=library.in_force(NOON.date()), entries=(entry,), seal=seal, at=NOON,
        )  # fmt: skip


def verify(visitor: Visitor, content: bytes, name: str = "preuve.zip", status: int = 200) -> str:
    return visitor.send("/verifier/", status, file=(BytesIO(content), name))


def test_a_proof_holds_and_each_part_is_named(portal: Portal, proof: bytes, library: "Library") -> None:
    visitor = portal.visitor()
    page = verify(visitor, proof)
    assert "<h1>Ce fichier tient</h1>" in page
    for part in ("ZIP", "empreintes.txt", "manifeste.json", "preuve.pdf", "registre.jsonl", "CGV 2018-10-01"):
        assert part in page
    assert "<h1>Ce fichier tient</h1>" in verify(visitor, sealed_pdf(proof), "preuve.pdf")


def test_a_changed_byte_is_named_before_what_holds(portal: Portal, proof: bytes) -> None:
    place = proof.index(DOCUMENTS[0].content) + 3
    changed = proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1 :]
    page = verify(portal.visitor(), changed)
    assert "<h1>Ce fichier ne tient pas</h1>" in page
    assert page.index("documents/01-devis-dev-2026-0001.pdf") < page.index("<b>Tient</b>")


def test_the_terms_are_compared_with_those_the_site_publishes(
    portal: Portal, proof: bytes, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "cgv").mkdir()
    for digest, words in (
        ("0" * 64, "n'est pas celle que publie"),
        (services(portal.app).library.versions[0].sha256, "est celle que publie"),
    ):
        index = {"versions": [{"slug": "2018-10-01", "sha256": digest}]}
        (tmp_path / "cgv" / "index.json").write_text(json.dumps(index))
        app = create_app(
            read_settings({"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_BASE_URL": "http://localhost", "PORTAL_PUBLIC_DIR": str(tmp_path)}),
            now=portal.clock,
        )  # fmt: skip
        assert words in verify(Visitor(app.test_client()), proof)
        from portal.web import db

        with app.app_context():
            db.engine.dispose()


def test_nothing_of_the_file_is_kept(portal: Portal, proof: bytes) -> None:
    before = everything(portal)
    verify(portal.visitor(), proof)
    assert everything(portal) == before


def test_no_file_is_asked_for_again_and_a_strange_one_is_said_to_be_none(portal: Portal) -> None:
    visitor = portal.visitor()
    assert "Choisissez le fichier à vérifier." in visitor.send("/verifier/", 422)
    assert "ni un dossier de preuve" in verify(visitor, b"bonjour", "bonjour.txt")


def test_what_is_too_heavy_is_refused_with_a_page(portal: Portal) -> None:
    kind = "multipart/form-data; boundary=x"
    announced = {"CONTENT_LENGTH": str(51 * 1024 * 1024)}
    answer = portal.visitor().client.post("/verifier/", content_type=kind, data=b"", environ_overrides=announced)
    assert answer.status_code == 413
    assert "trop lourd" in answer.text


def test_the_server_hands_the_address_to_the_portal_and_nginx_does_too(root: Path) -> None:
    assert "/verifier" in PORTAL_PATHS
    assert "location ^~ /verifier {" in (root / "deploy" / "nginx" / "portal-locations.conf").read_text()
