"""Files made to hurt: refused quickly, within a bound of memory, with a reason, and the batch goes on."""

import json
import os
import random
import re
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from portal.invoices.reading.pdf import read_pdf
from portal.invoices.reading.reader import read_file
from portal.invoices.reading.refusal import Unreadable
from tests.invoices.reading.written import CII, Item, Written, cii, factur_x, pdf_with, ubl

ROOT = Path(__file__).resolve().parents[3]
LAUGHS = '<!DOCTYPE a [<!ENTITY l0 "lol">' + "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12)
)  # fmt: skip


def refusal(data: bytes) -> Unreadable:
    started = time.monotonic()
    with pytest.raises(Unreadable) as caught:
        list(read_file(data))
    assert time.monotonic() - started < 5
    return caught.value


@pytest.mark.parametrize(
    "doctype",
    [
        f"{LAUGHS}]>",
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>',
        '<!-- <a> --><?pi <b> ?>\n<!DOCTYPE a [<!ENTITY x "y">]>',
        "<!doctype html>",
    ],
)
def test_no_document_with_a_dtd_is_parsed(doctype: str) -> None:
    xml = cii(Written(), head=f'<?xml version="1.0"?>{doctype}').replace("F-2026-0042", "&x;")
    for data in (xml.encode(), xml.encode("utf-16"), b"\xef\xbb\xbf" + xml.encode()):
        assert refusal(data).rule == "SÉCURITÉ"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"<a>" * 200_000, "SÉCURITÉ"),
        (b"<a/>" * 4_000_000, "TAILLE"),
        (f"<a>{'x' * 11_000_000}</a>".encode(), "SÉCURITÉ"),
        (f'<a b="{"x" * 11_000_000}"/>'.encode(), "SÉCURITÉ"),
        (("<a>" + "".join(f"<n{n}/>" for n in range(100_000)) + "</a>").encode(), "SÉCURITÉ"),
        (("<a " + " ".join(f'n{n}="1"' for n in range(100_000)) + "/>").encode(), "SÉCURITÉ"),
        (b" " * 20_000_000 + b"<a/>", "FORMAT"),
        (b"<!---->" * 1_000_000 + b"<a/>", "SÉCURITÉ"),
        (b"<!--" + b"-" * 10_000_000, "STRUCTURE"),
        (b"<a>&undeclared;</a>", "STRUCTURE"),
        (cii(Written()).encode()[:-200], "STRUCTURE"),
        (b"<", "STRUCTURE"),
        (b"", "FORMAT"),
        (b"\0" * 1000, "FORMAT"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "FORMAT"),
        (b"bonjour, voici la facture", "FORMAT"),
        (bytes(range(1, 256)) * 100, "ENCODAGE"),
        (ubl(Written(items=(Item("x"),) * 10_001)).encode(), "TAILLE"),
        (ubl(Written(items=(Item("x"),) * 60_000)).encode(), "TAILLE"),
        (b"N;Date;TTC\n" + b"1;12/11/2026;1\n" * 100_000, "FORMAT"),
        (b"Facture;Date;TTC\n" + b"1;12/11/2026;1\n" * 100_000, "TAILLE"),
        (b'Facture;Date;TTC\n"' + b"x" * 200_000, "STRUCTURE"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_no_invoice_is_like_is_refused(data: bytes, rule: str) -> None:
    assert refusal(data).rule == rule


def raw_pdf(*objects: str, trailer: str = "/Root 1 0 R") -> bytes:
    """A PDF of these objects, with a right table."""
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return out + f"trailer\n<< /Size {len(objects) + 1} {trailer} >>\nstartxref\n{table}\n%%EOF\n".encode()


TREE = "<< /Type /Catalog /Names << /EmbeddedFiles {} >> >>"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (raw_pdf(TREE.format("2 0 R"), "<< /Kids [3 0 R] >>", "<< /Kids [2 0 R] >>"), "tournent en rond"),
        (raw_pdf(TREE.format("2 0 R"), "3 0 R", "2 0 R"), "tournent en rond"),
        (raw_pdf("<< /AF 2 0 R >>", "2 0 R"), "tournent en rond"),
        (raw_pdf("<< /Type /Catalog >>"), "ne contient pas de facture"),
        (raw_pdf("<< /Type /Catalog >>", trailer="/Root 1 0 R /Encrypt << /Filter /Standard >>"), "chiffré"),
        (raw_pdf("[" * 5000), "profondément"),
        (raw_pdf("<< /Type /Catalog >>").replace(b"/Size 2", b"/Size 2 /Prev 66"), "tournent en rond|endommagé"),
        (raw_pdf("<< /Type /Catalog >>")[:60], "endommagé ou tronqué"),
        (b"%PDF-1.7\n" + b"%\n" * 2_000_000, "endommagé|travail"),
        (b"%PDF-1.7\n" + b"1 0 obj<</Type/ObjStm/N 1/First 1>>stream\n" * 200_000, "travail|endommagé|objets"),
        (b"%PDF-1.7\n" + b"".join(b"%d 0 obj<</Type/ObjStm/N 1/First 1>>stream\n" % n for n in range(200_000)), "travail"),
        (b"%PDF-1.7\n" + b"trailer " * 2_000_000, "travail|endommagé"),
        (b"%PDF-1.7\n" + b"".join(b"%d 0 obj " % n for n in range(400_000)), "trop d'objets"),
    ],
)  # fmt: skip
def test_a_pdf_cannot_make_us_walk_in_circles(data: bytes, words: str) -> None:
    assert any(each in str(refusal(data)) for each in words.split("|")), str(refusal(data))


