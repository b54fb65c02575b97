"""What staff see of a client's quotes on its page."""

from collections.abc import Callable, Iterator
from datetime import date
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.french import long_date, money
from portal.quotes.links import QUOTES_DESK
from portal.quotes.quote_models import Quote
from portal.quotes.quote_rules import OFFERED, may_read
from portal.quotes.quote_words import state_words
from portal.registry import ClientSection, SectionRow, Viewer


def section(today: Callable[[], date]) -> ClientSection:
    """The quotes of a client, the latest first; the day is the application's."""

    def rows(session: Session, organisation: int, viewer: Viewer) -> Iterator[SectionRow]:
        if viewer.organisation_id is not None or not may_read(viewer.roles):
            return
        mine = (
            select(Quote).where(Quote.organisation_id == organisation).order_by(Quote.saved_at.desc(), Quote.id.desc())
        )
        for quote in session.scalars(mine):
            details = [quote.reference]
            if quote.total_gross is not None:
                details.append(f"{money(quote.total_gross)} TTC")
            if quote.state in OFFERED and quote.last_day is not None:
                details.append(f"jusqu'au {long_date(quote.last_day)}")
            yield SectionRow(
                title=quote.subject or quote.draft["subject"] or "Sans objet", detail=" · ".join(details),
                url=f"{QUOTES_DESK}/{quote.reference}", tag=state_words(quote, today()),
            )  # fmt: skip

    return ClientSection(
        key="quotes", title="Devis", rows=rows, empty="Aucun devis pour ce client.",
        all_at=lambda organisation: f"{QUOTES_DESK}/?{urlencode({'client': organisation})}",
        add_at=lambda organisation: f"{QUOTES_DESK}/nouveau?{urlencode({'client': organisation})}",
        add_words="Écrire un devis", add_endpoint="quotes_writing.start",
    )  # fmt: skip
