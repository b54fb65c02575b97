"""Forms of the room: a threshold, points to add, a correction, a rule, an end, a contract by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

from wtforms import BooleanField, DateField, Field, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional, ValidationError
from wtforms.widgets import TextInput

from portal.contracts.notice_rules import Ground, Sender, ground_words
from portal.contracts.rules import InvalidPoints, Kind, Overdraft, Policy, check_points
from portal.forms import BaseForm, at_most, attachments, required, strip
from portal.terms import Version
from portal.terms.money import InvalidAmount, amount

LONGEST = 2_000
_DAY: dict[str, Any] = {"inputmode": "numeric", "autocomplete": "off", "placeholder": "JJ/MM/AAAA"}
_NUMBER = {"inputmode": "decimal", "autocomplete": "off"}


def read_points(text: str) -> Decimal:
    """Points as somebody types them: ``1 234,5``.

    Raises:
        InvalidAmount, InvalidPoints: they are none.
    """
    return check_points(amount(text))


def _points(_: BaseForm, field: StringField) -> None:
    try:
        read_points(field.data or "")
    except (InvalidAmount, InvalidPoints) as error:
        raise ValidationError("Écrivez un nombre de points, par exemple 250 ou 12,50.") from error


class PointsField(StringField):
    """A number of points, written the French way."""

    @property
    def points(self) -> Decimal:
        """What was typed, once it passed."""
        return read_points(self.data or "")


def _reason(label: str, hint: str = "") -> TextAreaField:
    return TextAreaField(
        label, filters=[strip], description=hint, render_kw={"rows": "3"},
        validators=[required("Écrivez la raison\u00a0: elle reste dans le registre, et le client la lit."), at_most(LONGEST)],
    )  # fmt: skip


class AlertForm(BaseForm):
    """A threshold."""

    threshold = PointsField(
        "Me prévenir quand il reste", description="En points, par exemple 50.", filters=[strip],
        validators=[required("Écrivez le seuil, en points."), at_most(20), _points], render_kw=_NUMBER,
    )  # fmt: skip


class MailsForm(BaseForm):
    """Which mails about points one wants."""

    movements = BooleanField("À chaque intervention décomptée ou corrigée sur un ticket que je suis")
    monthly = BooleanField("Le relevé de chaque mois, au début du mois suivant")


class CreditForm(BaseForm):
    """Points added by hand."""

    points = PointsField(
        "Points à ajouter", filters=[strip], validators=[required("Écrivez le nombre de points."), at_most(20), _points],
        render_kw=_NUMBER,
    )  # fmt: skip
    reason = _reason("Pourquoi", "Par exemple\u00a0: geste commercial, commande d'avant le portail.")
    key = HiddenField(validators=[at_most(64)])


class CorrectForm(BaseForm):
    """A counter-entry."""

    points = PointsField(
        "Points", filters=[strip], validators=[required("Écrivez le nombre de points."), at_most(20), _points],
        render_kw=_NUMBER,
    )  # fmt: skip
    reason = _reason("Pourquoi")
    key = HiddenField(validators=[at_most(64)])


class OverdraftFields(BaseForm):
    """What a contract does when its points are used up."""

    policy = RadioField(
        "Quand les points sont épuisés", choices=[(policy.value, policy.label) for policy in Policy],
        validators=[InputRequired("Choisissez une règle.")], default=Policy.REFUSE.value,
    )  # fmt: skip
    limit = PointsField(
        "Limite sous zéro", filters=[strip], description="En points, avec la troisième règle seulement.",
        validators=[Optional(), at_most(20), _points], render_kw=_NUMBER,
    )  # fmt: skip

    def validate(self, extra_validators: Any = None) -> bool:
        """What may be left empty must not be when something else is filled in."""
        passed = bool(super().validate(extra_validators))
        for field, message in self.missing():
            field.errors = [*field.errors, message]
            passed = False
        return passed

    def missing(self) -> list[tuple[Field, str]]:
        """(field, message) of what another answer asks for: a limit goes with its rule."""
        needed = self.policy.data == Policy.LIMIT and not self.limit.data
        return [(self.limit, "Écrivez la limite, en points.")] if needed else []

    @property
    def overdraft(self) -> Overdraft:
        """The rule that was chosen; a limit typed beside another rule is left out."""
        if self.policy.data == Policy.LIMIT:
            return Overdraft(Policy.LIMIT, self.limit.points)
        return Overdraft({policy.value: policy for policy in Policy}[self.policy.data])


class OverdraftForm(OverdraftFields):
    """Another rule, with its reason."""

    reason = _reason("Pourquoi")


class NoticeForm(BaseForm):
    """A formal notice (article 10)."""

    sender = RadioField(
        "Qui met en demeure", choices=[(sender.value, sender.label) for sender in Sender],
        validators=[InputRequired("Choisissez qui met en demeure.")],
    )  # fmt: skip
    breach = TextAreaField(
        "Ce qui n'a pas été fait", filters=[strip], render_kw={"rows": "3"},
        validators=[required("Écrivez ce qui n'a pas été fait."), at_most(LONGEST)],
    )  # fmt: skip
    received_on = DateField(
        "Jour de réception", format=["%d/%m/%Y", "%Y-%m-%d"], widget=TextInput(), render_kw=_DAY,
        description="Le délai court de ce jour.",
        validators=[InputRequired("Écrivez le jour, comme 03/12/2026.")],
    )  # fmt: skip
    received_how = StringField(
        "Ce qui le prouve", filters=[strip], description="Par exemple\u00a0: accusé de réception 1A 000 000.",
        validators=[required("Écrivez ce qui prouve la réception."), at_most(300)],
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self._today = today
        super().__init__(*args, **kwargs)

    def validate_received_on(self, field: DateField) -> None:
        """A notice is recorded once it was received."""
        if field.data and field.data > self._today:
            raise ValidationError("Ce jour n'est pas encore passé.")

    @property
    def chosen_sender(self) -> Sender:
        """Whose notice it is."""
        return Sender.CLIENT if self.sender.data == Sender.CLIENT else Sender.COMPANY


class ServeForm(BaseForm):
    """A formal notice that the client sends."""

    breach = TextAreaField(
        "Ce qui n'a pas été fait, et ce que vous demandez", filters=[strip], render_kw={"rows": "4"},
        validators=[required("Écrivez ce qui n'a pas été fait."), at_most(LONGEST)],
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])


class MadeGoodForm(BaseForm):
    """A notice that was answered."""

    words = TextAreaField(
        "Comment c'est réglé", filters=[strip], render_kw={"rows": "3"},
        validators=[required("Écrivez comment c'est réglé, ou pourquoi elle est retirée."), at_most(LONGEST)],
    )  # fmt: skip


class EndForm(BaseForm):
    """The end of a contract."""

    ground = RadioField("Motif", validators=[InputRequired("Choisissez le motif.")])

    def __init__(self, *args: Any, version: Version, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ground.choices = [(ground.value, ground_words(version, ground)) for ground in Ground]

    @property
    def chosen_ground(self) -> Ground:
        """The ground that was chosen."""
        return {ground.value: ground for ground in Ground}[self.ground.data]

    reason = _reason("Pourquoi le contrat prend fin")


class OpenForm(OverdraftFields):
    """A contract signed before the portal, or beside it."""

    organisation = SelectField("Client", coerce=int, validators=[InputRequired("Choisissez le client.")])
    kind = RadioField(
        "Contrat", choices=[(kind.value, kind.label) for kind in Kind],
        validators=[InputRequired("Choisissez le contrat.")],
    )  # fmt: skip
    signed_on = DateField(
        "Jour de la signature", format=["%d/%m/%Y", "%Y-%m-%d"], widget=TextInput(), render_kw=_DAY,
        validators=[InputRequired("Écrivez le jour, comme 03/12/2026.")],
    )  # fmt: skip
    points = PointsField(
        "Points restants", filters=[strip], description="Ceux que le contrat a aujourd'hui.",
        validators=[required("Écrivez le nombre de points."), at_most(20), _points], render_kw=_NUMBER,
    )  # fmt: skip
    terms = SelectField(
        "Version des CGV acceptée", validators=[InputRequired("Choisissez la version.")],
        description="Celle que le client a signée\u00a0: son tarif et ses règles s'appliquent au contrat.",
    )  # fmt: skip
    conditions = TextAreaField(
        "Conditions particulières", filters=[strip], validators=[at_most(20_000)], render_kw={"rows": "5"},
        description="Le client les lit sur la page du contrat, avec les CGV.",
    )  # fmt: skip
    derogation = TextAreaField(
        "Dérogation écrite aux CGV", filters=[strip], validators=[at_most(20_000)], render_kw={"rows": "3"},
        description="Préalable, expresse et écrite. Elle est montrée avant les CGV.",
    )  # fmt: skip
    derogation_day = DateField(
        "Jour de cette dérogation", format=["%d/%m/%Y", "%Y-%m-%d"], widget=TextInput(), render_kw=_DAY,
        validators=[Optional()],
    )  # fmt: skip
    files = attachments("Contrat signé, numérisé, et autres pièces")
    reason = _reason("Pourquoi ce contrat est saisi à la main", "Par exemple\u00a0: signé sur papier avant le portail.")
    key = HiddenField(validators=[at_most(64)])

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self._today = today
        super().__init__(*args, **kwargs)

    @property
    def chosen_kind(self) -> Kind:
        """The contract that was chosen."""
        return {kind.value: kind for kind in Kind}[self.kind.data]

    def validate_signed_on(self, field: DateField) -> None:
        """A contract is signed before it is typed."""
        if field.data and field.data > self._today:
            raise ValidationError("Ce jour n'est pas encore passé.")

    def missing(self) -> list[tuple[Field, str]]:
        """A derogation is dated (article 1: it is prior)."""
        undated = self.derogation.data and not (self.derogation_day.data or self.derogation_day.errors)
        return super().missing() + ([(self.derogation_day, "Écrivez le jour de la dérogation.")] if undated else [])


class TokenForm(BaseForm):
    """Nothing to fill in: the token alone."""
