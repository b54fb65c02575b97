"""Forms of the room: the request, a message, a call, what staff decide, an appointment."""

from collections.abc import Iterable
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Optional, Regexp, ValidationError

from portal.clock import PARIS
from portal.forms import BaseForm, at_most, attachments, mail_address, one_line, required, strip
from portal.terms.tariff import Tariff
from portal.tickets.models import LONGEST_SUBJECT
from portal.tickets.rules import Backup, Channel, Impact, Place, Priority, State, Urgency

LONGEST_WORDS = 20_000
UNKNOWN = "?"
PHONE = Regexp(
    r"[+0-9][0-9 .()/\u00a0\u202f-]{5,}$", message="Écrivez un numéro de téléphone, par exemple 03 89 00 00 00."
)


def options(enum: type[StrEnum]) -> list[tuple[str, str]]:
    """The choices of an enumeration of ``rules``, in its order."""
    return [(member.value, member.label) for member in enum]  # type: ignore[attr-defined]


def services(tariff: Tariff) -> list[tuple[str, str]]:
    """The kinds of work as the tariff of a version prints them, and that one does not know."""
    return [(UNKNOWN, "Je ne sais pas"), *((rate.key, rate.label) for rate in tariff.liberty)]


def chosen(value: str | None) -> str | None:
    """A kind of work; None for "I do not know"."""
    return None if value in {None, "", UNKNOWN} else value


