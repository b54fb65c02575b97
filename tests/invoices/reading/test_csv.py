"""CSV as accounting software exports it: several invoices, several rows each, a mapping for each source."""

import tomllib
from datetime import date
from decimal import Decimal

import pytest

from portal.invoices.document import ReadInvoice
from portal.invoices.reading.csv_extract import extract
from portal.invoices.reading.csv_file import Refused, read_csv
from portal.invoices.reading.csv_sources import BadSource, CsvSource, read_sources
from portal.invoices.reading.refusal import Unreadable

USUAL = """N° facture;Date;Échéance;Client;N° TVA client;Total HT;Total TVA;Total TTC;Désignation;Quantité;PU HT;Total ligne HT;Taux TVA
F-1;12/11/2026;12/12/2026;Café Zoé;FR12000000000;1 000,00;200,00;1 200,00 €;Serveur;1;900,00;900,00;20 %
F-1;12/11/2026;12/12/2026;Café Zoé;FR12000000000;1 000,00;200,00;1 200,00 €;Pose;2;50,00;100,00;20 %
F-2;13/11/2026;;Mairie;;10,00;2,00;12,00 €;Câble;1;10,00;10,00;20 %
"""


def read(text: str | bytes, *sources: CsvSource) -> list[ReadInvoice | Refused]:
    return list(read_csv(text if isinstance(text, bytes) else text.encode(), sources))


def invoices(text: str | bytes, *sources: CsvSource) -> list[ReadInvoice]:
    found = read(text, *sources)
    assert all(isinstance(each, ReadInvoice) for each in found), found
    return [each for each in found if isinstance(each, ReadInvoice)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_file_holds_several_invoices_of_several_rows(encoding: str, delimiter: str, ending: str) -> None:
    text = USUAL.replace(";", delimiter).replace("\n", ending)
    first, second = invoices(text.encode(encoding))
    assert (first.number, first.issued_on, first.due_on) == ("F-1", date(2026, 11, 12), date(2026, 12, 12))
    assert (first.net, first.tax, first.gross) == (Decimal(1000), Decimal(200), Decimal(1200))
    assert (first.buyer.name, first.buyer.vat_number) == ("Café Zoé", "FR12000000000")
    assert [f"{line.name} {line.quantity} {line.unit_price} {line.net} {line.vat_rate}" for line in first.lines] == [
        "Serveur 1 900.00 900.00 20", "Pose 2 50.00 100.00 20",
    ]  # fmt: skip
    assert (second.number, second.due_on, len(second.lines)) == ("F-2", None, 1)


def test_a_comma_may_part_columns_and_a_point_decimals() -> None:
    (one,) = invoices('Invoice number,Date,Total\nA-1,2026-11-12,"1,234.50"\n')
    assert one.gross == Decimal("1234.50")


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("1200,5", "1200.5"), ("1.200,50", "1200.50"), ("1 200,50", "1200.50"), ("-12,00", "-12.00"), ("(12,00)", "-12.00"),
     ("12,00 €", "12.00"), ("12,00 EUR", "12.00"), ("12", "12")],
)  # fmt: skip
def test_amounts_are_read_as_accountants_write_them(written: str, read_as: str) -> None:
    (one,) = invoices(f"Facture;Date;TTC\nA;12/11/2026;{written}\n")
    assert str(one.gross) == read_as


@pytest.mark.parametrize(
    ("written", "day"),
    [("12/11/2026", date(2026, 11, 12)), ("1/2/26", date(2026, 2, 1)), ("12.11.2026", date(2026, 11, 12)),
     ("2026-11-12", date(2026, 11, 12)), ("20261112", date(2026, 11, 12)), ("12/11/2026 10:00", date(2026, 11, 12))],
)  # fmt: skip
def test_the_day_comes_first(written: str, day: date) -> None:
    (one,) = invoices(f"Facture;Date;TTC\nA;{written};1,00\n")
    assert one.issued_on == day


