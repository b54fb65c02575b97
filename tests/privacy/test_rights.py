"""Corrections reach the copies, freezes hold, objections stop, mandates name whom, an organisation leaves."""

import io
import zipfile
from datetime import date
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Organisation, Person
from portal.files.models import StoredFile
from portal.mail.actions import post
from portal.mail.models import OutgoingMail
from portal.mail.stops import frozen
from portal.privacy import freezing
from portal.privacy.forgetting import forget, forget_rows
from portal.privacy.models import PrivacyFreeze, PrivacyRequest, ReferenceChoice
from portal.privacy.rooms import declared
from portal.privacy.rules import Identified, State
from portal.registry import Priority, QueueItem, in_order
from portal.tickets.index import reindex
from portal.tickets.models import Ticket, TicketMessage, TicketParticipant, TicketWord
from portal.tickets.rules import Channel, Place, Side
from portal.tickets.rules import State as TicketState
from portal.tickets.stems import stems
from portal.web import AREA
from tests.accounts.conftest import CLAIRE, MARC, NOON, OTTO, Portal, Visitor, portal
from tests.privacy.test_erasure import fetched, quiet, work
from tests.privacy.test_views import DPO, ask, asked, decide, kinds, officer, plain, public
from tests.quotes.conftest import hidden, signed_in

__all__ = ["portal", "quiet"]

NEW = "marc.weber@client.example"


def a_ticket(portal: Portal) -> int:
    """One that Marc opened and wrote in, and follows."""
    with portal.sessions.begin() as session:
        marc = session.scalars(select(Person).where(Person.email == MARC)).one()
        ticket = Ticket(
            reference="TIC-2026-0001", form_key="t", link_key="l", organisation_id=marc.organisation_id,
            channel=Channel.WEB, state=TicketState.OPEN, portal_rank=0, opened_at=NOON, changed_at=NOON,
            subject="Imprimante", place=Place.REMOTE, creator_id=marc.id, creator_name=marc.name, creator_mail=MARC,
            creator_phone="03 89 00 00 00", terms_slug="2018-10-01", terms_sha256="0" * 64, terms_accepted_at=NOON,
            terms_accepted_by=marc.name,
        )  # fmt: skip
        session.add(ticket)
        session.flush()
        session.add(
            TicketMessage(
                ticket_id=ticket.id, form_key="m", side=Side.REQUESTER, channel=Channel.WEB, author_id=marc.id,
                author=marc.name, author_mail=MARC, written_at=NOON, text="Elle est bloquée.",
            )
        )  # fmt: skip
        session.add(TicketParticipant(ticket_id=ticket.id, person_id=marc.id, mail=MARC, name=marc.name))
        session.flush()
        session.refresh(ticket)
        reindex(session, ticket)
        return ticket.id


def words_of(portal: Portal, number: int) -> set[str]:
    with portal.sessions() as session:
        return set(session.scalars(select(TicketWord.stem).where(TicketWord.ticket_id == number)))


def test_a_name_is_corrected_everywhere_at_once_but_where_it_was_signed(portal: Portal) -> None:
    number = a_ticket(portal)
    assert stems("Weber") <= words_of(portal, number)
    marc = signed_in(portal, MARC)
    form = plain(marc.open("mes-donnees/demander/rectification"))
    assert "Aujourd'hui « Marc Weber », ici : votre accès à l'espace client" in form
    assert "Reste tel quel : acceptations des CGV" in form
    ask(marc, "rectification", name="Marc Zimmermann", phone="03 89 11 22 33")
    page = plain(marc.open(marc.location))
    for words in ("Marc Weber", "Marc Zimmermann", "03 89 00 00 00", "03 89 11 22 33", "Corrigé", "Terminée"):
        assert words in page
    with portal.sessions() as session:
        ticket = session.get_one(Ticket, number)
        assert session.scalars(select(Person.name).where(Person.email == MARC)).one() == "Marc Zimmermann"
        assert (ticket.creator_name, ticket.creator_phone) == ("Marc Zimmermann", "03 89 11 22 33")
        assert {ticket.messages[0].author, ticket.participants[0].name} == {"Marc Zimmermann"}
        assert ticket.terms_accepted_by == "Marc Weber"  # as it was accepted
    assert not stems("Weber") & words_of(portal, number)
    told = portal.mails(CLAIRE)[-1]
    assert told.event == "privacy/corrected"
    assert "« Marc Weber » devient « Marc Zimmermann »" in plain(told.text) or "Téléphone" in told.text
    assert not portal.mails(OTTO)
    assert kinds(portal)[-1] == "privacy.done"


