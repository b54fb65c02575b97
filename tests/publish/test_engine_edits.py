"""Whatever was edited in whatever order, an incremental build is a full build, byte for byte."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.publish.conftest import Workshop

FILES = ("index.html", "notes/one/index.html", "data.json.gz", "SHA256SUMS", "today/index.html")

names = st.sampled_from(["one", "two", "three", "four"])
texts = st.sampled_from(["a", "b", "long " * 300, "longer " * 300])
edits = st.one_of(
    st.tuples(st.just("write"), names, texts),
    st.tuples(st.just("remove"), names, st.just("")),
    st.tuples(st.just("day"), st.sampled_from(["20", "21"]), st.just("")),
    st.tuples(st.just("company"), texts, st.just("")),
    st.tuples(st.just("theme"), texts, st.just("")),
    st.tuples(st.just("tamper"), st.sampled_from(FILES), texts),
    st.tuples(st.just("delete"), st.sampled_from(FILES), st.just("")),
    st.tuples(st.just("stray"), st.sampled_from(["x.html", "notes/x/y.html", "index.html.gz"]), texts),
    st.tuples(st.just("distrust"), st.sampled_from(["public", ".public.next"]), st.just("")),
    st.tuples(st.just("lose the standby"), st.just(""), st.just("")),
)


def _edit(workshop: Workshop, what: str, name: str, text: str) -> None:
    content, public = workshop.folder / "content", workshop.public
    match what:
        case "write":
            workshop.write_note(name, text)
        case "remove":
            (content / "notes" / f"{name}.txt").unlink(missing_ok=True)
        case "day":
            workshop.today = date(2026, 11, int(name))
        case "company":
            (content / "company.txt").write_text(name)
        case "theme":
            (workshop.folder / "theme/page.html").write_text(f"<h1>{name}</h1>BODY")
        case "tamper" if (public / name).parent.exists():
            (public / name).write_text(text)
        case "delete":
            (public / name).unlink(missing_ok=True)
        case "stray":
            (public / name).parent.mkdir(exist_ok=True)
            (public / name).write_text(text)
        case "distrust" if (workshop.folder / name).exists():
            (workshop.folder / name / ".manifest.json").write_text("{}")
        case "lose the standby":
            shutil.rmtree(workshop.folder / ".public.next", ignore_errors=True)


@given(st.lists(st.lists(edits, max_size=3), min_size=1, max_size=6))
@settings(max_examples=60)
def test_incremental_equals_full(
    make_workshop: Callable[[], Workshop], builds: list[list[tuple[str, str, str]]]
) -> None:
    workshop = make_workshop()
    workshop.build()
    for batch in builds:
        for what, name, text in batch:
            _edit(workshop, what, name, text)
        workshop.build()
        assert workshop.files() == workshop.fresh_files()


ARTICLE = "Les présentes conditions"
real_edits = st.one_of(
    st.tuples(st.just("edit"), st.integers(0, 3)),
    st.tuples(st.just("add"), st.sampled_from(["2027-01-01", "2026-11-01"])),
    st.tuples(st.just("remove"), st.sampled_from(["2027-01-01", "2026-11-01"])),
    st.tuples(st.just("day"), st.integers(-60, 60)),
    st.tuples(st.just("company"), st.integers(0, 3)),
    st.tuples(st.just("theme"), st.integers(0, 1)),
    st.tuples(st.just("tamper"), st.integers(0, 50)),
)


class RealSite:
    """The real content and theme, copied, and built in this process."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        shutil.copytree(root / "content", folder / "content")
        shutil.copytree(root / "site", folder / "site")
        self.first = (folder / "content/cgv/2018-10-01/cgv.md").read_text()
        self.company = (folder / "content/company.toml").read_text()
        self.base = (folder / "site/templates/base.html").read_text()
        self.today = date(2026, 11, 23)

    def build(self, output: Path) -> dict[str, bytes]:
        from portal.publish.command import build
        from portal.publish.options import Options

        build(
            Options(
                content=self.folder / "content",
                output=output,
                base_url="https://example.org/",
                portal_url=None,
                today=self.today,
                theme=self.folder / "site",
                # A PDF takes longer to make than all the rest.
                groups=frozenset({"terms", "pages", "comparisons", "data", "static"}),
            )
        )
        return {
            str(path.relative_to(output)): path.read_bytes()
            for path in output.rglob("*")
            if path.is_file() and path.name != ".manifest.json"
        }

    def edit(self, what: str, value: str | int) -> None:
        cgv = self.folder / "content/cgv"
        if what == "edit":
            text = self.first.replace("## ARTICLE 9", f"Ajout {value}.\n\n## ARTICLE 9")
            (cgv / "2018-10-01/cgv.md").write_text(text)
        elif what == "add":
            shutil.copytree(cgv / "2018-10-01", cgv / str(value), dirs_exist_ok=True)
        elif what == "remove":
            shutil.rmtree(cgv / str(value), ignore_errors=True)
        elif what == "day":
            self.today = date(2026, 11, 23) + timedelta(days=int(value))
        elif what == "company":
            line = f'siren = "{"732829320" if value else ""}"'
            kept = [t for t in self.company.splitlines() if not t.startswith("siren ")]
            found = next(i for i, t in enumerate(self.company.splitlines()) if t.startswith("siren "))
            (self.folder / "content/company.toml").write_text("\n".join([*kept[:found], line, *kept[found:], ""]))
        elif what == "theme":
            text = self.base.replace("</body>", f"<!-- {value} --></body>")
            (self.folder / "site/templates/base.html").write_text(text)
        else:
            files = sorted(path for path in (self.folder / "public").rglob("*.*") if path.is_file())
            files[int(value) % len(files)].write_text("tampered")


@pytest.mark.slow
@given(st.lists(real_edits, min_size=1, max_size=4))
@settings(max_examples=12)
def test_incremental_equals_full_on_the_real_site(
    tmp_path_factory: pytest.TempPathFactory, root: Path, steps: list[tuple[str, str | int]]
) -> None:
    site = RealSite(tmp_path_factory.mktemp("real"), root)
    site.build(site.folder / "public")
    for number, (what, value) in enumerate(steps):
        site.edit(what, value)
        assert site.build(site.folder / "public") == site.build(site.folder / f"fresh{number}")
