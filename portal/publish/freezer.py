"""Frozen-Flask, told exactly which addresses to freeze, and made fast by its public hooks first.

Two freezers with the same result: `PublicFreezer` uses what Frozen-Flask documents, `Freezer` also
replaces the private method that builds one page. When a release renames or changes that method,
`freezer_class` gives the public one. Gains are parts of a cold build of 2,802 pages with the bench's
theme in one process (1.1 s of processor), each trick taken out alone. Tried and left out, as under
5 %: a session interface that does nothing, a cached `root`, addresses without url_for.
"""

from __future__ import annotations

import hashlib
import inspect
import mimetypes
import traceback
import warnings
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from unicodedata import normalize
from urllib.parse import unquote

import flask_frozen
from flask import request, request_started
from werkzeug.exceptions import HTTPException

from portal.publish.compress import gzip_bytes, is_compressed
from portal.publish.output import FreezeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.wrappers import Response

    from portal.publish.manifest import FileRecord
    from portal.publish.tree import Tree

FILE_TYPES = {
    ".atom": "application/atom+xml",
    ".js": "text/javascript",
    ".md": "text/markdown",
    ".webmanifest": "application/manifest+json",
}
"""Types that not every machine's table has, or not the same: a build does not depend on it."""


def register_file_types() -> None:
    """Make `mimetypes` answer the same on every machine for the files of the site."""
    # Its own table alone: the system's files say other things elsewhere, and reading them lasts 4 ms.
    mimetypes.knownfiles.clear()
    mimetypes.init()
    for suffix, kind in FILE_TYPES.items():
        mimetypes.add_type(kind, suffix)


def file_of(url: str) -> str:
    """Return the path inside the output of the file that answers at an address."""
    path = unquote(url) if "%" in url else url
    path = path[1:] + "index.html" if path.endswith("/") else path[1:]
    return path if path.isascii() else normalize("NFC", path)


class DirectClient:
    """A client that asks the view of an address, without a request around it.

    Gain over Flask's own client: 350 µs a page, a third of a cold build. A view of the site reads nothing of a request but
    its address; the answer is the view's own response object. `test_client_class` is Flask's own hook.
    """

    seen_endpoints: set[str]

    def __init__(self, application: Flask, *_: object, **__: object) -> None:
        self.application = application
        self._addresses = application.url_map.bind("")

    def get(self, url: str, **_: Any) -> Any:
        """Return the app's answer, errors raised; same arguments as Flask's client."""
        app = self.application
        try:
            rule, values = self._addresses.match(url, return_rule=True)
            with app.app_context():
                said: Any = app.view_functions[rule.endpoint](**values)
                answer = app.make_response(said)
        except HTTPException as error:
            return error.get_response()
        except Exception as error:
            raise _broken(url, error) from error
        self.seen_endpoints.add(rule.endpoint)
        return answer


def _needs_requests(app: Flask) -> bool:
    """Tell whether something of the app wants to see each request or answer."""
    return any(
        (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs, app.url_value_preprocessors)
    )


def _full_client() -> type[FlaskClient]:
    """Flask's own client, for an app whose views cannot be asked by themselves."""
    from flask.testing import FlaskClient

    class FullClient(FlaskClient):
        def get(self, url: str, **options: Any) -> Any:
            try:
                return super().get(url, **options)
            except Exception as error:
                raise _broken(url, error) from error

    return FullClient


def _broken(url: str, error: Exception) -> FreezeError:
    # The last frames are the template's or the view's own.
    return FreezeError(f"{url}: " + "".join(traceback.format_exception(error, limit=-3)).strip())


