"""Whether a machine wrote a message: then nobody is told that it came, so that no two machines talk to each other."""

import re

from portal.mail.incoming.headers import Head, value_of
from portal.mail.incoming.message import Auto

_BULK = frozenset({"bulk", "junk", "auto_reply"})
#: Fields that only machines write; what they say does not matter.
_MACHINES = (
    "x-autoreply", "x-autorespond", "x-auto-reply-from", "x-autoresponder", "x-mail-autoreply", "x-vacation", "x-cron-env",
    "x-ms-exchange-generated-message-source", "x-ms-exchange-inbox-rules-loop", "feedback-id", "x-auto-response-suppress",
)  # fmt: skip
_REPLIES = frozenset(
    {"x-autoreply", "x-autorespond", "x-auto-reply-from", "x-autoresponder", "x-mail-autoreply", "x-vacation"}
)
_SUBJECT = re.compile(
    r"(?:\W*(?:r[ée]ponse automatique|message automatique|absence du bureau|absent du bureau|message d.absence|"
    r"notification d.absence|out of (?:the )?office|automatic reply|auto(?:matic)?[ -]?(?:reply|response)|autoreply|"
    r"abwesenheitsnotiz|automatische antwort|risposta automatica|respuesta autom[áa]tica|je suis absent|en congés?\s*:))",
    re.IGNORECASE,
)
_DAEMON = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|mdaemon|double-bounce)@", re.IGNORECASE)
_LIST = ("list-id", "list-post", "list-unsubscribe", "mailing-list", "x-mailing-list")


def why_automatic(head: Head, media_type: str, report_type: str, *, sender: str, subject: str) -> Auto | None:
    """Why a message counts as automatic; None: a person wrote it."""
    if media_type == "multipart/report" and report_type == "disposition-notification":
        return Auto.RECEIPT
    if media_type == "multipart/report" or _DAEMON.match(sender):
        return Auto.REPORT
    submitted = value_of(head.raw("auto-submitted"))
    if submitted.startswith("auto-replied") or any(name in head for name in _REPLIES) or _SUBJECT.match(subject):
        return Auto.REPLY
    if any(name in head for name in _LIST) or value_of(head.raw("precedence")) == "list":
        return Auto.LIST
    if submitted not in {"", "no"} or value_of(head.raw("precedence")) in _BULK or _is_machine(head):
        return Auto.REPLY if "in-reply-to" in head else Auto.BULK
    return Auto.BULK if _comes_from_nobody(head) else None


def _is_machine(head: Head) -> bool:
    return any(name in head for name in _MACHINES)


def _comes_from_nobody(head: Head) -> bool:
    """An empty envelope sender: whoever answered it would write to no one."""
    return "return-path" in head and head.raw("return-path").strip() in {b"<>", b""}
