"""A mail that does not leave is seen by who can do something about it, and leaves when they say so."""

import smtplib
from email.message import EmailMessage

from sqlalchemy import select

from portal.accounts.models import Grant, Person
from portal.jobs.actions import lease
from portal.jobs.models import Job
from portal.jobs.rules import Patience
from portal.mail.actions import deliver, post
from portal.mail.models import OutgoingMail
from portal.mail.transport import Kept
from tests.accounts.conftest import STAFF, Portal
from tests.quotes.conftest import hidden, signed_in

MAIL = "/espace-client/bureau/mails/1"


class Refusing:
    """A server that says no for good."""

    def send(self, message: EmailMessage) -> None:
        raise smtplib.SMTPRecipientsRefused({"x@y.example": (550, b"no such user")})


def try_once(portal: Portal, transport: Refusing | Kept) -> None:
    with portal.sessions.begin() as session:
        job = lease(session, now=portal.clock())
    assert job is not None
    deliver(portal.sessions, job, transport=transport, sender="i@ims.example", now=portal.clock(), patience=Patience())


def fail(portal: Portal) -> None:
    with portal.sessions.begin() as session:
        post(
            session, event="e", recipient="x@y.example", subject="Votre devis", text="t", html=None,
            domain="ims.example", now=portal.clock(),
        )  # fmt: skip
    try_once(portal, Refusing())


def test_a_mail_that_was_given_up_waits_on_the_desk_and_leaves_when_it_is_sent_again(portal: Portal) -> None:
    fail(portal)
    staff = signed_in(portal, STAFF)
    assert "Votre devis" in staff.open("bureau/")
    page = staff.open(MAIL)
    assert "550 no such user" in page
    assert "ne repartira que si vous le demandez" in page
    staff.last = staff.client.post(f"{MAIL}/renvoyer", data=hidden(page))
    staff._page(303)
    try_once(portal, Kept())
    assert "Rien n'attend" in staff.open("bureau/")
    assert "Courriel parti" in staff.open(MAIL)


def test_a_mail_that_a_worker_holds_is_left_to_it(portal: Portal) -> None:
    fail(portal)
    staff = signed_in(portal, STAFF)
    page = staff.open(MAIL)
    with portal.sessions.begin() as session:
        session.scalars(select(Job)).one().due_at = portal.clock()
    with portal.sessions.begin() as session:
        assert lease(session, now=portal.clock()) is not None
    staff.last = staff.client.post(f"{MAIL}/renvoyer", data=hidden(page))
    staff._page(303)
    with portal.sessions() as session:
        assert session.scalars(select(Job.attempts)).one() == 2


def test_a_mail_that_has_not_been_tried_yet_is_nobodys_task(portal: Portal) -> None:
    with portal.sessions.begin() as session:
        post(
            session, event="e", recipient="x@y.example", subject="s", text="t", html=None, domain="ims.example",
            now=portal.clock(),
        )  # fmt: skip
    staff = signed_in(portal, STAFF)
    assert "Rien n'attend" in staff.open("bureau/")
    staff.open(MAIL, 404)


def test_only_an_administrator_of_the_staff_sees_other_peoples_mail(portal: Portal) -> None:
    fail(portal)
    staff = signed_in(portal, STAFF)
    with portal.sessions.begin() as session:
        person = session.get_one(Person, portal.ids[STAFF])
        person.roles[:] = []
        session.flush()
        person.roles.append(Grant(name="sales"))
    staff.open(MAIL, 403)
    assert "Rien n'attend" in staff.open("bureau/")
    with portal.sessions() as session:
        assert session.scalars(select(OutgoingMail.sent_at)).one() is None


def test_kinds_can_be_looked_at_one_by_one(portal: Portal) -> None:
    fail(portal)
    staff = signed_in(portal, STAFF)
    assert "Courriels non partis (1)" in staff.open("bureau/")
    assert "Votre devis" in staff.open("bureau/?genre=mails-en-echec")
    assert "Rien de ce genre n'attend" in staff.open("bureau/?genre=demandes-de-devis")


def test_a_mail_that_came_back_waits_on_the_desk_until_somebody_takes_note_of_it(portal: Portal) -> None:
    from portal.hotline import open_receiver
    from portal.web import services
    from tests.mail.test_reports import report

    with portal.sessions.begin() as session:
        mail = post(
            session, event="e", recipient="claire@client.example", subject="Votre devis", text="t", html=None,
            domain="ims.example", now=portal.clock(),
        )  # fmt: skip
    try_once(portal, Kept())
    raw = report("failed", "5.1.1", f"Message-ID: {mail.message_id}\n")
    receiver = open_receiver(services(portal.app), portal.sessions)
    receiver.receive(raw, via="pipe", now=portal.clock())
    staff = signed_in(portal, STAFF)
    assert "Courriel revenu" in staff.open("bureau/")
    page = staff.open(MAIL)
    assert "no such user" in page
    assert "Delivery Status Notification" in page
    assert staff.client.get("/espace-client/bureau/mails/recus/1").data == raw
    staff.last = staff.client.post(f"{MAIL}/vu", data=hidden(page))
    staff._page(303)
    assert "Courriel revenu" not in staff.open("bureau/")
    assert "no such user" in staff.open(MAIL)
