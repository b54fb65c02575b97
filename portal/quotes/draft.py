"""A quote being written: what was typed, kept as it was typed, and the offer that it makes. Pure.

Nothing typed is ever lost: a draft is its texts, right or wrong; only sending asks that they make an offer.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.french import number, short_date
from portal.quotes.offer import Deposit, Derogation, Kind, Line, Offer

#: What one may type into each text; the database keeps drafts, not books.
LONGEST = {"subject": 200, "conditions": 20_000, "delivery": 300, "deposit": 40, "own_last_day": 20}
MOST_LINES, MOST_DEROGATIONS = 200, 20
LINE = ("kind", "description", "quantity", "unit", "price", "vat", "contract")
DEROGATION = ("article", "words", "day")
_DAYS = ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y")
_WHOLE = Decimal(100)
_MOST = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot be right: the id of its field, and why in French."""

    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the texts make: an offer as far as it goes, and what keeps it from being sent."""

    offer: Offer
    problems: tuple[Problem, ...]


def empty(vat: Decimal) -> dict[str, Any]:
    """The texts of a new draft, with one line to fill in."""
    return dict.fromkeys(LONGEST, "") | {"lines": [empty_line(vat)], "derogations": []}


def empty_line(vat: Decimal) -> dict[str, str]:
    """The texts of a new line."""
    return dict.fromkeys(LINE, "") | {"kind": Kind.SERVICE.value, "quantity": "1", "vat": number(vat)}


def cleaned(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Exactly the texts of a draft, whatever was handed in: no other key, nothing endless."""
    kept: dict[str, Any] = {
        # A subject stands in a sentence: only the conditions have lines.
        name: _text(typed.get(name), most) if name == "conditions" else _one_line(typed.get(name), most)
        for name, most in LONGEST.items()
    }
    kept["lines"] = [
        {
            name: _text(each.get(name), 2_000) if name == "description" else _one_line(each.get(name), 60)
            for name in LINE
        }
        for each in _rows(typed.get("lines"))[:MOST_LINES]
    ]
    kept["derogations"] = [
        {
            name: _text(each.get(name), 5_000) if name == "words" else _one_line(each.get(name), 40)
            for name in DEROGATION
        }
        for each in _rows(typed.get("derogations"))[:MOST_DEROGATIONS]
    ]
    return kept


def typed_of(offer: Offer) -> dict[str, Any]:
    """The texts that would make this offer: for a copy, a renewal, a template."""
    deposit = ""
    if offer.deposit is not None:
        held = offer.deposit
        deposit = f"{number(held.percent)} %" if held.percent is not None else number(held.amount or 0, places=2)
    return {
        "subject": offer.subject,
        "conditions": offer.conditions,
        "delivery": offer.delivery,
        "deposit": deposit,
        "own_last_day": short_date(offer.own_last_day) if offer.own_last_day else "",
        "lines": [
            {
                "kind": line.kind.value, "description": line.description, "quantity": number(line.quantity),
                "unit": line.unit, "price": number(line.unit_price), "vat": number(line.vat_rate),
                "contract": line.contract or "",
            }
            for line in offer.lines
        ],
        "derogations": [
            {"article": each.article, "words": each.words, "day": short_date(each.day)} for each in offer.derogations
        ],
    }  # fmt: skip


