"""A ticket by mail and the reply by mail, the appointment, time noted, points charged, an entry contested and answered,
the close: a real mail server on both sides of a real browser, staff at a desk, the client on a phone."""

import email
import os
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default
from typing import TYPE_CHECKING

import icalendar
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from portal import clock
from portal.accounts.models import Organisation, Person
from portal.accounts.sign_in import begin_session
from portal.app import create_app
from portal.config import read_settings
from portal.contracts.agreement_actions import open_contract
from portal.contracts.rules import Kind, Overdraft, SpecialConditions
from portal.db import make_sessions
from portal.jobs.actions import lease
from portal.jobs.rules import Patience
from portal.mail.actions import JOB, deliver
from portal.mail.transport import Smtp
from portal.web import AREA, services
from tests.accounts.conftest import CLAIRE, LEA, STAFF, seed
from tests.browser.conftest import AxeViolations
from tests.browser.serving import free_port, on_a_port
from tests.browser.test_colleague_journey import Area, sound, visiting

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

PHONE, DESKTOP = 375, 1280


@dataclass
class Served:
    """A portal on a port, with a contract of a hundred points, and a mail server in front of its hotline."""

    app: Flask
    area: Area
    sessions: sessionmaker[Session]
    contract: str
    mails: "MailServer"

    def sign_in(self, context: "BrowserContext", email: str) -> None:
        """How one gets there is the accounts' own journey."""
        with self.sessions.begin() as session:
            person = session.scalars(select(Person).where(Person.email == email)).one()
            unique, token = person.fs_uniquifier, begin_session(
                session, person, device="d", device_name="Test", means=("test",), domain="localhost",
                base_url="http://localhost", now=clock.now(),
            )  # fmt: skip
        client = self.app.test_client()
        with client.session_transaction() as held:
            held.update(_user_id=unique, _fresh=True, token=token)
        cookie = client.get_cookie("portail")
        assert cookie is not None
        context.add_cookies([{"name": "portail", "value": cookie.value, "url": self.area.url}])


class MailServer:
    """What is for the hotline goes down a pipe to ``portal mail receive``, as a mail server does; the rest is a client's."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ
        self.delivered: list[EmailMessage] = []
        self.references: list[str] = []
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        raw = bytes(envelope.original_content or b"")
        for recipient in envelope.rcpt_tos:
            if not recipient.startswith("hotline"):
                message = email.message_from_bytes(raw, policy=default)
                assert isinstance(message, EmailMessage)
                self.delivered.append(message)
                continue
            above = f"Delivered-To: {recipient}\r\nAuthentication-Results: mx.ims.example; dmarc=pass header.from=client.example\r\n"
            command = [sys.executable, "-m", "portal.cli", "mail", "receive", "-"]
            done = subprocess.run(
                command, input=above.encode() + raw, env=self.environ, capture_output=True, check=False
            )
            if done.returncode:
                return f"451 {done.returncode}"
            self.references.append(done.stdout.decode().strip())
        return "250 OK"

    def write(self, to: str, subject: str, words: str, **fields: str) -> str:
        """Claire writes; the reference of the ticket that it became or joined."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = f"Claire Muller <{CLAIRE}>", to, subject
        message["Message-ID"] = f"<{len(self.references)}.{self.port}@client.example>"
        for name, value in fields.items():
            message[name.replace("_", "-")] = value
        message.set_content(words)
        with smtplib.SMTP("127.0.0.1", self.port) as line:
            line.send_message(message)
        return self.references[-1]

    def send_out(self, sessions: sessionmaker[Session]) -> None:
        """What the worker does with the outbox."""
        transport = Smtp(f"smtp://127.0.0.1:{self.port}")
        while True:
            with sessions.begin() as session:
                job = lease(session, now=clock.now())
            if job is None:
                return
            if job.kind == JOB:
                deliver(
                    sessions, job, transport=transport, sender="IMS <hotline@ims.example>", now=clock.now(), patience=Patience()
                )  # fmt: skip

    def to_claire(self, subject: str) -> EmailMessage:
        """The last mail that Claire got of a subject."""
        return [each for each in self.delivered if each["To"] == CLAIRE and subject in each["Subject"]][-1]