class PublicFreezer(flask_frozen.Freezer):  # type: ignore[misc]
    """Freezes a list of addresses into a tree, by what Frozen-Flask documents alone.

    `pages` are addresses without the prefix of the base URL. What was written is in `records`,
    path -> record, as each page goes by.
    """

    def __init__(self, app: Flask, tree: Tree, base_url: str, *, compress: bool) -> None:
        self.tree = tree
        self.compress = compress
        self.pages: Sequence[str] = ()
        self.seen_endpoints: set[str] = set()
        self.records: dict[str, FileRecord] = {}
        self._root = tree.folder
        app.config.update(
            FREEZER_DESTINATION=str(tree.folder),
            FREEZER_BASE_URL=base_url,
            # Own removal, by the manifest: see Tree.tidy.
            FREEZER_REMOVE_EXTRA_FILES=False,
            # A published address answers by itself; a redirection is a mistake of ours.
            FREEZER_REDIRECT_POLICY="error",
            # A view that breaks says where, and is no page "500".
            PROPAGATE_EXCEPTIONS=True,
        )
        register_file_types()
        # Addresses come as strings from one generator: no url_for per page, no log of its calls, no
        # search for rules without arguments. No gain is claimed: it is the plainest way.
        super().__init__(app, with_static_files=False, with_no_argument_rules=False, log_url_for=False)
        self.register_generator(self._addresses)
        self._install_client(app)

    def _addresses(self) -> Iterator[str]:
        yield from self.pages

    def _install_client(self, app: Flask) -> None:
        if _needs_requests(app):
            app.test_client_class = _full_client()
            request_started.connect(self._note_endpoint, app)
        else:
            seen = {"seen_endpoints": self.seen_endpoints}
            app.test_client_class = type("Client", (DirectClient,), seen)

    def _note_endpoint(self, *_: object, **__: object) -> None:
        if request.url_rule is not None:
            self.seen_endpoints.add(request.url_rule.endpoint)

    def build(self, pages: Sequence[str], each: Callable[[str], None] | None = None) -> None:
        """Freeze the addresses; any warning of Frozen-Flask is an error."""
        self.pages = pages
        address = "?"
        with warnings.catch_warnings():
            warnings.simplefilter("error", flask_frozen.FrozenFlaskWarning)
            # It compares the app's rules with endpoints yielded by generators, and strings name
            # none; `missing_endpoints` makes the same comparison with the pages really asked for.
            warnings.simplefilter("ignore", flask_frozen.MissingURLGeneratorWarning)
            self.prepare()
            try:
                for page in self.freeze_yield():
                    address = page.url
                    self.page_was_built(str(page.path))
                    if each is not None:
                        each(address)
            except (ValueError, flask_frozen.FrozenFlaskWarning) as error:
                raise FreezeError(str(error)) from error

    def prepare(self) -> None:
        """Cut the links to the live tree: Frozen-Flask writes into the file that it finds."""
        for url in self.pages:
            self.tree.unshare(file_of(url))

    def page_was_built(self, path: str) -> None:
        """Record a file that Frozen-Flask has written."""
        content = self.tree.read(path)
        time = (self.tree.folder / path).lstat().st_mtime_ns
        self._note(path, content, (len(content), time, hashlib.sha256(content).hexdigest()))

    def _note(self, path: str, content: bytes, record: FileRecord) -> None:
        self.records[path] = record
        if self.compress and is_compressed(path, record[0]):
            self.records[path + ".gz"] = compressed(self.tree, path, content, record)

    def missing_endpoints(self) -> set[str]:
        """Return the endpoints that can be got and that no page was asked of."""
        return {
            rule.endpoint for rule in self.app.url_map.iter_rules() if "GET" in (rule.methods or ())
        } - self.seen_endpoints


class Freezer(PublicFreezer):
    """The same, with a page's own way from the app to the disk.

    Gain: 107 µs a page, 21 %: paths are strings, the type of a file is looked up once per suffix, and
    content is compared and written by the calls of the system. What Frozen-Flask writes itself has
    to be read again, for its checksum.
    """

    def __init__(self, app: Flask, tree: Tree, base_url: str, *, compress: bool) -> None:
        super().__init__(app, tree, base_url, compress=compress)
        self._client = app.test_client()
        self._base_url = base_url
        self._types: set[tuple[str, str | None]] = set()

    def prepare(self) -> None:
        """Nothing: `Tree.put` writes beside and renames."""

    def page_was_built(self, path: str) -> None:
        """Nothing: the page was recorded as it was written."""

    def _build_one(self, url: str, last_modified: object = None) -> Path:  # noqa: ARG002
        response = self._client.get(url, base_url=self._base_url)
        if response.status_code != HTTPStatus.OK:
            raise ValueError(f"Unexpected status {response.status!r} on URL {url}")
        path = file_of(url)
        kind = (path.rpartition(".")[2], response.mimetype)
        if kind not in self._types:
            self._check_type(path, response)
            self._types.add(kind)
        content = response.get_data()
        self._note(path, content, self.tree.put(path, content, hashlib.sha256(content).hexdigest()))
        return self._root / path

    def _check_type(self, path: str, response: Response) -> None:
        guessed = mimetypes.guess_type(path)[0] or self.app.config["FREEZER_DEFAULT_MIMETYPE"]
        if guessed != response.mimetype:
            warnings.warn(
                f"{path!r} would be served as {guessed}, the page says {response.content_type}",
                flask_frozen.MimetypeMismatchWarning,
                stacklevel=2,
            )


def freezer_class() -> type[PublicFreezer]:
    """Return the fast freezer, or the public one where the private method is not what we know."""
    method = getattr(flask_frozen.Freezer, "_build_one", None)
    if method is None or list(inspect.signature(method).parameters) != [
        "self",
        "url",
        "last_modified",
    ]:
        return PublicFreezer
    return Freezer


def compressed(tree: Tree, path: str, content: bytes, record: FileRecord) -> FileRecord:
    """Make the .gz beside a file; it is kept when it was made from these bytes."""
    name = path + ".gz"
    if tree.manifest is not None:
        recorded = tree.manifest.files.get(path)
        if recorded is not None and recorded[2] == record[2] and (kept := tree.known(name)):
            return kept
    packed = gzip_bytes(content)
    return tree.put(name, packed, hashlib.sha256(packed).hexdigest())
