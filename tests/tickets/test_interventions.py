"""Time on tickets: noted, counted once, charged, billed, contested, corrected."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from portal.accounts.actions import add_person, add_staff
from portal.accounts.models import Person
from portal.accounts.rules import ClientRole, StaffRole
from portal.contracts.actions import balance
from portal.contracts.models import Contract
from portal.contracts.rules import NoContract, PointsExhausted, ReasonMissing
from portal.evidence.actions import verify_log
from portal.terms.points import InvalidMinutes, MixedModes
from portal.tickets.contest_actions import answer, contest
from portal.tickets.intervention_actions import Noted, foresee, interventions_of, note_time, take_away
from portal.tickets.intervention_count_actions import bill_intervention, charge_intervention, correct_intervention
from portal.tickets.intervention_letters import TimeLetters
from portal.tickets.intervention_models import TimeEntry, WorkIntervention
from portal.tickets.intervention_personal_data import PERSONAL_DATA
from portal.tickets.intervention_rules import (
    AnsweredAlready,
    ContestedAlready,
    CostsMore,
    InterventionOver,
    NotCounted,
    Outcome,
    Step,
)
from portal.tickets.models import Ticket
from portal.tickets.rules import Channel, NotAllowed, Place, State
from portal.tickets.timer_actions import start_timer, timer_minutes
from tests.contracts.conftest import NOON, Opener, People, opener, people
from tests.contracts.test_ledger import together

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library

__all__ = ["opener", "people"]


@dataclass
class Desk:
    """A ticket of the client, and the acts of the staff on it."""

    session: "Session"
    library: "Library"
    ticket: Ticket
    anne: Person
    claire: Person
    letters: TimeLetters
    keys: int = 0

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def note(
        self, service: str, minutes: int, intervention: WorkIntervention | None = None, key: str | None = None
    ) -> TimeEntry:
        return note_time(
            self.session, self.ticket, Noted(service, minutes, "Imprimante remise en route", NOON.date(), self.anne),
            intervention=intervention, by=self.anne, form_key=key or self.key(), library=self.library, at=NOON,
        )  # fmt: skip

    def charge(self, intervention: WorkIntervention) -> WorkIntervention:
        return charge_intervention(self.session, intervention, by=self.anne, library=self.library, at=NOON)

    def contest(self, entry: TimeEntry, reason: str = "Je n'ai pas été appelée", key: str | None = None) -> object:
        return contest(
            self.session,
            entry,
            reason=reason,
            by=self.claire,
            form_key=key or self.key(),
            letters=self.letters,
            at=NOON,
        )


def a_ticket(session: "Session", organisation: int, number: int = 1) -> Ticket:
    ticket = Ticket(
        reference=f"TIC-2026-{number:04}", form_key=f"t{number}", link_key="l", organisation_id=organisation,
        channel=Channel.WEB, state=State.OPEN, portal_rank=0, opened_at=NOON, changed_at=NOON,
        subject="Imprimante en panne", place=Place.REMOTE, creator_name="Claire Muller", terms_slug="2018-10-01",
        terms_sha256="0" * 64,
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    return ticket


def make_desk(session: "Session", people: People, library: "Library") -> Desk:
    anne = session.merge(people.staff)
    claire = add_person(
        session, organisation=session.merge(people.client), email="claire@muller.example", name="Claire Muller",
        roles=[ClientRole.TECHNICAL], by=None, now=NOON,
    )  # fmt: skip
    letters = TimeLetters(library, "https://portail.example", "portail.example")
    return Desk(session, library, a_ticket(session, people.client.id), anne, claire, letters)


@pytest.fixture
def desk(sessions: "sessionmaker[Session]", people: People, library: "Library") -> Callable[["Session"], Desk]:
    return lambda session: make_desk(session, people, library)


MakeDesk = Callable[["Session"], Desk]


@pytest.mark.parametrize(
    ("service", "minutes", "points"),
    [
        ("remote-desktop", 7, "15"),
        ("remote-server", 20, "26.67"),
        ("onsite-desktop", 10, "37.50"),
        ("onsite-server", 40, "63.33"),
    ],
)
def test_an_intervention_costs_what_the_rules_worked_examples_say(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk, service: str, minutes: int, points: str
) -> None:
    with sessions.begin() as session:
        contract, staff = opener(session, "100"), desk(session)
        intervention = staff.charge(staff.note(service, minutes).intervention)
        assert intervention.points == Decimal(points)
        assert balance(session, contract) == 100 - Decimal(points)
        assert contract.entries[-1].working is not None
        assert list(verify_log(session)) == []


def test_three_interventions_of_twenty_minutes_on_a_server_cost_eighty_points_and_one_hundredth(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk
) -> None:
    with sessions.begin() as session:
        contract, staff = opener(session, "100"), desk(session)
        for _ in range(3):
            staff.charge(staff.note("remote-server", 20).intervention)
        assert balance(session, contract) == 100 - Decimal("80.01")


def test_the_minimum_counts_once_to_an_intervention_at_the_lowest_rate_worked(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk
) -> None:
    with sessions.begin() as session:
        opener(session, "100")
        staff = desk(session)
        first = staff.note("remote-server", 3)
        staff.note("remote-desktop", 2, first.intervention)
        # 3 minutes at 80 and 12 at 60: 4 + 12.
        assert staff.charge(first.intervention).points == 16


def test_what_it_will_cost_and_leave_is_seen_before(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk
) -> None:
    with sessions.begin() as session:
        staff = desk(session)
        seen = foresee(session, staff.ticket, [("remote-desktop", 7)], staff.library, NOON.date())
        assert (seen.contract, seen.enough) == (None, False)
        opener(session, "20")
        seen = foresee(session, staff.ticket, [("remote-desktop", 7)], staff.library, NOON.date())
        assert (seen.points.points, seen.left, seen.after) == (Decimal(15), Decimal(20), Decimal(5))
        assert seen.enough
        seen = foresee(session, staff.ticket, [("remote-desktop", 21)], staff.library, NOON.date())
        assert not seen.enough


def test_the_same_page_notes_time_once_and_two_clicks_charge_once(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk
) -> None:
    with sessions.begin() as session:
        contract, staff = opener(session, "100"), desk(session)
        first, again = staff.note("remote-desktop", 20, key="p"), staff.note("remote-desktop", 20, key="p")
        assert first.id == again.id
        staff.charge(first.intervention)
        staff.charge(first.intervention)
        assert balance(session, contract) == 80


def test_remote_and_on_site_are_two_interventions(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk
) -> None:
    with sessions.begin() as session:
        staff = desk(session)
        first = staff.note("remote-desktop", 20)
        with pytest.raises(MixedModes):
            staff.note("onsite-desktop", 20, first.intervention)
        with pytest.raises(InvalidMinutes):
            staff.note("remote-desktop", 0)


def test_points_that_do_not_suffice_leave_every_entry_where_it_is(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk
) -> None:
    with sessions.begin() as session:
        contract, staff = opener(session, "14.99"), desk(session)
        entry = staff.note("remote-desktop", 7)
        with pytest.raises(PointsExhausted):
            staff.charge(entry.intervention)
        assert entry.intervention.step is Step.OPEN
        assert balance(session, contract) == Decimal("14.99")


def test_an_entry_is_taken_away_before_it_is_counted_and_not_after(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk
) -> None:
    with sessions.begin() as session:
        opener(session, "100")
        staff = desk(session)
        first = staff.note("remote-desktop", 20)
        take_away(session, first, by=staff.anne)
        assert interventions_of(session, staff.ticket) == []
        second = staff.note("remote-desktop", 20)
        staff.charge(second.intervention)
        with pytest.raises(InterventionOver):
            take_away(session, second, by=staff.anne)
        with pytest.raises(InterventionOver):
            staff.note("remote-desktop", 5, second.intervention)


def test_without_a_contract_hours_are_counted_to_the_minute(
    sessions: "sessionmaker[Session]", desk: MakeDesk, library: "Library"
) -> None:
    with sessions.begin() as session:
        staff = desk(session)
        intervention = staff.note("onsite-server", 40).intervention
        with pytest.raises(NoContract):
            staff.charge(intervention)
        bill_intervention(
            session, intervention, hour="technical", km=Decimal(12), by=staff.anne, library=library, at=NOON
        )
        tariff = library.version("2018-10-01").tariff
        expected = tariff.hour_rate("technical").rate * 40 / 60 + tariff.kilometre.rate * 12
        assert intervention.net == round(expected, 2)
        assert intervention.step is Step.BILLED


def test_only_who_handles_tickets_notes_time(sessions: "sessionmaker[Session]", desk: MakeDesk) -> None:
    with sessions.begin() as session:
        staff = desk(session)
        staff.anne = add_staff(session, email="v@ims.example", name="V", roles=[StaffRole.BILLING], now=NOON)
        with pytest.raises(NotAllowed):
            staff.note("remote-desktop", 20)
        staff.anne = staff.claire
        with pytest.raises(NotAllowed):
            staff.note("remote-desktop", 20)


def test_a_timer_gives_whole_minutes_and_ends_with_the_entry(sessions: "sessionmaker[Session]", desk: MakeDesk) -> None:
    with sessions.begin() as session:
        staff = desk(session)
        start_timer(session, staff.ticket, by=staff.anne, at=NOON)
        assert timer_minutes(session, staff.ticket, staff.anne, NOON + timedelta(seconds=30)) == 1
        assert timer_minutes(session, staff.ticket, staff.anne, NOON + timedelta(minutes=12, seconds=59)) == 12
        other = a_ticket(session, staff.ticket.organisation_id or 0, 2)
        start_timer(session, other, by=staff.anne, at=NOON)
        assert timer_minutes(session, staff.ticket, staff.anne, NOON) is None
        start_timer(session, staff.ticket, by=staff.anne, at=NOON)
        staff.note("remote-desktop", 12)
        assert timer_minutes(session, staff.ticket, staff.anne, NOON) is None


# --- Contested, corrected -------------------------------------------------------------------------


def test_a_contested_entry_is_corrected_by_a_counter_entry_and_the_client_is_told(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk
) -> None:
    from sqlalchemy import select

    from portal.mail.models import OutgoingMail

    with sessions.begin() as session:
        contract, staff = opener(session, "100"), desk(session)
        entry = staff.note("remote-desktop", 40)
        staff.charge(entry.intervention)
        made = contest(
            session, entry, reason="Vingt minutes", by=staff.claire, form_key="c", letters=staff.letters, at=NOON
        )
        with pytest.raises(ContestedAlready):
            staff.contest(entry)
        answer(
            session, made, words="Vous avez raison.", minutes={entry.id: 20}, by=staff.anne, letters=staff.letters,
            library=staff.library, at=NOON,
        )  # fmt: skip
        assert made.outcome is Outcome.CORRECTED
        assert entry.counts == 20
        assert entry.minutes == 40
        assert entry.intervention.points_now == 20
        assert balance(session, contract) == 80
        assert contract.entries[-1].reason == "Vous avez raison."
        # What a running contract's points rest on is kept from its end, not from the day of the correction.
        (keeper,) = (each.keep for each in PERSONAL_DATA.tables if each.name == "time_correction")
        assert keeper is not None
        kept = keeper(session, entry.intervention.corrections[-1].id, NOON.date())
        assert kept is not None
        assert (kept.since, contract.reference in kept.begins) == (None, True)
        with pytest.raises(AnsweredAlready):
            answer(
                session, made, words="x", minutes=None, by=staff.anne, letters=staff.letters, library=staff.library,
                at=NOON,
            )  # fmt: skip
        mails = {mail.event: mail for mail in session.scalars(select(OutgoingMail))}
        assert "Vingt minutes" in mails["tickets/time_contested"].text
        assert mails["tickets/time_answered"].recipient == "claire@muller.example"
        assert "corrigé" in mails["tickets/time_answered"].subject
        assert list(verify_log(session)) == []


def test_a_maintained_entry_moves_nothing(sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk) -> None:
    with sessions.begin() as session:
        contract, staff = opener(session, "100"), desk(session)
        entry = staff.note("remote-desktop", 40)
        staff.charge(entry.intervention)
        made = contest(session, entry, reason="Trop", by=staff.claire, form_key="c", letters=staff.letters, at=NOON)
        answer(
            session, made, words="Le journal le montre.", minutes=None, by=staff.anne, letters=staff.letters,
            library=staff.library, at=NOON,
        )  # fmt: skip
        assert made.outcome is Outcome.MAINTAINED
        assert balance(session, contract) == 60
        staff.contest(entry)  # it may be contested again: nothing counts it


def test_what_is_contested_was_counted_is_ones_own_and_has_a_reason(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk, people: People
) -> None:
    with sessions.begin() as session:
        opener(session, "100")
        staff = desk(session)
        entry = staff.note("remote-desktop", 40)
        with pytest.raises(NotCounted):
            staff.contest(entry)
        staff.charge(entry.intervention)
        with pytest.raises(ReasonMissing):
            staff.contest(entry, " ")
        staff.claire = add_person(
            session, organisation=session.merge(people.other), email="otto@autre.example", name="Otto",
            roles=[ClientRole.TECHNICAL], by=None, now=NOON,
        )  # fmt: skip
        with pytest.raises(NotAllowed):
            staff.contest(entry)


def test_a_correction_never_costs_more_and_below_the_minimum_gives_nothing_back(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk
) -> None:
    with sessions.begin() as session:
        contract, staff = opener(session, "100"), desk(session)
        entry = staff.note("remote-desktop", 14)
        intervention = staff.charge(entry.intervention)

        def to(minutes: int, key: str) -> None:
            correct_intervention(
                session, intervention, {entry.id: minutes}, reason="Mal compté", by=staff.anne, form_key=key,
                library=staff.library, at=NOON,
            )  # fmt: skip

        for wrong in (15, 14, -1):
            with pytest.raises(CostsMore):
                to(wrong, f"w{wrong}")
        to(7, "a")
        assert balance(session, contract) == 85  # seven minutes cost fifteen all the same
        to(7, "a")  # the same page again
        to(0, "b")
        assert balance(session, contract) == 100
        assert [each.points for each in intervention.corrections] == [15, 0]


def test_two_interventions_charged_at_once_are_both_charged_and_the_same_one_once(
    sessions: "sessionmaker[Session]", opener: Opener, desk: MakeDesk, library: "Library"
) -> None:
    with sessions.begin() as session:
        contract, staff = opener(session, "100"), desk(session)
        numbers = [staff.note("remote-desktop", 20).intervention.id for _ in range(2)]
        anne = staff.anne.id

    def charging(number: int) -> object:
        def act() -> None:
            with sessions.begin() as session:
                charge_intervention(
                    session, session.get_one(WorkIntervention, number), by=session.get_one(Person, anne),
                    library=library, at=NOON,
                )  # fmt: skip

        return act

    assert together(charging(numbers[0]), charging(numbers[1]), charging(numbers[0])) == []
    with sessions() as session:
        assert balance(session, session.get_one(Contract, contract.id)) == 60
