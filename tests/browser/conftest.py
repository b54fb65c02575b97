"""A real Chromium on the real site: built by build.py, served under the policy of deploy/.

Without Chromium these tests are skipped, and the end of the run says so loudly; with
REQUIRE_BROWSER=1 a missing Chromium is a failure. CHROMIUM names another executable.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

ROOT = Path(__file__).resolve().parent.parent.parent
HEADERS = ROOT / "deploy" / "nginx" / "site-locations.conf"
#: The day these tests are on: worked examples do not move with the calendar.
TODAY = "2026-11-23"
AXE_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SWITCHES = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The executable: CHROMIUM, else Debian's, else the first one found on the path."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    if Path("/usr/bin/chromium").exists():
        return "/usr/bin/chromium"
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here, and skip it where there is no Chromium to drive."""
    missing = chromium() is None
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker("browser")
            if missing and os.environ.get("REQUIRE_BROWSER") != "1":
                item.add_marker(pytest.mark.skip(reason="no Chromium"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it loudly when no page was looked at in a browser."""
    skipped = [r for r in terminalreporter.stats.get("skipped", ()) if "no Chromium" in str(r.longrepr)]
    if skipped:
        terminalreporter.section("THE BROWSER TESTS DID NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(skipped)} browser tests were skipped: no Chromium was found on this machine.")
        terminalreporter.line("Install it (Debian: apt-get install chromium) or name it with CHROMIUM=/path/to/it.")


def security_headers() -> dict[str, str]:
    """The headers that deploy/ sends with every page, but HSTS: the test's server speaks plain HTTP."""
    pattern = re.compile(r'^add_header (?P<name>[\w-]+) "(?P<value>[^"]*)" always;', re.MULTILINE)
    found = {match["name"]: match["value"] for match in pattern.finditer(HEADERS.read_text())}
    found.pop("Strict-Transport-Security")
    assert "Content-Security-Policy" in found
    return found


class SiteHandler(SimpleHTTPRequestHandler):
    """Serves the built site as nginx does: index.html, 404.html, and the security headers of deploy/."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012  # the base class's own shape
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".json": "application/json; charset=utf-8",
        ".md": "text/markdown; charset=utf-8",
        ".atom": "application/atom+xml; charset=utf-8",
        ".svg": "image/svg+xml",
        ".webmanifest": "application/manifest+json",
    }
    headers_sent = security_headers()

    def end_headers(self) -> None:
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        page = Path(self.directory) / "404.html"
        if code != 404 or not page.exists():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's own name
        """Keep quiet: what goes wrong is told by the browser."""


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the built site lies (empty until ``site_url`` is asked for)."""
    return tmp_path_factory.mktemp("site") / "public"


class ServeSite(Protocol):
    """``with serve_site(content, folder) as url``: a content built into a folder, and served."""

    def __call__(self, content: Path, folder: Path) -> AbstractContextManager[str]: ...


@pytest.fixture(scope="session")
def serve_site() -> ServeSite:
    """Builds with build.py and serves on a free port; the address has no last slash."""

    @contextmanager
    def serving(content: Path, folder: Path) -> Iterator[str]:
        folder.mkdir()
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SiteHandler, directory=str(folder)))
        folder.rmdir()  # build.py makes it; the server only keeps its name
        url = f"http://127.0.0.1:{server.server_port}"
        where = ["--content", str(content), "--output", str(folder), "--base-url", f"{url}/"]
        command = [sys.executable, "build.py", *where, "--today", TODAY]
        built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert built.returncode == 0, f"build.py failed:\n{built.stdout}\n{built.stderr}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield url
        server.shutdown()
        server.server_close()
        thread.join()

    return serving


@pytest.fixture(scope="session")
def site_url(serve_site: ServeSite, content: Path, site_folder: Path) -> Iterator[str]:
    """Address of the real site."""
    with serve_site(content, site_folder) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """One Chromium for the whole run."""
    executable = chromium()
    assert executable, "REQUIRE_BROWSER=1, and there is no Chromium on this machine"
    from playwright.sync_api import sync_playwright

    sandbox = os.name == "nt" or os.geteuid() != 0
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=executable, chromium_sandbox=sandbox, args=SWITCHES)
        yield chrome
        chrome.close()


