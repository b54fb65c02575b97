"""Who may be a client, who may do what, how long a code or a session holds: pure."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from stdnum.ch import uid
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret

CODE_LIFE = timedelta(minutes=10)
#: A sixth wrong answer is refused, and so is a right one after it.
ATTEMPTS = 5
#: How long an authenticator, and a password where they were typed, rests after that many wrong answers.
REST = timedelta(minutes=15)
#: Codes that one browser may ask for a person in an hour: a mailbox is no place to be flooded.
CODES_AN_HOUR = 5
#: Codes that all browsers where a person never signed in may ask for, while the earlier of them are still good: whoever
#: asks in somebody's name finds the limit only when a link that works lies in the owner's mailbox.
CODES_OF_STRANGERS = 5
#: Answers that may be tried in a day from such browsers together, and from each browser that is known; the link of a
#: mail goes on working, so that nobody who reads the mailbox is locked out.
TRIES_A_DAY = 25
#: How long a sign-in waits for its second factor, or for one to be set up.
HALF_WAY = timedelta(minutes=10)
CLIENT_SESSION = timedelta(days=30)
STAFF_SESSION = timedelta(hours=12)
INVITATION_LIFE = timedelta(days=7)
#: How long a sign-in counts as fresh for what matters most: keys, roles, colleagues.
FRESHNESS = timedelta(minutes=30)
SIREN_LENGTH = 9
CODE_DIGITS = 6


class ClientRole(StrEnum):
    """What somebody may do for their organisation."""

    ADMINISTRATOR = "administrator"
    SIGNATORY = "signatory"
    BILLING = "billing"
    TECHNICAL = "technical"


#: Who is written to about what their organisation agreed and owes.
ANSWERS = (ClientRole.ADMINISTRATOR, ClientRole.SIGNATORY, ClientRole.BILLING)


class StaffRole(StrEnum):
    """What somebody does for the company."""

    ADMINISTRATOR = "administrator"
    ADVISER = "adviser"
    SALES = "sales"
    BILLING = "billing"
    PRIVACY = "privacy"


CLIENT_WORDS = {
    ClientRole.ADMINISTRATOR: "Administrateur\u00a0: invite et retire des collègues, change leurs rôles",
    ClientRole.SIGNATORY: "Signataire\u00a0: accepte les devis et les contrats",
    ClientRole.BILLING: "Comptabilité\u00a0: voit et conteste les factures",
    ClientRole.TECHNICAL: "Technique\u00a0: ouvre et suit les demandes d'intervention",
}
STAFF_WORDS = {
    StaffRole.ADMINISTRATOR: "Administration",
    StaffRole.ADVISER: "Conseil technique",
    StaffRole.SALES: "Commerce",
    StaffRole.BILLING: "Facturation",
    StaffRole.PRIVACY: "Données personnelles",
}


class InvalidIdentity(ValueError):
    """No professional identity in what was given; the message is French, for the form."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How an organisation is known: at least one number, each checked; without spaces."""

    siren: str | None = None
    siret: str | None = None
    vat_number: str | None = None
    swiss_uid: str | None = None


def parse_identity(given: str) -> Identity:
    """Read a SIREN, a SIRET (La Poste's exception included), an EU VAT number or a Swiss UID.

    CGV article 1: professionals only, so one of them is needed.

    Raises:
        InvalidIdentity: when it is none of them.
    """
    text = "".join(given.split()).upper().replace("\u202f", "").replace(".", "").replace("-", "")
    try:
        if text.isdigit():
            if len(text) == SIREN_LENGTH:
                return Identity(siren=siren.validate(text))
            number = siret.validate(text)
            return Identity(siren=number[:SIREN_LENGTH], siret=number)
        if text.startswith("CHE"):
            return Identity(swiss_uid=uid.validate(text.removesuffix("MWST").removesuffix("TVA").removesuffix("IVA")))
        number = vat.validate(text)
        french = number.startswith("FR") and siren.is_valid(number[4:])
        return Identity(siren=number[4:] if french else None, vat_number=number)
    except ValidationError as error:
        raise InvalidIdentity(
            "Ce numéro n'est ni un SIREN, ni un SIRET, ni un numéro de TVA européen, ni un IDE suisse\u00a0: "
            "vérifiez ses chiffres."
        ) from error


