"""Frozen-Flask: each trick gives the same bytes as the public way, and gives way to it."""

from __future__ import annotations

import inspect
import mimetypes
import textwrap
from typing import TYPE_CHECKING, Any

import flask_frozen
import pytest
from flask import Flask, Response, redirect, request

from portal.publish import freezer as freezers
from portal.publish.freezer import Freezer, PublicFreezer, file_of, freezer_class
from portal.publish.output import FreezeError
from portal.publish.tree import Tree
from tests.publish.conftest import FakeSite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.publish.conftest import Workshop


def test_the_fast_freezer_is_used_with_the_frozen_flask_that_is_installed() -> None:
    assert freezer_class() is Freezer


@pytest.mark.parametrize("change", ["removed", "other arguments"])
def test_without_the_private_method_the_public_freezer_gives_the_same_bytes(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    fast = workshop.fresh_files()
    private = flask_frozen.Freezer._build_one
    if change == "removed":
        # As after a renaming: the method lives on under a name that we do not know.
        monkeypatch.setattr(flask_frozen.Freezer, "_write_page", private, raising=False)
        monkeypatch.delattr(flask_frozen.Freezer, "_build_one")
        source = inspect.getsource(flask_frozen.Freezer.freeze_yield)
        renamed = source.replace("_build_one", "_write_page")
        scope: dict[str, Any] = {}
        exec(textwrap.dedent(renamed), vars(flask_frozen), scope)  # noqa: S102
        monkeypatch.setattr(flask_frozen.Freezer, "freeze_yield", scope["freeze_yield"])
    else:

        def build(self: Any, url: str, last_modified: Any = None, *, extra: int = 0) -> Path:
            built: Path = private(self, url, last_modified)
            return built

        monkeypatch.setattr(flask_frozen.Freezer, "_build_one", build)
    assert freezer_class() is PublicFreezer
    workshop.build()
    assert workshop.files() == fast


def test_the_public_freezer_never_writes_into_the_live_tree(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.publish.slices.freezer_class", lambda: PublicFreezer)
    for text in ("a", "b"):
        workshop.write_note("one", text)
        workshop.build()
    before = workshop.files()
    workshop.write_note("one", "c")
    monkeypatch.setattr("portal.publish.output.Output.exchange", lambda _: None)
    workshop.build()
    assert workshop.files() == before


def test_an_app_that_looks_at_each_answer_is_asked_by_flasks_own_client(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = workshop.fresh_files()
    seen: list[str] = []

    def look(response: Response) -> Response:
        seen.append(request.path)
        return response

    make = FakeSite.__post_init__

    def with_a_look(site: FakeSite) -> None:
        make(site)
        site.app.after_request(look)

    monkeypatch.setattr(FakeSite, "__post_init__", with_a_look)
    workshop.build()
    assert workshop.files() == direct
    assert "/notes/one/" in seen


def _freeze(tmp_path: Path, kind: type[PublicFreezer], answer: Callable[[], Any], url: str) -> None:
    app = Flask("one", static_folder=None)
    app.add_url_rule(url, "one", answer)
    tree = Tree(tmp_path, tmp_path.parent / "state")
    kind(app, tree, "https://example.org/", compress=False).build([url])


@pytest.mark.parametrize("kind", [Freezer, PublicFreezer])
class TestWhatIsRefused:
    def test_a_redirection(self, tmp_path: Path, kind: type[PublicFreezer]) -> None:
        with pytest.raises(FreezeError, match="302 FOUND"):
            _freeze(tmp_path, kind, lambda: redirect("/x/"), "/a/")

    def test_a_missing_page(self, tmp_path: Path, kind: type[PublicFreezer]) -> None:
        with pytest.raises(FreezeError, match="404 NOT FOUND"):
            _freeze(tmp_path, kind, lambda: ("no", 404), "/a/")

    def test_a_type_that_a_server_would_not_guess_from_the_name(
        self, tmp_path: Path, kind: type[PublicFreezer]
    ) -> None:
        with pytest.raises(FreezeError, match=r"application/json|text/html"):
            _freeze(tmp_path, kind, lambda: "html", "/a.json")

    def test_a_view_that_breaks(self, tmp_path: Path, kind: type[PublicFreezer]) -> None:
        def broken() -> str:
            raise ZeroDivisionError("in the view")

        with pytest.raises(FreezeError, match=r"(?s)/a/.*in the view"):
            _freeze(tmp_path, kind, broken, "/a/")


def test_a_view_that_no_page_was_asked_of_is_an_error(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(PublicFreezer):
        def missing_endpoints(self) -> set[str]:
            self.app.add_url_rule("/forgotten/", "forgotten", lambda: "")
            return super().missing_endpoints()

    monkeypatch.setattr("portal.publish.slices.freezer_class", lambda: Forgetful)
    # Flask lets no rule in after the first request: this one is put in behind its back.
    monkeypatch.setattr(Flask, "_check_setup_finished", lambda *_: None)
    with pytest.raises(FreezeError, match="no page was published of: forgotten"):
        workshop.build()


def test_types_do_not_depend_on_the_machines_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "mime.types"
    table.write_text("text/x-machine css js md\n")
    # As in a new process on a machine whose table says other things.
    monkeypatch.setattr(mimetypes, "_db", None)
    monkeypatch.setattr(mimetypes, "knownfiles", [str(table)])
    freezers.register_file_types()
    assert mimetypes.guess_type("feed.atom")[0] == "application/atom+xml"
    assert mimetypes.guess_type("cgv.md")[0] == "text/markdown"
    assert mimetypes.guess_type("rules.js")[0] == "text/javascript"
    assert mimetypes.guess_type("base.css")[0] == "text/css"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/", "index.html"),
        ("/cgv/2018-10-01/", "cgv/2018-10-01/index.html"),
        ("/cgv/2018-10-01.json", "cgv/2018-10-01.json"),
        ("/d%C3%A9lais/", "délais/index.html"),
        ("/de\u0301lais/", "délais/index.html"),
    ],
)
def test_the_file_of_an_address_is_the_one_that_frozen_flask_writes(url: str, path: str) -> None:
    assert file_of(url) == path


def test_pages_have_no_session(tmp_path: Path) -> None:
    from flask import session

    _freeze(tmp_path, Freezer, lambda: Response(str(session.get("x")), mimetype="text/html"), "/a/")
    assert (tmp_path / "a/index.html").read_text() == "None"
