"""Invented people to look around with. Loaded into an empty base only, and into a demo only."""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.accounts.actions import add_person, add_staff, create_organisation, find_person
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import ClientRole, StaffRole, parse_identity
from portal.contracts import demo as contracts_demo
from portal.invoices import demo as invoices_demo
from portal.invoices import import_demo, work_demo
from portal.invoices.views import letters as invoice_letters
from portal.jobs.models import Job
from portal.orders import demo as orders_demo
from portal.orders.models import Order
from portal.orders.pages import letters as order_letters
from portal.quotes import demo as quotes_demo
from portal.quotes import quote_demo
from portal.quotes.request_views import letters
from portal.quotes.writing_views import letters as quote_letters
from portal.tickets import demo as tickets_demo
from portal.tickets import intervention_demo as time_demo
from portal.tickets.intervention_views import letters as time_letters
from portal.tickets.serving import letters as ticket_letters
from portal.web import db, services


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody one may sign in as."""

    email: str
    who: str
    with_app: bool  # asks for the code of an authenticator after the one of the mail


#: Numbers that satisfy their check digits and belong to nobody we know of.
CLIENTS = (
    (
        "Boulangerie Exemple", "000000000", False,
        (
            (
                "claire@boulangerie.example", "Claire Exemple",
                (ClientRole.ADMINISTRATOR, ClientRole.SIGNATORY, ClientRole.BILLING),
            ),
            ("paul@boulangerie.example", "Paul Exemple", (ClientRole.TECHNICAL,)),
        ),
    ),
    (
        "Commune d'Exempleville", "000000018", True,
        (("mairie@exempleville.example", "Sylvie Modèle", (ClientRole.ADMINISTRATOR, ClientRole.BILLING)),),
    ),
)  # fmt: skip
STAFF = (
    ("conseil@ims-partners.example", "Julien Conseil", (StaffRole.ADVISER,)),
    ("commerce@ims-partners.example", "Nadia Commerce", (StaffRole.SALES,)),
    ("direction@ims-partners.example", "Marc Direction", tuple(StaffRole)),
)


def is_empty(session: Session) -> bool:
    """Whether nobody can sign in yet."""
    return not session.scalar(select(func.count()).select_from(Person)) and not session.scalar(
        select(func.count()).select_from(Organisation)
    )


def load(app: Flask, *, now: datetime) -> None:
    """Put the invented organisations, their people and the staff into the base, in one transaction."""
    with app.app_context():
        session, factory = db.session, app.extensions["security"]._totp_factory  # noqa: SLF001
        organisations = []
        for name, number, public, people in CLIENTS:
            organisation = create_organisation(
                session, legal_name=name, identity=parse_identity(number), public_body=public, by=None, now=now
            )
            organisations.append(organisation)
            for email, person, roles in people:
                add_person(session, organisation=organisation, email=email, name=person, roles=roles, by=None, now=now)
        for email, name, staff_roles in STAFF:
            member = add_staff(session, email=email, name=name, roles=staff_roles, now=now)
            member.tf_primary_method, member.tf_totp_secret = "authenticator", factory.generate_totp_secret()
        contracts_demo.load(session, library=services().library, clients=organisations, by=member, now=now)
        quotes_demo.load(session, letters=letters(), by=member, now=now)
        orders = _quotes(session, now)
        invoices_demo.load(
            session, clients=session.scalars(select(Organisation).order_by(Organisation.id)).all(), biller=member,
            store=app.extensions["portal"].store, letters=invoice_letters(), now=now,
        )  # fmt: skip
        import_demo.load(session, store=app.extensions["portal"].store, letters=invoice_letters(), now=now)
        adviser = session.scalars(select(Person).where(Person.email == STAFF[0][0])).one()
        tickets_demo.load(session, letters=ticket_letters(), adviser=adviser, now=now)
        time_demo.load(session, library=services().library, letters=time_letters(), by=member, now=now)
        work_demo.load(session, library=services().library, adviser=adviser, biller=member, now=now)
        orders_demo.load(
            session, server=orders["server"], phones=orders["phones"], by=member, letters=order_letters(), now=now,
        )  # fmt: skip
        # What its past asked for is due now: an outbox that is days behind would be a sick installation's.
        session.execute(update(Job).where(Job.due_at < now).values(due_at=now))
        session.commit()


def _quotes(session: Session, now: datetime) -> dict[str, Order]:
    """Quotes of the first client, written by who sells, and the orders made of them."""
    claire, nadia = find_person(session, CLIENTS[0][3][0][0]), find_person(session, STAFF[1][0])
    if claire is None or claire.organisation is None or nadia is None:
        raise LookupError("the demo's people are not there")
    stage = quote_demo.Stage(session, claire.organisation, claire, nadia, services().library, quote_letters())
    return quote_demo.load(stage, now=now)


def sign_ins() -> list[SignIn]:
    """Everybody one may sign in as."""
    clients = [
        SignIn(email, f"{person}, {name}", with_app=False)
        for name, _, _, people in CLIENTS
        for email, person, _ in people
    ]
    return clients + [SignIn(email, f"{name}, IMS Partners", with_app=True) for email, name, _ in STAFF]
