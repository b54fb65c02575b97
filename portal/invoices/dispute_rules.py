"""A disagreement on an invoice: its reasons, its states, whether it came in time. Pure.

CGV 7.4: "Tout désaccord concernant la facturation et la nature des services devra être notifié par courrier
électronique ou par lettre recommandée avec accusé de réception dans un délai de quinze jours après émission de la
facture." The clause states no forfeiture: what comes later is heard as a late claim, which suspends nothing until
staff admit it with a reason (a convention).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from portal.terms.labelled import Labelled


class Reason(Labelled):
    """Why: the codes of the national status 207, that a platform understands."""

    QUANTITY = "QTE_ERR", "La quantité ou la durée est fausse"
    PRICE = "PU_ERR", "Le prix unitaire est faux"
    ITEM = "ART_ERR", "L'article ou le service n'est pas celui commandé"
    DISCOUNT = "REM_ERR", "Une remise manque ou est fausse"
    VAT_RATE = "TX_TVA_ERR", "Le taux de TVA est faux"
    QUALITY = "QUALITE_ERR", "Le travail ou le matériel est défectueux"
    INCOMPLETE = "LIVR_INCOMP", "La prestation ou la livraison est incomplète"
    TWICE = "DOUBLE_FACT", "C'est déjà facturé"
    RECKONING = "CALCUL_ERR", "Le calcul est faux"
    MENTION = "NON_CONFORME", "Une mention manque ou n'est pas conforme"
    OTHER = "AUTRE", "Autre raison"


class Channel(Labelled):
    """How it was notified: the portal sends the e-mail that the clause asks for; the clause's own ways beside it."""

    PORTAL = "portal", "Espace client, avec courriel"
    MAIL = "mail", "Courriel"
    LETTER = "letter", "Lettre recommandée avec accusé de réception"
    TICKET = "ticket", "Ticket"


class DisputeState(Labelled):
    """Where it stands; the values are what the database keeps."""

    FILED = "filed", "Déposée"
    ACKNOWLEDGED = "acknowledged", "En cours d'examen"
    ASKED = "asked", "Question posée"
    ANSWERED = "answered", "Le client a répondu"
    PROPOSED = "proposed", "Solution proposée"
    CREDITED = "credited", "Avoir accordé"
    MAINTAINED = "maintained", "Facture maintenue"
    ACCEPTED = "accepted", "Issue acceptée"
    UPHELD = "upheld", "Désaccord maintenu"
    WITHDRAWN = "withdrawn", "Retirée"
    SETTLED = "settled", "Close"


#: Nothing is held back any more.
OVER = frozenset({DisputeState.ACCEPTED, DisputeState.WITHDRAWN, DisputeState.SETTLED})
#: Staff have the next word.
STAFF_NEXT = frozenset({DisputeState.FILED, DisputeState.ACKNOWLEDGED, DisputeState.ANSWERED, DisputeState.UPHELD})
#: The client has it.
CLIENT_NEXT = frozenset({DisputeState.ASKED, DisputeState.PROPOSED, DisputeState.CREDITED, DisputeState.MAINTAINED})
#: What the client may accept, or maintain its disagreement against.
OUTCOMES = frozenset({DisputeState.PROPOSED, DisputeState.CREDITED, DisputeState.MAINTAINED})


class Act(Labelled):
    """One step of the thread: what whoever wrote it did by it."""

    FILE = "file", "Contestation déposée"
    NOTE = "note", ""
    ACKNOWLEDGE = "acknowledge", "Prise en charge"
    ASK = "ask", "Question"
    ANSWER = "answer", ""
    PROPOSE = "propose", "Solution proposée"
    CREDIT = "credit", "Avoir accordé"
    MAINTAIN = "maintain", "Facture maintenue"
    ADMIT = "admit", "Admise comme contestation"
    ACCEPT = "accept", "Issue acceptée"
    UPHOLD = "uphold", "Désaccord maintenu"
    WITHDRAW = "withdraw", "Contestation retirée"
    SETTLE = "settle", "Contestation close"


