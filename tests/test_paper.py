"""Paper: tagged, the same bytes each time, nothing fetched, an address where the window is."""

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdf
import pytest

from portal import paper
from portal.paper import Attachment, Papers, PdfUnavailable, pdf_of
from tests.accounts.conftest import Portal, portal

if TYPE_CHECKING:
    from portal.terms import Library

__all__ = ["portal"]

pytestmark = pytest.mark.skipif(bool(paper.why_unavailable()), reason="no Pango on this machine")
LETTER = """{% extends "paper.html" %}
{% block title %}Lettre{% endblock %}
{% block window %}window{% endblock %}
{% block recipient %}<p>Boulangerie Muller</p><p>1 rue du Four</p><p>68100 MULHOUSE</p>{% endblock %}
{% block main %}<h1>Mise en demeure</h1><p>{{ words }}</p>{% endblock %}
"""
MM = 72 / 25.4


@pytest.fixture
def letter(tmp_path: Path, library: "Library") -> str:
    (tmp_path / "letter.html").write_text(LETTER)
    return Papers(tmp_path).html("letter.html", company=library.company, words="<b>Bonjour</b>")


def root(document: bytes) -> Any:
    return pypdf.PdfReader(BytesIO(document)).trailer["/Root"]


def test_a_paper_is_the_same_bytes_each_time_and_another_one_is_not(letter: str) -> None:
    once = pdf_of(letter, title="Lettre")
    assert pdf_of(letter, title="Lettre") == once
    assert pdf_of(letter, title="Autre") != once


def test_a_paper_is_tagged_named_and_says_its_language(letter: str) -> None:
    document = pdf_of(letter, title="Une lettre")
    catalog = root(document)
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "fr"
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid" in catalog["/Metadata"].get_data()
    reader = pypdf.PdfReader(BytesIO(document))
    assert reader.metadata is not None
    assert reader.metadata.title == "Une lettre"
    assert "SARL IMS PARTNERS page 1 sur 1" in reader.pages[0].extract_text()


def test_a_paper_with_files_inside_is_a_pdf_a_that_gives_them_back(letter: str) -> None:
    files = (Attachment("donnees.json", b'{"un": 1}', "Des données"), Attachment("cgv.md", b"# CGV\n"))
    document = pdf_of(letter, title="Lettre", attachments=files)
    assert pdf_of(letter, title="Lettre", attachments=files) == document
    reader = pypdf.PdfReader(BytesIO(document))
    assert {name: content[0] for name, content in reader.attachments.items()} == {
        "donnees.json": b'{"un": 1}', "cgv.md": b"# CGV\n",
    }  # fmt: skip
    metadata = root(document)["/Metadata"].get_data()
    assert b"pdfaid" in metadata
    assert root(document)["/MarkInfo"]["/Marked"]
    assert root(document)["/Lang"] == "fr"


def test_what_somebody_typed_stays_text(letter: str) -> None:
    assert "&lt;b&gt;Bonjour" in letter
    assert "<b>Bonjour</b>" in pypdf.PdfReader(BytesIO(pdf_of(letter, title="L"))).pages[0].extract_text()


def test_the_address_of_a_window_letter_stands_where_the_window_is(letter: str) -> None:
    page = pypdf.PdfReader(BytesIO(pdf_of(letter, title="Lettre"))).pages[0]
    places: dict[str, tuple[float, float]] = {}

    def place(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        if text.strip():
            x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
            y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
            places[text.strip()] = (x / MM, 297 - y / MM)

    page.extract_text(visitor_text=place)
    for line in ("Boulangerie Muller", "1 rue du Four", "68100 MULHOUSE"):
        x, y = places[line]
        assert 100 <= x <= 150
        assert 45 <= y <= 79
    assert places["Mise en demeure"][1] > 90


@pytest.mark.parametrize("address", ["file:///etc/hostname", "http://127.0.0.1:9/a.png"])
def test_a_paper_fetches_nothing(address: str, letter: str) -> None:
    with_picture = letter.replace(
        "<main>", f'<main><img src="{address}" alt="x"><link rel=attachment href="{address}">'
    )
    document = pdf_of(with_picture, title="Lettre")
    assert not pypdf.PdfReader(BytesIO(document)).attachments
    assert not pypdf.PdfReader(BytesIO(document)).pages[0].images


def test_the_words_are_not_cut(letter: str) -> None:
    long = letter.replace("&lt;b&gt;Bonjour", "anticonstitutionnellement " * 60)
    assert "anticonstitu-" not in pypdf.PdfReader(BytesIO(pdf_of(long, title="L"))).pages[0].extract_text()


@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="no poppler-utils on this machine")
def test_poppler_reads_a_paper_as_tagged(letter: str, tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(pdf_of(letter, title="Lettre"))
    told = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
    assert "Tagged:          yes" in told
    assert "A4" in told


def test_without_pango_the_refusal_says_what_is_missing(letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "why_unavailable", lambda: paper.NO_PANGO)
    with pytest.raises(PdfUnavailable, match="libpango"):
        pdf_of(letter, title="Lettre")


def test_without_pango_a_page_that_would_be_a_pdf_is_refused_clearly(portal: Portal) -> None:
    def fail() -> str:
        raise PdfUnavailable(paper.NO_PANGO)

    portal.app.view_functions["health.healthz"] = fail
    answer = portal.visitor().client.get("/healthz")
    assert answer.status_code == 503
    assert "PDF ne peut pas être préparé" in answer.text