@pytest.fixture
def served(migrated: Engine, database_url: str, tmp_path: "Path") -> Iterator[Served]:
    """The portal on a port, its mail server beside it."""
    port = free_port()
    settings = {
        "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_BASE_URL": f"http://localhost:{port}",
        "PORTAL_STORAGE_URL": f"file://{tmp_path / 'files'}", "PORTAL_MAIL_HOTLINE": "hotline@ims.example",
        "PORTAL_MAIL_AUTHSERV": "mx.ims.example",
    }  # fmt: skip
    app = create_app(read_settings(settings))
    sessions = make_sessions(migrated)
    with sessions.begin() as session:
        ids = seed(session)
        version = services(app).library.in_force(clock.today_in_paris())
        contract = open_contract(
            session, organisation=session.get_one(Organisation, ids["client"]), kind=Kind.LIBERTY, points=Decimal(100),
            terms_slug=version.slug, terms_sha256=version.sha256, special_conditions=SpecialConditions("Le samedi."),
            overdraft=Overdraft(), by=session.get_one(Person, ids[STAFF]), at=clock.now(), reason="Papier",
        ).reference  # fmt: skip
    with on_a_port(app, port):
        mails = MailServer(
            {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")} | settings
        )
        mails.controller.start()
        yield Served(app, Area(f"http://localhost:{port}", sessions), sessions, contract, mails)
        mails.controller.stop()


@pytest.mark.parametrize(
    ("database_url", "desk", "pocket"),
    [("sqlite", DESKTOP, PHONE), ("postgresql", PHONE, DESKTOP)],
    indirect=["database_url"],
)
def test_a_ticket_by_mail_to_its_close(
    browser: "Browser", served: Served, axe_violations: AxeViolations, desk: int, pocket: int
) -> None:
    mails = served.mails
    reference = mails.write(
        "hotline@ims.example", "Imprimante en panne", "Elle n'imprime plus.\n\n-- \nClaire, fournil"
    )
    time = f"{AREA}/bureau/tickets/{reference}/temps"
    with visiting(browser, served.area, desk) as (context, nadia):
        served.sign_in(context, STAFF)
        nadia.goto(f"{AREA}/bureau/")
        nadia.get_by_role("link", name="Imprimante en panne").first.click()
        nadia.get_by_text("par courriel").first.wait_for()
        nadia.get_by_role("heading", name="À rappeler").wait_for()
        nadia.get_by_label("Votre message").fill("Quel modèle ?")
        nadia.get_by_label("Le client, qui doit répondre").check()
        nadia.get_by_role("button", name="Envoyer ou noter").click()
        nadia.get_by_text("Votre message est envoyé").wait_for()
        mails.send_out(served.sessions)
        # She answers it in her mailer, which cites what it answers.
        ours = mails.to_claire("Imprimante en panne")
        body = ours.get_body(("plain",))
        assert body is not None
        cited = "".join(f"> {line}\n" for line in body.get_content().splitlines())
        assert "Quel modèle" in cited
        assert reference == mails.write(
            ours["Reply-To"], f"Re: {ours['Subject']}", f"Une laser.\n\nLe 24/11/2026, IMS a écrit :\n{cited}",
            In_Reply_To=ours["Message-ID"], References=ours["Message-ID"],
        )  # fmt: skip
        nadia.reload()
        nadia.get_by_text("Une laser.", exact=True).first.wait_for()
        assert (
            nadia.get_by_text("> Quel modèle").count() == 0 or not nadia.get_by_text("> Quel modèle").first.is_visible()
        )
        sound(nadia, axe_violations)
        nadia.goto(f"{AREA}/bureau/courriels-recus/")
        assert nadia.get_by_role("link", name=reference).count() == 2
        sound(nadia, axe_violations)
        nadia.goto(f"{AREA}/bureau/tickets/{reference}")
        nadia.get_by_text("Prendre un rendez-vous").click()
        nadia.get_by_label("Jour").fill("2030-12-03")
        nadia.get_by_label("De", exact=True).fill("09:00")
        nadia.get_by_label("À", exact=True).fill("10:30")
        nadia.get_by_role("button", name="Prendre le rendez-vous").click()
        nadia.get_by_text("Le rendez-vous est pris").wait_for()
        mails.send_out(served.sessions)
        invitation = next(part for part in mails.delivered[-1].walk() if part.get_content_type() == "text/calendar")
        (event,) = icalendar.Calendar.from_ical(invitation.get_content()).walk("VEVENT")
        assert (str(event["STATUS"]), event["SEQUENCE"]) == ("CONFIRMED", 0)
        nadia.goto(time)
        sound(nadia, axe_violations)
        nadia.get_by_label("Nature du travail").select_option("remote-desktop")
        nadia.get_by_label("Minutes").fill("7")
        nadia.get_by_text("Il resterait 85\u00a0points.").wait_for()  # while typing
        nadia.get_by_label("Ce qui a été fait").fill("Pilote de l'imprimante réinstallé")
        nadia.get_by_role("button", name="Noter").click()
        nadia.get_by_role("button", name="Terminer et décompter 15\u00a0points").wait_for()
        sound(nadia, axe_violations)
        nadia.get_by_role("button", name="Terminer et décompter 15\u00a0points").click()
        nadia.get_by_text("Intervention décomptée").wait_for()

    with visiting(browser, served.area, pocket) as (context, lea):
        served.sign_in(context, LEA)
        lea.goto(f"{AREA}/contrats/")
        sound(lea, axe_violations)
        lea.get_by_role("link", name=f"Liberty {served.contract}").click()
        lea.get_by_text("7\u00a0min réelles, 15\u00a0min comptées").wait_for()
        sound(lea, axe_violations)
        lea.get_by_label("Me prévenir quand il reste").fill("50")
        lea.get_by_role("button", name="Me prévenir").click()
        lea.get_by_text("Quand il reste 50\u00a0points ou moins").wait_for()
        lea.goto(f"{AREA}/tickets/{reference}/temps")
        sound(lea, axe_violations)
        lea.get_by_role("link", name="Contester").click()
        sound(lea, axe_violations)
        lea.get_by_label("Ce qui ne va pas").fill("J'étais absente ce jour-là.")
        lea.get_by_role("button", name="Envoyer la contestation").click()
        lea.get_by_text("La réponse est attendue").wait_for()
        sound(lea, axe_violations)

    with visiting(browser, served.area, desk) as (context, nadia):
        served.sign_in(context, STAFF)
        nadia.goto(f"{AREA}/bureau/")
        nadia.get_by_role("link", name="Boulangerie Muller").first.click()
        nadia.get_by_role("heading", name="Répondre à une contestation").wait_for()
        sound(nadia, axe_violations)
        nadia.get_by_label("Corriger le temps").check()
        nadia.get_by_label("Pilote de l'imprimante réinstallé, en minutes").fill("0")
        nadia.get_by_label("Pourquoi").fill("C'était un autre client, pardon.")
        nadia.get_by_role("button", name="Répondre et prévenir").click()
        nadia.get_by_text("La réponse est envoyée").wait_for()
        nadia.goto(f"{AREA}/bureau/contrats/{served.contract}")
        sound(nadia, axe_violations)
        nadia.goto(f"{AREA}/bureau/contrats/nouveau")
        sound(nadia, axe_violations)

    with visiting(browser, served.area, pocket) as (context, lea):
        served.sign_in(context, LEA)
        lea.goto(f"{AREA}/tickets/{reference}/temps")
        lea.get_by_text("C'était un autre client, pardon.").first.wait_for()
        lea.goto(f"{AREA}/contrats/{served.contract}")
        lea.get_by_text("Il reste 100\u00a0points").first.wait_for()

    mails.send_out(served.sessions)
    counted = mails.to_claire("intervention décomptée").get_body(("plain",))
    assert counted is not None
    assert "Il reste 85\u00a0points." in counted.get_content()
    with visiting(browser, served.area, pocket) as (context, claire):
        served.sign_in(context, CLAIRE)
        claire.goto(f"{AREA}/tickets/{reference}")
        claire.get_by_role("button", name="C'est réglé, clore le ticket").click()
        claire.get_by_text("Le ticket est clos").first.wait_for()
        claire.goto(f"{AREA}/contrats/")
        claire.get_by_label("Le relevé de chaque mois").check()
        claire.get_by_role("button", name="Garder ce choix").click()
        claire.get_by_text("Votre choix est gardé").wait_for()
        sound(claire, axe_violations)
