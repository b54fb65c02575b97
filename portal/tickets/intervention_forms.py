"""Forms of the time worked: an entry, hours without a contract, a correction, a contestation, its answer."""

from datetime import date
from typing import Any

from wtforms import DateField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, ValidationError
from wtforms.widgets import TextInput

from portal.forms import BaseForm, at_most, one_line, required, strip
from portal.french import points as points_words
from portal.terms import Version
from portal.terms.money import InvalidAmount, amount
from portal.terms.points import LONGEST
from portal.terms.price import FARTHEST

LONGEST_WORDS = 2_000
NEW = "nouvelle"


class TimeForm(BaseForm):
    """Minutes of one kind of work."""

    service = SelectField("Nature du travail", validators=[InputRequired("Choisissez la nature du travail.")])
    minutes = IntegerField(
        "Minutes", description="Le temps réel\u00a0: le minimum est ajouté par le calcul.",
        validators=[
            InputRequired("Écrivez la durée en minutes."),
            NumberRange(1, LONGEST, f"Une durée se compte en minutes entières, de 1 à {LONGEST}."),
        ],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )  # fmt: skip
    words = StringField(
        "Ce qui a été fait", filters=[one_line], description="Le client le lit.",
        validators=[required("Écrivez en quelques mots ce qui a été fait."), at_most(500)],
    )  # fmt: skip
    day = DateField(
        "Jour", format=["%d/%m/%Y", "%Y-%m-%d"], widget=TextInput(),
        validators=[InputRequired("Écrivez le jour, comme 03/12/2026.")],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "placeholder": "JJ/MM/AAAA"},
    )  # fmt: skip
    technician = SelectField("Technicien", coerce=int, validators=[InputRequired("Choisissez le technicien.")])
    intervention = SelectField(
        "Intervention", description="Une session à distance ou un déplacement\u00a0: le minimum y compte une fois.",
        validators=[InputRequired("Choisissez l'intervention.")],
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])

    def __init__(self, *args: Any, today: date, version: Version, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        self.service.choices = [
            ("", "Choisissez"),
            *((rate.key, f"{rate.label} ({points_words(rate.rate)} par heure)") for rate in version.tariff.liberty),
        ]

    def validate_day(self, field: DateField) -> None:
        """Time is noted once it was worked."""
        if field.data and field.data > self._today:
            raise ValidationError("Ce jour n'est pas encore passé.")


class HoursForm(BaseForm):
    """What 7.1.1 asks: which hour, and kilometres outside the zones."""

    hour = RadioField("Heure", validators=[InputRequired("Choisissez l'heure technique ou d'ingénierie.")])
    km = StringField(
        "Kilomètres hors zone", filters=[strip], default="0", render_kw={"inputmode": "decimal", "autocomplete": "off"},
        description="0 dans les zones incluses. Les CGV ne définissent pas les zones.",
    )  # fmt: skip

    def __init__(self, *args: Any, version: Version, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hour.choices = [(rate.key, f"{rate.label} ({rate.line})") for rate in version.tariff.hourly]

    def validate_km(self, field: StringField) -> None:
        """A distance."""
        try:
            field.km = round(amount(field.data or "0", most=FARTHEST), 2)
        except InvalidAmount as error:
            raise ValidationError("Écrivez une distance en kilomètres, par exemple 12,5.") from error


class MinutesForm(BaseForm):
    """The minutes of each entry, as they should count; the fields are in the page."""

    reason = TextAreaField(
        "Pourquoi", filters=[strip], render_kw={"rows": "3"},
        description="Le client le lit, et la raison reste dans le registre.",
        validators=[required("Écrivez la raison\u00a0: le client la lit."), at_most(LONGEST_WORDS)],
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])


class AnswerForm(MinutesForm):
    """An answer to a contestation."""

    outcome = RadioField(
        "Votre décision", choices=[("maintained", "Maintenir le temps"), ("corrected", "Corriger le temps")],
        validators=[InputRequired("Choisissez\u00a0: maintenir ou corriger.")],
    )  # fmt: skip


class ContestForm(BaseForm):
    """What is contested, and why."""

    reason = TextAreaField(
        "Ce qui ne va pas", filters=[strip], render_kw={"rows": "4"},
        description="Par exemple\u00a0: la durée, la nature du travail, le jour.",
        validators=[required("Écrivez ce qui ne va pas, pour que nous puissions répondre."), at_most(LONGEST_WORDS)],
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])
