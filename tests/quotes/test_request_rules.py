"""States of a request and the numbers that organisations are known by."""

import pytest

from portal.accounts.rules import InvalidIdentity
from portal.quotes.request_rules import (
    AlreadyClosed,
    ReasonMissing,
    Side,
    State,
    after_message,
    check_open,
    check_reason,
    identity_number,
    identity_words,
    may_answer,
    may_decide,
)


def test_an_answer_makes_a_request_answered_and_a_word_after_it_a_discussion() -> None:
    assert after_message(State.RECEIVED, Side.STAFF) is State.ANSWERED
    assert after_message(State.ANSWERED, Side.REQUESTER) is State.DISCUSSED
    assert after_message(State.DISCUSSED, Side.REQUESTER) is State.DISCUSSED
    assert after_message(State.DISCUSSED, Side.STAFF) is State.ANSWERED


def test_a_word_added_before_any_answer_leaves_the_request_unanswered() -> None:
    assert after_message(State.RECEIVED, Side.REQUESTER) is State.RECEIVED


@pytest.mark.parametrize("state", [State.ACCEPTED, State.DECLINED])
@pytest.mark.parametrize("side", Side)
def test_nobody_writes_once_a_request_is_closed(state: State, side: Side) -> None:
    with pytest.raises(AlreadyClosed) as refused:
        after_message(state, side)
    assert refused.value.state is state


@pytest.mark.parametrize("state", [State.RECEIVED, State.DISCUSSED, State.ANSWERED])
def test_what_is_not_closed_is_open(state: State) -> None:
    check_open(state)


def test_every_state_has_a_french_word() -> None:
    assert {state: state.label for state in State} == {
        State.RECEIVED: "Reçue",
        State.DISCUSSED: "En discussion",
        State.ANSWERED: "Répondue",
        State.ACCEPTED: "Devenue cliente",
        State.DECLINED: "Déclinée",
    }


def test_advisers_answer_and_only_sales_and_administrators_decide() -> None:
    assert may_answer({"adviser"})
    assert not may_decide({"adviser"})
    assert may_decide({"sales"})
    assert may_decide({"administrator", "billing"})
    assert not may_answer({"billing", "privacy"})


def test_a_request_is_declined_with_a_reason_or_not_at_all() -> None:
    assert check_reason(" Hors de notre zone. ") == "Hors de notre zone."
    with pytest.raises(ReasonMissing):
        check_reason(" \n ")


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("732 829 320", "732829320", "SIREN\u00a0732\u00a0829\u00a0320"),
        ("732.829.320", "732829320", "SIREN\u00a0732\u00a0829\u00a0320"),
        ("732 829 320 00074", "73282932000074", "SIRET\u00a0732\u00a0829\u00a0320\u00a000074"),
        ("de 136 695 976", "DE136695976", "TVA\u00a0DE136695976"),
        ("CHE-100.155.212 TVA", "CHE100155212", "IDE\u00a0CHE-100.155.212"),
    ],
)
def test_an_organisation_gives_a_siren_a_vat_number_or_a_swiss_uid(typed: str, kept: str, shown: str) -> None:
    assert identity_number(typed) == kept
    assert identity_words(kept) == shown


@pytest.mark.parametrize("typed", ["732 829 321", "DE 136 695 977", "CHE-100.155.213", "Claire Martin", ""])
def test_a_number_whose_key_is_wrong_is_refused(typed: str) -> None:
    with pytest.raises(InvalidIdentity):
        identity_number(typed)
