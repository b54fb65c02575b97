"""Bringing files in: read, recognised, matched, kept byte for byte; each file in a transaction of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import IO, Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Person
from portal.accounts.rules import vat_of
from portal.evidence.actions import record
from portal.files.actions import keep
from portal.files.models import StoredFile
from portal.files.rules import KINDS, FileRefused, Kind
from portal.files.store import Store
from portal.french import short_date
from portal.invoices import import_report as report
from portal.invoices.actions import InvoiceError, NumberTaken, add_invoice, seller_key
from portal.invoices.document import ReadInvoice
from portal.invoices.import_report import Found, found_in
from portal.invoices.issuer import Issuer, siren_of
from portal.invoices.letters import Letters
from portal.invoices.matching import Match, find_client
from portal.invoices.models import Invoice, InvoiceImport
from portal.invoices.reading.csv_sources import CsvSource
from portal.invoices.reading.fields import NUMBER
from portal.invoices.reading.files import Brought, bring_file
from portal.invoices.reading.reader import LARGEST_FILE
from portal.invoices.reading.refusal import Unreadable
from portal.invoices.rules import Import
from portal.terms import Library

KEPT_FOR = "invoices"
COMMAND, UPLOAD, FOLDER = "command", "upload", "folder"
#: Key of PostgreSQL's advisory lock: one import at a time.
_LOCK = 0x1A7_01CE
_LONGEST_NAME = 400
_SUFFIXES = {"factur-x": "pdf", "cii": "xml", "ubl": "xml", "csv": "csv"}
NO_ISSUER = (
    "Notre SIREN n'est pas renseigné (PORTAL_COMPANY_ID)\u00a0: aucune facture n'est rattachée d'elle-même à un client."
)


class AlreadyHandled(InvoiceError):
    """A colleague was faster."""


@dataclass(frozen=True, slots=True)
class Importer:
    """What an import stands on, whoever asks for it. ``announce``: clients are written to."""

    store: Store
    library: Library
    letters: Letters
    issuer: Issuer | None
    sources: Sequence[CsvSource] = ()
    origin: str = COMMAND
    by: int | None = None  # the member of staff who uploads
    announce: bool = True


def import_file(
    sessions: sessionmaker[Session], brought: Brought, importer: Importer, *, at: datetime
) -> list[dict[str, Any]]:
    """Take in one file: an answer for each invoice in it, committed before it is given.

    Raises:
        StoreAway: files cannot be kept now; nothing of this file is.
    """
    everything = list(found_in(brought, importer.sources))  # read before anybody is made to wait
    with sessions.begin() as session:
        return take_in(session, brought, everything, importer, at=at)


def take_in(
    session: Session, brought: Brought, everything: Sequence[Found], importer: Importer, *, at: datetime
) -> list[dict[str, Any]]:
    """Take in what was found in a file, in the caller's transaction."""
    answers = []
    _take_turns(session)
    original = _Original(session, brought, importer, at)
    for found in everything:
        status, reason, invoice = _take(session, found, original, importer, at)
        answer = report.line(found, status, reason)
        answers.append(answer)
        _note(session, answer, invoice, original, importer, at)
    return answers


