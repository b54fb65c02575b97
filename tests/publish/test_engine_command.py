"""`python build.py`: what it prints, its exit status, and that bad content writes nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jinja2 import DictLoader, Environment

from portal.publish import command
from portal.publish.manifest import CODE
from portal.publish.options import DEFAULT_BASE_URL, ROOT, Options
from portal.publish.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = Path("cgv/2018-10-01")


@pytest.fixture
def run(tmp_content: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command on the copied content; returns status, output, errors."""

    def run(*words: str) -> tuple[int, str, str]:
        given = ["--content", str(tmp_content), "--output", str(tmp_path / "out" / "public"), "--today", "2026-11-23"]
        status = command.main([*given, *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where Pango is missing; also, a PDF takes longer than all the rest."""
    monkeypatch.setattr("portal.publish.pdf.why_unavailable", lambda: "PDF : Pango manque")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _break_toml(content: Path) -> None:
    _replace(content / VERSION / "clauses.toml", "[quote_validity]", "[quote_validity")


def _break_quote(content: Path) -> None:
    _replace(content / VERSION / "clauses.toml", "quinze jours", "seize jours")


def _repeat_number(content: Path) -> None:
    _replace(content / VERSION / "cgv.md", "### 7.3.", "### 7.2.")


def _two_on_one_day(content: Path) -> None:
    shutil.copytree(content / VERSION, content / "cgv" / "2018-10-01-bis")


def _break_utf8(content: Path) -> None:
    path = content / VERSION / "cgv.md"
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xe9", 1))


def _link_out(content: Path) -> None:
    (content / "cgv" / "elsewhere.md").symlink_to("/etc/hostname")


def _remove_folder(content: Path) -> None:
    shutil.rmtree(content / "cgv")


@pytest.mark.usefixtures("no_pdf")
@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (_break_toml, "cgv/2018-10-01/clauses.toml:"),
        (_break_quote, "cgv/2018-10-01/clauses.toml:"),
        (_repeat_number, "cgv/2018-10-01/cgv.md:"),
        (_two_on_one_day, "cgv/2018-10-01-bis: "),
        (_break_utf8, "cgv/2018-10-01/cgv.md:"),
        (_link_out, "cgv/elsewhere.md: "),
        (_remove_folder, "cgv: "),
        (shutil.rmtree, "content: "),
    ],
)
def test_bad_content_is_told_with_its_place_and_nothing_is_written(
    run: Callable[..., tuple[int, str, str]],
    tmp_content: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
    place: str,
) -> None:
    damage(tmp_content)
    status, _, told = run()
    assert status == 1
    assert place in told
    assert not (tmp_path / "out" / "public").exists()
    assert not (tmp_path / "out" / ".public.next").exists()
    status, told, _ = run("--check")
    assert status == 1
    assert place in told


@pytest.mark.usefixtures("no_pdf")
def test_content_gone_bad_leaves_the_published_site_alone(
    run: Callable[..., tuple[int, str, str]], tmp_content: Path, tmp_path: Path
) -> None:
    assert run()[0] == 0
    public = tmp_path / "out" / "public"
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in public.rglob("*")}
    _break_quote(tmp_content)
    assert run()[0] == 1
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in public.rglob("*")} == before


@pytest.mark.usefixtures("no_pdf")
def test_many_versions_are_checked_in_another_process_with_the_same_verdict(
    run: Callable[..., tuple[int, str, str]], tmp_content: Path
) -> None:
    for month in range(1, 13):
        shutil.copytree(tmp_content / VERSION, tmp_content / f"cgv/2019-{month:02}-01")
    _replace(tmp_content / "cgv/2019-07-01/clauses.toml", "quinze jours", "seize jours")
    alone = run("--jobs", "1")
    assert alone[0] == 1
    assert "cgv/2019-07-01/clauses.toml:" in alone[2]
    assert run("--jobs", "2") == alone


@pytest.mark.usefixtures("no_pdf")
def test_the_check_prints_what_is_to_fill_in_and_is_no_error(run: Callable[..., tuple[int, str, str]]) -> None:
    status, told, _ = run("--check")
    assert status == 0
    assert "company.toml" in told
    assert "[todo]" in told


@pytest.mark.usefixtures("no_pdf")
def test_without_pango_everything_but_the_pdfs_is_published(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    status, told, warned = run()
    assert status == 0
    assert "pages made" in told
    assert warned == "warning: PDF : Pango manque\n"
    public = tmp_path / "out" / "public"
    assert (public / "index.html").exists()
    assert not list(public.rglob("*.pdf"))
    # Said again as long as it is so: Pango may have been installed since.
    assert run()[2] == warned


@pytest.mark.usefixtures("no_pdf")
def test_without_pango_strict_is_an_error_and_nothing_is_written(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    status, _, told = run("--strict")
    assert (status, told) == (1, "error: PDF : Pango manque\n")
    assert not (tmp_path / "out" / "public").exists()


@pytest.mark.usefixtures("no_pdf")
def test_the_day_is_recorded_in_the_manifest(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    run()
    manifest = json.loads(Path(Output(tmp_path / "out/public").live.manifest_path).read_text())
    assert manifest["today"] == "2026-11-23"
    assert manifest["checked"]


@pytest.mark.usefixtures("no_pdf")
def test_a_folder_of_somebody_else_is_refused_in_one_line(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "out/public").mkdir(parents=True)
    (tmp_path / "out/public/mine.txt").write_text("mine")
    status, _, told = run()
    assert status == 1
    assert told.count("\n") == 1
    assert "nothing was touched" in told


@pytest.mark.parametrize(
    "words",
    [
        ["--today", "23/11/2026"],
        ["--today", "2026-02-30"],
        ["--base-url", "ftp://example.org/"],
        ["--base-url", "https://example.org/?a=b"],
        ["--base-url", "example.org"],
        ["--jobs", "0"],
        ["--jobs", "two"],
        ["--port", "65536"],
        ["--unknown"],
    ],
)
def test_a_wrong_word_on_the_command_line_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    assert ended.value.code == 2
    assert words[-1].lstrip("-") in capsys.readouterr().err


def test_the_defaults_are_those_of_the_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Options] = []

    def note(options: Options) -> int:
        built.append(options)
        return 0

    monkeypatch.setattr(command, "build_and_tell", note)
    monkeypatch.setattr("portal.clock.today_in_paris", lambda: date(2026, 11, 23))
    assert command.main([]) == 0
    assert command.main(["--base-url", "https://example.org/cgv", "--portal-url", "https://portal.example.org"]) == 0
    first, second = built
    assert (first.content, first.output, first.theme) == (root / "content", root / "public", root / "site")
    assert (first.base_url, first.portal_url, first.today) == (DEFAULT_BASE_URL, None, date(2026, 11, 23))
    assert (second.base_url, second.portal_url) == ("https://example.org/cgv/", "https://portal.example.org/")


def test_a_folder_that_may_not_be_made_is_one_clear_line(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    status, _, told = run("--output", str(tmp_path / "file" / "public"))
    assert status == 1
    assert told.startswith("error: ")
    assert told.count("\n") == 1


def test_ctrl_c_ends_the_command_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Options) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "build_and_tell", interrupted)
    assert command.main([]) == command.INTERRUPTED


def test_build_py_loads_no_database_and_no_form(root: Path) -> None:
    script = (
        "import sys\n"
        "from portal.publish import command\n"
        "import portal.publish.site, portal.publish.serve, portal.publish.watch\n"
        "bad = {'sqlalchemy', 'wtforms', 'flask_wtf', 'alembic', 'portal.cli'} & set(sys.modules)\n"
        "sys.exit(f'{bad}' if bad else 0)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=root, check=True)


def test_a_build_with_nothing_to_do_imports_neither_flask_nor_the_terms(
    run: Callable[..., tuple[int, str, str]], root: Path, tmp_path: Path, tmp_content: Path
) -> None:
    words = ["--content", str(tmp_content), "--output", str(tmp_path / "out/public"), "--today", "2026-11-23"]
    build = "import sys; from portal.publish import command; status = command.main(sys.argv[1:])\n"
    for _ in range(2):
        # The second one looks again at a copy that was made as the first began.
        subprocess.run([sys.executable, "-c", build, *words], cwd=root, check=True)
    script = build + "sys.exit(bool({'flask', 'jinja2', 'portal.terms', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script, *words], cwd=root, check=True, capture_output=True, text=True)
    assert "nothing changed" in done.stdout


def test_a_whole_build_runs_no_code_but_what_its_manifest_looks_at(tmp_path: Path) -> None:
    code = """
import sys
sys.argv[0] = "build.py"
from portal.publish.command import main
status = main()
print("loaded", *sorted(m.__file__ for n, m in sys.modules.items() if n.partition(".")[0] == "portal"), sep="\\n")
sys.exit(status)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "--output", str(tmp_path / "public"), "--jobs", "1", "--today", "2026-11-23"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = [Path(line) for line in done.stdout.split("loaded\n")[1].splitlines()]
    assert len(loaded) > 50
    strangers = [path for path in loaded if not any(path == known or path.is_relative_to(known) for known in CODE)]
    assert strangers == []


def test_templates_are_compiled_once_and_anew_when_they_change(tmp_path: Path) -> None:
    from portal.publish.app import _compiled_templates

    def page(words: str) -> str:
        environment = Environment(loader=DictLoader({"page.html": words}), autoescape=True)
        environment.bytecode_cache = _compiled_templates(tmp_path)
        return environment.get_template("page.html").render()

    assert page("un") == "un"
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "templates").iterdir()}
    assert len(kept) == 1
    assert page("un") == "un"
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "templates").iterdir()} == kept
    assert page("deux") == "deux"
    for path in kept:
        path.write_bytes(b"cut short")
    assert page("deux") == "deux"
