"""Forms of the room."""

from wtforms import EmailField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from portal.forms import BaseForm, at_most, mail_address, one_line, required, strip
from portal.privacy.rules import Right, Source

LONGEST_WORDS = 5_000
#: What each right asks to be told; what needs no words asks for none.
QUESTIONS = {
    Right.RECTIFICATION: ("Qu'est-ce qui est faux, et que faut-il écrire\u00a0?", True),
    Right.RESTRICTION: ("Quelles données, et pourquoi\u00a0?", True),
    Right.OBJECTION: ("À quel usage vous opposez-vous, et pour quelle raison tenant à votre situation\u00a0?", True),
    Right.ERASURE: ("Une précision, si vous le souhaitez", False),
    Right.CLIENT_FILE: ("Une précision, si vous le souhaitez", False),
}


class RightForm(BaseForm):
    """A signed-in person uses a right: nothing to prove, next to nothing to type."""

    details = TextAreaField("", filters=[strip], render_kw={"rows": "5"})
    mandate = TextAreaField(
        "Pour quelqu'un d'autre", filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)],
        description="Laissez vide pour vous-même. Sinon\u00a0: qui vous mandate, son adresse, et le mandat lui-même.",
        render_kw={"rows": "3"},
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])

    def ask_for(self, right: Right) -> None:
        """Put the question of a right to its field."""
        question, needed = QUESTIONS.get(right, ("Une précision, si vous le souhaitez", False))
        self.details.label.text = question
        checks = (
            [required("Écrivez ce que vous demandez\u00a0: nous devons savoir quoi faire.")] if needed else [Optional()]
        )
        self.details.validators = [*checks, at_most(LONGEST_WORDS)]
        self.details.flags.required = needed


class PublicForm(BaseForm):
    """Somebody without an account."""

    right = RadioField(
        "Que demandez-vous\u00a0?", choices=[(right.value, right.label) for right in Right],
        validators=[required("Choisissez ce que vous demandez.")],
    )  # fmt: skip
    name = StringField(
        "Vos prénom et nom", filters=[one_line], validators=[required("Écrivez votre nom."), at_most(200)],
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    email = EmailField(
        "Votre adresse électronique", filters=[strip],
        description="Celle que nous connaissons, s'il y en a une. Un lien y est envoyé\u00a0: le suivre prouve qu'elle est à vous.",
        validators=[required("Écrivez votre adresse électronique."), at_most(320), mail_address()],
        render_kw={"autocomplete": "email"},
    )  # fmt: skip
    details = TextAreaField(
        "Ce que vous demandez, en détail", filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)],
        render_kw={"rows": "5"},
    )  # fmt: skip
    mandate = TextAreaField(
        "Pour quelqu'un d'autre", filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)],
        description="Laissez vide pour vous-même. Sinon\u00a0: qui vous mandate, et le mandat lui-même.",
        render_kw={"rows": "3"},
    )  # fmt: skip
    website = StringField("Ne remplissez pas ce champ", render_kw={"autocomplete": "off", "tabindex": "-1"})
    key = HiddenField(validators=[at_most(64)])


class NoteForm(BaseForm):
    """Staff write a request down for somebody who wrote or phoned."""

    right = SelectField("Ce qui est demandé", choices=[(right.value, right.label) for right in Right])
    source = SelectField(
        "Comment", choices=[(s.value, s.label) for s in (Source.PHONE, Source.MAIL, Source.LETTER)],
    )  # fmt: skip
    name = StringField("Nom", filters=[one_line], validators=[required("Écrivez le nom."), at_most(200)])
    email = EmailField(
        "Adresse électronique", filters=[strip], description="La réponse y est envoyée.",
        validators=[required("Écrivez l'adresse."), at_most(320), mail_address()],
    )  # fmt: skip
    details = TextAreaField(
        "Ce que la personne demande", filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)],
        render_kw={"rows": "5"},
    )  # fmt: skip
    mandate = TextAreaField(
        "Mandat, si c'est pour quelqu'un d'autre", filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)],
        render_kw={"rows": "3"},
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])


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
