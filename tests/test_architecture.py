"""The house itself: who imports whom, what an import costs, who reads the time, what a reader is told."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from portal.terms import Library

ROOT = Path(__file__).resolve().parent.parent
#: What terms/ may import beside the standard library: pure libraries, each for one thing.
PURE = {"markdown_it", "holidays", "stdnum"}
CLOCKS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "strftime"},
}


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project: tracked, or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


def under(*folders: str, suffix: str) -> list[Path]:
    tops = [ROOT / folder for folder in folders]
    return [path for path in files() if path.suffix == suffix and any(path.is_relative_to(top) for top in tops)]


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


# --- Who imports whom ----------------------------------------------------------------------------


def test_the_layers_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def test_the_terms_import_only_the_standard_library_and_pure_libraries() -> None:
    strangers = [
        f"{place(path, line)}: {name}"
        for path in under("portal/terms", suffix=".py")
        for line, name in imported(ast.parse(path.read_text()))
        if not name.startswith("portal.terms") and name.partition(".")[0] not in sys.stdlib_module_names | PURE
    ]
    assert not strangers, "\n".join(strangers)


def test_importing_portal_costs_nothing() -> None:
    code = "import sys; before = set(sys.modules); import portal; print(*sorted(set(sys.modules) - before))"
    assert python("-c", code).stdout.split() == ["portal"]


def test_a_whole_build_asks_for_no_database_and_no_form(tmp_path: Path) -> None:
    code = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"sqlalchemy", "wtforms", "flask_wtf", "flask_sqlalchemy_lite", "alembic"}:
            raise AssertionError(f"a build asked for {name}")

sys.meta_path.insert(0, Refuse())
sys.argv[0] = "build.py"
from portal.publish.command import main
sys.exit(main())
"""
    output = tmp_path / "public"
    done = python("-c", code, "--output", str(output), "--jobs", "1", "--today", "2026-11-23")
    assert done.returncode == 0, done.stderr
    assert "asked for" not in done.stdout + done.stderr
    assert (output / "index.html").is_file()


# --- Time is an argument -------------------------------------------------------------------------


