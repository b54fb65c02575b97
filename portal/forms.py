"""The form every form is made from: French messages, a summary of errors, nothing typed is lost.

A field's place in the page is a macro's (``components/form.html``); what it
asks of the browser (autocomplete, input mode) is said where it is declared.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import DateField, Field, MultipleFileField
from wtforms.validators import DataRequired, Email, Length, Optional, StopValidation, ValidationError
from wtforms.widgets import TextInput

from portal.files import actions as files
from portal.files.models import StoredFile
from portal.files.rules import KINDS, LARGEST, FileRefused, check_size, look, size_words
from portal.files.store import Store

#: A guard against typing errors.
MOST = Decimal(1_000_000_000)
CENTS = 2  # decimals of an amount

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


class _MailAddress(Email):
    """An address that a mail can be sent to (``portal.mail.message.check_address``): no accent before the @."""

    def __call__(self, form: Any, field: Any) -> None:
        super().__call__(form, field)
        if not (field.data or "").rpartition("@")[0].isascii():
            raise ValidationError(str(self.message))


def mail_address() -> Email:
    """A mail address."""
    return _MailAddress(MESSAGES["Invalid email address."])


#: What one form may send in all: a little less than what a request may hold (``app.LARGEST_REQUEST``).
TOGETHER = 45_000_000


class Attachments(MultipleFileField):
    """Files that go with what is written: looked at before anything is done, kept by ``keep``."""

    def __init__(
        self, label: str = "Pièces jointes", *, most: int = 10, limit: int = LARGEST,
        kinds: frozenset[str] | None = None, **more: Any,
    ) -> None:  # fmt: skip
        self.most, self.limit, self.kinds = most, limit, kinds
        more.setdefault(
            "description",
            (
                f"Un fichier, {size_words(limit)} au plus\u00a0: PDF, image, document, texte, ZIP."
                if most == 1
                else f"{most} fichiers au plus, {size_words(limit)} chacun, {size_words(TOGETHER)} en tout\u00a0: PDF, images, documents, textes, ZIP."
            ),
        )
        more.setdefault("validators", [Optional()])
        super().__init__(label, **more)
        # A phone offers its camera where images are asked for.
        accept = ",".join(["image/*", *(f".{suffix}" for suffix in sorted(kinds or KINDS))])
        given: dict[str, Any] = self.render_kw or {}  # type: ignore[has-type]
        self.render_kw = {"accept": accept, "data-most": most, "data-limit": limit, "data-together": TOGETHER} | given

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What was really chosen: a browser sends one nameless part for an empty field."""
        self.data = [upload for upload in valuelist if getattr(upload, "filename", None)]

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - the library's signature
        """Refuse what is too much, too large or of another kind, each by its name."""
        uploads = self.data or []
        if len(uploads) > self.most:
            raise ValidationError(f"Joignez {self.most} fichiers au plus.")
        problems = []
        for upload in uploads:
            try:
                upload.stream.seek(0, 2)
                check_size(upload.stream.tell(), upload.filename, self.limit)
                kind = look(upload.stream, upload.filename)
                if self.kinds is not None and kind.suffix not in self.kinds:
                    wanted = ", ".join(sorted(suffix.upper() for suffix in self.kinds))
                    raise FileRefused(
                        f"«\u00a0{upload.filename[:80]}\u00a0» n'est pas d'un type accepté ici\u00a0: {wanted}."
                    )
            except FileRefused as refused:
                problems.append(str(refused))
            finally:
                upload.stream.seek(0)
        if problems:
            raise ValidationError(" ".join(problems))

    def keep(self, session: Session, store: Store, *, kept_for: str, now: datetime) -> list[StoredFile]:
        """Keep what was sent, in the caller's transaction; what the scanner finds is said by the field.

        Raises:
            FileRefused: roll back and show the form again: the field says why.
        """
        try:
            return [
                files.keep(
                    session, store, upload.stream, name=upload.filename, kept_for=kept_for, now=now, limit=self.limit,
                    kinds=self.kinds,
                )
                for upload in self.data or []
            ]  # fmt: skip
        except FileRefused as refused:
            self.errors = [str(refused)]
            raise


def attachments(label: str = "Pièces jointes", **more: Any) -> Attachments:
    """The field for files that go with a form: several, none is needed (macro ``attachments``; enctype multipart/form-data)."""
    return Attachments(label, **more)


class DayField(DateField):
    """A day as people type it (03/12/2026), or as a browser's calendar gives it."""

    widget = TextInput()

    def __init__(self, label: str, **options: Any) -> None:
        options.setdefault("render_kw", {"inputmode": "numeric", "autocomplete": "off", "placeholder": "JJ/MM/AAAA"})
        super().__init__(label, format=["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y"], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Spaces around a day are nobody's fault."""
        super().process_formdata([value.strip() for value in valuelist])


class MoneyField(Field):
    """An amount as people type it: ``1 234,56``, ``1234.56 €``. ``data`` is a Decimal."""

    widget = TextInput()

    def __init__(self, label: str, **options: Any) -> None:
        options.setdefault("render_kw", {"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(label, **options)

    data: Any

    @property
    def typed(self) -> str:
        """What was typed, right or wrong; else the amount as one would type it."""
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:f}".replace(".", ",")

    def _value(self) -> str:
        return self.typed

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        text = valuelist[0] if valuelist else ""
        self.data = read_amount(text) if text.strip() else None


def read_amount(text: str) -> Decimal:
    """An amount as people type it, with two decimals at most.

    Raises:
        ValueError: in French.
    """
    plain = "".join(text.split()).replace("\u202f", "").replace("€", "")
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > MOST:
        raise ValueError("Écrivez un montant, par exemple 120,50.")
    # "1.200" is a thousand two hundred to some and one euro twenty to others: three decimals are asked again.
    if int(value.as_tuple().exponent) < -CENTS:
        raise ValueError("Écrivez deux décimales au plus, par exemple 120,50.")
    return value
