"""An installation that has lived, and all that it holds: for the proofs that nobody is left after an erasure."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import inspect, select, text

from portal import clock, demo
from portal.accounts.actions import add_person, create_organisation
from portal.accounts.models import AccessRequest, Person
from portal.accounts.rules import ClientRole, parse_identity
from portal.app import create_app
from portal.config import read_settings
from portal.db import make_engine, make_sessions
from portal.evidence.actions import record
from portal.files.actions import keep, keep_as_is
from portal.files.models import StoredFile
from portal.invoices.dispute_models import Dispute, DisputeFile
from portal.invoices.dispute_rules import OVER, DisputeState
from portal.mail.actions import post
from portal.mail.received_models import ReceivedMail
from portal.privacy.contents import texts
from portal.privacy.forgetting import forget, resume
from portal.privacy.models import PrivacyRequest
from portal.privacy.rooms import declared
from portal.privacy.rules import Identified, Right, Source, State
from portal.quotes.estimate import read_estimate
from portal.quotes.request_actions import Asked, reply_as_requester, submit_request
from portal.quotes.request_views import letters as request_letters
from portal.tickets.actions import ticket_from_mail
from portal.tickets.attached import ArrivedMail
from portal.tickets.cover import Cover
from portal.tickets.index import reindex
from portal.tickets.models import Ticket, TicketFile, TicketMessage
from portal.tickets.serving import letters as ticket_letters
from portal.web import db
from portal.worker import Worker, handlers

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Engine


def dump(engine: "Engine") -> dict[tuple[str, str], str]:
    """Every row of every table, by table and key."""
    found = {}
    with engine.connect() as connection:
        look = inspect(connection)
        for name in look.get_table_names():
            keys = look.get_pk_constraint(name)["constrained_columns"]
            for row in connection.execute(text(f'SELECT * FROM "{name}"')).mappings():  # noqa: S608 - our own tables
                said = "|".join(f"{column}={_plain(value)}" for column, value in sorted(row.items()))
                found[name, ":".join(str(row[each]) for each in keys)] = said
    return found


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    words = str(value)
    # SQLite gives JSON back as it is written: its accents are escaped.
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), words)


def stored(app: "Flask", engine: "Engine") -> Iterator[tuple[str, str]]:
    """Every file of the store that the archive does not hold, with all its words."""
    with make_sessions(engine)() as session:
        held = {file.key for file in session.scalars(select(StoredFile).where(StoredFile.archived_at.is_not(None)))}
    store = app.extensions["portal"].store
    for file in store.list():
        if file.key not in held:
            yield file.key, "\n".join(texts(b"".join(store.stream(file.key))))


class Lived:
    """An installation that has lived: the demo's people under other names, what they wrote and what others wrote of them."""

    def __init__(self, url: str, files: Path, names: list[str], patch: pytest.MonkeyPatch) -> None:
        self.engine = make_engine(url)
        self.sessions = make_sessions(self.engine)
        told = iter(names)
        patch.setattr(demo, "STAFF", tuple((mail, next(told), roles) for mail, _, roles in demo.STAFF))
        patch.setattr(
            demo, "CLIENTS",
            tuple(
                (legal, number, public, tuple((mail, next(told), roles) for mail, _, roles in people))
                for legal, number, public, people in demo.CLIENTS
            ),
        )  # fmt: skip
        self.app = create_app(
            read_settings(
                {
                    "PORTAL_SECRET_KEY": "k" * 40, "PORTAL_DATABASE_URL": url, "PORTAL_DEMO": "1",
                    "PORTAL_STORAGE_URL": f"file:{files}",
                }
            )
        )  # fmt: skip
        self.given = self.app.extensions["portal"]
        self.now = clock.now()
        demo.load(self.app, now=self.now)
        self.work()

    def work(self) -> None:
        """Let the worker do all that is due: proofs are sealed, mails leave, contents go."""
        bound = handlers(self.given.settings, "ims@ims.example", self.given)
        Worker(self.sessions, bound, now=lambda: self.now).run(until_empty=True)

    def erase(self, address: str) -> None:
        """Erase somebody, files and last traces too."""
        with self.sessions.begin() as session:
            forget(session, self.given.store, address, rooms=declared(), library=self.given.library, at=self.now)
        self.work()

    def close(self) -> None:
        """Leave the databases alone."""
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose()
        self.engine.dispose()


