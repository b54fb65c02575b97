"""`portal backup`, `restore` and `evidence`: what keeps and proves. Their modules are imported when they run."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal import clock
from portal.command_line import FrenchCommand, FrenchGroup, Refused
from portal.config import ROOT, Settings
from portal.server_commands import database, say, with_settings

if TYPE_CHECKING:
    from portal.backup import Summary

FILE = click.Path(path_type=Path, dir_okay=False)
#: How a part of a proof is marked: it holds, it does not, it cannot be told here.
_MARKS = {True: "tient  ", False: "CASSÉ  ", None: "à noter"}


@click.command(cls=FrenchCommand)
@click.argument("file", type=FILE)
@with_settings
def backup(settings: Settings, *, file: Path) -> None:
    """Sauvegarder base et fichiers dans un nouveau fichier, relu avant d'être annoncé."""
    from portal import backup as backups
    from portal.files.store import open_store

    with database(settings) as engine:
        try:
            done = backups.save(engine, open_store(settings), file, now=clock.now())
        except (backups.BackupError, OSError) as error:
            raise Refused(str(error)) from error
    say(f"{file} : {_told(done)}, relus et vérifiés.")
    if done.missing:
        say(f"Attention : {done.missing} fichiers que la base nomme ne sont plus dans le stockage.")


@click.command(cls=FrenchCommand)
@click.argument("file", type=FILE)
@click.option("--overwrite", is_flag=True, help="Remplacer tout ce que la base et le dossier des fichiers contiennent.")
@with_settings
def restore(settings: Settings, *, file: Path, overwrite: bool) -> None:
    """Remettre une sauvegarde, sur SQLite ou PostgreSQL : tout, ou rien."""
    from portal import backup as backups
    from portal.files.store import open_store

    with database(settings) as engine:
        try:
            done = backups.restore(engine, open_store(settings), file, overwrite=overwrite)
        except (backups.BackupError, OSError) as error:
            raise Refused(str(error)) from error
    say(f"Sauvegarde du {done.made_at} remise : {_told(done)}, vérifiés.")


def _told(done: "Summary") -> str:
    return f"{done.rows} lignes de {len(done.tables)} tables, {done.files} fichiers"


@click.group(cls=FrenchGroup)
def evidence() -> None:
    """Le registre des preuves."""


@evidence.command(cls=FrenchCommand)
@click.argument("file", type=FILE)
@click.option("--contents", is_flag=True, help="Joindre les contenus (données personnelles) et leurs sels.")
@with_settings
def export(settings: Settings, *, file: Path, contents: bool) -> None:
    """Écrire le registre dans un nouveau fichier, que chacun peut vérifier."""
    from sqlalchemy.orm import Session

    from portal.evidence import exported

    with database(settings) as engine, Session(engine) as session:
        try:
            with file.open("x", encoding="utf-8") as stream:
                stream.writelines(exported.export(session, contents=contents))
        except OSError as error:
            raise Refused(f"{file} : {error.strerror}") from error
    say(f"Registre écrit dans {file}.")


@evidence.command(cls=FrenchCommand)
@click.argument("file", type=FILE)
@click.option(
    "--certificate", "known", multiple=True, metavar="EMPREINTE",
    help="Empreinte SHA-256 d'un certificat de cachet qui est le nôtre ; plusieurs fois s'il y en a plusieurs.",
)  # fmt: skip
@click.option(
    "--public", type=click.Path(path_type=Path), help="Site construit, dont les empreintes des CGV sont comparées."
)
def verify(*, file: Path, known: tuple[str, ...], public: Path | None) -> None:
    """Vérifier un dossier de preuve (ZIP), son PDF scellé, ou un registre exporté. Sans base de données."""
    from portal.proof import checking

    try:
        content = file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} : {error.strerror}") from error
    if content.lstrip()[:1] not in {b"P", b"%"}:
        _verify_log(file, content)
        return
    folder = public or ROOT / (os.environ.get("PORTAL_PUBLIC_DIR") or "public")
    given = [each.replace(":", "").strip().lower() for each in known] or None
    findings = checking.verify_proof(content, published=checking.published_terms(folder), known=given)
    lines = "\n".join(f"{_MARKS[each.sound]} {each.part} : {each.words}" for each in findings)
    if not checking.holds(findings):
        raise Refused(f"{file.name} ne tient pas.\n{lines}")
    say(f"{lines}\n{file.name} tient.")


def _verify_log(file: Path, content: bytes) -> None:
    from portal.evidence import exported

    try:
        verdict = exported.verify(content.decode().splitlines())
    except (UnicodeDecodeError, exported.NotALog) as error:
        raise Refused(f"{file} : {error}") from error
    if verdict.broken:
        places = "\n".join(f"entrée {place.seq} : {place.message}" for place in verdict.broken)
        raise Refused(f"le registre ne tient pas.\n{places}")
    say(f"Le registre tient : {verdict.entries} entrées, dernière empreinte {verdict.head}.")
