"""Forms of the room."""

from typing import Any

from wtforms import EmailField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from portal.accounts.forms import Boxes
from portal.forms import (
    BaseForm,
    at_most,
    attachments,
    mail_address,
    one_line,
    required,
    strip,
)
from portal.privacy.rules import Right
from portal.registry import Datum

LONGEST_WORDS = 5_000
LONGEST_NAME, LONGEST_ADDRESS, LONGEST_PHONE = 200, 320, 40
#: A document of identity has two sides.
PROOFS, PROOF_KINDS = 2, frozenset({"pdf", "jpg", "png", "heic", "webp"})
#: What each right asks to be told; what needs no words asks for none.
QUESTIONS = {
    Right.RESTRICTION: ("Quelles données, et pourquoi\u00a0?", True),
    Right.ERASURE: ("Une précision, si vous le souhaitez", False),
    Right.CLIENT_FILE: ("Une précision, si vous le souhaitez", False),
}


def key_field() -> HiddenField:
    """What tells one page from another."""
    return HiddenField(validators=[at_most(64)])


def words_field(label: str, rows: int = 5, **more: Any) -> TextAreaField:
    """Words that need not be given."""
    return TextAreaField(
        label, filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)], render_kw={"rows": str(rows)}, **more
    )


class RightForm(BaseForm):
    """A signed-in person uses a right: nothing to prove, next to nothing to type."""

    details = TextAreaField("", filters=[strip], render_kw={"rows": "5"})
    key = key_field()

    def ask_for(self, right: Right) -> None:
        """Put the question of a right to its field."""
        question, needed = QUESTIONS.get(right, ("Une précision, si vous le souhaitez", False))
        self.details.label.text = question
        checks = (
            [required("Écrivez ce que vous demandez\u00a0: nous devons savoir quoi faire.")] if needed else [Optional()]
        )
        self.details.validators = [*checks, at_most(LONGEST_WORDS)]
        self.details.flags.required = needed


