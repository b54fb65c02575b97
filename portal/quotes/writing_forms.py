"""Forms of a quote being written: its texts as they are typed; what is wrong with them is the draft's reader's to say."""

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import FieldList, Form, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from portal.accounts.forms import Boxes
from portal.forms import BaseForm, at_most, attachments, one_line, required, strip
from portal.quotes.draft import DEROGATION, LINE, LONGEST, Problem
from portal.quotes.offer import Kind
from portal.quotes.writing_actions import MOST_FILES
from portal.terms import Version
from portal.terms.citing import cites


class LineForm(Form):  # type: ignore[misc]
    """One line, as typed."""

    kind = SelectField("Nature", choices=[(kind.value, kind.label) for kind in Kind], validate_choice=False)
    description = TextAreaField("Désignation", render_kw={"rows": "2"})
    quantity = StringField("Quantité", render_kw={"inputmode": "decimal", "autocomplete": "off"})
    unit = StringField("Unité", render_kw={"autocomplete": "off", "placeholder": "heure, pièce…"})
    price = StringField("Prix unitaire HT", render_kw={"inputmode": "decimal", "autocomplete": "off"})
    vat = StringField("TVA (en %)", render_kw={"inputmode": "decimal", "autocomplete": "off"})
    contract = SelectField("Contrat alimenté", choices=[], validate_choice=False)


class DerogationForm(Form):  # type: ignore[misc]
    """One derogation, as typed."""

    article = StringField("Article des CGV", render_kw={"autocomplete": "off", "placeholder": "7.4"})
    words = TextAreaField("Ce qui est convenu à la place", render_kw={"rows": "3"})
    day = StringField("Convenu le", render_kw={"autocomplete": "off", "placeholder": "JJ/MM/AAAA"})


class DraftForm(BaseForm):
    """All the texts of a draft."""

    subject = StringField("Objet", description="Ce que le client lit en premier.", render_kw={"autocomplete": "off"})
    recipients = Boxes(
        "Destinataires", coerce=int, validate_choice=False, description="Chacun reçoit un lien qui n'est qu'à lui."
    )
    lines = FieldList(FormField(LineForm))
    derogations = FieldList(FormField(DerogationForm))
    conditions = TextAreaField(
        "Conditions particulières (CP)", description="Elles complètent les CGV{}.", render_kw={"rows": "6"}
    )
    delivery = StringField(
        "Délai de réalisation, indicatif", description="Les délais sont donnés à titre indicatif{}.",
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    deposit = StringField(
        "Acompte à la commande, TTC", description="Un pourcentage ou un montant, par exemple 30 % ou 500.",
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    own_last_day = StringField(
        "Dernier jour propre à ce devis",
        description="Laissez vide pour suivre la durée des CGV{}. Un dernier jour propre n'est pas prolongé.",
        render_kw={"autocomplete": "off", "placeholder": "JJ/MM/AAAA"},
    )  # fmt: skip
    template_name = StringField("Nom du modèle", filters=[one_line], validators=[Optional(), at_most(120)])
    revision = HiddenField()

    def offer_choices(self, people: Iterable[tuple[int, str]], contracts: Iterable[tuple[str, str]]) -> None:
        """Whom it may go to, and which contracts points may feed."""
        self.recipients.choices = list(people)
        known = [("", "Aucun"), *contracts]
        for line in self.lines:
            line.form.contract.choices = known

    def cite(self, version: Version) -> None:
        """Say after each hint where it stands in the version that the quote would be sent under."""
        for field, key in (
            (self.conditions, "special_conditions"), (self.delivery, "indicative_delivery"),
            (self.own_last_day, "quote_validity"),
        ):  # fmt: skip
            field.description = field.description.format(cites(version, key))

    def typed(self) -> dict[str, Any]:
        """What was typed, as a draft keeps it."""
        kept: dict[str, Any] = {name: self[name].data for name in LONGEST}
        kept["lines"] = [{name: line.form[name].data for name in LINE} for line in self.lines]
        kept["derogations"] = [{name: each.form[name].data for name in DEROGATION} for each in self.derogations]
        return kept

    def tell(self, problems: Iterable[Problem]) -> None:
        """Put each problem by its field; what belongs to none stands above."""
        fields = self._by_id()
        for problem in problems:
            field = fields.get(problem.field)
            if field is None:
                self.form_errors.append(problem.words)
            else:
                field.errors = [*field.errors, problem.words]

    @property
    def problems(self) -> list[tuple[str, str]]:
        """(id, message) of everything that is wrong, the fields of the lines included."""
        told = [(key, str(error)) for key, field in self._by_id().items() for error in field.errors]
        return told + [("", str(error)) for error in self.form_errors]

    def _by_id(self) -> Mapping[str, Any]:
        plain = [field for field in self if field.type not in {"FieldList", "CSRFTokenField"}]
        rows = [field for table in (self.lines, self.derogations) for row in table for field in row.form]
        subject, rest = plain[:1], plain[1:]
        return {field.id: field for field in [*subject, *rows, *rest]}


class FilesForm(BaseForm):
    """Files of the special conditions: what is wrong with one never keeps the texts from being saved."""

    files = attachments("Ajouter des fichiers", most=MOST_FILES)


class StartForm(BaseForm):
    """For whom, and beginning with what."""

    organisation = SelectField("Client", coerce=int, validators=[required("Choisissez le client.")])
    template = SelectField("Commencer avec", coerce=int)
    request = HiddenField()
    key = HiddenField(validators=[at_most(64)])


class GroundForm(BaseForm):
    """On what a received quote is withdrawn or replaced."""

    ground = SelectField(
        "Sur quel fondement",
        choices=[("agreement", "Avec l'accord du client"), ("reason", "Sans son accord, pour la raison ci-dessous")],
        validators=[Optional()],
    )
    words = TextAreaField(
        "Raison ou trace de l'accord", filters=[strip], validators=[at_most(5_000)], render_kw={"rows": "3"}
    )
    key = HiddenField(validators=[at_most(64)])