def written_by_others(lived: Lived, name: str, address: str) -> None:
    """What colleagues, staff and machines say of somebody: in a thread, a file of it, a mail, the log."""
    first = name.split(maxsplit=1)[0]
    with lived.sessions.begin() as session:
        colleague = session.scalars(select(Person).where(Person.email == "paul@boulangerie.example")).one()
        ticket = session.scalars(
            select(Ticket).where(Ticket.organisation_id == colleague.organisation_id).order_by(Ticket.id).limit(1)
        ).one()  # fmt: skip
        ticket.place_words = f"Bureau de {name.upper()}"
        said = TicketMessage(
            form_key="of-others", side="requester", channel="web", author_id=colleague.id, author=colleague.name,
            author_mail=colleague.email, written_at=lived.now, ticket=ticket,
            text=f"{first} ({address}) est absente, voyez avec moi. Une réponse claire, merci.",
            html=f"<p>{first} est absente</p>", remarks=[f"de la part de {address}"],
        )  # fmt: skip
        session.add(said)
        kept = keep(
            session, lived.given.store, f"Mot de {name}\n".encode(), name=f"mot de {first}.txt", kept_for="tickets",
            now=lived.now,
        )  # fmt: skip
        session.add(TicketFile(ticket=ticket, message=said, file_id=kept.id, name=kept.name))
        ticket.events[0].detail = ticket.events[0].detail | {"why": f"demandé par {name}"}
        post(
            session, event="tickets/said", recipient="conseil@ims-partners.example", subject=f"{ticket.reference} {first}",
            text=f"{name} <{address.upper()}> vous écrit.", html=f"<p>{name}</p>", domain="localhost", now=lived.now,
            headers={"Reply-To": f"{name} <{address}>"},
        )  # fmt: skip
        record(session, "tickets.told", {"reference": ticket.reference, "by": [name, address]}, at=lived.now)
        session.flush()
        reindex(session, ticket)


def namesake(lived: Lived, name: str) -> None:
    """Somebody of the same name, of another client, with a thread of their own."""
    with lived.sessions.begin() as session:
        other = create_organisation(
            session, legal_name="Scierie Tierce", identity=parse_identity("732829320"), public_body=False, by=None,
            now=lived.now,
        )  # fmt: skip
        person = add_person(
            session, organisation=other, email="homonyme@scierie.example", name=name, roles=[ClientRole.TECHNICAL],
            by=None, now=lived.now,
        )  # fmt: skip
        like = session.scalars(select(Ticket).order_by(Ticket.id).limit(1)).one()
        ticket = Ticket(
            reference="TIC-2026-9999", form_key="namesake", link_key="k" * 20, organisation_id=other.id, channel="web",
            state=like.state, settled=like.settled, closed_at=like.closed_at, portal_rank=0, opened_at=lived.now,
            changed_at=lived.now, subject=f"Le poste de {name}", creator_id=person.id, creator_name=name,
            creator_mail=person.email, terms_slug=like.terms_slug, terms_sha256=like.terms_sha256,
        )  # fmt: skip
        session.add(ticket)
        session.flush()
        reindex(session, ticket)


STRANGER, PROSPECT, MANDATARY = "etrangere@ailleurs.example", "prospect@neuf.example", "mandataire@cabinet.example"


