"""How addresses went from one to another: what the register keeps of each that was replaced."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.privacy.models import PrivacyRequest
from portal.registry import Datum

#: Begins the key of what an address of before asks by its link.
BACK = "back:"


def new_addresses(session: Session) -> Iterator[tuple[PrivacyRequest, Mapping[str, Any]]]:
    """Every address that was corrected, the latest first."""
    corrected = select(PrivacyRequest).where(PrivacyRequest.changes.is_not(None))
    found = [
        (done_at(request, change), request.id, request, change) for request in session.scalars(corrected)
        for change in request.changes or [] if change["datum"] == Datum.EMAIL and change["done"]
    ]  # fmt: skip
    for _, _, request, change in sorted(found, key=lambda one: one[:2], reverse=True):
        yield request, change


def done_at(request: PrivacyRequest, change: Mapping[str, Any]) -> datetime:
    """When a correction was made: that of a request with more to do comes before its end."""
    return datetime.fromisoformat(change["at"]) if "at" in change else request.closed_at or request.received_at


def later_moves(session: Session, request: PrivacyRequest) -> list[tuple[PrivacyRequest, Mapping[str, Any]]]:
    """How an address went on from where a request had put it, the oldest first: the last is that of today."""
    today, found = "", []
    for other, change in reversed(list(new_addresses(session))):
        if other.id == request.id:
            today = change["after"]
        elif today and today in change["before"]:
            found.append((other, change))
            today = change["after"]
    return found


def is_back(request: PrivacyRequest) -> bool:
    """Whether it is that of an address of before which took its place again."""
    return request.form_key.startswith(BACK)


def is_wish(request: PrivacyRequest) -> bool:
    """Whether a new address, and nothing else, waits to be confirmed."""
    return {one["datum"] for one in request.changes or [] if not one["done"]} == {Datum.EMAIL}
