"""What came in, as staff see it; a mail's own layout, as every reader of it may see it: nothing runs, nothing is fetched."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.hotline import open_receiver
from portal.mail.models import OutgoingMail
from portal.mail.receiving import Receiver
from portal.tickets.models import TicketMessage
from portal.web import services
from tests.accounts.conftest import CLAIRE, OTTO, STAFF, Portal, portal
from tests.quotes.conftest import signed_in

__all__ = ["portal"]
PAGE = "/espace-client/bureau/courriels-recus/"
BACKED = "Authentication-Results: mx.ims.example; dmarc=pass header.from=client.example\n"
HTML = (
    'Content-Type: text/html; charset=utf-8\n\n<h2>Bonjour</h2><p onclick="x()" style="background:url(https://spy.example/a)">'
    'Voir <a href="https://client.example/x">ici</a> <img src="https://spy.example/pixel.gif" alt="Logo">'
    "<script>alert(1)</script><form action=https://evil.example><input name=a></form></p>\n"
)


@pytest.fixture
def post_room(portal: Portal) -> Receiver:
    given = services(portal.app)
    return replace(open_receiver(given, portal.sessions), trusted=["mx.ims.example"])


def letter(words: str = "Bonjour", *, fields: str = "", sender: str = CLAIRE, number: int = 1) -> bytes:
    end = words if words.startswith("Content-Type") else f"Content-Type: text/plain\n\n{words}\n"
    head = f"From: Claire <{sender}>\nTo: hotline@ims-partners.fr\nSubject: Panne {number}\nMessage-ID: <{number}@client.example>\n"
    return f"{fields}{head}{end}".encode()


def receive(portal: Portal, room: Receiver, raw: bytes) -> str:
    return room.receive(raw, via="pipe", now=portal.clock()).reference


def test_staff_see_every_message_what_it_became_and_why_it_is_no_ticket(portal: Portal, post_room: Receiver) -> None:
    known = receive(portal, post_room, letter(fields=BACKED))
    stranger = receive(portal, post_room, letter(number=2, sender="inconnu@ailleurs.example"))
    receive(portal, post_room, letter("Absente", number=3, fields=BACKED + "Auto-Submitted: auto-replied\n"))
    with portal.sessions() as session:
        ours = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).first()
        assert ours is not None
        own = f"From: IMS <contact@ims.example>\nSubject: {ours.subject}\nMessage-ID: {ours.message_id}\n\nx\n"
        bounce = (
            f"From: MAILER-DAEMON@mx.example\nSubject: Non remis\nIn-Reply-To: {ours.message_id}\nMessage-ID: <b@mx.example>\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\n\nNon remis\n--r\n"
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
            f"Final-Recipient: rfc822; {ours.recipient}\nAction: failed\nStatus: 5.1.1\n\n--r\n"
            f"Content-Type: text/rfc822-headers\n\nMessage-ID: {ours.message_id}\nX-Portail-Envoi: {ours.token}\n\n--r--\n"
        )
    receive(portal, post_room, own.encode())
    receive(portal, post_room, bounce.encode())
    nadia = signed_in(portal, STAFF)
    page = nadia.open(PAGE)
    assert page.index('id="courriel-5"') < page.index('id="courriel-3"') < page.index('id="courriel-1"')
    for words in (
        "adresse confirmée", "adresse non vérifiée", "réponse automatique", "Un de nos courriels qui nous revient",
        "montré sur le courriel dont il parle", "revenu le", f'href="/espace-client/bureau/tickets/{known}"',
        "/espace-client/bureau/mails/recus/1",
    ):  # fmt: skip
        assert words in page, words
    check = nadia.open(f"{PAGE}?vue=a-verifier")
    assert stranger in check
    assert "Panne 1" not in check
    machines, none = nadia.open(f"{PAGE}?vue=machines"), nadia.open(f"{PAGE}?vue=sans-ticket")
    assert "Panne 3" in machines
    assert 'id="courriel-1"' not in machines
    assert re.findall(r'id="courriel-(\d+)"', none) == ["5", "4"]
    found = nadia.open(f"{PAGE}?q=AILLEURS+panne")
    assert stranger in found
    assert known not in found.partition("<ol")[2]
    raw = nadia.client.get("/espace-client/bureau/mails/recus/1")
    assert raw.data == letter(fields=BACKED)
    assert raw.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    nadia.open(f"{PAGE}?vue=x", 404)
    nadia.open("/espace-client/bureau/tickets/")
    signed_in(portal, CLAIRE).open(PAGE, 403)


def test_what_could_not_be_placed_yet_is_seen_and_pages_begin_where_the_last_ended(
    portal: Portal, post_room: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.mail.receiving import NotPlaced
    from portal.tickets import received_views

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("bug")

    with monkeypatch.context() as patch:
        patch.setattr(type(post_room.handover), "place", breaks)
        with pytest.raises(NotPlaced):
            receive(portal, post_room, letter())
    monkeypatch.setattr(received_views, "PAGE", 2)
    for number in (2, 3):
        portal.clock.moment += timedelta(minutes=1)
        receive(portal, post_room, letter(number=number))
    nadia = signed_in(portal, STAFF)
    assert "avant=2" in nadia.open(PAGE)
    last = nadia.open(f"{PAGE}?avant=2")
    assert "pas encore placé" in last
    assert "Panne 2" not in last
    assert "Page suivante" not in last


def test_a_mails_layout_is_shown_on_demand_and_can_do_nothing(portal: Portal, post_room: Receiver) -> None:
    reference = receive(portal, post_room, letter(HTML, fields=BACKED))
    with portal.sessions() as session:
        number = session.scalars(select(TicketMessage.id)).one()
    claire, nadia = signed_in(portal, CLAIRE), signed_in(portal, STAFF)
    for visitor, base in ((claire, "/espace-client/tickets"), (nadia, "/espace-client/bureau/tickets")):
        address = f"{base}/{reference}/messages/{number}/mise-en-forme"
        assert f'href="{address}"' in visitor.open(f"{base}/{reference}")
        answer = visitor.client.get(address)
        page = answer.get_data(as_text=True)
        assert "<h2>Bonjour</h2>" in page
        assert '<a href="https://client.example/x" rel="noopener noreferrer nofollow">ici</a>' in page
        for evil in ("spy.example", "script", "onclick", "<form", "evil.example", "<img"):
            assert evil not in page
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "img-src" not in policy
        assert "allow-scripts" not in policy
    assert (
        signed_in(portal, OTTO)
        .client.get(f"/espace-client/tickets/{reference}/messages/{number}/mise-en-forme")
        .status_code
        == 404
    )
    assert claire.client.get(f"/espace-client/tickets/{reference}/messages/999/mise-en-forme").status_code == 404


def test_the_layout_of_what_is_not_let_through_is_staffs_alone(portal: Portal, post_room: Receiver) -> None:
    reference = receive(portal, post_room, letter(fields=BACKED))
    receive(portal, post_room, letter(HTML, number=2, fields="In-Reply-To: <1@client.example>\n"))
    with portal.sessions() as session:
        message = session.scalars(select(TicketMessage).where(TicketMessage.html.is_not(None))).one()
        assert message.quarantined
    end = f"{reference}/messages/{message.id}/mise-en-forme"
    assert signed_in(portal, CLAIRE).client.get(f"/espace-client/tickets/{end}").status_code == 404
    assert signed_in(portal, STAFF).client.get(f"/espace-client/bureau/tickets/{end}").status_code == 200
