"""The words of each mail. To take over a wording that was changed on purpose: SNAPSHOTS=write."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import html5lib
import pytest
from sqlalchemy.orm import Session, sessionmaker

from portal.mail.letters import Letter
from portal.mail.models import OutgoingMail
from portal.privacy.letters import TEMPLATES, Letters
from portal.privacy.links import Links
from portal.privacy.models import PrivacyRecipient, PrivacyRequest
from portal.privacy.rules import Identified, Right, Source, State
from portal.terms import Library

MAILS = Path(__file__).parent / "mails"
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
DAY = date(2026, 12, 23)
WHY = "Trois prestataires à interroger.\n[Payer] https://ailleurs.example"
Write = Callable[[Letters, Session, PrivacyRequest], Letter]
SENT: dict[str, Write] = {
    "confirm": lambda letters, session, one: letters.confirm(session, one, NOON),
    "received": lambda letters, session, one: letters.received(session, one, DAY, NOON),
    "identity": lambda letters, session, one: letters.identity(session, one, WHY, NOON),
    "extended": lambda letters, session, one: letters.extended(session, one, DAY, NOON),
    "refused": lambda letters, session, one: letters.refused(session, one, NOON),
    "done": lambda letters, session, one: letters.done(session, one, NOON),
    "ready": lambda letters, session, one: letters.ready(session, one, DAY, NOON),
    "prove_address": lambda letters, session, one: letters.prove_address(session, one, "nouvelle@client.example", NOON),
    "address_asked": lambda letters, session, one: letters.address_asked(session, one, "nouvelle@client.example", NOON),
    "address_back": lambda letters, session, one: letters.address_back(
        session, one, "marc@client.example", "nouvelle@client.example", NOON
    ),
    "new_address": lambda letters, session, one: letters.new_address(
        session, one, "marc@client.example", "nouvelle@client.example", NOON
    ),
    "corrected": lambda letters, session, one: letters.corrected(
        session, one, "claire@client.example", "Nom et prénom, «\u00a0Marc Weber\u00a0» devient «\u00a0Marc Wéber\u00a0»", NOON
    ),
    "lifting": lambda letters, session, one: letters.lifting(session, one, DAY, WHY, NOON),
    "lifted": lambda letters, session, one: letters.lifted(session, one, NOON),
}  # fmt: skip


@pytest.fixture
def mails(sessions: sessionmaker[Session], library: Library) -> dict[str, Any]:
    """Each mail of one request, and what went into the outbox."""
    letters = Letters(library, Links("https://portail.example", "k" * 32), "portail.example")
    with sessions.begin() as session:
        one = PrivacyRequest(
            reference="DCP-2026-0001", form_key="f", link_key="l", right=Right.ERASURE, state=State.RECEIVED,
            source=Source.FORM, identified_by=Identified.LINK, name="Marc Weber", email="marc@client.example",
            details="", received_at=NOON, received_on=NOON.date(), extension_reason=WHY, extended_at=NOON, decision=WHY,
            closed_at=NOON, subject_name="", subject_email="",
        )  # fmt: skip
        one.recipients.append(PrivacyRecipient(key="organisation", name="Les personnes de votre organisation"))
        session.add(one)
        session.flush()
        return {name: write(letters, session, one) for name, write in SENT.items()} | {
            "outbox": {mail.event for mail in session.query(OutgoingMail)}
        }


def test_every_mail_says_what_it_said(mails: dict[str, Any]) -> None:
    assert set(SENT) == set(TEMPLATES.names()) - {"_foot"}
    assert mails.pop("outbox") == {f"privacy/{name}" for name in SENT}
    for name, letter in mails.items():
        said = f"{letter.subject}\n\n{letter.text}"
        if os.environ.get("SNAPSHOTS") == "write":
            MAILS.mkdir(exist_ok=True)
            (MAILS / f"{name}.txt").write_text(said, encoding="utf-8")
        assert said == (MAILS / f"{name}.txt").read_text(encoding="utf-8"), name
        html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(letter.html)
        assert 'href="https://ailleurs.example"' not in letter.html  # what somebody wrote makes no button


def test_what_the_file_of_processing_says_of_mails_is_of_mails_that_there_are(library: Library) -> None:
    rooms = Path(__file__).parent.parent.parent / "portal"
    known = {
        f"{path.parent.parent.name}/{path.stem}" for path in rooms.glob("*/templates/*/mail/*.txt")
    }  # fmt: skip
    given = library.objections
    for beginning in [*given.always, *(name for use in given.uses for name in use.mails)]:
        assert any(name.startswith(beginning) for name in known), beginning
    assert {use.processing for use in given.uses} <= {one.key for one in library.processing}
    assert all(use.mails or use.key == "references" for use in given.uses)