def wants(portal: Portal, visitor: Visitor, address: str) -> str:
    """The link that another address was sent, for who is signed in afresh."""
    where = "mes-donnees/demander/rectification/adresse"
    visitor.send(where, on=where, email=address, **dict[str, Any](hidden(visitor.open(where))))
    return portal.link(address)


def followed_under(portal: Portal, number: int, mail: str) -> None:
    with portal.sessions.begin() as session:
        session.add(TicketParticipant(ticket_id=number, mail=mail, name="Marc"))


def test_who_follows_a_ticket_under_the_new_address_too_follows_it_once_when_corrected(portal: Portal) -> None:
    number, marc = a_ticket(portal), portal.sign_in(MARC)
    followed_under(portal, number, NEW)
    link = wants(portal, marc, NEW)
    marc.send(link, on=link)
    with portal.sessions() as session:
        person = session.scalars(select(Person).where(Person.email == NEW)).one()
        left = [(one.mail, one.person_id) for one in session.get_one(Ticket, number).participants]
    assert left == [(NEW, person.id)]


def test_who_follows_a_ticket_under_a_former_address_too_is_erased(portal: Portal) -> None:
    number, given = a_ticket(portal), portal.app.extensions["portal"]
    followed_under(portal, number, NEW)
    with portal.sessions.begin() as session:
        forget_rows(session, MARC, NEW, rooms=declared(), library=given.library, at=NOON)
    with portal.sessions() as session:
        assert session.get_one(Ticket, number).participants == []


def post_to(portal: Portal, recipient: str, event: str) -> int:
    with portal.sessions.begin() as session:
        return post(
            session, event=event, recipient=recipient, subject="s", text="t", html=None, domain="localhost",
            now=portal.clock(),
        ).id  # fmt: skip


def left(portal: Portal, number: int) -> bool:
    """Whether a mail left; it was either sent or kept back, and says which."""
    with portal.sessions() as session:
        mail = session.get_one(OutgoingMail, number)
        assert (mail.sent_at is None) != (mail.withheld_at is None)
        return mail.sent_at is not None


def test_frozen_data_are_kept_and_not_used_until_their_owner_lifts_the_freeze(quiet: Portal) -> None:
    before = post_to(quiet, MARC, "tickets/answer")  # written before, not sent yet
    marc = signed_in(quiet, MARC)
    ask(marc, "restriction", details="Mon adresse est fausse.")
    page = f"mes-donnees/{asked(quiet).reference}"
    assert "sont gelées depuis" in marc.open(page)
    assert asked(quiet).state is State.RECEIVED  # it is answered within the month all the same
    after, other = post_to(quiet, MARC, "tickets/answer"), post_to(quiet, CLAIRE, "tickets/answer")
    legal = post_to(quiet, MARC, "invoices/dispute_answer")
    work(quiet)
    assert [left(quiet, each) for each in (before, after, other, legal)] == [False, False, True, True]
    assert "Vos données sont gelées" in marc.send("tickets/nouveau", 409, on=page)
    marc.open("factures/")  # reading goes on
    otto, where = signed_in(quiet, OTTO), "mes-donnees/pour-quelqu-un"
    otto.send(where, on=where, **dict[str, Any](hidden(otto.open(where)) | MANDATE | {"right": "restriction"}))
    assert "sont gelées" not in plain(otto.open(otto.location))  # nobody has read that mandate yet
    # What was kept back is shown to its reader and to those in charge, with what becomes of it.
    dora = officer(quiet)
    assert "à la levée du gel" in marc.open(page)
    assert "à la levée du gel" in dora.open(f"bureau/{page.replace('mes-', '')}")
    assert "Courriel retenu" in dora.open(f"bureau/mails/{after}")
    with quiet.sessions.begin() as session:
        session.get_one(OutgoingMail, legal).bounced_at = quiet.clock()
    for each in (other, legal):  # one that left, or came back, is no business of theirs
        dora.open(f"bureau/mails/{each}", 403)
    assert "données gelées" in signed_in(quiet, "nadia@ims.example").open(f"bureau/clients/{quiet.ids['client']}")
    marc.send("mes-donnees/gel/lever", on="mes-donnees/")
    assert "ne partent pas après coup" in marc.open(page)
    work(quiet)
    assert left(quiet, post_to_now(quiet, "tickets/answer"))
    assert not left(quiet, after)  # what was kept back is out of date
    assert quiet.mails(MARC)[-2].event == "privacy/lifted"


