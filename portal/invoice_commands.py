"""`portal invoices`: bring in what the invoicing software made, and what was paid."""

import json
import os
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal import clock
from portal.command_line import REPOSITORY_CONTENT, FrenchCommand, FrenchGroup, Refused
from portal.config import SettingsError, read_settings
from portal.server_commands import database, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session, sessionmaker

    from portal.config import Settings


@click.group(cls=FrenchGroup)
def invoices() -> None:
    """Les factures."""


@invoices.command("import", cls=FrenchCommand)
@click.argument("paths", metavar="FICHIER|DOSSIER|ZIP…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Répondre par une ligne de JSON par facture.")
@click.option("--dry-run", is_flag=True, help="Lire et dire, sans base de données et sans rien écrire.")
@click.option("--no-mail", is_flag=True, help="Ne pas annoncer aux clients : pour reprendre d'anciennes factures.")
def import_(*, paths: tuple[Path, ...], as_json: bool, dry_run: bool, no_mail: bool) -> int:
    """Importer des factures : Factur-X, ZUGFeRD, CII, UBL, CSV.

    Code de sortie 0 seulement si rien n'a été refusé.
    """
    from portal.invoices import import_report

    counts: Counter[str] = Counter()
    for answer in _dry(paths) if dry_run else _kept(paths, announce=not no_mail):
        counts[answer["status"]] += 1
        if as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
        else:
            say(import_report.sentence(answer, dry_run=dry_run))
    if not as_json:
        say(import_report.summary(counts, dry_run=dry_run))
    return 1 if counts[import_report.REJECTED] else 0


@invoices.command("payments", cls=FrenchCommand)
@click.argument("path", metavar="FICHIER.csv", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Répondre par une ligne de JSON par paiement.")
def payments(*, path: Path, as_json: bool) -> int:
    """Enregistrer les paiements d'un CSV : facture, reçu le, montant, moyen, référence.

    Le même fichier deux fois est une fois. Code de sortie 0 seulement si rien n'a été refusé.
    """
    from portal.invoices import payment_import as received

    counts: Counter[str] = Counter()
    words = {received.RECORDED: "enregistré", received.DUPLICATE: "déjà là", received.REJECTED: "refusé"}
    with _sessions(_settings()) as sessions:
        try:
            for row in received.rows_of(path.read_bytes()):
                with sessions.begin() as session:
                    status, reason = received.take_in(session, row, at=clock.now())
                counts[status] += 1
                if as_json:
                    answer = {"line": row.line, "number": row.number, "day": row.day, "amount": row.amount}
                    click.echo(json.dumps({**answer, "status": status, "reason": reason or None}, ensure_ascii=False))
                else:
                    say(
                        f"ligne {row.line}, {row.number}, {row.amount} : {words[status]}{f', {reason}' if reason else ''}"
                    )
        except received.UnreadablePayments as error:
            raise Refused(f"{path} : {error}.") from error
    if not as_json:
        say(", ".join(f"{counts[status]} {word}" for status, word in words.items()))
    return 1 if counts[received.REJECTED] else 0


def _settings() -> "Settings":
    try:
        return read_settings(os.environ)
    except SettingsError as error:
        raise Refused("les réglages ne conviennent pas.\n" + "\n".join(error.problems)) from error


@contextmanager
def _sessions(settings: "Settings") -> "Iterator[sessionmaker[Session]]":
    from portal import schema
    from portal.db import make_sessions

    with database(settings) as engine:
        if not schema.is_current(engine):
            raise Refused("la base de données n'est pas à jour : portal db upgrade.")
        yield make_sessions(engine)


def _dry(paths: "Sequence[Path]") -> "Iterator[dict[str, Any]]":
    """Each file by itself: nothing is known of clients, nor of what was imported before."""
    from portal.invoices import import_report
    from portal.invoices.csv_content import csv_sources
    from portal.invoices.reading.csv_sources import BadSource
    from portal.invoices.reading.files import bring

    try:
        sources = csv_sources(Path(os.environ.get("PORTAL_CONTENT_DIR") or REPOSITORY_CONTENT))
    except BadSource as error:
        raise Refused(str(error)) from error
    for brought in bring(paths):
        for found in import_report.found_in(brought, sources):
            yield import_report.line(found, import_report.UNMATCHED if found.invoice else import_report.REJECTED)


def _kept(paths: "Sequence[Path]", *, announce: bool) -> "Iterator[dict[str, Any]]":
    """Each file into the database, one transaction each: what was done stays done."""
    from portal.files.store import StoreAway
    from portal.invoices.import_actions import import_file
    from portal.invoices.importing import importer_of
    from portal.invoices.reading.csv_sources import BadSource
    from portal.invoices.reading.files import bring

    settings = _settings()
    try:
        importer = importer_of(settings, announce=announce)
    except BadSource as error:
        raise Refused(str(error)) from error
    with _sessions(settings) as sessions:
        try:
            for brought in bring(paths):
                yield from import_file(sessions, brought, importer, at=clock.now())
        except StoreAway as error:
            raise Refused(
                "les fichiers ne peuvent pas être gardés pour l'instant ; ce qui est importé le reste."
            ) from error
