"""On the desk: files are sent, each has its report, and what is left is settled by a person."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import sessionmaker

from portal.accounts.models import Organisation
from portal.accounts.rules import vat_of
from portal.app import create_app
from portal.config import read_settings
from portal.invoices.actions import match_invoice
from portal.invoices.importing import importer_of
from portal.invoices.models import Invoice, InvoiceImport
from portal.web import db
from tests.accounts.conftest import CLAIRE, MARC, STAFF, Clock, Portal, Visitor, seed
from tests.invoices.reading.written import Written, cii, factur_x
from tests.quotes.conftest import signed_in

DESK = "/espace-client/bureau/factures"
OURS = Written(buyer="Boulangerie Muller", buyer_vat=vat_of("732829320"), buyer_siren="732829320")


@pytest.fixture
def portal(engine: Engine, database_url: str, tmp_path: Path) -> Iterator[Portal]:
    """A portal that knows who it is, with a store of its own."""
    from portal.schema import declared

    declared().create_all(engine)
    clock = Clock()
    app = create_app(
        read_settings(
            {
                "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_BASE_URL": "http://localhost",
                "PORTAL_COMPANY_ID": "100000009", "PORTAL_STORAGE_URL": f"file:{tmp_path / 'files'}",
            }
        ),
        now=clock,
    )  # fmt: skip
    app.testing = True
    sessions = sessionmaker(engine, expire_on_commit=False)
    with sessions.begin() as session:
        ids = seed(session)
    yield Portal(app, clock, sessions, ids)
    with app.app_context():
        db.engine.dispose()


def send(visitor: Visitor, *files: tuple[str, bytes], status: int = 200, accept: str = "text/html") -> str:
    token = visitor.token(f"{DESK}/importer")
    visitor.last = visitor.client.post(
        f"{DESK}/importer",
        data={"csrf_token": token, "files": [(io.BytesIO(content), name) for name, content in files]},
        headers={"Accept": accept},
    )
    return visitor._page(status)


def test_several_files_are_sent_and_each_has_its_report(portal: Portal) -> None:
    staff = signed_in(portal, STAFF)
    assert "Importer des factures" in staff.open(f"{DESK}/importer")
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        archive.writestr("b.xml", cii(OURS.but(number="F-2")))
    page = send(
        staff,
        ("a.pdf", factur_x(OURS)),
        ("lot.zip", packed.getvalue()),
        ("c.xml", b"<a/>"),
        ("d.xml", cii(OURS).encode()),
    )
    assert "2 importées, 1 déjà là et 1 refusée." in page
    for name in ("a.pdf", "lot.zip/b.xml", "c.xml", "d.xml"):
        assert f"<b>{name}</b>" in page
    assert "1\u00a0import à traiter" in page
    assert len(portal.mails(MARC)) == 2  # the client's bookkeeper is told of each
    with portal.sessions() as session:
        rows = session.scalars(select(InvoiceImport)).all()
        assert {(row.origin, row.imported_by_id) for row in rows} == {("upload", portal.ids[STAFF])}


def test_the_script_gets_the_same_report_file_by_file(portal: Portal) -> None:
    staff = signed_in(portal, STAFF)
    send(staff, ("a.xml", cii(OURS).encode()), accept="application/json")
    assert staff.last
    (answer,) = staff.last.get_json()
    assert answer["status"] == "imported"
    assert (answer["label"], answer["file"], answer["number"]) == ("importée", "a.xml", "F-2026-0042")


def test_nothing_chosen_is_said(portal: Portal) -> None:
    staff = signed_in(portal, STAFF)
    assert "Choisissez au moins un fichier." in send(staff, status=422)


def test_an_unmatched_invoice_is_attached_and_its_client_sees_it(portal: Portal) -> None:
    staff, client = signed_in(portal, STAFF), signed_in(portal, CLAIRE)
    send(staff, ("a.xml", cii(OURS.but(buyer_vat="", buyer_siren="")).encode()))
    assert portal.mails(MARC) == []
    with portal.sessions() as session:
        held = session.scalars(select(InvoiceImport)).one()
    client.open(f"/espace-client/factures/{held.invoice_id}", 404)
    assert "Sans client (1)" in staff.open(f"{DESK}/imports")
    page = f"{DESK}/imports/{held.id}"
    shown = staff.open(page)
    assert "120,00\u00a0€" in shown
    assert f'href="{DESK}/{held.invoice_id}"' in shown
    assert staff.client.get(f"{page}/fichier").data == cii(OURS.but(buyer_vat="", buyer_siren="")).encode()
    anne = portal.person(STAFF)
    with portal.sessions.begin() as session:
        invoice, organisation = session.get(Invoice, held.invoice_id), session.get(Organisation, portal.ids["client"])
        assert invoice
        assert organisation
        importer = importer_of(portal.app.extensions["portal"].settings)
        match_invoice(
            session, invoice, organisation, by=session.merge(anne), letters=importer.letters, at=portal.clock()
        )
    client.open(f"/espace-client/factures/{held.invoice_id}")
    assert "Rattachée à Boulangerie Muller" in staff.open(page)
    assert "Rien à traiter" in staff.open(f"{DESK}/imports")
    staff.send(f"{page}/classer", 409, on=f"{DESK}/importer")


def test_a_refused_file_is_read_beside_the_one_it_contradicts_and_set_aside(portal: Portal) -> None:
    staff = signed_in(portal, STAFF)
    first, second = cii(OURS).encode(), cii(OURS.but(gross="130.00")).encode()
    send(staff, ("a.xml", first), ("b.xml", second))
    with portal.sessions() as session:
        held = session.scalars(select(InvoiceImport).where(InvoiceImport.handled_at.is_(None))).one()
    page = f"{DESK}/imports/{held.id}"
    assert "le total TTC" in staff.open(page)
    assert staff.client.get(f"{page}/fichier").data == second
    assert staff.client.get(f"{page}/autre-fichier").data == first
    staff.send(f"{page}/classer", on=page)
    assert "Rien à traiter" in staff.open(f"{DESK}/imports")
    assert "Traité le" in staff.open(page)


def test_only_billing_and_administration_come_here(portal: Portal) -> None:
    client = signed_in(portal, CLAIRE)
    for path in ("importer", "imports", "imports/1", "imports/1/fichier"):
        assert client.client.get(f"{DESK}/{path}").status_code in {403, 404}
    assert portal.visitor().client.get(f"{DESK}/importer").status_code in {303, 401, 403}