def import_stream(
    sessions: sessionmaker[Session], name: str, content: IO[bytes], size: int, importer: Importer, *, at: datetime
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The same for what was uploaded under a name: a file, or an archive of them."""
    for brought in bring_file(name, content, size):
        yield from import_file(sessions, brought, importer, at=at)


def _take_turns(session: Session) -> None:
    # Two imports of the same invoices in another order would wait for each other for ever: the log and the numbers
    # are both held until the end. On SQLite the transaction is already the only writer.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


class _Original:
    """The file itself: kept once, when something first needs it."""

    def __init__(self, session: Session, brought: Brought, importer: Importer, at: datetime) -> None:
        self._session, self._importer, self._at = session, importer, at
        self._data, self._name = brought.data, brought.name.replace("\\", "/").rpartition("/")[2]
        self._file: StoredFile | None = None
        self.sha256 = sha256(brought.data).hexdigest() if brought.data else None
        #: What is known already to have become of this very file, whatever it was called: (status, number).
        self.known: set[tuple[Import, str | None]] = set()
        if self.sha256 is not None:
            before = session.scalars(select(InvoiceImport).where(InvoiceImport.sha256 == self.sha256))
            self.known = {(each.status, each.answer["number"]) for each in before}

    def kept(self, syntax: str) -> StoredFile:
        """The file of an invoice that was read: it is what its reader found, whatever it is called."""
        if self._file is None:
            suffix = "pdf" if self._data[:1024].find(b"%PDF-") >= 0 else _SUFFIXES.get(syntax, "xml")
            self._file = keep(
                self._session, self._importer.store, self._data, name=self._name, kept_for=KEPT_FOR, now=self._at,
                limit=LARGEST_FILE, known=Kind(suffix, KINDS[suffix]),
            )  # fmt: skip
        return self._file

    def kept_if_taken(self) -> StoredFile | None:
        """The file of a refused invoice, for a person to look at; None where it is nothing that may be kept."""
        if self._file is None and self._data:
            try:
                self._file = keep(
                    self._session, self._importer.store, self._data, name=self._name, kept_for=KEPT_FOR, now=self._at
                )  # fmt: skip
            except FileRefused:
                return None
        return self._file


def _take(
    session: Session, found: Found, original: _Original, importer: Importer, at: datetime
) -> tuple[Import, str, Invoice | None]:
    """What becomes of one invoice: (status, reason, the row it is or meets)."""
    read = found.invoice
    if read is None:
        return Import.REJECTED, found.reason, None
    held = _held(session, read)
    if held is None:
        match, why = _match(session, read, importer)
        try:
            added = add_invoice(
                session, read, file=original.kept(read.syntax), organisation=match.organisation, matched_by=match.by,
                library=importer.library, letters=importer.letters, announce=importer.announce, at=at,
            )  # fmt: skip
        except NumberTaken as taken:  # by another import, at the same moment
            held = taken.invoice
        except FileRefused as refused:  # a scanner found something in it
            return Import.REJECTED, f"{found.file}\u00a0: {refused}", None
        else:
            status = Import.IMPORTED if match.organisation else Import.UNMATCHED
            return status, " ".join(filter(None, (why, found.findings))), added
    differences = differing(held, read)
    if not differences:
        day = short_date(held.imported_at.date())
        return Import.DUPLICATE, f"Cette facture est déjà là depuis le {day}.", held
    words = (
        f"le numéro {read.number} est déjà celui d'une autre facture du même vendeur, "
        f"dont diffèrent\u00a0: {', '.join(differences)}\u00a0; les deux sont gardées"
    )
    return Import.REJECTED, replace(found, refused=Unreadable("UNICITÉ", NUMBER, words)).reason, held


def _held(session: Session, read: ReadInvoice) -> Invoice | None:
    """The invoice of this number of this seller, whichever of its numbers either file gives: VAT number or SIREN."""
    seller = read.seller
    number = seller.siren or siren_of(seller.vat_number)
    keys = {seller_key(seller)[:200], *filter(None, (number, vat_of(number) if number else None))}
    return session.scalars(
        select(Invoice).where(Invoice.number == read.number, Invoice.seller_key.in_(keys)).order_by(Invoice.id)
    ).first()


def _match(session: Session, read: ReadInvoice, importer: Importer) -> tuple[Match, str]:
    if importer.issuer is None:
        return Match(None, None), NO_ISSUER
    if not importer.issuer.is_seller(read.seller):
        seller = read.seller.name or read.seller.vat_number or read.seller.siren
        return Match(
            None, None
        ), f"Émise par {seller}, qui n'est pas nous." if seller else "Le vendeur n'est pas nommé."
    match = find_client(session, read.buyer)
    return match, match.why


def differing(held: Invoice, read: ReadInvoice) -> list[str]:
    """What an invoice that is there and one that was read say differently, in words; nothing: they are the same.

    The same invoice may come as PDF and as XML, or in a profile that has no place for lines or for a due date: what one
    of them is silent about contradicts nothing.
    """
    payable = read.gross if read.payable is None else read.payable
    compared: list[tuple[str, Any, Any]] = [
        ("le type", held.type_code, read.type_code), ("la date", held.issued_on, read.issued_on),
        ("l'échéance", held.due_on, read.due_on), ("la devise", held.currency, read.currency),
        ("l'acheteur", held.buyer_vat or held.buyer_siren or held.buyer, _buyer(held, read)),
        ("le total HT", held.net, read.net), ("la TVA", held.tax, read.tax), ("le total TTC", held.gross, read.gross),
        ("le net à payer", held.payable, payable),
    ]  # fmt: skip
    compared.append(("les lignes", [_row(line) for line in held.lines], [_row(line) for line in read.lines]))
    return [words for words, one, other in compared if one != other and not (_silent(one) or _silent(other))]


def _silent(value: Any) -> bool:
    return value is None or value in ("", [])


def _buyer(held: Invoice, read: ReadInvoice) -> str:
    # By the same number that the held one is known by.
    return read.buyer.vat_number if held.buyer_vat else read.buyer.siren if held.buyer_siren else read.buyer.name[:200]


def _row(line: Any) -> tuple[str, Decimal | None, Decimal | None, Decimal | None, Decimal | None]:
    return (line.name, line.quantity, line.unit_price, line.net, line.vat_rate)


def _note(
    session: Session, answer: dict[str, Any], invoice: Invoice | None, original: _Original, importer: Importer, at: datetime
) -> None:  # fmt: skip
    """Write down what became of it; the same file with the same outcome again is not written twice."""
    status = Import(answer["status"])
    if original.sha256 is None and importer.origin == COMMAND:
        return  # a name that leads nowhere: who typed it has the answer
    key = (status, answer["number"])
    if key in original.known:
        return
    if original.sha256 is not None:
        original.known.add(key)
    file = original.kept_if_taken() if status is Import.REJECTED else None
    session.add(
        InvoiceImport(
            name=answer["file"][-_LONGEST_NAME:], origin=importer.origin, status=status, sha256=original.sha256, file=file,
            invoice=invoice, answer=answer, reason=answer["reason"] or "", imported_at=at, imported_by_id=importer.by,
            # A person has nothing to do about these.
            handled_at=at if status in {Import.IMPORTED, Import.DUPLICATE} else None,
        )
    )  # fmt: skip
    session.flush()


def set_aside(session: Session, waiting: InvoiceImport, *, by: Person, at: datetime) -> None:
    """Staff have looked: it waits no longer. The file and what was read of it stay.

    Raises:
        AlreadyHandled: a colleague was faster.
    """
    session.refresh(waiting, with_for_update=True)
    matched = waiting.status is Import.UNMATCHED and waiting.invoice and waiting.invoice.organisation_id
    if waiting.handled_at is not None or matched:
        raise AlreadyHandled
    waiting.handled_at, waiting.handled_by_id = at, by.id
    session.flush()
    record(
        session, "invoices.import_set_aside",
        {"import": waiting.id, "status": waiting.status.value, "file": waiting.sha256, "by": by.email}, at=at,
    )  # fmt: skip
