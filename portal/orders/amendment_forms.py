"""The form of a proposal: what changes, in words and line by line, as it is typed."""

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, FieldList, Form, FormField, HiddenField, SelectField, StringField, TextAreaField

from portal.forms import at_most, one_line, required, strip
from portal.orders.amendment_lines import MOST_LINES
from portal.orders.amendment_rules import AmendmentKind
from portal.orders.forms import NAME, WORDS, ActForm
from portal.orders.rules import LineKind

_NUMBER = {"inputmode": "decimal", "autocomplete": "off"}
SOLD = [(kind.value, kind.label) for kind in LineKind if kind is not LineKind.POINTS]
#: What a row that was just added says.
EMPTY = {"kind": LineKind.SERVICE.value, "quantity": "1", "vat": "20"}


class LineRow(Form):  # type: ignore[misc]
    """One line, as typed; ``position`` is empty for one that is added."""

    position = HiddenField()
    label = StringField("Désignation", render_kw={"maxlength": "200", "autocomplete": "off"})
    description = TextAreaField("Détail", render_kw={"rows": "2"})
    kind = SelectField("Nature", choices=SOLD, validate_choice=False)
    quantity = StringField("Quantité", render_kw=_NUMBER)
    unit = StringField("Unité", render_kw={"maxlength": "40", "autocomplete": "off"})
    price = StringField("Prix unitaire HT", render_kw=_NUMBER)
    vat = StringField("TVA (en %)", render_kw=_NUMBER)
    drop = BooleanField("Retirer cette ligne")


class ProposeForm(ActForm):
    """A proposal to the other side."""

    kind = SelectField("Ce que vous proposez", choices=[(each.value, each.label) for each in AmendmentKind])
    words = TextAreaField(
        "Ce qui change", filters=[strip],
        description="L'autre partie lit ces mots et les accepte tels quels. Pour une annulation, dites aussi ce qui reste dû.",
        validators=[required("Écrivez ce qui change."), at_most(WORDS)],
    )  # fmt: skip
    lines = FieldList(FormField(LineRow), max_entries=MOST_LINES)
    base = HiddenField()
    capacity = StringField(
        "Votre fonction", filters=[one_line], description="Par exemple gérante, directeur.",
        validators=[required("Donnez votre fonction."), at_most(NAME)], render_kw={"autocomplete": "organization-title"},
    )  # fmt: skip

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The lines as they were typed."""
        return [dict(row.form.data) for row in self.lines]

    def tell(self, problems: Iterable[tuple[str, str]]) -> None:
        """Put what is wrong with a line by its field."""
        fields = {field.id: field for row in self.lines for field in row.form}
        for name, words in problems:
            fields[name].errors = [*fields[name].errors, words]

    @property
    def problems(self) -> list[tuple[str, str]]:
        """(id, message) of everything that is wrong, the fields of the lines included."""
        plain = [field for field in self if field.type not in {"FieldList", "CSRFTokenField"}]
        first, rest = plain[:2], plain[2:]
        fields = [*first, *(field for row in self.lines for field in row.form), *rest]
        told = [(field.id, str(error)) for field in fields for error in field.errors]
        return told + [("", str(error)) for error in self.form_errors]