_STAFF_ACTS = {
    Act.ACKNOWLEDGE: DisputeState.ACKNOWLEDGED,
    Act.ASK: DisputeState.ASKED,
    Act.PROPOSE: DisputeState.PROPOSED,
    Act.CREDIT: DisputeState.CREDITED,
    Act.MAINTAIN: DisputeState.MAINTAINED,
    Act.SETTLE: DisputeState.SETTLED,
}
_CLIENT_ACTS = {
    Act.ANSWER: DisputeState.ANSWERED,
    Act.ACCEPT: DisputeState.ACCEPTED,
    Act.UPHOLD: DisputeState.UPHELD,
    Act.WITHDRAW: DisputeState.WITHDRAWN,
}


class Party(StrEnum):
    """Who writes in the thread."""

    CLIENT = "client"
    STAFF = "staff"


class DisputeError(Exception):
    """A refusal of this room; the message is French, for the page."""


class DisputeOver(DisputeError):
    """It is over: nobody acts on it any more."""


class NotNow(DisputeError):
    """This act does not follow on what was done last: a colleague or the other side was faster."""


class AlreadyDisputed(DisputeError):
    """The line, or the whole, is disputed already; ``reference`` says where."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        super().__init__(f"Ce point est déjà contesté sous la référence {reference}\u00a0: complétez-la plutôt.")


class NotYours(DisputeError):
    """The role of this person does not cover the act."""


class BadDay(DisputeError):
    """A sending day that cannot be: before the invoice, or yet to come."""


class AmountTooHigh(DisputeError):
    """More is disputed than was invoiced."""

    def __init__(self, most: Decimal) -> None:
        self.most = most
        super().__init__("Le montant contesté dépasse celui qui a été facturé.")


class AmountMissing(DisputeError):
    """Nothing is disputed by a dispute of nothing."""


class ReasonMissing(DisputeError):
    """Staff give their reasons, or do not act."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The days of 7.4 for one invoice: as the text counts them, and as they are enforced."""

    issued_on: date
    nominal: date
    last_day: date

    def in_time(self, sent_on: date) -> bool:
        """Whether a dispute sent that day is in time: the last day counts whole."""
        return sent_on <= self.last_day

    def left(self, today: date) -> int:
        """Days left, the last one left out: 0 on the last day, negative after it."""
        return (self.last_day - today).days


def holds_back(state: DisputeState, *, late: bool, admitted: bool) -> bool:
    """Whether the disputed part leaves reminders and penalties: as long as it is open, and in time or admitted."""
    return state not in OVER and (not late or admitted)


def after(state: DisputeState, act: Act, party: Party) -> DisputeState:
    """The state once somebody has acted.

    Raises:
        DisputeOver: it is over.
        NotNow: the act does not follow.
    """
    if state is DisputeState.SETTLED and act is Act.UPHOLD and party is Party.CLIENT:
        return DisputeState.UPHELD  # closed by staff alone: the client may not agree
    if state in OVER:
        raise DisputeOver("Cette contestation est close.")
    if act in {Act.NOTE, Act.ADMIT}:
        return state
    allowed = _STAFF_ACTS if party is Party.STAFF else _CLIENT_ACTS
    if act not in allowed:
        raise NotNow("Cette réponse n'est pas possible.")
    if act is Act.ACKNOWLEDGE and state is not DisputeState.FILED:
        raise NotNow("Cette contestation est déjà prise en charge.")
    if act in {Act.ACCEPT, Act.UPHOLD} and state not in OUTCOMES:
        raise NotNow("Aucune issue n'est proposée\u00a0: il n'y a rien à accepter ni à refuser pour l'instant.")
    if act is Act.ANSWER:
        # A word added while staff look at it does not make it answered.
        return DisputeState.ANSWERED if state is DisputeState.ASKED else state
    return allowed[act]


def check_amount(amount: Decimal, most: Decimal) -> Decimal:
    """A disputed amount that can be.

    Raises:
        AmountMissing: it is nothing.
        AmountTooHigh: it is more than was invoiced.
    """
    if amount <= 0:
        raise AmountMissing("Indiquez un montant contesté supérieur à zéro.")
    if amount > most:
        raise AmountTooHigh(most)
    return amount


def check_words(words: str) -> str:
    """The reasons that are told to the client.

    Raises:
        ReasonMissing: there are none.
    """
    if not words.strip():
        raise ReasonMissing("Écrivez vos raisons\u00a0: elles sont envoyées au client.")
    return words.strip()


def overlaps(mine: Collection[int], theirs: Collection[int]) -> bool:
    """Whether two disputes are on the same point; one without lines is on the whole."""
    return not mine or not theirs or bool(set(mine) & set(theirs))
