"""What the floor under the rooms holds on people: jobs, the log, stored files. No room owns these tables."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from portal.registry import Erasure, PersonalData, PersonalRecord, table


def find(_: Session, __: str) -> Iterator[PersonalRecord]:
    """Nothing of its own: what stands there belongs to the records of the rooms."""
    yield from ()


def erase(_: Session, __: str, ___: datetime) -> Erasure:
    """Nothing by an address: what names somebody is taken out with the records that it belongs to."""
    return Erasure()


TABLES = (
    table("job", personal="payload last_error", impersonal="kind key lease"),
    table("job_turn", impersonal="kind"),
    table("job_worker", impersonal="name"),
    table("number_series", impersonal="name"),
    table("evidence_entry", impersonal="kind commitment previous digest"),
    table("evidence_payload", personal="salt content"),
    table("stored_file", personal="name", impersonal="key media_type sha256 kept_for infected_as"),
    table("seal_certificate", impersonal="fingerprint certificate key"),
)
PERSONAL_DATA = PersonalData("contract", (), find, erase, tables=TABLES)
