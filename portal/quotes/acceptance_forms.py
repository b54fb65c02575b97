"""Forms of an acceptance: who signs and to what they consent, then the code; a paper that came back signed."""

from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired

from portal.forms import BaseForm, at_most, one_line, required, strip

#: How a day is typed; what a browser's calendar sends comes first.
DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y")
#: One file that proves something: a phone offers its camera.
CAMERA = {"accept": "image/*,.pdf,.eml,.msg,.txt,.docx"}


class SignForm(BaseForm):
    """The first step: name, capacity, and a box for each thing one consents to. No box is ever ticked beforehand."""

    name = StringField(
        "Vos prénom et nom", filters=[one_line], validators=[required("Écrivez vos prénom et nom."), at_most(200)],
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    capacity = StringField(
        "Votre qualité", filters=[one_line], description="Par exemple gérante, directeur, maire.",
        validators=[required("Écrivez en quelle qualité vous signez."), at_most(200)],
        render_kw={"autocomplete": "organization-title"},
    )  # fmt: skip
    terms = BooleanField(validators=[DataRequired("Cochez la case\u00a0: on n'accepte pas un devis sans ses CGV.")])
    conditions = BooleanField()
    derogations = BooleanField()

    def ask(self, consents: tuple[str, ...], *, conditions: bool, derogations: bool) -> None:
        """Which boxes this quote has, and the words beside each."""
        words = iter(consents)
        self.terms.label.text = next(words)
        for field, wanted, why in (
            (self.conditions, conditions, "les conditions particulières"),
            (self.derogations, derogations, "les dérogations"),
        ):
            if wanted:
                field.label.text = next(words)
                field.validators = [DataRequired(f"Cochez la case\u00a0: on n'accepte pas ce devis sans {why}.")]

    @property
    def boxes(self) -> list[BooleanField]:
        """The boxes that this quote has."""
        return [field for field in (self.terms, self.conditions, self.derogations) if field.validators]


class ConfirmForm(BaseForm):
    """The second step: the code, where one was sent."""

    code = StringField(
        "Code à six chiffres", filters=[strip],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code"},
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])


class CodeForm(ConfirmForm):
    """The second step of an answer that gives a reason: both pages of it carry what was typed."""

    reason = TextAreaField(filters=[strip])


class PaperForm(BaseForm):
    """A quote that came back signed on paper."""

    name = StringField("Signé par", filters=[one_line], validators=[required("Écrivez qui a signé."), at_most(200)])
    capacity = StringField("En qualité de", filters=[one_line], validators=[at_most(200)])
    day = DateField(
        "Jour de la signature", format=list(DAYS), validators=[required("Écrivez le jour de la signature.")],
        description="C'est ce jour qui compte pour la validité.",
    )  # fmt: skip
    scan = FileField("Copie du devis signé", description="PDF ou image.", render_kw=CAMERA)
    key = HiddenField(validators=[at_most(64)])


class ReceptionForm(BaseForm):
    """A day of reception, and its proof."""

    day = DateField(
        "Jour de la réception", format=list(DAYS), validators=[required("Écrivez le jour de la réception.")]
    )
    words = TextAreaField(
        "Ce qui le prouve", filters=[strip], description="Par exemple\u00a0: accusé de réception, appel à Mme Muller.",
        validators=[required("Écrivez ce qui prouve la réception."), at_most(2_000)], render_kw={"rows": "2"},
    )  # fmt: skip
    proof = FileField("Preuve", description="Accusé de réception, courriel, note d'appel.", render_kw=CAMERA)
