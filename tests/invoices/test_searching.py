"""Lists are asked of the database: what stands in an invoice's row for them is what its account says, after every act."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from portal import schema
from portal.accounts.models import Organisation, Person
from portal.db import make_engine, make_sessions
from portal.invoices.dispute_actions import Grievance, Trace, file_dispute
from portal.invoices.dispute_answer_actions import answer_as_client, answer_as_staff
from portal.invoices.dispute_letters import DisputeLetters
from portal.invoices.dispute_rules import Act, Reason
from portal.invoices.letters import Letters
from portal.invoices.listing import Row, rows_of
from portal.invoices.models import Invoice
from portal.invoices.payment_actions import cancel, grant_deferral, record_payment
from portal.invoices.payment_rules import Means, Standing
from portal.invoices.searching import PAGE, Kept, NoSuchPage, every, find, first_issue, of_client, of_everybody, sums
from portal.terms import Library
from tests.invoices.conftest import NOON, reading

Add = Callable[..., Invoice]
TODAY = date(2026, 11, 23)

#: Which rows a filter keeps, said of what the page shows of each.
RULES: dict[Kept, Callable[[Row], bool]] = {
    Kept.ALL: lambda _: True,
    Kept.DUE: lambda row: row.standing in {Standing.DUE, Standing.UNDATED, Standing.OVERDUE},
    Kept.OVERDUE: lambda row: row.standing is Standing.OVERDUE,
    Kept.DISPUTED: lambda row: row.disputed,
    Kept.OPEN: lambda row: row.may_dispute and not row.held.disputes,
    Kept.PAID: lambda row: row.standing is Standing.PAID,
    Kept.CREDITS: lambda row: row.standing is Standing.CREDIT,
}


def rows(session: Session, library: Library, today: date) -> list[Row]:
    found = session.scalars(select(Invoice).order_by(Invoice.issued_on.desc(), Invoice.id.desc())).all()
    return rows_of(session, library, [each for each in found if each.organisation_id], today)


def check(sessions: "sessionmaker[Session]", library: Library) -> None:
    """Rows and accounts agree, and so do filters, counts and sums, on several days."""
    with sessions() as session:
        for row in rows(session, library, TODAY):
            held, account = row.invoice, row.account
            assert (held.settling, held.remaining, held.claimable, held.disputed_left, held.due_day) == (
                account.settling, account.left, account.claimable, account.disputed_left, account.due_on
            ), held.number  # fmt: skip
        for day in (TODAY, TODAY + timedelta(days=15), TODAY + timedelta(days=16), TODAY + timedelta(days=90)):
            shown = rows(session, library, day)
            found = find(session, library, of_everybody(), day)
            for kept, rule in RULES.items():
                expected = [row.invoice.number for row in shown if rule(row)]
                asked = every(session, library, of_everybody(), day, kept=kept)
                assert [row.invoice.number for row in asked] == expected, (kept, day)
                assert found.counts[kept] == len(expected)
            for total in sums(session, of_everybody(), day):
                mine = [row for row in shown if row.invoice.currency == total.currency]
                late = [row.account.claimable for row in mine if row.standing is Standing.OVERDUE]
                assert total.left == sum(row.account.left for row in mine)
                assert total.overdue == sum(late, Decimal(0))
                assert total.disputed == sum(row.account.disputed_left for row in mine)


def test_lists_agree_with_accounts_after_every_act_and_a_migration_fills_the_same(
    add: Add, sessions: "sessionmaker[Session]", library: Library, letters: Letters, bookkeeper: Person,
    biller: Person, database_url: str,
) -> None:  # fmt: skip
    changes: dict[str, dict[str, object]] = {
            "F-plain": {}, "F-paid": {}, "F-part": {}, "F-deferred": {}, "F-undone": {}, "F-undated": {"due_on": None},
            "F-late": {"issued_on": date(2026, 9, 1), "due_on": date(2026, 10, 1)}, "F-disputed": {}, "F-whole": {},
            "F-claim": {"issued_on": date(2026, 9, 2), "due_on": date(2026, 10, 2)}, "F-swiss": {"currency": "CHF"},
            "F-granted": {}, "F-old": {"issued_on": date(2010, 1, 4), "due_on": date(2010, 2, 4)},
            "F-negative": {"payable": Decimal("-12.00"), "gross": Decimal("-12.00"), "net": Decimal("-10.00")},
    }  # fmt: skip
    made = {name: add(reading(name, **changed)) for name, changed in changes.items()}
    add(reading("A-1", type_code="381", preceding=("F-part",), payable=Decimal("100.00"), gross=Decimal("100.00")))
    add(reading("F-nobody"), matched=False)
    mails = DisputeLetters(letters)

    def invoice(session: Session, name: str) -> Invoice:
        return session.get_one(Invoice, made[name].id)

    def act(does: Callable[[Session], object]) -> None:
        with sessions.begin() as session:
            does(session)
        check(sessions, library)

    def pay(session: Session, name: str, amount: str) -> object:
        return record_payment(
            session, invoice(session, name), day=TODAY, amount=Decimal(amount), means=Means.TRANSFER, reference="",
            form_key="k", by=session.merge(biller), at=NOON,
        )  # fmt: skip

    def dispute(session: Session, name: str, amount: str) -> object:
        return file_dispute(
            session, invoice(session, name), Grievance(Decimal(amount), Reason.PRICE, "Trop."),
            by=session.merge(bookkeeper), form_key=name, trace=Trace(), library=library, letters=mails, at=NOON,
        )  # fmt: skip

    act(lambda session: pay(session, "F-paid", "480.00"))
    act(lambda session: pay(session, "F-part", "80.00"))

    def undo(session: Session) -> None:
        payment = record_payment(
            session, invoice(session, "F-undone"), day=TODAY, amount=Decimal(480), means=Means.CHEQUE, reference="",
            form_key="k", by=session.merge(biller), at=NOON,
        )  # fmt: skip
        cancel(session, payment, reason="Rejeté.", by=session.merge(biller), letters=letters, at=NOON)

    act(undo)

    def defer(session: Session) -> None:
        grant_deferral(
            session, invoice(session, "F-deferred"), until=date(2027, 3, 1), granted_on=TODAY, writing="Courriel.",
            form_key="k", by=session.merge(biller), letters=letters, at=NOON,
        )  # fmt: skip

    act(defer)
    act(lambda session: dispute(session, "F-disputed", "180.00"))
    act(lambda session: dispute(session, "F-whole", "480.00"))
    act(lambda session: dispute(session, "F-claim", "480.00"))

    def grant(session: Session) -> None:
        made = file_dispute(
            session, invoice(session, "F-granted"), Grievance(Decimal(480), Reason.TWICE, "Deux fois."),
            by=session.merge(bookkeeper), form_key="granted", trace=Trace(), library=library, letters=mails, at=NOON,
        )  # fmt: skip
        answer_as_staff(
            session, made, Act.CREDIT, by=session.merge(biller), words="Oui.", form_key="c", letters=mails,
            amount=Decimal(480), at=NOON,
        )  # fmt: skip
        answer_as_client(
            session, made, Act.ACCEPT, by=session.merge(bookkeeper), words="", form_key="a", letters=mails, at=NOON
        )

    act(grant)

    columns = ("number", "settling", "remaining", "claimable", "disputed_left", "due_day", "came_late")

    def kept(session: Session) -> list[tuple[object, ...]]:
        every_row = session.scalars(select(Invoice).order_by(Invoice.id))
        return [tuple(getattr(each, name) for name in columns) for each in every_row]

    with sessions() as session:
        before = kept(session)
    with sessions.begin() as session:  # a name that stands nowhere else on its invoices
        named_so = invoice(session, "F-plain").organisation
        assert named_so is not None
        named_so.legal_name = "Fournil d'Évry"
    (step,) = schema.MIGRATIONS.glob("versions/*_invoices_lists_are_asked_of_the_database.py")
    engine = make_engine(database_url)
    try:
        with engine.begin() as connection:  # the tables were made as they are declared, by no step
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": schema.head()})
        schema.downgrade(engine, f"{int(step.name[:4]) - 1:04}")
        schema.upgrade(engine)
        with make_sessions(engine)() as session:
            assert kept(session) == before
            named = [
                row.invoice.number for row in every(session, library, of_everybody(), TODAY, words="ECRAN f-granted")
            ]
            assert named == ["F-granted"]
            everybodys = select(Invoice).where(Invoice.organisation_id.is_not(None)).order_by(Invoice.id)
            owned = {each.number: each.searched for each in session.scalars(everybodys)}
            found = every(session, library, of_everybody(), TODAY, words="FOURNIL évry")
            assert {row.invoice.number for row in found} == set(owned)
        (naming,) = schema.MIGRATIONS.glob("versions/*_invoices_are_found_by_their_client.py")
        schema.downgrade(engine, f"{int(naming.name[:4]) - 1:04}")
        schema.upgrade(engine)
        with make_sessions(engine)() as session:  # back and forth, a name is written once
            assert {each.number: each.searched for each in session.scalars(everybodys)} == owned
    finally:
        engine.dispose()


def test_a_search_takes_what_is_typed_for_itself(add: Add, sessions: "sessionmaker[Session]", library: Library) -> None:
    add(reading("F-100%"))
    add(reading("F-1000", buyer=reading().buyer))
    with sessions() as session:
        for words, found in (
            ("100%", ["F-100%"]),
            ("f_1", []),
            ("écran MULLER", ["F-1000", "F-100%"]),
            ("480,00 23/11/2026", ["F-1000", "F-100%"]),
        ):
            assert [row.invoice.number for row in every(session, library, of_everybody(), TODAY, words=words)] == found


def test_a_list_is_read_by_the_page(
    add: Add, sessions: "sessionmaker[Session]", library: Library, client: Organisation
) -> None:
    for number in range(PAGE + 2):
        add(reading(f"F-{number:03}"))
    with sessions() as session:
        first, second = (find(session, library, of_client(client.id), TODAY, page=page) for page in (1, 2))
        assert (len(first.rows), len(second.rows), first.last, first.total) == (PAGE, 2, 2, PAGE + 2)
        assert [row.invoice.number for row in second.rows] == ["F-001", "F-000"]
        for page in (0, 3):
            with pytest.raises(NoSuchPage):
                find(session, library, of_client(client.id), TODAY, page=page)


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2026, 12, 15), date(2026, 11, 30)),  # nominal, a Tuesday
        (date(2026, 12, 16), date(2026, 12, 1)),
        (date(2026, 12, 28), date(2026, 12, 10)),  # what ended on the 25th, 26th or 27th runs to Monday the 28th
        (date(2026, 12, 29), date(2026, 12, 14)),
    ],
)
def test_the_earliest_issue_that_may_still_be_disputed(library: Library, today: date, first: date) -> None:
    assert first_issue(library.in_force(today), today) == first
