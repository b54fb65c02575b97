"""Forms of a disagreement: one is written, confirmed, answered; staff record what came by mail or letter."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from wtforms import BooleanField, EmailField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from portal.forms import (
    DayField,
    MoneyField,
    at_most,
    attachments,
    mail_address,
    one_line,
    read_amount,
    required,
    strip,
)
from portal.french import amount as as_money
from portal.invoices.dispute_actions import Grievance, Point, most_of, most_of_line
from portal.invoices.dispute_rules import Channel, Reason
from portal.invoices.forms import LONGEST_WORDS, KeyedForm, not_after
from portal.invoices.models import Invoice

WHOLE, LINES = "facture", "lignes"


class AnswerForm(KeyedForm):
    """Words of the thread, with files."""

    words = TextAreaField(
        "Votre message", filters=[strip], validators=[required("Écrivez votre message."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "5"},
    )  # fmt: skip
    files = attachments()


class OutcomeForm(KeyedForm):
    """An act that needs no words, but may have some."""

    words = TextAreaField(
        "Un mot", filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)], render_kw={"rows": "3"}
    )


class StaffAnswerForm(AnswerForm):
    """What staff answer; an amount for a credit or an offer."""

    words = TextAreaField(
        "Votre réponse", filters=[strip], description="Elle est envoyée au client par courriel.",
        validators=[required("Écrivez vos raisons\u00a0: elles sont envoyées au client."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "5"},
    )  # fmt: skip
    amount = MoneyField("Montant de l'avoir, TTC", validators=[Optional()])


class DisputeForm(KeyedForm):
    """A disagreement as it is written. Fields of the lines are added by ``form_for``."""

    scope = RadioField(
        "Que contestez-vous\u202f?", choices=[(WHOLE, "Toute la facture"), (LINES, "Certaines lignes")],
        validators=[InputRequired("Dites si vous contestez toute la facture ou certaines lignes.")],
    )  # fmt: skip
    amount = MoneyField("Montant contesté, TTC", validators=[Optional()])
    reason = RadioField(
        "Pourquoi\u202f?", choices=[(reason.value, reason.label) for reason in Reason],
        validators=[InputRequired("Choisissez une raison.")],
    )  # fmt: skip
    words = TextAreaField(
        "Expliquez votre désaccord", filters=[strip],
        description="Ce qui est facturé, ce qui aurait dû l'être, et pourquoi.",
        validators=[required("Expliquez votre désaccord."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "7"},
    )  # fmt: skip
    files = attachments()

    invoice: Invoice

    def rows(self) -> list[tuple[Any, Any, Any]]:
        """(line, its box, its amount) in the order of the invoice."""
        return [(line, self[f"ligne_{line.id}"], self[f"montant_{line.id}"]) for line in self.invoice.lines]

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Beside each field, that something is disputed and no more than was invoiced."""
        passed: bool = super().validate(extra_validators)
        if self.scope.data == LINES:
            return self._validate_lines() and passed
        if self.scope.data == WHOLE:
            most = most_of(self.invoice)
            if self.amount.data is None and not self.amount.errors:
                self.amount.data = most
            if self.amount.data is not None and not 0 < self.amount.data <= most:
                self.amount.errors = [f"Écrivez un montant entre 0,01 et {_money(most, self.invoice)}."]
                return False
        return passed

    def _validate_lines(self) -> bool:
        chosen, passed = 0, True
        for line, box, amount in self.rows():
            if not box.data:
                amount.errors = []
                continue
            chosen += 1
            most = most_of_line(line, self.invoice)
            if amount.data is None and not amount.errors:
                amount.data = most
            if amount.data is not None and not 0 < amount.data <= most:
                amount.errors = [f"Écrivez un montant entre 0,01 et {_money(most, self.invoice)}."]
                passed = False
        if not chosen:
            self.scope.errors = ["Cochez au moins une ligne."]
        return passed and bool(chosen)

    @property
    def grievance(self) -> Grievance:
        """What a valid form says."""
        points: tuple[Point, ...] = ()
        if self.scope.data == LINES:
            points = tuple(Point(line.id, amount.data) for line, box, amount in self.rows() if box.data)
        total = sum((point.amount for point in points), Decimal(0)) if points else self.amount.data
        return Grievance(total, Reason(self.reason.data), self.words.data, points)

    @property
    def typed(self) -> dict[str, Any]:
        """Everything as it was typed, right or wrong: what a draft keeps."""
        found: dict[str, Any] = {
            "scope": self.scope.data or "", "amount": self.amount.typed, "reason": self.reason.data or "",
            "words": (self.words.data or "")[: 2 * LONGEST_WORDS],
        }  # fmt: skip
        for line, box, amount in self.rows():
            if box.data or amount.typed:
                found[f"montant_{line.id}"] = amount.typed[:60]
            if box.data:
                found[f"ligne_{line.id}"] = "y"
        return found


def _money(value: Decimal, invoice: Invoice) -> str:
    return as_money(value, invoice.currency)


class RecordForm(DisputeForm):
    """A disagreement that came by the clause's own ways, as staff record it."""

    channel = RadioField(
        "Reçue par", choices=[(each.value, each.label) for each in Channel if each is not Channel.PORTAL],
        validators=[InputRequired("Choisissez comment elle est venue.")],
    )  # fmt: skip
    sent_on = DayField(
        "Jour d'envoi", description="Celui du courriel, ou du cachet de la poste\u00a0: c'est lui qui compte.",
        validators=[InputRequired("Écrivez le jour d'envoi.")],
    )  # fmt: skip
    author = StringField(
        "Qui l'a envoyée", filters=[one_line], validators=[required("Écrivez qui l'a envoyée."), at_most(200)],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    mail = EmailField(
        "Son adresse électronique", filters=[strip], description="Vos réponses y sont envoyées.",
        validators=[required("Écrivez une adresse de ce client."), at_most(320), mail_address()],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    ticket = StringField("Référence du ticket", filters=[strip], validators=[Optional(), at_most(40)])


def form_for(kind: type[DisputeForm], invoice: Invoice, *, today: date | None = None, **options: Any) -> Any:
    """A form with a box and an amount for each line of an invoice."""
    fields: dict[str, Any] = {"invoice": invoice}
    for line in invoice.lines:
        name = (line.name or "Sans désignation")[:200]
        fields[f"ligne_{line.id}"] = BooleanField(name)
        fields[f"montant_{line.id}"] = MoneyField("Montant contesté, TTC", validators=[Optional()])
    made: Any = type("Lined", (kind,), fields)(**options)
    if today is not None and issubclass(kind, RecordForm):
        made.sent_on.validators = [*made.sent_on.validators, not_after(today)]
    return made


def typed_data(content: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """A draft as a form's data, as if it had just been typed."""
    return [(name, str(value)) for name, value in content.items()]


def reading(amount: str) -> Decimal | None:
    """An amount of a draft; None when it is none."""
    try:
        return read_amount(amount)
    except ValueError:
        return None
