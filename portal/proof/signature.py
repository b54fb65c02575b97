"""Check the seal of a PDF, from its bytes: no reader of PDF is needed for that, so a hostile file costs nothing.

A signature covers everything but the hole it stands in. What is in the hole is checked to be written as we write
it, down to its padding: so a changed byte is found there too.
"""

import re
from binascii import unhexlify
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]")
#: The bytes of a seal: with its certificates and a time-stamp it is some thousands.
LARGEST = 200_000
_LONG_FORM = 0x80
_OCTETS, _SEQUENCE, _SET, _FIRST = 0x04, 0x30, 0x31, 0xA0


class Unsealed(ValueError):
    """The PDF has no seal that holds; the words are French and say what is wrong."""


@dataclass(frozen=True, slots=True)
class SealRead:
    """A seal that holds: whose certificate it is made with, and when an authority saw it."""

    certificate: x509.Certificate
    stamped_at: datetime | None
    stamped_by: str
    #: Certificates beside these two that nothing in the file vouches for.
    unvouched: int


def read_seal(document: bytes) -> SealRead:
    """Check the seal of a PDF.

    Raises:
        Unsealed: there is none, or it does not hold.
    """
    from pyhanko.sign.validation.errors import SignatureValidationError

    ranges = _RANGE.findall(document)
    if len(ranges) != 1:
        raise Unsealed("le PDF ne porte pas de cachet" if not ranges else "le PDF porte plusieurs signatures")
    start, before, after, rest = map(int, ranges[0])
    if start or not before < after <= len(document) or after + rest != len(document):
        raise Unsealed("le cachet ne couvre pas tout le PDF : des octets ont été ajoutés ou retirés")
    raw = _in_hole(document[before:after])
    digest_of: Callable[[str], bytes] = lambda _: sha256(document[:before] + document[after:]).digest()  # noqa: E731
    try:
        cms = _content_info(raw)
        certificate, signer, unvouched = _check(cms["content"], "data", digest_of)
        stamped_at, stamped_by, more = _time_stamp(signer)
        if _again(raw) != raw:
            raise Unsealed("le cachet est écrit autrement que nous ne l'écrivons : il a été modifié")
    except Unsealed:
        raise
    except (SignatureValidationError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise Unsealed("le cachet n'est pas valable : le PDF, ou le cachet lui-même, a changé") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, NotImplementedError) as error:
        raise Unsealed("le cachet est illisible : il a été modifié") from error
    return SealRead(certificate, stamped_at, stamped_by, unvouched + more)


def _in_hole(hole: bytes) -> bytes:
    """The DER in the hole of a signature, which is written in one way only: upper-case hex, then zeros."""
    inner = hole[1:-1]
    if (
        hole[:1] != b"<"
        or hole[-1:] != b">"
        or not re.fullmatch(rb"(?:[0-9A-F]{2})+", inner)
        or len(inner) > 2 * LARGEST
    ):
        raise Unsealed("l'emplacement du cachet a été modifié")
    raw = unhexlify(inner)
    size = _length(raw)
    if not 0 < size <= len(raw) or raw[size:].strip(b"\0"):
        raise Unsealed("l'emplacement du cachet a été modifié")
    return raw[:size]


def _length(raw: bytes) -> int:
    """How long a DER value is, its head included; 0 when it is none."""
    if len(raw) < 2 or raw[0] != _SEQUENCE:  # noqa: PLR2004 - a SEQUENCE, and its length
        return 0
    if raw[1] < _LONG_FORM:
        return 2 + raw[1]
    count = raw[1] - _LONG_FORM
    return 2 + count + int.from_bytes(raw[2 : 2 + count], "big")


def _content_info(raw: bytes) -> Any:
    from asn1crypto import cms

    info = cms.ContentInfo.load(raw, strict=True)
    if info["content_type"].native != "signed_data":
        raise Unsealed("le cachet est illisible : il a été modifié")
    return info


def _check(data: Any, content_type: str, digest_of: Callable[[str], bytes]) -> tuple[x509.Certificate, Any, int]:
    """Check a SignedData with one signer: what it signs, with which certificate. Trust is not asked about here."""
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    (signer,) = data["signer_infos"]
    held = [choice.chosen for choice in data["certificates"]]
    named = _named_certificate(signer)
    (own,) = [each for each in held if sha256(each.dump()).digest() == named]
    sid = signer["sid"].chosen
    if sid["issuer"].dump() != own.issuer.dump() or sid["serial_number"].native != own.serial_number:
        raise Unsealed("le cachet nomme un autre certificat que le sien : il a été modifié")
    algorithm = signer["digest_algorithm"]["algorithm"].native
    intact, valid = validate_sig_integrity(signer, own, content_type, digest_of(algorithm))
    if not (intact and valid):
        raise Unsealed(
            "le PDF a changé depuis qu'il a été scellé" if valid else "la signature du cachet n'est pas valable"
        )
    certificates = [x509.load_der_x509_certificate(each.dump()) for each in held]
    (certificate,) = [each for each in certificates if each.public_bytes(_der()) == own.dump()]
    unvouched = sum(each is not certificate and not _vouched(each, certificates) for each in certificates)
    return certificate, signer, unvouched


