"""The lines of an order that an amendment changes: both states, what differs, how the new one is read and kept. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.contracts.rules import Kind
from portal.orders.rules import InvalidLine, LineKind, OrderError, OrderLine, PositionedLine, Totals, totals

Lines = tuple[PositionedLine, ...]
MOST_LINES = 300  # a quote has 200 at most (quotes/draft.py), and an amendment adds some
_MOST = Decimal(100_000_000)


class LinesRefused(OrderError):
    """Lines that an amendment cannot make of an order; the words are French."""


class Overtaken(OrderError):
    """Another amendment changed the order after the page was opened."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One line before and after; None: it is added, or dropped."""

    before: OrderLine | None
    after: OrderLine | None

    @property
    def what(self) -> str:
        """What becomes of it, in a word."""
        if self.before is None:
            return "Ajoutée"
        if self.after is None:
            return "Retirée"
        return "Inchangée" if self.before == self.after else "Changée"


@dataclass(frozen=True, slots=True)
class Compared:
    """An order before and after an amendment."""

    before: Lines
    after: Lines

    @property
    def pairs(self) -> list[Pair]:
        """Line by line, those that were there first."""
        old, new = ({each.position: each.value for each in lines} for lines in (self.before, self.after))
        return [Pair(old.get(position), new.get(position)) for position in dict.fromkeys((*old, *new))]

    @property
    def totals(self) -> tuple[Totals, Totals]:
        """Both sums, VAT per rate."""
        return totals(each.value for each in self.before), totals(each.value for each in self.after)

    @property
    def rates(self) -> list[tuple[Decimal, Decimal, Decimal]]:
        """(rate, VAT before, VAT after) of every rate of either state."""
        old, new = ({rate: tax for rate, _, tax in held.by_rate} for held in self.totals)
        return [(rate, old.get(rate, Decimal(0)), new.get(rate, Decimal(0))) for rate in sorted({*old, *new})]

    @property
    def net_change(self) -> Decimal:
        """Euros before tax, signed."""
        old, new = self.totals
        return new.net - old.net


def check_lines(before: Lines, after: Lines) -> None:
    """Let pass lines that two sides can agree on.

    Points live in the ledger of a contract, where a line of an amendment would not reach them: they are added by a
    supplementary quote and corrected there.

    Raises:
        LinesRefused: nothing is left, it comes to less than nothing, or points are changed.
    """
    if not after:
        raise LinesRefused("Il ne resterait aucune ligne\u00a0: proposez plutôt une annulation.")
    old = {each.position: each.value for each in before if each.value.kind is LineKind.POINTS}
    new = {each.position: each.value for each in after if each.value.kind is LineKind.POINTS}
    if old != new:
        raise LinesRefused(
            "Une ligne de points ne change pas par un avenant\u00a0: ses points sont déjà au contrat. "
            "Un devis complémentaire en ajoute."
        )
    if totals(each.value for each in after).gross < 0:
        raise LinesRefused("Le total de la commande serait négatif.")


def stored(lines: Iterable[PositionedLine]) -> list[dict[str, Any]]:
    """Lines as an amendment and the log keep them: numbers as text."""
    return [
        {
            "position": each.position, "kind": each.value.kind.value, "label": each.value.label,
            "description": each.value.description, "quantity": str(each.value.quantity), "unit": each.value.unit,
            "unit_price": str(each.value.unit_price), "vat_rate": str(each.value.vat_rate),
            "points": None if each.value.points is None else str(each.value.points),
            "contract_kind": each.value.contract_kind.value if each.value.contract_kind else None,
            "top_up": each.value.top_up,
        }
        for each in lines
    ]  # fmt: skip


def restored(held: Sequence[Mapping[str, Any]]) -> Lines:
    """Lines that were kept."""
    return tuple(
        PositionedLine(
            each["position"],
            OrderLine(
                {kind.value: kind for kind in LineKind}[each["kind"]], each["label"], Decimal(each["quantity"]),
                each["unit"], Decimal(each["unit_price"]), Decimal(each["vat_rate"]), each["description"],
                None if each["points"] is None else Decimal(each["points"]),
                {kind.value: kind for kind in Kind}[each["contract_kind"]] if each["contract_kind"] else None,
                each["top_up"],
            ),
        )
        for each in held
    )  # fmt: skip


