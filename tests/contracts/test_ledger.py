"""The ledger: only added to, always adding up, charged once, by one at a time."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from portal.contracts import actions, agreement_actions
from portal.contracts.models import Contract, LedgerEntry
from portal.contracts.rules import (
    CannotCorrect,
    ContractEnded,
    NoContract,
    Overdraft,
    PointsExhausted,
    Policy,
    ReasonMissing,
)
from portal.evidence.actions import verify_log
from tests.contracts.conftest import NOON, Opener, People

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

Sessions = "sessionmaker[Session]"


def charge(session: "Session", people: People, points: str, source: str = "intervention:1") -> list[LedgerEntry]:
    return actions.charge(
        session, people.client, points=Decimal(points), source=source, by=people.staff, at=NOON + timedelta(hours=1)
    )


def test_a_contract_opens_with_its_points_its_terms_and_its_conditions(
    sessions: "sessionmaker[Session]", opener: Opener
) -> None:
    with sessions.begin() as session:
        contract = opener(session, "500")
    with sessions() as session:
        held = session.get_one(Contract, contract.id)
        assert held.reference == "CTR-2026-0001"
        assert held.terms_slug == "2018-10-01"
        assert held.special_conditions.text == "Astreinte."
        assert [(entry.seq, entry.points, entry.before, entry.balance) for entry in held.entries] == [
            (1, Decimal(500), Decimal(0), Decimal(500))
        ]
        assert actions.balance(session, held) == 500
        assert list(verify_log(session)) == []


def test_by_hand_needs_a_reason(sessions: "sessionmaker[Session]", people: People, opener: Opener) -> None:
    with sessions() as session, pytest.raises(ReasonMissing):
        agreement_actions.open_contract(
            session, organisation=people.client, kind=opener(session, "1").kind, points=Decimal(1), terms_slug="x",
            terms_sha256="0" * 64, special_conditions=opener(session, "1").special_conditions, overdraft=Overdraft(),
            by=people.staff, at=NOON, reason="  ",
        )  # fmt: skip


def test_a_charge_takes_from_the_oldest_contract_first(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        newer = opener(session, "100", at=NOON)
        older = opener(session, "10", at=NOON - timedelta(days=400))
        entries = charge(session, people, "26.67")
    assert [(entry.contract_id, entry.points, entry.balance) for entry in entries] == [
        (older.id, Decimal(-10), Decimal(0)),
        (newer.id, Decimal("-16.67"), Decimal("83.33")),
    ]


def test_the_same_thing_is_charged_once(sessions: "sessionmaker[Session]", people: People, opener: Opener) -> None:
    with sessions.begin() as session:
        contract = opener(session, "100")
        first = charge(session, people, "15")
        again = charge(session, people, "15")
        assert [entry.id for entry in first] == [entry.id for entry in again]
        assert actions.balance(session, contract) == 85


def test_another_client_pays_nothing(sessions: "sessionmaker[Session]", people: People, opener: Opener) -> None:
    with sessions.begin() as session:
        opener(session, "100", organisation=people.other)
        with pytest.raises(NoContract):
            charge(session, people, "1")


def test_what_does_not_suffice_is_refused_whole(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        contract = opener(session, "20")
        with pytest.raises(PointsExhausted):
            charge(session, people, "20.01")
        assert actions.balance(session, contract) == 20
        charge(session, people, "20")
        assert actions.balance(session, contract) == 0


def test_an_ended_contract_is_left_alone(sessions: "sessionmaker[Session]", people: People, opener: Opener) -> None:
    with sessions.begin() as session:
        contract = opener(session, "20")
        agreement_actions.end_contract(
            session, contract, reason="Résilié d'un commun accord.", by=people.staff, at=NOON
        )
        with pytest.raises(NoContract):
            charge(session, people, "1")
        with pytest.raises(ContractEnded):
            actions.credit(session, contract, points=Decimal(1), key="k", words="w", by=people.staff, at=NOON)


def test_points_come_back_by_a_counter_entry_with_its_reason(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        contract = opener(session, "100")
        (entry,) = charge(session, people, "40")
        with pytest.raises(ReasonMissing):
            actions.correct(session, entry, points=Decimal(5), key="a", reason="", by=people.staff, at=NOON)
        made = actions.correct(
            session, entry, points=Decimal(5), key="a", reason="Mal compté", by=people.staff, at=NOON
        )
        assert (made.corrects_id, made.balance, made.reason) == (entry.id, Decimal(65), "Mal compté")
        assert actions.left_of(session, entry) == Decimal(-35)
        with pytest.raises(CannotCorrect) as refusal:
            actions.correct(session, entry, points=Decimal("35.01"), key="b", reason="x", by=people.staff, at=NOON)
        assert refusal.value.left == Decimal(-35)
        actions.correct(session, made, points=Decimal(-5), key="c", reason="Finalement non", by=people.staff, at=NOON)
        assert actions.balance(session, contract) == 60


def test_a_charge_over_two_contracts_is_given_back_from_the_last_one(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        older, newer = opener(session, "10"), opener(session, "100")
        charge(session, people, "30")

        def give(points: str | None, key: str) -> list[tuple[int, Decimal]]:
            entries = actions.give_back(
                session, people.client, source="intervention:1", points=Decimal(points) if points else None, key=key,
                reason="Geste", by=people.staff, at=NOON,
            )  # fmt: skip
            return [(entry.contract_id, entry.points) for entry in entries]

        assert give("25", "a") == [(newer.id, Decimal(20)), (older.id, Decimal(5))]
        assert give("25", "a") == [(newer.id, Decimal(20)), (older.id, Decimal(5))]  # the same page again
        assert give(None, "b") == [(older.id, Decimal(5))]
        with pytest.raises(CannotCorrect):
            give(None, "c")
        assert (actions.balance(session, older), actions.balance(session, newer)) == (Decimal(10), Decimal(100))


def test_taking_points_back_may_not_pass_the_contracts_rule(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        contract = opener(session, "100")
        charge(session, people, "70")
        opening = session.scalars(select(LedgerEntry).where(LedgerEntry.key == "opening")).one()
        with pytest.raises(PointsExhausted):
            actions.correct(
                session, opening, points=Decimal(-31), key="a", reason="Saisi deux fois", by=people.staff, at=NOON
            )
        agreement_actions.set_overdraft(
            session, contract, overdraft=Overdraft(Policy.WARN), reason="Accord du client", by=people.staff, at=NOON
        )
        actions.correct(
            session, opening, points=Decimal(-31), key="a", reason="Saisi deux fois", by=people.staff, at=NOON
        )
        assert actions.balance(session, contract) == -1


def test_the_contract_charged_first_gives_the_rates(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        assert actions.charged_first(session, people.client.id) is None
        older, newer = opener(session, "10"), opener(session, "10")
        assert actions.charged_first(session, people.client.id) == older
        charge(session, people, "10", "a")
        assert actions.charged_first(session, people.client.id) == newer
        charge(session, people, "10", "b")
        assert actions.charged_first(session, people.client.id) == newer


# --- What the database refuses by itself ----------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE contract_entry SET points = 1, balance = 1", "append-only"),
        ("DELETE FROM contract_entry", "append-only"),
        ("UPDATE contract SET terms_sha256 = 'x'", "was agreed"),
        ("UPDATE contract SET kind = 'liberty'", "was agreed"),
        ("DELETE FROM contract", "was agreed"),
        ("INSERT INTO contract_entry SELECT id + 1, contract_id, seq + 1, 'credit', 100, balance, 'x', at, words, working, reason, corrects_id, by_id, by FROM contract_entry", "add up"),
        ("INSERT INTO contract_entry SELECT id + 1, contract_id, seq + 2, 'credit', 100, balance + 100, 'x', at, words, working, reason, corrects_id, by_id, by FROM contract_entry", "add up"),
    ],
)  # fmt: skip
def test_the_database_itself_refuses_other_books(
    sessions: "sessionmaker[Session]", opener: Opener, statement: str, words: str
) -> None:
    with sessions.begin() as session:
        opener(session, "100")
    columns = (
        "(id, contract_id, seq, movement, points, balance, key, at, words, working, reason, corrects_id, by_id, by)"
    )
    with pytest.raises(DBAPIError, match=words), sessions.begin() as session:
        session.execute(text(statement.replace("contract_entry SELECT", f"contract_entry {columns} SELECT")))


def test_what_may_change_in_a_contract_still_does(sessions: "sessionmaker[Session]", opener: Opener) -> None:
    with sessions.begin() as session:
        opener(session, "100")
    with sessions.begin() as session:
        session.execute(text("UPDATE contract SET policy = 'warn'"))


# --- Several at once ------------------------------------------------------------------------------


def together(*acts: "object") -> list[BaseException]:
    failures: list[BaseException] = []
    gate = threading.Barrier(len(acts))

    def run(act: object) -> None:
        gate.wait()
        try:
            act()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_of_two_charges_at_once_that_do_not_both_fit_one_is_refused(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        contract = opener(session, "50")

    def act(source: str) -> object:
        def go() -> None:
            with sessions.begin() as session:
                charge(session, people, "30", source)

        return go

    failures = together(act("a"), act("b"))
    assert [type(error) for error in failures] == [PointsExhausted]
    with sessions() as session:
        assert actions.balance(session, contract) == 20


def test_the_same_charge_sent_twice_at_once_is_one(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        contract = opener(session, "50")

    def go() -> None:
        with sessions.begin() as session:
            charge(session, people, "30", "same")

    assert together(go, go) == []
    with sessions() as session:
        assert actions.balance(session, contract) == 20


def test_charges_credits_and_corrections_at_once_leave_books_that_add_up(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        older, newer = opener(session, "20", Overdraft(Policy.WARN)), opener(session, "20", Overdraft(Policy.WARN))
        (entry,) = charge(session, people, "5", "first")

    def charging(number: int) -> object:
        def go() -> None:
            with sessions.begin() as session:
                charge(session, people, "7.01", f"c{number}")

        return go

    def crediting() -> None:
        with sessions.begin() as session:
            actions.credit(
                session, session.get_one(Contract, newer.id), points=Decimal(10), key="add", words="Ajout",
                by=people.staff, at=NOON,
            )  # fmt: skip

    def correcting() -> None:
        with sessions.begin() as session:
            actions.correct(
                session, session.get_one(LedgerEntry, entry.id), points=Decimal(5), key="fix", reason="Erreur",
                by=people.staff, at=NOON,
            )  # fmt: skip

    assert together(*(charging(number) for number in range(4)), crediting, correcting) == []
    with sessions() as session:
        total = session.scalar(select(func.sum(LedgerEntry.points)))
        assert total == Decimal(20) + 20 - 5 + 10 + 5 - 4 * Decimal("7.01")
        for contract in (older, newer):
            entries = session.get_one(Contract, contract.id).entries
            assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
            assert entries[-1].balance == actions.balance(session, contract)
        assert list(verify_log(session)) == []
