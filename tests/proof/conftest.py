"""A file of proof, made once for each test session: sealing is the slow part."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal import paper
from portal.db import make_engine, make_sessions
from portal.evidence.actions import record
from portal.proof.certificate import make_certificate
from portal.proof.documents import ProofAct, ProofDocument
from portal.proof.making import make_proof
from portal.proof.seal import Seal

if TYPE_CHECKING:
    from portal.terms import Library

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
CONSENT = ("J'accepte les CGV du 1er octobre 2018.", "J'accepte les conditions particulières.")
CLAIRE = ProofAct(
    words="Acceptation du devis par le client",
    who="Claire Muller",
    capacity="gérante",
    mail="claire@muller.example",
    identified_by="code envoyé à son adresse",
    consent=CONSENT,
    at=NOON,
    ip="192.0.2.7",
    user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0)",
)
PAUL = ProofAct(
    words="Acceptation du devis par le prestataire",
    who="Paul Weber",
    capacity="commercial",
    mail="paul@ims.example",
    identified_by="clé d'accès",
    consent=(),
    at=NOON,
    ip="192.0.2.9",
    user_agent="Mozilla/5.0",
)
DOCUMENTS = (
    ProofDocument("Devis DEV-2026-0001.pdf", "application/pdf", b"%PDF-1.7 a quote"),
    ProofDocument("Accusé de réception", "text/plain", "Bonjour,\nvotre commande est définitive.\n".encode()),
)


@dataclass(frozen=True)
class Made:
    """A proof, the seal it was made with, what the site publishes."""

    content: bytes
    seal: Seal
    published: dict[str, str]


def make(folder: Path, library: "Library", seal: Seal) -> bytes:
    """A proof of one quote, out of a log that holds other acts too."""
    from portal.schema import declared

    engine = make_engine(f"sqlite:///{folder / 'proof.sqlite3'}")
    declared().create_all(engine)
    with make_sessions(engine).begin() as session:
        record(session, "other.act", {"who": "somebody else"}, at=NOON)
        client = record(session, "quotes.accepted", {"who": "Claire Muller"}, at=NOON)
        record(session, "other.act", {"who": "a third one"}, at=NOON)
        final = record(session, "quotes.final", {"who": "Paul Weber"}, at=NOON)
        made = make_proof(
            reference="DEV-2026-0001", title="Remplacement du serveur", documents=DOCUMENTS, acts=(CLAIRE, PAUL),
            terms=library.in_force(NOON.date()), entries=(client, final), seal=seal, at=NOON,
        )  # fmt: skip
    engine.dispose()
    return made


@pytest.fixture(scope="session")
def seal(library: "Library") -> Seal:
    """The company's own seal, without a time-stamp."""
    return Seal(library.company, *make_certificate(library.company.legal_name, at=NOON), site="https://portail.example")


@pytest.fixture(scope="session")
def made(library: "Library", seal: Seal, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A proof without a time-stamp."""
    if paper.why_unavailable():
        pytest.skip("no Pango on this machine")
    published = {version.slug: version.sha256 for version in library.versions}
    return Made(make(tmp_path_factory.mktemp("proof"), library, seal), seal, published)