def post_to_now(portal: Portal, event: str) -> int:
    number = post_to(portal, MARC, event)
    work(portal)
    return number


def test_staff_lift_a_freeze_on_a_day_that_its_owner_was_told_before(quiet: Portal) -> None:
    ask(signed_in(quiet, MARC), "restriction", details="Mon adresse est fausse.")
    dora = officer(quiet)
    desk = f"bureau/donnees/{asked(quiet).reference}"
    decide(dora, desk, "terminer", "Nous vérifions l'adresse.")
    for day, status in (("23/11/2026", 409), ("24/11/2026", 303)):  # today is too soon
        sent: dict[str, Any] = {"lever-words": "L'adresse est vérifiée.", "lever-on": day}
        dora.send(f"{desk}/lever", status, on=desk, **sent)
    told = quiet.mails(MARC)[-1]
    assert told.event == "privacy/lifting"
    assert "24 novembre 2026" in plain(told.subject)
    for days, held in ((0, True), (1, False)):
        quiet.clock.pass_(days=days)
        with quiet.sessions.begin() as session:
            from portal.privacy.jobs import _letters

            freezing.lift_due(session, letters=_letters(quiet.app.extensions["portal"]), at=quiet.clock())
            assert bool(frozen(session, [MARC])) is held
            assert (session.scalars(select(PrivacyFreeze.lifted_at)).one() is None) is held
    assert quiet.mails(MARC)[-1].event == "privacy/lifting"  # told once, before


def test_what_somebody_objects_to_stops_and_may_begin_again(quiet: Portal) -> None:
    marc = signed_in(quiet, MARC)
    form = marc.open("mes-donnees/demander/objection")
    assert "Citer votre organisation" not in form  # his organisation's to say, not his
    ask(marc, "objection", uses="quote_reminder")
    assert asked(quiet).state is State.DONE
    assert "rappel" in marc.open(marc.location)
    reminder, sent = post_to(quiet, MARC, "quotes/quote_reminder"), post_to(quiet, MARC, "quotes/quote_sent")
    work(quiet)
    assert [left(quiet, each) for each in (reminder, sent)] == [False, True]
    marc.send("mes-donnees/usages/quote_reminder/reprendre", on="mes-donnees/")
    assert left(quiet, post_to_now(quiet, "quotes/quote_reminder"))
    assert [kind for kind in kinds(quiet) if "use" in kind] == ["privacy.use_stopped", "privacy.use_allowed"]
    claire = signed_in(quiet, CLAIRE)
    ask(claire, "objection", uses="references")
    with quiet.sessions() as session:
        assert [row.named for row in session.scalars(select(ReferenceChoice))] == [False]


MANDATE = {
    "right": "access", "subject_name": "Marc Weber", "subject_email": MARC, "mandate": "Marc Weber m'autorise.",
}  # fmt: skip


def test_a_request_for_somebody_else_needs_a_mandate_and_is_about_them(quiet: Portal) -> None:
    otto, where = signed_in(quiet, OTTO), "mes-donnees/pour-quelqu-un"
    fields: dict[str, Any] = hidden(otto.open(where))
    assert "sans lui, nous ne répondons" in otto.send(where, 422, on=where, **fields | MANDATE | {"mandate": ""})
    scan = (io.BytesIO(b"%PDF-1.4\n%mandate\n%%EOF\n"), "mandat.pdf")
    otto.send(where, on=where, **fields | MANDATE | {"mandate": "", "mandate_file": scan})
    request = asked(quiet)
    assert (request.identified_by, request.about) == (Identified.MANDATE, MARC)
    work(quiet)
    assert asked(quiet).state is State.RECEIVED  # nothing leaves before somebody has read the mandate
    dora = officer(quiet)
    desk = f"bureau/donnees/{request.reference}"
    assert "mandat.pdf" in dora.open(desk)
    assert dora.client.get(f"{AREA}/{desk}/mandat").get_data().startswith(b"%PDF")
    decide(dora, desk, "preparer", "Mandat lu et signature connue.")
    work(quiet)
    inside = zipfile.ZipFile(io.BytesIO(fetched(otto, f"mes-donnees/{request.reference}")))
    told = inside.read(f"{request.reference}/donnees.json").decode()
    assert "Marc Weber" in told
    assert "Otto Schmitt" not in told.replace("Otto Schmitt, otto@autre.example, pour Marc Weber", "")
    signed_in(quiet, MARC).send(f"mes-donnees/{request.reference}/dossier", 404, on="mes-donnees/")