def test_one_bad_invoice_does_not_take_the_others_with_it() -> None:
    good, no_day, no_number, contradiction = read(
        "Facture;Date;TTC\nA;12/11/2026;1,00\nB;31/02/2026;1,00\n;12/11/2026;1,00\nC;12/11/2026;1,00\nC;12/11/2026;2,00\n"
    )
    assert isinstance(good, ReadInvoice)
    refused = [each for each in (no_day, no_number, contradiction) if isinstance(each, Refused)]
    assert [(each.number, each.reason.rule) for each in refused] == [("B", "BR-03"), ("", "BR-02"), ("C", "CSV")]
    assert "1,00 » puis « 2,00 » (ligne 6)" in str(refused[2].reason)


def test_a_row_without_a_number_goes_on_with_the_invoice_above() -> None:
    (one,) = invoices("Facture;Date;TTC;Désignation;PU\nA;12/11/2026;3,00;x;1,00\n;;;y;2,00\n")
    assert [line.name for line in one.lines] == ["x", "y"]


def test_types_are_known_by_their_words() -> None:
    found = invoices(
        "Facture;Date;TTC;Type\nA;12/11/2026;1,00;Facture\nB;12/11/2026;1,00;Avoir\nC;12/11/2026;1,00;384\nD;12/11/2026;1,00;?\n"
    )
    assert [each.type_code for each in found] == ["380", "381", "384", ""]
    assert "type" in {each.code for each in found[3].findings}


def test_a_form_feed_in_a_title_moves_no_line() -> None:
    text = "\x0cListe des factures\r\nNuméro;Date;Client;Total TTC\r\nF1;2026-03-01;Une;100,00\r\nF2;2026-03-02;Autre;50,00\r\n"
    assert [invoice.number for invoice in invoices(text)] == ["F1", "F2"]
    assert extract(text.encode(), "F2") == "Numéro;Date;Client;Total TTC\r\nF2;2026-03-02;Autre;50,00\r\n"


def test_titles_above_the_header_are_passed_over() -> None:
    (one,) = invoices("Export du 12/11/2026\n\nFacture;Date;TTC\nA;12/11/2026;1,00\n")
    assert one.number == "A"


def test_what_a_file_does_not_say_is_said() -> None:
    (one,) = invoices("Facture;Date;TTC\nA;12/11/2026;1,00\n")
    assert (one.currency, one.type_code) == ("", "")
    assert {"devise (BT-5)", "type (BT-3)"} <= {each.field for each in one.findings}


SAGE = """
[[source]]
name = "export-compta"
delimiter = ","
encoding = "mac-roman"
decimal = ","
dates = "mm/dd/yyyy"
added = ["gross", "net"]
constants = { currency = "EUR", type = "380", seller = "SARL EXEMPLE" }
[source.columns]
number = "Pièce"
issued_on = "Jour"
gross = "Débit"
net = "HT"
description = "Libellé"
"""


def test_a_source_has_columns_dates_and_signs_of_its_own() -> None:
    sources = read_sources(tomllib.loads(SAGE))
    text = (
        'Pièce,Jour,Débit,HT,Libellé\nF9,11/25/2026,"1.200,500","1.000,00",Étude\nF9,11/25/2026,"12,00","10,00",Câble\n'
    )
    (one,) = invoices(text.encode("mac-roman"), *sources)
    assert (one.profile, one.issued_on, one.currency, one.seller.name) == (
        "export-compta",
        date(2026, 11, 25),
        "EUR",
        "SARL EXEMPLE",
    )
    assert (one.gross, one.net) == (Decimal("1212.500"), Decimal("1010.00"))
    assert [line.name for line in one.lines] == ["Étude", "Câble"]
    (usual,) = invoices("Facture;Date;TTC\nA;12/11/2026;1,00\n", *sources)
    assert usual.profile == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [('number = "Pièce"', "number"), ('dates = "mm/dd/yyyy"', "dates"), ('name = "export-compta"', "nom"), ('net = "HT"', "champs inconnus")],
)  # fmt: skip
def test_a_source_that_cannot_work_says_why(change: str, words: str) -> None:
    other = {"dates": 'dates = "jj"', "champs inconnus": 'netto = "HT"'}.get(words, "")
    with pytest.raises(BadSource, match=words):
        read_sources(tomllib.loads(SAGE.replace(change, other)))


def test_columns_that_nobody_knows_are_refused() -> None:
    with pytest.raises(Unreadable, match="colonnes"):
        read("a;b;c\n1;2;3\n")
    with pytest.raises(Unreadable, match="en-tête"):
        read("Facture;Date;TTC\n")
