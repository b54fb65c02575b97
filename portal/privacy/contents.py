"""The words of a stored file, whatever it is packed in: to know whether it names somebody. Nothing is written."""

import io
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

from pypdf import PdfReader
from pypdf.errors import PyPdfError

#: A file packed in a file packed in a file: no further.
DEEPEST = 3
#: What a member of a ZIP may grow to: beyond it, it is a bomb or a picture.
LARGEST_MEMBER = 20_000_000


def texts(content: bytes, *, depth: int = 0) -> Iterator[str]:
    """Every text that a file holds, unpacked."""
    if depth > DEEPEST:
        return
    if content[:5] == b"%PDF-":
        yield from _pdf(content, depth)
    elif content[:4] == b"PK\x03\x04":
        yield from _zip(content, depth)
    elif _is_binary(content):
        return
    else:
        yield content.decode("utf-8", "replace")
        yield from _mail(content, depth)


def _is_binary(content: bytes) -> bool:
    return b"\x00" in content[:1000]


def _pdf(content: bytes, depth: int) -> Iterator[str]:
    try:
        reader = PdfReader(io.BytesIO(content))
        yield " ".join(str(value) for value in (reader.metadata or {}).values())
        for page in reader.pages:
            yield page.extract_text()
        for name, attached in reader.attachments.items():
            yield name
            for each in attached:
                yield from texts(each, depth=depth + 1)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # A broken file is no text; what stands in it in the clear is looked at all the same.
        yield content.decode("latin-1")


def _zip(content: bytes, depth: int) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for member in packed.infolist():
                yield member.filename
                if member.file_size <= LARGEST_MEMBER:
                    yield from texts(packed.read(member), depth=depth + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError):
        return


def _mail(content: bytes, depth: int) -> Iterator[str]:
    """The parts of a mail as it came; a text without a header has none."""
    if b":" not in content.split(b"\n", 1)[0]:
        return
    message = message_from_bytes(content, policy=default)
    for name, value in message.items():
        if name.lower() in {"from", "to", "cc", "subject", "reply-to", "sender"}:
            yield str(value)
    for part in message.walk():
        payload = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(payload, bytes) and payload != content:
            yield from texts(payload, depth=depth + 1)
