"""Delivery reports and bounces; what our own server found of a sender."""

import pytest

from portal.mail.incoming.message import Action, Auto, Backing
from portal.mail.incoming.reading import read


def report(
    action: str, status: str, original: str = "Message-ID: <m1@portail.example>\nX-Portail-Envoi: jeton\n"
) -> bytes:
    return (
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\nTo: portail@ims.example\n"
        "Subject: Delivery Status Notification\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\n\n'
        "--r\nContent-Type: text/plain\n\nVoici ce qu'il en est.\n"
        "--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\nOriginal-Envelope-Id: enveloppe\n\n"
        f"Original-Recipient: rfc822;Claire@client.example\nFinal-Recipient: rfc822; c.muller@client.example\n"
        f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 5.1.1 no such\n user\n\n"
        f"Final-Recipient: rfc822; paul@client.example\nAction: {action}\nStatus: {status}\n\n"
        f"--r\nContent-Type: text/rfc822-headers\n\nFrom: portail@ims.example\n{original}Subject: x\n--r--\n"
    ).encode()


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("failed", "5.1.1", Action.FAILED),
        ("delivered", "2.0.0", Action.DELIVERED),
        ("delayed", "4.4.1", Action.DELAYED),
        ("relayed", "2.0.0", Action.RELAYED),
        ("expanded", "2.0.0", Action.EXPANDED),
        ("Failed (permanent)", "5.0.0", Action.FAILED),
        ("", "4.0.0", Action.DELAYED),
        ("nonsense", "9.9.9", Action.FAILED),
    ],
)
def test_a_report_is_read_by_recipient(action: str, status: str, expected: Action) -> None:
    incoming = read(report(action, status))
    assert incoming.auto is Auto.REPORT
    assert incoming.report is not None
    assert (incoming.report.message_id, incoming.report.token) == ("<m1@portail.example>", "jeton")
    first, second = incoming.report.recipients
    assert (first.recipient, first.action, second.recipient) == (
        "claire@client.example",
        expected,
        "paul@client.example",
    )
    assert "no such user" in first.why


def test_a_report_without_the_original_names_its_envelope() -> None:
    found = read(report("delivered", "2.0.0", original="")).report
    assert found is not None
    assert (found.message_id, found.token) == ("", "enveloppe")


def test_a_bounce_in_words_is_understood() -> None:
    incoming = read(
        b"From: MAILER-DAEMON@old.example\nSubject: failure notice\n\nHi. This is the qmail-send program.\n\n"
        b"<claire@client.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 unknown user\n\n"
        b"--- Below this line is a copy of the message.\n\nReturn-Path: <portail@ims.example>\n"
        b"Message-ID: <m1@portail.example>\nX-Portail-Envoi: jeton\nSubject: x\n"
    )
    assert incoming.report is not None
    assert incoming.report.message_id == "<m1@portail.example>"
    assert incoming.report.token == "jeton"  # noqa: S105 - what the letter says
    first = incoming.report.recipients[0]
    assert (first.recipient, first.action, first.status) == ("claire@client.example", Action.FAILED, "5.1.1")


# --- Who is behind From --------------------------------------------------------------------------

OURS = ("mx.ims.example",)


def backing(*results: str, sender: str = "Claire <claire@client.example>", trusted: tuple[str, ...] = OURS) -> Backing:
    head = "".join(f"Authentication-Results: {result}\n" for result in results)
    return read(f"{head}From: {sender}\nSubject: x\n\nx".encode(), trusted=trusted).backing


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("mx.ims.example; dmarc=pass header.from=client.example", Backing.BACKED),
        ("mx.ims.example; dmarc=pass (p=REJECT sp=NONE) header.from=client.example; spf=fail smtp.mailfrom=x.example", Backing.BACKED),
        ("MX.IMS.EXAMPLE 1; dmarc=pass header.from=client.example", Backing.BACKED),
        ("mx.ims.example; dmarc=fail header.from=client.example; dkim=pass header.d=client.example", Backing.REFUTED),
        ("mx.ims.example; dmarc=pass header.from=evil.example", Backing.UNKNOWN),
        ("mx.ims.example; dmarc=none header.from=client.example; dkim=pass header.d=client.example", Backing.BACKED),
        ("mx.ims.example; dkim=pass header.i=@mail.client.example", Backing.BACKED),
        ("mx.ims.example; dkim=pass header.d=evil.example", Backing.UNKNOWN),
        ("mx.ims.example; dkim=pass header.d=notclient.example", Backing.UNKNOWN),
        ("mx.ims.example; spf=pass smtp.mailfrom=bounce@client.example", Backing.BACKED),
        ("mx.ims.example; spf=pass smtp.mailfrom=client.example", Backing.BACKED),
        ("mx.ims.example; spf=pass smtp.helo=client.example", Backing.UNKNOWN),
        ("mx.ims.example; spf=pass smtp.mailfrom=evil.example", Backing.UNKNOWN),
        ("mx.ims.example; spf=fail smtp.mailfrom=client.example", Backing.REFUTED),
        ("mx.ims.example; none", Backing.UNKNOWN),
        ("mx.evil.example; dmarc=pass header.from=client.example", Backing.UNKNOWN),
        ("mx.ims.example.evil.example; dmarc=pass header.from=client.example", Backing.UNKNOWN),
        ("((((((; dmarc=pass", Backing.UNKNOWN),
        ("", Backing.UNKNOWN),
    ],
)  # fmt: skip
def test_only_our_own_server_is_believed(result: str, expected: Backing) -> None:
    assert backing(result) is expected


def test_the_topmost_finding_of_our_server_counts() -> None:
    real, forged = (
        "mx.ims.example; dmarc=fail header.from=client.example",
        "mx.ims.example; dmarc=pass header.from=client.example",
    )
    assert backing(real, forged) is Backing.REFUTED
    assert backing("mx.ims.example; spf=none", forged) is Backing.BACKED


def test_two_senders_are_nobody() -> None:
    found = "mx.ims.example; dmarc=pass header.from=client.example"
    assert backing(found, sender="a@client.example, b@client.example") is Backing.UNKNOWN
    assert backing(found, sender="a@client.example\nFrom: b@client.example") is Backing.UNKNOWN
    assert backing(found, sender="") is Backing.UNKNOWN


def test_nobody_is_believed_where_no_server_is_named() -> None:
    assert backing("mx.ims.example; dmarc=pass header.from=client.example", trusted=()) is Backing.UNKNOWN
