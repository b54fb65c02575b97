"""Files brought in: imported, unmatched, duplicate, rejected; kept byte for byte; twice at once is once."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from portal.accounts.actions import create_organisation
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import Identity, vat_of
from portal.evidence.actions import verify_log
from portal.files.actions import read as read_stored
from portal.files.store import Store
from portal.invoices.actions import match_invoice
from portal.invoices.import_actions import AlreadyHandled, Importer, import_file, import_stream, set_aside
from portal.invoices.import_queue import waiting
from portal.invoices.issuer import Issuer, siren_of
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice, InvoiceImport
from portal.invoices.reading.files import Brought
from portal.invoices.rules import Import
from portal.invoices.searching import count, of_nobody
from portal.mail.models import OutgoingMail
from tests.invoices.conftest import NOON
from tests.invoices.reading.written import Item, Written, cii, factur_x, ubl

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library

CLIENT_SIREN = "732829320"  # of the conftest's client
OURS = Written(buyer="Boulangerie Muller", buyer_vat=vat_of(CLIENT_SIREN), buyer_siren=CLIENT_SIREN)
Bring = Callable[..., list[dict[str, object]]]


@pytest.fixture
def importer(store: Store, letters: Letters, library: "Library") -> Importer:
    """Ours: whoever has the SIREN 100000009 is us."""
    return Importer(store, library, letters, Issuer("100000009", "FR88100000009"))


@pytest.fixture
def bring(sessions: "sessionmaker[Session]", importer: Importer, client: Organisation) -> Bring:
    """``bring(xml)``: the answers of one file."""

    def brought(content: str | bytes, name: str = "f.xml", *, by: Importer = importer) -> list[dict[str, object]]:
        data = content if isinstance(content, bytes) else content.encode()
        return import_file(sessions, Brought(name, data), by, at=NOON)

    return brought


def one(sessions: "sessionmaker[Session]") -> Invoice:
    with sessions() as session:
        invoice = session.scalars(select(Invoice)).one()
        _ = invoice.file, invoice.organisation, invoice.lines
        return invoice


def counted(sessions: "sessionmaker[Session]", table: type) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_an_invoice_of_ours_finds_its_client_and_is_kept_byte_for_byte(
    sessions: "sessionmaker[Session]", bring: Bring, store: Store
) -> None:
    pdf = factur_x(OURS)
    (answer,) = bring(pdf, "facture.pdf")
    assert (answer["status"], answer["reason"]) == ("imported", None)
    invoice = one(sessions)
    assert invoice.organisation
    assert (invoice.organisation.legal_name, invoice.matched_by) == ("Boulangerie Muller", "vat")
    assert (invoice.file.media_type, invoice.file.name, read_stored(store, invoice.file)) == (
        "application/pdf",
        "facture.pdf",
        pdf,
    )
    assert invoice.available_at == NOON
    with sessions() as session:
        assert session.scalars(select(OutgoingMail.event)).all() == ["invoices/announced"]
        assert not list(verify_log(session))


def test_an_import_of_old_invoices_writes_to_nobody(
    sessions: "sessionmaker[Session]", bring: Bring, importer: Importer
) -> None:
    from dataclasses import replace

    bring(cii(OURS), by=replace(importer, announce=False))
    assert counted(sessions, OutgoingMail) == 0


@pytest.mark.parametrize(
    ("changes", "by"),
    [
        ({"buyer_vat": ""}, "siren"),
        ({"buyer_vat": "", "buyer_siren": "73282932000074"}, "siren"),
        ({"buyer_siren": ""}, "vat"),
        ({"seller_vat": ""}, "vat"),
        ({"seller_siren": ""}, "vat"),
    ],
)
def test_one_number_of_each_side_is_enough(
    sessions: "sessionmaker[Session]", bring: Bring, changes: dict[str, str], by: str
) -> None:
    xml = ubl(OURS.but(**changes))
    if len(changes.get("buyer_siren", "")) == 14:
        xml = xml.replace('schemeID="0002">732', 'schemeID="0009">732')
    (answer,) = bring(xml)
    assert answer["status"] == "imported", answer["reason"]
    assert one(sessions).matched_by == by


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"seller": "Autre SARL", "seller_vat": "FR12000000000", "seller_siren": "000000000"},
            "Émise par Autre SARL, qui n'est pas nous",
        ),
        ({"seller_vat": "", "seller_siren": ""}, "qui n'est pas nous"),
        ({"buyer_vat": "FR12000000000", "buyer_siren": "000000000"}, "Aucun client ne porte le numéro FR12000000000"),
        ({"buyer_vat": "", "buyer_siren": ""}, "ne donne aucun numéro"),
    ],
)
def test_another_seller_or_an_unknown_client_waits_for_staff_and_nobody_sees_it(
    sessions: "sessionmaker[Session]", bring: Bring, changes: dict[str, str], words: str
) -> None:
    (answer,) = bring(ubl(OURS.but(**changes)))
    assert answer["status"] == "unmatched"
    assert words in str(answer["reason"])
    assert answer["gross"] == "120.00"
    invoice = one(sessions)
    assert (invoice.organisation_id, invoice.available_at) == (None, None)
    assert counted(sessions, OutgoingMail) == 0
    with sessions() as session:
        assert [each.status for each in waiting(session)] == [Import.UNMATCHED]


def test_without_an_identity_of_ours_nothing_is_matched_and_it_says_why(
    sessions: "sessionmaker[Session]", bring: Bring, importer: Importer
) -> None:
    from dataclasses import replace

    (answer,) = bring(cii(OURS), by=replace(importer, issuer=None))
    assert (answer["status"], "PORTAL_COMPANY_ID" in str(answer["reason"])) == ("unmatched", True)


def test_two_clients_of_one_number_are_a_person_s_matter(sessions: "sessionmaker[Session]", bring: Bring) -> None:
    with sessions.begin() as session:
        create_organisation(
            session, legal_name="Autre site", identity=Identity(siren=CLIENT_SIREN, siret="73282932000074"),
            public_body=False, by=None, now=NOON,
        )  # fmt: skip
    (answer,) = bring(cii(OURS))
    assert (answer["status"], "Plusieurs clients" in str(answer["reason"])) == ("unmatched", True)
    (exact,) = bring(
        ubl(OURS.but(number="F-2", buyer_siren="73282932000074")).replace(
            'schemeID="0002">7328', 'schemeID="0009">7328'
        )
    )
    assert exact["status"] == "imported"


def test_numbers_that_contradict_each_other_are_a_person_s_matter(
    sessions: "sessionmaker[Session]", bring: Bring
) -> None:
    with sessions.begin() as session:
        create_organisation(
            session, legal_name="Autre", identity=Identity(siren="000000018"), public_body=False, by=None, now=NOON
        )
    (answer,) = bring(cii(OURS.but(buyer_siren="000000018")))
    assert (answer["status"], "deux clients différents" in str(answer["reason"])) == ("unmatched", True)


def test_the_same_invoice_again_is_a_duplicate_in_whatever_syntax(
    sessions: "sessionmaker[Session]", bring: Bring
) -> None:
    same = (cii(OURS), cii(OURS), factur_x(OURS), ubl(OURS), factur_x(OURS, "minimum"))
    assert [bring(content)[0]["status"] for content in same] == ["imported", *["duplicate"] * 4]
    assert counted(sessions, Invoice) == 1
    assert counted(sessions, OutgoingMail) == 1


def test_a_seller_is_the_same_by_its_vat_number_and_by_its_siren(
    sessions: "sessionmaker[Session]", bring: Bring
) -> None:
    same = (ubl(OURS), ubl(OURS.but(seller_vat="")), ubl(OURS.but(seller_siren="")))
    assert [bring(content)[0]["status"] for content in same] == ["imported", "duplicate", "duplicate"]
    other = (ubl(OURS.but(number="F-2", seller_vat="")), ubl(OURS.but(number="F-2", seller_siren="")))
    assert [bring(content)[0]["status"] for content in other] == ["imported", "duplicate"]
    assert counted(sessions, Invoice) == 2


def test_the_same_number_with_another_content_is_rejected_and_both_are_kept(
    sessions: "sessionmaker[Session]", bring: Bring, store: Store
) -> None:
    bring(cii(OURS))
    other = cii(OURS.but(gross="130.00", payable="130.00", items=(Item("Autre chose"),)))
    (answer,) = bring(other, "g.xml")
    assert answer["status"] == "rejected"
    assert str(answer["reason"]).startswith(
        "g.xml\u00a0: numéro de facture (BT-1)\u00a0: le numéro F-2026-0042 est déjà celui"
    )
    assert "le total TTC, le net à payer, les lignes" in str(answer["reason"])
    with sessions() as session:
        (held,) = waiting(session)
        assert held.file
        assert held.invoice
        assert read_stored(store, held.file) == other.encode()
        assert read_stored(store, held.invoice.file) == cii(OURS).encode()
    assert bring(other, "g.xml")[0]["status"] == "rejected"
    assert counted(sessions, InvoiceImport) == 2  # the same trouble waits once


def test_each_invoice_of_a_csv_is_taken_for_itself(sessions: "sessionmaker[Session]", bring: Bring) -> None:
    text = (
        "Facture;Date;Total TTC;N° TVA client;SIREN vendeur\n"
        f"A;12/11/2026;1,00;{vat_of(CLIENT_SIREN)};100000009\nB;x;1,00;;\nC;12/11/2026;2,00;;100000009\n"
    )
    assert [each["status"] for each in bring(text, "lot.csv")] == ["imported", "rejected", "unmatched"]
    with sessions() as session:
        first, second = session.scalars(select(Invoice).order_by(Invoice.number))
        assert first.file_id == second.file_id  # one file, kept once
        assert (first.currency, first.type_code) == ("", "")
    assert [each["status"] for each in bring(text, "lot.csv")] == ["duplicate", "rejected", "duplicate"]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_an_original_in_any_encoding_is_kept_as_it_came(
    sessions: "sessionmaker[Session]", bring: Bring, store: Store, encoding: str
) -> None:
    data = cii(OURS, head=f'<?xml version="1.0" encoding="{encoding.replace("cp", "windows-")}"?>').encode(encoding)
    (answer,) = bring(data)
    assert answer["status"] == "imported", answer["reason"]
    assert read_stored(store, one(sessions).file) == data


def test_what_cannot_be_read_waits_with_its_reason(sessions: "sessionmaker[Session]", bring: Bring) -> None:
    (answer,) = bring("<a/>", "note.xml")
    assert answer["status"] == "rejected"
    with sessions() as session:
        (held,) = waiting(session)
        assert (held.name, held.reason, held.file is not None) == ("note.xml", answer["reason"], True)
    bring(b"\x7fELF" + b"x" * 100, "virus.xml")  # nothing that may be kept: its reason is
    assert counted(sessions, InvoiceImport) == 2


def test_an_archive_that_was_uploaded_is_opened(
    sessions: "sessionmaker[Session]", importer: Importer, client: Organisation
) -> None:
    import zipfile
    from io import BytesIO

    with zipfile.ZipFile(packed := BytesIO(), "w") as archive:
        archive.writestr("a.xml", cii(OURS))
        archive.writestr("b.xml", "<a/>")
    size = packed.tell()
    packed.seek(0)
    answers = list(import_stream(sessions, "lot.zip", packed, size, importer, at=NOON))
    assert [(each["file"], each["status"]) for each in answers] == [
        ("lot.zip/a.xml", "imported"),
        ("lot.zip/b.xml", "rejected"),
    ]


def test_two_imports_of_the_same_files_at_once_make_one_of_each(
    sessions: "sessionmaker[Session]", importer: Importer, client: Organisation
) -> None:
    numbers = [f"F-{n}" for n in range(6)]
    files = {number: cii(OURS.but(number=number)).encode() for number in numbers}
    rows = "Facture;Date;Total TTC;N° TVA client;SIREN vendeur\n"
    csv = rows + "".join(f"C-{n};12/11/2026;1,00;{vat_of(CLIENT_SIREN)};100000009\n" for n in range(4))
    answers: list[dict[str, object]] = []
    failed: list[BaseException] = []
    start = threading.Barrier(4)

    def work(order: list[str]) -> None:
        try:
            start.wait()
            for number in order:
                answers.extend(import_file(sessions, Brought(number, files[number]), importer, at=NOON))
            reverse = rows + "".join(reversed(csv.splitlines(keepends=True)[1:]))
            content = csv if order == numbers else reverse
            answers.extend(import_file(sessions, Brought("c.csv", content.encode()), importer, at=NOON))
        except BaseException as error:  # noqa: BLE001 - the thread's failure is the test's
            failed.append(error)

    threads = [threading.Thread(target=work, args=(numbers if n % 2 else numbers[::-1],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(str(each["number"]) for each in answers if each["status"] == "imported") == sorted(
        numbers + [f"C-{n}" for n in range(4)]
    )
    assert {each["status"] for each in answers} == {"imported", "duplicate"}
    assert counted(sessions, Invoice) == 10
    with sessions() as session:
        assert not list(verify_log(session))


def test_an_invoice_that_staff_attach_waits_no_longer(
    sessions: "sessionmaker[Session]", bring: Bring, biller: Person, client: Organisation, letters: Letters
) -> None:
    bring(cii(OURS.but(buyer_vat="", buyer_siren="")))
    with sessions.begin() as session:
        (held,) = waiting(session)
        assert held.invoice
        by, organisation = session.merge(biller), session.merge(client)
        match_invoice(session, held.invoice, organisation, by=by, letters=letters, at=NOON + timedelta(days=1))
        assert waiting(session) == []
        with pytest.raises(AlreadyHandled):
            set_aside(session, held, by=by, at=NOON)
    assert counted(sessions, OutgoingMail) == 1


def test_another_seller_s_invoice_is_set_aside_and_asks_for_nobody(
    sessions: "sessionmaker[Session]", bring: Bring, biller: Person
) -> None:
    bring(cii(OURS.but(seller_vat="FR12000000000", seller_siren="000000000")))
    with sessions.begin() as session:
        assert count(session, of_nobody()) == 1
        set_aside(session, waiting(session)[0], by=session.merge(biller), at=NOON)
        assert (count(session, of_nobody()), waiting(session)) == (0, [])


def test_staff_set_a_file_aside_and_it_waits_no_longer(
    sessions: "sessionmaker[Session]", bring: Bring, biller: Person
) -> None:
    bring("<a/>")
    with sessions.begin() as session:
        (held,) = waiting(session)
        set_aside(session, held, by=session.merge(biller), at=NOON)
        with pytest.raises(AlreadyHandled):
            set_aside(session, held, by=session.merge(biller), at=NOON)
    assert counted(sessions, InvoiceImport) == 1  # the file and what was said of it stay


def test_a_siren_is_found_in_a_french_number_whose_key_is_right() -> None:
    assert siren_of("FR88100000009") == "100000009"
    assert siren_of("FR89100000009") is None
    assert siren_of("DE123456789") is None
