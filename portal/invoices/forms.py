"""Fields that the forms of this room share."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from wtforms import DateField, Field, HiddenField, StringField, TextAreaField
from wtforms.validators import ValidationError
from wtforms.widgets import TextInput

from portal.forms import BaseForm, at_most, required, strip

LONGEST_WORDS = 5_000
MOST = Decimal(1_000_000_000)


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
    if value != value.quantize(Decimal("0.01")):
        raise ValueError("Écrivez deux décimales au plus, par exemple 120,50.")
    return value


def positive(_: BaseForm, field: Field) -> None:
    """More than nothing."""
    if field.data is not None and field.data <= 0:
        raise ValidationError("Écrivez un montant supérieur à zéro.")


def not_after(today: date) -> Any:
    """A day that has come."""

    def check(_: BaseForm, field: Field) -> None:
        if field.data is not None and field.data > today:
            raise ValidationError("Ce jour n'est pas encore venu.")

    return check


class KeyedForm(BaseForm):
    """A page that was sent twice is one act: its key says which page it is."""

    key = HiddenField(validators=[at_most(64)])


class ReasonForm(KeyedForm):
    """An act with its reason."""

    reason = TextAreaField(
        "Raison", filters=[strip], validators=[required("Écrivez la raison."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "3"},
    )  # fmt: skip


class MatchForm(BaseForm):
    """Whose invoice it is."""

    identity = StringField(
        "SIREN, SIRET ou numéro de TVA du client", filters=[strip], description="Celui d'un client qui a un espace.",
        validators=[required("Écrivez le numéro du client."), at_most(40)], render_kw={"autocomplete": "off"},
    )  # fmt: skip
