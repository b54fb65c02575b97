"""Who of the staff may do what with a contract. Pure."""

from collections.abc import Collection

from portal.accounts.rules import StaffRole
from portal.contracts.rules import ContractError

MANAGES = frozenset({StaffRole.SALES, StaffRole.ADMINISTRATOR})
READS = MANAGES | {StaffRole.ADVISER, StaffRole.BILLING}


class NotAllowed(ContractError):
    """The role of this member of staff does not cover the act."""


def may_manage(roles: Collection[str]) -> bool:
    """Whether somebody opens, credits, corrects and ends contracts."""
    return not MANAGES.isdisjoint(roles)


def may_read(roles: Collection[str]) -> bool:
    """Whether somebody reads every client's contracts."""
    return not READS.isdisjoint(roles)
