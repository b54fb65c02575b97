"""The ``portal`` command. What it says to people is French; ``--json`` is for scripts.

Exit codes: 0 done · 1 refused by a rule or by the content · 2 badly written command.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from portal import french
from portal.command_line import FrenchGroup
from portal.database_commands import backup, evidence, restore
from portal.invoice_commands import invoices
from portal.mail_commands import mail
from portal.people_commands import demo, staff, start
from portal.privacy_commands import privacy, references
from portal.server_commands import check, db, serve, worker
from portal.terms_commands import terms


def french_words(error: click.ClickException) -> str:
    """Say in French what click objects to; our own refusals are French already."""
    match error:
        case click.exceptions.NoSuchCommand():
            return f"« {error.command_name} » n'est pas une commande."
        case click.NoSuchOption():
            return f"« {error.option_name} » n'est pas une option de cette commande."
        case click.MissingParameter():
            name = error.param.make_metavar(error.ctx) if error.param and error.ctx else "un argument"
            return f"Il manque {name}."
        case click.BadOptionUsage():
            return f"L'option {error.option_name} attend une valeur."
        case click.BadParameter():
            return error.message
        case click.UsageError() if "extra argument" in error.message:
            words = error.message.partition("(")[2].rpartition("(")[2].rstrip(")")
            return f"Il y a trop d'arguments : {words}"
        case _:
            return error.message


class House(FrenchGroup):
    """The root group: shows every error in French, and as JSON where JSON was asked for."""

    def main(self, args: Sequence[str] | None = None, **options: Any) -> Any:  # type: ignore[override]
        """Run, then exit with 0, 1 or 2."""
        asked = list(sys.argv[1:] if args is None else args)
        try:
            result = super().main(args=asked, **{**options, "standalone_mode": False})
        except NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.ClickException as error:
            show_error(error, as_json="--json" in asked)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(1)
        sys.exit(result if isinstance(result, int) else 0)


def show_error(error: click.ClickException, *, as_json: bool) -> None:
    """Print an error on the error stream, with the line of usage when the command was badly written."""
    words = french.fix_spaces(french_words(error))
    if as_json:
        click.echo(json.dumps({"error": words}, ensure_ascii=False), err=True)
        return
    click.echo(f"Erreur\u00a0: {words}", err=True)
    context = getattr(error, "ctx", None)
    if isinstance(error, click.UsageError) and context is not None:
        click.echo(f"Voir\u00a0: {context.command_path} --help", err=True)


@click.group(cls=House)
def main() -> None:
    """Commandes d'IMS Partners : ses conditions générales de vente et son espace client."""


for command in (
    backup,
    check,
    db,
    demo,
    evidence,
    invoices,
    mail,
    privacy,
    references,
    restore,
    serve,
    staff,
    start,
    terms,
    worker,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
