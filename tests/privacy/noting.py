"""A note that stands with a record, as staff attach it."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.privacy.models import PrivacyNote, PrivacyRequest
from portal.privacy.rules import Identified, Right, Source, State


def noted(session: Session, record: str, right: str, at: datetime) -> None:
    """Attach one to a record of whatever room."""
    session.add(
        PrivacyRequest(
            reference=f"DCP-2026-9{record[-3:]}", form_key=f"note:{record}", link_key="k", right=Right.RECTIFICATION,
            state=State.DONE, source=Source.PORTAL, identified_by=Identified.SESSION, name="N", email="n@ailleurs.example",
            details="", received_at=at, received_on=at.date(), closed_at=at, decision="Jointe.",
            notes=[PrivacyNote(record=record, wrong="Faux.", right=right, attached_at=at, attached_by="Dora")],
        )
    )  # fmt: skip
