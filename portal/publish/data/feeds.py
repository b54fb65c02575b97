"""Feed of versions, sitemap, robots, security contact."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from portal.clock import PARIS
from portal.publish.pages.fixed import DataFile

if TYPE_CHECKING:
    from portal.publish.publication import Publication, Row

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def _xml(root: ET.Element) -> bytes:
    ET.indent(root, " ")
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def _child(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, attributes)
    element.text = text or None
    return element


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), PARIS).isoformat()


def _updated(publication: Publication, row: Row) -> str:
    # Never a day to come. When a version was announced stands nowhere, so that one bears the latest day
    # of the feed that has passed: the day of the build would change the feed every day.
    return _midnight(min(row.version.in_force_from, publication.current.version.in_force_from))


def _feed(publication: Publication) -> bytes:
    """Atom: one entry per version that is not a draft, the latest first."""
    company = publication.library.company
    rows = [row for row in reversed(publication.rows) if row.status != "draft"]
    base = publication.base
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "fr"})
    _child(feed, "title", f"{company.name} : versions des CGV")
    _child(feed, "id", f"{base}/cgv/feed.atom")
    _child(feed, "link", rel="self", href=f"{base}/cgv/feed.atom")
    _child(feed, "link", rel="alternate", type="text/html", href=f"{base}/cgv/versions/")
    _child(feed, "updated", _updated(publication, rows[0]))
    _child(_child(feed, "author"), "name", company.name)
    for row in rows:
        entry = _child(feed, "entry")
        _child(entry, "title", f"CGV du {row.day}")
        _child(entry, "id", f"{base}{row.url}")
        _child(entry, "link", rel="alternate", type="text/html", href=f"{base}{row.url}")
        _child(entry, "link", rel="enclosure", type="text/markdown", href=f"{base}/cgv/{row.slug}.md")
        _child(entry, "updated", _updated(publication, row))
        _child(entry, "summary", f"Version {row.period}. SHA-256 : {row.version.sha256}.")
    return _xml(feed)


def _sitemap(publication: Publication) -> bytes:
    from portal.publish.pages.guide import HOME
    from portal.publish.pages.history import pairs
    from portal.publish.pages.listed import PAGES

    addresses = [page.url for page in (HOME, *PAGES) if page.url.endswith("/")]
    addresses.append("/cgv/")
    for row in publication.rows:
        if row.status != "draft":
            addresses.append(row.url)
            addresses.extend(f"{row.url}{slug}/" for slug in row.version.article_slugs)
    groups = publication.options.groups
    if groups is None or "comparisons" in groups:
        addresses.extend(
            f"/cgv/comparer/{old.slug}/{new.slug}/"
            for old, new in pairs(publication)
            if "draft" not in {old.status, new.status}
        )
    root = ET.Element("urlset", xmlns=SITEMAP)
    for address in addresses:
        _child(_child(root, "url"), "loc", publication.base + address)
    return _xml(root)


def _robots(publication: Publication) -> str:
    # The pages of a draft say `noindex` themselves, which only a robot that may read them sees; its files cannot.
    drafts = "".join(
        f"Disallow: {publication.root}/cgv/{row.slug}.\n" for row in publication.rows if row.status == "draft"
    )
    return f"User-agent: *\n{drafts or 'Allow: /' + chr(10)}\nSitemap: {publication.base}/sitemap.xml\n"


def _security(publication: Publication) -> str:
    """RFC 9116. It expires at the end of next January: the file changes once a year."""
    expires = f"{publication.options.today.year + 1}-01-31T23:00:00Z"
    return (
        f"Contact: mailto:{publication.library.company.mail}\n"
        f"Expires: {expires}\n"
        "Preferred-Languages: fr\n"
        f"Canonical: {publication.base}/.well-known/security.txt\n"
    )


FILES = (
    DataFile("/cgv/feed.atom", "application/atom+xml", ("history", "company"), _feed),
    DataFile("/sitemap.xml", "application/xml", ("history",), _sitemap),
    DataFile("/robots.txt", "text/plain", ("history",), _robots),
    DataFile("/.well-known/security.txt", "text/plain", ("company", "year"), _security),
)
