"""Delivery reports (RFC 3464) and the bounces of servers that never heard of them."""

import re
from collections.abc import Iterator

from portal.mail.incoming.charsets import decode
from portal.mail.incoming.headers import Head, message_ids, one_line, read_head, words
from portal.mail.incoming.message import Action, DeliveryReport, RecipientReport
from portal.mail.incoming.structure import Part

#: The field of our own mails that proves that a report held one of them.
TOKEN = "X-Portail-Envoi"  # noqa: S105 - a field's name
MOST_RECIPIENTS = 100
_ADDRESS = re.compile(r"[^\s<>()\",;:]+@[^\s<>()\",;:]+")
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_CODE = re.compile(r"\b(5\d\d|4\d\d)[ -]")
_OUR_FIELDS = re.compile(
    rb"^[>\s]*(message-id|" + TOKEN.lower().encode() + rb"):[ \t]*([^\r\n]{1,500})", re.IGNORECASE | re.MULTILINE
)
_ORIGINALS = frozenset(
    {"message/rfc822", "message/rfc822-headers", "text/rfc822-headers", "message/global", "message/global-headers"}
)
_SAMPLE = 1 << 18


def read_report(top: Part, text: str) -> DeliveryReport:
    """What a report says: by recipient where it does so in the form, else what its words give."""
    parts = list(top.walk())
    recipients: list[RecipientReport] = []
    token = ""
    for part in parts:
        if part.media_type in {"message/delivery-status", "message/global-delivery-status"}:
            recipients += _recipients(part)
            token = token or _blocks_field(part, "original-envelope-id")
    message_id, original_token = _original(parts)
    if not message_id:
        # Older servers write the head of the original into their text.
        message_id, written = _written(top.raw[top.start : top.start + _SAMPLE])
        original_token = original_token or written
    if not message_id:
        message_id = next(iter(message_ids([top.head.raw("in-reply-to"), *top.head.all("references")])), "")
    if not recipients:
        recipients = _from_words(top.head, text)
    return DeliveryReport(tuple(recipients[:MOST_RECIPIENTS]), message_id, original_token or token)


def _blocks(part: Part) -> Iterator[Head]:
    """The groups of fields of a status part: the message's, then one for each recipient."""
    content, place = part.content.replace(b"\r\n", b"\n").strip(b"\n"), 0
    for _ in range(MOST_RECIPIENTS + 1):
        if place >= len(content):
            return
        head, after = read_head(content, place, len(content))
        if head.fields:
            yield head
        place = after if after > place else len(content)


def _blocks_field(part: Part, name: str) -> str:
    return next((head.text(name) for head in _blocks(part) if name in head), "")


def _recipients(part: Part) -> Iterator[RecipientReport]:
    for head in _blocks(part):
        named = head.text("original-recipient") or head.text("final-recipient")
        action = head.text("action").partition(" ")[0].lower()
        status = _STATUS.search(head.text("status"))
        if not named and not action:
            continue
        yield RecipientReport(
            recipient=_bare(named),
            action=_action(action, status[0] if status else ""),
            status=status[0] if status else "",
            why=_bare_words(head.text("diagnostic-code"))[:1000],
        )


def _action(named: str, status: str) -> Action:
    try:
        return Action(named)
    except ValueError:
        return {"2": Action.DELIVERED, "4": Action.DELAYED}.get(status[:1], Action.FAILED)


def _bare(recipient: str) -> str:
    found = _ADDRESS.search(recipient.partition(";")[2] or recipient)
    return found[0].lower() if found else ""


def _bare_words(code: str) -> str:
    return one_line(code.partition(";")[2] or code)


def _original(parts: list[Part]) -> tuple[str, str]:
    for part in parts:
        if part.media_type in _ORIGINALS:
            content = part.content.replace(b"\r\n", b"\n").lstrip(b"\n")
            head, _ = read_head(content, 0, len(content))
            found = message_ids([head.raw("message-id")])
            if found:
                return found[0], head.text(TOKEN.lower())
    return "", ""


def _written(content: bytes) -> tuple[str, str]:
    found = {match[1].lower(): match[2] for match in _OUR_FIELDS.finditer(content)}
    ids = message_ids([found.get(b"message-id", b"")])
    return ids[0] if ids else "", one_line(words(found.get(TOKEN.lower().encode(), b"")))


def _from_words(head: Head, text: str) -> list[RecipientReport]:
    """A bounce in words alone: whom it names, and the first code it gives."""
    named = decode(head.raw("x-failed-recipients")) or text[:4000]
    status, code = _STATUS.search(text[:8000]), _CODE.search(text[:8000])
    first = (status or code or [""])[0]
    action = Action.DELAYED if first.startswith("4") else Action.FAILED
    lines = [line.strip() for line in text[:8000].splitlines() if _STATUS.search(line) or _CODE.search(line)]
    why = one_line(lines[0])[:1000] if lines else ""
    found = dict.fromkeys(
        each.lower().rstrip(".")
        for each in _ADDRESS.findall(named)
        if not each.lower().startswith(("mailer-daemon", "postmaster"))
    )
    return [RecipientReport(each, action, status[0] if status else "", why) for each in list(found)[:MOST_RECIPIENTS]]
