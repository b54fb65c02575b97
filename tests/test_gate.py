"""What no page of ours sends: refused with a clear page, on both engines; what is counted is counted by every server."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal import schema
from portal.accounts.rate_models import RateWindow
from portal.accounts.rates import count, forget_old
from portal.app import create_app
from portal.config import read_settings
from portal.db import make_engine
from portal.gate import visitor_place
from portal.web import AREA, db
from tests.accounts.conftest import CLAIRE, FIREFOX, Portal, portal
from tests.accounts.test_sign_in import everything
from tests.test_routes import staff_visitor

__all__ = ["portal"]


@pytest.mark.parametrize("place", ["connexion?next=%00", "connexion?%00=1", "invitation/%00", "%00"])
def test_an_address_with_a_nul_is_a_400(portal: Portal, place: str) -> None:
    assert "pas été comprise" in portal.visitor().open(place, 400)


@pytest.mark.parametrize(
    ("place", "values"),
    [
        ("connexion", {"identity": "a\0@b.example", "passcode": "123456"}),
        ("connexion/code", {"identity": "a\0@b.example", "chosen_method": "email"}),
        ("demander-un-acces", {"name": "Zo\0é"}),
        ("demander-un-acces", {"n\0me": "x"}),
    ],
)
def test_a_form_with_a_nul_is_a_400_and_changes_nothing(portal: Portal, place: str, values: dict[str, Any]) -> None:
    visitor, before = portal.visitor(), everything(portal)
    on = place.partition("/")[0]
    assert "pas été comprise" in visitor.send(place, 400, on=on, **values)
    assert everything(portal) == before


@pytest.mark.parametrize("body", [b'{"identity": "a@b.example"}', b"[1]", b"null", b"{"])
@pytest.mark.parametrize("kind", ["application/json", "application/vnd.api+json"])
def test_a_json_body_is_a_400(portal: Portal, body: bytes, kind: str) -> None:
    visitor = portal.visitor()
    token = visitor.token("connexion")
    for place in ("connexion", "connexion/code", "demander-un-acces"):
        answer = visitor.client.post(
            f"{AREA}/{place}", data=body, content_type=kind, headers={"User-Agent": FIREFOX, "X-CSRFToken": token}
        )
        assert answer.status_code == 400, place


@pytest.mark.parametrize("number", [2**31, 2**63, 10**40])
def test_a_number_that_no_table_holds_leads_nowhere(portal: Portal, number: int) -> None:
    claire, staff = portal.sign_in(CLAIRE), staff_visitor(portal)
    claire.open(f"collegues/{number}/roles", 404)
    claire.send(f"compte/appareils/{number}/deconnecter", 404, on="compte/appareils")
    staff.open(f"bureau/clients/{number}", 404)
    staff.open(f"bureau/mails/{number}", 404)
    staff.open(f"bureau/demandes-d-acces/{2**31 - 1}", 404)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("unix:", "?"),
    ],
)
def test_a_place_is_an_ipv4_address_or_the_64_of_an_ipv6_one(portal: Portal, address: str, place: str) -> None:
    with portal.app.test_request_context("/", environ_base={"REMOTE_ADDR": address}):
        assert visitor_place() == place


def test_two_servers_count_together_and_keep_no_address(portal: Portal, database_url: str) -> None:
    other = create_app(
        read_settings(
            {"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_BASE_URL": "http://localhost"}
        ),
        now=portal.clock,
    )
    other.testing = True
    clients = [portal.app.test_client(), other.test_client()]
    statuses = []
    for number in range(12):
        client = clients[number % 2]
        page = client.get(f"{AREA}/demander-un-acces").get_data(as_text=True)
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        answer = client.post(
            f"{AREA}/demander-un-acces", data={"csrf_token": token},
            environ_base={"REMOTE_ADDR": f"2001:db8:1:2::{number + 1}"}, headers={"User-Agent": FIREFOX},
        )  # fmt: skip
        statuses.append(answer.status_code)
    with other.app_context():
        db.engine.dispose()
    assert statuses == [422] * 10 + [429] * 2
    with portal.sessions() as session:
        row = session.scalars(select(RateWindow)).one()
    assert row.hits == 12
    assert "2001" not in row.key


def test_a_count_begins_anew_when_its_window_is_over(portal: Portal) -> None:
    with portal.sessions() as session:
        assert [count(session, "k", lasts=60, now=at) for at in (0, 59, 60)] == [(1, 60), (2, 60), (1, 120)]
        forget_old(session, now=119)
        assert session.get(RateWindow, "k") is not None
        forget_old(session, now=120)
        assert session.scalars(select(RateWindow)).all() == []


def test_what_is_sent_by_the_script_is_told_where_to_go_and_goes_there_itself(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    token = claire.token("compte/appareils")
    answer = claire.client.post(
        f"{AREA}/compte/appareils/deconnecter-tout", data={"csrf_token": token}, headers={"X-Sent-By": "attachments"}
    )
    assert (answer.status_code, answer.headers["X-Location"]) == (204, f"{AREA}/connexion")
    assert answer.location is None


def test_a_database_that_is_away_is_a_503_before_anything_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    url = f"sqlite:///{folder}/portal.sqlite3"
    engine = make_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    app = create_app(read_settings({"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": url}))
    client = app.test_client()
    page = client.get(f"{AREA}/demander-un-acces").get_data(as_text=True)
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    with app.app_context():
        db.engine.dispose()
    folder.rename(tmp_path / "elsewhere")
    answer = client.post(f"{AREA}/demander-un-acces", data={"csrf_token": token})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    with app.app_context():
        db.engine.dispose()
