"""The published folder served on this machine, as a real server would: for looking at, not for the world."""

from __future__ import annotations

import errno
import mimetypes
import os
import stat
import threading
from contextlib import contextmanager
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"

_TEXTS = ("text/", "application/json", "application/xml", "application/atom+xml", "image/svg+xml")


class PortTaken(Exception):
    """Something else listens on the port."""


@contextmanager
def serving(folder: Path, base_url: str, port: int) -> Iterator[str]:
    """Serve the folder in a thread and yield the address; port 0 takes any free one.

    The path of `base_url` is where the site stands, here as in the world.
    """
    from portal.publish.freezer import register_file_types

    register_file_types()
    prefix = urlsplit(base_url).path.rstrip("/")
    handler = type("Handler", (_Handler,), {"folder": str(folder), "prefix": prefix})
    try:
        server = _Server((HOST, port), handler)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise PortTaken(
            f"port {port} of {HOST} cannot be had ({error.strerror}); choose another with --port"
        ) from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}{prefix}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes a connection early is no news."""


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD; each request opens its file by name, so an exchanged folder is seen."""

    protocol_version = "HTTP/1.1"
    folder: str
    prefix: str

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the terminal is for the builds."""

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        if not path.startswith(self.prefix + "/"):
            self._missing(with_body=with_body)
            return
        name = path[len(self.prefix) :]
        if name.endswith("/"):
            name += "index.html"
        found = self._find(name)
        if found is None:
            self._missing(with_body=with_body)
        elif stat.S_ISDIR(found.st_mode):
            self._redirect(path)
        else:
            self._send(HTTPStatus.OK, name, with_body=with_body)

    def _find(self, name: str) -> os.stat_result | None:
        # What a server of the real site refuses too: dotted names, ways up, nothing of another tree.
        parts = name.split("/")[1:]
        if "\0" in name or "\\" in name:
            return None
        if any(part.startswith(".") and part != ".well-known" for part in parts):
            return None
        try:
            return os.stat(self.folder + name)  # noqa: PTH116
        except OSError:
            return None

    def _redirect(self, path: str) -> None:
        self.send_response(HTTPStatus.MOVED_PERMANENTLY)
        # One slash in front: two would name another host.
        self.send_header("Location", "/" + quote(path.lstrip("/")) + "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _missing(self, *, with_body: bool) -> None:
        if self._find("/404.html") is None:
            body = b"404\n"
            self.send_response(HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)
            return
        self._send(HTTPStatus.NOT_FOUND, "/404.html", with_body=with_body)

    def _send(self, status: HTTPStatus, name: str, *, with_body: bool) -> None:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if name.endswith("/SHA256SUMS"):
            kind = "text/plain"
        if kind.startswith(_TEXTS):
            kind += "; charset=utf-8"
        packed = "gzip" in self.headers.get("Accept-Encoding", "") and self._find(name + ".gz")
        with open(self.folder + name + (".gz" if packed else ""), "rb") as file:  # noqa: PTH123
            content = file.read()
            changed = os.fstat(file.fileno()).st_mtime
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", formatdate(changed, usegmt=True))
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Vary", "Accept-Encoding")
        self.send_header("X-Content-Type-Options", "nosniff")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if with_body:
            self.wfile.write(content)
