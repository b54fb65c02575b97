"""Payments as a bank's or the accounting software's export gives them: one row, one payment; the same row twice is once."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from io import StringIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.invoices.holding import held
from portal.invoices.models import Invoice
from portal.invoices.payment_actions import PaymentError, record_payment
from portal.invoices.payment_rules import Means
from portal.invoices.reading.csv_sources import plain
from portal.invoices.reading.csv_values import day
from portal.invoices.reading.xml_source import surely_latin

RECORDED, DUPLICATE, REJECTED = "recorded", "duplicate", "rejected"
LARGEST, LONGEST_REFERENCE = 24 * 2**20, 200
_COLUMNS = {
    "number": ("facture", "numero", "numero de facture", "n facture", "invoice", "number"),
    "day": ("recu le", "paye le", "date", "jour", "date de paiement", "date de reglement", "day"),
    "amount": ("montant", "montant recu", "montant regle", "recu", "regle", "amount"),
    "means": ("moyen", "mode", "mode de paiement", "mode de reglement", "means"),
    "reference": ("reference", "libelle", "ref"),
}
_NEEDED = ("number", "day", "amount")
#: "1.200" may be a thousand two hundred or one euro twenty, and nobody is there to ask: thousands are told by spaces,
#: cents by a comma or a point and two digits.
_AMOUNT = re.compile(r"((?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+)|\d+)(?:[.,](\d{2}))?", re.ASCII)
#: Other money is no euros: it is left in the cell, and refused there.
_EUROS = re.compile(r"\s*(?:€|EUR)\s*$|^\s*€\s*", re.IGNORECASE)
_MINUS = re.compile(r"\s*[-\u2212\u2013]\s*\d")
_MEANS = {plain(each.label): each for each in Means if each is not Means.CREDIT_NOTE} | {
    "virement sepa": Means.TRANSFER, "vir": Means.TRANSFER, "prlv": Means.DEBIT, "cb": Means.CARD, "chq": Means.CHEQUE,
}  # fmt: skip


class UnreadablePayments(Exception):
    """The file as a whole is none of payments; the message is French."""


@dataclass(frozen=True, slots=True)
class Received:
    """One row: what it says, and the key that makes it the same payment when the file comes again."""

    line: int
    number: str
    day: str
    amount: str
    means: str
    reference: str
    key: str


def rows_of(data: bytes) -> Iterator[Received]:
    """Each row of the file, as it stands.

    Raises:
        UnreadablePayments: too large, no text, or without the columns that are needed.
    """
    if len(data) > LARGEST:
        raise UnreadablePayments(f"un CSV de plus de {LARGEST // 2**20} Mo n'est pas lu")
    try:
        text: str | None = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = surely_latin(data)
    if text is None or "\0" in text:
        raise UnreadablePayments("l'encodage n'est ni UTF-8 ni Windows-1252")
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        named = [plain(cell) for cell in next(reader, [])]
        places = {
            key: named.index(name) for key, names in _COLUMNS.items() for name in reversed(names) if name in named
        }
        missing = [_COLUMNS[key][0] for key in _NEEDED if key not in places]
        if missing:
            raise UnreadablePayments(f"il manque la colonne {', '.join(missing)}")
        seen: Counter[str] = Counter()
        for row in reader:
            cells = {key: row[place].strip() if place < len(row) else "" for key, place in places.items()}
            if any(cells.values()):
                said = "\n".join(cells.get(key, "") for key in _COLUMNS)
                seen[said] += 1  # two equal rows of one file are two payments
                digest = sha256(f"{said}\n{seen[said]}".encode()).hexdigest()[:40]
                values = {key: cells.get(key, "") for key in _COLUMNS}
                yield Received(line=reader.line_num, key=f"csv-{digest}", **values)
    except csv.Error as error:
        raise UnreadablePayments(f"CSV mal formé, ligne {reader.line_num}") from error


def _amount(cell: str) -> Decimal | None:
    """Euros, where a cell says without any doubt how many."""
    found = _AMOUNT.fullmatch(_EUROS.sub("", cell))
    return Decimal(f"{re.sub(r'[^0-9]', '', found[1])}.{found[2] or '00'}") if found else None


def take_in(session: Session, row: Received, *, at: datetime) -> tuple[str, str]:
    """(what became of a row, why), in the caller's transaction."""
    received, amount = day(row.day, ""), _amount(row.amount)
    if received is None or received > at.astimezone(PARIS).date():
        return REJECTED, f"colonne « reçu le »\u00a0: « {row.day} » n'est pas un jour déjà venu"
    if amount is None and _MINUS.match(row.amount):
        return REJECTED, f"colonne « montant »\u00a0: « {row.amount} » est un débit, pas un paiement reçu"
    if amount is None:
        how = (
            "des euros\u00a0: chiffres, espaces entre les milliers, puis rien ou une virgule (un point) et deux chiffres, "
            "comme 1 200,00"
        )
        return REJECTED, f"colonne « montant »\u00a0: « {row.amount} » se lit de plusieurs façons ou d'aucune ({how})"
    if amount == 0:
        return REJECTED, f"colonne « montant »\u00a0: « {row.amount} » n'est pas un montant reçu"
    means = _MEANS.get(plain(row.means), None) if row.means else Means.OTHER
    if means is None:
        return (
            REJECTED,
            f"colonne « moyen »\u00a0: « {row.means} » n'est pas un moyen de paiement connu (une traite n'en est pas un)",
        )
    return _record(session, row, received, amount, means, at)


def _record(
    session: Session, row: Received, received: date, amount: Decimal, means: Means, at: datetime
) -> tuple[str, str]:
    wanted = " ".join(row.number.split())
    named = select(Invoice).where(Invoice.number == wanted, Invoice.organisation_id.is_not(None))
    found = session.scalars(named.limit(2)).all()
    if len(found) != 1:
        return REJECTED, "plusieurs factures ont ce numéro" if found else "aucune facture d'un client n'a ce numéro"
    if any(each.form_key == row.key for each in held(session, found[0]).payments):
        return DUPLICATE, "ce paiement est déjà enregistré"
    try:
        record_payment(
            session, found[0], day=received, amount=amount, means=means, reference=row.reference[:LONGEST_REFERENCE],
            form_key=row.key, by=None, at=at,
        )  # fmt: skip
    except PaymentError as error:
        return REJECTED, str(error)
    return RECORDED, ""
