"""The engine: what it makes, what it keeps, what it refuses."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal.publish.engine import unchanged
from portal.publish.manifest import input_records
from portal.publish.output import FreezeError, Output, OutputError

if TYPE_CHECKING:
    from tests.publish.conftest import Workshop


def test_a_first_build_publishes_every_page(workshop: Workshop) -> None:
    report, rendered = workshop.build()
    assert report.changed
    assert report.made == len(rendered) == 6
    files = workshop.files()
    assert set(files) == {
        "index.html",
        "404.html",
        "data.json",
        "data.json.gz",
        "today/index.html",
        "notes/one/index.html",
        "notes/two/index.html",
        "notes/two/index.html.gz",
        "SHA256SUMS",
    }
    assert gzip.decompress(files["data.json.gz"]) == files["data.json"]


def test_the_checksums_are_those_of_the_whole_site(workshop: Workshop) -> None:
    workshop.build()
    told = subprocess.run(
        ["sha256sum", "--strict", "-c", "SHA256SUMS"],
        cwd=workshop.public,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert {line.removesuffix(": OK") for line in told} == workshop.files().keys() - {"SHA256SUMS"}


def test_a_second_build_finds_nothing_to_do(workshop: Workshop) -> None:
    workshop.build()
    before = (workshop.public / "index.html").stat().st_mtime_ns
    report, rendered = workshop.build()
    assert not report.changed
    assert rendered == []
    assert (workshop.public / "index.html").stat().st_mtime_ns == before


def test_only_the_pages_of_an_edited_note_are_made(workshop: Workshop) -> None:
    workshop.build()
    untouched = (workshop.public / "notes/two/index.html").stat().st_ino
    workshop.write_note("one", "changed")
    _, rendered = workshop.build()
    assert sorted(rendered) == ["/data.json", "/notes/one/"]
    assert (workshop.public / "notes/two/index.html").stat().st_ino == untouched
    assert workshop.files() == workshop.fresh_files()


def test_an_edit_taken_back_is_found_in_the_standby(workshop: Workshop) -> None:
    workshop.build()
    first = workshop.files()
    workshop.write_note("one", "changed")
    workshop.build()
    workshop.write_note("one", "first")
    _, rendered = workshop.build()
    assert rendered == []
    assert workshop.files() == first


def test_a_removed_note_leaves_no_file_and_no_folder(workshop: Workshop) -> None:
    workshop.build()
    for name in ("three", "four"):
        workshop.write_note(name, name)
        workshop.build()
    (workshop.folder / "content/notes/one.txt").unlink()
    report, _ = workshop.build()
    assert report.removed == 1
    assert not (workshop.public / "notes/one").exists()
    assert workshop.files() == workshop.fresh_files()


def test_another_day_makes_only_the_page_that_speaks_of_it(workshop: Workshop) -> None:
    workshop.build()
    workshop.today = workshop.today.replace(day=24)
    _, rendered = workshop.build()
    assert rendered == ["/today/"]
    assert workshop.files() == workshop.fresh_files()


def test_when_nothing_but_the_inputs_times_moved_only_the_manifest_is_written(
    workshop: Workshop,
) -> None:
    workshop.build()
    tree = workshop.public.stat().st_ino
    path = workshop.folder / "content/notes/one.txt"
    os.utime(path, ns=(1, 1))
    report, rendered = workshop.build()
    assert (report.changed, rendered) == (False, [])
    assert workshop.public.stat().st_ino == tree
    assert workshop.build()[0].changed is False


def test_an_input_written_while_the_build_began_is_looked_at_again(workshop: Workshop) -> None:
    path = workshop.folder / "content/notes/one.txt"
    # The build began when the note was written: its time stamp proves nothing.
    workshop.clock = path.stat().st_ctime_ns
    workshop.build()
    options = workshop.options()
    assert unchanged(options, Output(workshop.public), input_records(options)) is None


def test_a_changed_theme_makes_every_page(workshop: Workshop) -> None:
    workshop.build()
    (workshop.folder / "theme/page.html").write_text("<!doctype html><h1>New</h1>BODY")
    _, rendered = workshop.build()
    assert len(rendered) == 6
    assert workshop.files() == workshop.fresh_files()


@pytest.mark.parametrize("path", ["index.html", "notes/two/index.html.gz", "SHA256SUMS"])
def test_a_file_that_was_tampered_with_is_mended(workshop: Workshop, path: str) -> None:
    workshop.build()
    good = workshop.files()
    (workshop.public / path).write_bytes(b"x" * len(good[path]))
    workshop.build()
    assert workshop.files() == good
    workshop.write_note("one", "changed")
    workshop.build()
    assert workshop.files() == workshop.fresh_files()


def test_a_file_of_somebody_else_inside_the_tree_is_removed(workshop: Workshop) -> None:
    workshop.build()
    good = workshop.files()
    (workshop.public / "notes/one/extra.html").write_text("?")
    (workshop.public / "other").mkdir()
    (workshop.public / "other/index.html").write_text("?")
    (workshop.public / "notes/link.html").symlink_to("/etc/hostname")
    workshop.build()
    assert workshop.files() == good
    assert not (workshop.public / "notes/link.html").is_symlink()


@pytest.mark.parametrize("path", ["stray.html", "notes/stray.html", "notes/one/stray.html"])
def test_a_single_stray_file_is_seen_at_any_depth(workshop: Workshop, path: str) -> None:
    workshop.build()
    good = workshop.files()
    (workshop.public / path).write_text("?")
    workshop.build()
    assert workshop.files() == good


def test_a_link_put_in_the_place_of_a_page_is_not_followed(workshop: Workshop) -> None:
    workshop.build()
    good = workshop.files()
    victim = workshop.folder / "victim.txt"
    victim.write_text("mine")
    page = workshop.public / "index.html"
    page.unlink()
    page.symlink_to(victim)
    workshop.build()
    workshop.write_note("one", "changed")
    workshop.build()
    assert victim.read_text() == "mine"
    assert not page.is_symlink()
    assert workshop.files()["404.html"] == good["404.html"]


def test_a_standby_without_a_manifest_is_compared_byte_by_byte(workshop: Workshop) -> None:
    workshop.build()
    workshop.write_note("one", "changed")
    workshop.build()
    standby = workshop.folder / ".public.next"
    Path(Output(workshop.public).standby.manifest_path).write_text("{}")
    (standby / "index.html").write_text("half a pa")
    (standby / "404.html.part~").write_text("half a pa")
    workshop.write_note("one", "changed again")
    workshop.build()
    assert workshop.files() == workshop.fresh_files()


def test_a_folder_that_is_not_ours_is_refused_and_left_alone(workshop: Workshop) -> None:
    workshop.public.mkdir()
    (workshop.public / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match=r"did not publish .*nothing was touched"):
        workshop.build()
    assert workshop.files() == {"letter.txt": b"dear"}


@pytest.mark.parametrize("inside", ["content", "theme"])
def test_an_output_inside_what_the_site_is_made_of_is_refused(workshop: Workshop, inside: str) -> None:
    with pytest.raises(OutputError, match="made of itself"):
        workshop.build(workshop.folder / inside / "public")


def test_an_empty_folder_is_taken(workshop: Workshop) -> None:
    workshop.public.mkdir()
    workshop.build()
    assert "index.html" in workshop.files()


def test_two_builds_of_one_folder_are_kept_apart(workshop: Workshop) -> None:
    with (
        Output(workshop.public).locked(),
        pytest.raises(OutputError, match=r"another build of .*public is running"),
    ):
        workshop.build()
    workshop.build()


def test_without_renameat2_two_renames_do(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.publish.output._exchange_in_one_step", lambda *_: False)
    for text in ("a", "b", "c"):
        workshop.write_note("one", text)
        workshop.build()
    assert workshop.files() == workshop.fresh_files()
    assert sorted(path.name for path in workshop.folder.glob(".public*")) == [
        ".public.lock",
        ".public.next",
        ".public.state",
    ]


def test_a_build_killed_between_two_renames_is_made_good(workshop: Workshop) -> None:
    workshop.build()
    good = workshop.files()
    workshop.public.rename(workshop.folder / ".public.old")
    with Output(workshop.public).locked():
        pass
    assert workshop.files() == good


def test_where_files_cannot_be_linked_they_are_copied(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    for text in ("a", "b", "c"):
        workshop.write_note("one", text)
        workshop.build()
    assert workshop.files() == workshop.fresh_files()
    inodes = [path / "404.html" for path in (workshop.public, workshop.folder / ".public.next")]
    assert len({path.stat().st_ino for path in inodes}) == 2


@pytest.mark.parametrize("jobs", [2, 3])
def test_the_output_is_the_same_for_any_number_of_processes(workshop: Workshop, jobs: int) -> None:
    for number in range(300):
        workshop.write_note(f"n{number}", f"note {number} " * (number % 150))
    alone = workshop.fresh_files()
    workshop.jobs = jobs
    workshop.build()
    assert workshop.files() == alone
    assert workshop.build()[0].changed is False


def test_a_page_that_fails_in_any_process_stops_the_build(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.build()
    good = workshop.files()
    for number in range(300):
        workshop.write_note(f"n{number}", "text")
    workshop.jobs = 2
    with monkeypatch.context() as patch:
        patch.setattr(workshop, "extra_pages", ["/notes/none/", "/notes/neither/"])
        with pytest.raises(FreezeError, match=r"404 NOT FOUND.*/notes/n(one|either)/"):
            workshop.build()
    assert workshop.files() == good
    workshop.build()
    assert workshop.files() == workshop.fresh_files()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("/index.html", "two pages want the file index.html"),
        ("/today/index.html/x/", "page and a folder"),
        ("/../x/", "cannot be a file"),
        ("/.manifest.json", "cannot be a file"),
        ("//x/", "cannot be a file"),
    ],
)
def test_an_address_that_cannot_be_a_file_is_refused(workshop: Workshop, url: str, words: str) -> None:
    workshop.extra_pages = [url]
    with pytest.raises(OutputError, match=words):
        workshop.build()
    assert not workshop.public.exists()
