"""The words of each mail. To take over a wording that was changed on purpose: SNAPSHOTS=write."""

import os
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import html5lib
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Person
from portal.invoices.dispute_actions import Grievance, Point, Trace, file_dispute, record_dispute
from portal.invoices.dispute_answer_actions import answer_as_client, answer_as_staff
from portal.invoices.dispute_letters import DisputeLetters
from portal.invoices.dispute_models import Dispute
from portal.invoices.dispute_rules import Act, Channel, Reason
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice
from portal.invoices.payment_actions import cancel, claim_penalty, grant_deferral
from portal.invoices.payment_rules import Regime
from portal.invoices.reminder_actions import add_rung, ladder, remind
from portal.invoices.reminder_letters import ReminderLetters
from portal.invoices.reminder_rules import Step
from portal.mail.models import OutgoingMail
from portal.terms import Library
from tests.invoices.conftest import BOOKKEEPER, NOON, reading

MAILS = Path(__file__).parent / "mails"
SENT = {
    "announced", "announced-late", "deferred", "claimed", "cancelled", "reminder-before", "reminder-after",
    "notice", "notice-late", "recorded", "acknowledge", "ask", "propose", "credit", "maintain", "admit", "settle",
    "uphold", "answer", "withdraw",
}  # fmt: skip
Add = Callable[..., Invoice]


@pytest.fixture
def mails(
    sessions: sessionmaker[Session], library: Library, letters: Letters, bookkeeper: Person, biller: Person, add: Add
) -> dict[str, OutgoingMail]:
    first, old, late = (
        add(),
        add(reading("F-2", issued_on=date(2026, 10, 1), due_on=date(2026, 10, 31))),
        add(reading("F-3")),
    )
    disputes = DisputeLetters(letters)
    with sessions.begin() as session:
        by, client = session.merge(biller), session.merge(bookkeeper)
        invoice, second, third = (session.get_one(Invoice, each.id) for each in (first, old, late))
        add_rung(session, days=-7, step=Step.MAIL, words="", by=by, at=NOON)
        add_rung(session, days=3, step=Step.MAIL, words="Une question ? Appelez-nous.", by=by, at=NOON)
        for days in (-7, 3):
            remind(
                session, invoice, ladder(session), letters=ReminderLetters(letters), at=NOON + timedelta(days=30 + days)
            )
        granted = grant_deferral(
            session, second, until=date(2026, 12, 15), granted_on=date(2026, 11, 20), writing="Courriel.", form_key="k",
            by=by, letters=letters, at=NOON,
        )  # fmt: skip
        cancel(session, granted, reason="Saisi par erreur.", by=by, letters=letters, at=NOON)
        claim_penalty(
            session, second, day=NOON.date(), regime=Regime.CLAUSE, penalty=Decimal("9.52"), indemnity=Decimal(0),
            words="Merci de régler.", form_key="k", by=by, letters=letters, at=NOON,
        )  # fmt: skip
        screen = invoice.lines[1].id

        def filed(on: Invoice, key: str, points: tuple[Point, ...] = (), amount: str = "480.00") -> Dispute:
            grievance = Grievance(
                Decimal(amount), Reason.INCOMPLETE, "L'écran manque.\n\nhttps://ailleurs.example", points
            )
            return file_dispute(
                session,
                on,
                grievance,
                by=client,
                form_key=key,
                trace=Trace(),
                library=library,
                letters=disputes,
                at=NOON,
            )

        def staff(dispute: Dispute, act: Act, amount: str | None = None) -> None:
            answer_as_staff(
                session, dispute, act, by=by, words="Voici pourquoi.", form_key=act.value, letters=disputes,
                amount=Decimal(amount) if amount else None, at=NOON + timedelta(hours=1),
            )  # fmt: skip

        def writes(dispute: Dispute, act: Act, words: str = "") -> None:
            answer_as_client(
                session, dispute, act, by=client, words=words, form_key=act.value, letters=disputes,
                at=NOON + timedelta(hours=2),
            )  # fmt: skip

        one = filed(invoice, "a", (Point(screen, Decimal("300.00")),), "300.00")
        for act in (Act.ACKNOWLEDGE, Act.ASK):
            staff(one, act)
        writes(one, Act.ANSWER, "Voici la photo.")
        for act, amount in ((Act.PROPOSE, "50"), (Act.CREDIT, "60"), (Act.MAINTAIN, None)):
            staff(one, act, amount)
        writes(one, Act.UPHOLD)
        staff(one, Act.SETTLE)
        two = filed(second, "b")
        staff(two, Act.ADMIT)
        writes(two, Act.WITHDRAW)
        record_dispute(
            session, third, Grievance(Decimal("480.00"), Reason.TWICE, "Déjà payé."), channel=Channel.LETTER,
            sent_on=NOON.date(), author="Marc Weber", mail=BOOKKEEPER, ticket=None, files=(), by=by, form_key="c",
            library=library, letters=disputes, at=NOON,
        )  # fmt: skip
    with sessions() as session:
        return {
            name: mail
            for mail in session.scalars(select(OutgoingMail).order_by(OutgoingMail.id))
            if (name := _name(mail))
        }


def _name(mail: OutgoingMail) -> str:
    """Which of them a mail is; the client's copy where both sides have one."""
    event = mail.event.removeprefix("invoices/")
    match event:
        case "announced":
            return "announced-late" if "s'est achevé" in mail.text else "announced"
        case "reminder":
            return "reminder-after" if "dépassée" in mail.subject else "reminder-before"
        case "dispute_notice":
            kind = "notice-late" if "hors délai" in mail.subject else "notice"
            return kind if mail.recipient == BOOKKEEPER else ""
        case "dispute_recorded":
            return "recorded"
        case "dispute_answer":
            return _act(mail)
        case _:
            return event


def _act(mail: OutgoingMail) -> str:
    words = {
        "prise en charge": "acknowledge", "question": "ask", "solution proposée": "propose", "avoir accordé": "credit",
        "facture maintenue": "maintain", "admise comme": "admit", "contestation close": "settle",
        "désaccord maintenu": "uphold", "contestation retirée": "withdraw", "nouveau message": "answer",
    }  # fmt: skip
    return next(name for said, name in words.items() if said in mail.subject)


def test_every_mail_says_what_it_said(mails: dict[str, OutgoingMail]) -> None:
    assert set(mails) == SENT
    for name, mail in mails.items():
        file = MAILS / f"{name}.txt"
        words = f"À : {mail.recipient}\nObjet : {mail.subject}\n\n{mail.text}"
        if os.environ.get("SNAPSHOTS") == "write":
            file.parent.mkdir(exist_ok=True)
            file.write_text(words)
        assert words == file.read_text(), name


def test_every_mail_is_valid_html_with_one_button_and_none_of_what_somebody_wrote(
    mails: dict[str, OutgoingMail],
) -> None:
    for name, mail in mails.items():
        html5lib.HTMLParser(strict=True).parse(mail.html or "")
        assert (mail.html or "").count("background:#00607a") == 1, name
        assert 'href="https://ailleurs.example' not in (mail.html or ""), name
