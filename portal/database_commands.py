"""`portal backup`, `restore` and `evidence`: what keeps and proves. Their modules are imported when they run."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal import clock
from portal.command_line import FrenchCommand, FrenchGroup, Refused
from portal.config import ROOT, Settings
from portal.server_commands import database, say, with_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

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
@click.option(
    "--tombstones", type=FILE,
    help="Liste des effacements (`portal privacy tombstones`), à rejouer en plus de ceux de la base remplacée.",
)  # fmt: skip
@with_settings
def restore(settings: Settings, *, file: Path, overwrite: bool, tombstones: Path | None) -> None:
    """Remettre une sauvegarde, sur SQLite ou PostgreSQL : tout, ou rien ; qui a été effacé depuis l'est de nouveau."""
    from portal import backup as backups
    from portal.files.store import open_store

    with database(settings) as engine:
        try:
            # Read before anything is replaced: an older backup knows nothing of them.
            marks = [*_marks_of_base(engine), *(_marks_of_file(tombstones) if tombstones else ())]
            done = backups.restore(engine, open_store(settings), file, overwrite=overwrite)
        except (backups.BackupError, OSError) as error:
            raise Refused(str(error)) from error
        again = _erase_again(settings, engine, marks)
    say(f"Sauvegarde du {done.made_at} remise : {_told(done)}, vérifiés.")
    if again:
        say(f"{again} adresses effacées depuis cette sauvegarde l'ont été de nouveau.")


def _marks_of_base(engine: "Engine") -> list[tuple[str, datetime]]:
    from sqlalchemy import inspect
    from sqlalchemy.orm import Session

    from portal.privacy.erasure import tombstones as marks
    from portal.privacy.models import Tombstone

    if not inspect(engine).has_table(Tombstone.__tablename__):
        return []
    with Session(engine) as session:
        return list(marks(session))


def _marks_of_file(file: Path) -> list[tuple[str, datetime]]:
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            told = json.loads(line)
            found.append((str(told["digest"]), datetime.fromisoformat(told["erased_at"])))
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(f"{file}, ligne {number} : ce n'est pas une ligne de `portal privacy tombstones`.") from error
    return found


def _erase_again(settings: Settings, engine: "Engine", marks: list[tuple[str, datetime]]) -> int:
    from sqlalchemy.orm import Session

    from portal.files.store import open_store
    from portal.privacy.erasure import apply_tombstones
    from portal.privacy.erasure import tombstones as known
    from portal.privacy.rooms import declared
    from portal.terms import load_library

    with Session(engine) as session:
        # Those that the backup itself knows were carried out in it.
        new = dict(marks)
        for mark, _ in known(session):
            new.pop(mark, None)
        count = apply_tombstones(
            session, open_store(settings), new.items(), rooms=declared(), library=load_library(settings.content_dir),
            secret=settings.secret_key, at=clock.now(),
        )  # fmt: skip
        session.commit()
    return count


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
