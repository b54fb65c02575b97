"""What an import says of each file: one line, the same for a script, the desk and the rows that are kept. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from portal import french
from portal.invoices.document import ReadFinding, ReadInvoice, type_words
from portal.invoices.reading.csv_file import Refused
from portal.invoices.reading.csv_sources import CsvSource
from portal.invoices.reading.files import Brought
from portal.invoices.reading.reader import read_file
from portal.invoices.reading.refusal import Unreadable

IMPORTED, UNMATCHED, DUPLICATE, REJECTED = "imported", "unmatched", "duplicate", "rejected"
#: The keys of a line, in their order. They are a promise to scripts: none is ever added to, taken away or renamed.
KEYS = (
    "file", "status", "syntax", "profile", "number", "type", "issued_on", "due_on", "currency", "seller", "seller_vat",
    "buyer", "buyer_vat", "net", "tax", "gross", "payable", "lines", "reason",
)  # fmt: skip
#: The code of a finding that says what the file does not.
MISSING = "missing"
WORDS = {IMPORTED: "importée", UNMATCHED: "à rattacher", DUPLICATE: "déjà là", REJECTED: "refusée"}


@dataclass(frozen=True, slots=True)
class Found:
    """One invoice in a file, or why there is none."""

    file: str
    invoice: ReadInvoice | None
    refused: Unreadable | None = None
    number: str = ""  # of a refused invoice, where it could be read

    @property
    def reason(self) -> str:
        """Why it is refused, naming file, field and rule; or what a person should know of it."""
        if self.refused is not None:
            return f"{self.file}\u00a0: {self.refused}"
        return self.findings

    @property
    def findings(self) -> str:
        """What does not add up and what is missing, in one text."""
        found = self.invoice.findings if self.invoice else ()
        told = [_sentence(each) for each in found if each.code != MISSING]
        missing = [each for each in found if each.code == MISSING]
        if len(missing) > 1:
            told.append(f"Le fichier ne dit pas\u00a0: {', '.join(each.field for each in missing)}.")
        else:
            told += [_sentence(each) for each in missing]
        return " ".join(told)


def found_in(brought: Brought, sources: Sequence[CsvSource] = ()) -> Iterator[Found]:
    """Every invoice of one file, read or refused."""
    if brought.refused is not None:
        yield Found(brought.name, None, brought.refused)
        return
    try:
        for each in read_file(brought.data, sources):
            if isinstance(each, Refused):
                yield Found(brought.name, None, each.reason, each.number)
            else:
                yield Found(brought.name, each)
    except Unreadable as refused:
        yield Found(brought.name, None, refused)


def line(found: Found, status: str, reason: str = "") -> dict[str, Any]:
    """The answer on one invoice: exactly ``KEYS``. What the file does not say is null."""
    answer: dict[str, Any] = dict.fromkeys(KEYS)
    answer.update(file=found.file, status=status, reason=reason or found.reason or None)
    read = found.invoice
    if read is None:
        answer["number"] = found.number or None
        return answer
    answer.update(
        syntax=read.syntax, profile=read.profile or None, number=read.number, type=read.type_code or None,
        issued_on=read.issued_on.isoformat(), due_on=read.due_on.isoformat() if read.due_on else None,
        currency=read.currency or None, seller=read.seller.name or None, seller_vat=read.seller.vat_number or None,
        buyer=read.buyer.name or None, buyer_vat=read.buyer.vat_number or None, net=amount(read.net), tax=amount(read.tax),
        gross=amount(read.gross), payable=amount(read.payable), lines=len(read.lines),
    )  # fmt: skip
    return answer


def amount(value: Decimal | None) -> str | None:
    """An amount as a decimal string, with the decimals that the file gives."""
    return None if value is None else f"{value:f}"


def sentence(answer: Mapping[str, Any], *, dry_run: bool = False) -> str:
    """The same for a person, on one line and, under it, what there is to know."""
    word = "lue" if dry_run and answer["status"] == UNMATCHED else WORDS[answer["status"]]
    parts = [f"{answer['file']} : {word}"]
    if answer["gross"] is not None:
        day = french.short_date(date.fromisoformat(answer["issued_on"]))
        parts.append(f" — {type_words(answer['type'] or '')} {answer['number']} du {day}, {_money(answer)} TTC")
        if answer["buyer"]:
            parts.append(f", pour {answer['buyer']}")
    if answer["reason"]:
        parts.append(f"\n    {reason_alone(answer)}")
    return "".join(parts)


def reason_alone(answer: Mapping[str, Any]) -> str:
    """The reason without the name of the file, for where that stands beside it."""
    words: str = (answer["reason"] or "").removeprefix(f"{answer['file']}{french.NO_BREAK}: ")
    return f"{words[:1].upper()}{words[1:]}"


def summary(counts: Mapping[str, int], *, dry_run: bool = False) -> str:
    """How many of each: the last line of a batch."""
    if not any(counts.values()):
        return "Aucun fichier à lire."
    plurals = {
        IMPORTED: ("importée", "importées"), UNMATCHED: ("à rattacher", "à rattacher"), DUPLICATE: ("déjà là", "déjà là"),
        REJECTED: ("refusée", "refusées"),
    }  # fmt: skip
    if dry_run:
        plurals[UNMATCHED] = ("lue", "lues")
    told = [f"{counts[status]} {words[counts[status] > 1]}" for status, words in plurals.items() if counts.get(status)]
    return f"{french.listing(told)}{' ; rien n’est enregistré' if dry_run else ''}."


def _money(answer: Mapping[str, Any]) -> str:
    currency = {"EUR": "€", None: "(devise inconnue)"}.get(answer["currency"], answer["currency"])
    return f"{french.number(Decimal(answer['gross']), places=2)}{french.NO_BREAK}{currency}"


def _sentence(finding: ReadFinding) -> str:
    # The rules of the norm are named by their codes, as everybody does; our own words need none.
    words = finding.words.removesuffix(".")
    return (
        f"{words[:1].upper()}{words[1:]} ({finding.code})."
        if finding.code.isupper()
        else f"{words[:1].upper()}{words[1:]}."
    )
