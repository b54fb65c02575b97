"""What a delay costs: step by step, never guessed, the disputed part and what was never owed left out."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.invoices.payment_rules import Account, Paid, Regime, Standing
from portal.invoices.penalty_rules import PenaltyEstimate, delay, estimate
from portal.terms import Library
from portal.terms.law import Law
from portal.terms.penalty import late_penalty

DUE, PAID = date(2025, 11, 30), date(2026, 2, 10)


def account(amount: str = "1200.00", due: date = DUE, payments: Sequence[Paid] = (), **more: Decimal) -> Account:
    return Account(Decimal(amount), is_credit=False, due_on=due, payments=tuple(payments), **more)


def clause(law: Law, held: Account, today: date, regime: Regime = Regime.CLAUSE) -> PenaltyEstimate:
    late = delay(held, today)
    assert late
    return estimate(late, law, regime, Decimal("1.5"))


def test_the_worked_example_comes_out_under_the_clause_and_the_floor(library: Library) -> None:
    held = account(payments=[Paid(PAID, Decimal("1200.00"))])
    today = date(2026, 11, 24)
    found = clause(library.law, held, today)
    assert [(step.period.half_year, step.period.days) for step in found.steps] == [("2025-S2", 31), ("2026-S1", 41)]
    assert (found.total, found.until, found.days, found.missing) == (Decimal("9.52"), PAID, 72, ())
    assert clause(library.law, held, today, Regime.FLOOR).total == Decimal("19.03")


@pytest.mark.parametrize(("paid_on", "days"), [(DUE, None), (DUE + timedelta(days=1), 1)])
def test_paid_on_the_due_day_there_is_no_delay_and_a_day_later_one_day(paid_on: date, days: int | None) -> None:
    late = delay(account(payments=[Paid(paid_on, Decimal("1200.00"))]), date(2026, 11, 24))
    assert (late.periods[0].days if late else None) == days


def test_a_half_year_without_a_rate_is_said_and_the_rest_worked_out(library: Library) -> None:
    held = account("1000", due=date(2026, 5, 31))
    found = clause(library.law, held, date(2026, 7, 1))
    assert found.missing == ("2026-S2",)
    assert found.known_until == date(2026, 6, 30)
    assert found.total == clause(library.law, held, date(2026, 6, 30)).total
    assert found.steps[1].interest is None


def test_without_any_rate_nothing_is_known(library: Library) -> None:
    found = clause(library.law, account(due=date(2026, 8, 1)), date(2026, 11, 24), Regime.STATUTORY)
    assert (found.known_until, found.total, found.missing) == (None, Decimal("0.00"), ("2026-S2",))


def test_partial_payments_count_from_the_day_after_them(library: Library) -> None:
    held = account("1000", due=date(2026, 1, 1), payments=[Paid(date(2026, 1, 11), Decimal(400))])
    found = clause(library.law, held, date(2026, 1, 21))
    assert [(step.period.due, step.period.days) for step in found.steps] == [(Decimal(1000), 10), (Decimal(600), 10)]


def test_what_is_disputed_or_credited_is_no_part_of_the_delay(library: Library) -> None:
    today = date(2026, 1, 31)
    whole = clause(library.law, account("1000", due=date(2026, 1, 1)), today)
    for less in (
        account("1000", due=date(2026, 1, 1), disputed=Decimal(400)),
        account("1000", due=date(2026, 1, 1), promised=Decimal(400)),
        account("1000", due=date(2026, 1, 1), payments=[Paid(date(2026, 1, 20), Decimal(400), credit=True)]),
    ):
        found = clause(library.law, less, today)
        assert found.principal == Decimal(600)
        assert [step.period.due for step in found.steps] == [Decimal(600)]
        assert found.total < whole.total
    assert delay(account("1000", due=date(2026, 1, 1), disputed=Decimal(1000)), today) is None


def test_the_statutory_rate_moves_with_the_half_year_and_the_public_one_keeps_the_first(library: Library) -> None:
    rates = {"2025-S2": Decimal(2), "2026-S1": Decimal(4)}
    law = library.law._replace(ecb_rates=rates)
    held = account("36500", payments=[Paid(PAID, Decimal(36500))])
    today = date(2026, 11, 24)
    statutory = clause(law, held, today, Regime.STATUTORY)
    public = clause(law, held, today, Regime.PUBLIC)
    assert [step.rate for step in statutory.steps] == [Decimal(12), Decimal(14)]
    assert [step.rate for step in public.steps] == [Decimal(10), Decimal(10)]
    assert statutory.total == 31 * 12 + 41 * 14
    assert public.total == 72 * 10


def test_the_due_day_itself_is_not_late() -> None:
    held = account("1000", due=date(2026, 1, 10))
    assert held.standing(date(2026, 1, 10)) is Standing.DUE
    assert held.standing(date(2026, 1, 11)) is Standing.OVERDUE
    assert held.days_late(date(2026, 1, 12)) == 2


DAYS = st.dates(date(2024, 1, 1), date(2026, 5, 31))
CENTS = st.integers(1, 500_000).map(lambda cents: Decimal(cents) / 100)


@given(
    amount=CENTS, due=DAYS, length=st.integers(1, 30),
    payments=st.lists(st.tuples(st.integers(-40, 40), CENTS, st.booleans()), max_size=4), disputed=CENTS,
)  # fmt: skip
def test_whatever_was_paid_the_clause_is_that_of_the_terms(
    library: Library,
    amount: Decimal,
    due: date,
    length: int,
    payments: list[tuple[int, Decimal, bool]],
    disputed: Decimal,
) -> None:
    rows = tuple(Paid(due + timedelta(days=day), paid, credit=credit) for day, paid, credit in payments)
    today = due + timedelta(days=length)
    held = Account(amount, is_credit=False, due_on=due, payments=rows, disputed=disputed)
    late = delay(held, today)
    if late is None:
        return
    found = estimate(late, library.law, Regime.CLAUSE, Decimal("1.5"))
    same = late_penalty(library.law, Decimal("1.5"), late.principal, due, late.until, late.payments)
    assert found.total == same.penalty
    assert found.until <= today
    assert 0 < late.principal <= amount
