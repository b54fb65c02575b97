"""The built site as a WSGI application, for `portal serve`: in production nginx does this better.

It answers like deploy/nginx/site-locations.conf: directories by their
index.html, packed copies where there are some, a page for what is not there.
"""

import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.exceptions import MethodNotAllowed
from werkzeug.http import http_date
from werkzeug.security import safe_join
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}
KINDS = {
    ".md": "text/markdown", ".atom": "application/atom+xml", ".js": "text/javascript", "": "text/plain",
    ".webmanifest": "application/manifest+json", ".json": "application/json", ".svg": "image/svg+xml",
    ".ics": "text/calendar",
}  # fmt: skip
_TEXTS = ("text/", "application/json", "application/xml", "application/atom+xml", "image/svg+xml")
_HIDDEN_BUT_PUBLIC = ".well-known"


class SiteFiles:
    """Serves one folder; each request opens its file by name, so that a new build is seen at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            response = MethodNotAllowed(valid_methods=["GET", "HEAD"]).get_response()
        elif (file := self._find(request.path)) is not None:
            return self._send(request, file)
        elif not request.path.endswith("/") and self._find(request.path + "/") is not None:
            # One slash in front: two would name another host.
            query = f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
            response = redirect("/" + request.path.lstrip("/") + "/" + query, 301)
        elif (missing := self._find("/404.html")) is not None:
            return self._send(request, missing, status=404)
        else:
            response = Response("404\n", 404, content_type="text/plain; charset=utf-8")
        response.headers.update(HEADERS)
        return response

    def _find(self, path: str) -> Path | None:
        name = path + "index.html" if path.endswith("/") else path
        parts = name.split("/")[1:]
        if "\0" in name or any(part.startswith(".") and part != _HIDDEN_BUT_PUBLIC for part in parts):
            return None
        joined = safe_join(str(self._folder), *parts)
        found = Path(joined) if joined else None
        return found if found is not None and found.is_file() else None

    def _send(self, request: Request, file: Path, *, status: int = 200) -> Response:
        kind = KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        packed_file = file.with_name(file.name + ".gz")
        use_packed = "gzip" in {name for name, _ in request.accept_encodings} and packed_file.is_file()
        stored = packed_file if use_packed else file
        response = Response(
            stored.read_bytes(), status, content_type=f"{kind}; charset=utf-8" if kind.startswith(_TEXTS) else kind
        )
        response.headers.update(HEADERS)
        response.headers["Last-Modified"] = http_date(stored.stat().st_mtime)
        if use_packed:
            response.headers["Content-Encoding"] = "gzip"
        if status == 200:  # noqa: PLR2004 - the status is the name
            response.add_etag()
            response.make_conditional(request)
        return response
