"""Fields that the forms of this room share."""

from datetime import date
from typing import Any

from wtforms import Field, HiddenField, StringField, TextAreaField
from wtforms.validators import ValidationError

from portal.forms import BaseForm, at_most, required, strip

LONGEST_WORDS = 5_000


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
