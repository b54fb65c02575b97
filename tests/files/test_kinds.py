"""What a file is, by its content: what is taken, what is not, and under which name it is kept."""

import io
import zipfile

import pytest

from portal.files.rules import LONGEST_NAME, FileRefused, Kind, check_size, clean_name, look, size_words

OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600)


def zipped(**entries: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return held.getvalue()


def kind(content: bytes, name: str) -> str:
    return look(io.BytesIO(content), name).suffix


@pytest.mark.parametrize(
    ("content", "name", "suffix"),
    [
        (b"%PDF-1.7\n%%EOF", "devis.pdf", "pdf"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "écran.PNG", "png"),
        (b"\xff\xd8\xff\xe1\x00\x10Exif\x00" + bytes(40), "IMG_0001.JPEG", "jpg"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(40), "renommée.png", "jpg"),  # the content decides
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(20), "IMG_0002.HEIC", "heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(20), "IMG_0003.heic", "heic"),
        (zipped(**{"[Content_Types]_xml": "x", "word__document_xml": "y"}), "cahier.docx", "docx"),
        (zipped(**{"[Content_Types]_xml": "x", "xl__workbook_xml": "y"}), "renommé.pdf", "xlsx"),
        (zipped(mimetype="application/vnd.oasis.opendocument.text", content_xml="y"), "note.odt", "odt"),
        (zipped(a="x"), "journaux.zip", "zip"),
        (OLE + "WordDocument".encode("utf-16-le"), "ancien.doc", "doc"),
        (OLE + "__properties_version1.0".encode("utf-16-le"), "mail.msg", "msg"),
        ("Bonjour, été\n".encode(), "note.txt", "txt"),
        ("Bonjour, été\n".encode("cp1252"), "note.log", "log"),
        (b"a;b\n1;2\n", "export.csv", "csv"),
        (b'<?xml version="1.0"?><Invoice/>', "facture.xml", "xml"),
        (b"From: a@b.example\r\nSubject: x\r\n\r\nhi", "mail.eml", "eml"),
        (b"une note", "sans suffixe", "txt"),
    ],
)
def test_what_people_send_is_taken_for_what_it_is(content: bytes, name: str, suffix: str) -> None:
    assert kind(content, name) == suffix


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<!doctype html><html><script>alert(1)</script>", "page.html"),
        (b"<!doctype html><html><script>alert(1)</script>", "page.txt"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="x"/>', "logo.svg"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "facture.xml"),
        (b"MZ\x90\0" + bytes(100), "facture.pdf"),
        (b"\x7fELF" + bytes(60), "outil"),
        (b"#!/bin/sh\nrm -rf /\n", "note.txt"),
        (b"alert(1)", "script.js"),
        (b"@echo off", "script.bat"),
        (OLE, "installation.msi"),
        (OLE, "installation.doc"),
        (zipped(**{"META-INF__MANIFEST.MF": "x"}), "outil.jar"),
        (zipped(**{"META-INF__MANIFEST.MF": "x"}), "outil.zip"),
        (b"PK\x03\x04 broken", "a.zip"),
        (b"\0\1\2\3", "note.txt"),
        (b"\0\1\2\3", "inconnu.bin"),
    ],
)
def test_what_a_browser_or_a_machine_could_run_is_refused_whatever_it_is_called(content: bytes, name: str) -> None:
    with pytest.raises(FileRefused, match="n'est pas d'un type accepté"):
        kind(content, name)


@pytest.mark.parametrize(
    ("given", "suffix", "kept"),
    [
        ("devis.pdf", "pdf", "devis.pdf"),
        ("C:\\Users\\moi\\Été 2026.PDF", "pdf", "Été 2026.PDF"),
        ("../../etc/passwd", "txt", "passwd.txt"),
        ("photo.png", "jpg", "photo.jpg"),
        ("facture\u202efdp.exe", "pdf", "facturefdp.exe.pdf"),
        ('a"b\r\nSet-Cookie: x.pdf', "pdf", "abSet-Cookie x.pdf"),
        ("", "png", "fichier.png"),
        (".htaccess", "txt", "htaccess.txt"),
        ("journal.log", "log", "journal.log"),
        ("e\u0301te\u0301.txt", "txt", "été.txt"),
    ],
)
def test_a_name_is_one_that_any_computer_keeps(given: str, suffix: str, kept: str) -> None:
    assert clean_name(given, Kind(suffix, "x/y")) == kept


def test_a_name_is_at_most_so_long() -> None:
    assert len(clean_name("x" * 500 + ".pdf", Kind("pdf", "x/y"))) == LONGEST_NAME


def test_the_largest_size_is_taken_and_one_byte_more_is_not() -> None:
    check_size(1, "a", 10)
    check_size(10, "a", 10)
    with pytest.raises(FileRefused, match="trop lourd"):
        check_size(11, "a", 10)
    with pytest.raises(FileRefused, match="vide"):
        check_size(0, "a", 10)


@pytest.mark.parametrize(
    ("size", "words"),
    [(1, "1\xa0octet"), (999, "999\xa0octets"), (1000, "1\xa0Ko"), (2_400_000, "2,4\xa0Mo"), (20_000_000, "20\xa0Mo")],
)
def test_a_size_is_said_as_people_say_it(size: int, words: str) -> None:
    assert size_words(size) == words