def read_draft(typed: Mapping[str, Any], *, today: date, contracts: Collection[str]) -> Reading:
    """Read the texts of a draft. Never fails: what cannot be read is a problem, by its field.

    ``contracts`` are the kinds of contract that points may be bought for.
    """
    texts, reader = cleaned(typed), _Reader()
    if not texts["subject"]:
        reader.tell("subject", "Écrivez l'objet du devis\u00a0: c'est la première chose que le client lit.")
    lines = [
        line
        for place, row in enumerate(texts["lines"])
        if not _blank(row) and (line := reader.line(place, row, contracts))
    ]
    if all(map(_blank, texts["lines"])):
        reader.tell("lines-0-description", "Écrivez au moins une ligne.")
    derogations = [
        each
        for place, row in enumerate(texts["derogations"])
        if any(row.values()) and (each := reader.derogation(place, row, today))
    ]
    own = reader.own_last_day(texts["own_last_day"], today)
    offer = Offer(
        subject=texts["subject"], lines=tuple(lines), conditions=texts["conditions"], derogations=tuple(derogations),
        delivery=texts["delivery"], deposit=reader.deposit(texts["deposit"]), own_last_day=own,
    )  # fmt: skip
    if not reader.problems:
        if offer.totals.gross < 0:
            reader.tell("lines-0-price", "Le total du devis est négatif.")
        elif offer.deposit is not None and offer.deposit.of(offer.totals.gross) > offer.totals.gross:
            reader.tell("deposit", "L'acompte dépasse le total du devis.")
    return Reading(offer, tuple(reader.problems))


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def tell(self, field: str, words: str) -> None:
        self.problems.append(Problem(field, words))

    def line(self, place: int, row: Mapping[str, str], contracts: Collection[str]) -> Line | None:
        known, where = len(self.problems), f"lines-{place}-"
        kind = Kind(row["kind"]) if row["kind"] in set(Kind) else None
        if kind is None:
            self.tell(where + "kind", "Choisissez ce que vend cette ligne.")
        if not row["description"]:
            self.tell(where + "description", "Décrivez ce que vend cette ligne.")
        quantity = self._number(where + "quantity", row["quantity"], "la quantité", places=3, least=Decimal("0.001"))
        price = self._number(where + "price", row["price"], "le prix unitaire", places=2, least=-_MOST)
        rate = self._number(where + "vat", row["vat"], "le taux de TVA", places=2, least=Decimal(0), most=_WHOLE)
        contract = None
        if kind is Kind.POINTS:
            contract = row["contract"] if row["contract"] in contracts else None
            if contract is None:
                self.tell(where + "contract", "Choisissez le contrat que ces points alimentent.")
            if quantity is not None and quantity != quantity.quantize(Decimal("0.01")):
                self.tell(where + "quantity", "Un nombre de points a deux décimales au plus.")
        if len(self.problems) > known or kind is None or quantity is None or price is None or rate is None:
            return None
        unit = "point" if kind is Kind.POINTS else row["unit"]
        return Line(kind, row["description"], quantity, unit, price, rate, contract)

    def derogation(self, place: int, row: Mapping[str, str], today: date) -> Derogation | None:
        known, where = len(self.problems), f"derogations-{place}-"
        if not row["words"]:
            self.tell(where + "words", "Écrivez la dérogation\u00a0: elle doit être expresse.")
        day = self._day(where + "day", row["day"], "la date de la dérogation")
        if day is not None and day > today:
            self.tell(where + "day", "Une dérogation est préalable\u00a0: sa date ne peut pas être à venir.")
        return Derogation(row["words"], day, row["article"]) if day and len(self.problems) == known else None

    def own_last_day(self, text: str, today: date) -> date | None:
        if not text:
            return None
        day = self._day("own_last_day", text, "le dernier jour du devis")
        if day is not None and day < today:
            self.tell("own_last_day", "Ce dernier jour est déjà passé.")
        return day

    def deposit(self, text: str) -> Deposit | None:
        if not text:
            return None
        share = text.endswith("%")
        most = _WHOLE if share else _MOST
        value = self._number("deposit", text.rstrip("%"), "l'acompte", places=2, least=Decimal("0.01"), most=most)
        if value is None:
            return None
        return Deposit(percent=value) if share else Deposit(amount=value)

    def _day(self, field: str, text: str, what: str) -> date | None:
        for shape in _DAYS:
            try:
                return datetime.strptime(text, shape).date()  # noqa: DTZ007 - a civil day has no zone
            except ValueError:
                continue
        self.tell(field, f"Écrivez {what} comme 03/12/2026.")
        return None

    def _number(
        self, field: str, text: str, what: str, *, places: int, least: Decimal, most: Decimal = _MOST
    ) -> Decimal | None:
        check: Callable[[Decimal], bool] = lambda value: value.is_finite() and least <= value <= most  # noqa: E731
        try:
            value = Decimal("".join(text.split()).replace("€", "").replace(",", ".").replace("\u2212", "-"))
        except InvalidOperation:
            value = Decimal("NaN")
        if not check(value):
            self.tell(field, f"Écrivez {what} en chiffres, par exemple 12,50.")
            return None
        exponent = value.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > places:
            self.tell(field, f"Écrivez {what} avec {places} décimales au plus.")
            return None
        return value


def _blank(row: Mapping[str, str]) -> bool:
    # A line that was added and left as it came.
    return not (row["description"] or row["price"])


def _text(value: object, most: int) -> str:
    return str(value or "").replace("\r\n", "\n").strip()[:most]


def _one_line(value: object, most: int) -> str:
    return " ".join(str(value or "").split())[:most]


def _rows(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