# --- As somebody types them ----------------------------------------------------------------------


def typed_of(lines: Iterable[PositionedLine]) -> list[dict[str, Any]]:
    """Lines as a form shows them."""
    return [
        {
            "position": str(each.position), "kind": each.value.kind.value, "label": each.value.label,
            "description": each.value.description, "quantity": _plain(each.value.quantity), "unit": each.value.unit,
            "price": _plain(each.value.unit_price, cents=True), "vat": _plain(each.value.vat_rate), "drop": False,
        }
        for each in lines
    ]  # fmt: skip


def read_lines(
    rows: Sequence[Mapping[str, Any]], before: Lines, used: Collection[int] = ()
) -> tuple[Lines, list[tuple[str, str]]]:
    """The lines that typed rows make of an order, and what is wrong with them as (field, words), never an exception.

    A row names the line it stands for by its position; one without is new, and one left blank says nothing. A line
    that no row names stays as it is. ``used`` are positions that lines had once: a new line takes none of them, or it
    would be born with what was done for another.
    """
    held, problems = {each.position: each.value for each in before}, list[tuple[str, str]]()
    made: dict[int, OrderLine | None] = dict(held)
    following = max((*held, *used), default=0) + 1
    for place, row in enumerate(rows[:MOST_LINES]):
        named = str(row["position"] or "")[:9]
        position = int(named) if named.isdecimal() else None
        old = held.get(position) if position is not None else None
        if old is None and not any(str(row[name] or "").strip() for name in ("label", "description", "price")):
            continue
        if old is not None and old.kind is LineKind.POINTS:
            continue
        if row["drop"]:
            if position is not None:
                made[position] = None
            continue
        line, wrong = _line(f"lines-{place}-", row, old)
        problems += wrong
        if line is not None:
            where = position if old is not None and position is not None else following
            made[where] = line
            following = max(following, where + 1)
    return tuple(PositionedLine(position, line) for position, line in made.items() if line is not None), problems


def _line(where: str, row: Mapping[str, Any], old: OrderLine | None) -> tuple[OrderLine | None, list[tuple[str, str]]]:
    problems: list[tuple[str, str]] = []

    def number(name: str, what: str, places: int, least: Decimal, most: Decimal = _MOST) -> Decimal:
        value = _number(str(row[name] or ""))
        if value is None or not least <= value <= most:
            problems.append((where + name, f"Écrivez {what} en chiffres, par exemple 12,50."))
        elif value != value.quantize(Decimal(1).scaleb(-places)):
            problems.append((where + name, f"Écrivez {what} avec {places} décimales au plus."))
        return value or Decimal(0)

    kind = {each.value: each for each in LineKind if each is not LineKind.POINTS}.get(str(row["kind"]))
    if kind is None:
        problems.append((where + "kind", "Choisissez ce que vend cette ligne."))
    if not (label := str(row["label"] or "").strip()):
        problems.append((where + "label", "Décrivez ce que vend cette ligne."))
    quantity = number("quantity", "la quantité", 3, Decimal("0.001"))
    price = number("price", "le prix unitaire", 2, -_MOST)
    rate = number("vat", "le taux de TVA", 2, Decimal(0), Decimal(100))
    if problems or kind is None:
        return None, problems
    description = str(row["description"] or "").replace("\r\n", "\n").strip()
    try:
        return OrderLine(kind, label, quantity, str(row["unit"] or "").strip(), price, rate, description), []
    except InvalidLine:
        return old, [(where + "label", "Cette ligne ne peut pas être lue.")]


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal("".join(text.split()).replace("€", "").replace(",", ".").replace("\u2212", "-"))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _plain(value: Decimal, *, cents: bool = False) -> str:
    text = f"{value:.2f}" if cents else f"{value.normalize():f}"
    return text.replace(".", ",")
