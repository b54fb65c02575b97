"""The content of the house, loaded: every version of the CGV, the law, the conventions, the company."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from portal.terms.company import (
    Company,
    Conventions,
    Objections,
    Processing,
    Sweep,
    read_company,
    read_conventions,
    read_objections,
    read_processing,
    read_sweeps,
)
from portal.terms.findings import ContentError, Finding, NoVersionInForce, UnknownVersion
from portal.terms.law import Law, read_law
from portal.terms.versions import SLUG, Version, parse_clauses

Status = Literal["in_force", "past", "future", "draft"]
FILES = ("company.toml", "law.toml", "conventions.toml", "processing.toml")


@dataclass(frozen=True)
class Library:
    """All the content. ``versions`` are in the order of the day they come into force."""

    root: Path
    company: Company
    law: Law
    conventions: Conventions
    processing: tuple[Processing, ...]
    sweeps: tuple[Sweep, ...]
    objections: Objections
    versions: tuple[Version, ...]
    sources: Mapping[str, bytes]  # name of each of FILES -> its bytes

    def in_force(self, day: date) -> Version:
        """The version in force on a day.

        Raises:
            NoVersionInForce: before the first one.
        """
        held = [version for version in self.versions if not version.draft and version.in_force_from <= day]
        if not held:
            raise NoVersionInForce(f"Aucune version des CGV n'était en vigueur le {day:%d/%m/%Y}.")
        return held[-1]

    def status(self, version: Version, day: date) -> Status:
        """Where a version stands on a day."""
        if version.draft:
            return "draft"
        if version.in_force_from > day:
            return "future"
        last = self.last_day(version)
        return "past" if last is not None and last < day else "in_force"

    def last_day(self, version: Version) -> date | None:
        """Last day a version is in force, inclusive: the eve of the next one; None without a next one."""
        if version.draft:
            return None
        later = [v.in_force_from for v in self.versions if not v.draft and v.in_force_from > version.in_force_from]
        return min(later) - timedelta(days=1) if later else None

    def version(self, slug: str) -> Version:
        """The version of that slug.

        Raises:
            UnknownVersion: naming those there are.
        """
        for version in self.versions:
            if version.slug == slug:
                return version
        known = ", ".join(version.slug for version in self.versions)
        raise UnknownVersion(f"Pas de version « {slug} ». Versions publiées : {known}.")


def load_library(content: Path, *, drafts: bool = False) -> Library:
    """Load a content folder; drafts only when asked for.

    Cheap on purpose: the texts are read and hashed, not parsed. What is inside
    them is the matter of :func:`portal.terms.check.check_content`.

    Raises:
        ContentError: every reason why this folder cannot be read, at once.
    """
    problems = list(_stray_links(content))
    sources: dict[str, bytes] = {}
    tables: dict[str, Mapping[str, Any]] = {}
    for name in FILES:
        sources[name] = _read(content, name, problems)
        tables[name] = _toml(name, sources[name], problems)
    folders = list(_folders(content, problems))
    if problems:
        raise ContentError(problems)
    try:
        name = "conventions.toml"
        conventions = read_conventions(tables[name])
        name = "law.toml"
        law = read_law(tables[name], conventions.yearly("financial_year"))
        name = "company.toml"
        company = read_company(tables[name])
        name = "processing.toml"
        processing = read_processing(tables[name])
        sweeps = read_sweeps(tables[name], {key: each.years for key, each in law.retention.items()})
        objections = read_objections(tables[name])
    except (KeyError, ValueError, TypeError, ArithmeticError, AttributeError) as error:
        raise ContentError([Finding(name, 0, f"clé manquante ou valeur illisible : {error}")]) from error
    versions: list[Version] = []
    shared: dict[bytes, bytes] = {}
    for slug, day in folders:
        where = f"cgv/{slug}"
        text = _read(content, f"{where}/cgv.md", problems)
        clauses = _read(content, f"{where}/clauses.toml", problems)
        # One copy of what versions share, in memory too.
        clauses = shared.setdefault(clauses, clauses)
        _toml(f"{where}/clauses.toml", clauses, problems)
        versions.append(Version(slug, day, text, clauses, law.days))
    if problems:
        raise ContentError(problems)
    kept = [version for version in versions if drafts or not version.draft]
    problems += _same_day(kept)
    if not kept:
        problems.append(Finding("cgv", 0, "aucune version publiable : il faut un dossier AAAA-MM-JJ"))
    if problems:
        raise ContentError(problems)
    kept.sort(key=lambda version: (version.in_force_from, version.slug))
    return Library(content, company, law, conventions, processing, sweeps, objections, tuple(kept), sources)


def _same_day(versions: list[Version]) -> Iterator[Finding]:
    first: dict[date, str] = {}
    for version in versions:
        if version.draft:
            continue
        if version.in_force_from in first:
            other = first[version.in_force_from]
            yield Finding(f"cgv/{version.slug}", 0, f"deux versions le même jour : « {other} » et « {version.slug} »")
        first.setdefault(version.in_force_from, version.slug)


def _folders(content: Path, problems: list[Finding]) -> Iterator[tuple[str, date]]:
    root = content / "cgv"
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError:
        problems.append(Finding("cgv", 0, "dossier absent : il contient un dossier AAAA-MM-JJ par version"))
        return
    for entry in entries:
        if not entry.is_dir() or entry.name.startswith("."):
            continue
        match = SLUG.fullmatch(entry.name)
        try:
            if match is None:
                raise ValueError
            yield entry.name, date.fromisoformat(match["day"])
        except ValueError:
            problems.append(
                Finding(f"cgv/{entry.name}", 0, "le nom du dossier n'est pas un jour : AAAA-MM-JJ est attendu")
            )


def _read(content: Path, name: str, problems: list[Finding]) -> bytes:
    try:
        raw = (content / name).read_bytes()
    except FileNotFoundError:
        problems.append(Finding(name, 0, "fichier absent"))
        return b""
    except OSError as error:
        # A folder in its place, or a file one may not read: the number is what can be looked up.
        problems.append(Finding(name, 0, f"fichier illisible (errno {error.errno})"))
        return b""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.append(Finding(name, line, f"octet 0x{raw[error.start]:02x} : ce fichier n'est pas en UTF-8"))
        return b""
    if b"\r" in raw or raw.startswith(b"\xef\xbb\xbf"):
        problems.append(Finding(name, 1, "fins de ligne CRLF ou marque BOM : enregistrez en UTF-8 simple, lignes LF"))
    return raw


def _toml(name: str, raw: bytes, problems: list[Finding]) -> Mapping[str, Any]:
    try:
        return parse_clauses(raw)
    except tomllib.TOMLDecodeError as error:
        # "(at line 3, column 7)" is the only place where tomllib tells the line.
        words = str(error)
        digits = words.partition("at line ")[2].partition(",")[0]
        line = int(digits) if digits.isdigit() else raw.count(b"\n") + 1
        problems.append(Finding(name, line, f"TOML invalide : {words}"))
        return {}
    except UnicodeDecodeError:  # already told by _read
        return {}


def _stray_links(content: Path) -> Iterator[Finding]:
    top = content.resolve()
    if not content.is_dir():
        yield Finding(str(content), 0, "dossier de contenu absent")
        return
    for folder, folders, files in os.walk(content):
        for name in (*folders, *files):
            # A Path only for a link: there are hundreds of plain files.
            if not os.path.islink(f"{folder}/{name}"):  # noqa: PTH114
                continue
            path = Path(folder, name)
            if not path.resolve().is_relative_to(top):
                yield Finding(str(path.relative_to(content)), 0, "lien symbolique qui sort du dossier de contenu")
