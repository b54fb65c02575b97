"""Propose an amendment, accept, refuse or withdraw it; its file of proof. Each is one transaction of the caller's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.evidence.actions import record, take_turn
from portal.evidence.models import Entry
from portal.files.actions import keep
from portal.files.models import StoredFile
from portal.files.store import Store
from portal.jobs.actions import enqueue
from portal.numbers.actions import next_reference
from portal.orders.amendment_lines import Compared, Lines, Overtaken, check_lines, stored
from portal.orders.amendment_rules import (
    AlreadyDecided,
    AlreadyProposed,
    AmendmentKind,
    NotAllowed,
    Outcome,
    check_outcome,
    check_words,
    may_sign,
)
from portal.orders.letters import OrderLetters
from portal.orders.models import Order
from portal.orders.papers import amendment_pdf
from portal.orders.progress_actions import progress_of
from portal.orders.progress_models import Amendment, AmendmentProof, Decision
from portal.orders.progress_rules import Side, check_running
from portal.proof.documents import ProofAct, ProofDocument
from portal.proof.making import make_proof
from portal.proof.seal import Seal
from portal.terms import Version

SERIES = "AVN"
PROOF = "orders.proof"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who acts for a side: the person, the name and capacity they typed, how they were known, from where."""

    person: Person
    name: str
    capacity: str
    identified_by: str
    ip: str
    user_agent: str

    @property
    def side(self) -> Side:
        return Side.PROVIDER if self.person.staff else Side.CLIENT


def amendments_of(session: Session, order: Order) -> list[Amendment]:
    """The amendments of an order, the first proposed first."""
    return list(session.scalars(select(Amendment).where(Amendment.order_id == order.id).order_by(Amendment.id)))


def find_amendment(session: Session, order: Order, reference: str) -> Amendment | None:
    """The amendment of a reference, of this order."""
    found = select(Amendment).where(Amendment.order_id == order.id, Amendment.reference == reference)
    return session.scalars(found).first()


def propose(
    session: Session, order: Order, *, kind: AmendmentKind, words: str, by: Signer, form_key: str,
    letters: OrderLetters, at: datetime, lines: Lines | None = None, base: str = "",
) -> Amendment:  # fmt: skip
    """Propose a change or a cancellation to the other side. The same page again is the same proposal.

    ``lines`` are all the lines of the order as they will be, ``base`` the amendment that the proposal starts from
    (``order.last_change``); lines that are those of today change nothing.

    Raises:
        LinesRefused: lines that an amendment cannot make.
        Overtaken: another amendment came into force after the page was opened.
        NotAllowed: this person does not bind their side.
        WordsMissing: nothing is said.
        NotNow: the order is over.
        AlreadyProposed: another proposal waits.
    """
    _check_signer(order, by)
    given = check_words(words)
    take_turn(session)
    held = select(Amendment).where(Amendment.order_id == order.id, Amendment.form_key == form_key)
    if found := session.scalars(held).first():
        return found
    check_running(progress_of(session, order))
    if waiting := next((each for each in amendments_of(session, order) if each.decision is None), None):
        raise AlreadyProposed(waiting.reference)
    changed = _changed(session, order, lines, base) if kind is AmendmentKind.CHANGE else None
    reference = next_reference(session, SERIES, at=at)
    content = {
        "reference": reference,
        "order": order.reference,
        "kind": kind.value,
        "words": given,
        "net_change": None if changed is None else str(changed.net_change),
        "lines": None if changed is None else [stored(changed.before), stored(changed.after)],
        "terms": [order.terms_slug, order.terms_sha256],
    } | _signer(by)
    entry = record(session, "orders.amendment_proposed", content, at=at)
    amendment = Amendment(
        reference=reference, order_id=order.id, form_key=form_key, kind=kind, words=given,
        net_change=None if changed is None else changed.net_change,
        lines=None if changed is None else stored(changed.after),
        side=by.side, by_id=by.person.id, by=by.name, capacity=by.capacity, mail=by.person.email,
        identified_by=by.identified_by, ip=by.ip, user_agent=by.user_agent[:400], proposed_at=at, evidence=entry.seq,
    )  # fmt: skip
    session.add(amendment)
    session.flush()
    session.expire(order, ["amendments"])
    letters.proposed(session, order, amendment, at)
    return amendment


def _changed(session: Session, order: Order, lines: Lines | None, base: str) -> Compared | None:
    """Both states of the lines that a proposal changes; None when it changes none."""
    session.expire(order, ["amendments"])
    before = order.lines_in_force
    if lines is None or lines == before:
        return None
    if base != order.last_change:
        raise Overtaken
    check_lines(before, lines)
    return Compared(before, lines)


