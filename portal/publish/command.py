"""`python build.py`: reads the command line, publishes, says what was done.

What is imported on top is what a build needs that finds nothing to do.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from portal import clock
from portal.publish.engine import publish, unchanged
from portal.publish.manifest import Manifest, input_records
from portal.publish.options import DEFAULT_BASE_URL, ROOT, Options
from portal.publish.output import FreezeError, Output, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from portal.publish.engine import Report, SiteLike
    from portal.terms import Finding, Library


INTERRUPTED = 130
"""What a shell gives for Ctrl+C."""


class BuildError(Exception):
    """The site cannot be published; `lines` say why, one problem each."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 when something is wrong, 130 on Ctrl+C."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.check:
            return _check(_options(asked))
        if asked.watch or asked.serve:
            return _stay(asked, sys.argv[1:] if arguments is None else arguments)
        return build_and_tell(_options(asked))
    except KeyboardInterrupt:
        return INTERRUPTED


def build_and_tell(options: Options) -> int:
    """Build once, print one line on what was done or every reason why not; return the status."""
    try:
        report = build(options)
    except BuildError as error:
        _complain(error.lines)
        return 1
    for notice in report.notices:
        _complain([f"warning: {notice}"])
    print(_summary(report, options))  # noqa: T201
    return 0


def build(options: Options) -> Report:
    """Bring the output to what content and theme say, or raise BuildError and write nothing."""
    began = int(clock.now().timestamp() * 1e9)
    output = Output(options.output)
    inputs = input_records(options)
    if (report := unchanged(options, output, inputs)) is not None:
        return report
    # From here on the build imports the terms, then Flask and the templates.
    from portal.publish.checking import ContentCheck
    from portal.publish.children import ChildError
    from portal.terms import ContentError, load_library

    new = Manifest.begin(options, began, inputs)
    before = output.live.manifest
    try:
        library = load_library(options.content, drafts=options.drafts)
        # A version that passed under the same code is not read again.
        good = before.checked if before is not None and before.engine == new.engine else []
        with ContentCheck(library, good, options.jobs) as check, _progress() as progress:

            def before_writing() -> None:
                new.checked = check.passed()

            try:
                return publish(output, options, _site(options, library), new, progress, before_writing)
            except (BuildError, OutputError, FreezeError, ContentError):
                raise
            except Exception:
                # Bad content may trip the pages before the check has told what is bad.
                check.passed()
                raise
    except ContentError as error:
        raise BuildError(_located(error.findings, options)) from error
    except (OutputError, FreezeError, ChildError) as error:
        raise BuildError([f"error: {error}"]) from error
    except OSError as error:  # a full disk, a folder that may not be written
        raise BuildError([f"error: {error.filename or options.output}: {error.strerror}"]) from error


def _site(options: Options, library: Library) -> SiteLike:
    from portal.publish.site import create_site

    site: SiteLike = create_site(options, library)
    notices = getattr(site, "notices", ())
    if options.strict and notices:
        raise BuildError([f"error: {notice}" for notice in notices])
    return site


def _check(options: Options) -> int:
    """Print every finding of the content; 1 when one of them is an error."""
    from portal.terms.check import check_content

    status = 0
    for finding in check_content(options.content, drafts=options.drafts):
        if finding.level == "error":
            status = 1
        print(f"{_located([finding], options)[0]} [{finding.level}]")  # noqa: T201
    return status


def _stay(asked: argparse.Namespace, arguments: Sequence[str]) -> int:
    from portal.publish.serve import PortTaken, serving
    from portal.publish.watch import build_in_a_new_process, watch, what_is_watched

    options = _options(asked)
    seen = what_is_watched(options)
    status = build_and_tell(options)
    if status and not asked.watch:
        return status
    try:
        with ExitStack() as stack:
            if asked.serve:
                address = stack.enter_context(serving(options.output, options.base_url, asked.port))
                print(f"Serving {_short(options.output)} on {address} (Ctrl+C ends it)", flush=True)  # noqa: T201
            stack.enter_context(suppress(KeyboardInterrupt))
            if asked.watch:
                watch(
                    lambda: what_is_watched(_options(asked)),
                    lambda: build_in_a_new_process(arguments),
                    seen,
                )
            else:
                threading.Event().wait()
    except PortTaken as error:
        _complain([f"error: {error}"])
        return 1
    return 0


def _located(findings: Iterable[Finding], options: Options) -> list[str]:
    """Return each finding as one line that begins with the path to open."""
    # A finding names a file by its place in content/, one that lies elsewhere by its whole path.
    return [
        f"{_short(options.content / finding.file)}{str(finding).removeprefix(finding.file)}" for finding in findings
    ]


def _short(path: Path) -> str:
    """Return a path as it is shortest from where the command was run."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _complain(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201


def _summary(report: Report, options: Options) -> str:
    where = _short(options.output)
    if not report.changed:
        return f"{where}: nothing changed ({report.pages} pages)"
    removed = f", {report.removed} removed" if report.removed else ""
    return f"{where}: {report.made} of {report.pages} pages made{removed}, {report.files} files"


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Yield what shows the progress: a bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    # No thread of its own: the build forks.
    with Progress(console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("Pages")
        shown = 0

        def show(made: int, whole: int) -> None:
            nonlocal shown
            if made - shown >= max(1, whole // 50):
                shown = made
                bar.update(task, completed=min(made, whole), total=whole, refresh=True)

        yield show


def _options(asked: argparse.Namespace) -> Options:
    return Options(
        content=asked.content.absolute(),
        output=asked.output.absolute(),
        base_url=asked.base_url,
        portal_url=asked.portal_url,
        today=asked.today or clock.today_in_paris(),
        references=asked.references and asked.references.absolute(),
        drafts=asked.drafts,
        jobs=asked.jobs,
        strict=asked.strict,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        # --watch runs the command again with the same words: none may be cut short.
        allow_abbrev=False,
        prog="build.py",
        description="Publish the terms: content/ and site/ become public/.",
    )
    add = parser.add_argument
    add("--output", type=Path, default=ROOT / "public", metavar="FOLDER", help="default: public")
    add("--content", type=Path, default=ROOT / "content", metavar="FOLDER", help="default: content")
    add(
        "--base-url",
        type=_address,
        default=DEFAULT_BASE_URL,
        metavar="URL",
        help=f"where the site will be reached (default: {DEFAULT_BASE_URL})",
    )
    add("--portal-url", type=_address, metavar="URL", help="the client portal, for its links")
    add(
        "--today",
        type=_day,
        metavar="DATE",
        help="the day the site is published for, YYYY-MM-DD (default: today in Paris)",
    )
    add("--references", type=Path, metavar="FILE", help="the references that the portal exported")
    add(
        "--jobs",
        type=_positive,
        default=_cores(),
        metavar="N",
        help="processes (default: the cores that may be used)",
    )
    add("--drafts", action="store_true", help="publish versions marked as drafts too")
    add("--check", action="store_true", help="print every finding of the content; build nothing")
    add("--strict", action="store_true", help="refuse to publish without the PDFs")
    add("--serve", action="store_true", help="serve the output on this machine afterwards")
    add("--port", type=_port, default=8000, metavar="N", help="for --serve (default: 8000)")
    add("--watch", action="store_true", help="build again at every change")
    return parser


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{text!r} is not an http(s) address")
    return text if text.endswith("/") else text + "/"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write YYYY-MM-DD") from None


def _positive(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 65535:  # noqa: PLR2004
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to 65535")