def without_an_account(lived: Lived, stranger: str, prospect: str, mandatary: str, subject: str) -> None:
    """Who wrote to the hotline with a file, who asked for a quote, who asked for somebody else by a mandate."""
    given, now = lived.given, lived.now
    terms = given.library.in_force(now.date())
    with lived.sessions.begin() as session:
        paper = keep(
            session, given.store, f"Signé {stranger}".encode(), name=f"{stranger}.txt", kept_for="tickets", now=now
        )
        raw = f"From: {stranger} <{STRANGER}>\nSubject: Panne\n\nBonjour\n".encode()
        letter = keep_as_is(
            session, given.store, raw, name="m.eml", media_type="message/rfc822", kept_for="mail", now=now
        )
        came = ArrivedMail(
            key="stranger", subject=f"Panne chez {stranger}", text=f"Bonjour, {stranger}, 06 99 88 77 66.",
            from_name=stranger, from_mail=STRANGER, folded=f"-- \n{stranger}", mail_id=f"<1.{STRANGER}>",
            raw_file_id=letter.id,
        )  # fmt: skip
        with lived.app.app_context():
            ticket = ticket_from_mail(
                session, came, person=None, quarantined=True, cover=Cover(terms, under_contract=False),
                letters=ticket_letters(), at=now,
            )  # fmt: skip
            asked = submit_request(
                session, Asked("Neuf SARL", "732829320", prospect, PROSPECT, "06 55 44 33 22", f"Un serveur, {prospect}"),
                terms=terms, estimate=read_estimate("ligne=remote-server:20", given.library, now.date()).estimate,
                form_key="prospect", letters=request_letters(), at=now,
            )  # fmt: skip
            reply_as_requester(
                session, asked, words=f"{prospect} attend.", form_key="k", letters=request_letters(), at=now
            )
        session.add(TicketFile(ticket=ticket, message=ticket.messages[0], file_id=paper.id, name=paper.name))
        session.add(
            ReceivedMail(
                identity="stranger", file_id=letter.id, sha256="0", size=len(raw), via="pipe", received_at=now,
                message_id=f"<1.{STRANGER}>", sender=STRANGER, subject=f"Panne chez {stranger}", reference=ticket.reference,
            )
        )  # fmt: skip
        session.add(
            AccessRequest(
                email=PROSPECT, name=prospect, organisation_name="Neuf SARL", identity="732829320", created_at=now
            )
        )
        scan = keep(
            session,
            given.store,
            f"{subject} mandate {mandatary}".encode(),
            name="mandat.txt",
            kept_for="privacy",
            now=now,
        )
        session.add(
            PrivacyRequest(
                reference="DCP-2026-9001", form_key="mandate", link_key="k", right=Right.ACCESS, state=State.DONE,
                source=Source.FORM, identified_by=Identified.MANDATE, name=mandatary, email=MANDATARY,
                details=f"Pour {subject}", subject_name=subject, subject_email="sylvie.pro@ailleurs.example",
                mandate=f"{mandatary} agit pour {subject}", mandate_file_id=scan.id, received_at=now,
                received_on=now.date(), closed_at=now, closed_by="Équipe", decision=f"Envoyé à {mandatary}.",
            )
        )  # fmt: skip
        record(session, "privacy.asked", {"reference": "DCP-2026-9001", "by": MANDATARY}, at=now)
        session.flush()
        reindex(session, ticket)


def disputed(lived: Lived, name: str) -> tuple[str, int]:
    """An open dispute of the first client, with a file that names its author; its reference, the file."""
    with lived.sessions.begin() as session:
        dispute = session.scalars(
            select(Dispute).where(Dispute.mail == "claire@boulangerie.example", Dispute.state.not_in(OVER))
            .order_by(Dispute.id).limit(1)
        ).one()  # fmt: skip
        kept = keep(
            session,
            lived.given.store,
            f"Vu par {name}".encode(),
            name="constat.txt",
            kept_for="invoices",
            now=lived.now,
        )
        session.add(DisputeFile(dispute=dispute, file=kept))
        session.flush()
        return dispute.reference, kept.id


def close_disputes(lived: Lived) -> None:
    """What was needed as it stood is over."""
    with lived.sessions.begin() as session:
        for dispute in session.scalars(select(Dispute)):
            if not dispute.over:
                dispute.state, dispute.closed_at = DisputeState.SETTLED, lived.now
    with lived.sessions.begin() as session:
        resume(session, lived.given.store, rooms=declared(), library=lived.given.library, at=lived.now)
    lived.work()
