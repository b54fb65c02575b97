"""The frame of every page: what its head offers to whom, and what a page weighs."""

import gzip
import re
from pathlib import Path

import pytest

from portal.app import LARGEST_REQUEST
from portal.server import PATIENCE
from portal.web import AREA
from tests.accounts.conftest import CLAIRE, MARC, Portal, Visitor, portal
from tests.test_routes import staff_visitor

__all__ = ["portal"]

#: What a page may weigh, compressed, with all that it loads.
LIMIT = 50_000


def weight(visitor: Visitor, page: str) -> int:
    loaded = re.findall(rf'(?:href|src)="({AREA}/static/[^"]+)"', page)
    parts = [page.encode(), *(visitor.client.get(address).data for address in loaded)]
    return sum(len(gzip.compress(part)) for part in parts)


@pytest.mark.parametrize("place", ["", "collegues", "compte/securite", "compte/appareils", "collegues/inviter"])
def test_a_clients_page_is_light(portal: Portal, place: str) -> None:
    visitor = portal.sign_in(CLAIRE)
    assert weight(visitor, visitor.open(place)) < LIMIT


@pytest.mark.parametrize("place", ["bureau/", "bureau/clients/", "bureau/clients/1", "bureau/clients/nouveau"])
def test_a_page_of_the_desk_is_light(portal: Portal, place: str) -> None:
    visitor = staff_visitor(portal)
    assert weight(visitor, visitor.open(place)) < LIMIT


def test_who_is_signed_in_has_a_menu_that_a_phone_opens_and_a_visitor_has_none(portal: Portal) -> None:
    page = portal.sign_in(MARC).open("compte/securite")
    assert 'popovertarget="menu"' in page
    assert 'id="menu" popover' in page
    assert "popover" not in portal.visitor().open("connexion")
    assert "popover" not in portal.sign_in(MARC).open("rien-du-tout", 404)


def test_the_head_says_where_one_is_in_a_page_below_too(portal: Portal) -> None:
    visitor = portal.sign_in(CLAIRE)
    assert f'<a href="{AREA}/collegues" aria-current="page">' in visitor.open("collegues")
    assert f'<a href="{AREA}/collegues" aria-current="true">' in visitor.open("collegues/inviter")
    staff = staff_visitor(portal)
    page = staff.open("bureau/clients/1")
    assert f'<a href="{AREA}/bureau/clients/" aria-current="true">' in page
    assert f'<a href="{AREA}/bureau/">' in page


def test_the_head_has_one_order_for_clients_and_for_staff(portal: Portal) -> None:
    def offered(page: str) -> list[str]:
        head = page.partition('<nav aria-label="Espace client">')[2].partition("</nav>")[0]
        return re.findall(r"<a [^>]*>([^<]+)</a>", head)

    things = ["Tickets", "Devis", "Commandes", "Contrats", "Factures"]
    own = ["Mes données", "Connexion et sécurité"]
    assert offered(portal.sign_in(CLAIRE).open("compte/securite")) == [*things, "Collègues", *own]
    staff = offered(staff_visitor(portal).open("bureau/"))
    assert staff == ["Bureau", *things, "Clients", "Données personnelles", *own]


def test_nginx_lets_in_what_the_portal_takes_and_waits_longer_than_it(root: Path) -> None:
    """A form at its largest is refused by the portal's own page, not by a proxy's, and a slow answer is waited for."""
    conf = (root / "deploy" / "nginx" / "portal-locations.conf").read_text()
    assert {int(size) << 20 for size in re.findall(r"client_max_body_size (\d+)m;", conf)} == {LARGEST_REQUEST}
    (waited,) = re.findall(r"proxy_read_timeout (\d+)s;", conf)
    assert int(waited) > PATIENCE
    assert f"message_size_limit={LARGEST_REQUEST}" in (root / "deploy" / "README.md").read_text()
