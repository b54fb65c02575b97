"""The RFC 3161 time-stamp: put into the seal by a real authority on this machine, checked, never waited for long."""

import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from portal import paper
from portal.proof.certificate import make_certificate
from portal.proof.checking import holds, verify_proof
from portal.proof.making import SEALED, sealed_pdf
from portal.proof.seal import TRIES, Seal
from portal.proof.signature import Unsealed, read_seal
from tests.proof.conftest import NOON, Made, make

if TYPE_CHECKING:
    from portal.terms import Library

pytestmark = [
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine"),
    pytest.mark.skipif(bool(paper.why_unavailable()), reason="no Pango on this machine"),
]
CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
x509_extensions = ca
[name]
O = Horodatage de test
CN = Autorite
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = here
[here]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
ess_cert_id_alg = sha256
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds an authority: its root, and a certificate for time-stamps under it."""
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "tsa.cnf").write_text(CONFIGURATION)
    (folder / "serial").write_text("01\n")
    for line in (
        "req -x509 -config tsa.cnf -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 3650",
        "req -new -subj /O=Test/CN=Horloge -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr",
        "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -out tsa.pem -days 3650 -extfile tsa.cnf -extensions leaf",
    ):
        subprocess.run(["openssl", *line.split()], cwd=folder, check=True, capture_output=True)
    return folder


@contextmanager
def answering(folder: Path, *, failures: int = 0) -> Iterator[tuple[str, list[int]]]:
    """The authority at an address; its first ``failures`` answers are errors. Gives what it answered too."""
    answered: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            status = 500 if len(answered) < failures else 200
            answered.append(status)
            (folder / "asked.tsq").write_bytes(asked)
            line = "ts -reply -config tsa.cnf -queryfile asked.tsq -signer tsa.pem -inkey tsa.key -chain root.pem -out answer.tsr"
            subprocess.run(["openssl", *line.split()], cwd=folder, check=True, capture_output=True)
            body = (folder / "answer.tsr").read_bytes()
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", answered
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stamped(library: "Library", folder: Path, url: str) -> Made:
    """A proof made with that authority."""
    folder.mkdir(exist_ok=True)
    seal = Seal(library.company, *make_certificate(library.company.legal_name, at=NOON), tsa_url=url)
    return Made(make(folder, library, seal), seal, {})


@pytest.fixture(scope="module")
def proof(library: "Library", authority: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    with answering(authority) as (url, _):
        return stamped(library, tmp_path_factory.mktemp("stamped"), url)


def test_a_seal_with_a_time_stamp_says_before_when_and_by_whom(proof: Made) -> None:
    seal = read_seal(sealed_pdf(proof.content))
    assert seal.stamped_at is not None
    assert "CN=Horloge" in seal.stamped_by
    assert seal.unvouched == 0  # the root vouches for the clock, and for itself
    findings = verify_proof(proof.content, published={}, known=[proof.seal.fingerprint])
    assert holds(findings)
    assert {finding.part: finding.sound for finding in findings}["Horodatage"]


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="no poppler-utils on this machine")
def test_pdfsig_agrees_with_a_time_stamp_too(proof: Made, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(sealed_pdf(proof.content))
    told = subprocess.run(["pdfsig", tmp_path / "a.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in told
    assert "Total document signed" in told


def test_one_changed_byte_of_the_time_stamp_is_found(proof: Made) -> None:
    sealed = sealed_pdf(proof.content)
    hole = sealed.index(b"/Contents <") + len("/Contents <")
    end = sealed.index(b">", hole)
    length = len(sealed[hole:end].rstrip(b"0")) // 2
    raw = bytes.fromhex(sealed[hole:end].decode())
    rng = random.Random(5)  # noqa: S311 - the same lots each time
    for place in rng.sample(range(length), 400):
        changed = bytearray(raw)
        changed[place] ^= 1 << rng.randrange(8)
        document = sealed[:hole] + changed.hex().upper().encode() + sealed[end:]
        try:
            assert read_seal(document).unvouched, place
        except Unsealed:
            continue


def test_an_authority_that_fails_once_is_asked_again(library: "Library", authority: Path, tmp_path: Path) -> None:
    with answering(authority, failures=1) as (url, answered):
        proof = stamped(library, tmp_path, url)
    assert 500 in answered
    assert read_seal(sealed_pdf(proof.content)).stamped_at is not None


def test_an_authority_that_is_away_blocks_nothing_and_it_is_said(
    library: "Library", authority: Path, tmp_path: Path
) -> None:
    with answering(authority, failures=100) as (url, answered):
        proof = stamped(library, tmp_path, url)
    assert len(answered) == TRIES
    findings = verify_proof(proof.content, published={}, known=[proof.seal.fingerprint])
    assert holds(findings)
    words = {finding.part: finding for finding in findings}
    assert words["Horodatage"].sound is None
    assert words[SEALED].sound