class RequestForm(BaseForm):
    """A client asks for help. Hidden fields carry the page and the terms that were shown."""

    subject = StringField(
        "En une ligne", filters=[one_line], description="Par exemple\u00a0: l'imprimante de l'accueil n'imprime plus.",
        validators=[required("Dites en une ligne ce qui ne va pas."), at_most(LONGEST_SUBJECT)],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    description = TextAreaField(
        "Ce qui se passe", filters=[strip],
        description="Depuis quand, sur quel poste, quel message s'affiche, ce que vous avez essayé.",
        validators=[required("Décrivez ce qui se passe en quelques mots."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "5"},
    )  # fmt: skip
    urgency = RadioField(
        "Où en êtes-vous\u202f?", choices=options(Urgency), validators=[InputRequired("Choisissez une réponse.")]
    )
    backup = RadioField(
        "Vos données sont-elles sauvegardées\u202f?", choices=options(Backup),
        validators=[InputRequired("Choisissez une réponse.")],
    )  # fmt: skip
    impact = SelectField("Qui est touché", choices=[("", "Non précisé"), *options(Impact)], validators=[Optional()])
    service = SelectField("De quoi s'agit-il", default=UNKNOWN)
    beneficiary = StringField(
        "Pour qui, si ce n'est pas vous", filters=[one_line], validators=[Optional(), at_most(200)],
        description="La personne qui profite de l'intervention peut être une autre que vous.",
        render_kw={"autocomplete": "off", "list": "colleagues"},
    )  # fmt: skip
    place = RadioField("Où faut-il intervenir\u202f?", choices=options(Place), default=Place.REMOTE.value)
    place_words = StringField(
        "Adresse, nom du tiers", filters=[one_line], validators=[Optional(), at_most(300)],
        render_kw={"autocomplete": "street-address"},
    )  # fmt: skip
    third_agreed = BooleanField(
        "Chez un tiers\u00a0: il est d'accord pour que nous utilisions ses locaux, son matériel et ses accès"
    )
    files = attachments("Photos ou fichiers", description="Une photo du message d'erreur aide souvent.")
    accepts = BooleanField("J'accepte ces conditions générales de vente")
    key = HiddenField(validators=[at_most(64)])
    terms = HiddenField(validators=[at_most(20)])

    def validate_third_agreed(self, field: Any) -> None:
        """Article 8: the client obtains the agreement before the work begins."""
        if self.place.data == Place.THIRD.value and not field.data:
            raise ValidationError("Chez un tiers, confirmez que vous avez son accord.")

    def validate_place_words(self, field: Any) -> None:
        """Who goes somewhere knows where."""
        if self.place.data == Place.THIRD.value and not field.data:
            raise ValidationError("Écrivez chez quel tiers, et à quelle adresse.")


class MessageForm(BaseForm):
    """A message of a client."""

    words = TextAreaField(
        "Votre message", filters=[strip], validators=[required("Écrivez votre message."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "5"},
    )  # fmt: skip
    files = attachments("Photos ou fichiers", description="Une photo du message d'erreur aide souvent.")
    key = HiddenField(validators=[at_most(64)])


class StaffMessageForm(MessageForm):
    """A message of the staff: to the client, or among themselves."""

    kind = RadioField(
        "Qui le lit", default="public",
        choices=[("public", "Le client"), ("asks", "Le client, qui doit répondre"), ("internal", "L'équipe seulement")],
    )  # fmt: skip
    seen = HiddenField(validators=[at_most(20)])


class CallForm(BaseForm):
    """An operator types what a caller says (6.2): a name, a line, and the rest when there is time."""

    who = StringField(
        "Qui appelle", filters=[one_line],
        description="Quelques lettres du nom ou de l'organisation, puis choisissez. Un inconnu\u00a0: son nom.",
        validators=[required("Écrivez qui appelle."), at_most(300)],
        render_kw={"autocomplete": "off", "list": "who-list", "autofocus": True, "data-people": ""},
    )  # fmt: skip
    chosen = RadioField("Plusieurs personnes correspondent", choices=[], validate_choice=False, validators=[Optional()])
    phone = TelField("À rappeler au", filters=[one_line], validators=[Optional(), at_most(40), PHONE])
    subject = StringField(
        "En une ligne", filters=[one_line],
        validators=[required("Dites en une ligne ce qui ne va pas."), at_most(LONGEST_SUBJECT)],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    description = TextAreaField(
        "Ce qui a été dit", filters=[strip], validators=[Optional(), at_most(LONGEST_WORDS)], render_kw={"rows": "4"}
    )
    channel = RadioField(
        "Par", choices=[(each.value, each.label) for each in (Channel.PHONE, Channel.VOICEMAIL)],
        default=Channel.PHONE.value,
    )  # fmt: skip
    call_back = BooleanField("À rappeler", default=True)
    urgency = SelectField("Urgence, selon la personne", choices=[("", "Non précisée"), *options(Urgency)])
    mail = EmailField(
        "Adresse électronique d'un inconnu", filters=[strip], validators=[Optional(), at_most(320), mail_address()],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    key = HiddenField(validators=[at_most(64)])


class QualifyForm(BaseForm):
    """What staff decide of a ticket, in one go."""

    subject = StringField(
        "Objet", id="decide-subject", filters=[one_line],
        validators=[required("Écrivez l'objet."), at_most(LONGEST_SUBJECT)],
    )  # fmt: skip
    service = SelectField("Nature")
    priority = SelectField("Priorité", coerce=int, choices=[(each.value, each.label) for each in Priority])
    adviser = SelectField("Conseiller technique", id="decide-adviser")
    state = SelectField("État")
    seen = HiddenField(validators=[at_most(20)])

    def offer(self, tariff: Tariff, advisers: Iterable[tuple[int, str]], state: State) -> None:
        """Fill in the choices: those of the governing tariff, of who works here, of what may follow."""
        self.service.choices = [(UNKNOWN, "Pas encore connue"), *services(tariff)[1:]]
        self.adviser.choices = [("", "Aucun"), *((str(number), name) for number, name in advisers)]
        states = [State.OPEN, State.WAITING, State.RESOLVED]
        if state is State.PLANNED:
            states.insert(0, State.PLANNED)
        self.state.choices = [(each.value, each.label) for each in states]


class AppointmentForm(BaseForm):
    """When, where and with whom."""

    day = DateField("Jour", validators=[InputRequired("Choisissez un jour.")], format=["%Y-%m-%d", "%d/%m/%Y"])
    starts = TimeField("De", validators=[InputRequired("Écrivez l'heure de début.")], format=["%H:%M", "%Hh%M"])
    ends = TimeField("À", validators=[InputRequired("Écrivez l'heure de fin.")], format=["%H:%M", "%Hh%M"])
    place = RadioField(
        "Où", default=Place.REMOTE.value,
        choices=[(Place.REMOTE.value, "À distance"), (Place.OWN.value, "Chez le client"), (Place.THIRD.value, "Chez un tiers")],
    )  # fmt: skip
    place_words = StringField("Adresse", filters=[one_line], validators=[Optional(), at_most(300)])
    adviser = SelectField("Avec")
    seen = HiddenField(validators=[at_most(20)])
    key = HiddenField(validators=[at_most(64)])

    def span(self) -> tuple[datetime, datetime]:
        """The two moments, hours of Paris."""
        return _moment(self.day.data, self.starts.data), _moment(self.day.data, self.ends.data)


def _moment(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, PARIS)


class ReasonForm(BaseForm):
    """A reason that the client is told."""

    reason = StringField(
        "Raison, envoyée au client", filters=[one_line], validators=[required("Écrivez la raison."), at_most(300)]
    )
    seen = HiddenField(validators=[at_most(20)])


class BackupForm(BaseForm):
    """The backup before a visit (6.5)."""

    backup = RadioField(
        "Vos données sont-elles sauvegardées\u202f?", choices=options(Backup),
        validators=[InputRequired("Choisissez une réponse.")],
    )  # fmt: skip


class ReferenceForm(BaseForm):
    """Another ticket, by its reference."""

    reference = StringField(
        "Référence de l'autre ticket", filters=[one_line], validators=[required("Écrivez une référence."), at_most(20)],
        render_kw={"placeholder": "TIC-…", "autocomplete": "off", "spellcheck": "false"},
    )  # fmt: skip


class SplitForm(BaseForm):
    """Messages to take out; their boxes stand in the thread."""

    subject = StringField(
        "Objet du nouveau ticket",
        filters=[one_line],
        validators=[required("Écrivez l'objet."), at_most(LONGEST_SUBJECT)],
    )
    key = HiddenField(validators=[at_most(64)])


class AttachForm(BaseForm):
    """Whose ticket it is."""

    organisation = StringField(
        "Organisation", filters=[one_line], validators=[required("Écrivez le nom d'une organisation."), at_most(300)],
        render_kw={"autocomplete": "off", "list": "organisations"},
    )  # fmt: skip
    creator = SelectField("La personne qui a écrit", validate_choice=False)


class CannedForm(BaseForm):
    """A ready answer."""

    title = StringField(
        "Titre", filters=[one_line], validators=[required("Écrivez un titre."), at_most(100)],
        description="Le même titre qu'une réponse existante la remplace.", render_kw={"autocomplete": "off"},
    )  # fmt: skip
    text = TextAreaField(
        "Réponse", filters=[strip], validators=[required("Écrivez la réponse."), at_most(LONGEST_WORDS)],
        render_kw={"rows": "6"},
    )  # fmt: skip


class EmptyForm(BaseForm):
    """Nothing to fill in: the token alone."""
