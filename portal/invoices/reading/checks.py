"""Whether an invoice adds up, by the rules of EN 16931. What does not is told, never corrected."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from portal.invoices.document import ReadInvoice
from portal.invoices.reading.fields import CURRENCY, GROSS, NET, PAYABLE, TAX, TYPE, Pen

CENT = Decimal("0.01")
ZERO = Decimal(0)
#: Of prices with many decimals: a line may be rounded twice.
LINE_TOLERANCE = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Sums:
    """Totals that are read for the checks alone. ``counted`` are the lines that totals count."""

    counted: tuple[Decimal | None, ...]
    allowances: Decimal | None = None  # BT-107
    charges: Decimal | None = None  # BT-108


def check(pen: Pen, invoice: ReadInvoice, sums: Sums) -> None:
    """Note what is missing, then every total that is not the sum it should be."""
    _missing(pen, invoice)
    document = _document_sums(invoice)
    if sums.counted and None not in sums.counted:
        _compare(
            pen, "BR-CO-10", "total des lignes (BT-106)", invoice.lines_total, _add(sums.counted), "la somme des lignes"
        )
    _compare(pen, "BR-CO-11", "total des remises (BT-107)", sums.allowances, document[0], "la somme des remises")
    _compare(pen, "BR-CO-12", "total des frais (BT-108)", sums.charges, document[1], "la somme des frais")
    if invoice.lines_total is not None:
        expected = invoice.lines_total - (sums.allowances or ZERO) + (sums.charges or ZERO)
        _compare(pen, "BR-CO-13", NET, invoice.net, expected, "lignes − remises + frais")
    amounts = [tax.amount for tax in invoice.taxes]
    if amounts and None not in amounts:
        _compare(pen, "BR-CO-14", TAX, invoice.tax, _add(amounts), "la somme de la TVA par taux")
    if invoice.net is not None and invoice.tax is not None:
        _compare(pen, "BR-CO-15", GROSS, invoice.gross, invoice.net + invoice.tax, "HT + TVA")
    expected = invoice.gross - (invoice.prepaid or ZERO) + (invoice.rounding or ZERO)
    _compare(pen, "BR-CO-16", PAYABLE, invoice.payable, expected, "TTC − acomptes + arrondi")
    _taxes(pen, invoice)
    _lines(pen, invoice)


def _missing(pen: Pen, invoice: ReadInvoice) -> None:
    absent = (
        (TYPE, invoice.type_code), (CURRENCY, invoice.currency), (NET, invoice.net), (TAX, invoice.tax),
        (PAYABLE, invoice.payable), ("vendeur (BT-27)", invoice.seller.name), ("acheteur (BT-44)", invoice.buyer.name),
    )  # fmt: skip
    for field, value in absent:
        if value is None or value == "":
            pen.note("missing", field, f"{field}\u00a0: absent du fichier.")
    if invoice.due_on is None and not invoice.payment_terms and (invoice.payable or ZERO) > 0 and not invoice.is_credit:
        pen.note("missing", "échéance (BT-9)", "Ni échéance (BT-9) ni conditions de paiement (BT-20) dans le fichier.")


def _document_sums(invoice: ReadInvoice) -> tuple[Decimal | None, Decimal | None]:
    taken = [each.amount for each in invoice.adjustments if not each.charge]
    added = [each.amount for each in invoice.adjustments if each.charge]
    return (_add(taken) if taken else None, _add(added) if added else None)


def _add(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), ZERO)


def _compare(pen: Pen, rule: str, field: str, said: Decimal | None, expected: Decimal | None, how: str) -> None:
    if said is None or expected is None or _cents(said) == _cents(expected):
        return
    pen.note(rule, field, f"{field}\u00a0: {_shown(said)} écrit, {_shown(expected)} attendu ({how}).")


def _taxes(pen: Pen, invoice: ReadInvoice) -> None:
    for tax in invoice.taxes:
        if tax.rate is None or tax.basis is None or tax.amount is None:
            continue
        expected = tax.basis * tax.rate / 100
        if abs(expected - tax.amount) > CENT:
            pen.note(
                "BR-CO-17", f"TVA à {_plain(tax.rate)} % (BT-117)",
                f"TVA à {_plain(tax.rate)}\u00a0%\u00a0: {_shown(tax.amount)} écrit, {_shown(expected)} attendu (base × taux).",
            )  # fmt: skip


def _lines(pen: Pen, invoice: ReadInvoice) -> None:
    wrong = 0
    for line in invoice.lines:
        if line.quantity is None or line.unit_price is None or line.net is None:
            continue
        per = line.price_base or Decimal(1)
        adjusted = _add(each.amount if each.charge else -each.amount for each in line.allowances)
        expected = line.quantity * line.unit_price / per + adjusted
        if abs(expected - line.net) > LINE_TOLERANCE:
            wrong += 1
            if wrong <= _MOST_LINES_TOLD:
                pen.note(
                    "R120", f"ligne {line.number} (BT-131)",
                    f"Ligne {line.number}\u00a0: {_shown(line.net)} écrit, {_shown(expected)} attendu (quantité × prix).",
                )  # fmt: skip
    if wrong > _MOST_LINES_TOLD:
        pen.note("R120", "lignes (BT-131)", f"{wrong} lignes en tout ne font pas quantité × prix.")


_MOST_LINES_TOLD = 5


def _cents(amount: Decimal) -> Decimal:
    return round(amount, 2)


def _shown(amount: Decimal) -> str:
    return _plain(_cents(amount))


def _plain(amount: Decimal) -> str:
    return f"{amount:f}".replace(".", ",")
