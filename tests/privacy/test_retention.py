"""How long things are held: each line of the table, over years with a moved clock; what is needed is spared."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import AccessRequest, Grant, Invitation, MailCode, Organisation, Person, SignedIn
from portal.accounts.rules import ClientRole
from portal.clock import PARIS
from portal.contracts.mail_models import PointsMails
from portal.contracts.models import Contract
from portal.contracts.rules import Kind, Policy
from portal.evidence.actions import record, verify_log
from portal.evidence.models import Entry, Payload
from portal.files.actions import keep
from portal.files.store import Store
from portal.invoices.dispute_models import Dispute, DisputeDraft
from portal.invoices.dispute_rules import Channel as DisputeChannel
from portal.invoices.dispute_rules import DisputeState, Reason
from portal.invoices.models import Invoice
from portal.mail.models import OutgoingMail
from portal.mail.received_models import ReceivedMail
from portal.orders.models import Order, PlacedLine
from portal.orders.rules import LineKind
from portal.privacy import client_file, retention
from portal.privacy.models import PrivacyEvent, PrivacyFreeze, PrivacyRequest
from portal.privacy.rectification import former_addresses
from portal.privacy.rooms import declared
from portal.privacy.rules import Identified, Right, Source
from portal.privacy.rules import State as Answered
from portal.quotes.request_models import QuoteRequest, RequestMessage
from portal.quotes.request_rules import State as Asked
from portal.terms import Library
from portal.tickets.index import reindex
from portal.tickets.intervention_models import TimeContest, TimeEntry, WorkIntervention
from portal.tickets.intervention_rules import Outcome, Step
from portal.tickets.models import Ticket, TicketFile, TicketMessage
from portal.tickets.rules import Channel, Side, State
from tests.privacy.lived import dump

LEAP, MARCH = date(2024, 2, 29), date(2024, 3, 1)
#: By line of the table, days of last use, each with the last day that it is kept.
LAST = {
    "unconfirmed": {LEAP: date(2024, 3, 29), MARCH: date(2024, 4, 1)},
    **{
        line: {LEAP: date(2024 + years, 2, 28), MARCH: date(2024 + years, 3, 1)}
        for line, years in {
            "sign_ins": 1, "invitations": 1, "raw_mails": 1, "accounts": 2, "prospects": 3, "sent_mails": 5, "register": 5
        }.items()
    },
    # Counted from the end of the financial year.
    "invoice_mails": {LEAP: date(2034, 12, 31), date(2025, 1, 1): date(2035, 12, 31)},
}  # fmt: skip
TERMS = {"terms_slug": "2018-10-01", "terms_sha256": "0" * 64}


def noon(day: date, hour: time = time(12)) -> datetime:
    return datetime.combine(day, hour, PARIS)


class World:
    """An installation whose things are made by hand: each holds a word of its own, which is then looked for everywhere."""

    def __init__(self, sessions: sessionmaker[Session], store: Store, library: Library) -> None:
        self.sessions, self.store, self.library = sessions, store, library
        self.count = 0
        with sessions.begin() as session:
            client = Organisation(
                legal_name="Client", created_at=noon(date(2020, 1, 1)), siren="732829320", country="FR"
            )
            session.add(client)
            session.flush()
            self.client = client.id

    def add(self, session: Session, *rows: object) -> None:
        session.add_all(rows)
        session.flush()

    def number(self) -> int:
        self.count += 1
        return self.count

    def person(self, session: Session, mail: str, used: date) -> Person:
        made = Person(
            email=mail, name=f"Nom {mail.partition('@')[0]}", organisation_id=self.client, active=True,
            created_at=noon(date(2020, 1, 1)), last_used_on=used, fs_uniquifier=mail,
        )  # fmt: skip
        self.add(session, made)
        return made

    def mail(self, session: Session, event: str, recipient: str, day: date) -> None:
        made = OutgoingMail(
            message_id=f"<{self.number()}@localhost>", event=event, recipient=recipient, subject=f"À {recipient}",
            text=recipient, html=recipient, created_at=noon(day), sent_at=noon(day),
        )  # fmt: skip
        self.add(session, made)

    def ticket(self, session: Session, mail: str, day: date, *, stranger: bool) -> Ticket:
        made = Ticket(
            reference=f"TIC-{day.year}-{self.number():04}", form_key=f"t{self.number()}", link_key="k" * 20,
            organisation_id=None if stranger else self.client, portal_rank=0, opened_at=noon(day), changed_at=noon(day),
            subject=f"Poste de {mail}", creator_name=mail, creator_mail=mail, creator_phone=mail, channel=Channel.MAIL,
            state=State.CLOSED, settled=True, closed_at=noon(day), closed_by=mail, **TERMS,
        )  # fmt: skip
        said = TicketMessage(
            ticket=made, form_key="m", side=Side.REQUESTER, channel=Channel.MAIL, author=mail, author_mail=mail,
            written_at=noon(day), text=f"Je suis {mail}", folded=mail, html=mail,
        )  # fmt: skip
        self.add(session, made, said)
        kept = keep(session, self.store, mail.encode(), name=f"{mail}.txt", kept_for="tickets", now=noon(day))
        self.add(session, TicketFile(ticket=made, message=said, file_id=kept.id, name=kept.name))
        made.evidence = [record(session, "tickets.opened", {"by": mail}, at=noon(day)).seq]
        reindex(session, made)
        return made

    def asked(self, session: Session, mail: str, day: date) -> QuoteRequest:
        number = self.number()
        made = QuoteRequest(
            reference=f"DEM-{day.year}-{number:04}", form_key=f"d{number}", link_key="k", state=Asked.ANSWERED,
            submitted_at=noon(date(2021, 1, 1)), organisation=mail, identity="732829320", contact_name=mail, mail=mail,
            phone=mail, wish=mail, waiting_since=noon(day), **TERMS,
        )  # fmt: skip
        made.messages.append(
            RequestMessage(form_key="m", side="requester", author=mail, written_at=noon(day), text=f"{mail} écrit")
        )
        self.add(session, made)
        self.mail(session, "quotes/request_received", mail, date(2034, 1, 1))
        made.evidence = [record(session, "quotes.requested", {"mail": mail}, at=noon(day)).seq]
        sent = session.scalars(select(OutgoingMail).where(OutgoingMail.recipient == mail)).one()
        sent.message_id = f"<quote-request.{made.reference}.1@localhost>"
        return made

    def invoice(self, session: Session, number: str, day: date) -> Invoice:
        paper = keep(session, self.store, b"facture", name="f.txt", kept_for="invoices", now=noon(day))
        made = Invoice(
            number=number, type_code="380", syntax="csv", profile="", file_id=paper.id, file_sha256="0", issued_on=day,
            currency="EUR", seller="S", seller_vat="", seller_key="S", buyer="B", buyer_vat="", buyer_siren="",
            parties={}, gross=Decimal(1), payable=Decimal(1), adjustments=[], purchase_order="", sales_order="",
            contract="", preceding=[], details={}, findings=[], organisation_id=self.client, imported_at=noon(day),
            available_at=noon(day), matched_by="person",
        )  # fmt: skip
        self.add(session, made)
        return made

    def running(self, session: Session, model: type[Any], number: int, day: date) -> str:
        """A contract or an order that runs since a day; how it is called."""
        if model is Contract:
            reference = f"CTR-{day.year}-{number:04}"
            made: Contract | Order = Contract(
                reference=reference, organisation_id=self.client, kind=Kind.LIBERTY, signed_on=day, conditions={},
                opened_at=noon(day), opened_by="", opening_reason="Reprise.", policy=Policy.WARN, limit_below=Decimal(0),
                **TERMS,
            )  # fmt: skip
            self.add(session, made)
            return f"contrat {reference}"
        reference = f"CMD-{day.year}-{number:04}"
        made = Order(
            reference=reference, organisation_id=self.client, quote_reference=f"DEV-{number}", conditions={},
            accepted_client_at=noon(day), accepted_provider_at=noon(day), placed_at=noon(day), placed_by="", **TERMS,
        )  # fmt: skip
        made.lines.append(
            PlacedLine(
                position=1, kind=LineKind.SERVICE, label="Pose", description="", quantity=Decimal(1), unit="u",
                unit_price=Decimal(1), vat_rate=Decimal(20),
            )
        )  # fmt: skip
        self.add(session, made)
        return f"commande {reference}"

    def received(self, session: Session, mail: str, day: date, reference: str = "") -> None:
        kept = keep(session, self.store, f"From: {mail}\n".encode(), name="a.eml", kept_for="mail", now=noon(day))
        row = ReceivedMail(
            identity=f"i{self.number()}", file_id=kept.id, sha256="0", size=1, via="pipe", received_at=noon(day),
            message_id=f"<{mail}>", sender=mail, subject=f"De {mail}", reference=reference,
        )  # fmt: skip
        self.add(session, row)

    def request(self, session: Session, mail: str, day: date, state: Answered, right: Right = Right.ACCESS) -> None:
        number, over = self.number(), noon(day) if state is Answered.DONE else None
        made = PrivacyRequest(
            reference=f"DCP-{day.year}-{number:04}", form_key=f"p{number}", link_key="k", right=right, state=state,
            source=Source.FORM, identified_by=Identified.LINK, name=mail, email=mail, details=mail, received_at=noon(day),
            received_on=day, closed_at=over, closed_by=mail if over else None, decision=mail if over else None,
        )  # fmt: skip
        made.mandate_file_id = keep(
            session, self.store, mail.encode(), name=f"{mail}.txt", kept_for="privacy", now=noon(day)
        ).id
        made.events.append(PrivacyEvent(at=noon(day), words=mail))
        self.add(session, made)
        record(session, "privacy.asked", {"reference": made.reference, "email": mail}, at=noon(day))
        if right is Right.RESTRICTION:
            self.add(session, PrivacyFreeze(request_id=made.id, email=mail, since=noon(day)))

    def used(self, session: Session, line: str, word: str, day: date) -> None:
        """Everything that a line of the table holds, last used on a day, of somebody who is named by a word."""
        mail = f"{word}@x.example"
        if line == "unconfirmed":
            self.request(session, mail, day, Answered.ADDRESS)
        elif line == "register":
            self.request(session, mail, day, Answered.DONE)
        elif line == "sign_ins":
            owner = self.person(session, f"proprietaire{self.number()}@x.example", date(2040, 1, 1))
            signed = SignedIn(
                person_id=owner.id, token=word, device=word, device_name=word, means="email", began_at=noon(day),
                ends_at=noon(day),
            )  # fmt: skip
            code = MailCode(person_id=owner.id, digest=word, browser=word, sent_at=noon(day), expires_at=noon(day))
            self.add(session, signed, code)
            self.mail(session, "accounts/code", mail, day)
        elif line == "invitations":
            invited = Invitation(
                organisation_id=self.client, email=mail, name=word, roles=[], token=word, created_at=noon(day),
                expires_at=noon(day),
            )  # fmt: skip
            wanted = AccessRequest(
                email=mail, name=word, organisation_name=word, identity="1", message=word, handled_at=noon(day),
                created_at=noon(date(2023, 1, 1)),
            )  # fmt: skip
            self.add(session, invited, wanted)
        elif line == "raw_mails":
            self.received(session, mail, day)
        elif line == "accounts":
            owner = self.person(session, mail, day)
            self.add(session, PointsMails(person_id=owner.id, movements=True, chosen_at=noon(day)))
            record(session, "accounts.joined", {"email": mail}, at=noon(day))
        elif line == "prospects":
            self.asked(session, mail, day)
            self.ticket(session, f"{word}bis@x.example", day, stranger=True)
        else:
            self.mail(session, "invoices/announced" if line == "invoice_mails" else "orders/decided", mail, day)

    def at(self, moment: datetime) -> dict[str, retention.Due]:
        """What a dry run tells, by line of the table."""
        with self.sessions() as session:
            return self.report(session, moment)

    def report(self, session: Session, moment: datetime) -> dict[str, retention.Due]:
        """The same, in a transaction."""
        told = retention.report(session, self.library, rooms=declared(), at=moment)
        return {due.sweep.key: due for due in told}

    def clear(self, moment: datetime) -> None:
        with self.sessions.begin() as session:
            retention.sweep(session, self.store, self.library, rooms=declared(), at=moment)

    def words(self) -> str:
        """All that the database says."""
        with self.sessions() as session:
            return "\n".join(dump(session.get_bind()).values())  # type: ignore[arg-type]


@pytest.fixture
def world(sessions: sessionmaker[Session], tmp_path: Path, library: Library) -> World:
    return World(sessions, Store(f"file:{tmp_path / 'files'}"), library)


def test_each_line_keeps_through_its_last_day_and_nothing_of_it_is_left_the_next(world: World) -> None:
    assert {line.key for line in world.library.sweeps} == LAST.keys()
    last = {}
    with world.sessions.begin() as session:
        for line, days in LAST.items():
            for used, day in days.items():
                word = f"zz{line.replace('_', '')}{used:%m%d}"
                world.used(session, line, word, used)
                last[word] = day
    for day in sorted(set(last.values())):
        world.clear(noon(day, time(23, 59)))
        said = world.words()
        assert {word for word in last if word in said} == {word for word, until in last.items() if until >= day}
        night = noon(day + timedelta(days=1), time(0, 1))
        assert {line for line, due in world.at(night).items() if due.references} == {
            line for line, days in LAST.items() if day in days.values()
        }
        world.clear(night)
        said = world.words()
        assert {word for word in last if word in said} == {word for word, until in last.items() if until > day}
    with world.sessions() as session:
        assert list(verify_log(session)) == []
        swept = select(Payload.content).join(Entry).where(Entry.kind == "privacy.swept")
        assert not [content for content in session.scalars(swept) if "@" in (content or "")]


def sparing(world: World, session: Session) -> dict[str, Callable[[Session], None]]:
    """People with everything old, whom something open protects; each with how that comes to its end."""
    old = date(2022, 5, 4)
    for who in ("gelee", "demande", "litige", "temps", "active", "personne"):
        mail = f"{who}@x.example"
        owner = world.person(session, mail, old)
        signed = SignedIn(
            person_id=owner.id, token=who, device=who, device_name=f"appareil-{who}", means="email", began_at=noon(old),
            ends_at=noon(old),
        )  # fmt: skip
        world.add(session, signed)
        world.asked(session, mail, old)
        world.received(session, mail, old)
    world.request(session, "gelee@x.example", old, Answered.DONE, Right.RESTRICTION)
    world.request(session, "demande@x.example", date(2026, 5, 1), Answered.RECEIVED)
    worked = world.ticket(session, "colporteur@x.example", old, stranger=False)
    world.received(session, "tiers@x.example", old, worked.reference)  # of a ticket that a contested time stands on
    done = WorkIntervention(ticket_id=worked.id, step=Step.OPEN, day=old, began_at=noon(old))
    world.add(session, done)
    entry = TimeEntry(
        intervention_id=done.id, form_key="e", service="remote-desktop", minutes=10, words="Fait", technician="A",
        typed_at=noon(old), typed_by="A",
    )  # fmt: skip
    world.add(session, entry)
    contest = TimeContest(
        entry_id=entry.id, form_key="c", reason="Trop", by="Nom temps", by_mail="temps@x.example", at=noon(old)
    )
    world.add(session, contest)
    invoice = world.invoice(session, "F-1", old)
    dispute = Dispute(
        reference="CON-1", form_key="x", invoice_id=invoice.id, organisation_id=world.client, state=DisputeState.FILED,
        channel=DisputeChannel.PORTAL, amount=Decimal(1), reason=Reason.PRICE, text="Non", filed_at=noon(old),
        sent_on=old, late=False, author="Nom litige", mail="litige@x.example", waiting_since=noon(old),
    )  # fmt: skip
    world.add(session, dispute)
    draft = session.scalars(select(Person.id).where(Person.email == "litige@x.example")).one()
    world.add(
        session, DisputeDraft(invoice_id=invoice.id, person_id=draft, form_key="b", content={}, saved_at=noon(old))
    )
    world.ticket(session, "active@x.example", date(2026, 1, 10), stranger=False)

    def thaw(session: Session) -> None:
        session.execute(text("UPDATE privacy_freeze SET lifted_at = since"))

    def answer(session: Session) -> None:
        for one in session.scalars(select(PrivacyRequest).where(PrivacyRequest.state == Answered.RECEIVED)):
            one.state, one.closed_at, one.decision = Answered.DONE, noon(date(2026, 6, 1)), "Fait."

    def settle(session: Session) -> None:
        one = session.scalars(select(Dispute)).one()
        one.state, one.closed_at = DisputeState.SETTLED, noon(date(2026, 6, 1))

    def reply(session: Session) -> None:
        one = session.scalars(select(TimeContest)).one()
        one.outcome, one.answer, one.answered_at = Outcome.MAINTAINED, "Vu", noon(date(2026, 6, 1))

    return {"gelee": thaw, "demande": answer, "litige": settle, "temps": reply}


def test_what_is_frozen_or_disputed_or_under_a_request_is_spared_and_the_report_says_why(world: World) -> None:
    with world.sessions.begin() as session:
        ends = sparing(world, session)
    night = noon(date(2026, 6, 2), time(4, 10))
    told = world.at(night)
    why = {
        "gelee": "données gelées (RGPD, article 18)", "demande": "demande DCP-2026-", "litige": "contestation CON-1 ouverte",
        "temps": "temps contesté sur le ticket TIC-2022-",
    }  # fmt: skip
    for line in ("accounts", "sign_ins", "prospects", "raw_mails"):
        spared = [words for _, words in told[line].spared]
        assert all(any(words.startswith(start) for words in spared) for start in why.values()), line
    assert any(words.startswith("a écrit dans le ticket TIC-2026-") for _, words in told["accounts"].spared)
    world.clear(night)
    said = world.words()
    for who in why:
        assert f"Nom {who}" in said
        assert f"appareil-{who}" in said
        assert f"{who}@x.example écrit" in said
        assert f"De {who}@x.example" in said
    assert "De tiers@x.example" in said
    # Who wrote by mail keeps the access; nothing else of theirs is needed. Of who has nothing open nothing is left.
    assert "Nom active" in said
    for gone in ("appareil-active", "active@x.example écrit", "De active@x.example", "personne@x.example"):
        assert gone not in said
    for who, end in ends.items():
        with world.sessions.begin() as session:
            end(session)
        world.clear(night)
        said = world.words()
        for word in (f"appareil-{who}", f"{who}@x.example écrit", f"De {who}@x.example"):
            assert word not in said
    assert "De tiers@x.example" not in said
    with world.sessions() as session:
        # The draft went with the access that it was typed in.
        assert session.scalars(select(DisputeDraft)).all() == []
        assert list(verify_log(session)) == []
    assert all(due.references == () and due.spared == () for key, due in world.at(night).items() if key != "accounts")


def test_an_access_outlives_the_traces_of_its_sign_ins(world: World) -> None:
    # Those go after a year; what they said of the day it was last used does not.
    with world.sessions.begin() as session:
        owner = world.person(session, "rare@x.example", date(2025, 1, 10))
        signed = SignedIn(
            person_id=owner.id, token=owner.email, device="d", device_name="n", means="email", began_at=noon(date(2025, 1, 10)),
            ends_at=noon(date(2025, 1, 10)),
        )  # fmt: skip
        world.add(session, signed)
    for day, left in ((date(2026, 12, 1), 1), (date(2027, 1, 10), 1), (date(2027, 1, 11), 0)):
        world.clear(noon(day))
        with world.sessions() as session:
            assert session.scalars(select(SignedIn)).all() == []
            assert len(session.scalars(select(Person).where(Person.email == "rare@x.example")).all()) == left


def test_the_line_that_leads_to_an_address_of_before_stays_as_long_as_the_access(world: World) -> None:
    night = noon(date(2026, 12, 1))
    with world.sessions.begin() as session:
        for who in ("nouvelle", "sans-acces"):
            world.request(session, f"{who}@x.example", date(2020, 1, 1), Answered.DONE, Right.RECTIFICATION)
        for one in session.scalars(select(PrivacyRequest)):
            one.changes = [{"datum": "email", "before": ["avant@x.example"], "after": one.email, "done": True}]
        world.person(session, "nouvelle@x.example", date(2026, 11, 1))
    spared = world.at(night)["register"].spared
    assert [words.partition(" d'un")[0] for _, words in spared] == ["adresse d'avant"]
    world.clear(night)
    with world.sessions.begin() as session:
        assert former_addresses(session, "nouvelle@x.example") == ["avant@x.example"]
        session.delete(session.scalars(select(Person)).one())
    world.clear(night)
    with world.sessions() as session:
        assert session.scalars(select(PrivacyRequest)).all() == []


def test_a_sent_mail_stays_as_long_as_the_record_that_it_speaks_of(world: World) -> None:
    old, ended = date(2010, 3, 1), date(2026, 12, 1)
    with world.sessions.begin() as session:
        world.running(session, Contract, 1, old)
        invoice = world.invoice(session, "F-2010/7", old)
        dispute = Dispute(
            reference="CON-2010-0001", form_key="x", invoice_id=invoice.id, organisation_id=world.client,
            state=DisputeState.FILED, channel=DisputeChannel.PORTAL, amount=Decimal(1), reason=Reason.PRICE, text="Non",
            filed_at=noon(old), sent_on=old, late=False, author="N", mail="litige@x.example", waiting_since=noon(old),
            ticket="TIC-2010-0001",
        )  # fmt: skip
        world.add(session, dispute)
        for who, event, key, subject, said in (
            ("solde@x.example", "contracts/month", "points-month.2010-03.1", "Vos points", "Contrat CTR-2010-0001\u00a0: 3"),
            ("echo@x.example", "tickets/reply", "ticket.TIC-2010-0001.1", "Réponse", "Vu"),
            ("facture@x.example", "invoices/reminder", "invoice.1.r.1", "Facture F-2010/7", "À payer"),
            ("rien@x.example", "orders/decided", "order.CMD-2010-0001.1", "Commande CMD-2010-0001", "CTR-2010-00019"),
        ):  # fmt: skip
            world.add(
                session,
                OutgoingMail(
                    message_id=f"<{key}@localhost>", event=event, recipient=who, subject=subject, text=said,
                    html=None, created_at=noon(old), sent_at=noon(old),
                ),
            )  # fmt: skip
    told = world.at(noon(ended))
    assert [len(told[line].references) for line in ("sent_mails", "invoice_mails")] == [1, 0]
    assert [why for _, why in told["sent_mails"].spared] == [
        "va avec CTR-2010-0001, encore conservé", "contestation CON-2010-0001 ouverte",
    ]  # fmt: skip
    with world.sessions.begin() as session:
        one, open_one = session.scalars(select(Contract)).one(), session.scalars(select(Dispute)).one()
        one.ended_at, one.ended_by, one.end_reason = noon(ended), "", "Terme."
        open_one.state, open_one.closed_at = DisputeState.SETTLED, noon(ended)
    for day, left in ((ended, {"solde"}), (date(2031, 12, 1), {"solde"}), (date(2031, 12, 2), set())):
        world.clear(noon(day))
        said = world.words()
        assert {who for who in ("solde", "echo", "facture", "rien") if f"{who}@x.example" in said} == left, day


def test_who_is_served_by_mail_or_answers_for_what_runs_keeps_the_access(world: World) -> None:
    old, night = date(2020, 1, 2), noon(date(2026, 12, 1))
    with world.sessions.begin() as session:
        people = {who: world.person(session, f"{who}@x.example", old) for who in ("admin", "technique", "servi")}
        world.add(session, Grant(person_id=people["admin"].id, name=ClientRole.ADMINISTRATOR.value))
        world.add(session, Grant(person_id=people["technique"].id, name=ClientRole.TECHNICAL.value))
        world.mail(session, "invoices/announced", "servi@x.example", date(2026, 1, 10))
        world.mail(session, "accounts/code", "technique@x.example", date(2026, 11, 10))
        for number, model in enumerate((Contract, Order), 1):
            run = world.running(session, model, number, old)
            told = dict(world.report(session, night)["accounts"].spared)
            assert told == {
                f"compte-{people['servi'].id}": "reçoit les courriels d'un contrat ou d'une facture",
                f"compte-{people['admin'].id}": f"{run} en cours",
            }  # fmt: skip
            if model is Contract:
                one = session.scalars(select(Contract)).one()
                one.ended_at, one.ended_by, one.end_reason = noon(old), "", "Terme."
                session.flush()
    world.clear(night)
    with world.sessions() as session:
        assert set(session.scalars(select(Person.email).where(Person.active))) == {"admin@x.example", "servi@x.example"}


def test_what_stays_of_a_client_is_read_at_once_and_told_in_one_sentence(world: World, engine: Engine) -> None:
    asked = []
    for count, name in ((2, "A"), (20, "B")):
        with world.sessions.begin() as session:
            for number in range(count):
                world.invoice(session, f"F-{name}-{number}", date(2025, 1, 2))
        said: list[object] = []
        with world.sessions() as session:
            client = session.get_one(Organisation, world.client)
            event.listen(engine, "before_cursor_execute", count_in := lambda *told, said=said: said.append(told[2]))
            invoices, _ = client_file.kept(session, world.library, client, rooms=declared(), today=date(2026, 11, 24))
            event.remove(engine, "before_cursor_execute", count_in)
        asked.append(len(said))
        assert "jusqu'au 31\u00a0décembre\u00a02035" in invoices
    assert asked[0] == asked[1]
    with world.sessions.begin() as session:
        for number in range(1, 7):
            world.running(session, Contract, number, date(2025, 1, 2))
    with world.sessions() as session:
        client = session.get_one(Organisation, world.client)
        _, contracts = client_file.kept(session, world.library, client, rooms=declared(), today=date(2026, 11, 24))
    assert [f"CTR-2025-{number:04}" in contracts for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert ", de 3\u00a0autres (" in contracts
