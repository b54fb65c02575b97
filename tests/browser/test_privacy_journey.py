"""Each right from end to end, in a real browser: by its owner, a stranger, somebody with a mandate, and the staff.

One walk on each engine, on a phone with SQLite and on a desktop with PostgreSQL: a walk is long, and what differs
between the four is seen by these two.
"""

import io
import re
import socket
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from portal import clock
from portal.accounts.actions import add_person, add_staff, create_organisation
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import ClientRole, Identity, StaffRole
from portal.accounts.sign_in import begin_session
from portal.app import create_app
from portal.config import read_settings
from portal.db import make_sessions
from portal.mail.models import OutgoingMail
from portal.mail.transport import Kept
from portal.privacy.models import PrivacyRequest, Tombstone
from portal.privacy.rules import State
from portal.web import AREA, db
from portal.worker import Worker, handlers
from tests.browser.conftest import AxeViolations
from tests.browser.test_colleague_journey import DESKTOP, PHONE, sound, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PDF = b"%PDF-1.4\n%carte\n%%EOF\n"
CLAIRE, MARC, OTTO = "claire@client.example", "marc@client.example", "otto@autre.example"
DORA, ZOE, NEW = "dora@ims.example", "zoe@ailleurs.example", "marc.weber@client.example"


class House:
    """The client area on a port, its worker at hand, the mails of its outbox; who is signed in without a walk."""

    def __init__(self, url: str, app: Flask, sessions: sessionmaker[Session]) -> None:
        self.url, self.app, self.sessions = url, app, sessions

    def work(self) -> None:
        given = self.app.extensions["portal"]
        worker = Worker(self.sessions, handlers(given.settings, "ims@ims.example", given), now=clock.now)
        worker.run(until_empty=True)

    def mail(self, recipient: str) -> OutgoingMail:
        with self.sessions() as session:
            last = select(OutgoingMail).where(OutgoingMail.recipient == recipient).order_by(OutgoingMail.id.desc())
            return session.scalars(last.limit(1)).one()

    def link(self, recipient: str) -> str:
        found = re.search(re.escape(self.url) + r"\S+", self.mail(recipient).text)
        assert found
        return found.group(0)

    def asked(self) -> PrivacyRequest:
        with self.sessions() as session:
            return session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id.desc()).limit(1)).one()

    def cookie(self, email: str) -> Any:
        """The cookie of somebody who has just signed in: how one does is walked elsewhere."""
        with self.sessions.begin() as session:
            person = session.scalars(select(Person).where(Person.email == email)).one()
            token = begin_session(
                session, person, device="d", device_name="Test", means=("test",), domain="localhost",
                base_url=self.url, now=clock.now(),
            )  # fmt: skip
            held = {
                "_user_id": person.fs_uniquifier, "_fresh": True, "token": token, "fs_cc": "set",
                "fs_paa": clock.now().timestamp(),
            }  # fmt: skip
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return {"name": self.app.config["SESSION_COOKIE_NAME"], "value": signer.dumps(held), "url": self.url}


