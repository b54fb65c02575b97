"""The forms of orders: what happened, an amendment, its decision, an end."""

from wtforms import BooleanField, FileField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional

from portal.forms import BaseForm, DayField, at_most, one_line, required, strip
from portal.orders.progress_rules import SUSPENDS

NAME, WORDS = 120, 4000


class ActForm(BaseForm):
    """An act without a question: the key of its page."""

    key = HiddenField()


class EventForm(ActForm):
    """Something that happened on a day."""

    day = DayField("Jour", validators=[required("Donnez le jour.")])
    words = TextAreaField("Précisions", filters=[strip], validators=[Optional(), at_most(WORDS)])


class LineForm(EventForm):
    """Something that happened to one line."""

    line = SelectField("Ligne", coerce=int)


class SuspendForm(EventForm):
    """A suspension: since when, on which ground, why."""

    ground = SelectField("Motif", choices=[(each.value, each.label) for each in SUSPENDS])
    words = TextAreaField(
        "Raison", filters=[strip], validators=[required("Dites pourquoi\u00a0: le client le lit."), at_most(WORDS)]
    )  # fmt: skip


class NoticeForm(EventForm):
    """A formal notice: the words that are put to the other side."""

    side = SelectField("Envoyée par", choices=[("provider", "Nous"), ("client", "Le client")])
    words = TextAreaField(
        "Ce qui est reproché", filters=[strip],
        description="Les mots de la lettre\u00a0: l'obligation qui n'est pas remplie, et ce qui est demandé.",
        validators=[required("Écrivez ce qui est reproché."), at_most(WORDS)],
    )  # fmt: skip


class ServeForm(ActForm):
    """A formal notice that the client sends."""

    words = TextAreaField(
        "Ce qui n'a pas été fait, et ce que vous demandez", filters=[strip],
        validators=[required("Écrivez ce qui n'a pas été fait."), at_most(WORDS)],
    )  # fmt: skip


class ReceptionForm(EventForm):
    """The reception of a formal notice, with its proof: its day starts the countdown of article 10."""

    side = SelectField("Mise en demeure envoyée par", choices=[("provider", "Nous"), ("client", "Le client")])
    proof = FileField("Preuve de réception", description="Avis de réception scanné, courriel.")


class TerminateForm(ActForm):
    """An end, and the work done, which is due (article 11)."""

    lines = SelectMultipleField("Lignes entièrement réalisées", coerce=int, validators=[Optional()])
    words = TextAreaField(
        "Prestations déjà réalisées, même en partie", filters=[strip],
        description="La liste reste avec la commande. Écrivez «\u00a0aucune\u00a0» s'il n'y en a pas.",
        validators=[required("Dites ce qui est déjà réalisé, ou «\u00a0aucune\u00a0»."), at_most(WORDS)],
    )  # fmt: skip


class AcceptForm(ActForm):
    """An acceptance: who, and both boxes."""

    name = StringField(
        "Vos nom et prénom", filters=[one_line], validators=[required("Écrivez votre nom."), at_most(NAME)],
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    capacity = StringField(
        "Votre fonction", filters=[one_line], description="Par exemple gérante, directeur.",
        validators=[required("Donnez votre fonction."), at_most(NAME)], render_kw={"autocomplete": "organization-title"},
    )  # fmt: skip
    amendment = BooleanField(validators=[required("Cochez la case pour accepter l'avenant.")])
    terms = BooleanField(validators=[required("Cochez la case des CGV.")])

    def ask(self, consents: tuple[str, ...]) -> None:
        """Put the words of the consent beside the boxes."""
        self.amendment.label.text, self.terms.label.text = consents


class RefuseForm(ActForm):
    """A refusal, and why."""

    capacity = AcceptForm.capacity
    reason = TextAreaField(
        "Raison du refus", filters=[strip], description="L'autre partie la lit.",
        validators=[required("Dites pourquoi, en une phrase."), at_most(WORDS)],
    )  # fmt: skip
