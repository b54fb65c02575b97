"""No number of an article is typed in code: under CGV whose articles have other numbers, every page and mail cites those."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal.quotes.paper import quote_html
from portal.quotes.shown import as_sent
from portal.quotes.writing_actions import find_quote
from portal.terms import load_library
from tests.accounts.conftest import CLAIRE, Portal
from tests.quotes.conftest import hidden, signed_in
from tests.quotes.quoting import DESK, GOODS, LINE, Room, press
from tests.quotes.test_acceptance import POINTS
from tests.quotes.test_acceptance_views import SIGNED

if TYPE_CHECKING:
    from portal.terms import Library

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MORE = 20
#: Statutes keep their own numbers.
STATUTE = re.compile(r"(?:Code civil|RGPD|Code de commerce)[^.;)]*")
CITED = re.compile(r"\barticles?[\s\u00a0]+(\d+(?:\.\d+)*(?:(?:, | et )\d+(?:\.\d+)*)*)", re.IGNORECASE)


def renumber(content: Path) -> None:
    """Give every article of the CGV a number that is twenty higher."""
    folder = content / "cgv" / "2018-10-01"
    text = (folder / "cgv.md").read_text()
    higher = re.sub(r"(?m)^(#+ (?:ARTICLE )?)(\d+)", lambda found: f"{found[1]}{int(found[2]) + MORE}", text)
    (folder / "cgv.md").write_text(higher)
    clauses = (folder / "clauses.toml").read_text()
    for pattern in (
        r'(?m)^(article = "(?:art-)?)(\d+)',
        r'(?m)^((?:hourly|points) = ")(\d+)',
        r'(repeated_numbers = \[")(\d+)',
    ):
        clauses = re.sub(pattern, lambda found: f"{found[1]}{int(found[2]) + MORE}", clauses)
    (folder / "clauses.toml").write_text(clauses)


@pytest.fixture
def renumbered(tmp_content: Path) -> "Library":
    renumber(tmp_content)
    return load_library(tmp_content)


@pytest.fixture
def room(portal: Portal, renumbered: "Library") -> Room:
    portal.app.extensions["portal"] = replace(portal.app.extensions["portal"], library=renumbered)
    return Room(portal, renumbered)


def numbers(text: str) -> Iterator[str]:
    """Every article of the CGV that a text cites."""
    plain = STATUTE.sub("", unescape(re.sub(r"<[^>]+>", "", text)))
    for found in CITED.finditer(plain):
        yield from re.findall(r"\d+(?:\.\d+)*", found[1])


def test_every_page_and_mail_of_quotes_orders_and_contracts_cites_the_numbers_of_its_own_version(room: Room) -> None:
    seen: dict[str, set[str]] = {}

    def look(name: str, text: str) -> None:
        seen[name] = set(numbers(text))

    staff, claire = room.staff(), signed_in(room.portal, CLAIRE)
    look("no contract", claire.open("/espace-client/contrats/"))
    with room.portal.sessions.begin() as session:
        draft = room.draft(
            session, lines=[LINE, GOODS, POINTS], delivery="Trois semaines.", conditions="Le samedi.",
            derogations=[{"words": "Trente jours.", "day": "20/11/2026", "article": ""}],
        ).reference  # fmt: skip
    look("draft", staff.open(f"{DESK}/{draft}/rediger"))
    look("preview", staff.open(f"{DESK}/{draft}/apercu"))
    press(staff, f"{DESK}/{draft}/envoyer", on=f"{DESK}/{draft}/apercu")
    link = room.link()
    reader = room.portal.visitor()
    look("cover", reader.open(link))
    press(reader, f"{link}/lire", on=link)
    look("page", reader.open(link))
    look("recap", reader.open(f"{link}/accepter"))
    look("desk", staff.open(f"{DESK}/{draft}"))
    press(reader, f"{link}/accepter", on=f"{link}/accepter", conditions="y", derogations="y", **SIGNED)
    press(reader, f"{link}/confirmer", on=f"{link}/confirmer", code=room.portal.code(CLAIRE))
    look("accepted", reader.open(link))
    look("to confirm", staff.open(f"{DESK}/{draft}"))
    press(staff, f"{DESK}/{draft}/confirmer", on=f"{DESK}/{draft}")
    look("final", reader.open(link))
    look("ordered", staff.open(f"{DESK}/{draft}"))
    with room.portal.sessions() as session:
        quote = find_quote(session, draft)
        shown = as_sent(quote, room.library)
        look("paper", quote_html(quote, shown, company=room.library.company, base_url="http://localhost"))
    desk, mine = "/espace-client/bureau/commandes/CMD-2026-0001", "/espace-client/commandes/CMD-2026-0001"
    for name, visitor, path in (
        ("order", claire, mine), ("order on the desk", staff, desk), ("amendment", claire, f"{mine}/avenants/nouveau"),
    ):  # fmt: skip
        look(name, visitor.open(path))
    contract = re.search(r"/bureau/contrats/(CTR-[\w-]+)", staff.open("/espace-client/bureau/contrats/"))
    assert contract
    page = f"/espace-client/bureau/contrats/{contract[1]}"
    look("contract", staff.open(page))
    look(
        "no notice",
        staff.send(
            f"{page}/fin", 409, csrf_token=hidden(staff.open(page))["csrf_token"], ground="breach", reason="Impayé."
        ),
    )
    for mail in room.portal.mails():
        look(f"mail {mail.id} {mail.event}", mail.text)

    typed = {name: held for name, held in seen.items() if any(int(each.split(".")[0]) <= MORE for each in held)}
    assert typed == {}
    everything = set().union(*seen.values())
    for article in ("21", "23", "25.1", "25.2", "27.1.1", "27.3", "27.5", "27.6", "30"):
        assert article in everything, article


def test_a_version_without_a_clause_cites_nothing_for_it(room: Room, tmp_content: Path) -> None:
    """Where the text is silent the page names no article instead of a wrong one."""
    clauses = tmp_content / "cgv" / "2018-10-01" / "clauses.toml"
    clauses.write_text(re.sub(r"\[both_accept\]\n(?:.+\n)+", "", clauses.read_text()))
    room.portal.app.extensions["portal"] = replace(
        room.portal.app.extensions["portal"], library=load_library(tmp_content)
    )
    room.portal.clock.moment = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    room.sent()
    reader, link = room.opened()
    page = reader.open(f"{link}/accepter")
    assert (
        "quand IMS Partners l'a acceptée à son tour&#8239;;" in page
        or "quand IMS Partners l'a acceptée à son tour\u202f;" in page
    )
    assert "25.2" not in set(numbers(page))
