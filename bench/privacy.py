"""How much memory a person's file takes: 10,000 messages and 2 GB of attachments, through the worker's own code.

    .venv/bin/python bench/privacy.py [--messages 10000] [--megabytes 2000] [--folder /var/tmp]

Each size runs in a process of its own; the highest memory of both is printed. It is flat when the
large one takes no more than a few megabytes over the small one. Attachments are random bytes, nothing compresses.
Everything is written under one temporary folder (three times the size of the attachments) and removed.
"""

import argparse
import resource
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
A_TICKET, A_FILE = 20, 20_000_000
MARC = "marc@client.example"


def fill(sessions: Any, store: Any, messages: int, megabytes: int) -> int:
    """One person with tickets, their messages and attachments; the number of the file that they ask for."""
    from portal.accounts.actions import add_person, create_organisation
    from portal.accounts.rules import ClientRole, Identity
    from portal.privacy.models import PrivacyExport, PrivacyRequest
    from portal.privacy.rules import Identified, Right, Source, State

    with sessions.begin() as session:
        client = create_organisation(
            session, legal_name="Client", identity=Identity(siren="732829320"), public_body=False, by=None, now=NOON
        )
        person = add_person(
            session, organisation=client, email=MARC, name="Marc", roles=[ClientRole.TECHNICAL], by=None, now=NOON
        )
        request = PrivacyRequest(
            reference="DCP-2026-0001", form_key="f", link_key="l", right=Right.ACCESS, state=State.RECEIVED,
            source=Source.PORTAL, identified_by=Identified.SESSION, person_id=person.id, name="Marc", email=MARC,
            details="", received_at=NOON, received_on=NOON.date(),
        )  # fmt: skip
        session.add(request)
        session.flush()
        export = PrivacyExport(request_id=request.id)
        session.add(export)
        session.flush()
        number, whose = export.id, (client.id, person.id)
    for each in range(1, messages // A_TICKET + 1):
        with sessions.begin() as session:
            add_ticket(session, store, each, whose, attached=each <= megabytes * 1_000_000 // A_FILE)
    return int(number)


def add_ticket(session: Any, store: Any, number: int, whose: tuple[int, int], *, attached: bool) -> None:
    """One ticket, its messages and, where wanted, an attachment."""
    from portal.files.models import StoredFile
    from portal.tickets.models import Ticket, TicketFile, TicketMessage
    from portal.tickets.rules import Channel, Place, Side, State

    ticket = Ticket(
        reference=f"TIC-2026-{number:05}", form_key=f"t{number}", link_key="l", organisation_id=whose[0],
        channel=Channel.WEB, state=State.OPEN, portal_rank=0, opened_at=NOON, changed_at=NOON, subject="Panne",
        place=Place.REMOTE, creator_id=whose[1], creator_name="Marc", creator_mail=MARC, terms_slug="2018-10-01",
        terms_sha256="0" * 64,
    )  # fmt: skip
    ticket.messages = [
        TicketMessage(
            form_key=f"m{each}", side=Side.REQUESTER, channel=Channel.WEB, author_id=whose[1], author="Marc",
            author_mail=MARC, written_at=NOON, text=secrets.token_urlsafe(1_500),
        )
        for each in range(A_TICKET)
    ]  # fmt: skip
    session.add(ticket)
    session.flush()
    if attached:
        key = f"{number % 100:02}/{secrets.token_hex(24)}"
        store.put(key, BytesIO(secrets.token_bytes(A_FILE)))
        stored = StoredFile(
            key=key, name="piece.bin", media_type="application/octet-stream", size=A_FILE, sha256="0" * 64,
            kept_for="tickets", created_at=NOON, scanned_at=NOON,
        )  # fmt: skip
        session.add(stored)
        session.flush()
        message = ticket.messages[0]
        session.add(TicketFile(ticket_id=ticket.id, message_id=message.id, file_id=stored.id, name="piece.bin"))


def measure(folder: Path, messages: int, megabytes: int) -> None:
    """Fill a base and a store, make the file, read it back; print what it took."""
    sys.path.insert(0, str(ROOT))
    from portal import schema
    from portal.db import make_engine, make_sessions
    from portal.files.store import Store
    from portal.privacy import exports
    from portal.privacy.models import PrivacyExport
    from portal.privacy.rooms import declared
    from portal.terms import load_library

    engine = make_engine(f"sqlite:///{folder / 'portal.sqlite3'}")
    schema.upgrade(engine)
    store, sessions = Store(f"file:{folder / 'files'}"), make_sessions(engine)
    number = fill(sessions, store, messages, megabytes)
    before, began = peak(), time.monotonic()
    exports.make(sessions, store, number, rooms=declared(), library=load_library(ROOT / "content"), now=NOON)
    took, after = time.monotonic() - began, peak()
    with sessions.begin() as session:
        export = session.get_one(PrivacyExport, number)
        size = sum(map(len, exports.fetch(session, store, export, by=MARC, at=NOON)))
        whole = export.whole
    engine.dispose()
    print(
        f"{messages} messages, {megabytes} MB: {whole} records and files, {size / 1e6:.0f} MB in {took:.0f} s; "
        f"memory at most {before:.0f} MB before, {after:.0f} MB making it, {peak():.0f} MB reading it back"
    )


def peak() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000


def main() -> None:
    """Measure a small file and a large one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        measure(asked.one, asked.messages, asked.megabytes)
        return
    if shutil.disk_usage(asked.folder).free < asked.megabytes * 4_000_000:
        sys.exit(f"{asked.folder} has not four times {asked.megabytes} MB free: name another --folder, or less.")
    for messages, megabytes in ((1_000, 200), (asked.messages, asked.megabytes)):
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            subprocess.run(
                [sys.executable, __file__, "--one", folder, "--messages", str(messages), "--megabytes", str(megabytes)],
                check=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
