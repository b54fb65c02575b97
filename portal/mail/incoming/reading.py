"""Bytes of a message -> what it says. Whatever the bytes are, something is given back; what failed is said in a remark."""

import mimetypes
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape

from portal.mail.incoming import folding, markup, smime
from portal.mail.incoming.addresses import addresses
from portal.mail.incoming.automatic import why_automatic
from portal.mail.incoming.backing import backing
from portal.mail.incoming.bare import bare
from portal.mail.incoming.charsets import decode
from portal.mail.incoming.flowed import unflowed
from portal.mail.incoming.headers import (
    LONGEST_SUBJECT,
    Head,
    is_head,
    message_ids,
    moment,
    read_head,
    value_of,
)
from portal.mail.incoming.message import Address, Attachment, Auto, Incoming
from portal.mail.incoming.names import file_name
from portal.mail.incoming.reports import read_report
from portal.mail.incoming.structure import Part, read_structure
from portal.mail.incoming.tnef import Unpacked, unpack
from portal.mail.incoming.transfer import uu_files
from portal.mail.incoming.wire import prepared

#: Largest message that is taken: what providers let through (25 MB of files are 35 MB on the wire), and some more.
LARGEST = 64 * 1024 * 1024
#: How much text is read: ten times a long novel. The message itself is kept whole.
LONGEST_TEXT = 5_000_000
#: Attachments that are told apart; a thousand more are one person's joke, and stay in the message.
MOST_ATTACHMENTS = 200
#: Signed files that are opened: one is signed twice at most, around an encryption that ends the way.
MOST_SEALS = 3
SIGNED = (
    "Le message était enfermé dans sa signature (smime.p7m)\u00a0: il a été ouvert, la signature n'a pas été vérifiée."
)
ENCRYPTED = "Le message est chiffré (S/MIME)\u00a0: le portail n'a pas de quoi l'ouvrir. Le fichier est joint."
_TEXTS = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext"})
_STUB = re.compile(
    r"\W*(?:this (?:message|e-?mail) (?:requires|contains|is in) .{0,40}html|votre (?:messagerie|client) .{0,60}html).{0,400}\Z",
    re.IGNORECASE | re.DOTALL,
)
_ADDRESS_OF_OURS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")


class NotAMessage(ValueError):
    """Bytes in which nothing is a mail's: no field that a mail has."""


@dataclass(slots=True)
class _Slot:
    """One place of the text: what stands there in words, in HTML, or in both."""

    text: str | None = None
    html: str | None = None


@dataclass(slots=True)
class _Found:
    """What was found so far."""

    attachments: list[Attachment] = field(default_factory=list)
    remarks: dict[str, None] = field(default_factory=dict)
    texts: int = 0
    opened: int = 0  # signed files

    def attach(self, attachment: Attachment) -> None:
        if len(self.attachments) < MOST_ATTACHMENTS:
            self.attachments.append(attachment)
        else:
            self.remarks[
                f"Seules les {MOST_ATTACHMENTS} premières pièces jointes ont été séparées\u00a0; les autres sont dans le message d'origine."
            ] = None


def check_message(raw: bytes) -> None:
    """See that bytes are a mail message at all.

    Raises:
        NotAMessage: they are not.
    """
    ready = prepared(raw[: 1 << 20])
    head, _ = read_head(ready, 0, len(ready))
    if not is_head(head):
        raise NotAMessage("no field of a mail message")


def read(raw: bytes, *, trusted: Collection[str] = ()) -> Incoming:
    """Read a message. ``trusted`` are the names (authserv-id) under which our own mail server signs its findings.

    Never fails: a message that breaks the reading is given as its bare text, with a remark.
    """
    try:
        return _read(raw, trusted)
    except Exception as error:  # noqa: BLE001 - bytes of strangers: whatever a parser trips over, the message is shown
        return bare(raw, type(error).__name__, longest=LONGEST_TEXT)


