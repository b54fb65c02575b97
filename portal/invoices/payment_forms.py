"""Forms of what staff record: a payment, a deferral, a claim, and taking each back."""

from datetime import date
from typing import Any

from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional, ValidationError

from portal.forms import DayField, MoneyField, at_most, one_line, required, strip
from portal.invoices.forms import LONGEST_WORDS, KeyedForm, not_after, positive
from portal.invoices.payment_rules import Means, Regime


class Beside(KeyedForm):
    """A form that stands beside others on one page: its names and ids begin with its own word."""

    WORD = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(prefix=self.WORD, **options)


class PaymentForm(Beside):
    """Money received. A draft (traite) is no payment: it is not in the list (7.6)."""

    WORD = "paiement-"
    day = DayField("Reçu le", validators=[InputRequired("Écrivez le jour où l'argent a été reçu.")])
    amount = MoneyField("Montant", validators=[InputRequired("Écrivez le montant reçu."), positive])
    means = SelectField(
        "Moyen", choices=[(each.value, each.label) for each in Means if each is not Means.CREDIT_NOTE],
        description="Une traite n'est pas un paiement\u00a0: attendez son encaissement.",
    )  # fmt: skip
    reference = StringField(
        "Référence", filters=[one_line], description="Ce que le relevé dit\u00a0; jamais un numéro de compte.",
        validators=[Optional(), at_most(200)], render_kw={"autocomplete": "off"},
    )  # fmt: skip


class CreditForm(Beside):
    """A credit note set against this invoice."""

    WORD = "avoir-"
    number = StringField(
        "Numéro de l'avoir", filters=[strip], validators=[required("Écrivez le numéro de l'avoir."), at_most(100)],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip


class DeferralForm(Beside):
    """A deferral asked for in time and granted in writing (7.4)."""

    WORD = "report-"
    until = DayField("Nouvelle échéance", validators=[InputRequired("Écrivez la nouvelle échéance.")])
    granted_on = DayField("Accordé le", validators=[InputRequired("Écrivez le jour où il a été accordé.")])
    writing = TextAreaField(
        "L'écrit", filters=[strip], description="Ses mots, ou lequel c'est\u00a0: « courriel du 12/11/2026 à Mme Muller ».",
        validators=[required("Un report s'accorde par écrit\u00a0: indiquez lequel."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "3"},
    )  # fmt: skip

    def validate_until(self, field: Any) -> None:
        """It moves the due day forward."""
        if field.data and self.granted_on.data and field.data <= self.granted_on.data:
            raise ValidationError("La nouvelle échéance vient après le jour où elle est accordée.")


class ClaimForm(Beside):
    """What the company decides to claim for a delay."""

    WORD = "penalite-"
    regime = RadioField(
        "Sous quel texte", choices=[(each.value, each.label) for each in Regime],
        validators=[InputRequired("Choisissez le texte.")],
    )  # fmt: skip
    penalty = MoneyField("Pénalité réclamée", validators=[InputRequired("Écrivez le montant de la pénalité.")])
    indemnity = MoneyField("Indemnité forfaitaire de recouvrement", validators=[Optional()])
    words = TextAreaField(
        "Un mot au client", filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)], render_kw={"rows": "3"}
    )


class StopForm(KeyedForm):
    """Reminders of one invoice stopped with a reason, or begun again without one."""

    reason = StringField("Pourquoi", filters=[one_line], validators=[Optional(), at_most(500)])


def payment_form(today: date, **options: Any) -> PaymentForm:
    """A payment cannot be of tomorrow."""
    form = PaymentForm(**options)
    form.day.validators = [*form.day.validators, not_after(today)]
    return form


def deferral_form(today: date, **options: Any) -> DeferralForm:
    """A deferral cannot have been granted tomorrow."""
    form = DeferralForm(**options)
    form.granted_on.validators = [*form.granted_on.validators, not_after(today)]
    return form