class Watch:
    """What a browser complains about while pages are looked at: nothing, when all is well."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[str] = []

    def follow(self, context: "BrowserContext") -> None:
        """Listen to every page of this context."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"uncaught: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def forget(self) -> None:
        """Take note of what was expected (a page that does not exist, on purpose)."""
        self.problems.clear()

    def _console(self, message: "ConsoleMessage") -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"console {message.type}: {message.text}")

    def _request(self, request: "Request") -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob", "about"} and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.problems.append(f"a request left the site: {request.url}")

    def _failed(self, request: "Request") -> None:
        # Leaving a page, or being given a file to save, aborts what was under way.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.problems.append(f"failed: {request.url} ({request.failure})")

    def _response(self, response: "Response") -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.url}")


@pytest.fixture
def watch(site_url: str) -> Iterator[Watch]:
    """Fails the test on a console message, a failed request, or any request to somewhere else."""
    watching = Watch(site_url)
    yield watching
    assert watching.problems == []


class NewPage(Protocol):
    """Opens a page in a context of its own: ``with new_page(375) as page``."""

    def __call__(self, width: int, height: int = ..., **options: Any) -> "AbstractContextManager[Page]": ...


@pytest.fixture
def new_page(browser: "Browser", site_url: str, watch: Watch) -> NewPage:
    """Pages at any width; addresses may be written from the root ("/tarifs/")."""

    @contextmanager
    def opened(width: int, height: int = 800, **options: Any) -> "Iterator[Page]":
        context = browser.new_context(
            **{
                "base_url": site_url,
                "viewport": {"width": width, "height": height},
                "locale": "fr-FR",
                "timezone_id": "Europe/Paris",
                **options,
            }
        )
        context.set_default_timeout(10_000)
        watch.follow(context)
        try:
            yield context.new_page()
        finally:
            context.close()

    return opened


@pytest.fixture
def page(new_page: NewPage) -> "Iterator[Page]":
    """A page at the width of a desktop."""
    with new_page(1280) as opened:
        yield opened


@pytest.fixture
def phone(new_page: NewPage) -> "Iterator[Page]":
    """A page on a phone: 375 px, touched."""
    with new_page(375, 667, is_mobile=True, has_touch=True) as opened:
        yield opened


class AxeViolations(Protocol):
    """What axe-core finds on a page, in words; empty when all is well."""

    def __call__(self, page: "Page") -> list[str]: ...


@pytest.fixture(scope="session")
def axe_violations() -> AxeViolations:
    """``axe_violations(page)``: one line for each node that axe-core objects to."""
    axe = Axe()

    def violations(page: "Page") -> list[str]:
        found = axe.run(page, options=AXE_OPTIONS).response["violations"]
        return [
            f"{rule['id']}: {rule['help']}: {' '.join(map(str, node['target']))}"
            for rule in found
            for node in rule["nodes"]
        ]

    return violations


@pytest.fixture
def running(database_url: str, demo_address: str, site_url: str, site_folder: Path, tmp_path: Path) -> Iterator[str]:
    """Address of a demo: site, portal and worker in processes of their own."""
    portal = Path(sys.executable).with_name("portal")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")} | {
        "PORTAL_SECRET_KEY": "k" * 32,
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_PUBLIC_DIR": str(site_folder),
        "PORTAL_STORAGE_URL": f"file://{tmp_path / 'files'}",
        "PORTAL_PORT": str(urlsplit(demo_address).port),
        "PORTAL_BASE_URL": demo_address,
        "PORTAL_DEMO": "1",
    }
    process = subprocess.Popen([portal, "start", "--log", tmp_path / "log"], env=environ, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"{demo_address}/readyz").close()
            break
        except OSError:
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.1)
    yield demo_address
    process.send_signal(signal.SIGINT)
    assert process.wait(40) == 0
