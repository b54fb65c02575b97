"""A message that breaks the reading: its bare text, with a remark; the message itself is kept."""

import re
from hashlib import sha256

from portal.mail.incoming.charsets import clean
from portal.mail.incoming.headers import LONGEST_SUBJECT, Head, one_line, read_head
from portal.mail.incoming.message import Address, Auto, Backing, Incoming, Passage
from portal.mail.incoming.wire import prepared


def bare(raw: bytes, why: str, *, longest: int) -> Incoming:
    """What can be told of bytes that no reader understands; never fails."""
    head, start = Head(), 0
    try:
        ready = prepared(raw)
        head, start = read_head(ready, 0, len(ready))
    except Exception:  # noqa: BLE001
        ready = raw
    text = clean(ready[start : start + longest].decode("utf-8", "replace"))

    def field(name: str) -> str:
        return one_line(clean(head.raw(name)[:LONGEST_SUBJECT].decode("utf-8", "replace")))

    mail = re.search(r"[^\s<>\"',;]{1,64}@[^\s<>\"',;]{1,250}", field("from"))
    return Incoming(
        sha256=sha256(raw).hexdigest(), size=len(raw), message_id=next(iter(re.findall(r"<[^<>\s]{1,400}>", field("message-id"))), ""),
        in_reply_to=(), references=(), sender=Address("", mail[0] if mail else ""), reply_to=Address("", ""), to=(), cc=(),
        delivered_to=(), subject=field("subject"), sent_at=None, text=text, passages=(Passage(text),) if text else (), html="",
        attachments=(), auto=Auto.BULK if "auto-submitted" in head or "precedence" in head else None, report=None,
        backing=Backing.UNKNOWN, remarks=(f"Ce message n'a pas pu être lu normalement ({why})\u00a0: voici son texte brut. L'original est conservé.",),
    )  # fmt: skip