def test_a_pdf_cannot_unpack_without_end() -> None:
    packed = zlib.compress(b"<" * 200_000_000, 9).decode("latin-1")
    stream = f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n{packed}\nendstream"
    data = raw_pdf("<< /AF [2 0 R] >>", "<< /F (factur-x.xml) /EF << /F 3 0 R >> >>", stream)
    assert "démesurément" in str(refusal(data))


def test_a_bomb_inside_a_pdf_is_still_a_bomb() -> None:
    bomb = cii(Written(), head=f"{LAUGHS}]>").encode()
    assert "DOCTYPE" in str(refusal(pdf_with(("factur-x.xml", bomb))))


def test_a_damaged_pdf_is_read_or_refused_and_never_more() -> None:
    chance, whole = random.Random(2026), factur_x(Written())  # noqa: S311 - the same damage in every run
    for _ in range(400):
        hurt = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            hurt[chance.randrange(len(hurt))] = chance.randrange(256)
        try:
            read_pdf(bytes(hurt[: chance.randrange(len(hurt))] if chance.random() < 0.3 else hurt))
        except Unreadable:
            continue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of every kind of trouble, and one good invoice at its end."""
    with (tmp_path / "huge.xml").open("wb") as huge:
        huge.truncate(500 * 2**20)
    (tmp_path / "laughs.xml").write_text(cii(Written(), head=f"{LAUGHS}]>"))
    os.mkfifo(tmp_path / "pipe.xml")
    (tmp_path / "link.xml").symlink_to("/etc/passwd")
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("zeros.xml", b"\0" * 60_000_000)
        bomb.writestr("../outside.xml", cii(Written()))
        bomb.writestr("/root.xml", cii(Written()))
        bomb.writestr("inner.zip", (b"PK\x03\x04" + b"\0" * 50))
        bomb.writestr("good.xml", cii(Written()))
    with zipfile.ZipFile(tmp_path / "total.zip", "w", zipfile.ZIP_DEFLATED) as total:
        for number in range(50):
            total.writestr(f"{number}.xml", os.urandom(1000))
    # What its list of entries announces is more than anybody wants to find out.
    (tmp_path / "total.zip").write_bytes(
        re.sub(
            rb"(PK\x01\x02.{20})....",
            lambda head: head.group(1) + b"\0\0\0\x04",
            (tmp_path / "total.zip").read_bytes(),
            flags=re.DOTALL,
        )
    )
    (tmp_path / "cut.zip").write_bytes((tmp_path / "bomb.zip").read_bytes()[:-30])
    with zipfile.ZipFile(tmp_path / "lzma.zip", "w", zipfile.ZIP_LZMA) as lzma:
        lzma.writestr("zeros.xml", b"\0" * 60_000_000)
    with zipfile.ZipFile(tmp_path / "office.zip", "w") as office:
        office.writestr("[Content_Types].xml", "<x/>")
    (tmp_path / "zz.xml").write_text(cii(Written()))
    return tmp_path


def test_the_batch_goes_on_quickly_and_in_little_memory(folder: Path) -> None:
    code = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({400 * 2**20}, {400 * 2**20}))\n"
        "from portal.cli import main\n"
        f"main(['invoices', 'import', {str(folder)!r}, '--dry-run', '--json'])\n"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, env={})
    assert time.monotonic() - started < 20
    assert done.returncode == 1, done.stderr
    answers = {line["file"].removeprefix(f"{folder}/"): line for line in map(json.loads, done.stdout.splitlines())}
    good = {name for name, line in answers.items() if line["status"] == "unmatched"}
    assert good == {"bomb.zip/good.xml", "zz.xml"}
    reasons = {name: line["reason"] for name, line in answers.items() if line["status"] == "rejected"}
    assert "démesurément" in reasons["bomb.zip/zeros.xml"]
    assert "sort de l'archive" in reasons["bomb.zip/../outside.xml"]
    assert "sort de l'archive" in reasons["bomb.zip//root.xml"]
    assert "une archive dans une archive" in reasons["bomb.zip/inner.zip"]
    assert "démesurément" in reasons["total.zip"]
    assert "endommagée" in reasons["cut.zip"]
    assert "compression" in reasons["lzma.zip/zeros.xml"]
    assert "document de bureau" in reasons["office.zip"]
    assert "au plus 64 Mo" in reasons["huge.xml"]
    assert "ordinaire" in reasons["pipe.xml"]
    assert "lien" in reasons["link.xml"]
    assert all(reason.startswith(str(folder)) and "règle" in reason for reason in reasons.values())


def test_the_namespace_alone_does_not_make_an_invoice() -> None:
    assert refusal(f"<rsm:CrossIndustryInvoice {CII}/>".encode()).rule == "BR-02"
