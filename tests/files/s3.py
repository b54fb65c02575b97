"""A bucket on this machine: what of S3 the portal asks for, over real HTTP. Conditional writes, pages of a listing."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

PAGE = 3


class Bucket(BaseHTTPRequestHandler):
    """Path-style requests: ``/bucket/key``. A request without a signature is refused."""

    protocol_version = "HTTP/1.1"
    held: dict[str, tuple[bytes, datetime]]
    refusing = False

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _key(self) -> str | None:
        if type(self).refusing or "Credential=KEY/" not in self.headers.get("Authorization", ""):
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
            return None
        return unquote(urlsplit(self.path).path).partition("/")[2].partition("/")[2]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if (key := self._key()) is None:
            return None
        if self.headers.get("If-None-Match") == "*" and key in self.held:
            return self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        self.held[key] = (body, datetime.now(UTC))
        return self._answer(200, ETag=f'"{md5(body).hexdigest()}"')  # noqa: S324 - what S3 calls an ETag

    def do_GET(self) -> None:
        if (key := self._key()) is None:
            return None
        if not key:
            return self._list()
        if key not in self.held:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        body, at = self.held[key]
        return self._answer(
            200, body, ETag=f'"{md5(body).hexdigest()}"', Last_Modified=f"{at:%a, %d %b %Y %H:%M:%S GMT}"  # noqa: S324
        )  # fmt: skip

    def do_POST(self) -> None:
        """Several deletions at once."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self._key() is None:
            return
        keys = [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", body)]
        for key in keys:
            self.held.pop(key, None)
        told = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{told}</DeleteResult>".encode(), Content_Type="application/xml")

    def _list(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        after = asked.get("continuation-token", [""])[0]
        keys = sorted(key for key in self.held if key.startswith(asked.get("prefix", [""])[0]) and key > after)
        page, more = keys[:PAGE], len(keys) > PAGE
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.held[key][0])}</Size>"
            f"<LastModified>{self.held[key][1]:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></Contents>"
            for key in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        body = f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{items}</ListBucketResult>"
        self._answer(200, body.encode(), Content_Type="application/xml")


@contextmanager
def bucket() -> Iterator[tuple[str, type[Bucket]]]:
    """Its address as a setting, and what it holds."""
    kind = type("OneBucket", (Bucket,), {"held": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"s3+http://KEY:SE%2FCRET@127.0.0.1:{server.server_port}/paperasse/portail?region=eu-west-3", kind
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
