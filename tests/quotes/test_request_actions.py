"""A request goes in with its mails or not at all; it is answered, and closed once."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.actions import AddressTaken, find_organisation
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import Identity
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.mail.models import OutgoingMail
from portal.quotes.estimate import Estimate
from portal.quotes.request_actions import (
    Asked,
    ClientKnown,
    NoSuchRequest,
    accept_request,
    decline_request,
    find_followed,
    find_request,
    reply_as_requester,
    reply_to_request,
    submit_request,
)
from portal.quotes.request_letters import Letters, estimate_of
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import AlreadyClosed, NotAllowed, ReasonMissing, State
from portal.terms import Library
from tests.quotes.conftest import ASKED, NOON

LATER = NOON + timedelta(hours=1)


class Room:
    """The verbs, with what they always need."""

    def __init__(self, sessions: sessionmaker[Session], library: Library, letters: Letters) -> None:
        self.sessions, self.library, self.letters = sessions, library, letters

    def submit(self, key: str = "page-1", estimate: Estimate | None = None, asked: Asked = ASKED) -> str:
        with self.sessions.begin() as session:
            terms = self.library.in_force(NOON.date())
            return submit_request(
                session, asked, terms=terms, estimate=estimate, form_key=key, letters=self.letters, at=NOON
            ).reference

    def mails(self, event: str) -> list[OutgoingMail]:
        with self.sessions() as session:
            found = select(OutgoingMail).where(OutgoingMail.event == f"quotes/{event}").order_by(OutgoingMail.id)
            return list(session.scalars(found))

    def kinds(self) -> list[str]:
        with self.sessions() as session:
            assert list(verify_log(session)) == []
            found = session.scalars(select(Entry.kind).where(Entry.kind.like("quotes.%")).order_by(Entry.seq))
            return list(found)


@pytest.fixture
def room(sessions: sessionmaker[Session], library: Library, letters: Letters) -> Room:
    return Room(sessions, library, letters)


def test_a_request_keeps_the_terms_and_the_estimate_as_they_were_shown(room: Room, estimate: Estimate) -> None:
    room.submit(estimate=estimate)
    with room.sessions() as session:
        request = find_request(session, "DEM-2026-0001")
        version = room.library.in_force(NOON.date())
        assert (request.terms_slug, request.terms_sha256) == (version.slug, version.sha256)
        assert estimate_of(request) == estimate
        assert request.estimate_sha256 == version.sha256
        assert request.state is State.RECEIVED
    assert room.kinds() == ["quotes.request_submitted"]


def test_a_request_is_acknowledged_and_told_to_the_company(room: Room) -> None:
    room.submit()
    assert [mail.recipient for mail in room.mails("received")] == ["claire@muller.example"]
    assert [mail.recipient for mail in room.mails("to_handle")] == [room.library.company.mail]


def test_the_same_page_sent_twice_is_one_request_and_leaves_no_gap(room: Room) -> None:
    assert [room.submit("a"), room.submit("a"), room.submit("b")] == ["DEM-2026-0001", "DEM-2026-0001", "DEM-2026-0002"]
    assert len(room.mails("received")) == 2


def test_a_request_that_fails_half_way_leaves_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr(Letters, "received", broken)
        with pytest.raises(RuntimeError):
            room.submit()
    assert room.kinds() == []
    assert room.submit() == "DEM-2026-0001"


def test_requests_made_together_all_get_a_number_of_their_own_without_a_gap(room: Room) -> None:
    given: list[str] = []

    def several(name: int) -> None:
        given.extend(room.submit(f"{name}-{turn}") for turn in range(5))

    threads = [threading.Thread(target=several, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == [f"DEM-2026-{number:04}" for number in range(1, 21)]


def test_one_page_sent_by_two_hands_at_once_is_one_request(room: Room) -> None:
    given: list[str] = []
    threads = [threading.Thread(target=lambda: given.append(room.submit("same"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given == ["DEM-2026-0001"] * 6
    assert len(room.mails("received")) == 1


def test_numbers_begin_again_with_the_year_of_paris(room: Room) -> None:
    room.submit()
    new_year = NOON.replace(month=12, day=31, hour=23, minute=30)  # half past midnight in Paris
    with room.sessions.begin() as session:
        terms = room.library.in_force(NOON.date())
        request = submit_request(
            session, ASKED, terms=terms, estimate=None, form_key="z", letters=room.letters, at=new_year
        )
        assert request.reference == "DEM-2027-0001"


def test_an_answer_goes_into_the_thread_and_by_mail_once_however_often_it_is_sent(room: Room, adviser: Person) -> None:
    reference = room.submit()
    for _ in range(2):
        with room.sessions.begin() as session:
            reply_to_request(
                session, find_request(session, reference), by=session.merge(adviser), words="Nous regardons. ",
                form_key="k", letters=room.letters, at=LATER,
            )  # fmt: skip
    with room.sessions() as session:
        request = find_request(session, reference)
        assert [(message.author, message.text) for message in request.messages] == [("Anne Klein", "Nous regardons.")]
        assert (request.state, request.waiting_since) == (State.ANSWERED, LATER)
    assert [mail.recipient for mail in room.mails("answer")] == ["claire@muller.example"]


def test_mails_of_one_request_stand_in_one_thread(room: Room, adviser: Person) -> None:
    reference = room.submit()
    for turn in range(3):
        with room.sessions.begin() as session:
            request = find_request(session, reference)
            reply_to_request(
                session, request, by=session.merge(adviser), words="Oui.", form_key=f"s{turn}", letters=room.letters,
                at=LATER,
            )  # fmt: skip
            reply_as_requester(session, request, words="Merci.", form_key=f"r{turn}", letters=room.letters, at=LATER)
    for first, rest in (("received", "answer"), ("to_handle", "requester_wrote")):
        (root,), answers = room.mails(first), room.mails(rest)
        assert root.headers == {}
        known = [root.message_id]
        for answer in answers:
            assert answer.headers == {"In-Reply-To": known[-1], "References": " ".join(known)}
            known.append(answer.message_id)
        assert len(known) == 4


def test_what_the_requester_adds_before_an_answer_does_not_make_it_wait_anew(room: Room) -> None:
    reference = room.submit()
    with room.sessions.begin() as session:
        request = find_request(session, reference)
        reply_as_requester(session, request, words="Et aussi…", form_key="k", letters=room.letters, at=LATER)
        assert (request.state, request.waiting_since) == (State.RECEIVED, NOON)


def test_a_link_opens_its_own_request_and_no_other(room: Room) -> None:
    reference, other = room.submit("a"), room.submit("b")
    with room.sessions() as session:
        key = find_request(session, reference).link_key
        assert find_followed(session, reference, key).reference == reference
        for wrong in ((other, key), (reference, key + "x"), ("DEM-2026-9999", key)):
            with pytest.raises(NoSuchRequest):
                find_followed(session, *wrong)


def test_accepting_makes_the_organisation_and_its_first_person(room: Room, seller: Person) -> None:
    reference = room.submit()
    with room.sessions.begin() as session:
        accept_request(
            session, find_request(session, reference), by=session.merge(seller), letters=room.letters, at=LATER
        )
    with room.sessions() as session:
        organisation = find_organisation(session, Identity(siren="732829320"))
        assert organisation is not None
        assert organisation.legal_name == "Boulangerie Muller"
        assert [(person.email, person.role_names) for person in organisation.people] == [
            ("claire@muller.example", frozenset({"administrator", "signatory"}))
        ]
        request = find_request(session, reference)
        assert (request.state, request.closed_by, request.closed_at) == (State.ACCEPTED, "Paul Weber", LATER)
        assert request.organisation_id == organisation.id
    assert [mail.recipient for mail in room.mails("accepted")] == ["claire@muller.example"]
    assert room.kinds() == ["quotes.request_submitted", "quotes.request_accepted"]


def test_who_types_the_number_of_a_client_does_not_get_in_by_that(room: Room, seller: Person) -> None:
    first, second = room.submit("a"), room.submit("b", asked=Asked("Autre", "732829320", "X", "x@y.example", None, "?"))
    with room.sessions.begin() as session:
        accept_request(session, find_request(session, first), by=session.merge(seller), letters=room.letters, at=LATER)
    with pytest.raises(ClientKnown), room.sessions.begin() as session:
        accept_request(session, find_request(session, second), by=session.merge(seller), letters=room.letters, at=LATER)
    with room.sessions() as session:
        assert find_request(session, second).state is State.RECEIVED
        assert len(session.scalars(select(Organisation)).all()) == 1


def test_an_address_that_signs_in_elsewhere_makes_no_half_client(room: Room, seller: Person) -> None:
    reference = room.submit(asked=Asked("Autre", "732829320", "Paul", "paul@ims.example", None, "?"))
    with pytest.raises(AddressTaken), room.sessions.begin() as session:
        accept_request(
            session, find_request(session, reference), by=session.merge(seller), letters=room.letters, at=LATER
        )
    with room.sessions() as session:
        assert session.scalars(select(Organisation)).all() == []


def test_declining_needs_a_reason_and_tells_it(room: Room, seller: Person) -> None:
    reference = room.submit()
    with room.sessions.begin() as session:
        request, by = find_request(session, reference), session.merge(seller)
        with pytest.raises(ReasonMissing):
            decline_request(session, request, by=by, reason=" ", letters=room.letters, at=LATER)
        decline_request(session, request, by=by, reason="Trop loin.", letters=room.letters, at=LATER)
    (mail,) = room.mails("declined")
    assert "> Trop loin." in mail.text
    assert room.kinds() == ["quotes.request_submitted", "quotes.request_declined"]


def test_two_colleagues_who_close_at_once_close_it_once(room: Room, seller: Person) -> None:
    reference, outcomes = room.submit(), []
    ready = threading.Barrier(2)

    def close(accept: bool) -> None:
        with room.sessions() as session:
            try:
                ready.wait()
                request, by = find_request(session, reference), session.merge(seller)
                if accept:
                    accept_request(session, request, by=by, letters=room.letters, at=LATER)
                else:
                    decline_request(session, request, by=by, reason="Non.", letters=room.letters, at=LATER)
                session.commit()
                outcomes.append("done")
            except AlreadyClosed:
                outcomes.append("refused")

    threads = [threading.Thread(target=close, args=(accept,)) for accept in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]
    assert len(room.mails("accepted")) + len(room.mails("declined")) == 1


def test_a_role_that_does_not_decide_is_refused_and_changes_nothing(room: Room, adviser: Person) -> None:
    reference = room.submit()
    with room.sessions.begin() as session:
        request, by = find_request(session, reference), session.merge(adviser)
        with pytest.raises(NotAllowed):
            accept_request(session, request, by=by, letters=room.letters, at=LATER)
        with pytest.raises(NotAllowed):
            decline_request(session, request, by=by, reason="Non.", letters=room.letters, at=LATER)
    with room.sessions() as session:
        assert session.scalars(select(QuoteRequest.state)).one() is State.RECEIVED


def test_nobody_writes_in_a_closed_thread(room: Room, seller: Person) -> None:
    reference = room.submit()
    with room.sessions.begin() as session:
        request, by = find_request(session, reference), session.merge(seller)
        decline_request(session, request, by=by, reason="Non.", letters=room.letters, at=LATER)
        with pytest.raises(AlreadyClosed):
            reply_to_request(session, request, by=by, words="Et ?", form_key="k", letters=room.letters, at=LATER)
        with pytest.raises(AlreadyClosed):
            reply_as_requester(session, request, words="Et ?", form_key="k", letters=room.letters, at=LATER)
