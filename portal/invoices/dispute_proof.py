"""The file of proof of a dispute: what was invoiced, what was written, the mail of 7.4, the log, under seal."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import read_only
from portal.evidence.models import Entry
from portal.files.actions import keep, read
from portal.files.store import Store
from portal.invoices.dispute_models import Dispute
from portal.invoices.governing import version_of
from portal.jobs.actions import Leased, finish
from portal.mail.models import OutgoingMail
from portal.proof.actions import seal_of
from portal.proof.documents import ProofAct, ProofDocument
from portal.proof.making import make_proof
from portal.proof.seal import Seal
from portal.terms import Library
from portal.web import Services

LARGEST = 200 * 1024 * 1024
FILED = ("invoices.dispute_filed", "invoices.dispute_recorded")


def prove(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Services) -> None:
    """Make the file of proof of one dispute, once; nobody waits for the seal with a transaction open.

    Raises:
        PdfUnavailable: this machine makes no PDF; the job is tried again later.
        LeaseLost: another worker holds the job by now.
    """
    number = job.payload["dispute"]
    with sessions.begin() as session:
        seal = seal_of(session, services.settings, services.library.company, at=now)
    engine: Engine = sessions.kw["bind"]
    with Session(read_only(engine)) as session:
        dispute = session.get_one(Dispute, number)
        content = None if dispute.proof_id else _proof(session, dispute, services.library, services.store, seal, now)
        reference = dispute.reference
    with sessions.begin() as session:
        if content is not None:
            file = keep(
                session, services.store, content, name=f"preuve-{reference}.zip", kept_for="invoices", now=now,
                limit=LARGEST,
            )  # fmt: skip
            session.get_one(Dispute, number).proof_id = file.id
        finish(session, job, now=now)


def _proof(
    session: Session, dispute: Dispute, library: Library, store: Store, seal: Seal, at: datetime
) -> bytes | None:
    terms = version_of(library, dispute.terms_slug)
    entries = list(session.scalars(select(Entry).where(Entry.seq.in_(dispute.evidence)).order_by(Entry.seq)))
    entry = next((each for each in entries if each.kind in FILED), None)
    if terms is None or entry is None:
        return None
    said: dict[str, Any] = json.loads(entry.payload.content) if entry.payload.content else {}
    invoice = dispute.invoice
    own = [invoice.file] if invoice.has_own_file else []  # never another client's lines
    documents = [
        *(ProofDocument(each.name, each.media_type, read(store, each)) for each in own),
        *(_mail(each) for each in _notices(session, dispute)),
        *(
            ProofDocument(each.file.name, each.file.media_type, read(store, each.file))
            for each in dispute.files
            if each.file.readable
        ),
    ]
    act = ProofAct(
        words=f"Notification d'un désaccord sur {invoice.the}\u00a0: {dispute.reason.label}, {dispute.amount:f} {invoice.currency}",
        who=dispute.author, capacity="Comptabilité du client" if dispute.author_id else "Client", mail=dispute.mail,
        identified_by=str(said.get("means") or dispute.channel.label), at=dispute.filed_at,
        consent=tuple(filter(None, (str(said.get("consent") or ""),))), ip=str(said.get("ip") or ""),
        user_agent=str(said.get("user_agent") or ""),
    )  # fmt: skip
    return make_proof(
        reference=dispute.reference, title=f"{dispute.title}\u00a0: {invoice.title}", documents=documents, acts=[act],
        terms=terms, entries=entries, seal=seal, at=at,
    )  # fmt: skip


def _notices(session: Session, dispute: Dispute) -> list[OutgoingMail]:
    own = OutgoingMail.message_id.startswith(f"<invoice.dispute.{dispute.reference}.notice.", autoescape=True)
    return list(session.scalars(select(OutgoingMail).where(own).order_by(OutgoingMail.id)))


def _mail(mail: OutgoingMail) -> ProofDocument:
    # As it lies in the outbox: who to, what about, word for word.
    words = f"À : {mail.recipient}\nObjet : {mail.subject}\nMessage-ID : {mail.message_id}\n\n{mail.text}"
    side = mail.message_id.partition("@")[0].rpartition(".")[2]
    name = "courriel-au-client.txt" if side == "client" else "courriel-a-ims-partners.txt"
    return ProofDocument(name, "text/plain", words.encode())
