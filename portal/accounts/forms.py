"""Forms of the room; those of the sign-in are the library's, with our refusals."""

from typing import Any

from flask_security import UnifiedSigninForm
from flask_security.utils import hash_password, lookup_identity
from wtforms import BooleanField, EmailField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional, StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.accounts import sign_in
from portal.accounts.models import Person
from portal.accounts.rules import CLIENT_WORDS, COUNTRIES, InvalidIdentity, is_code, parse_identity
from portal.accounts.security import browser, check_password
from portal.forms import BaseForm, at_most, mail_address, one_line, required, strip
from portal.web import db, now

LONGEST_ADDRESS = 320


class SignInForm(UnifiedSigninForm):
    """The library's form, which works as hard for an unknown address as for a known one."""

    def validate(self, **kwargs: Any) -> bool:
        """Check the form; what it costs tells nothing of whether the address is known."""
        self.identity.data = (self.identity.data or "").strip()
        browser()  # given its mark whoever is asked for: a cookie tells nothing either
        passed: bool = super().validate(**kwargs)
        if not passed:
            found = lookup_identity(self.identity.data or "")
            known = found if found is not None and found.is_active else None
            if self.submit_send_code.data:
                if known is None:
                    sign_in.pretend_to_send(db.session, now=now())
            elif is_code(self.passcode.data or ""):
                if known is None:
                    sign_in.use_code(db.session, Person(id=0), self.passcode.data or "", browser(), now=now())
            elif known is None or not known.password:
                # Checking a password takes a while, and is counted: so it is where there is none.
                check_password(db.session, known.id if known else 0, self._costs)
        return passed

    def _costs(self) -> bool:
        hash_password(self.passcode.data or "-")
        return False


class Boxes(SelectMultipleField):
    """Several answers, one box each."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """An empty answer is none."""
        super().process_formdata([value for value in valuelist if value])

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def identity_number(_: BaseForm, field: StringField) -> None:
    """A SIREN, a SIRET, a VAT number or a Swiss UID."""
    try:
        parse_identity(field.data or "")
    except InvalidIdentity as error:
        raise ValidationError(str(error)) from error


def at_least_one(_: BaseForm, field: Boxes) -> None:
    """Some box is ticked."""
    if not field.data:
        raise StopValidation("Choisissez au moins un rôle.")


ROLES = [(role.value, words) for role, words in CLIENT_WORDS.items()]


class RolesForm(BaseForm):
    """What a colleague may do."""

    roles = Boxes("Rôles", choices=ROLES, validators=[at_least_one])


class InvitationForm(BaseForm):
    """A colleague to invite."""

    name = StringField(
        "Nom et prénom", filters=[one_line], validators=[required("Écrivez le nom de la personne."), at_most(200)],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    email = EmailField(
        "Adresse électronique", filters=[strip], description="L'invitation y est envoyée.",
        validators=[required("Écrivez l'adresse de la personne."), at_most(LONGEST_ADDRESS), mail_address()],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    roles = Boxes("Rôles", choices=ROLES, validators=[at_least_one])


class ClientForm(BaseForm):
    """What is known of a client."""

    legal_name = StringField(
        "Nom ou raison sociale", filters=[one_line], validators=[required("Écrivez le nom de l'organisation."), at_most(200)],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    identity = StringField(
        "SIREN ou SIRET", filters=[strip],
        description="Hors de France, son numéro de TVA européen ou son IDE suisse.",
        validators=[required("Écrivez le SIREN ou le SIRET de l'organisation."), at_most(40), identity_number],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    street = StringField("Rue et numéro", filters=[one_line], validators=[Optional(), at_most(200)])
    postal_code = StringField("Code postal", filters=[one_line], validators=[Optional(), at_most(20)])
    city = StringField("Commune", filters=[one_line], validators=[Optional(), at_most(100)])
    country = SelectField("Pays", choices=list(COUNTRIES.items()), default="FR")
    public_body = BooleanField(
        "Organisme public",
        description="Administration ou collectivité\u00a0: d'autres règles de paiement s'appliquent.",
    )


class AccessForm(BaseForm):
    """Somebody asks for an access."""

    name = StringField(
        "Vos nom et prénom", filters=[one_line], validators=[required("Écrivez votre nom."), at_most(200)],
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    email = EmailField(
        "Votre adresse électronique professionnelle", filters=[strip],
        validators=[required("Écrivez votre adresse."), at_most(LONGEST_ADDRESS), mail_address()],
        render_kw={"autocomplete": "email"},
    )  # fmt: skip
    organisation_name = StringField(
        "Votre organisation", filters=[one_line], validators=[required("Écrivez le nom de votre organisation."), at_most(200)],
        render_kw={"autocomplete": "organization"},
    )  # fmt: skip
    identity = StringField(
        "Son SIREN ou SIRET", filters=[strip],
        description="Hors de France, son numéro de TVA européen ou son IDE suisse.",
        validators=[required("Écrivez le SIREN ou le SIRET de votre organisation."), at_most(40), identity_number],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    message = TextAreaField("Votre message", filters=[strip], validators=[Optional(), at_most(2000)])
    website = StringField(
        "Ne pas remplir", validators=[Optional()], render_kw={"autocomplete": "off", "tabindex": "-1"}
    )
