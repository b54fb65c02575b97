"""Hypothesis drives the ledger: whatever is done in whatever order, the books add up, on both engines."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from portal.contracts import actions, agreement_actions
from portal.contracts.models import Contract, LedgerEntry
from portal.contracts.rules import (
    CannotCorrect,
    Kind,
    Movement,
    NoContract,
    Overdraft,
    PointsExhausted,
    Policy,
    SpecialConditions,
)
from tests.contracts.conftest import NOON, People, people
from tests.contracts.test_ledger import together

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

__all__ = ["people"]

POINTS = st.integers(1, 6_000).map(lambda number: Decimal(number).scaleb(-2))
OVERDRAFTS = st.sampled_from([Overdraft(), Overdraft(Policy.WARN), Overdraft(Policy.LIMIT, Decimal(20))])
NUMBERS = st.integers(0, 50)


class Ledger(RuleBasedStateMachine):
    """One client's contracts, and beside them what they must come to, kept in plain numbers."""

    sessions: "sessionmaker[Session]"
    people: People

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        with self.sessions.begin() as session:  # a client of its own each time: a ledger is never emptied
            from portal.accounts.actions import create_organisation
            from portal.accounts.rules import Identity

            count = session.scalar(select(func.count()).select_from(Contract)) or 0
            self.client = create_organisation(
                session, legal_name="Client", identity=Identity(vat_number=f"DE{id(self)}{count}"), public_body=False,
                by=None, now=NOON,
            )  # fmt: skip
        self.expected: dict[int, Decimal] = {}
        self.overdrafts: dict[int, Overdraft] = {}

    def key(self) -> str:
        self.made += 1
        return f"k{self.made}"

    @rule(points=POINTS, overdraft=OVERDRAFTS)
    def open(self, points: Decimal, overdraft: Overdraft) -> None:
        with self.sessions.begin() as session:
            contract = agreement_actions.open_contract(
                session, organisation=self.client, kind=Kind.LIBERTY, points=points, terms_slug="2018-10-01",
                terms_sha256="0" * 64, special_conditions=SpecialConditions(), overdraft=overdraft,
                by=self.people.staff, at=NOON + timedelta(minutes=self.made), reason="Essai",
            )  # fmt: skip
        self.expected[contract.id], self.overdrafts[contract.id] = points, overdraft

    @precondition(lambda self: self.expected)
    @rule(points=POINTS, which=NUMBERS)
    def credit(self, points: Decimal, which: int) -> None:
        number = sorted(self.expected)[which % len(self.expected)]
        with self.sessions.begin() as session:
            actions.credit(
                session, session.get_one(Contract, number), points=points, key=self.key(), words="Ajout",
                by=self.people.staff, at=NOON,
            )  # fmt: skip
        self.expected[number] += points

    def charging(self, points: Decimal, key: str) -> Any:
        def act() -> None:
            with self.sessions.begin() as session:
                actions.charge(
                    session, self.client, points=points, source=key, by=self.people.staff, at=NOON + timedelta(hours=1)
                )

        return act

    @rule(points=POINTS)
    def charge(self, points: Decimal) -> None:
        rooms = [self.overdrafts[number].room(left) for number, left in self.expected.items()]
        fits = None in rooms or sum(room for room in rooms if room is not None) >= points
        before = sum(self.expected.values())
        key = self.key()
        try:
            self.charging(points, key)()
        except NoContract:
            assert not self.expected
            return
        except PointsExhausted:
            assert not fits
            self.read()
            assert sum(self.expected.values()) == before
            return
        assert fits
        self.charging(points, key)()  # the same again is the same
        self.read()
        assert sum(self.expected.values()) == before - points

    @precondition(lambda self: self.expected)
    @rule(first=POINTS, second=POINTS)
    def charge_twice_at_once(self, first: Decimal, second: Decimal) -> None:
        before = sum(self.expected.values())
        keys = self.key(), self.key()
        failures = together(self.charging(first, keys[0]), self.charging(second, keys[1]))
        assert all(isinstance(error, PointsExhausted) for error in failures)
        self.read()
        went = before - sum(self.expected.values())
        assert went in {first + second, first, second, Decimal(0)}
        assert (went == first + second) is (not failures)

    @precondition(lambda self: self.expected)
    @rule(points=POINTS, which=NUMBERS, back=st.booleans())
    def correct(self, points: Decimal, which: int, back: bool) -> None:
        with self.sessions() as session:
            entries = session.scalars(
                select(LedgerEntry).where(LedgerEntry.contract_id.in_(list(self.expected))).order_by(LedgerEntry.id)
            ).all()
            entry = entries[which % len(entries)]
            change = points if back else -points
            try:
                actions.correct(
                    session, entry, points=change, key=self.key(), reason="Erreur", by=self.people.staff, at=NOON
                )
            except (CannotCorrect, PointsExhausted):
                session.rollback()
                return
            session.commit()
        self.expected[entry.contract_id] += change

    def read(self) -> None:
        with self.sessions() as session:
            contracts = [session.get_one(Contract, number) for number in self.expected]
            self.expected = actions.balances(session, contracts)

    @invariant()
    def the_books_add_up(self) -> None:
        with self.sessions() as session:
            for number, expected in self.expected.items():
                entries = session.get_one(Contract, number).entries
                assert sum(entry.points for entry in entries) == expected == entries[-1].balance
                assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
                assert all(later.before == earlier.balance for earlier, later in pairwise(entries))
                room = self.overdrafts[number].room(expected)
                assert room is None or expected >= -self.overdrafts[number].limit
                for entry in entries:
                    left = actions.left_of(session, entry) if entry.movement is not Movement.CORRECTION else None
                    assert left is None or abs(left) <= abs(entry.points)


def test_whatever_is_done_in_whatever_order_the_books_add_up(sessions: "sessionmaker[Session]", people: People) -> None:
    class Machine(Ledger):
        pass

    Machine.sessions, Machine.people = sessions, people
    run_state_machine_as_test(Machine, settings=settings(max_examples=6, stateful_step_count=14, deadline=None))
