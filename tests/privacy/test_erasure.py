"""A person's file and a person's erasure, from the page to the last file; over years with a moved clock."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, select, text

from portal import clock
from portal.accounts.actions import remove_staff
from portal.accounts.models import AccessRequest, Person, SignedIn
from portal.accounts.sign_in import begin_session
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.files.actions import keep, stream
from portal.files.models import StoredFile
from portal.files.rules import FileGone
from portal.privacy import erasure, exports, retention
from portal.privacy.archiving import Moving, clear
from portal.privacy.forgetting import forget
from portal.privacy.masking import Identity
from portal.privacy.models import Archived, ArchivedPiece, PrivacyExport, PrivacyRequest, Tombstone
from portal.privacy.rooms import declared
from portal.privacy.rules import Identified, Right, Source, State
from portal.privacy.scope import Subject
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import State as Closed
from portal.registry import Erasure, Fate, Keep, PersonalData, PersonalRecord
from portal.terms import Library
from portal.web import AREA, db
from portal.worker import Worker, handlers
from tests.accounts.conftest import CLAIRE, MARC, NOON, OTTO, STAFF, Portal, Visitor, portal
from tests.privacy.test_views import ask, asked, decide, kinds, officer
from tests.quotes.conftest import hidden, signed_in

__all__ = ["portal"]


def work(portal: Portal) -> None:
    """Let the worker do all that is due."""
    given = portal.app.extensions["portal"]
    Worker(portal.sessions, handlers(given.settings, "ims@ims.example", given), now=portal.clock).run(until_empty=True)


@pytest.fixture
def quiet(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """No mail leaves: the transport keeps it."""
    from portal import worker
    from portal.mail.transport import Kept

    monkeypatch.setattr(worker, "Smtp", lambda _: Kept())
    return portal


def test_access_is_served_at_once_as_a_file_for_this_person_alone(quiet: Portal) -> None:
    marc = signed_in(quiet, MARC)
    ask(marc, "access")
    page = f"mes-donnees/{asked(quiet).reference}"
    assert "se prépare" in marc.open(page)
    work(quiet)
    assert "Télécharger mes données" in marc.open(page)
    assert quiet.mails(MARC)[-1].subject.startswith("Vos données sont prêtes")
    inside = zipfile.ZipFile(io.BytesIO(fetched(marc, page)))
    assert inside.testzip() is None
    names = {name.split("/", 1)[1] for name in inside.namelist()}
    assert {"lisez-moi.html", "donnees.json", "donnees.csv"} <= names
    top = inside.namelist()[0].split("/")[0]
    told = json.loads(inside.read(f"{top}/donnees.json"))
    assert "Marc Weber" in json.dumps(told, ensure_ascii=False)
    summary = inside.read(f"{top}/lisez-moi.html").decode()
    for words in ("Finalité", "Destinataires", "Durée", "Marc Weber", "CNIL"):
        assert words in summary
    for other in (CLAIRE, OTTO):
        signed_in(quiet, other).send(f"{page}/dossier", 404, on="mes-donnees/")
    assert "privacy.export_fetched" in kinds(quiet)


def test_where_it_lies_the_file_says_nothing_and_after_a_week_it_is_gone(quiet: Portal) -> None:
    marc = signed_in(quiet, MARC)
    ask(marc, "portability")
    page = f"mes-donnees/{asked(quiet).reference}"
    work(quiet)
    store = quiet.app.extensions["portal"].store
    contents = [b"".join(store.stream(held.key)) for held in store.list()]
    assert contents
    assert not [content for content in contents if b"Marc" in content or b"PK\x03\x04" in content]
    quiet.clock.pass_(days=6, hours=23)
    assert fetched(signed_in(quiet, MARC), page)
    quiet.clock.pass_(hours=2)
    signed_in(quiet, MARC).send(f"{page}/dossier", 410, on="mes-donnees/")
    with quiet.sessions.begin() as session:
        assert exports.forget(session, store, at=quiet.clock()) == 1
    work(quiet)
    assert list(store.list()) == []
    with quiet.sessions() as session:
        assert session.scalars(select(PrivacyExport.key)).one() is None


def fetched(visitor: Visitor, page: str) -> bytes:
    """The file itself."""
    answer = visitor.client.post(f"{AREA}/{page}/dossier", data={"csrf_token": visitor.token(page)})
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    return answer.get_data()


def rows(portal: Portal) -> Iterator[str]:
    """Everything that the base holds, row by row, but the register of requests and the archive."""
    with portal.sessions() as session:
        for table in inspect(session.get_bind()).get_table_names():
            if table.startswith("privacy_"):
                continue
            for row in session.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608 - our own tables
                yield f"{table}: {tuple(row)}"


def test_an_erasure_is_seen_confirmed_decided_and_leaves_nobody(quiet: Portal) -> None:
    marc = quiet.sign_in(MARC)
    page = marc.open("mes-donnees/effacer")
    assert "effacé" in page
    fields: dict[str, Any] = hidden(page)
    marc.send("mes-donnees/effacer", on="mes-donnees/effacer", **fields)
    request = asked(quiet)
    assert request.preview
    assert request.state is State.RECEIVED
    others = [row for row in rows(quiet) if "Léa" in row or "Otto" in row]
    dora = officer(quiet)
    desk = f"bureau/donnees/{request.reference}"
    assert "Ce que l'effacement ferait" in dora.open(desk)
    decide(dora, desk, "effacer", "Aucune contestation ouverte.")
    assert asked(quiet).state is State.EXECUTING
    assert not marc.is_signed_in()
    work(quiet)
    assert asked(quiet).state is State.DONE
    work(quiet)
    held = list(rows(quiet))
    assert [row for row in held if "Léa" in row or "Otto" in row] == others
    left = [row for row in held if MARC in row or "Marc Weber" in row]
    # The mails about the request itself are what tells Marc of its end; nothing else names him.
    assert [row for row in left if not row.startswith(("outgoing_mail", "evidence_payload"))] == []
    with quiet.sessions() as session:
        assert list(verify_log(session)) == []
        assert len(session.scalars(select(Tombstone)).all()) == 1


def test_it_is_decided_once(quiet: Portal) -> None:
    marc, dora = quiet.sign_in(MARC), officer(quiet)
    marc.send(
        "mes-donnees/effacer", on="mes-donnees/effacer", **dict[str, Any](hidden(marc.open("mes-donnees/effacer")))
    )
    desk = f"bureau/donnees/{asked(quiet).reference}"
    decide(dora, desk, "effacer", "Vérifié.")
    decide(dora, desk, "effacer", "Vérifié.", 409, on="bureau/donnees/noter")


def test_who_works_here_is_refused_with_its_reason_and_who_left_is_erased(quiet: Portal) -> None:
    nadia = signed_in(quiet, STAFF)
    with nadia.client.session_transaction() as cookie:
        cookie["fs_paa"] = clock.now().timestamp()  # the library reads the real time
    page = nadia.open("mes-donnees/effacer")
    assert "Qui travaille dans l'équipe n'est pas effacé" in page
    nadia.send("mes-donnees/effacer", on="mes-donnees/effacer", **dict[str, Any](hidden(page)))
    dora = officer(quiet)
    desk = f"bureau/donnees/{asked(quiet).reference}"
    assert "paragraphe 3, b et e" in decide(dora, desk, "effacer", "Vu.", 409)
    assert asked(quiet).state is State.RECEIVED
    with quiet.sessions.begin() as session:
        member = session.scalars(select(Person).where(Person.email == STAFF)).one()
        assert member.active
        remove_staff(session, member, by=None, now=quiet.clock())
    decide(dora, desk, "effacer", "Départ vérifié.")
    work(quiet)
    work(quiet)
    assert asked(quiet).state is State.DONE
    assert [row for row in rows(quiet) if STAFF in row or "Nadia Conseil" in row] == []


def kept_room(held: list[str], until: date) -> PersonalData:
    """A room that holds one record which the law has kept."""

    def find(_: Any, mail: str) -> Iterator[PersonalRecord]:
        if mail in held:
            yield PersonalRecord(
                "FAC-1", (("Nom", "Marc Weber"),), NOON, fate=Fate.KEPT, kept_until=until, under="accounting"
            )

    def erase(_: Any, mail: str, __: Any) -> Erasure:
        records = tuple(find(None, mail))
        held.remove(mail)
        return Erasure(archived=records)

    return PersonalData("invoices", (), find, erase)


def test_what_is_kept_says_until_when_and_goes_by_itself_the_day_after(quiet: Portal) -> None:
    library = quiet.app.extensions["portal"].library
    store = quiet.app.extensions["portal"].store
    until = date(2036, 12, 31)
    room = kept_room([MARC], until)
    (record,) = room.find(None, MARC)  # type: ignore[arg-type]
    assert "conservé jusqu'au 31 décembre 2036" in erasure.words(record, library).replace("\u00a0", " ")
    assert "L123-22" in erasure.words(record, library)
    with quiet.sessions.begin() as session:
        forget(session, store, MARC, rooms=[room], library=library, at=quiet.clock())
    for day, left in ((until, 1), (until + timedelta(days=1), 0)):
        with quiet.sessions.begin() as session:
            erasure.clear_archive(session, today=day, at=quiet.clock(), library=library)
            assert (
                len(
                    session.scalars(
                        select(Archived).where(Archived.content.is_not(None), Archived.subject.is_(None))
                    ).all()
                )
                == left
            )


def test_the_archive_opens_to_the_privacy_role_for_a_reason_and_each_opening_is_logged(quiet: Portal) -> None:
    library, store = quiet.app.extensions["portal"].library, quiet.app.extensions["portal"].store
    with quiet.sessions.begin() as session:
        forget(session, store, MARC, rooms=[kept_room([MARC], date(2036, 12, 31))], library=library, at=quiet.clock())
        number = session.scalars(select(Archived.id).where(Archived.subject.is_(None))).one()
    dora = officer(quiet)
    assert "Marc Weber" not in dora.open("bureau/donnees/archive")
    values: dict[str, Any] = {"archive-words": " "}
    dora.send(f"bureau/donnees/archive/{number}", 303, on="bureau/donnees/noter", **values)
    assert "privacy.archive_opened" not in kinds(quiet)
    values = {"archive-words": "Contrôle fiscal."}
    assert "Marc Weber" in dora.send(f"bureau/donnees/archive/{number}", 200, on="bureau/donnees/noter", **values)
    assert kinds(quiet)[-1] == "privacy.archive_opened"


def test_what_one_erasure_archives_of_a_record_is_one_entry_whenever_it_is_taken_up_again(
    portal: Portal, library: Library
) -> None:
    nobody = Subject(Identity("", frozenset(), frozenset(), frozenset()), "", frozenset(), None, {})
    with portal.sessions.begin() as session:
        once = Moving(session, nobody, library, NOON)
        first, other = (once.entry("contract", Keep(reference, "contract")) for reference in ("DEV-1", "DEV-2"))
        begun = {place: entry.id for place, entry in once.archived.items()}
        again = Moving(session, nobody, library, NOON, begun=begun)
        assert again.entry("contract", Keep("DEV-1", "contract")) is first
        assert again.entry("contract", Keep("DEV-2", "contract")) is other
        # Somebody else's erasure has an entry of its own; so has what came to its day in between.
        assert Moving(session, nobody, library, NOON).entry("contract", Keep("DEV-1", "contract")) is not first
        clear(session, first, at=NOON)
        assert (
            Moving(session, nobody, library, NOON, begun=begun).entry("contract", Keep("DEV-1", "contract"))
            is not first
        )


def test_the_archive_shows_what_stood_there_and_hands_out_its_files_each_time_written_down(quiet: Portal) -> None:
    library, store = quiet.app.extensions["portal"].library, quiet.app.extensions["portal"].store
    with quiet.sessions.begin() as session:
        forget(session, store, MARC, rooms=[kept_room([MARC], date(2036, 12, 31))], library=library, at=quiet.clock())
        entry = session.scalars(select(Archived).where(Archived.subject.is_(None))).one()
        scan, other = (
            keep(session, store, words, name=f"{words.decode()}.txt", kept_for="quotes", now=quiet.clock())
            for words in (b"lu et accepte", b"une autre piece")
        )
        for place, row, was, becomes in (
            ("stored_file", scan.id, "Accord de Marc Weber.txt", "Accord.txt"),
            ("quote_act", 7, "Marc Weber", "Personne effacée 1"),
        ):
            entry.pieces.append(
                ArchivedPiece(in_table=place, row_key=str(row), in_column="name", was=was, becomes=becomes)
            )
        scan.name, scan.archived_at = "Accord.txt", quiet.clock()
        number, kept, elsewhere = entry.id, scan.id, other.id
    with quiet.sessions() as session, pytest.raises(FileGone):
        stream(store, session.get_one(StoredFile, kept))  # the daily pages do not open it
    dora, why = officer(quiet), {"archive-words": "Litige."}
    page = dora.send(f"bureau/donnees/archive/{number}", 200, on="bureau/donnees/noter", **why)
    assert "Acte sur le devis" in page
    assert "Accord de Marc Weber.txt" in page
    opened = len(kinds(quiet))
    dora.send(f"bureau/donnees/archive/{number}/fichiers/{kept}", 200, on="bureau/donnees/noter", **why)
    assert dora.last is not None
    assert dora.last.get_data() == b"lu et accepte"
    assert kinds(quiet)[opened:] == ["privacy.archive_opened"]
    dora.send(f"bureau/donnees/archive/{number}/fichiers/{kept}", 303, on="bureau/donnees/noter")
    dora.send(f"bureau/donnees/archive/{number}/fichiers/{elsewhere}", 404, on="bureau/donnees/noter", **why)
    assert "privacy.archive_opened" not in kinds(quiet)[opened + 1 :]


def test_after_a_restoration_whoever_was_erased_is_erased_again(quiet: Portal) -> None:
    given = quiet.app.extensions["portal"]
    secret = given.settings.secret_key
    with quiet.sessions.begin() as session:
        marks = [(erasure.digest(MARC, secret), quiet.clock())]
        assert (
            erasure.apply_tombstones(
                session, given.store, marks, rooms=declared(), library=given.library, secret=secret, at=quiet.clock()
            )
            == 1
        )
        people = session.scalars(select(Person.email)).all()
        assert MARC not in people
        assert CLAIRE in people
        assert session.scalars(select(Tombstone.digest)).all() == [marks[0][0]]


def test_a_restoration_erases_a_person_once_with_the_address_they_had_before(quiet: Portal) -> None:
    given, former = quiet.app.extensions["portal"], "ancienne@client.example"
    secret = given.settings.secret_key
    with quiet.sessions.begin() as session:
        corrected(session, former, MARC, 1)
        for number, mail in enumerate((former, MARC)):
            session.add(
                QuoteRequest(
                    reference=f"DEM-2026-000{number}", form_key=f"d{number}", link_key="k", state=Closed.ACCEPTED,
                    submitted_at=NOON, organisation="Boulangerie", identity="732829320", contact_name="Marc Weber",
                    mail=mail, wish="Un serveur", waiting_since=NOON, closed_at=NOON, terms_slug="2018-10-01",
                    terms_sha256="0" * 64, organisation_id=quiet.ids["client"],
                )
            )  # fmt: skip
    marks = [(erasure.digest(mail, secret), quiet.clock()) for mail in (former, MARC)]

    def apply() -> int:
        with quiet.sessions.begin() as session:
            return erasure.apply_tombstones(
                session, given.store, marks, rooms=declared(), library=given.library, secret=secret, at=quiet.clock()
            )

    assert apply() == 2
    with quiet.sessions() as session:
        people = session.scalars(select(Archived).where(Archived.subject.is_not(None))).all()
        assert [(one.subject or {})["addresses"] for one in people] == [sorted((former, MARC))]
        kept = [
            one.reference for one in session.scalars(select(Archived)) if one.reference.startswith("DEM-")
        ]  # fmt: skip
        assert sorted(kept) == ["DEM-2026-0000", "DEM-2026-0001"]
        assert {one.contact_name for one in session.scalars(select(QuoteRequest))} == {"Personne effacée 1"}
    # A backup that was made after the erasure knows of it: nothing is archived twice. What was written since stays.
    with quiet.sessions.begin() as session:
        written = AccessRequest(
            email=MARC, name="Marc Weber", organisation_name="Boulangerie", identity="732829320", created_at=NOON
        )
        session.add(written)
    apply()
    with quiet.sessions.begin() as session:
        assert len(session.scalars(select(Archived).where(Archived.subject.is_not(None))).all()) == 1
        assert session.scalars(select(AccessRequest.email)).all() == [MARC]
        # Erased again since: so it is again.
        erasure.remember(session, MARC, secret, quiet.clock() + timedelta(days=1))
    apply()
    with quiet.sessions() as session:
        assert session.scalars(select(AccessRequest.email)).all() == []


def test_what_is_held_too_long_is_told_first_and_cleared_at_night(quiet: Portal) -> None:
    given = quiet.app.extensions["portal"]
    with quiet.sessions.begin() as session:
        person = session.scalars(select(Person).where(Person.email == CLAIRE)).one()
        quiet.clock.pass_(days=700)
        begin_session(
            session, person, device="d", device_name="Test", means=("test",), domain="localhost",
            base_url="http://localhost", now=quiet.clock(),
        )  # fmt: skip
    quiet.clock.pass_(days=40)  # past 24 months for all but Claire, who came in between
    with quiet.sessions.begin() as session:
        due = {
            one.sweep.key: one for one in retention.report(session, given.library, rooms=declared(), at=quiet.clock())
        }
        assert len(due["accounts"].references) == 3
        assert session.scalars(select(Person).where(Person.email == MARC)).first() is not None
        assert retention.sweep(session, given.store, given.library, rooms=declared(), at=quiet.clock()) >= 3
        left = set(session.scalars(select(Person.email)).all())
        assert CLAIRE in left
        assert MARC not in left
        assert session.scalars(select(Entry).where(Entry.kind == "privacy.swept")).first() is not None
        assert session.scalars(select(SignedIn)).all()
        assert session.scalars(select(PrivacyRequest)).all() == []


def test_in_every_room_of_the_demo_what_is_said_of_a_record_is_what_becomes_of_it(
    tmp_path: Any, database_url: str
) -> None:
    from portal import clock, demo, schema
    from portal.app import create_app
    from portal.config import read_settings
    from portal.db import make_engine, make_sessions

    engine = make_engine(database_url)
    schema.upgrade(engine)
    settings = read_settings(
        {
            "PORTAL_SECRET_KEY": "k" * 40, "PORTAL_DATABASE_URL": database_url, "PORTAL_DEMO": "1",
            "PORTAL_STORAGE_URL": f"file:{tmp_path / 'files'}",
        }
    )  # fmt: skip
    app = create_app(settings)
    demo.load(app, now=clock.now())
    given, who = app.extensions["portal"], "claire@boulangerie.example"
    with make_sessions(engine).begin() as session:
        said = {
            (room.find.__module__, one.reference): one.fate for room in declared() for one in room.find(session, who)
        }
        assert {Fate.KEPT, Fate.ANONYMISED, Fate.ERASED} <= set(said.values())
        forget(session, given.store, who, rooms=declared(), library=given.library, at=clock.now())
        left = {(room.find.__module__, one.reference) for room in declared() for one in room.find(session, who)}
        # Nothing that was said to be erased or made anonymous is found by the address any more.
        assert left <= {place for place, fate in said.items() if fate is Fate.KEPT}
        assert list(verify_log(session)) == []
    engine.dispose()
    with app.app_context():
        db.engine.dispose()


def corrected(session: Any, before: str, after: str, number: int) -> None:
    """A correction of an address that was carried out, as the register keeps it."""
    session.add(
        PrivacyRequest(
            reference=f"RGPD-2026-{number:04}", form_key=f"f{number}", link_key=f"l{number}", name="X", email=after,
            right=Right.RECTIFICATION, state=State.DONE, source=Source.PORTAL, identified_by=Identified.SESSION,
            details="", received_at=NOON, received_on=NOON.date(), closed_at=NOON, decision="Corrigé.",
            changes=[{"datum": "email", "before": [before], "after": after, "places": [], "stays": [], "done": True}],
        )
    )  # fmt: skip
    session.flush()


@pytest.mark.parametrize("taken_by", ["access", "correction", "nobody"])
def test_a_former_address_that_somebody_else_took_over_is_theirs(quiet: Portal, taken_by: str) -> None:
    given, post = quiet.app.extensions["portal"], "compta@client.example"
    with quiet.sessions.begin() as session:
        corrected(session, "ancienne@client.example", post, 1)
        session.scalars(select(PrivacyRequest)).one().email = MARC  # as the next correction left it
        corrected(session, post, MARC, 2)
        if taken_by == "access":
            session.scalars(select(Person).where(Person.email == CLAIRE)).one().email = post
        if taken_by == "correction":
            corrected(session, post, "bruno@client.example", 3)
    marc = quiet.sign_in(MARC)
    marc.send(
        "mes-donnees/effacer", on="mes-donnees/effacer", **dict[str, Any](hidden(marc.open("mes-donnees/effacer")))
    )
    with quiet.sessions() as session:
        reference = session.scalars(select(PrivacyRequest.reference).where(PrivacyRequest.right == Right.ERASURE)).one()
    decide(officer(quiet), f"bureau/donnees/{reference}", "effacer", "Vérifié.")
    secret = given.settings.secret_key
    gone = {MARC, "ancienne@client.example"} | ({post} if taken_by == "nobody" else set())
    with quiet.sessions() as session:
        assert set(session.scalars(select(Tombstone.digest))) == {erasure.digest(one, secret) for one in gone}
        people = set(session.scalars(select(Person.email)))
    assert (post in people) == (taken_by == "access")


@pytest.mark.parametrize("way", ["given", "corrected"])
def test_after_a_restoration_who_was_given_an_erased_address_since_stays(quiet: Portal, way: str) -> None:
    given = quiet.app.extensions["portal"]
    secret = given.settings.secret_key
    with quiet.sessions.begin() as session:
        person = session.scalars(select(Person).where(Person.email == CLAIRE)).one()
        person.created_at = NOON - timedelta(days=2 if way == "corrected" else 0)
        if way == "corrected":
            corrected(session, "avant@client.example", CLAIRE, 1)
        marks = [(erasure.digest(CLAIRE, secret), NOON - timedelta(days=1))]
        count = erasure.apply_tombstones(
            session, given.store, marks, rooms=declared(), library=given.library, secret=secret, at=quiet.clock()
        )
        assert count == 0
        assert CLAIRE in session.scalars(select(Person.email)).all()
