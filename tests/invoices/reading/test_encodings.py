"""Bytes and what they say they are: read when sure, refused otherwise."""

import pytest

from portal.invoices.reading.refusal import Unreadable
from portal.invoices.reading.xml import read_xml
from tests.invoices.reading.written import Written, cii

CAFE = Written(buyer="Café Zoé & fils, 10 €")


def declared(encoding: str) -> str:
    return cii(CAFE, head=f'<?xml version="1.0" encoding="{encoding}"?>')


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (declared("UTF-8").encode(), False),
        (b"\xef\xbb\xbf" + declared("UTF-8").encode(), False),
        (declared("UTF-16").encode("utf-16"), False),
        (declared("UTF-16").encode("utf-16-le"), False),
        (b"\xfe\xff" + declared("UTF-16").encode("utf-16-be"), False),
        (declared("UTF-16").encode("utf-16-be"), False),
        (declared("windows-1252").encode("cp1252"), False),
        (declared("ISO-8859-15").encode("iso-8859-15"), False),
        (declared("ISO-8859-1").encode("cp1252"), False),  # the usual lie, because of the €
        (cii(CAFE, head="").encode(), False),
        (b"\n  " + declared("UTF-8").encode(), False),
        (declared("UTF-8").encode("cp1252"), True),
        (declared("UTF-16").encode(), True),  # .NET's string writers
        (declared("ISO-8859-1").encode(), True),
    ],
)
def test_accents_survive_every_usual_encoding_and_a_wrong_declaration_is_said(data: bytes, *, said: bool) -> None:
    invoice = read_xml(data)
    assert invoice.buyer.name == "Café Zoé & fils, 10 €"
    assert [each.code for each in invoice.findings] == (["encoding"] if said else [])


@pytest.mark.parametrize(
    "data",
    [
        declared("UTF-8").encode("utf-8").replace("é".encode(), b"\xc3"),  # broken UTF-8 that is no French either
        declared("UTF-8").encode("cp1252").replace(b"Zo", b"\x81"),
        declared("EBCDIC-CP-FR").encode(),
        declared("klingon").encode(),
        declared("UTF-7").encode(),
        declared("UTF-16").encode("utf-16")[:-1],
        declared("UTF-8").replace("Zoé", "Zo\0").encode(),
        b"\0" * 500,
    ],
)
def test_what_is_not_sure_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read_xml(data)