def test_an_erasure_by_mandate_erases_whom_it_is_about_and_nobody_else(quiet: Portal) -> None:
    otto, where = signed_in(quiet, OTTO), "mes-donnees/pour-quelqu-un"
    sent: dict[str, Any] = hidden(otto.open(where)) | MANDATE | {"right": "erasure"}
    otto.send(where, on=where, **sent)
    dora = officer(quiet)
    decide(dora, f"bureau/donnees/{asked(quiet).reference}", "effacer", "Mandat lu.")
    with quiet.sessions() as session:
        people = set(session.scalars(select(Person.email)))
    assert OTTO in people
    assert MARC not in people
    assert otto.is_signed_in()


def test_mandates_by_and_about_who_is_erased_go_with_them(quiet: Portal) -> None:
    """Of a request of theirs for somebody else, which ends with it, of one about them: of no other."""
    store, library = quiet.app.extensions["portal"].store, quiet.app.extensions["portal"].library
    otto, where = signed_in(quiet, OTTO), "mes-donnees/pour-quelqu-un"
    dora, marc, pages = officer(quiet), signed_in(quiet, MARC), {}
    for whose, asks, about in (
        ("about", otto, MARC), ("by", marc, CLAIRE), ("by, open", marc, CLAIRE), ("of others", otto, CLAIRE)
    ):  # fmt: skip
        scan = (io.BytesIO(b"%PDF-1.4\n%mandate\n%%EOF\n"), "mandat.pdf")
        sent = hidden(asks.open(where)) | MANDATE | {"subject_email": about, "mandate": "", "mandate_file": scan}
        asks.send(where, on=where, **dict[str, Any](sent))
        with quiet.sessions() as session:
            request = session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id.desc()).limit(1)).one()
        pages[whose] = f"{AREA}/bureau/donnees/{request.reference}/mandat"
        if whose == "by, open":
            left = request.reference
        else:
            decide(dora, f"bureau/donnees/{request.reference}", "refuser", "Mandat illisible.")
    assert {dora.client.get(page).status_code for page in pages.values()} == {200}
    with quiet.sessions.begin() as session:
        forget(session, store, MARC, rooms=declared(), library=library, at=quiet.clock())
    work(quiet)
    told = {whose: dora.client.get(page).status_code for whose, page in pages.items()}
    assert told == {"about": 410, "by": 410, "by, open": 410, "of others": 200}
    assert "la personne concernée peut faire la sienne" in dora.open(f"bureau/donnees/{left}")
    with quiet.sessions() as session:
        kept = session.scalars(select(StoredFile).where(StoredFile.kept_for == "privacy")).all()
        assert {held.key for held in store.list()} == {one.key for one in kept if one.erased_at is None}


def test_a_stranger_fetches_what_staff_prepared_by_the_link_of_the_mail(quiet: Portal) -> None:
    stranger = quiet.visitor()
    public(stranger, right="access", name="Zoé Inconnue", email="zoe@ailleurs.example")
    link = quiet.link("zoe@ailleurs.example")
    stranger.send(link, on=link)
    work(quiet)
    dora = officer(quiet)
    decide(dora, f"bureau/donnees/{asked(quiet).reference}", "preparer", "Adresse confirmée.")
    work(quiet)
    assert quiet.link("zoe@ailleurs.example") == link
    page = stranger.open(link)
    assert "Vous seul pouvez le télécharger" in page
    assert f'action="{link}/dossier"' in page
    answer = stranger.client.post(f"{link}/dossier", data={"csrf_token": stranger.token(link)})
    assert zipfile.ZipFile(io.BytesIO(answer.get_data())).testzip() is None
    stranger.client.post(f"{link[:-2]}xx/dossier", data={"csrf_token": stranger.token(link)})
    quiet.clock.pass_(days=7)
    stranger.send(f"{link}/dossier", 410, csrf_token=hidden(stranger.open("vos-donnees"))["csrf_token"])