def decide(
    session: Session, amendment: Amendment, outcome: Outcome, *, by: Signer, form_key: str, letters: OrderLetters,
    at: datetime, consents: Sequence[str] = (), reason: str = "",
) -> Decision:  # fmt: skip
    """Accept, refuse or withdraw a proposal: one decision, of whoever is first. The same page again is the same one.

    Raises:
        NotAllowed: this person does not bind their side.
        NotYours: it is the other side's to do.
        WordsMissing: a refusal without a reason.
        AlreadyDecided: somebody was faster.
        NotNow: the order is over.
    """
    order = amendment.order
    _check_signer(order, by)
    check_outcome(amendment.side, by.side, outcome)
    given = check_words(reason) if outcome is Outcome.REFUSED else reason.strip()
    take_turn(session)
    held = session.scalars(select(Decision).where(Decision.amendment_id == amendment.id)).first()
    if held is not None:
        if held.form_key == form_key:
            return held
        raise AlreadyDecided(held.outcome)
    if outcome is Outcome.ACCEPTED:
        check_running(progress_of(session, order))
    content = {
        "reference": amendment.reference,
        "order": order.reference,
        "outcome": outcome.value,
        "reason": given,
        "consents": list(consents),
    } | _signer(by)
    entry = record(session, f"orders.amendment_{outcome.value}", content, at=at)
    decision = Decision(
        amendment_id=amendment.id, form_key=form_key, outcome=outcome, reason=given, by_id=by.person.id,
        by=by.name, capacity=by.capacity, mail=by.person.email, consents=list(consents),
        identified_by=by.identified_by, ip=by.ip, user_agent=by.user_agent[:400], decided_at=at, evidence=entry.seq,
    )  # fmt: skip
    session.add(decision)
    session.flush()
    session.expire(amendment, ["decision"])
    session.expire(order, ["amendments"])
    letters.decided(session, order, amendment, decision, at)
    if outcome is Outcome.ACCEPTED:
        enqueue(session, PROOF, {"amendment": amendment.id}, key=f"{PROOF}:{amendment.id}", now=at)
    return decision


def proof_of(session: Session, amendment: Amendment) -> StoredFile | None:
    """The file of proof of an accepted amendment, once it is made."""
    held = session.get(AmendmentProof, amendment.id)
    return held.file if held else None


def prove(
    session: Session, store: Store, amendment: Amendment, *, seal: Seal, terms: Version, letters: OrderLetters,
    at: datetime,
) -> StoredFile:  # fmt: skip
    """Make the file of proof of an accepted amendment, once.

    Raises:
        PdfUnavailable: this machine makes no PDF.
    """
    if held := proof_of(session, amendment):
        return held
    order, decision = amendment.order, amendment.decision
    if decision is None or decision.outcome is not Outcome.ACCEPTED:
        raise ValueError(f"{amendment.reference} was not accepted by both sides")
    entries = session.scalars(
        select(Entry).where(Entry.seq.in_((amendment.evidence, decision.evidence))).order_by(Entry.seq)
    ).all()
    title = f"{amendment.kind.label} de la commande {order.reference}, acceptée par les deux parties"
    content = make_proof(
        reference=amendment.reference, title=title, terms=terms, entries=entries, seal=seal, at=at,
        documents=(
            ProofDocument(
                f"Avenant {amendment.reference}.pdf", "application/pdf",
                amendment_pdf(order, amendment, company=seal.company, terms=terms),
            ),
            ProofDocument(
                "Accusé de réception.txt", "text/plain",
                letters.acknowledgement(order, amendment, decision).encode(),
            ),
        ),
        acts=(
            _act(f"Proposition par {amendment.side.label.lower()}", amendment, (), amendment.proposed_at),
            _act(
                f"Acceptation par {amendment.side.other.label.lower()}", decision, tuple(decision.consents),
                decision.decided_at,
            ),
        ),
    )  # fmt: skip
    file = keep(session, store, content, name=f"preuve-{amendment.reference}.zip", kept_for="orders", now=at)
    session.add(AmendmentProof(amendment_id=amendment.id, file_id=file.id, made_at=at))
    session.flush()
    return file


def _act(words: str, row: Amendment | Decision, consents: tuple[str, ...], at: datetime) -> ProofAct:
    return ProofAct(
        words=words, who=row.by, capacity=row.capacity, mail=row.mail, identified_by=row.identified_by,
        consent=consents, at=at, ip=row.ip, user_agent=row.user_agent,
    )  # fmt: skip


def _check_signer(order: Order, by: Signer) -> None:
    ours = by.person.staff or by.person.organisation_id == order.organisation_id
    if not ours or not may_sign(by.person.role_names, staff=by.person.staff):
        raise NotAllowed


def _signer(by: Signer) -> dict[str, str]:
    return {
        "side": by.side.value,
        "by": by.person.email,
        "name": by.name,
        "capacity": by.capacity,
        "identified_by": by.identified_by,
        "ip": by.ip,
        "user_agent": by.user_agent,
    }
