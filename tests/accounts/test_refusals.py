"""What was tried and refused: told in the log of evidence, once, and nothing else changed."""

import ast
import json
from pathlib import Path

import pytest
from flask import Response
from sqlalchemy import select

import portal as portal_package
from portal.accounts import refusals
from portal.accounts.rate_models import RateWindow
from portal.accounts.refusals import OF_ONE, OF_PLACE, REFUSED
from portal.errors import show as refuse
from portal.evidence.actions import record, verify_log
from portal.evidence.models import Entry, Payload
from portal.routes import BINDS_NOBODY, ROUTES
from portal.web import AREA, db, now
from tests.accounts.conftest import CLAIRE, LEA, OTTO, Portal
from tests.accounts.test_sign_in import everything


def told(portal: Portal) -> list[dict[str, object]]:
    with portal.sessions() as session:
        assert list(verify_log(session)) == []
        found = session.scalars(select(Payload).join(Entry).where(Entry.kind == REFUSED).order_by(Entry.seq))
        return [json.loads(each.content or "") for each in found]


def test_a_missing_role_and_somebody_elses_colleague_are_told_and_nothing_changes(portal: Portal) -> None:
    claire, lea = portal.sign_in(CLAIRE), portal.sign_in(LEA)
    before, otto = everything(portal), portal.ids[OTTO]
    lea.send(f"collegues/{portal.ids[CLAIRE]}/retirer", 403, on="compte/appareils")
    claire.send(f"collegues/{otto}/retirer", 404, on="compte/appareils")
    assert everything(portal) == before
    assert told(portal) == [
        {"person": portal.ids[LEA], "route": "accounts.remove", "thing": {"number": portal.ids[CLAIRE]}, "why": "not_allowed"},
        {"person": portal.ids[CLAIRE], "route": "accounts.remove", "thing": {"number": otto}, "why": "not_found"},
    ]  # fmt: skip


def test_a_strangers_try_is_told_without_the_secret_of_the_link_or_what_they_wrote(portal: Portal) -> None:
    stranger, before = portal.visitor(), everything(portal)
    stranger.send("invitation/claire@client.example", 404)
    (only,) = told(portal)
    assert (only["person"], only["route"], only["why"]) == (None, "accounts.invitation", "not_found")
    assert "claire" not in str(only)
    assert everything(portal) == before


def test_what_binds_nobody_is_not_told_nor_is_a_page_that_is_only_opened(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    claire.send("compte/appareils/999999/deconnecter", 404, on="compte/appareils")
    claire.open(f"collegues/{portal.ids[OTTO]}/roles", 404)
    claire.client.post("/espace-client/collegues/1/retirer")  # without its token
    portal.visitor().send("collegues/1/retirer", 303)  # has to sign in first
    assert told(portal) == []


def test_a_refusal_that_a_room_tells_itself_is_told_once_and_one_that_it_takes_back_is_told_here(
    portal: Portal,
) -> None:
    @portal.app.post("/essai/<int:kept>", endpoint="accounts_desk.grant_too")
    def grant(kept: int) -> Response:
        record(db.session, "room.refused", {"kept": kept}, at=now())
        db.session.commit() if kept else db.session.rollback()
        return refuse(409)

    ROUTES["accounts_desk.grant_too"] = ROUTES["accounts.ask_access"]  # type: ignore[index]
    try:
        for kept in (1, 0):
            portal.visitor().send(f"/essai/{kept}", 409)
    finally:
        del ROUTES["accounts_desk.grant_too"]  # type: ignore[attr-defined]
    assert [(each["thing"], each["why"]) for each in told(portal)] == [({"kept": 0}, "too_late")]


@pytest.mark.parametrize("known", [True, False])
def test_nobody_floods_the_log(portal: Portal, known: bool) -> None:
    visitor = portal.sign_in(LEA) if known else portal.visitor()
    token = visitor.token("compte/appareils" if known else "connexion")
    address, limit = ("collegues/1/retirer", OF_ONE) if known else ("devis/lien/x/refuser", OF_PLACE)
    for _ in range(limit + 2):
        assert visitor.client.post(f"{AREA}/{address}", data={"csrf_token": token}).status_code in {403, 404}
    assert len(told(portal)) == limit
    portal.sign_in(CLAIRE).send("collegues/999999/retirer", 404, on="compte/appareils")
    assert len(told(portal)) == limit + 1
    portal.clock.pass_(hours=1)
    visitor.client.post(f"{AREA}/{address}", data={"csrf_token": token})
    assert len(told(portal)) == limit + 2


def test_a_stranger_uses_up_what_their_place_may_be_told_of_and_all_strangers_have_a_larger_ceiling(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "OF_PLACE", 3)
    monkeypatch.setattr(refusals, "OF_STRANGERS", 7)
    visitor = portal.visitor()
    token = visitor.token("connexion")

    def tries(place: str) -> int:
        for _ in range(5):
            visitor.client.post(
                f"{AREA}/devis/lien/x/refuser", data={"csrf_token": token}, environ_overrides={"REMOTE_ADDR": place}
            )
        return len(told(portal))

    # The last two are one subscriber's.
    places = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2")
    assert [tries(place) for place in places] == [3, 6, 7, 7]
    with portal.sessions() as session:
        keys = session.scalars(select(RateWindow.key)).all()
    assert not any(place in key for place in places for key in keys)


def test_every_room_asks_whether_a_refusal_may_be_told() -> None:
    rooms = {"note_refused", "record_try", "record_refusal"}
    called, told = 0, 0
    for path in Path(portal_package.__path__[0]).rglob("*.py"):
        for each in ast.walk(ast.parse(path.read_text())):
            if isinstance(each, ast.Call):
                called += last_word(each.func) in rooms
                told += last_word(each.func) == "tell_refused" and last_word(each.args[0]) in rooms
    assert called == 0  # by hand, past the limits
    assert told > 10


def last_word(named: ast.expr) -> str:
    """How something is named, without the module before it."""
    return named.attr if isinstance(named, ast.Attribute) else str(getattr(named, "id", ""))


def test_what_binds_nobody_is_a_route() -> None:
    assert set(ROUTES) >= BINDS_NOBODY
