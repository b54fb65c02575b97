"""A formal notice that a room above proposes on a contract: handed in by ``app.py``, for this room does not know it."""

from flask import Flask, current_app, request

from portal.contracts.models import Contract
from portal.gate import row_number
from portal.registry import Proposals, Proposed
from portal.web import db


def hand_in(app: Flask, proposals: Proposals) -> None:
    """Keep what the room above hands in."""
    app.extensions["contracts_proposed"] = proposals


def proposed_for(contract: Contract) -> Proposed | None:
    """The proposal that the address names: its words begin the form, a person records it."""
    number = request.args.get("proposition", type=row_number)
    proposals: Proposals = current_app.extensions["contracts_proposed"]
    found = proposals(db.session, contract.organisation_id, number) if number else None
    return found if found is not None and found.act == "formal_notice" else None
