"""A quote as it is shown: on the page, in the preview, on paper, in a mail. One value for all four.

What is printed of its validity (5.2 "durée de validité expressément mentionnée") is worded here, once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from portal.clock import PARIS
from portal.french import NO_BREAK, weekday_date
from portal.quotes.offer import Offer
from portal.quotes.quote_models import Quote
from portal.quotes.quote_rules import LastDay, Validity, last_day, validity
from portal.terms import Library, Version


@dataclass(frozen=True, slots=True)
class Cited:
    """An article that matters to the reader, at its permanent address in the version that governs."""

    number: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader sees of a quote. ``sent_on`` is today for one that is only looked at before."""

    reference: str
    offer: Offer
    client: tuple[str, ...]
    version: Version
    validity: Validity
    last: LastDay
    sent_on: date
    received_on: date | None
    files: tuple[tuple[str, int], ...]  # of the special conditions: name, size

    @property
    def validity_words(self) -> str:
        """How long it holds: printed on the page, in the mail and on paper."""
        if self.validity.figure is None:
            return f"Ce devis est valable jusqu'au {weekday_date(self.validity.latest)} inclus."
        return (
            f"Ce devis est ferme pendant {self.validity.figure.whole}{NO_BREAK}jours à compter de sa réception "
            f"(article{NO_BREAK}{self.validity.figure.article} des CGV), et au plus tard jusqu'au "
            f"{weekday_date(self.validity.latest)} inclus."
        )

    @property
    def counting(self) -> bool:
        """Whether the last day that is enforced is known: from its own words, or from reception."""
        return self.validity.figure is None or self.received_on is not None

    @property
    def articles(self) -> tuple[Cited, ...]:
        """The articles that matter here, those that this version has."""
        return tuple(self._articles())

    def _articles(self) -> Iterator[Cited]:
        held = [self.version.figures[key] for key in self.offer.figures if key in self.version.figures]
        for anchor in dict.fromkeys(figure.anchor for figure in held):
            clause = self.version.clause(anchor)
            yield Cited(clause.number, clause.title, self.version.permalink(anchor))


def latest_days(library: Library) -> int:
    """How long a quote that states no last day may stay open: the house's convention."""
    return library.conventions["quote_latest"].days or 0


def client_lines(quote: Quote) -> tuple[str, ...]:
    """Name and address of the client."""
    held = quote.organisation
    place = f"{held.postal_code} {held.city}".strip()
    country = held.country if held.country != "FR" else ""
    return tuple(line for line in (held.legal_name, held.street, place, country) if line)


def before_sending(quote: Quote, offer: Offer, library: Library, today: date) -> Shown:
    """What the client would see if a draft were sent today.

    Raises:
        NoValidity: no validity could be printed on it.
    """
    version = library.in_force(today)
    printed = validity(offer, version, sent=today, latest_days=latest_days(library))
    return Shown(
        reference=quote.reference, offer=offer, client=client_lines(quote), version=version, validity=printed,
        last=last_day(version, own=offer.own_last_day, latest=printed.latest, received=None), sent_on=today,
        received_on=None, files=_files(quote),
    )  # fmt: skip


def as_sent(quote: Quote, library: Library) -> Shown:
    """What the client was sent, under the version that was shown then."""
    if quote.sent_at is None or quote.latest_day is None or quote.terms_slug is None:
        raise ValueError(f"{quote.reference} was not sent")
    offer, version = quote.offer, library.version(quote.terms_slug)
    figure = None if offer.own_last_day else version.deadline("quote_validity").figure
    return Shown(
        reference=quote.reference, offer=offer, client=tuple(quote.client), version=version,
        validity=Validity(quote.latest_day, figure),
        last=last_day(version, own=quote.own_last_day, latest=quote.latest_day, received=quote.received_on),
        sent_on=day_of(quote.sent_at), received_on=quote.received_on, files=_files(quote),
    )  # fmt: skip


def day_of(moment: datetime) -> date:
    """The civil day of a moment in Paris."""
    return moment.astimezone(PARIS).date()


def _files(quote: Quote) -> tuple[tuple[str, int], ...]:
    return tuple((each["name"], each["size"]) for each in quote.attached)
