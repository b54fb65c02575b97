"""What the commands share: French help, what may be typed, how they answer and refuse."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any

import click

from portal import french
from portal.terms import ContentError, TermsError, load_library
from portal.terms.money import InvalidAmount, amount

REPOSITORY_CONTENT = Path(__file__).resolve().parent.parent / "content"
#: A guard against typing errors: a period must also end before the calendar does, in 9999.
LAST_YEAR = 2999


class Refused(click.ClickException):
    """A rule or the content says no: exit 1."""

    exit_code = 1


class FrenchCommand(click.Command):
    """A command whose help is French down to its labels."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"options_metavar": "[OPTIONS…]", **kwargs})

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Afficher cette aide."
        return option

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix="Utilisation : ")


class FrenchGroup(FrenchCommand, click.Group):
    """The same for a group."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"subcommand_metavar": "COMMANDE [ARGUMENTS…]", **kwargs})

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commandes"):
            formatter.write_dl([(name, self.commands[name].get_short_help_str(80)) for name in self.list_commands(ctx)])


class Day(click.ParamType[date]):
    """A civil day: AAAA-MM-JJ or JJ/MM/AAAA."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", value, re.ASCII)
        usual = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", value, re.ASCII)
        parts = iso.groups() if iso else usual.groups()[::-1] if usual else None
        if parts is None:
            self.fail(f"« {value} » n'est pas une date : AAAA-MM-JJ ou JJ/MM/AAAA est attendu.", param, ctx)
        try:
            day = date(*map(int, parts))
        except ValueError:
            self.fail(f"« {value} » n'existe pas dans le calendrier.", param, ctx)
        if day.year > LAST_YEAR:
            self.fail(f"« {value} » est une date trop lointaine.", param, ctx)
        return day


class Minutes(click.ParamType[int]):
    """A whole number of minutes; which numbers are acceptable is the matter of the rules."""

    name = "minutes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        # Twelve digits are past any rule's limit, and short enough to be printed back.
        if not re.fullmatch(r"[+-]?\d{1,12}", value, re.ASCII):
            self.fail(f"« {value} » n'est pas un nombre entier de minutes.", param, ctx)
        return int(value)


class Amount(click.ParamType[Decimal]):
    """A sum or a distance, as people type it: 1200, 1 200,50, 0.6."""

    name = "amount"

    def __init__(self, *, cents: bool = False) -> None:
        self.cents = cents

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if not re.fullmatch(r"[-+\d\s.,€]+", value):
            self.fail(f"« {value} » n'est pas un nombre.", param, ctx)
        try:
            number = amount(value)
        except InvalidAmount as error:
            self.fail(str(error), param, ctx)
        if self.cents and number != number.quantize(Decimal("0.01")):
            self.fail(f"« {value} » : un montant s'écrit au centime.", param, ctx)
        return number


class OneOf(click.ParamType[str]):
    """One word out of a list, refused in French."""

    name = "word"

    def __init__(self, what: str, words: tuple[str, ...]) -> None:
        self.what = what
        self.words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.words:
            self.fail(f"« {value} » n'est pas {self.what} : {', '.join(self.words)}.", param, ctx)
        return str(value)


@dataclass(frozen=True)
class Answer:
    """What a command found: the object that scripts read, the lines that people read.

    ``verbatim`` is text of the CGV: evidence. It goes to standard output byte for byte, so that its hash
    can be taken there, and our own words go to the error output.
    """

    data: Any
    lines: tuple[str, ...]
    verbatim: str = ""

    def for_people(self) -> str:
        """Our own words, with the spaces of French punctuation."""
        return "\n".join(french.fix_spaces(line) for line in self.lines)


def answering(command: Callable[..., Answer]) -> Callable[..., None]:
    """Load the content, print the answer as text or JSON, turn a domain error into a refusal."""

    @click.option("--json", "as_json", is_flag=True, help="Répondre en JSON ; les décimaux sont des chaînes.")
    @click.option(
        "--content",
        type=click.Path(path_type=Path),
        help="Dossier de contenu (par défaut PORTAL_CONTENT_DIR, sinon celui du dépôt).",
    )
    @wraps(command)
    def run(*, as_json: bool, content: Path | None, **arguments: Any) -> None:
        folder = content or Path(os.environ.get("PORTAL_CONTENT_DIR") or REPOSITORY_CONTENT)
        try:
            answer = command(load_library(folder), **arguments)
        except ContentError as error:
            raise Refused("le contenu est illisible.\n" + "\n".join(map(str, error.findings))) from error
        except TermsError as error:
            raise Refused(str(error)) from error
        if as_json:
            click.echo(json.dumps(answer.data, ensure_ascii=False))
            return
        click.echo(answer.for_people(), err=bool(answer.verbatim))
        if answer.verbatim:
            click.echo(answer.verbatim, nl=False)

    return run


# A leading "-" is a number out of range here, to be refused as one, not an unknown option.
NUMBERS = {"ignore_unknown_options": True}
governed_on = click.option(
    "--on", type=Day(), help="Jour dont la version des CGV s'applique (par défaut, voir ci-dessus)."
)
