"""Signed messages whose text lies inside the signature: opened, whole or in pieces; hostile ones cost their bytes."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given
from hypothesis import strategies as st

from portal.mail.incoming.reading import read
from portal.mail.incoming.smime import Opened, Sealed, opened

INNER = (
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "Le serveur est arrêté.\r\n--b\r\nContent-Type: text/csv; name=journal.csv\r\n\r\na;b\r\n--b--\r\n"
).encode()


def signed(content: bytes) -> bytes:
    """As openssl and mailers make it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "claire@client.example")])
    now = datetime(2026, 11, 23, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    )
    certificate = builder.not_valid_before(now).not_valid_after(now + timedelta(days=9)).sign(key, hashes.SHA256())
    made = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    return made.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def element(tag: int, content: bytes, *, open_end: bool = False) -> bytes:
    if open_end:
        return bytes([tag, 0x80]) + content + b"\0\0"
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 + size]) + length.to_bytes(size) + content


def in_pieces(content: bytes, size: int = 7) -> bytes:
    """As Outlook and streaming programs make it: lengths that are not known beforehand, the content in pieces."""
    pieces = b"".join(element(0x04, content[at : at + size]) for at in range(0, len(content), size))
    data = element(0x06, bytes.fromhex("2a864886f70d010701"))
    inner = element(0x30, data + element(0xA0, element(0x24, pieces, open_end=True), open_end=True), open_end=True)
    algorithms = element(0x31, element(0x30, element(0x06, b"\x60\x86"), open_end=True), open_end=True)
    within = element(0x30, element(0x02, b"\1") + algorithms + inner + element(0x31, b""), open_end=True)
    return element(
        0x30, element(0x06, bytes.fromhex("2a864886f70d010702")) + element(0xA0, within, open_end=True), open_end=True
    )


def letter(content: bytes, kind: str = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m") -> bytes:
    head = f"From: Claire <claire@client.example>\nSubject: Panne\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n"
    return head.encode() + base64.encodebytes(content)


@pytest.mark.parametrize("make", [signed, in_pieces])
def test_the_text_inside_a_signature_is_read_with_its_files(make: object) -> None:
    incoming = read(letter(make(INNER)))  # type: ignore[operator]
    assert incoming.text == "Le serveur est arrêté."
    assert [one.filename for one in incoming.attachments] == ["journal.csv"]
    assert any("n'a pas été vérifiée" in remark for remark in incoming.remarks)


def test_one_that_is_called_a_file_and_one_signed_twice_are_opened_too() -> None:
    twice = in_pieces(letter(signed(INNER)).partition(b"Subject: Panne\n")[2])
    assert read(letter(twice, 'application/octet-stream; name="smime.p7m"')).text == "Le serveur est arrêté."
    for _ in range(5):
        twice = in_pieces(letter(twice).partition(b"Subject: Panne\n")[2], 4096)
    deep = read(letter(twice))
    assert [one.filename for one in deep.attachments] == ["smime.p7m"]


def test_an_encrypted_one_is_kept_and_said_to_be() -> None:
    envelope = element(0x30, element(0x06, bytes.fromhex("2a864886f70d010703")) + element(0xA0, element(0x30, b"")))
    incoming = read(letter(envelope))
    assert [one.filename for one in incoming.attachments] == ["smime.p7m"]
    assert any("chiffré" in remark for remark in incoming.remarks)


def test_what_only_bears_the_name_is_kept_as_it_is() -> None:
    for content in (b"rien", in_pieces(INNER)[:40], b"\x30\x80" * 50_000, element(0x30, element(0x06, b"\x2a\x03"))):
        incoming = read(letter(content))
        assert [(one.filename, one.content) for one in incoming.attachments] == [("smime.p7m", content)]


@pytest.mark.parametrize("kind", ["application/pkcs7-mime", "application/octet-stream"])
@pytest.mark.parametrize("make", [signed, in_pieces])
@pytest.mark.parametrize(
    "document", [b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n", b"Date: 3 mai\n\nBon pour accord.\n", b"\xff\xfe\0"]
)
def test_a_signed_document_is_attached_as_it_came_and_fills_no_text(make: object, kind: str, document: bytes) -> None:
    sealed = make(document)  # type: ignore[operator]
    raw = (
        b"From: Claire <claire@client.example>\nSubject: Contrat\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        b"Content-Type: text/plain\n\nVoici le contrat.\n--b\n"
        + f'Content-Type: {kind}; name="contrat.pdf.p7m"\nContent-Transfer-Encoding: base64\n\n'.encode()
        + base64.encodebytes(sealed)
        + b"--b--\n"
    )
    incoming = read(raw)
    assert incoming.text == "Voici le contrat."
    assert [(one.filename, one.content) for one in incoming.attachments] == [("contrat.pdf.p7m", sealed)]
    assert incoming.remarks == ()


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
def test_no_bytes_break_the_opening(rest: bytes, at: int, byte: int) -> None:
    whole = bytearray(in_pieces(b"Content-Type: text/plain\n\nx") + rest)
    whole[at % len(whole)] = byte
    for raw in (bytes(whole), rest):
        found = opened(raw)
        assert found is None or isinstance(found, Opened)


def test_a_file_of_pieces_without_end_is_given_up() -> None:
    assert opened(in_pieces(b"x" * 300_000, 1)) is None
    assert opened(in_pieces(b"x" * 300_000, 1_000)) == Opened(Sealed.SIGNED, b"x" * 300_000)
