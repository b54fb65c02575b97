"""Both sides get a file of proof that anybody can check: made behind the confirmation, by the worker, once."""

import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from portal import paper
from portal.files.actions import read
from portal.files.models import StoredFile
from portal.jobs.actions import lease
from portal.jobs.models import Job
from portal.jobs.rules import FOR_DAYS
from portal.proof.checking import holds, verify_proof
from portal.quotes import confirmation_actions as confirmation
from portal.quotes.jobs import HANDLERS, RECURRING, REMINDERS
from portal.quotes.proving import proof_of
from portal.quotes.quote_models import Quote
from portal.quotes.writing_actions import find_quote
from tests.accounts.conftest import CLAIRE, OTTO
from tests.quotes.conftest import signed_in
from tests.quotes.quoting import DESK, MINE, Room
from tests.quotes.test_acceptance import accept, confirm, received, take_back
from tests.quotes.test_acceptance import paper as on_paper
from tests.quotes.test_reading import record

pytestmark = pytest.mark.skipif(bool(paper.why_unavailable()), reason="no Pango on this machine")


def work(room: Room, kind: str = confirmation.PROOF) -> None:
    """Do the job as the worker does."""
    services = room.portal.app.extensions["portal"]
    with room.portal.sessions.begin() as session:
        for job in session.scalars(select(Job).where(Job.kind != kind)):
            job.due_at = None
    with room.portal.sessions.begin() as session:
        held = lease(session, now=room.at)
    assert held is not None
    assert held.kind == kind
    HANDLERS[kind](room.portal.sessions, held, room.at, services)


def ordered(room: Room, **values: Any) -> str:
    reference = received(room, **values)
    accept(room, reference)
    take_back(room, reference)
    accept(room, reference, "again")
    confirm(room, reference)
    return reference


def content(room: Room, reference: str) -> bytes:
    with room.portal.sessions() as session:
        quote = find_quote(session, reference)
        assert quote.proof is not None
        return read(room.portal.app.extensions["portal"].store, quote.proof)


def test_the_proof_holds_what_was_shown_and_done_and_verifies(room: Room, tmp_path: Path) -> None:
    reference = ordered(room, conditions="Formation comprise.")
    work(room)
    proof = content(room, reference)
    version = room.library.in_force(room.at.date())
    assert holds(list(verify_proof(proof, published={version.slug: version.sha256})))
    with zipfile.ZipFile(BytesIO(proof)) as held:
        names = held.namelist()
        assert held.read(f"cgv/{version.slug}.md") == version.raw
        manifest = held.read("manifeste.json").decode()
        log = held.read("registre.jsonl").decode()
        (tmp_path / "preuve.pdf").write_bytes(held.read("preuve.pdf"))
        (note,) = [held.read(name).decode() for name in names if name.endswith("confirmation.txt")]
    assert any(name.endswith("devis-dev-2026-0001.pdf") for name in names)
    for words in ("Claire Muller", "gérante", CLAIRE, "lien et code", "127.0.0.1", "J'ai lu les CGV.", "Nadia Conseil"):
        assert words in manifest, words
    for kind in (
        "quotes.sent",
        "quotes.received",
        "quotes.accepted",
        "quotes.taken_back",
        "quotes.confirmed",
        "orders.placed",
    ):
        assert kind in log, kind
    assert "/lien/" not in note + manifest + log  # nobody's own link is handed to the other side
    if shutil.which("pdfsig"):
        told = subprocess.run(["pdfsig", tmp_path / "preuve.pdf"], capture_output=True, text=True, check=False).stdout
        assert "Signature is Valid" in told


def test_nobody_waits_while_it_is_made(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = ordered(room)

    def slowly(session: Any, quote: Quote, **given: Any) -> bytes:
        proof = proof_of(session, quote, **given)
        with room.portal.sessions.begin() as other:
            other.execute(text("UPDATE quote SET reminded_at = reminded_at"))  # would wait, then fail
        return proof

    monkeypatch.setattr("portal.quotes.jobs.proof_of", slowly)
    work(room)
    assert content(room, reference)


def test_a_machine_without_pdf_tries_again_for_days_and_then_no_page_promises_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(room)

    def in_vain(*_: Any, **__: Any) -> bytes:
        raise paper.PdfUnavailable("no Pango")

    monkeypatch.setattr("portal.quotes.jobs.proof_of", in_vain)
    work(room)
    path = "/espace-client/commandes/CMD-2026-0001"
    with room.portal.sessions.begin() as session:
        job = session.scalars(select(Job).where(Job.kind == confirmation.PROOF)).one()
        assert job.due_at is not None
        job.attempts, job.due_at = FOR_DAYS.attempts - 2, room.at
    claire = signed_in(room.portal, CLAIRE)
    work(room)
    assert "Le dossier de preuve est en préparation" in claire.open(path)
    with room.portal.sessions.begin() as session:
        session.scalars(select(Job).where(Job.kind == confirmation.PROOF)).one().due_at = room.at
    work(room)
    assert "n'a pas de dossier de preuve" in claire.open(path)
    claire.open(f"{path}/preuve", 404)


def test_one_changed_byte_is_found(room: Room) -> None:
    reference = ordered(room)
    work(room)
    proof = bytearray(content(room, reference))
    proof[len(proof) // 2] ^= 1
    version = room.library.in_force(room.at.date())
    assert not holds(list(verify_proof(bytes(proof), published={version.slug: version.sha256})))


def test_it_is_made_once_and_given_to_both_sides_and_nobody_else(room: Room) -> None:
    reference = ordered(room)
    work(room)
    with room.portal.sessions.begin() as session:
        job = session.scalars(select(Job).where(Job.kind == confirmation.PROOF)).one()
        job.due_at, job.done_at = room.at, None
    work(room)
    with room.portal.sessions() as session:
        assert len(session.scalars(select(StoredFile)).all()) == 1
        number = session.scalars(select(Quote.proof_id)).one()
    proof = content(room, reference)
    assert signed_in(room.portal, CLAIRE).client.get(f"{MINE}/{reference}/preuve").data == proof
    assert room.staff().client.get(f"{DESK}/{reference}/piece/{number}").data == proof
    assert signed_in(room.portal, OTTO).client.get(f"{MINE}/{reference}/preuve").status_code == 404
    assert "Télécharger le fichier de preuve" in signed_in(room.portal, CLAIRE).open(f"{MINE}/{reference}")
    assert room.kinds()[-1] == "quotes.proof_made"


def test_what_proves_a_paper_and_its_reception_is_inside(room: Room) -> None:
    reference = room.sent()
    record(room, reference, "2026-11-23")
    on_paper(room, reference, "2026-11-23")
    confirm(room, reference)
    work(room)
    with zipfile.ZipFile(BytesIO(content(room, reference))) as held:
        names = held.namelist()
        assert any(name.endswith("signe.pdf") for name in names)
        assert any(name.endswith("ar.pdf") for name in names)
        assert "sur papier, le lundi 23" in held.read("manifeste.json").decode().replace("\u00a0", " ")


def test_reminders_are_sent_by_a_job_that_comes_back_every_morning(room: Room) -> None:
    from portal.jobs.recurring import take_turns

    received(room, own_last_day="25/11/2026")
    room.portal.clock.pass_(days=1)
    with room.portal.sessions.begin() as session:
        assert [job.kind for job in take_turns(session, RECURRING, now=room.at)] == [REMINDERS]
    work(room, REMINDERS)
    assert len(room.mails("quote_reminder")) == 1
