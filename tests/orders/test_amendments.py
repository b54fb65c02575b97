"""An amendment: proposed by one side, answered once by the other; two at once, SQL and strangers change nothing."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from portal import paper
from portal.accounts.actions import add_person
from portal.accounts.models import Person
from portal.accounts.rules import ClientRole
from portal.config import read_settings
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.files.store import open_store
from portal.jobs.models import Job
from portal.mail.models import OutgoingMail
from portal.orders.actions import find_order
from portal.orders.amendment_actions import Signer, decide, find_amendment, proof_of, propose, prove
from portal.orders.amendment_lines import LinesRefused, Overtaken, check_lines, read_lines, restored, stored, typed_of
from portal.orders.amendment_rules import (
    AlreadyDecided,
    AlreadyProposed,
    AmendmentKind,
    NotAllowed,
    NotYours,
    Outcome,
    WordsMissing,
    consent_words,
)
from portal.orders.letters import OrderLetters
from portal.orders.links import Links
from portal.orders.models import Order
from portal.orders.personal_data import PERSONAL_DATA
from portal.orders.progress_actions import note_event, progress_of, terminate
from portal.orders.progress_models import Amendment, Decision
from portal.orders.progress_rules import Event, EventKind, Ground, NotNow, NotTerminable, Side, Standing
from portal.orders.rules import LineKind, OrderLine, PositionedLine
from portal.proof.actions import known_certificates, seal_of
from portal.proof.checking import holds, verify_proof
from portal.proof.making import sealed_pdf
from tests.contracts.conftest import NOON, People, opener, people
from tests.orders.test_orders import BOOK, GOODS, WORK, place

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library

__all__ = ["opener", "people"]
WORDS = "Un troisième jour d'installation le samedi."
LATER = NOON + timedelta(hours=1)
SATURDAY = OrderLine(LineKind.SERVICE, "Un samedi", Decimal(1), "jour", Decimal("640.00"), Decimal(20))


@pytest.fixture
def letters(library: "Library") -> OrderLetters:
    return OrderLetters(library, Links("https://portail.example"), "portail.example")


@pytest.fixture
def claire(sessions: "sessionmaker[Session]", people: People) -> Person:
    """Who may sign for the client."""
    with sessions.begin() as session:
        return add_person(
            session, organisation=people.client, email="claire@muller.example", name="Claire Muller",
            roles=[ClientRole.SIGNATORY], by=None, now=NOON,
        )  # fmt: skip


@pytest.fixture
def order(sessions: "sessionmaker[Session]", people: People, library: "Library", claire: Person) -> str:
    terms = library.in_force(NOON.date())
    with sessions.begin() as session:
        return place(session, people, WORK, GOODS, terms_slug=terms.slug, terms_sha256=terms.sha256).reference


def signer(session: "Session", person: Person) -> Signer:
    held = session.get_one(Person, person.id)
    return Signer(held, held.name, "gérante", "session ouverte par clé d'accès", "192.0.2.1", "Firefox")


def proposed(session: "Session", order: str, by: Person, letters: OrderLetters, **given: Any) -> Amendment:
    found = find_order(session, order)
    assert found is not None
    values: dict[str, Any] = {
        "kind": AmendmentKind.CHANGE, "words": WORDS, "form_key": "k", "at": NOON, "base": found.last_change,
        "lines": (*found.lines_in_force, PositionedLine(9, SATURDAY)),
    } | given  # fmt: skip
    return propose(session, found, by=signer(session, by), letters=letters, **values)


def test_the_company_proposes_the_client_accepts_and_both_are_told(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters
) -> None:
    with sessions.begin() as session:
        made = proposed(session, order, people.staff, letters)
        assert made.reference == "AVN-2026-0001"
        assert proposed(session, order, people.staff, letters).id == made.id  # the same page again
    with sessions.begin() as session:
        (mail,) = session.scalars(select(OutgoingMail)).all()
        assert (mail.recipient, WORDS in mail.text, "640,00" in mail.text) == ("claire@muller.example", True, True)
        assert f"/espace-client/commandes/{order}/avenants/AVN-2026-0001" in mail.text
        made = session.get_one(Amendment, made.id)
        consents = consent_words(made.reference, order, "1er octobre 2018")
        given: dict[str, Any] = {"form_key": "a", "letters": letters, "at": LATER, "consents": consents}
        decision = decide(session, made, Outcome.ACCEPTED, by=signer(session, claire), **given)
        assert decide(session, made, Outcome.ACCEPTED, by=signer(session, claire), **given).id == decision.id
        mails = session.scalars(select(OutgoingMail).where(OutgoingMail.event == "orders/decided")).all()
        assert {each.recipient for each in mails} == {"claire@muller.example", letters.library.company.mail}
        assert [entry.kind for entry in session.scalars(select(Entry).order_by(Entry.seq))][-2:] == [
            "orders.amendment_proposed", "orders.amendment_accepted",
        ]  # fmt: skip
        assert list(verify_log(session)) == []
        assert session.scalars(select(Job.kind).where(Job.kind == "orders.proof")).all() == ["orders.proof"]


@pytest.mark.skipif(bool(paper.why_unavailable()), reason="no Pango on this machine")
def test_an_accepted_amendment_has_its_own_file_of_proof(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters,
    library: "Library", tmp_path: Path,
) -> None:  # fmt: skip
    settings = read_settings({"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_STORAGE_URL": f"file://{tmp_path}"})
    store = open_store(settings)
    with sessions.begin() as session:
        made = proposed(session, order, people.staff, letters)
        consents = consent_words(made.reference, order, "1er octobre 2018")
        decide(
            session, made, Outcome.ACCEPTED, by=signer(session, claire), form_key="a", letters=letters, at=LATER,
            consents=consents,
        )  # fmt: skip
    with sessions.begin() as session:
        made = session.get_one(Amendment, made.id)
        given: dict[str, Any] = {
            "seal": seal_of(session, settings, library.company, at=LATER), "terms": library.in_force(NOON.date()),
            "letters": letters, "at": LATER,
        }  # fmt: skip
        file = prove(session, store, made, **given)
        assert prove(session, store, made, **given).id == file.id
    with sessions() as session:
        held = proof_of(session, session.get_one(Amendment, made.id))
        assert held is not None
        content = b"".join(store.stream(held.key))
        published = {version.slug: version.sha256 for version in library.versions}
        findings = verify_proof(content, published=published, known=known_certificates(session, settings))
        assert holds(findings), findings
    for words in (
        WORDS,
        "Un samedi",
        "640.00",
        "Claire Muller",
        "Anne Klein",
        consents[0],
        "session ouverte par clé d'accès",
        "192.0.2.1",
    ):
        assert words.encode() in content
    if shutil.which("pdfsig"):
        (tmp_path / "a.pdf").write_bytes(sealed_pdf(content))
        told = subprocess.run(["pdfsig", tmp_path / "a.pdf"], capture_output=True, text=True, check=False).stdout
        assert "Signature is Valid" in told


def test_two_acceptances_at_once_are_one(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters
) -> None:
    with sessions.begin() as session:
        number = proposed(session, order, people.staff, letters).id

    def answer(outcome: Outcome) -> str:
        try:
            with sessions.begin() as session:
                decide(
                    session, session.get_one(Amendment, number), outcome, by=signer(session, claire),
                    form_key=outcome.value, letters=letters, at=LATER, reason="Trop cher pour nous.",
                )  # fmt: skip
        except AlreadyDecided:
            return "late"
        return outcome.value

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(answer, (Outcome.ACCEPTED, Outcome.REFUSED)))
    assert results.count("late") == 1
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 1
        assert list(verify_log(session)) == []


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.WITHDRAWN])
def test_each_side_does_only_what_is_its_own(
    outcome: Outcome,
    sessions: "sessionmaker[Session]",
    people: People,
    claire: Person,
    order: str,
    letters: OrderLetters,
) -> None:
    with sessions.begin() as session:
        made = proposed(session, order, claire, letters)
        wrong = claire if outcome is not Outcome.WITHDRAWN else people.staff
        given: dict[str, Any] = {"form_key": "a", "letters": letters, "at": LATER, "reason": "Nous ne voulons pas."}
        with pytest.raises(NotYours):
            decide(session, made, outcome, by=signer(session, wrong), **given)
        right = people.staff if outcome is not Outcome.WITHDRAWN else claire
        assert decide(session, made, outcome, by=signer(session, right), **given).outcome is outcome


def test_who_may_not_sign_neither_proposes_nor_answers(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters
) -> None:
    with sessions.begin() as session:
        clerk = add_person(
            session, organisation=session.merge(people.client), email="marc@muller.example", name="Marc",
            roles=[ClientRole.BILLING], by=None, now=NOON,
        )  # fmt: skip
        stranger = add_person(
            session, organisation=session.merge(people.other), email="otto@otto.example", name="Otto",
            roles=[ClientRole.SIGNATORY], by=None, now=NOON,
        )  # fmt: skip
        made = proposed(session, order, people.staff, letters)
        for person in (clerk, stranger):
            with pytest.raises(NotAllowed):
                decide(
                    session, made, Outcome.ACCEPTED, by=signer(session, person), form_key="a", letters=letters, at=LATER
                )
            with pytest.raises(NotAllowed):
                proposed(session, order, person, letters, form_key="b")


def test_one_proposal_waits_at_a_time_and_each_says_something(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters
) -> None:
    with sessions.begin() as session:
        for words in ("", "  court "):
            with pytest.raises(WordsMissing):
                proposed(session, order, claire, letters, words=words)
        made = proposed(session, order, claire, letters)
        with pytest.raises(AlreadyProposed):
            proposed(session, order, people.staff, letters, form_key="b")
        with pytest.raises(WordsMissing):
            decide(
                session,
                made,
                Outcome.REFUSED,
                by=signer(session, people.staff),
                form_key="a",
                letters=letters,
                at=LATER,
            )


def test_an_accepted_cancellation_ends_the_order_and_nothing_follows(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters
) -> None:
    with sessions.begin() as session:
        made = proposed(session, order, claire, letters, kind=AmendmentKind.CANCEL)
        decide(
            session, made, Outcome.ACCEPTED, by=signer(session, people.staff), form_key="a", letters=letters, at=LATER
        )  # fmt: skip
        found = find_order(session, order)
        assert found is not None
        assert progress_of(session, found).standing is Standing.CANCELLED
        with pytest.raises(NotNow):
            proposed(session, order, claire, letters, form_key="b")


def test_nobody_ends_an_order_without_a_right(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters,
    library: "Library",
) -> None:  # fmt: skip
    with sessions() as session:
        found = find_order(session, order)
        assert found is not None
        given: dict[str, Any] = {
            "ground": Ground.FORCE_MAJEURE, "work_done": "aucune", "lines_done": (), "form_key": "t", "at": LATER,
            "terms": library.in_force(NOON.date()), "letters": letters,
        }  # fmt: skip
        with pytest.raises(NotTerminable):
            terminate(session, found, side=Side.CLIENT, by=session.get_one(Person, claire.id), **given)
        with pytest.raises(NotAllowed):
            terminate(session, found, side=Side.PROVIDER, by=session.get_one(Person, claire.id), **given)


@pytest.mark.parametrize("table", ["client_order_amendment", "client_order_decision", "client_order_event"])
def test_the_database_itself_keeps_what_became_of_an_order(
    table: str, sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters
) -> None:
    from portal.orders.progress_actions import note_event
    from portal.orders.progress_rules import Event, EventKind

    with sessions.begin() as session:
        made = proposed(session, order, people.staff, letters)
        decide(session, made, Outcome.ACCEPTED, by=signer(session, claire), form_key="a", letters=letters, at=LATER)
        found = session.scalars(select(Order)).one()
        note_event(
            session, found, Event(EventKind.DONE, NOON.date(), line=1), by=session.get_one(Person, people.staff.id),
            form_key="e", letters=letters, at=LATER,
        )  # fmt: skip
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET evidence = 1"):  # noqa: S608 - our own names
        with pytest.raises(DBAPIError, match="only added to"), sessions.begin() as session:
            session.execute(text(statement))


def test_a_person_sees_what_they_signed_and_the_proof_stays(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters
) -> None:
    with sessions.begin() as session:
        proposed(session, order, claire, letters)
        (record,) = PERSONAL_DATA.find(session, "Claire@Muller.example")
        assert record.reference == "AVN-2026-0001"
        assert (record.under, record.kept_since, order in record.begins) == ("contract", None, True)  # it still runs
        assert PERSONAL_DATA.erase(session, "claire@muller.example", LATER) == []
        found = find_order(session, order)
        assert found is not None
        held = find_amendment(session, found, "AVN-2026-0001")
        assert held is not None
        assert held.by == "Claire Muller"


# --- Its lines -----------------------------------------------------------------------------------


def test_lines_are_added_dropped_and_changed_and_the_totals_of_both_states_stand(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters
) -> None:
    with sessions.begin() as session:
        found = find_order(session, order)
        assert found is not None
        was = found.totals
        work, _ = found.lines_in_force
        longer = PositionedLine(work.position, replace(work.value, quantity=Decimal("2.5")))
        made = proposed(session, order, people.staff, letters, lines=(longer, PositionedLine(3, SATURDAY)))
        it = made.compared
        assert it is not None
        assert [pair.what for pair in it.pairs] == ["Changée", "Retirée", "Ajoutée"]
        assert it.totals[0] == was
        assert (it.totals[1].net, it.totals[1].gross) == (Decimal("2241.38"), Decimal("2689.66"))
        assert made.net_change == Decimal("2241.38") - was.net
        assert found.totals == was  # nothing changes before the other side accepts
        decide(session, made, Outcome.ACCEPTED, by=signer(session, claire), form_key="a", letters=letters, at=LATER)
        assert [line.label for line in found.lines_in_force] == ["Remplacement du serveur", "Un samedi"]
        assert found.totals == it.totals[1]
        assert len(found.lines) == 2  # what was ordered is what was ordered
    with sessions.begin() as session:
        # The next one starts from there, by the numbers that lines keep; its own past stays what it was.
        found = find_order(session, order)
        assert found is not None
        assert found.last_change == made.reference
        with pytest.raises(Overtaken):
            proposed(session, order, claire, letters, form_key="b", base="")
        again = proposed(session, order, claire, letters, form_key="b", lines=found.lines_in_force[1:])
        assert again.compared is not None
        assert [pair.what for pair in again.compared.pairs] == ["Retirée", "Inchangée"]
        first = session.get_one(Amendment, made.id)
        assert first.compared is not None
        assert first.compared.totals[0] == was


def test_the_position_of_a_dropped_line_is_never_given_again(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters
) -> None:
    new = {"position": "", "kind": "service", "label": "Un samedi", "description": "", "quantity": "1", "unit": "jour",
           "price": "640", "vat": "20", "drop": False}  # fmt: skip
    with sessions.begin() as session:
        found = find_order(session, order)
        assert found is not None
        staff, day = session.get_one(Person, people.staff.id), found.placed_at.date()
        for kind in (EventKind.DONE, EventKind.DELIVERED):
            note_event(
                session, found, Event(kind, day, line=2), by=staff, form_key=kind.value, letters=letters, at=LATER
            )
        refused = proposed(session, order, people.staff, letters)  # its added line was 9
        decide(
            session, refused, Outcome.REFUSED, by=signer(session, claire), form_key="a", letters=letters, at=LATER,
            reason="Trop cher pour nous.",
        )  # fmt: skip
        for key, rows in (("b", [typed_of(found.lines_in_force)[1] | {"drop": True}]), ("c", [new])):
            lines, problems = read_lines(rows, found.lines_in_force, found.used_positions)
            assert problems == []
            made = proposed(session, order, people.staff, letters, form_key=key, lines=lines)
            decide(session, made, Outcome.ACCEPTED, by=signer(session, claire), form_key=key, letters=letters, at=LATER)
        assert [line.position for line in found.lines_in_force] == [1, 10]
        assert found.used_positions == {1, 2, 9, 10}
        now = progress_of(session, found)
        assert (now.standing, now.done, now.delivered) == (Standing.OPEN, frozenset(), {})


def test_a_refused_change_of_lines_changes_nothing_and_unchanged_lines_are_words_alone(
    sessions: "sessionmaker[Session]", people: People, claire: Person, order: str, letters: OrderLetters
) -> None:
    with sessions.begin() as session:
        found = find_order(session, order)
        assert found is not None
        was = found.totals
        made = proposed(session, order, people.staff, letters)
        decide(
            session, made, Outcome.REFUSED, by=signer(session, claire), form_key="a", letters=letters, at=LATER,
            reason="Trop cher pour nous.",
        )  # fmt: skip
        assert (found.totals, found.last_change) == (was, "")
        only = proposed(session, order, people.staff, letters, form_key="b", lines=found.lines_in_force)
        assert (only.lines, only.net_change, only.compared) == (None, None, None)


def test_an_amendment_leaves_a_line_and_never_touches_points() -> None:
    before = tuple(PositionedLine(place, line) for place, line in enumerate((WORK, BOOK), start=1))
    check_lines(before, before[1:])
    with pytest.raises(LinesRefused, match="annulation"):
        check_lines(before, ())
    for after in (before[:1], (before[0], PositionedLine(2, replace(BOOK, points=Decimal(600))))):
        with pytest.raises(LinesRefused, match="points"):
            check_lines(before, after)
    with pytest.raises(LinesRefused, match="négatif"):
        check_lines(before[:1], (PositionedLine(1, replace(WORK, unit_price=Decimal(-1))),))
    assert restored(stored(before)) == before


def test_typed_rows_make_lines_or_say_what_is_wrong_by_their_field() -> None:
    before = tuple(PositionedLine(place, line) for place, line in enumerate((WORK, GOODS, BOOK), start=1))
    rows = typed_of(before)
    assert read_lines(rows, before) == (before, [])
    assert read_lines([], before) == (before, [])  # what no row names stays
    new = {"position": "", "kind": "service", "label": "Un samedi", "description": "", "quantity": "1", "unit": "jour",
           "price": "640", "vat": "20", "drop": False}  # fmt: skip
    blank = new | {"label": "", "price": ""}
    after, problems = read_lines(
        [rows[0] | {"quantity": "2,5"}, rows[1] | {"drop": True}, rows[2] | {"quantity": "9"}, new, blank], before
    )
    assert problems == []
    assert [(each.position, each.value.quantity) for each in after] == [
        (1, Decimal("2.5")), (3, Decimal(1)), (4, Decimal(1)),
    ]  # fmt: skip
    for name, value in (
        ("quantity", "0"),
        ("quantity", "1,2345"),
        ("price", "cher"),
        ("vat", "101"),
        ("label", " "),
        ("kind", "points"),
    ):
        _, problems = read_lines([new | {name: value}], before)
        assert [field for field, _ in problems] == [f"lines-0-{name}"], name