class CorrectionForm(BaseForm):
    """What is right, in place of what stands now; what is left as it stands is not corrected."""

    name = StringField(
        Datum.NAME.label, filters=[one_line], validators=[Optional(), at_most(LONGEST_NAME)],
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    phone = StringField(
        Datum.PHONE.label, filters=[one_line], validators=[Optional(), at_most(LONGEST_PHONE)],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )  # fmt: skip
    record = SelectField("Dans quel texte\u00a0?", validators=[Optional()])
    wrong = words_field("Ce qui est faux, tel que c'est écrit", 2)
    instead = words_field("Ce qu'il faut lire", 2)
    details = words_field(
        "Autre chose à corriger",
        description="Dites ce qui est faux et ce qu'il faut écrire\u00a0: une personne s'en occupe et vous répond.",
    )
    key = key_field()

    @property
    def states(self) -> bool:
        """Whether something is said to be wrong in a text."""
        return bool(self.record.data or self.wrong.data or self.instead.data)

    def validate(self, extra_validators: Any = None) -> bool:
        """What is wrong is said whole: where, what, and what it should be."""
        passed: bool = super().validate(extra_validators)
        for field, missing in (
            (self.record, "Choisissez le texte."), (self.wrong, "Écrivez ce qui est faux."),
            (self.instead, "Écrivez ce qu'il faut lire."),
        ):  # fmt: skip
            if self.states and not field.data:
                field.errors = [missing]
                passed = False
        return passed


class AddressForm(BaseForm):
    """A new address, proved by a link that is sent there."""

    email = EmailField(
        "Votre nouvelle adresse électronique", filters=[strip],
        description="Un lien y est envoyé. L'adresse actuelle vaut jusqu'à ce que vous l'ayez suivi.",
        validators=[required("Écrivez votre nouvelle adresse."), at_most(LONGEST_ADDRESS), mail_address()],
        render_kw={"autocomplete": "email"},
    )  # fmt: skip
    key = key_field()


class ObjectionForm(BaseForm):
    """The uses that stop; another one in words."""

    uses = Boxes(
        "Quels usages doivent cesser\u00a0?", description="Ils cessent aussitôt, sans que vous ayez à dire pourquoi."
    )
    details = words_field(
        "Un autre usage",
        description="Dites lequel, et pour quelle raison tenant à votre situation\u00a0: une personne vous répond.",
    )
    key = key_field()

    def validate(self, extra_validators: Any = None) -> bool:
        """One of the two is said."""
        passed: bool = super().validate(extra_validators)
        if passed and not self.details.data and not self.uses.data:
            self.details.errors = ["Choisissez un usage, ou dites lequel doit cesser."]
            return False
        return passed


class Mandate(BaseForm):
    """For whom one asks, and the mandate: written out, or joined."""

    subject_name = StringField(
        "Nom de la personne", filters=[one_line], validators=[Optional(), at_most(LONGEST_NAME)],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    subject_email = EmailField(
        "Son adresse électronique", filters=[strip], description="Celle que nous connaissons\u00a0: c'est par elle que nous retrouvons ses données.",
        validators=[Optional(), at_most(LONGEST_ADDRESS), mail_address()], render_kw={"autocomplete": "off"},
    )  # fmt: skip
    mandate = words_field("Le mandat, écrit", 3, description="Qui vous autorise à demander quoi, et depuis quand.")
    mandate_file = attachments("Le mandat signé", most=1)

    @property
    def for_somebody(self) -> bool:
        """Whether something is said of somebody else."""
        return bool(self.subject_name.data or self.subject_email.data or self.mandate.data or self.mandate_file.data)

    def check_mandate(self) -> bool:
        """Whether a mandate is whole; what is missing is said by its field."""
        for field, missing in (
            (self.subject_name, "Écrivez le nom de la personne."),
            (self.subject_email, "Écrivez l'adresse de la personne."),
        ):
            if not field.data:
                field.errors = [missing]
        if not self.mandate.data and not self.mandate_file.data:
            self.mandate.errors = [
                "Écrivez le mandat ou joignez-le\u00a0: sans lui, nous ne répondons qu'à la personne."
            ]
        return not self.errors


class MandateForm(Mandate):
    """A signed-in person asks for somebody else."""

    right = RadioField(
        "Que demandez-vous pour cette personne\u00a0?",
        choices=[(right.value, right.label_for_another) for right in Right if right is not Right.CLIENT_FILE],
        validators=[required("Choisissez ce que vous demandez.")],
    )  # fmt: skip
    details = words_field("Ce que vous demandez, en détail")
    key = key_field()

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        for field in (self.subject_name, self.subject_email):
            field.flags.required = True  # here there is always somebody


class PublicForm(Mandate):
    """Somebody without an account."""

    right = RadioField(
        "Que demandez-vous\u00a0?",
        choices=[
            (right.value, right.label + (" (être cité comme référence, par exemple)" if right is Right.OBJECTION else ""))
            for right in Right
        ],
        validators=[required("Choisissez ce que vous demandez.")],
    )  # fmt: skip
    name = StringField(
        "Vos prénom et nom", filters=[one_line], validators=[required("Écrivez votre nom."), at_most(LONGEST_NAME)],
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    email = EmailField(
        "Votre adresse électronique", filters=[strip],
        description="Celle que nous connaissons, s'il y en a une. Un lien y est envoyé\u00a0: le suivre prouve qu'elle est à vous.",
        validators=[required("Écrivez votre adresse électronique."), at_most(LONGEST_ADDRESS), mail_address()],
        render_kw={"autocomplete": "email"},
    )  # fmt: skip
    details = words_field("Ce que vous demandez, en détail")
    website = StringField("Ne remplissez pas ce champ", render_kw={"autocomplete": "off", "tabindex": "-1"})
    key = key_field()


class ProofForm(BaseForm):
    """What shows who somebody is; nothing else is asked."""

    proof = attachments(
        "Votre preuve d'identité", most=PROOFS, kinds=PROOF_KINDS,
        description="Deux fichiers au plus, 20\u00a0Mo chacun\u00a0: une photo ou un PDF. "
        "Cachez ce qui n'aide pas à vous reconnaître\u00a0: la photo, le numéro du document.",
    )  # fmt: skip

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.proof.flags.required = True

    def validate(self, extra_validators: Any = None) -> bool:
        """There is one."""
        passed: bool = super().validate(extra_validators)
        if passed and not self.proof.data:
            self.proof.errors = ["Choisissez un fichier."]
            return False
        return passed
