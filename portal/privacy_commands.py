"""`portal privacy` and `portal references`: what is held too long, who was erased, who may be named."""

import json
import os
import tempfile
from pathlib import Path

import click

from portal import clock
from portal.command_line import FrenchCommand, FrenchGroup
from portal.config import Settings
from portal.server_commands import database, say, with_settings


@click.group(cls=FrenchGroup)
def privacy() -> None:
    """Les données personnelles."""


@privacy.command(cls=FrenchCommand)
@click.option("--dry-run", is_flag=True, help="Dire ce qui serait effacé, sans rien effacer.")
@with_settings
def sweep(settings: Settings, *, dry_run: bool) -> None:
    """Effacer ce qui a dépassé sa durée de conservation (le travail de chaque nuit)."""
    from sqlalchemy.orm import Session

    from portal.files.store import open_store
    from portal.privacy import retention
    from portal.privacy.rooms import declared
    from portal.terms import load_library

    library, at = load_library(settings.content_dir), clock.now()
    with database(settings) as engine, Session(engine) as session:
        for due in retention.report(session, library, rooms=declared(), at=at):
            say(f"{due.sweep.title} ({due.sweep.length}) : {len(due.references)}")
            for reference in due.references:
                say(f"  {reference}")
            for reference, why in due.spared:
                say(f"  {reference} épargné : {why}")
        if not dry_run:
            count = retention.sweep(session, open_store(settings), library, rooms=declared(), at=at)
            session.commit()
            say(f"{count} effacés.")


@privacy.command(cls=FrenchCommand)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_settings
def tombstones(settings: Settings, *, file: Path) -> None:
    """Écrire la liste des effacements, à garder hors des sauvegardes : une restauration les rejoue."""
    from sqlalchemy.orm import Session

    from portal.privacy.erasure import tombstones as marks

    with database(settings) as engine, Session(engine) as session:
        lines = [json.dumps({"digest": mark, "erased_at": at.isoformat()}) for mark, at in marks(session)]
    _put(file, "".join(f"{line}\n" for line in lines))
    say(f"{len(lines)} effacements dans {file}.")


@click.group(cls=FrenchGroup)
def references() -> None:
    """Les références commerciales."""


@references.command(cls=FrenchCommand)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_settings
def export(settings: Settings, *, file: Path) -> None:
    """Écrire la liste que `build.py --references` lit : au moins une facture, et pas d'opposition (CGV, art. 12 et 13)."""
    from sqlalchemy.orm import Session

    from portal.invoices.first import first_invoice_days
    from portal.privacy.references import references as named

    with database(settings) as engine, Session(engine) as session:
        found = [
            {"name": one.name, "since": one.since.isoformat()} for one in named(session, first_invoice_days(session))
        ]
    _put(file, json.dumps({"references": found}, ensure_ascii=False, indent=1) + "\n")
    say(f"{len(found)} références dans {file}. Reconstruisez le site : build.py --references {file}")


def _put(file: Path, content: str) -> None:
    """Write a file whole, or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=file.absolute().parent, delete=False, encoding="utf-8") as part:
        part.write(content)
    os.replace(part.name, file)  # noqa: PTH105
