"""Forms of the room: the public request, an answer, a refusal."""

from wtforms import EmailField, HiddenField, StringField, TelField, TextAreaField
from wtforms.validators import Optional, Regexp, ValidationError

from portal.accounts.rules import InvalidIdentity
from portal.forms import BaseForm, at_most, mail_address, one_line, required, strip
from portal.mail.message import BadAddress, check_address
from portal.quotes.request_rules import identity_number

LONGEST_WORDS = 5_000


def _known(_: BaseForm, field: StringField) -> None:
    try:
        identity_number(field.data or "")
    except InvalidIdentity as error:
        raise ValidationError(str(error)) from error


def _reachable(_: BaseForm, field: StringField) -> None:
    try:
        check_address(field.data or "")
    except BadAddress as error:
        raise ValidationError("Cette adresse n'est pas complète\u00a0: elle s'écrit comme nom@exemple.fr.") from error


class RequestForm(BaseForm):
    """A prospect asks for a quote. Hidden fields carry the page, the estimate and the terms that were shown."""

    organisation = StringField(
        "Votre organisation", filters=[one_line], description="Entreprise, administration ou collectivité.",
        validators=[required("Écrivez le nom de votre organisation."), at_most(200)],
        render_kw={"autocomplete": "organization"},
    )  # fmt: skip
    identity = StringField(
        "Son SIREN ou SIRET", filters=[strip],
        description="Hors de France\u00a0: son numéro de TVA européen ou son IDE suisse.",
        validators=[required("Écrivez le SIREN ou le SIRET de votre organisation."), at_most(40), _known],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )  # fmt: skip
    contact_name = StringField(
        "Vos prénom et nom", filters=[one_line], validators=[required("Écrivez votre nom."), at_most(120)],
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    mail = EmailField(
        "Votre adresse électronique", filters=[strip], description="Notre réponse y est envoyée.",
        validators=[required("Écrivez votre adresse électronique."), at_most(320), mail_address(), _reachable],
        render_kw={"autocomplete": "email"},
    )  # fmt: skip
    phone = TelField(
        "Votre téléphone", filters=[one_line],
        validators=[
            Optional(),
            at_most(40),
            Regexp(r"[+0-9][0-9 .()/\u00a0\u202f-]{5,}$", message="Écrivez un numéro de téléphone, par exemple 03 89 00 00 00."),
        ],
        render_kw={"autocomplete": "tel"},
    )  # fmt: skip
    wish = TextAreaField(
        "Votre besoin", filters=[strip],
        description="Quels postes ou serveurs, quel problème ou projet, pour quand.",
        validators=[required("Décrivez votre besoin en quelques mots."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "6"},
    )  # fmt: skip
    # What no person sees: a robot fills it.
    website = StringField("Ne remplissez pas ce champ", render_kw={"autocomplete": "off", "tabindex": "-1"})
    estimate = HiddenField()
    terms = HiddenField()
    opening = HiddenField()


class MessageForm(BaseForm):
    """A message of the thread."""

    words = TextAreaField(
        "Votre message", filters=[strip], validators=[required("Écrivez votre message."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "6"},
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])


class DeclineForm(BaseForm):
    """A refusal, with its reason."""

    reason = TextAreaField(
        "Raison, envoyée au demandeur", filters=[strip],
        validators=[required("Écrivez la raison\u00a0: elle est envoyée au demandeur."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "4"},
    )  # fmt: skip


class AcceptForm(BaseForm):
    """Nothing to fill in: the token alone."""
