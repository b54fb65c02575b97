"""`portal staff`, `demo` and `start`: who may come in, and everything running on one machine."""

from pathlib import Path

import click

from portal import clock
from portal.command_line import FrenchCommand, FrenchGroup, OneOf, Refused
from portal.config import Settings
from portal.server_commands import database, say, with_settings

#: The names of ``portal.accounts.rules.StaffRole``, here so that the help needs no database (a test compares).
ROLES = ("administrator", "adviser", "sales", "billing", "privacy")


@click.group(cls=FrenchGroup)
def staff() -> None:
    """L'équipe d'IMS Partners."""


@staff.command(cls=FrenchCommand)
@click.argument("email")
@click.option("--name", help="Nom affiché (par défaut, ce qui précède l'arobase).")
@click.option(
    "--role", "roles", multiple=True, type=OneOf("un rôle", ROLES), default=("administrator",),
    help=f"Rôle, à répéter : {', '.join(ROLES)} (par défaut administrator).",
)  # fmt: skip
@with_settings
def add(settings: Settings, *, email: str, name: str | None, roles: tuple[str, ...]) -> None:
    """Donner un accès à un membre de l'équipe ; sa première connexion règle son second facteur."""
    from sqlalchemy.orm import Session

    from portal.accounts.actions import AddressTaken, add_staff
    from portal.accounts.rules import StaffRole
    from portal.mail.message import BadAddress

    with database(settings) as engine, Session(engine) as session:
        try:
            person = add_staff(
                session, email=email, name=name or email.partition("@")[0],
                roles=[StaffRole(role) for role in roles], now=clock.now(),
            )  # fmt: skip
        except BadAddress as error:
            raise Refused(f"« {email} » n'est pas une adresse.") from error
        except AddressTaken as error:
            raise Refused(f"« {email} » est l'adresse d'un client.") from error
        session.commit()
        say(f"{person.email} : {', '.join(sorted(person.role_names))}.")
    say(f"Première connexion : {settings.base_url}/espace-client/connexion")


@staff.command(cls=FrenchCommand)
@click.argument("email")
@with_settings
def remove(settings: Settings, *, email: str) -> None:
    """Retirer l'accès d'un membre de l'équipe : sessions fermées, mot de passe, clés et application oubliés."""
    from sqlalchemy.orm import Session

    from portal.accounts import actions
    from portal.mail.message import BadAddress

    with database(settings) as engine, Session(engine) as session:
        try:
            person = actions.find_person(session, email)
        except BadAddress as error:
            raise Refused(f"« {email} » n'est pas une adresse.") from error
        if person is None or not person.staff or not person.active:
            raise Refused(f"« {email} » n'est l'adresse de personne dans l'équipe.")
        actions.remove_staff(session, person, by=None, now=clock.now())
        session.commit()
    say(f"{email} n'a plus d'accès. Revenir demandera « portal staff add » et de tout régler de nouveau.")


@staff.command("reset-second-factor", cls=FrenchCommand)
@click.argument("email")
@with_settings
def reset_second_factor(settings: Settings, *, email: str) -> None:
    """Oublier l'application d'authentification perdue d'une personne, et fermer ses sessions."""
    from sqlalchemy.orm import Session

    from portal.accounts import actions

    with database(settings) as engine, Session(engine) as session:
        person = actions.find_person(session, email)
        if person is None:
            raise Refused(f"« {email} » n'est l'adresse de personne.")
        actions.reset_second_factor(session, person, by=None, now=clock.now())
        session.commit()
    say(f"{email} : second facteur oublié, sessions fermées ; la prochaine connexion en règle un autre.")


@click.command(cls=FrenchCommand)
@with_settings
def demo(settings: Settings) -> None:
    """Remplir une base vide de personnes inventées, et dire comment se connecter. PORTAL_DEMO=1 seulement."""
    from sqlalchemy.orm import Session

    from portal import demo as people
    from portal import schema
    from portal.app import create_app

    if not settings.demo:
        raise Refused("ces personnes sont inventées : PORTAL_DEMO=1 est nécessaire.")
    with database(settings) as engine:
        if not schema.is_current(engine):
            raise Refused("la base de données n'est pas à jour : portal db upgrade.")
        with Session(engine) as session:
            empty = people.is_empty(session)
    if empty:
        people.load(create_app(settings), now=clock.now())
    say(f"Site : {settings.base_url}/")
    say(f"Espace client : {settings.base_url}/espace-client/connexion")
    say(f"Courriers et codes : {settings.base_url}/demo/courrier")
    if "//127.0.0.1" in settings.base_url:
        # A browser keeps passkeys for a name, never for an address.
        say(
            f"Pour essayer une clé d'accès : {settings.base_url.replace('127.0.0.1', 'localhost')}/espace-client/connexion"
        )
    say("Se connecter avec l'une de ces adresses, puis le code reçu :")
    for person in people.sign_ins():
        say(f"  {person.email:34} {person.who}{' (code, puis application)' if person.with_app else ''}")


@click.command(cls=FrenchCommand)
@click.option(
    "--log", type=click.Path(path_type=Path, dir_okay=False), default="portal.log", help="Fichier du journal."
)
@with_settings
def start(settings: Settings, *, log: Path) -> None:
    """Servir et exécuter les tâches de fond ensemble, jusqu'à Ctrl-C : pour une démonstration ou un essai."""
    import socket

    from portal import supervisor

    try:  # told at once, instead of by a server that tries again for seconds
        socket.create_server(("127.0.0.1", settings.port)).close()
    except OSError as error:
        raise Refused(
            f"le port {settings.port} est occupé ({error.strerror}) : PORTAL_PORT en choisit un autre."
        ) from error
    say(f"Ctrl-C pour arrêter. Journal : {log}")
    code = supervisor.run([["serve"], ["worker"]], log=log)
    if code:
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        raise Refused("un processus s'est arrêté de lui-même.\n" + "\n".join(last))
    say("Tout est arrêté.")