def readings_of_the_time(tree: ast.AST) -> Iterator[int]:
    """Lines that ask what time it is: date.today(), datetime.datetime.now(), time.time(), from time import time."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if node.attr in CLOCKS.get(name, ()):
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for alias in node.names if alias.name in CLOCKS["time"])


@pytest.mark.parametrize(
    "code",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time()",
        "from time import time",
        "f = datetime.date.today",
    ],
)
def test_a_reading_of_the_time_is_seen_for_what_it_is(code: str) -> None:
    assert list(readings_of_the_time(ast.parse(code)))


@pytest.mark.parametrize("code", ["clock.today_in_paris()", "time.perf_counter()", "options.today", "moment.time()"])
def test_what_does_not_read_the_time_is_left_alone(code: str) -> None:
    assert not list(readings_of_the_time(ast.parse(code)))


def test_only_the_clock_reads_the_time() -> None:
    found = [
        place(path, line)
        for path in [*under("portal", suffix=".py"), ROOT / "build.py"]
        if path != ROOT / "portal" / "clock.py"
        for line in readings_of_the_time(ast.parse(path.read_text()))
    ]
    assert not found, found


# --- No number of the CGV in code ----------------------------------------------------------------


def figures(library: "Library") -> set[Decimal]:
    """Every number that the versions of the CGV give."""
    found: set[Decimal] = set()
    for version in library.versions:
        tariff = version.tariff
        found |= {rate.rate for rate in tariff.liberty} | {rate.rate for rate in tariff.hourly}
        found.add(tariff.kilometre.rate)
        for figure in version.figures.values():
            if figure.unit != "words":
                found.add(Decimal(figure.value))
    return found


#: Numbers of the CGV that are something else too: ten (decimal digits, deadlines of a network),
#: half an hour, an hour, and their like. In code they are looked for only beside their unit.
COMMON = {Decimal(number) for number in (1, 2, 10, 15, 30, 60, 80, 90, 100)}
#: What looks like a number of the CGV and is not: the words for numbers, a likeness of two texts,
#: the length of a line in a calendar file.
INNOCENT = {
    ("portal/terms/figures.py", Decimal("1.5")),
    ("portal/terms/diff.py", Decimal("0.6")),
    ("site/static/diff.js", Decimal("0.6")),
    ("site/static/calendar.js", Decimal(75)),
}

UNIT = r"(?:€|euros?\b|pts\b|points?\s*(?:par|/)|jours?\b|minutes?\b|min\b|€\s*/\s*km|fois le taux)"
WITH_UNIT = re.compile(rf"(?<![\w.,#-])(\d+(?:[.,]\d+)?)(?:\s|&nbsp;|\u00a0|\u202f)*{UNIT}", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\w.#-])\d+(?:\.\d+)?(?![\w.%-])")
COMMENTS = {
    ".py": re.compile(r'#[^\n]*|"""(?:[^"\\]|\\.|"(?!""))*"""', re.DOTALL),
    ".js": re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL),
    ".html": re.compile(r"{#.*?#}|<!--.*?-->", re.DOTALL),
}


def without_comments(path: Path) -> str:
    """The text of a source, its comments and docstrings blanked but its lines kept."""
    return COMMENTS[path.suffix].sub(lambda found: "\n" * found[0].count("\n"), path.read_text())


def decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


def test_no_number_of_the_cgv_stands_beside_its_unit_in_code_templates_or_scripts(library: "Library") -> None:
    numbers = figures(library)
    found = [
        f"{place(path, number)}: {match[0]}"
        for suffix in COMMENTS
        for path in under("portal", "site", suffix=suffix)
        for number, line in enumerate(without_comments(path).splitlines(), start=1)
        for match in WITH_UNIT.finditer(line)
        if decimal(match[1]) in numbers
    ]
    assert not found, "\n".join(found)


def test_no_number_that_only_the_cgv_know_stands_in_code_or_scripts(library: "Library") -> None:
    numbers = figures(library) - COMMON
    found: list[str] = []
    for path in under("portal", suffix=".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and type(node.value) in {int, float, str}:
                value = decimal(str(node.value)) if len(str(node.value)) < 8 else None
                if value in numbers and (str(path.relative_to(ROOT)), value) not in INNOCENT:
                    found.append(f"{place(path, node.lineno)}: {node.value!r}")
    for path in under("site", suffix=".js"):
        for number, line in enumerate(without_comments(path).splitlines(), start=1):
            found += [
                f"{place(path, number)}: {match[0]}"
                for match in NUMBER.finditer(line)
                if decimal(match[0]) in numbers and (str(path.relative_to(ROOT)), decimal(match[0])) not in INNOCENT
            ]
    assert not found, "\n".join(found)


# --- What the tree holds -------------------------------------------------------------------------


def test_nothing_is_called_utils_or_helpers() -> None:
    assert not [path for path in files() if path.stem in {"utils", "helpers", "util", "helper"}]


def test_the_theme_holds_no_python_and_the_tests_are_no_package() -> None:
    assert not under("site", suffix=".py")
    assert not [path for path in under("tests", suffix=".py") if path.name == "__init__.py"]


def test_the_root_holds_only_what_belongs_there() -> None:
    allowed = {
        "site", "content", "portal", "tests", "build.py", "pyproject.toml", "README.md", "Makefile", "CHANGELOG.md",
        "LICENSE", "requirements.txt", "requirements-dev.txt", ".ci", "deploy", "bench", ".gitignore",
        ".pre-commit-config.yaml",
    }  # fmt: skip
    assert {path.relative_to(ROOT).parts[0] for path in files()} <= allowed


def test_no_file_names_the_host_of_a_registry_or_a_path_of_one_machine() -> None:
    # Put together here, so that this file does not name them either.
    hosts = ["pypi" + ".org", "python" + "hosted", "npm" + "js.", "yarn" + "pkg", "deb" + ".debian", "jsde" + "livr"]
    settings = ['"resol' + 'ved":', "--index" + "-url ", "--extra-index" + "-url ", "registry" + " ="]
    machine = re.compile(r"(?:^|[^.\w/])/(?:wo" + "rk|farm|ro" + "ot|ho" + r"me/\w|Us" + "ers)/")
    found = []
    for path in files():
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue  # a picture
        for number, line in enumerate(lines, start=1):
            if any(word in line for word in (*hosts, *settings)) or machine.search(line):
                found.append(f"{place(path, number)}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_locked_requirement_has_its_version_and_hashes(name: str) -> None:
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert lines
    loose = [line[:80] for line in lines if "==" not in line or "--hash=sha256:" not in line]
    assert not loose


def test_the_hooks_run_before_a_commit_are_all_local() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    assert set(re.findall(r"- repo: (\S+)", text)) == {"local"}


# --- What a newcomer is told ---------------------------------------------------------------------


def readme() -> str:
    return (ROOT / "README.md").read_text()


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):.*?##", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_readme_names_the_two_commands_and_every_target_it_names_exists() -> None:
    named = set(re.findall(r"`make ([a-z-]+)", readme() + (ROOT / "deploy" / "README.md").read_text()))
    named |= set(re.findall(r"^make ([a-z-]+)", readme(), re.MULTILINE))
    assert {"run", "test", "setup"} <= named
    assert named <= targets()


def test_make_alone_explains_itself() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for target in targets():
        assert f"make {target} " in done.stdout


def options_of(help_text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", help_text)) - {"--help"}


def test_every_option_of_build_is_in_the_readme_and_no_other() -> None:
    options = options_of(python("build.py", "--help").stdout)
    table = readme().partition("## Building the site")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE))
    assert options
    assert documented == options


def test_every_command_of_portal_terms_is_in_the_readme() -> None:
    from portal.terms_commands import terms

    missing = [name for name in terms.commands if f"portal terms {name}" not in readme()]
    assert not missing


def test_every_file_the_readme_points_to_exists() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", readme())
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]
