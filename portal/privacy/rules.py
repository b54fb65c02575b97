"""The rights of a person over their data, and how long an answer may take. Pure.

An answer is due within one calendar month of the request (GDPR article 12(3), counted as regulation
1182/71 says); two more when it is complex, said with the reason within the first. The clock stops
while a needed proof of identity is awaited (recital 64, EDPB guidelines 01/2022): those days are added.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.terms import Version
from portal.terms.labelled import Labelled
from portal.terms.law import Law

#: A link that has an address take over an account is a key to it: a day is enough to read a mailbox, and who finds
#: the mail later in a mailbox that was mistyped, or given to somebody else since, opens nothing.
LINK_LIFE = timedelta(days=1)
#: The address of before may undo it for longer: its owner may be away, and was perhaps not the one who asked.
UNDO_LIFE = timedelta(days=14)


class Right(StrEnum):
    """What may be asked; the values are what the database keeps."""

    ACCESS = "access"
    PORTABILITY = "portability"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    CLIENT_FILE = "client_file"

    @property
    def label(self) -> str:
        """The name that a reader knows it by."""
        return _WORDS[self][0]

    @property
    def label_for_another(self) -> str:
        """The same, when one asks for somebody else."""
        return _FOR_ANOTHER.get(self, self.label)

    @property
    def noun(self) -> str:
        """The name that staff know it by, who are not the person it speaks to."""
        return _FOR_STAFF[self]

    def basis(self, terms: Version) -> str:
        """Where it comes from: the regulation, or what this version of the CGV gives an organisation."""
        said = _WORDS[self][1]
        return said or f"CGV, article {terms.figure(self.value).article}"

    @property
    def effect(self) -> str:
        """What it brings about, in a sentence."""
        return _WORDS[self][2]

    @property
    def served_at_once(self) -> bool:
        """Whether a signed-in person gets it without anybody of the staff."""
        return self in {Right.ACCESS, Right.PORTABILITY}


_WORDS = {
    Right.ACCESS: (
        "Savoir ce que nous avons sur vous", "RGPD, article 15",
        "Un dossier complet, avec les finalités, les destinataires et les durées.",
    ),
    Right.PORTABILITY: (
        "Récupérer vos données", "RGPD, article 20",
        "Le même dossier, dans des formats qu'un autre logiciel relit.",
    ),
    Right.RECTIFICATION: (
        "Corriger vos données", "RGPD, article 16",
        "Vous écrivez ce qui est juste\u00a0; la correction atteint aussi les copies, et vous voyez l'avant et l'après.",
    ),
    Right.ERASURE: (
        "Effacer vos données", "RGPD, article 17",
        "Vous voyez d'abord, pour chaque élément, ce qui sera effacé, rendu anonyme ou conservé, et pourquoi.",
    ),
    Right.RESTRICTION: (
        "Geler l'usage de vos données", "RGPD, article 18",
        "Vos données sont gardées et ne servent plus, le temps de trancher un désaccord. Le gel commence aussitôt.",
    ),
    Right.OBJECTION: (
        "Vous opposer à un usage", "RGPD, article 21",
        "Vous choisissez les usages qui doivent cesser\u00a0; ils cessent aussitôt, et vous pouvez revenir en arrière.",
    ),
    Right.CLIENT_FILE: (
        "Quitter le fichier clients", "",
        "Votre organisation quitte le fichier clients\u00a0: ses accès se ferment, elle n'est plus citée comme référence.",
    ),
}  # fmt: skip

_FOR_ANOTHER = {
    Right.ACCESS: "Savoir ce que nous avons sur elle", Right.PORTABILITY: "Récupérer ses données",
    Right.RECTIFICATION: "Corriger ses données", Right.ERASURE: "Effacer ses données",
    Right.RESTRICTION: "Geler l'usage de ses données", Right.OBJECTION: "S'opposer à un usage",
}  # fmt: skip

_FOR_STAFF = {
    Right.ACCESS: "Accès aux données", Right.PORTABILITY: "Portabilité des données",
    Right.RECTIFICATION: "Rectification", Right.ERASURE: "Effacement", Right.RESTRICTION: "Gel de l'usage",
    Right.OBJECTION: "Opposition à un usage", Right.CLIENT_FILE: "Départ du fichier clients",
}  # fmt: skip


class State(Labelled):
    """Where a request stands."""

    ADDRESS = "address", "Adresse à confirmer"  # a stranger's: the link sent to the address has not been followed
    RECEIVED = "received", "Reçue"
    IDENTITY = "identity", "Preuve d'identité attendue"  # the clock is stopped
    EXECUTING = "executing", "En cours d'exécution"  # decided; files are still being erased
    DONE = "done", "Terminée"
    REFUSED = "refused", "Refusée"
    WITHDRAWN = "withdrawn", "Retirée"


#: Nothing follows these.
CLOSED = frozenset({State.DONE, State.REFUSED, State.WITHDRAWN})


class Source(Labelled):
    """How a request came."""

    PORTAL = "portal", "espace client"
    FORM = "form", "formulaire"
    MAIL = "mail", "courriel"
    PHONE = "phone", "téléphone"
    LETTER = "letter", "courrier"


class Identified(Labelled):
    """How we know who asks. No identity card is asked for without a reasonable doubt (GDPR article 12(6))."""

    SESSION = "session", "connexion à l'espace client"
    LINK = "link", "lien envoyé à l'adresse"
    STAFF = "staff", "reconnu par l'équipe"
    PROOF = "proof", "preuve d'identité"
    MANDATE = "mandate", "mandat"


class PrivacyError(Exception):
    """A refusal of this room."""


class AlreadyClosed(PrivacyError):
    """The request is over; ``state`` says how."""

    def __init__(self, state: State) -> None:
        self.state = state
        super().__init__(state.value)


class WordsMissing(PrivacyError):
    """A refusal needs its ground, an extension its reason, a decision its words."""


class TooLateToExtend(PrivacyError):
    """An extension is said within the first month; ``last_day`` was its last day."""

    def __init__(self, last_day: date) -> None:
        self.last_day = last_day
        super().__init__(last_day.isoformat())


class AlreadyExtended(PrivacyError):
    """It is extended once."""


class NotWaiting(PrivacyError):
    """No proof of identity is awaited, or one is already."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What the last day of an answer depends on. Days are those of Paris."""

    received_on: date
    paused_days: int = 0
    waiting_since: date | None = None  # the clock is stopped since that day
    extended: bool = False

    def last_day(self, law: Law, today: date) -> date:
        """Last day to answer, inclusive; while the clock is stopped it moves on with each day.

        GDPR article 12(3); regulation 1182/71, article 3: same date number, or the last of the month, then the next working day.
        """
        period = law.gdpr_extended if self.extended else law.gdpr
        paused = self.paused_days + (max((today - self.waiting_since).days, 0) if self.waiting_since else 0)
        return law.days.next_working(period.nominal(self.received_on) + timedelta(days=paused))

    def check_extendable(self, law: Law, today: date) -> None:
        """Let an extension pass while the first month runs.

        Raises:
            AlreadyExtended: it was extended before.
            TooLateToExtend: the first month is over.
        """
        if self.extended:
            raise AlreadyExtended
        if today > (last := self.last_day(law, today)):
            raise TooLateToExtend(last)


def may_speak_for(roles: frozenset[str]) -> bool:
    """Whether somebody speaks for their organisation: who administers its space, or signs for it (CGV article 13)."""
    return not roles.isdisjoint({"administrator", "signatory"})


def check_open(state: State) -> None:
    """Let pass what is not closed.

    Raises:
        AlreadyClosed: when it is.
    """
    if state in CLOSED:
        raise AlreadyClosed(state)


def needed(words: str) -> str:
    """Words that must be given, without the spaces around them.

    Raises:
        WordsMissing: there are none.
    """
    if not words.strip():
        raise WordsMissing
    return words.strip()
