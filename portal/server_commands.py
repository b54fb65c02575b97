"""`portal serve`, `worker`, `check` and `db`: what runs the portal. Their modules are imported when they run."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from portal import clock, french
from portal.command_line import FrenchCommand, FrenchGroup, Refused
from portal.config import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the settings of the environment to a command, or refuse with everything that is wrong in them."""

    @wraps(command)
    def run(**arguments: Any) -> Any:
        try:
            settings = read_settings(os.environ)
        except SettingsError as error:
            raise Refused("les réglages ne conviennent pas.\n" + "\n".join(error.problems)) from error
        return command(settings, **arguments)

    return run


@contextmanager
def database(settings: Settings) -> Iterator["Engine"]:
    """An engine for one command; a database that is away is a refusal, not a traceback."""
    from sqlalchemy.exc import SQLAlchemyError

    from portal.db import is_away, make_engine

    engine = make_engine(settings.database_url)
    try:
        yield engine
    except SQLAlchemyError as error:
        if not is_away(error):
            raise
        raise Refused("la base de données est inaccessible.") from error
    finally:
        engine.dispose()


def say(words: str) -> None:
    """Print a line of French with its spaces."""
    click.echo(french.fix_spaces(words))


@click.command(cls=FrenchCommand)
@click.option("--host", default="127.0.0.1", help="Adresse d'écoute ; le port est PORTAL_PORT.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, help="Processus qui répondent.")
@with_settings
def serve(settings: Settings, *, host: str, workers: int) -> None:
    """Servir le site et l'espace client."""
    from portal import schema, server

    with database(settings) as engine:
        if not schema.is_current(engine):
            raise Refused("la base de données n'est pas à jour : portal db upgrade.")
    server.serve(settings, host=host, workers=workers)


@click.command(cls=FrenchCommand)
@with_settings
def worker(settings: Settings) -> None:
    """Exécuter les tâches de fond (courriers), jusqu'à l'arrêt."""
    from portal import worker as workers
    from portal.logs import set_up_logs
    from portal.mail.message import sender_line
    from portal.terms import load_library

    set_up_logs()
    company = load_library(settings.content_dir).company
    workers.run(settings, sender=sender_line(company.name, settings.mail_from or company.mail))


@click.command(cls=FrenchCommand)
@with_settings
def check(settings: Settings) -> None:
    """Vérifier l'installation : réglages, contenu, site, fichiers, courrier, base, horloge."""
    from portal import installation

    unsound = 0
    for part in installation.inspect(settings, now=clock.now()):
        say(f"{'ok ' if part.sound else 'NON'} {part.name} : {part.words}")
        unsound += not part.sound
    if unsound:
        raise Refused(f"{unsound} point{'s' if unsound > 1 else ''} à corriger.")


@click.group(cls=FrenchGroup)
def db() -> None:
    """Le schéma de la base de données."""


@db.command(cls=FrenchCommand)
@with_settings
def upgrade(settings: Settings) -> None:
    """Amener la base au schéma de ce programme."""
    from portal import schema

    with database(settings) as engine:
        schema.upgrade(engine)
    say(f"La base est au schéma {schema.head()}.")


@db.command(cls=FrenchCommand)
@click.argument("revision")
@with_settings
def downgrade(settings: Settings, *, revision: str) -> None:
    """Ramener la base à un schéma antérieur (« base » : plus aucune table)."""
    from alembic.util import CommandError

    from portal import schema

    with database(settings) as engine:
        try:
            schema.downgrade(engine, revision)
        except CommandError as error:
            raise Refused(f"le schéma « {revision} » est inconnu.") from error
    say(f"La base est au schéma {revision}.")


@db.command(cls=FrenchCommand)
@click.argument("message")
def revision(*, message: str) -> None:
    """(Développement) Écrire la migration vers les tables déclarées, à relire et à compléter."""
    import tempfile
    from pathlib import Path

    from portal import schema
    from portal.db import make_engine

    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'migrated.sqlite3'}")
        schema.upgrade(engine)
        written = schema.write_revision(engine, message)
        engine.dispose()
    say(str(written.relative_to(schema.PORTAL.parent)))
