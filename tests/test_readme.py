"""What the README says of settings and commands is what the program does."""

import re
from pathlib import Path

import click

from portal.cli import main
from portal.config import TABLE

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()


def test_the_table_of_settings_is_the_programs() -> None:
    documented = re.findall(r"^\| `(PORTAL_\w+)` \| (.+?) \| (.+?) \|$", README, re.MULTILINE)
    written = {None: "**must be given**", "": "none"}
    known = [(one.name, one.meaning, written.get(one.default, f"`{one.default}`")) for one in TABLE]
    assert documented == known


def test_no_setting_is_named_that_does_not_exist() -> None:
    assert set(re.findall(r"\bPORTAL_[A-Z_]+\b", README)) == {one.name for one in TABLE}


def test_every_setting_that_the_program_reads_is_in_the_table() -> None:
    root = Path(__file__).resolve().parent.parent
    read = {
        name
        for path in [*(root / "portal").rglob("*.py"), root / "Makefile"]
        for name in re.findall(r"\bPORTAL_[A-Z]+(?:_[A-Z]+)*\b", path.read_text())
    }
    assert read - {"PORTAL_PATHS"} == {one.name for one in TABLE}


def commands(group: click.Group, before: str = "portal") -> list[str]:
    found: list[str] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, f"{before} {name}")
        else:
            found.append(f"{before} {name}")
    return found


def test_every_command_and_its_options_are_told() -> None:
    assert [name for name in commands(main) if name not in README] == []
    table = README.partition("## The portal")[2].partition("## The rules")[0]
    for name in ("restore", "serve"):
        for option in main.commands[name].params:
            if isinstance(option, click.Option):
                assert option.opts[0] in table, (name, option.opts)


def test_no_command_is_told_that_does_not_exist() -> None:
    told = set(re.findall(r"`(?:\.venv/bin/)?portal ([a-z]+)", README)) - {"terms"}
    assert told <= set(main.commands)
