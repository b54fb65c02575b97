"""An amendment: one side proposes to change or cancel a final order, the other accepts or refuses (5.2). Pure."""

from collections.abc import Collection

from portal.accounts.rules import ClientRole, StaffRole
from portal.orders.progress_rules import Side
from portal.orders.rules import OrderError
from portal.terms.labelled import Labelled

SHORTEST = 10


class AmendmentKind(Labelled):
    """What is proposed."""

    CHANGE = "change", "Modification"
    CANCEL = "cancel", "Annulation"


class Outcome(Labelled):
    """What became of a proposal."""

    ACCEPTED = "accepted", "Accepté"
    REFUSED = "refused", "Refusé"
    WITHDRAWN = "withdrawn", "Retiré"


class NotAllowed(OrderError):
    """Whoever may not sign for a side neither proposes nor decides for it."""


class AlreadyDecided(OrderError):
    """Somebody was faster: the proposal is accepted, refused or withdrawn already."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.value)


class AlreadyProposed(OrderError):
    """A proposal waits already: two at once would not know of each other."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        super().__init__(reference)


class NotYours(OrderError):
    """A side does not accept or refuse what it proposed itself, nor withdraw what the other did."""


class WordsMissing(OrderError):
    """A proposal says what it changes, a refusal why."""


def may_sign(roles: Collection[str], *, staff: bool) -> bool:
    """Whether somebody binds their side: a signatory of the client, sales or administration of the company."""
    allowed = {StaffRole.SALES, StaffRole.ADMINISTRATOR} if staff else {ClientRole.SIGNATORY}
    return bool(allowed & set(roles))


def check_words(words: str) -> str:
    """What is proposed or why it is refused, without the spaces around it.

    Raises:
        WordsMissing: there is nothing to read.
    """
    if len(words.strip()) < SHORTEST:
        raise WordsMissing
    return words.strip()


def check_outcome(proposed_by: Side, by: Side, outcome: Outcome) -> None:
    """Let pass what a side may do with a proposal.

    Raises:
        NotYours: accepting or refusing is the other side's, withdrawing is one's own.
    """
    if (outcome is Outcome.WITHDRAWN) is not (proposed_by is by):
        raise NotYours


def consent_words(reference: str, order: str, terms_day: str) -> tuple[str, ...]:
    """The words beside the boxes of an acceptance."""
    return (
        f"J'ai lu l'avenant {reference} à la commande {order} et je l'accepte.",
        f"Les CGV du {terms_day}, qui régissent la commande, régissent aussi cet avenant.",
    )