def vat_of(number: str) -> str:
    """The French VAT number of a SIREN: key (12 + 3 × (SIREN mod 97)) mod 97."""
    return f"FR{(12 + 3 * (int(number) % 97)) % 97:02d}{number}"


class LastAdministrator(Exception):
    """An organisation keeps at least one administrator: nobody else could let anybody in."""


class NotAllowed(Exception):
    """The role is missing."""


def check_may_administer(roles: Iterable[str]) -> None:
    """Inviting, changing and removing colleagues is the administrator's.

    Raises:
        NotAllowed: for everybody else.
    """
    if ClientRole.ADMINISTRATOR not in set(roles):
        raise NotAllowed


def check_one_left(administrators: Iterable[int], leaving: int) -> None:
    """Refuse to take the last administrator away.

    Raises:
        LastAdministrator: when nobody would be left.
    """
    if not set(administrators) - {leaving}:
        raise LastAdministrator


def may_answer_access(roles: Iterable[str]) -> bool:
    """Whether this member of the staff opens an access for who asks: sales and administration do."""
    return bool({StaffRole.SALES, StaffRole.ADMINISTRATOR} & set(roles))


def may_keep_clients(roles: Iterable[str]) -> bool:
    """Whether this member of the staff writes down clients, and changes what is known of them."""
    return bool({StaffRole.SALES, StaffRole.BILLING, StaffRole.ADMINISTRATOR} & set(roles))


#: Where an organisation may be: ISO 3166 code -> French name. France, the Union and Switzerland, for their numbers can be checked.
COUNTRIES = {
    "FR": "France", "DE": "Allemagne", "AT": "Autriche", "BE": "Belgique", "BG": "Bulgarie", "CY": "Chypre",
    "HR": "Croatie", "DK": "Danemark", "ES": "Espagne", "EE": "Estonie", "FI": "Finlande", "GR": "Grèce",
    "HU": "Hongrie", "IE": "Irlande", "IT": "Italie", "LV": "Lettonie", "LT": "Lituanie", "LU": "Luxembourg",
    "MT": "Malte", "NL": "Pays-Bas", "PL": "Pologne", "PT": "Portugal", "RO": "Roumanie", "SK": "Slovaquie",
    "SI": "Slovénie", "SE": "Suède", "CZ": "Tchéquie", "CH": "Suisse",
}  # fmt: skip


def folded(words: str) -> str:
    """Words as they are searched for: without capitals or accents."""
    plain = unicodedata.normalize("NFKD", words.casefold())
    return "".join(ch for ch in plain if not unicodedata.combining(ch))


def is_code(answer: str) -> bool:
    """Whether an answer is a code and no password: each is checked, and counted, as what it is."""
    typed = "".join(answer.split())
    return typed.isdigit() and len(typed) == CODE_DIGITS


def session_end(*, staff: bool, now: datetime) -> datetime:
    """When a session that begins now ends by itself."""
    return now + (STAFF_SESSION if staff else CLIENT_SESSION)


#: What a session was begun with -> what evidence says of it. A passkey checks who holds it (a finger, a face, a number).
MEANS = {
    "email": "code envoyé à son adresse",
    "invitation": "invitation envoyée à son adresse",
    "password": "mot de passe",
    "authenticator": "application d'authentification",
    "webauthn": "clé d'accès",
}


def proved_by(means: Iterable[str], *, staff: bool) -> str:
    """``connexion à l'espace client par mot de passe et clé d'accès``: how a session was begun."""
    known = " et ".join(dict.fromkeys(MEANS[each] for each in means if each in MEANS))
    where = "connexion à l'espace de l'équipe" if staff else "connexion à l'espace client"
    return f"{where} par {known}" if known else where


def device_name(user_agent: str) -> str:
    """``Firefox sur Windows``: enough for its owner to know it again, and no more."""
    browsers = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
                ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
    systems = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
               ("Mac OS", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"))  # fmt: skip
    browser = next((name for mark, name in browsers if mark in user_agent), "Un navigateur")
    system = next((name for mark, name in systems if mark in user_agent), "")
    return f"{browser} sur {system}" if system else browser
