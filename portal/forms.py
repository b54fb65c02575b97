"""The form every form is made from: French messages, a summary of errors, nothing typed is lost.

A field's place in the page is a macro's (``components/form.html``); what it
asks of the browser (autocomplete, input mode) is said where it is declared.
"""

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import DataRequired, Email, Length, StopValidation, ValidationError

MESSAGES: Mapping[str, str] = {
    "This field is required.": "Ce champ est obligatoire.",
    "Not a valid choice.": "Choisissez une réponse de la liste.",
    "Not a valid choice": "Choisissez une réponse de la liste.",
    "'%(value)s' is not a valid choice for this field.": "Choisissez une réponse de la liste.",
    "'%(value)s' are not valid choices for this field.": "Choisissez une réponse de la liste.",
    "Invalid Choice: could not coerce.": "Choisissez une réponse de la liste.",
    "Not a valid date value.": "Cette date n'existe pas\u00a0: écrivez-la comme 03/12/2026.",
    "Not a valid integer value.": "Écrivez un nombre entier.",
    "Not a valid decimal value.": "Écrivez un nombre, par exemple 12,50.",
    "Invalid email address.": "Cette adresse n'est pas complète\u00a0: elle s'écrit comme nom@exemple.fr.",
    "Invalid input.": "Cette réponse n'est pas comprise.",
    "CSRF token missing": "Cette page a expiré\u00a0: envoyez-la de nouveau.",
}


class French:
    """The words of WTForms that a reader can meet, in French."""

    def gettext(self, string: str) -> str:
        return MESSAGES.get(string, string)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return MESSAGES.get(singular if n == 1 else plural, singular if n == 1 else plural)


_FRENCH = French()


class BaseForm(FlaskForm):
    """A form of the portal: a POST needs its token, messages are French."""

    class Meta(FlaskForm.Meta):
        """What the library asks."""

        locales = ("fr",)

        def get_translations(self, form: Any) -> French:  # noqa: ARG002 - the library's signature
            """Our own words, not a catalogue's."""
            return _FRENCH

        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Any:
            """Tie a field to its hint and its error for those who listen to the page."""
            described = [f"{field.id}-hint"] if field.description else []
            if field.errors:
                described.append(f"{field.id}-error")
                render_kw.setdefault("aria-invalid", "true")
            if described:
                render_kw.setdefault("aria-describedby", " ".join(described))
            return super().render_field(field, render_kw)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """(id of the field, message) of everything that is wrong, in the order of the page."""
        found = [(field.id, str(error)) for field in self for error in field.errors if field.type != "CSRFTokenField"]
        return found + [("", str(error)) for error in self.form_errors]


def strip(value: str | None) -> str | None:
    """A filter: what is typed without the spaces around it."""
    return value.strip() if value else value


def one_line(value: str | None) -> str | None:
    """A filter: a name is one line, so that it can stand in a subject or a sentence."""
    return " ".join(value.split()) if value else value


def required(message: str) -> DataRequired:
    """The field must be filled; the message says with what."""
    return DataRequired(message)


class AtMost(Length):
    """What is too long is refused at once: what looks at it closer is not asked."""

    def __call__(self, form: Any, field: Field) -> None:
        try:
            super().__call__(form, field)
        except ValidationError as error:
            raise StopValidation(str(error)) from error


def at_most(count: int) -> Length:
    """At most that many characters."""
    return AtMost(max=count, message=f"Écrivez {count} caractères au plus.")


def mail_address() -> Email:
    """A mail address."""
    return Email(MESSAGES["Invalid email address."])
