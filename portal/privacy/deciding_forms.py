"""Forms of the staff: a request written down, the acts on it, whom what came of it was told to."""

from datetime import date
from typing import Any

from wtforms import EmailField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional, StopValidation

from portal.accounts.forms import Boxes
from portal.forms import BaseForm, DayField, at_most, mail_address, one_line, required, strip
from portal.french import long_date
from portal.privacy.forms import (
    LONGEST_ADDRESS,
    LONGEST_NAME,
    LONGEST_PHONE,
    LONGEST_WORDS,
    Mandate,
    key_field,
    words_field,
)
from portal.privacy.models import PrivacyRecipient
from portal.privacy.objections import REFERENCES
from portal.privacy.rules import Right, Source
from portal.registry import Datum


class NoteForm(Mandate):
    """Staff write a request down for somebody who wrote or phoned."""

    right = SelectField("Ce qui est demandé", choices=[(right.value, right.noun) for right in Right])
    source = SelectField(
        "Comment", choices=[(s.value, s.label) for s in (Source.PHONE, Source.MAIL, Source.LETTER)],
    )  # fmt: skip
    received_on = DayField(
        "Reçue le", description="Le mois de réponse court de ce jour.", validators=[required("Écrivez le jour.")],
    )  # fmt: skip
    name = StringField("Nom", filters=[one_line], validators=[required("Écrivez le nom."), at_most(LONGEST_NAME)])
    email = EmailField(
        "Adresse électronique", filters=[strip], description="La réponse y est envoyée.",
        validators=[required("Écrivez l'adresse."), at_most(LONGEST_ADDRESS), mail_address()],
    )  # fmt: skip
    details = words_field("Ce que la personne demande")
    key = key_field()


class WordsForm(BaseForm):
    """A reason, a ground, a decision: sent to who asked."""

    words = TextAreaField(
        "", filters=[strip], validators=[required("Écrivez-le\u00a0: la personne le lit."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "4"},
    )  # fmt: skip

    @classmethod
    def asking(cls, label: str, prefix: str) -> "WordsForm":
        """The form with its own question; several stand on one page."""
        form = cls(prefix=prefix)
        form.words.label.text = label
        return form


class CorrectingForm(WordsForm):
    """Staff correct: what should stand, and the words of the answer."""

    name = StringField(Datum.NAME.label, filters=[one_line], validators=[Optional(), at_most(LONGEST_NAME)])
    email = EmailField(
        Datum.EMAIL.label, filters=[strip], validators=[Optional(), at_most(LONGEST_ADDRESS), mail_address()]
    )
    phone = StringField(Datum.PHONE.label, filters=[one_line], validators=[Optional(), at_most(LONGEST_PHONE)])
    street = StringField(Datum.STREET.label, filters=[one_line], validators=[Optional(), at_most(200)])
    postal_code = StringField(Datum.POSTAL_CODE.label, filters=[one_line], validators=[Optional(), at_most(20)])
    city = StringField(Datum.CITY.label, filters=[one_line], validators=[Optional(), at_most(100)])


class NotingForm(WordsForm):
    """Staff have a note stand with a record whose words stay."""

    record = SelectField("À quel élément", validators=[required("Choisissez l'élément.")])
    wrong = words_field("Ce qui est faux, tel que c'est écrit", 2)
    instead = words_field("Ce qu'il faut lire", 2)

    def validate(self, extra_validators: Any = None) -> bool:
        """Both are said."""
        passed: bool = super().validate(extra_validators)
        for field in (self.wrong, self.instead):
            if not field.data:
                field.errors = ["Écrivez-le."]
                passed = False
        return passed


class RecipientForm(WordsForm):
    """Staff told somebody who was given the data, or could not."""

    outcome = RadioField(
        "Qu'en est-il\u00a0?",
        choices=[("told", "Prévenu"), ("impossible", "Impossible, ou au prix d'un effort disproportionné")],
        default="told", validators=[required("Choisissez ce qu'il en est.")],
    )  # fmt: skip
    on = DayField("Le jour, s'il est prévenu", validators=[Optional()])
    first_day: date
    today: date

    @classmethod
    def of(cls, one: PrivacyRecipient, today: date) -> "RecipientForm":
        """The form of one recipient: several stand on one page."""
        form = cls(prefix=f"destinataire-{one.id}")
        form.words.label.text = "Comment, ou pourquoi pas"
        form.first_day, form.today = one.request.received_on, today
        if not form.is_submitted():
            form.on.data = today
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Told on a day."""
        passed: bool = super().validate(extra_validators)
        if passed and self.outcome.data == "told" and self.on.data is None:
            self.on.errors = ["Écrivez le jour."]
            return False
        if passed and self.outcome.data == "told" and not self.first_day <= self.on.data <= self.today:
            self.on.errors = [f"Du {long_date(self.first_day)}, jour de la demande, à aujourd'hui."]
            return False
        return passed


class OtherRecipientForm(BaseForm):
    """Somebody whom staff alone know to have been given the data."""

    name = StringField(
        "À qui d'autre ces données ont-elles été communiquées\u00a0?", filters=[one_line],
        validators=[required("Écrivez à qui."), at_most(LONGEST_NAME)], render_kw={"autocomplete": "off"},
    )  # fmt: skip


class StoppingForm(WordsForm):
    """Staff stop uses: which, and the words of the answer."""

    uses = Boxes("Les usages qui cessent")
    organisation = SelectField(
        "L'organisation, pour la liste des références", coerce=int, default=0,
        description="À dire quand la demande ne vient pas d'un accès à l'espace client.",
    )  # fmt: skip

    def validate_uses(self, field: Boxes) -> None:
        """Some use stops."""
        if not field.data:
            raise StopValidation("Choisissez au moins un usage.")
        if REFERENCES in field.data and not self.organisation.data:
            raise StopValidation("Dites quelle organisation ne doit plus être citée.")


class LiftForm(WordsForm):
    """Staff lift a freeze on a day that comes."""

    on = DayField(
        "Jour de la levée", description="À partir de demain\u00a0: la personne est prévenue avant.",
        validators=[required("Écrivez le jour.")],
    )  # fmt: skip


class LeavingForm(WordsForm):
    """Staff take an organisation out of the client file."""

    organisation = SelectField("L'organisation", coerce=int)