def _der() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


def _named_certificate(signer: Any) -> bytes:
    """SHA-256 of the certificate that the signed attributes name."""
    for attribute in signer["signed_attrs"]:
        if attribute["type"].native == "signing_certificate_v2":
            (value,) = attribute["values"]
            first = value["certs"][0]
            if first["hash_algorithm"]["algorithm"].native != "sha256":
                raise Unsealed("l'empreinte du certificat n'est pas en SHA-256")
            return bytes(first["cert_hash"].native)
    raise Unsealed("le cachet ne nomme pas son certificat")


def _vouched(certificate: x509.Certificate, among: list[x509.Certificate]) -> bool:
    for issuer in among:
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False


def _time_stamp(signer: Any) -> tuple[datetime | None, str, int]:
    """The time-stamp of a signature, checked: when, by whom."""
    attributes = list(signer["unsigned_attrs"])
    if not attributes:
        return None, "", 0
    (attribute,) = attributes
    if attribute["type"].native != "signature_time_stamp_token":
        raise Unsealed("le cachet porte un ajout qui n'est pas de nous")
    (token,) = attribute["values"]
    if token["content_type"].native != "signed_data":
        raise Unsealed("l'horodatage a été modifié")
    data = token["content"]
    info = data["encap_content_info"]
    content = bytes(info["content"])
    stamp = info["content"].parsed
    imprint = stamp["message_imprint"]
    signature = signer["signature"].native
    if (
        imprint["hash_algorithm"]["algorithm"].native != "sha256"
        or imprint["hashed_message"].native != sha256(signature).digest()
    ):
        raise Unsealed("l'horodatage porte sur autre chose que ce cachet")
    import hashlib

    certificate, inner, unvouched = _check(data, "tst_info", lambda name: hashlib.new(name, content).digest())
    if (
        data["version"].native != "v3"
        or inner["version"].native != "v1"
        or [each.dump() for each in data["digest_algorithms"]] != [inner["digest_algorithm"].dump()]
        or list(inner["unsigned_attrs"])
    ):
        raise Unsealed("l'horodatage est écrit autrement qu'il ne doit l'être : il a été modifié")
    return stamp["gen_time"].native, certificate.subject.rfc4514_string(), unvouched


def _again(raw: bytes) -> bytes:
    """The seal written again from its parts, each of which is signed, hashed or checked.

    By hand, and from a reading that nobody looked into: asn1crypto takes a time exponential in the depth to write
    what it thinks was changed, and looking at an optional field is a change to it.
    """
    from asn1crypto import cms

    info = _content_info(raw)
    (signer,) = info["content"]["signer_infos"]
    one, sha = b"\2\1\1", cms.DigestAlgorithm({"algorithm": "sha256"}).dump()
    own = signer["sid"].chosen
    signed = signer["signed_attrs"].dump()
    protected = _protected(signer).dump()
    unsigned = signer["unsigned_attrs"].dump()  # b"" where there is none
    signed_by = _tlv(
        _SEQUENCE,
        one,
        _tlv(_SEQUENCE, own["issuer"].dump(), own["serial_number"].dump()),
        sha,
        signed,
        protected,
        _tlv(_OCTETS, signer["signature"].native),
        unsigned,
    )
    data = _tlv(
        _SEQUENCE,
        one,
        _tlv(_SET, sha),
        _tlv(_SEQUENCE, cms.ContentType("data").dump()),
        _tlv(_FIRST, *(choice.chosen.dump() for choice in info["content"]["certificates"])),
        _tlv(_SET, signed_by),
    )
    return _tlv(_SEQUENCE, cms.ContentType("signed_data").dump(), _tlv(_FIRST, data))


def _tlv(tag: int, *parts: bytes) -> bytes:
    """A DER value: its tag, its length in the shortest form, its content."""
    content = b"".join(parts)
    size = len(content)
    if size < _LONG_FORM:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_FORM + len(length))) + length + content


def _protected(signer: Any) -> Any:
    """The signature's algorithm as the signed attributes give it."""
    for attribute in signer["signed_attrs"]:
        if attribute["type"].native == "cms_algorithm_protection":
            (value,) = attribute["values"]
            return value["signature_algorithm"].untag()
    return signer["signature_algorithm"]
