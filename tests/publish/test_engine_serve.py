"""--serve and --watch: the published folder looked at on this machine."""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from portal.publish.serve import PortTaken, serving
from portal.publish.watch import watch, what_is_watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.publish.conftest import Workshop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    public = tmp_path / "public"
    (public / "cgv").mkdir(parents=True)
    (public / ".well-known").mkdir()
    (public / "index.html").write_text("<h1>é</h1>" * 200)
    (public / "index.html.gz").write_bytes(b"packed")
    (public / "cgv/index.html").write_text("cgv")
    (public / "cgv/2018-10-01.md").write_text("# CGV é")
    (public / "cgv/feed.atom").write_text("<feed/>")
    (public / "rules.js").write_text("export {}")
    (public / "404.html").write_text("introuvable")
    (public / "SHA256SUMS").write_text("0  x")
    (public / ".manifest.json").write_text("{}")
    (public / ".well-known/security.txt").write_text("Contact: x")
    (tmp_path / "secret.txt").write_text("secret")
    return public


class Client:
    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)) as connection:
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()


@pytest.fixture
def client(folder: Path) -> Iterator[Client]:
    with serving(folder, "https://example.org/", 0) as address:
        yield Client(int(address.rstrip("/").rpartition(":")[2]))


def test_a_folder_answers_with_its_index(client: Client) -> None:
    status, headers, body = client.get("/cgv/")
    assert (status, body) == (200, b"cgv")
    assert headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/cgv/2018-10-01.md", "text/markdown; charset=utf-8"),
        ("/cgv/feed.atom", "application/atom+xml; charset=utf-8"),
        ("/rules.js", "text/javascript; charset=utf-8"),
        ("/SHA256SUMS", "text/plain; charset=utf-8"),
        ("/.well-known/security.txt", "text/plain; charset=utf-8"),
    ],
)
def test_each_file_says_its_type(client: Client, path: str, kind: str) -> None:
    status, headers, _ = client.get(path)
    assert (status, headers["Content-Type"]) == (200, kind)


def test_a_folder_without_its_slash_is_sent_on(client: Client) -> None:
    status, headers, _ = client.get("/cgv")
    assert (status, headers["Location"]) == (301, "/cgv/")
    assert client.get("//cgv")[1].get("Location", "/cgv/") == "/cgv/"


@pytest.mark.parametrize(
    "path",
    [
        "/none/", "/cgv/comparer/2018-10-01/2019-01-01/", "/../secret.txt", "/%2e%2e/secret.txt",
        "/cgv/..%2f..%2fsecret.txt", "/.manifest.json", "/index.html/", "/%00", "/a%5c..%5cb",
    ],
)  # fmt: skip
def test_what_is_not_published_is_the_404_page(client: Client, path: str) -> None:
    status, headers, body = client.get(path)
    assert (status, body) == (404, b"introuvable")
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_compressed_copy_is_sent_to_who_can_read_it(client: Client) -> None:
    status, headers, body = client.get("/", Accept_Encoding="gzip, br")
    assert (status, headers["Content-Encoding"], body) == (200, "gzip", b"packed")
    _, headers, body = client.get("/")
    assert "Content-Encoding" not in headers
    assert body.startswith(b"<h1>")


def test_head_sends_no_body(client: Client) -> None:
    status, headers, body = client.get("/cgv/", "HEAD")
    assert (status, headers["Content-Length"], body) == (200, "3", b"")


def test_the_site_stands_under_the_path_of_its_base_url(folder: Path) -> None:
    with serving(folder, "https://example.org/terms/", 0) as address:
        assert address.endswith("/terms/")
        client = Client(int(address.split(":")[2].split("/")[0]))
        assert client.get("/terms/cgv/")[0] == 200
        assert client.get("/terms/cgv")[1]["Location"] == "/terms/cgv/"
        assert client.get("/cgv/")[0] == 404


def test_without_a_404_page_there_is_still_an_answer(folder: Path) -> None:
    (folder / "404.html").unlink()
    with serving(folder, "https://example.org/", 0) as address:
        status, headers, _ = Client(int(address.rstrip("/").rpartition(":")[2])).get("/none/")
    assert (status, headers["Content-Type"]) == (404, "text/plain; charset=utf-8")


def test_an_exchanged_folder_is_seen_at_once(workshop: Workshop) -> None:
    workshop.build()
    with serving(workshop.public, "https://example.org/", 0) as address:
        client = Client(int(address.rstrip("/").rpartition(":")[2]))
        assert b"first" in client.get("/notes/one/")[2]
        workshop.write_note("one", "changed")
        workshop.build()
        assert b"changed" in client.get("/notes/one/")[2]


def test_a_taken_port_is_told_clearly(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(PortTaken, match=rf"port {port} .*choose another with --port"),
            serving(folder, "https://example.org/", port),
        ):
            pass


def test_a_change_is_built_and_an_error_does_not_end_the_watch(workshop: Workshop) -> None:
    built: list[str] = []
    stop = threading.Event()
    edits = iter(["a", "b"])

    def state() -> object:
        return what_is_watched(workshop.options())

    def build() -> None:
        built.append((workshop.folder / "content/notes/one.txt").read_text())
        if (text := next(edits, None)) is None:
            stop.set()
        else:
            workshop.write_note("one", text)

    seen = state()
    workshop.write_note("one", "first edit")
    watch(state, build, seen, stop, interval=0.01)
    assert built == ["first edit", "a", "b"]


def test_another_day_is_a_change(workshop: Workshop) -> None:
    before = what_is_watched(workshop.options())
    assert what_is_watched(workshop.options()) == before
    workshop.today = workshop.today.replace(day=24)
    assert what_is_watched(workshop.options()) != before
