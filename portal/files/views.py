"""A file as an answer: always a download. The room's view says first whether this person may have it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flask import Response, current_app, g
from werkzeug.http import dump_options_header

from portal.files import actions
from portal.files.models import StoredFile

if TYPE_CHECKING:
    from portal.files.store import Store


def disposition(name: str) -> str:
    """``Content-Disposition`` of a download: the plain name for old programs, the real one beside it (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    if plain == name:
        return dump_options_header("attachment", {"filename": name})
    from urllib.parse import quote

    return f"{dump_options_header('attachment', {'filename': plain})}; filename*=UTF-8''{quote(name, safe='')}"


def send(file: StoredFile) -> Response:
    """A stored file, in pieces: memory stays flat however large it is.

    Raises:
        FileWaiting, FileGone, StoreAway: each has its page (``app.py``).
    """
    store: Store = current_app.extensions["portal"].store
    return download(actions.stream(store, file), name=file.name, media_type=file.media_type, size=file.size)


def download(content: bytes | Iterator[bytes], *, name: str, media_type: str, size: int | None = None) -> Response:
    """Any content as a download that no browser runs or keeps."""
    response = Response(content, content_type=media_type)
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    g.own_policy = "sandbox; default-src 'none'"  # instead of the house's: app.py sees to it
    response.headers["Cache-Control"] = "private, no-store"
    if size is not None:
        response.content_length = size
    return response
