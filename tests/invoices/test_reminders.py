"""The ladder: one mail a morning at most, never of what is disputed or paid; proposals wait for a person."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Person
from portal.invoices.dispute_actions import Grievance, Trace, file_dispute
from portal.invoices.dispute_letters import DisputeLetters
from portal.invoices.dispute_rules import Reason
from portal.invoices.jobs import HANDLERS, RECURRING, REMINDERS
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice
from portal.invoices.payment_actions import grant_deferral, record_payment
from portal.invoices.payment_rules import Means
from portal.invoices.reminder_actions import (
    AlreadyDecided,
    RungTaken,
    add_rung,
    begin_ladder,
    decide,
    ladder,
    open_proposals,
    remind,
    remindable,
    remove_rung,
    stop_reminders,
)
from portal.invoices.reminder_letters import ReminderLetters
from portal.invoices.reminder_models import Reminder
from portal.invoices.reminder_rules import Rung, Step, reached
from portal.jobs.actions import enqueue, lease
from portal.mail.models import OutgoingMail
from portal.terms import Library
from tests.accounts.conftest import Portal, portal
from tests.invoices.conftest import NOON, reading
from tests.invoices.test_views import Given, give, text
from tests.invoices.test_views import biller as biller_address
from tests.quotes.conftest import signed_in

__all__ = ["biller_address", "give", "portal"]
Add = Callable[..., Invoice]
DUE = date(2026, 12, 23)


def at(days: int) -> datetime:
    """Noon, so many days after the due day of the usual invoice."""
    return NOON + timedelta(days=30 + days)


class Ladder:
    """The verbs, with what they always need."""

    def __init__(self, sessions: sessionmaker[Session], letters: Letters, by: Person) -> None:
        self.sessions, self.letters, self.by = sessions, ReminderLetters(letters), by
        with sessions.begin() as session:
            begin_ladder(session, by=session.merge(by), at=NOON)

    def climb(self, invoice: Invoice, days: int) -> list[Step]:
        with self.sessions.begin() as session:
            made = remind(
                session, session.get_one(Invoice, invoice.id), ladder(session), letters=self.letters, at=at(days)
            )
            return [each.rung.step for each in made if not each.skipped]

    def mails(self) -> list[OutgoingMail]:
        with self.sessions() as session:
            return list(session.scalars(select(OutgoingMail).where(OutgoingMail.event == "invoices/reminder")))


@pytest.fixture
def rungs(sessions: sessionmaker[Session], letters: Letters, biller: Person) -> Ladder:
    return Ladder(sessions, letters, biller)


@pytest.mark.parametrize(("days", "found"), [(-8, 0), (-7, 1), (2, 1), (3, 1)])
def test_a_rung_is_reached_on_its_day_and_not_the_day_before(days: int, found: int) -> None:
    held = [Rung(1, -7, Step.MAIL), Rung(2, 3, Step.MAIL)]
    now = reached(held, DUE, DUE + timedelta(days=days), done=())
    assert (now.mail is not None) is bool(found)
    if days == 3:
        assert now.mail == held[1]
        assert now.passed_over == (held[0],)


def test_the_ladder_is_climbed_one_mail_at_a_time_and_each_once(add: Add, rungs: Ladder) -> None:
    invoice = add()
    assert rungs.climb(invoice, -8) == []
    assert rungs.climb(invoice, -7) == [Step.MAIL]
    assert rungs.climb(invoice, -7) == []
    assert rungs.climb(invoice, 30) == [Step.MAIL, Step.SUSPENSION]  # a worker that stood still writes once
    assert rungs.climb(invoice, 45) == [Step.FORMAL_NOTICE]
    before, after = rungs.mails()
    assert "à régler au plus tard le 23\u00a0décembre" in before.subject
    assert "échéance dépassée" in after.subject
    assert "article 7.4" in after.text
    assert "article 7.4" not in before.text


def test_what_is_paid_put_off_or_stopped_is_left_alone(add: Add, rungs: Ladder, letters: Letters) -> None:
    paid, put_off, stopped = add(), add(reading("F-2")), add(reading("F-3"))
    with rungs.sessions.begin() as session:
        by = session.merge(rungs.by)
        record_payment(
            session, session.get_one(Invoice, paid.id), day=date(2026, 11, 23), amount=Decimal(480),
            means=Means.TRANSFER, reference="", form_key="k", by=by, at=NOON,
        )  # fmt: skip
        grant_deferral(
            session, session.get_one(Invoice, put_off.id), until=DUE + timedelta(days=60), granted_on=date(2026, 11, 23),
            writing="Courriel.", form_key="k", by=by, letters=letters, at=NOON,
        )  # fmt: skip
        stop_reminders(session, session.get_one(Invoice, stopped.id), reason="En discussion.", by=by, at=NOON)
    assert [rungs.climb(each, 10) for each in (paid, put_off, stopped)] == [[], [], []]
    assert rungs.climb(put_off, 53) == [Step.MAIL]  # its own due day's ladder
    with rungs.sessions() as session:
        assert remindable(session, ladder(session), DUE + timedelta(days=62)) == []
        assert remindable(session, ladder(session), DUE + timedelta(days=63)) == [put_off.id]


def test_a_disputed_part_is_not_reminded_of_and_a_late_claim_is(
    add: Add, rungs: Ladder, library: Library, letters: Letters, bookkeeper: Person
) -> None:
    part, whole, late = add(), add(reading("F-2")), add(reading("F-3", issued_on=date(2026, 10, 1)))
    with rungs.sessions.begin() as session:
        for invoice, amount in ((part, "180.00"), (whole, "480.00"), (late, "480.00")):
            file_dispute(
                session, session.get_one(Invoice, invoice.id), Grievance(Decimal(amount), Reason.PRICE, "Trop."),
                by=session.merge(bookkeeper), form_key=f"k{invoice.id}", trace=Trace(), library=library,
                letters=DisputeLetters(letters), at=NOON,
            )  # fmt: skip
    assert [rungs.climb(each, 3) for each in (part, whole, late)] == [[Step.MAIL], [], [Step.MAIL]]
    first, second = rungs.mails()
    assert "300,00\u00a0€" in first.subject
    assert "La part que vous contestez, 180,00\u00a0€, n'est pas comptée" in first.text
    assert "480,00\u00a0€" in second.subject


def test_a_proposal_waits_for_a_person_and_is_decided_once(add: Add, rungs: Ladder) -> None:
    invoice = add()
    rungs.climb(invoice, 30)
    with rungs.sessions.begin() as session:
        (proposal,) = open_proposals(session)
        decide(session, proposal, done=False, words="Bon client.", by=session.merge(rungs.by), at=at(31))
        number = proposal.id
    with rungs.sessions() as session:
        assert open_proposals(session) == []
        with pytest.raises(AlreadyDecided):
            decide(session, session.get_one(Reminder, number), done=True, words="", by=rungs.by, at=at(32))


def test_staff_set_the_ladder(rungs: Ladder) -> None:
    with rungs.sessions.begin() as session:
        by = session.merge(rungs.by)
        count = len(ladder(session))
        begin_ladder(session, by=by, at=NOON)  # there is one: nothing is added
        assert len(ladder(session)) == count
        with pytest.raises(RungTaken):
            add_rung(session, days=3, step=Step.MAIL, words="", by=by, at=NOON)
        rung = add_rung(session, days=5, step=Step.MAIL, words="Merci.", by=by, at=NOON)
        remove_rung(session, rung, by=by, at=NOON)
        assert len(ladder(session)) == count


def test_the_job_climbs_for_every_invoice_and_ends_itself(portal: Portal, give: Given, biller_address: str) -> None:
    give()
    give(reading("F-2"))
    with portal.sessions.begin() as session:
        begin_ladder(session, by=session.merge(portal.person(biller_address)), at=NOON)
        enqueue(session, REMINDERS, {}, key="once", now=NOON - timedelta(days=1))
    with portal.sessions.begin() as session:
        job = lease(session, now=NOON)
        while job is not None and job.kind != REMINDERS:
            job = lease(session, now=NOON)
    assert job
    HANDLERS[REMINDERS](portal.sessions, job, at(3), portal.app.extensions["portal"])
    assert [mail.event for mail in portal.mails()].count("invoices/reminder") == 2
    assert [one.kind for one in RECURRING] == [REMINDERS]


def test_staff_see_the_ladder_change_it_and_decide(portal: Portal, give: Given, biller_address: str) -> None:
    number = give()
    anne = signed_in(portal, biller_address)
    page = "bureau/factures/rappels"
    assert "l'échelle est vide" in text(anne.open(page))
    anne.send(f"{page}/commencer", on=page)
    assert "7 jours avant l'échéance" in text(anne.open(page))
    anne.send(page, 422, on=page, days="x", side="apres", step="mail")
    anne.send(page, 409, on=page, days="3", side="apres", step="mail")
    anne.send(page, on=page, days="5", side="avant", step="mail", words="Bonne journée.")
    assert "Bonne journée." in anne.open(page)
    services = portal.app.extensions["portal"]
    with portal.sessions.begin() as session:
        from portal.invoices.links import Links

        mails = ReminderLetters(Letters(services.library, Links("http://localhost"), "localhost"))
        remind(session, session.get_one(Invoice, number), ladder(session), letters=mails, at=at(45))
    assert "suspendre les commandes" in text(anne.open("bureau/"))
    asked = text(anne.open(page))
    assert "À décider" in asked
    with portal.sessions() as session:
        proposal = open_proposals(session)[0].id
    path = f"bureau/factures/propositions/{proposal}"
    shown = text(anne.open(path))
    assert "Rien ne se fait de soi-même" in shown
    assert "aucune commande en cours : il n'y a rien à suspendre" in shown
    anne.send(path, 422, on=path)
    anne.send(path, on=path, decision="renonce", words="Bon client.")
    assert "Renoncé, par Anne Klein" in text(anne.open(path))
    anne.send(f"bureau/factures/{number}/rappels", on=f"bureau/factures/{number}", reason="Accord oral.")
    assert "Les rappels sont arrêtés : Accord oral." in text(anne.open(f"bureau/factures/{number}"))