@pytest.fixture
def house(migrated: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Two organisations and the person in charge of personal data; no mail leaves, the transport keeps it."""
    from portal import worker

    monkeypatch.setattr(worker, "Smtp", lambda _: Kept())
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    url = f"http://localhost:{port}"
    app = create_app(
        read_settings(
            {
                "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_BASE_URL": url,
                "PORTAL_STORAGE_URL": f"file:{tmp_path / 'files'}",
            }
        )
    )  # fmt: skip
    sessions = make_sessions(migrated)
    with sessions.begin() as session:
        for name, siren, people in (
            ("Boulangerie Muller", "732829320", ((CLAIRE, "Claire Muller", ClientRole.ADMINISTRATOR),
                                                 (MARC, "Marc Weber", ClientRole.TECHNICAL))),
            ("Garage Otto", "356000000", ((OTTO, "Otto Schmitt", ClientRole.SIGNATORY),)),
        ):  # fmt: skip
            organisation = create_organisation(
                session, legal_name=name, identity=Identity(siren=siren), public_body=False, by=None, now=clock.now()
            )
            for email, person, role in people:
                add_person(
                    session, organisation=organisation, email=email, name=person, roles=[role], by=None, now=clock.now()
                )
        add_staff(session, email=DORA, name="Dora Données", roles=[StaffRole.PRIVACY], now=clock.now())
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield House(url, app, sessions)
    server.shutdown()
    server.server_close()
    thread.join()
    with app.app_context():
        db.engine.dispose()


class Walker:
    """Somebody in a browser: each page they come to is looked at by axe, once by its heading."""

    def __init__(self, page: "Page", axe: AxeViolations) -> None:
        self.page, self._axe, self._seen = page, axe, set[str]()

    def at(self, heading: str | re.Pattern[str]) -> None:
        self.page.get_by_role("heading", level=1, name=heading).wait_for()
        shown = self.page.locator("main").inner_text()[:300]
        if shown not in self._seen:
            self._seen.add(shown)
            sound(self.page, self._axe)

    def go(self, path: str, heading: str | re.Pattern[str]) -> None:
        self.page.goto(path if path.startswith("http") else f"{AREA}/{path}")
        self.at(heading)

    def press(self, name: str, heading: str | re.Pattern[str], **fields: str) -> None:
        """Fill in what is asked, press, and come to a page."""
        for label, value in fields.items():
            self.page.get_by_label(label.replace("_", " ")).first.fill(value)
        self.page.get_by_role("button", name=name, exact=True).click()
        self.at(heading)

    def follow(self, name: str, heading: str | re.Pattern[str]) -> None:
        self.page.get_by_role("link", name=name, exact=True).click()
        self.at(heading)

    def reads(self, *words: str) -> None:
        for each in words:
            self.page.locator("main").get_by_text(each).first.wait_for()

    def decides(self, reference: str, button: str, **fields: str) -> None:
        """On the desk: open an act, answer its questions, do it."""
        self.page.goto(f"{AREA}/bureau/donnees/{reference}")
        card = self.page.locator("details", has=self.page.locator("summary", has_text=button))
        card.locator("summary").click()
        for label, value in fields.items():
            card.get_by_label(label.replace("_", " ")).first.fill(value)
        sound(self.page, self._axe)
        card.get_by_role("button", name=button).click()
        self.page.locator(".message").first.wait_for()


@contextmanager
def walking(browser: "Browser", house: House, axe: AxeViolations, width: int, email: str | None) -> Iterator[Walker]:
    with visiting(browser, house, width) as (context, page):  # type: ignore[arg-type]
        if email is not None:
            context.add_cookies([house.cookie(email)])
        yield Walker(page, axe)


def takes_file(walker: Walker) -> zipfile.ZipFile:
    with walker.page.expect_download() as held:
        walker.page.get_by_role("button", name=re.compile("Télécharger")).click()
    return zipfile.ZipFile(io.BytesIO(Path(held.value.path()).read_bytes()))


def test_each_right_from_end_to_end(
    browser: "Browser", house: House, database_url: str, axe_violations: AxeViolations
) -> None:
    width = PHONE if database_url.startswith("sqlite") else DESKTOP
    with walking(browser, house, axe_violations, width, MARC) as marc:
        own_rights(house, marc)
    with walking(browser, house, axe_violations, width, CLAIRE) as claire:
        claire.go("mes-donnees/", "Mes données")
        claire.press("Ne plus être citée", "Mes données")  # one click
        claire.reads("ne sera plus citée", "a demandé à ne pas être citée")
        claire.press("Pouvoir être citée de nouveau", "Mes données")
        claire.follow("Demander pour quelqu'un d'autre", "Demander pour quelqu'un d'autre")
        claire.page.get_by_label("Savoir ce que nous avons sur elle").check()
        words = {"Nom_de_la_personne": "Marc Wéber", "Son_adresse_électronique": NEW}
        claire.press("Envoyer la demande", "Demander pour quelqu'un d'autre", **words)
        claire.reads("sans lui, nous ne répondons qu'à la personne")
        claire.press("Envoyer la demande", "Savoir ce que nous avons sur elle", Le_mandat="Marc m'autorise.")
        mandated = house.asked().reference
    stranger_and_staff(browser, house, axe_violations, width, mandated)
    erasure(browser, house, axe_violations, width)


def own_rights(house: House, marc: Walker) -> None:
    """What a signed-in person does alone."""
    marc.go("mes-donnees/", "Mes données")
    # Access: two presses from here, and nothing to type.
    marc.follow("Savoir ce que nous avons sur vous", "Savoir ce que nous avons sur vous")
    marc.press("Préparer mon dossier", "Savoir ce que nous avons sur vous")
    marc.reads("Votre dossier se prépare")
    house.work()
    marc.page.get_by_role("button", name=re.compile("Télécharger")).wait_for()  # the page looks by itself
    marc.at("Savoir ce que nous avons sur vous")
    inside = takes_file(marc)
    assert {name.split("/")[1] for name in inside.namelist()} >= {"lisez-moi.html", "donnees.json", "donnees.csv"}
    marc.go("mes-donnees/demander/portability", "Récupérer vos données")
    marc.press("Préparer mon dossier", "Récupérer vos données")
    house.work()
    marc.page.reload()
    assert "Marc Weber" in takes_file(marc).read(f"{house.asked().reference}/donnees.csv").decode()
    # Rectification: the name at once, the address by its own link.
    marc.go("mes-donnees/demander/rectification", "Corriger vos données")
    marc.press("Corriger", "Corriger vos données", Nom_et_prénom="Marc Wéber")
    marc.reads("C'est corrigé partout.", "Marc Weber", "Marc Wéber", "Terminée")
    marc.go("mes-donnees/demander/rectification/adresse", "Remplacer votre adresse électronique")
    marc.press("Envoyer le lien", "Corriger vos données", Votre_nouvelle_adresse=NEW)
    reference = house.asked().reference
    marc.go(house.link(NEW), "Confirmer votre nouvelle adresse")
    marc.press("Confirmer cette adresse", "Corriger vos données")
    marc.page.wait_for_url(re.compile(f"{reference}$"))
    marc.reads(NEW, "Terminée")
    marc.go(house.link(MARC), "Reprendre votre adresse")
    # Objection: at once, and back.
    marc.go("mes-donnees/demander/objection", "Vous opposer à un usage")
    marc.page.get_by_label("Vous rappeler qu’un devis attend votre réponse").check()
    marc.press("Faire cesser", "Vous opposer à un usage")
    marc.reads("C'est arrêté.")
    marc.go("mes-donnees/", "Mes données")
    marc.page.get_by_role("button", name=re.compile("Laisser reprendre")).click()
    marc.reads("Cet usage peut reprendre.")
    # Restriction: at once; nothing new is done meanwhile; lifted by oneself.
    marc.go("mes-donnees/demander/restriction", "Geler l'usage de vos données")
    marc.press("Geler mes données", "Geler l'usage de vos données")
    marc.reads("Écrivez ce que vous demandez")
    marc.press("Geler mes données", "Geler l'usage de vos données", Quelles_données="Mon adresse est fausse.")
    marc.reads("sont gelées depuis")
    marc.press("Lever le gel maintenant", "Mes données")
    marc.reads("Le gel est levé")


def stranger_and_staff(browser: "Browser", house: House, axe: AxeViolations, width: int, mandated: str) -> None:
    """The public form with its link; what staff write down and decide; an organisation that leaves."""
    with walking(browser, house, axe, width, None) as zoe:
        zoe.go("vos-donnees", "Exercer vos droits sur vos données")
        zoe.press("Envoyer ma demande", "Exercer vos droits sur vos données")
        zoe.page.get_by_label("Savoir ce que nous avons sur vous").check()
        zoe.press("Envoyer ma demande", "Regardez vos courriels", Vos_prénom="Zoé Inconnue", Votre_adresse=ZOE)
        link, reference = house.link(ZOE), house.asked().reference
        zoe.go(link, "Savoir ce que nous avons sur vous")
        zoe.press("Confirmer ma demande", "Savoir ce que nous avons sur vous")
        zoe.reads("Nous répondons au plus tard")
    with walking(browser, house, axe, width, OTTO) as otto:
        otto.go("mes-donnees/demander/client_file", "Quitter le fichier clients")
        otto.press("Envoyer ma demande", "Quitter le fichier clients")
        leaving = house.asked().reference
    with walking(browser, house, axe, width, DORA) as dora:
        dora.go("bureau/", re.compile("."))
        dora.reads("Départ du fichier clients : Otto Schmitt")
        dora.go("bureau/donnees/", "Demandes sur les données personnelles")
        dora.decides(mandated, "Préparer le dossier", Ce_que_vous="Mandat lu.")
        dora.decides(reference, "Préparer le dossier", Ce_que_vous="Adresse confirmée.")
        dora.decides(leaving, "Sortir du fichier clients et prévenir", Ce_que_vous="C'est fait.")
        dora.go("bureau/donnees/noter", "Noter une demande reçue")
        dora.page.get_by_label("Ce qui est demandé").select_option(label="Rectification")
        dora.press(
            "Enregistrer et accuser réception", "Rectification", Nom="Zoé Inconnue", Adresse=ZOE,
            Ce_que_la_personne="Le nom est faux.",
        )  # fmt: skip
        noted = house.asked().reference
        dora.decides(noted, "Demander une preuve d'identité", Le_doute="Numéro inconnu.")
        dora.reads("Le délai est arrêté depuis")
        with walking(browser, house, axe, width, None) as zoe:
            zoe.go(house.link(ZOE), "Corriger vos données")
            zoe.page.set_input_files(
                "input[type=file]", {"name": "carte.pdf", "mimeType": "application/pdf", "buffer": PDF}
            )
            zoe.press("Envoyer ma preuve", "Corriger vos données")
            zoe.reads("Votre preuve d'identité est arrivée")
        dora.decides(noted, "Reprendre le délai", Comment="Rappelée.")
        dora.decides(noted, "Reporter de deux mois et prévenir", La_raison="Recherche longue.")
        dora.decides(noted, "Refuser et prévenir", Le_fondement="Nous n'avons aucun nom à corriger.")
        for path, heading in (
            ("bureau/donnees/traitements", "Registre des traitements"), ("bureau/donnees/archive", "Archive restreinte"),
        ):  # fmt: skip
            dora.go(path, heading)
    with walking(browser, house, axe, width, None) as zoe:
        zoe.go(house.link(ZOE), "Corriger vos données")
        zoe.reads("Nous n'avons aucun nom à corriger.", "TSA 80715")
        house.work()
        zoe.go(link, "Savoir ce que nous avons sur vous")
        assert takes_file(zoe).testzip() is None
    with house.sessions() as session:
        assert session.scalars(select(Organisation.left_at).where(Organisation.legal_name == "Garage Otto")).one()


def erasure(browser: "Browser", house: House, axe: AxeViolations, width: int) -> None:
    """Seen record by record, confirmed, decided, done to the last file, and told."""
    with walking(browser, house, axe, width, NEW) as marc:
        marc.go("mes-donnees/effacer", "Effacer vos données")
        marc.reads("effacé")
        marc.press("Demander l'effacement", "Effacer vos données")
        marc.reads("Nous répondons au plus tard")
        reference = house.asked().reference
    with walking(browser, house, axe, width, DORA) as dora:
        dora.decides(reference, "Effacer maintenant", Ce_que_vous="Aucune contestation ouverte.")
        house.work()
        dora.go(f"bureau/donnees/{reference}", "Effacement")
        dora.reads("Terminée")
        told = dora.page.locator("details", has_text="Les personnes de votre organisation")
        told.locator("summary").click()
        told.get_by_label("Comment").fill("Par téléphone.")
        told.get_by_role("button", name="Noter").click()
        dora.reads("C'est noté")
    with walking(browser, house, axe, width, None) as marc:
        marc.go(house.link(NEW), "Effacer vos données")
        marc.reads("Vos données sont effacées", "Par téléphone.")
    with house.sessions() as session:
        assert session.scalars(select(Person).where(Person.email.in_([MARC, NEW]))).first() is None
        assert len(session.scalars(select(Tombstone)).all()) == 2  # the former address too
        states = set(session.scalars(select(PrivacyRequest.state)))
        assert states <= {State.DONE, State.REFUSED, State.RECEIVED, State.WITHDRAWN}
