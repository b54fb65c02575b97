"""Forms of whoever reads a quote: a question, a colleague to give it to."""

from wtforms import HiddenField, RadioField, TextAreaField

from portal.forms import BaseForm, at_most, required, strip
from portal.quotes.request_forms import LONGEST_WORDS


class QuestionForm(BaseForm):
    """A message of the thread."""

    words = TextAreaField(
        "Votre message", filters=[strip], validators=[required("Écrivez votre message."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "4"},
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])


class ForwardForm(BaseForm):
    """Which colleague may sign."""

    person = RadioField("Transmettre à", coerce=int, validators=[required("Choisissez un signataire.")])