def test_who_writes_without_an_account_has_an_organisation_off_the_references_by_staff(portal: Portal) -> None:
    stranger, dora = portal.visitor(), officer(portal)
    assert "être cité comme référence" in stranger.open("vos-donnees")
    public(
        stranger, right="objection", name="Zoé Inconnue", email="zoe@ailleurs.example", details="Ne nous citez plus."
    )
    link = portal.link("zoe@ailleurs.example")
    stranger.send(link, on=link)
    desk = f"bureau/donnees/{asked(portal).reference}"
    sent: dict[str, Any] = {"arreter-uses": "references", "arreter-words": "C'est fait."}
    assert "Dites quelle organisation" in dora.send(f"{desk}/arreter", 422, on=desk, **sent)
    dora.send(f"{desk}/arreter", on=desk, **sent | {"arreter-organisation": str(portal.ids["client"])})
    with portal.sessions() as session:
        choices = session.scalars(select(ReferenceChoice)).all()
        assert [(one.organisation_id, one.named) for one in choices] == [(portal.ids["client"], False)]
    ask(signed_in(portal, OTTO), "objection", details="Ne nous citez plus non plus.")
    desk = f"bureau/donnees/{asked(portal).reference}"
    assert "L'organisation, pour la liste" not in dora.open(desk)  # it is known
    dora.send(f"{desk}/arreter", on=desk, **sent)
    with portal.sessions() as session:
        chosen = select(ReferenceChoice.named).where(ReferenceChoice.organisation_id == portal.ids["other"])
        assert session.scalars(chosen).all() == [False]


def test_an_organisation_leaves_the_client_file_by_who_speaks_for_it(quiet: Portal) -> None:
    claire = signed_in(quiet, CLAIRE)
    ask(claire, "client_file", details="Nous fermons.")
    dora = officer(quiet)
    desk = f"bureau/donnees/{asked(quiet).reference}"
    page = plain(dora.open(desk))
    assert "CGV, article 13" in page
    assert "Les factures, 10 ans depuis" in page
    sent: dict[str, Any] = {"sortir-words": "C'est fait.", "sortir-organisation": str(quiet.ids["client"])}
    dora.send(f"{desk}/sortir", on=desk, **sent)
    dora.send(f"{desk}/sortir", 409, on="bureau/donnees/noter", **sent)
    assert not claire.is_signed_in()
    with quiet.sessions() as session:
        client = session.get_one(Organisation, quiet.ids["client"])
        assert client.left_at == quiet.clock()
        assert not [person for person in client.people if person.active]
        assert [row.named for row in session.scalars(select(ReferenceChoice))] == [False]
    nadia = signed_in(quiet, "nadia@ims.example")
    assert "Boulangerie Muller" not in nadia.open("bureau/clients/")
    assert "Boulangerie Muller" in nadia.open("bureau/clients/?q=muller")
    link = quiet.link(CLAIRE)
    assert "a quitté le fichier clients" in quiet.visitor().open(link)


def test_a_request_whose_month_is_over_stands_before_everything_else(portal: Portal) -> None:
    ask(signed_in(portal, MARC), "restriction", details="Gelez tout.")
    older = QueueItem("x", "Une facture", "", "/x", NOON, date(2020, 1, 1), Priority.URGENT)
    for days, first in ((30, False), (1, True)):  # the month ends on the 23rd of December
        portal.clock.pass_(days=days)
        officer(portal)
        with portal.app.app_context(), portal.sessions() as session:
            from portal.privacy.queue import KIND
            from portal.registry import Viewer

            queues = {queue.kind: queue for queue in portal.app.extensions["desk"].staff}
            items = list(queues[KIND].items(session, Viewer(1, frozenset({"privacy"}))))
        assert (in_order([older, *items])[0].kind == KIND) is first


def test_what_came_by_letter_counts_from_the_day_it_came(portal: Portal) -> None:
    dora: Visitor = officer(portal)
    address = "bureau/donnees/noter"
    fields: dict[str, Any] = hidden(dora.open(address))
    fields |= {"right": "access", "source": "letter", "name": "Zoé", "email": "zoe@ailleurs.example"}
    dora.send(address, on=address, **fields, received_on="16/11/2026")
    assert asked(portal).received_on == date(2026, 11, 16)
    assert "16 décembre 2026" in plain(portal.mails("zoe@ailleurs.example")[-1].subject)
    assert DPO in {person.email for person in (portal.person(DPO),)}
