"""What this room holds on a person: who proposed and decided an amendment. It is the proof of a contract: archived."""

from collections.abc import Collection, Iterator
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Grant, Person
from portal.accounts.rules import ANSWERS
from portal.clock import PARIS
from portal.french import long_date
from portal.mail.models import OutgoingMail
from portal.orders.models import Order, PlacedLine
from portal.orders.progress_actions import events_of, progress_of
from portal.orders.progress_models import Amendment, AmendmentProof, Decision, OrderEvent
from portal.orders.progress_rules import Standing
from portal.registry import Keep, PersonalData, PersonalField, PersonalRecord, table

ERASED = "(effacé)"
KEPT = "conservé avec la preuve du contrat, le temps que la loi permet d'en discuter (Code de commerce, L110-4)"
FIELDS = (
    PersonalField("Nom et fonction", KEPT),
    PersonalField("Adresse électronique", KEPT),
    PersonalField("Acte", KEPT),
    PersonalField("Moyen d'identification, adresse IP et navigateur", KEPT),
)


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """Every amendment that the person of this address proposed or decided, and what they noted of an order."""
    address = mail.strip().lower()
    proofs = {proof.amendment_id: proof.file_id for proof in session.scalars(select(AmendmentProof))}
    person = select(Person.id).where(Person.email == address).scalar_subquery()
    for event in session.scalars(select(OrderEvent).where(OrderEvent.by_id == person).order_by(OrderEvent.id)):
        act = f"{event.kind.label}, le {long_date(event.day)}\u00a0: commande {event.order.reference}"
        values = (event.by, address, f"{act}\n{event.words}".strip(), "")
        named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
        files = (event.file_id,) if event.file_id is not None else ()
        noted = PersonalRecord(f"{event.order.reference}-{event.id}", named, event.recorded_at, files=files)
        yield noted.kept(kept_order(session, event.order))
    for row in session.scalars(select(Amendment).where(Amendment.mail == address).order_by(Amendment.id)):
        made = _record(
            row.reference, row, f"Proposition de l'avenant {row.reference}", row.proposed_at, proofs.get(row.id)
        )
        yield made.kept(kept_order(session, row.order))
    for decided in session.scalars(select(Decision).where(Decision.mail == address).order_by(Decision.id)):
        reference = decided.amendment.reference
        act = f"{decided.outcome.label}\u00a0: avenant {reference}"
        made = _record(f"{reference}-decision", decided, act, decided.decided_at, proofs.get(decided.amendment_id))
        yield made.kept(kept_order(session, decided.amendment.order))


def _record(reference: str, row: Amendment | Decision, act: str, at: datetime, proof: int | None) -> PersonalRecord:
    values = (
        f"{row.by}, {row.capacity}" if row.capacity else row.by, row.mail, act,
        f"{row.identified_by}, {row.ip}, {row.user_agent}",
    )  # fmt: skip
    named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
    return PersonalRecord(reference, named, at, files=(proof,) if proof is not None else ())


def addresses(session: Session) -> Iterator[str]:
    """Every address that an amendment came from."""
    for made in (Amendment, Decision):
        yield from session.scalars(select(made.mail).distinct())


def erase(session: Session, mail: str, at: datetime) -> list[str]:
    """The proof moves to the archive by what its tables declare; a mail that was sent is forgotten, and one that has not left never leaves."""
    letters = select(OutgoingMail).where(
        OutgoingMail.recipient == mail.strip().lower(), OutgoingMail.event.startswith("orders/")
    )
    for sent in session.scalars(letters).all():
        sent.sent_at, sent.last_error = sent.sent_at or at, None
        sent.recipient, sent.subject, sent.text, sent.html = ERASED, ERASED, ERASED, None
    session.flush()
    return []


def _acted(session: Session, names: Collection[str], since: datetime) -> dict[str, str]:  # noqa: ARG001 - the common signature
    """Who answers for a client whose order runs has use for an access, however seldom anything happens."""
    answers = select(Person.email, Person.organisation_id).where(
        Person.email.in_(names), Person.active, Person.id.in_(select(Grant.person_id).where(Grant.name.in_(ANSWERS)))
    )  # fmt: skip
    people = session.execute(answers).all()
    placed = select(Order).where(Order.organisation_id.in_({row.organisation_id for row in people}))
    runs = {
        one.organisation_id: one.reference for one in session.scalars(placed) if kept_order(session, one).since is None
    }
    return {
        row.email: f"commande {runs[row.organisation_id]} en cours" for row in people if row.organisation_id in runs
    }


def kept_order(session: Session, order: Order) -> Keep:
    """An order is kept from the end of its performance on; one that still runs has not begun to count."""
    now = progress_of(session, order)
    if now.ended is not None:
        return Keep(order.reference, "contract", now.ended.day)
    if now.standing in {Standing.OPEN, Standing.SUSPENDED}:
        begins = f"la fin de la commande {order.reference}, encore en cours"
        return Keep(order.reference, "contract", begins=begins)
    days = [event.day for event in events_of(session, order)]
    if now.standing is Standing.CANCELLED:
        decided = select(Decision.decided_at).join(Amendment).where(Amendment.order_id == order.id)
        days += [at.astimezone(PARIS).date() for at in session.scalars(decided)]
    return Keep(order.reference, "contract", max(days, default=order.placed_at.astimezone(PARIS).date()))


def _keep_order(session: Session, number: int, _: date) -> Keep:
    return kept_order(session, session.get_one(Order, number))


def _keep_line(session: Session, number: int, _: date) -> Keep:
    return kept_order(session, session.get_one(PlacedLine, number).order)


def _keep_event(session: Session, number: int, _: date) -> Keep:
    return kept_order(session, session.get_one(OrderEvent, number).order)


def _keep_amendment(session: Session, number: int, _: date) -> Keep:
    return kept_order(session, session.get_one(Amendment, number).order)


def _keep_decision(session: Session, number: int, _: date) -> Keep:
    return kept_order(session, session.get_one(Decision, number).amendment.order)


def _keep_proof(session: Session, number: int, _: date) -> Keep:
    return _keep_amendment(session, session.get_one(AmendmentProof, number).amendment_id, _)


_WHO = "by capacity mail identified_by ip user_agent"
_OWN_WHOLE = "capacity identified_by ip user_agent"
TABLES = (
    table(
        "client_order", keep=_keep_order, personal="conditions placed_by",
        impersonal="reference quote_reference supplements terms_slug terms_sha256",
    ),
    table("client_order_line", keep=_keep_line, personal="label description", impersonal="unit top_up"),
    table(
        "client_order_event", keep=_keep_event, personal="words by", impersonal="form_key", own="by_id", names="by",
        files="file_id",
    ),
    table(
        "client_order_amendment", keep=_keep_amendment, personal=f"words lines {_WHO}", impersonal="reference form_key",
        own="mail by_id", names="by", whole=_OWN_WHOLE,
    ),
    table(
        "client_order_decision", keep=_keep_decision, personal=f"reason consents {_WHO}", impersonal="form_key",
        own="mail by_id", names="by", whole=_OWN_WHOLE,
    ),
    table("client_order_proof", keep=_keep_proof, files="file_id"),
)  # fmt: skip
PERSONAL_DATA = PersonalData("contract", FIELDS, find, erase, tables=TABLES, addresses=addresses, acted=_acted)
