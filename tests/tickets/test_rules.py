"""Who may do what with a ticket; each right has the one beside it that is refused."""

import pytest

from portal.tickets.rules import (
    AgreementMissing,
    AlreadyClosed,
    Channel,
    NotClosed,
    NotTheCreator,
    Place,
    Side,
    State,
    after_words,
    check_closing,
    check_place,
    check_reopening,
    is_technician,
    may_enter,
    may_handle,
    may_read,
    portal_rank,
)


@pytest.mark.parametrize(("technician", "creator"), [(True, False), (False, True), (True, True)])
def test_a_technician_or_the_creator_may_close(technician: bool, creator: bool) -> None:
    check_closing(State.OPEN, technician=technician, creator=creator)


def test_nobody_else_may_close() -> None:
    with pytest.raises(NotTheCreator):
        check_closing(State.OPEN, technician=False, creator=False)


def test_what_is_closed_is_not_closed_again() -> None:
    with pytest.raises(AlreadyClosed):
        check_closing(State.CLOSED, technician=True, creator=False)


def test_the_creator_may_reopen_what_is_closed_and_nothing_else() -> None:
    check_reopening(State.CLOSED, technician=False, creator=True)
    with pytest.raises(NotClosed):
        check_reopening(State.RESOLVED, technician=False, creator=True)


def test_a_colleague_may_not_reopen() -> None:
    with pytest.raises(NotTheCreator):
        check_reopening(State.CLOSED, technician=False, creator=False)


@pytest.mark.parametrize(
    ("role", "reads", "enters", "handles", "technician"),
    [
        ("adviser", True, True, True, True),
        ("administrator", True, True, True, False),
        ("sales", True, True, False, False),
        ("billing", True, False, False, False),
        ("privacy", False, False, False, False),
    ],
)
def test_each_role_of_staff_has_its_rights(
    role: str, reads: bool, enters: bool, handles: bool, technician: bool
) -> None:
    roles = {role}
    assert (may_read(roles), may_enter(roles), may_handle(roles), is_technician(roles)) == (
        reads, enters, handles, technician,
    )  # fmt: skip


def test_at_a_third_partys_the_agreement_is_needed_and_elsewhere_it_is_not() -> None:
    check_place(Place.THIRD, agreed=True)
    check_place(Place.OWN, agreed=False)
    with pytest.raises(AgreementMissing):
        check_place(Place.THIRD, agreed=False)


@pytest.mark.parametrize("state", [State.WAITING, State.RESOLVED])
def test_a_clients_word_opens_again_what_waited_for_it(state: State) -> None:
    assert after_words(state, Side.REQUESTER, planned=False) is State.OPEN
    assert after_words(state, Side.REQUESTER, planned=True) is State.PLANNED


@pytest.mark.parametrize("state", [State.TO_QUALIFY, State.OPEN, State.PLANNED])
def test_a_clients_word_changes_nothing_where_staff_are_at_work(state: State) -> None:
    assert after_words(state, Side.REQUESTER, planned=False) is state


@pytest.mark.parametrize("side", list(Side))
def test_words_never_reopen_what_is_closed(side: Side) -> None:
    assert after_words(State.CLOSED, side, planned=True, asks=True) is State.CLOSED


def test_staff_who_ask_wait_for_the_client_and_staff_who_tell_do_not() -> None:
    assert after_words(State.OPEN, Side.STAFF, planned=False, asks=True) is State.WAITING
    assert after_words(State.OPEN, Side.STAFF, planned=False, asks=False) is State.OPEN


def test_the_portal_comes_first_at_equal_priority() -> None:
    assert all(portal_rank(Channel.WEB) < portal_rank(other) for other in Channel if other is not Channel.WEB)
