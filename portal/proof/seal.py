"""The seal: a PAdES signature over the whole PDF, with an RFC 3161 time-stamp where an authority can be asked."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from portal.logs import logger

if TYPE_CHECKING:
    from pyhanko.sign.timestamps.api import TimeStamper

    from portal.terms.company import Company

#: Keys that every reader of PDF checks.
SealKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
FIELD = "Cachet"
#: How often a time-stamping authority is asked, and how long it is waited for each time, in seconds.
TRIES = 2
PATIENCE = 4
#: Answers longer than this are no time-stamp.
LONGEST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Seal:
    """Whose seal it is, its key and certificate, the time-stamping authority if any, where ``/verifier/`` is."""

    company: "Company"
    key: "SealKey"
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    tsa_url: str = ""
    site: str = ""

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.certificate)

    @property
    def pem(self) -> bytes:
        """Certificate and chain, for whoever checks."""
        return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in (self.certificate, *self.chain))

    def __repr__(self) -> str:
        return f"Seal({self.fingerprint[:16]})"  # never the key


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def seal_pdf(document: bytes, seal: Seal, *, reason: str, at: datetime) -> bytes:
    """Seal a PDF: nothing may be added or changed afterwards.

    A time-stamping authority that does not answer is asked once more, then gone without: an acceptance does not wait
    for a third party, and the seal says by itself that it has no time-stamp.
    """
    for attempt in range(TRIES if seal.tsa_url else 0):
        try:
            return _signed(document, seal, reason=reason, at=at, stamper=_stamper(seal.tsa_url))
        except Exception as error:  # noqa: BLE001 - whatever it does wrong, an acceptance does not wait for it
            logger().warning("no_time_stamp", attempt=attempt + 1, error=type(error).__name__)
    return _signed(document, seal, reason=reason, at=at, stamper=None)


def _signed(document: bytes, seal: Seal, *, reason: str, at: datetime, stamper: "TimeStamper | None") -> bytes:
    from asn1crypto import keys
    from asn1crypto import x509 as der
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    class Signer(PdfSigner):
        """Signs at a moment it is told."""

        def init_signing_session(self, *arguments: Any, **options: Any) -> Any:
            session = super().init_signing_session(*arguments, **options)
            session.system_time = at
            return session

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what goes wrong is raised too
    key = seal.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    encoding = serialization.Encoding.DER
    chain = [der.Certificate.load(each.public_bytes(encoding)) for each in seal.chain]
    signer = SimpleSigner(
        signing_cert=der.Certificate.load(seal.certificate.public_bytes(encoding)),
        signing_key=keys.PrivateKeyInfo.load(key),
        cert_registry=SimpleCertificateStore.from_certs(chain),  # type: ignore[no-untyped-call]
    )
    meta = PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES, reason=reason, name=seal.company.legal_name,
        location=seal.company.city,
    )  # fmt: skip
    out = BytesIO()
    signing = Signer(meta, signer, timestamper=stamper)
    # In a thread of its own: pyHanko starts an event loop, and the caller's thread may be in one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(signing.sign_pdf, IncrementalPdfFileWriter(BytesIO(document)), output=out).result()
    return out.getvalue()


def _stamper(url: str) -> "TimeStamper":
    """Who asks the authority at an address (http or https: the settings see to it)."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    from asn1crypto import tsp
    from pyhanko.sign.timestamps.api import TimeStamper

    class Asking(TimeStamper):
        async def async_request_tsa_response(self, req: Any) -> Any:
            asked = Request(url, req.dump(), {"Content-Type": "application/timestamp-query"})  # noqa: S310
            try:
                with urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310
                    return tsp.TimeStampResp.load(answer.read(LONGEST_ANSWER))
            except HTTPError as error:
                error.close()
                raise

    return Asking()  # type: ignore[no-untyped-call]
