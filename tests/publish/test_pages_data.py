"""What is published for programs, and the PDF: the same facts as the pages, in shapes that last."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pypdf
import pytest

from portal.publish import pdf
from portal.publish.options import Options
from portal.publish.search_index import search_entries
from portal.publish.site import create_site
from portal.terms import load_library

if TYPE_CHECKING:
    from pathlib import Path

    from portal.publish.site import Site
    from portal.terms import Library

BASE = "https://cgv.example.test"
ATOM = "{http://www.w3.org/2005/Atom}"
SLUG = "2018-10-01"


def make_site(content: Path, library: Library | None = None, **more: Any) -> Site:
    values = {"base_url": f"{BASE}/", "portal_url": None, "today": date(2026, 11, 23), **more}
    options = Options(content=content, output=content.parent / "public", **values)
    return create_site(options, library or load_library(content))


@pytest.fixture(scope="module")
def site(content: Path, library: Library) -> Site:
    return make_site(content, library)


def read(site: Site, url: str) -> bytes:
    answer = site.app.test_client().get(url)
    assert answer.status_code == 200
    return bytes(answer.data)


def read_json(site: Site, url: str) -> Any:
    return json.loads(read(site, url))


def test_the_json_of_a_version_holds_its_days_hash_text_and_tariff(site: Site, content: Path) -> None:
    data = read_json(site, f"/cgv/{SLUG}.json")
    source = (content / "cgv" / SLUG / "cgv.md").read_bytes()
    assert data["sha256"] == hashlib.sha256(source).hexdigest()
    assert (data["slug"], data["from"], data["to"], data["draft"]) == (SLUG, SLUG, None, False)
    assert [article["number"] for article in data["articles"]] == [str(n) for n in range(1, 14)]
    clauses = {clause["anchor"]: clause for article in data["articles"] for clause in article["clauses"]}
    assert clauses["art-6-3-bis"]["name"] == "6.3 (second)"
    assert "quinze jours après émission de la facture" in clauses["art-7-4"]["text"]
    assert clauses["art-7-4"]["blocks"][0]["anchor"] == "art-7-4-al-1"
    assert len(data["tariff"]["liberty"]) == 7


def test_the_json_of_a_version_does_not_depend_on_the_day(content: Path, library: Library) -> None:
    first, later = (make_site(content, library, today=date(year, 1, 1)) for year in (2020, 2030))
    assert read(first, f"/cgv/{SLUG}.json") == read(later, f"/cgv/{SLUG}.json")


def test_the_index_says_which_version_is_in_force(site: Site) -> None:
    index = read_json(site, "/cgv/index.json")
    assert index["in_force"] == SLUG
    (version,) = index["versions"]
    assert version["status"] == "in_force"
    assert version["json"] == f"{BASE}/cgv/{SLUG}.json"


def test_decimals_of_the_tariff_are_strings(site: Site) -> None:
    tariff = read_json(site, "/tarifs.json")
    rates = [rate["rate"] for kind in ("liberty", "hourly") for rate in tariff[kind]]
    assert len(rates) == 9
    assert all(isinstance(rate, str) for rate in rates)


def test_the_feed_tells_each_version_with_an_address_that_stays(site: Site) -> None:
    feed = ET.fromstring(read(site, "/cgv/feed.atom"))  # noqa: S314  # our own file
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"{BASE}/cgv/{SLUG}/"
    assert entry.findtext(f"{ATOM}updated") == "2018-10-01T00:00:00+02:00"
    assert feed.findtext(f"{ATOM}updated") == "2018-10-01T00:00:00+02:00"


def test_the_sitemap_names_the_pages_and_robots_names_the_sitemap(site: Site) -> None:
    sitemap = ET.fromstring(read(site, "/sitemap.xml"))  # noqa: S314  # our own file
    addresses = [element.text for element in sitemap.iter() if element.tag.endswith("loc")]
    assert f"{BASE}/cgv/{SLUG}/article-13/" in addresses
    assert f"{BASE}/404.html" not in addresses
    assert len(addresses) == len(set(addresses))
    assert f"Sitemap: {BASE}/sitemap.xml" in read(site, "/robots.txt").decode()


def test_security_txt_expires_less_than_fourteen_months_ahead_and_changes_once_a_year(
    content: Path, library: Library
) -> None:
    def told(day: date) -> str:
        return read(make_site(content, library, today=day), "/.well-known/security.txt").decode()

    assert told(date(2026, 1, 1)) == told(date(2026, 12, 31))
    assert "Expires: 2027-01-31T23:00:00Z" in told(date(2026, 12, 31))
    assert "Expires: 2028-01-31T23:00:00Z" in told(date(2027, 1, 1))


def test_the_search_index_holds_every_clause(site: Site, library: Library) -> None:
    entries = search_entries(site.publication.current)
    assert [entry["heading"] for entry in entries] == [clause.heading for clause in library.versions[0].clauses]
    assert entries[-1]["url"] == f"/cgv/{SLUG}/article-13/#art-13"
    assert json.dumps(entries[0]["heading"]) in read(site, "/recherche/").decode()


def test_structured_data_gives_only_what_the_content_says(site: Site) -> None:
    home = read(site, "/").decode()
    assert '"telephone": "+33354841895"' in home
    assert "openingHours" not in home
    assert "vatID" not in home


needs_pango = pytest.mark.skipif(bool(pdf.why_unavailable()), reason="no Pango on this machine")


@pytest.fixture(scope="module")
def document(site: Site) -> bytes:
    return read(site, f"/cgv/{SLUG}.pdf")


@needs_pango
def test_the_pdf_is_the_same_bytes_each_time(content: Path, library: Library, document: bytes) -> None:
    assert read(make_site(content, library), f"/cgv/{SLUG}.pdf") == document


@needs_pango
def test_the_pdf_is_tagged_named_and_says_its_language(document: bytes) -> None:
    reader = pypdf.PdfReader(BytesIO(document))
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "fr"
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "/StructTreeRoot" in catalog
    assert b"<pdfuaid:part>1</pdfuaid:part>" in document or b"pdfuaid" in catalog["/Metadata"].get_data()
    assert reader.metadata is not None
    assert str(reader.metadata.title).startswith("CONDITIONS GENERALES DE VENTE IMS PARTNERS")


@needs_pango
def test_the_pdf_has_a_bookmark_per_clause_and_numbered_pages(document: bytes, library: Library) -> None:
    reader = pypdf.PdfReader(BytesIO(document))

    def titles(outline: Any) -> list[str]:
        return [t for it in outline for t in (titles(it) if isinstance(it, list) else [str(it.title)])]

    assert titles(reader.outline) == [clause.heading for clause in library.versions[0].clauses]
    count = len(reader.pages)
    assert count > 3
    assert all(f"page {n} sur {count}" in page.extract_text() for n, page in enumerate(reader.pages, start=1))


@needs_pango
def test_the_first_page_of_the_pdf_gives_the_hash_and_the_days(document: bytes, library: Library) -> None:
    first = pypdf.PdfReader(BytesIO(document)).pages[0].extract_text()
    squeezed = "".join(first.split())
    assert library.versions[0].sha256 in squeezed
    assert "envigueurdepuisle1eroctobre2018" in squeezed


@needs_pango
@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="no poppler-utils on this machine")
def test_poppler_reads_the_pdf_as_tagged(document: bytes, tmp_path: Path) -> None:
    file = tmp_path / "cgv.pdf"
    file.write_bytes(document)
    told = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
    assert "Tagged:          yes" in told


def test_without_pango_everything_else_is_published_and_it_is_said(
    content: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.publish.pdf.why_unavailable", lambda: pdf.MISSING)
    site = make_site(content, library)
    assert site.notices == (pdf.MISSING,)
    urls = [page.url for page in site.pages()]
    assert not [url for url in urls if url.endswith(".pdf")]
    client = site.app.test_client()
    assert all(client.get(url).status_code == 200 for url in urls)
    assert ".pdf" not in client.get("/cgv/").text
