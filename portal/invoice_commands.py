"""`portal invoices`: bring in what the invoicing software made."""

import json
import os
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.command_line import REPOSITORY_CONTENT, FrenchCommand, FrenchGroup, Refused
from portal.server_commands import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from portal.invoices.reading.csv_sources import CsvSource

CSV_SOURCES = "invoice_csv.toml"


@click.group(cls=FrenchGroup)
def invoices() -> None:
    """Les factures."""


@invoices.command("import", cls=FrenchCommand)
@click.argument("paths", metavar="FICHIER|DOSSIER|ZIP…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Répondre par une ligne de JSON par facture.")
@click.option("--dry-run", is_flag=True, help="Lire et dire, sans base de données et sans rien écrire.")
def import_(*, paths: tuple[Path, ...], as_json: bool, dry_run: bool) -> int:
    """Importer des factures : Factur-X, ZUGFeRD, CII, UBL, CSV.

    Code de sortie 0 seulement si rien n'a été refusé.
    """
    from portal.invoices import import_report

    counts: Counter[str] = Counter()
    for answer in _dry(paths) if dry_run else _kept(paths):
        counts[answer["status"]] += 1
        if as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
        else:
            say(import_report.sentence(answer, dry_run=dry_run))
    if not as_json:
        say(import_report.summary(counts, dry_run=dry_run))
    return 1 if counts[import_report.REJECTED] else 0


def _dry(paths: "Sequence[Path]") -> "Iterator[dict[str, Any]]":
    """Each file by itself: nothing is known of clients, nor of what was imported before."""
    from portal.invoices import import_report
    from portal.invoices.reading.files import bring

    sources = csv_sources(Path(os.environ.get("PORTAL_CONTENT_DIR") or REPOSITORY_CONTENT))
    for brought in bring(paths):
        for found in import_report.found_in(brought, sources):
            yield import_report.line(found, import_report.UNMATCHED if found.invoice else import_report.REJECTED)


def _kept(paths: "Sequence[Path]") -> "Iterator[dict[str, Any]]":
    raise Refused(f"l'import dans la base n'est pas encore construit ({len(paths)}) : --dry-run.")


def csv_sources(content: Path) -> "tuple[CsvSource, ...]":
    """The ways of writing CSV that this installation knows; none when there is no such file.

    Raises:
        Refused: the file is there and cannot be used.
    """
    from portal.invoices.reading.csv_sources import BadSource, read_sources

    try:
        return read_sources(tomllib.loads((content / CSV_SOURCES).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, BadSource) as error:
        raise Refused(f"{CSV_SOURCES} est illisible : {error}") from error
