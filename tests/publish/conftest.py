"""A site for the engine's tests: pages made of small files, so that a build takes a moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response, abort

from portal.publish.engine import Report, publish, unchanged
from portal.publish.manifest import Manifest, input_records
from portal.publish.options import Options
from portal.publish.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class FakePage:
    url: str
    key: str
    group: str = "terms"


@dataclass
class FakeSite:
    """A page per note, an index of them, the day, a file of data and a missing page."""

    options: Options
    rendered: list[str] = field(default_factory=list)
    notices: tuple[str, ...] = ()
    extra_pages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = Flask("fake", static_folder=None)
        add = self.app.add_url_rule
        add("/", "index", self._index)
        add("/notes/<name>/", "note", self._note)
        add("/today/", "today", self._today)
        add("/data.json", "data", self._data)
        add("/404.html", "missing", self._missing)

    def notes(self) -> dict[str, str]:
        folder = self.options.content / "notes"
        return {path.stem: path.read_text() for path in sorted(folder.glob("*.txt"))}

    def pages(self) -> Iterator[FakePage]:
        notes = self.notes()
        company = (self.options.content / "company.txt").read_text()

        def key(*parts: str) -> str:
            return hashlib.sha256("\0".join(parts).encode()).hexdigest()

        yield FakePage("/", key(company, *notes), "pages")
        for name, text in notes.items():
            yield FakePage(f"/notes/{name}/", key(company, text))
        yield FakePage("/today/", key(self.options.today.isoformat()), "pages")
        yield FakePage("/data.json", key(*notes, *notes.values()), "data")
        yield FakePage("/404.html", "always", "pages")
        for url in self.extra_pages:
            yield FakePage(url, "extra")

    def _html(self, url: str, body: str) -> str:
        self.rendered.append(url)
        theme = (self.options.theme / "page.html").read_text()
        return theme.replace("BODY", body)

    def _index(self) -> str:
        company = (self.options.content / "company.txt").read_text()
        links = "".join(f'<a href="notes/{name}/">{name}</a>' for name in self.notes())
        return self._html("/", company + links)

    def _note(self, name: str) -> str:
        company = (self.options.content / "company.txt").read_text()
        if name not in self.notes():
            abort(404)
        return self._html(f"/notes/{name}/", company + self.notes()[name])

    def _today(self) -> str:
        return self._html("/today/", self.options.today.isoformat())

    def _data(self) -> Response:
        self.rendered.append("/data.json")
        return Response("\n".join(self.notes().values()), mimetype="application/json")

    def _missing(self) -> str:
        return self._html("/404.html", "nothing here")


@dataclass
class Workshop:
    """A folder with content, theme and output, and the builds made of them."""

    folder: Path
    today: date = date(2026, 11, 23)
    jobs: int = 1
    clock: int = 10**20
    extra_pages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "content" / "notes").mkdir(parents=True)
        (self.folder / "theme").mkdir()
        (self.folder / "theme" / "page.html").write_text("<!doctype html><h1>Page</h1>BODY")
        (self.folder / "content" / "company.txt").write_text("IMS")
        self.write_note("one", "first")
        self.write_note("two", "second " * 400)

    def write_note(self, name: str, text: str) -> None:
        (self.folder / "content" / "notes" / f"{name}.txt").write_text(text)

    @property
    def public(self) -> Path:
        return self.folder / "public"

    def options(self, output: Path | None = None) -> Options:
        return Options(
            content=self.folder / "content",
            output=output or self.public,
            base_url="https://example.org/site/",
            portal_url=None,
            today=self.today,
            theme=self.folder / "theme",
            jobs=self.jobs,
        )

    def build(self, output: Path | None = None) -> tuple[Report, list[str]]:
        """Build as the command does; return the report and the addresses that were rendered."""
        options = self.options(output)
        inputs = input_records(options)
        output_trees = Output(options.output)
        if (report := unchanged(options, output_trees, inputs)) is not None:
            return report, []
        site = FakeSite(options, extra_pages=self.extra_pages)
        # A time after every input: none of them counts as written while the build began.
        report = publish(output_trees, options, site, Manifest.begin(options, self.clock, inputs))
        return report, site.rendered

    def files(self, output: Path | None = None) -> dict[str, bytes]:
        """Return what is published: path -> bytes."""
        top = output or self.public
        return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}

    def fresh_files(self) -> dict[str, bytes]:
        """Return what a first build into another folder publishes."""
        number = len(list(self.folder.glob("fresh*")))
        output = self.folder / f"fresh{number}"
        self.build(output)
        return self.files(output)


@pytest.fixture(scope="session")
def make_workshop(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Workshop]:
    """A maker of workshops, each in a folder of its own."""
    return lambda: Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture
def workshop(make_workshop: Callable[[], Workshop]) -> Workshop:
    """One workshop with two notes."""
    return make_workshop()
