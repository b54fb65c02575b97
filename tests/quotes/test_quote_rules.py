"""The last day of a quote, worked examples of the rules' sheet; who may; when an offer is withdrawn freely."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal.quotes.offer import Kind, Line, Offer
from portal.quotes.quote_rules import (
    Ground,
    GroundMissing,
    NoValidity,
    QuoteExpired,
    State,
    WrongState,
    check_acceptable,
    check_withdrawal,
    last_day,
    may_read,
    may_sign,
    may_write,
    validity,
)
from portal.terms import Library, Version

OFFER = Offer("Serveur", (Line(Kind.SERVICE, "x", Decimal(1), "", Decimal(1), Decimal(20)),))
FAR = date(2027, 12, 31)


@pytest.fixture
def version(library: Library) -> Version:
    return library.in_force(date(2026, 11, 24))


@pytest.mark.parametrize(
    ("received", "nominal", "enforced"),
    [
        (date(2026, 11, 23), date(2026, 12, 3), date(2026, 12, 3)),
        (date(2026, 12, 16), date(2026, 12, 26), date(2026, 12, 28)),
        (date(2026, 3, 24), date(2026, 4, 3), date(2026, 4, 7)),  # Good Friday, then Easter Monday
    ],
)
def test_ten_days_from_reception_carried_to_the_next_working_day(
    version: Version, received: date, nominal: date, enforced: date
) -> None:
    found = last_day(version, own=None, latest=FAR, received=received)
    assert (found.nominal, found.enforced) == (nominal, enforced)
    check_acceptable(State.RECEIVED, found.enforced, enforced)
    with pytest.raises(QuoteExpired):
        check_acceptable(State.RECEIVED, found.enforced, enforced + timedelta(days=1))


def test_a_last_day_of_its_own_is_not_extended_and_does_not_wait_for_reception(version: Version) -> None:
    saturday = date(2026, 12, 26)
    for received in (None, date(2026, 11, 23), date(2026, 12, 24)):
        assert last_day(version, own=saturday, latest=saturday, received=received).enforced == saturday


def test_until_reception_is_known_only_the_latest_day_ends_it(version: Version) -> None:
    latest = date(2027, 1, 23)
    assert last_day(version, own=None, latest=latest, received=None).enforced == latest


def test_nor_does_a_late_reception_carry_it_past_its_latest_day(version: Version) -> None:
    latest = date(2027, 1, 23)
    assert last_day(version, own=None, latest=latest, received=date(2027, 1, 20)).enforced == latest
    assert last_day(version, own=None, latest=latest, received=date(2027, 1, 12)).enforced == date(2027, 1, 22)


def test_the_validity_is_the_period_of_the_text_with_a_latest_day_or_the_quotes_own_day(version: Version) -> None:
    sent = date(2026, 11, 24)
    printed = validity(OFFER, version, sent=sent, latest_days=60)
    assert printed.figure is not None
    assert (printed.figure.article, printed.latest) == ("5.1", date(2027, 1, 23))
    own = validity(replace(OFFER, own_last_day=FAR), version, sent=sent, latest_days=60)
    assert (own.figure, own.latest) == (None, FAR)


def test_without_a_validity_to_print_there_is_none(version: Version) -> None:
    start = version.raw_clauses.index(b"[quote_validity]")
    end = version.raw_clauses.index(b"[invoice_dispute]")
    silent = replace(version, raw_clauses=version.raw_clauses[:start] + version.raw_clauses[end:])
    with pytest.raises(NoValidity):
        validity(OFFER, silent, sent=date(2026, 11, 24), latest_days=60)
    assert validity(replace(OFFER, own_last_day=FAR), silent, sent=date(2026, 11, 24), latest_days=60).latest == FAR


def test_before_reception_an_offer_is_withdrawn_freely_and_afterwards_not() -> None:
    check_withdrawal(State.SENT, None, "")
    for ground, reason in ((None, ""), (None, "erreur"), (Ground.REASON, " "), (Ground.AGREEMENT, "")):
        with pytest.raises(GroundMissing):
            check_withdrawal(State.RECEIVED, ground, reason)
    check_withdrawal(State.RECEIVED, Ground.AGREEMENT, "Mme Muller, par téléphone")
    check_withdrawal(State.RECEIVED, Ground.REASON, "Erreur de prix")


@pytest.mark.parametrize("state", sorted(set(State) - {State.SENT, State.RECEIVED}))
def test_only_what_is_offered_can_be_accepted_or_withdrawn(state: State) -> None:
    with pytest.raises(WrongState):
        check_acceptable(state, FAR, date(2026, 11, 24))
    with pytest.raises(WrongState):
        check_withdrawal(state, Ground.AGREEMENT, "oui")


def test_who_may() -> None:
    assert [may_write({role}) for role in ("sales", "administrator", "adviser", "billing", "privacy")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert [may_read({role}) for role in ("sales", "administrator", "adviser", "billing", "privacy")] == [
        True, True, True, True, False,
    ]  # fmt: skip
    assert may_sign({"signatory", "technical"})
    assert not may_sign({"administrator", "billing", "technical"})


def test_every_state_has_its_words() -> None:
    assert len({state.label for state in State}) == len(State)