def _read(raw: bytes, trusted: Collection[str]) -> Incoming:
    top = read_structure(prepared(raw))
    head, found = top.head, _Found()
    slots = list(_slots(top, found))
    if any(part.cut for part in top.walk()):
        found.remarks["Le message a trop de parties, ou trop emboîtées\u00a0: certaines n'ont pas été ouvertes."] = None
    shown = {one.content_id: one.filename for one in found.attachments if one.content_id}
    text = _text(slots, shown)[:LONGEST_TEXT]
    html = _html(slots, shown)
    senders, subject = addresses(head.all("from")[:1]), head.text("subject")[:LONGEST_SUBJECT]
    sender = senders[0] if senders else _other_sender(head)
    named = value_of(head.raw("content-type"))
    auto = why_automatic(
        head, named, top.parameters.get("report-type", "").lower(), sender=sender.mail, subject=subject
    )
    return Incoming(
        sha256=sha256(raw).hexdigest(),
        size=len(raw),
        message_id=next(iter(message_ids([head.raw("message-id")])), ""),
        in_reply_to=message_ids(head.all("in-reply-to")[:1]),
        references=message_ids(head.all("references")[:1]),
        sender=sender,
        reply_to=next(iter(addresses(head.all("reply-to")[:1])), Address("", "")),
        to=addresses(head.all("to")),
        cc=addresses(head.all("cc")),
        delivered_to=tuple(one.mail for name in _ADDRESS_OF_OURS for one in addresses(head.all(name)) if one.mail),
        subject=subject,
        sent_at=moment(head.raw("date")),
        text=text,
        passages=folding.fold(text, subject=subject),
        html=html,
        attachments=tuple(found.attachments),
        auto=auto,
        report=read_report(top, text) if auto is Auto.REPORT else None,
        backing=backing(head, senders, trusted=trusted),
        remarks=tuple(found.remarks),
    )


def _other_sender(head: Head) -> Address:
    for name in ("reply-to", "sender", "return-path", "x-original-from"):
        found = addresses(head.all(name)[:1])
        if found and found[0].mail:
            return found[0]
    return Address("", "")


# --- Parts ---------------------------------------------------------------------------------------


def _slots(part: Part, found: _Found) -> Iterator[_Slot]:
    """The places of the text below a part, in order; everything else is attached on the way."""
    if part.parts:
        slots = [slot for each in part.parts for slot in _slots(each, found)]
        if part.media_type == "multipart/alternative" and slots:
            yield _merged(slots)
        else:
            yield from slots
        return
    disposition, given = part.disposition
    name = given.get("filename") or part.parameters.get("name", "")
    if part.media_type in _TEXTS and disposition != "attachment" and not name:
        yield _text_slot(part, found)
        return
    content = part.content
    packet = unpack(content) if _may_be_packet(part, name) else None
    if packet is not None:
        yield from _packet_slots(packet, found)
        return
    sealed = smime.opened(content) if _may_be_sealed(part, name) else None
    if sealed is not None and sealed.kind is smime.Sealed.ENCRYPTED:
        found.remarks[ENCRYPTED] = None
    elif sealed is not None and found.opened < MOST_SEALS and _is_mime(inside := prepared(sealed.content)):
        found.opened += 1
        found.remarks[SIGNED] = None
        yield from _slots(read_structure(inside), found)
        return
    if part.media_type == "text/calendar" and not name:
        name = "invitation.ics"
    if not content and not name:
        return
    found.attach(_attachment(part, name, content, len(found.attachments) + 1))


def _merged(slots: list[_Slot]) -> _Slot:
    texts = [slot.text for slot in slots if slot.text is not None]
    htmls = [slot.html for slot in slots if slot.html is not None]
    return _Slot("\n".join(texts) if texts else None, "\n".join(htmls) if htmls else None)


def _text_slot(part: Part, found: _Found) -> _Slot:
    given = part.parameters
    content, charset = part.content, given.get("charset", "")
    if found.texts > LONGEST_TEXT:
        return _Slot()
    found.texts += len(content)
    if part.media_type == "text/html":
        return _Slot(html=decode(content, charset or _charset_in(content)))
    content, files = uu_files(content)
    for name, inner in files:
        filename = file_name(decode(name), "application/octet-stream", len(found.attachments) + 1)
        found.attach(Attachment(filename, _guessed_type(filename), inner))
    text = decode(content, charset)
    if part.media_type in {"text/enriched", "text/richtext"}:
        return _Slot(text=re.sub(r"<(?:/?[\w-]{1,40})>", "", text.replace("<<", "\0")).replace("\0", "<"))
    if given.get("format", "").lower() == "flowed":
        text = unflowed(text, delete_space=given.get("delsp", "").lower() == "yes")
    return _Slot(text=text)


