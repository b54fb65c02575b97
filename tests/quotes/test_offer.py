"""Sums of a quote: lines rounded once, VAT per rate on the sum of its lines, to the cent, half up."""

from datetime import date
from decimal import Decimal

from portal.quotes.offer import Deposit, Derogation, Kind, Line, Offer, totals


def line(price: str, quantity: str = "1", rate: str = "20", kind: Kind = Kind.SERVICE) -> Line:
    return Line(kind, "x", Decimal(quantity), "", Decimal(price), Decimal(rate))


def test_a_line_is_rounded_once_half_up() -> None:
    assert line("0.33", "1.5").net == Decimal("0.50")  # 0.495
    assert line("0.33", "1.515").net == Decimal("0.50")  # 0.49995
    assert line("10.01", "0.5").net == Decimal("5.01")  # 5.005


def test_vat_is_worked_out_on_the_sum_of_a_rates_lines_and_not_line_by_line() -> None:
    # 3 × 0.12 apart would be 0.02 + 0.02 + 0.02 = 0.06; together 0.072 is 0.07.
    sums = totals([line("0.12"), line("0.12"), line("0.12")])
    assert (sums.net, sums.vat, sums.gross) == (Decimal("0.36"), Decimal("0.07"), Decimal("0.43"))


def test_rates_stand_apart_the_highest_first() -> None:
    sums = totals([line("100", rate="5.5"), line("200"), line("50", rate="5.5"), line("10", rate="0")])
    assert [(each.rate, each.net, each.vat) for each in sums.rates] == [
        (Decimal(20), Decimal(200), Decimal(40)),
        (Decimal("5.5"), Decimal(150), Decimal("8.25")),
        (Decimal(0), Decimal(10), Decimal(0)),
    ]
    assert sums.gross == Decimal("408.25")


def test_a_discount_is_a_line_below_zero() -> None:
    sums = totals([line("100"), line("-10.05")])
    assert (sums.net, sums.gross) == (Decimal("89.95"), Decimal("107.94"))


def test_a_deposit_is_a_share_of_the_whole_or_an_amount() -> None:
    assert Deposit(percent=Decimal(30)).of(Decimal("107.95")) == Decimal("32.39")  # 32.385
    assert Deposit(amount=Decimal(50)).of(Decimal("107.95")) == Decimal(50)


def test_only_the_articles_that_matter_are_cited() -> None:
    plain = Offer("o", (line("1"),))
    assert list(plain.figures) == ["quote_validity", "both_accept", "firm_price", "late_payment"]
    whole = Offer("o", (line("1", kind=Kind.GOODS),), delivery="mars", derogations=(Derogation("x", date(2026, 1, 1)),))
    assert list(whole.figures)[4:] == ["indicative_delivery", "retention_of_title"]