def _charset_in(content: bytes) -> str:
    """What HTML says of itself, where its field says nothing."""
    named = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{1,40})", content[:4096], re.IGNORECASE)
    return named[1].decode("latin-1") if named else ""


def _may_be_packet(part: Part, name: str) -> bool:
    return part.media_type in {"application/ms-tnef", "application/vnd.ms-tnef"} or name.lower() in {
        "winmail.dat",
        "win.dat",
    }


def _may_be_sealed(part: Part, name: str) -> bool:
    return part.media_type in {"application/pkcs7-mime", "application/x-pkcs7-mime"} or name.lower().endswith(".p7m")


def _is_mime(inside: bytes) -> bool:
    """Whether a part of a mail was signed. A document that was (``contrat.pdf.p7m``) travels under the same type and
    the same name, but begins with no such head: it is a file, whole with its signature."""
    head, _ = read_head(inside, 0, len(inside))
    return any(name.startswith("content-") or name == "mime-version" for name, _ in head.fields)


def _packet_slots(packet: Unpacked, found: _Found) -> Iterator[_Slot]:
    for file in packet.files:
        inner = unpack(file.content)
        if inner is not None and (inner.text or inner.html or inner.files):
            for nested in inner.files:
                found.attach(_packed(nested.filename, nested.media_type, nested.content, nested.content_id, found))
            content = (inner.text or markup.text_of(inner.html)).encode()
            found.attach(_packed(f"{file.filename or 'message'}.txt", "text/plain", content, "", found))
        else:
            found.attach(_packed(file.filename, file.media_type, file.content, file.content_id, found))
    found.remarks["Le message était emballé dans un fichier winmail.dat (Outlook)\u00a0: il a été ouvert."] = None
    if packet.text.strip() or packet.html.strip():
        yield _Slot(packet.text or None, packet.html or None)


def _packed(name: str, media_type: str, content: bytes, content_id: str, found: _Found) -> Attachment:
    media_type = media_type if "/" in media_type else _guessed_type(name)
    return Attachment(file_name(name, media_type, len(found.attachments) + 1), media_type, content, content_id)


def _guessed_type(name: str) -> str:
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def _attachment(part: Part, name: str, content: bytes, number: int) -> Attachment:
    if part.media_type == "message/rfc822" and not name:
        name = _subject_of(content) or f"message-{number}"
    if part.media_type == "message/rfc822" and not name.lower().endswith(".eml"):
        name = f"{name[:120]}.eml"
    content_id = part.head.text("content-id").strip("<> ")
    return Attachment(file_name(name, part.media_type, number), part.media_type, content, content_id)


def _subject_of(content: bytes) -> str:
    ready = prepared(content[: 1 << 16])
    head, _ = read_head(ready, 0, len(ready))
    return head.text("subject")[:120]


# --- Text ----------------------------------------------------------------------------------------


def _text(slots: list[_Slot], shown: dict[str, str]) -> str:
    parts = []
    for slot in slots:
        text = slot.text
        if (text is None or not text.strip() or _STUB.match(text)) and slot.html:
            text = markup.text_of(slot.html, shown) or text
        if text is not None:
            parts.append(text.strip("\n"))
    return "\n\n".join(part for part in parts if part.strip())


def _html(slots: list[_Slot], shown: dict[str, str]) -> str:
    if not any(slot.html for slot in slots):
        return ""
    parts = []
    for slot in slots:
        if slot.html:
            parts.append(markup.sanitised(slot.html, shown))
        elif slot.text and slot.text.strip():
            parts.append(f"<pre>{escape(slot.text)}</pre>")
    return "\n".join(part for part in parts if part)
