"""Formal notices: their days, their answer, the end of a contract that they allow (article 10)."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.accounts.refusals import OF_ONE
from portal.contracts.notice_models import ContractNotice
from portal.contracts.notice_rules import (
    NoticeMissing,
    NoticeRuns,
    check_breach,
    last_day,
    nominal_day,
    terminable_from,
)
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from tests.accounts.conftest import CLAIRE, MARC, OTTO, STAFF, Portal, portal
from tests.contracts.test_views import DESK, LIST, open_one
from tests.quotes.conftest import hidden, signed_in

if TYPE_CHECKING:
    from portal.terms import Library

__all__ = ["portal"]
PARIS = ZoneInfo("Europe/Paris")
#: rules.md: received on Thursday 10 December 2026.
RECEIVED, NOMINAL, LAST, FROM = date(2026, 12, 10), date(2026, 12, 25), date(2026, 12, 28), date(2026, 12, 29)


def test_the_days_are_those_of_the_rules_worked_example(library: "Library") -> None:
    version = library.version("2018-10-01")
    assert nominal_day(version, RECEIVED) == NOMINAL
    assert last_day(version, RECEIVED) == LAST
    assert terminable_from(version, RECEIVED) == FROM


def test_a_contract_ends_for_breach_the_day_after_the_last_one_and_not_on_it(library: "Library") -> None:
    version = library.version("2018-10-01")
    with pytest.raises(NoticeMissing):
        check_breach(version, [], FROM)
    with pytest.raises(NoticeRuns) as refusal:
        check_breach(version, [RECEIVED], LAST)
    assert refusal.value.last_day == LAST
    check_breach(version, [RECEIVED], FROM)


def test_a_notice_is_recorded_followed_and_ends_the_contract_once_it_has_run_out(portal: Portal) -> None:
    portal.clock.moment = datetime(2026, 12, 11, 10, tzinfo=PARIS)
    reference, nadia, claire = open_one(portal), signed_in(portal, STAFF), signed_in(portal, CLAIRE)
    page = DESK + reference
    refused = nadia.send(f"{page}/fin", 409, on=page, reason="Impayés", ground="breach")
    assert "L'article 10 demande d'abord une mise en demeure" in refused
    assert "Impayés" in refused
    with portal.sessions() as session:
        tried = session.scalars(select(Entry).order_by(Entry.seq.desc()).limit(1)).one()
    assert tried.kind == "contracts.refused"
    given = {
        "sender": "company", "breach": "Factures d'octobre", "received_on": "10/12/2026",
        "received_how": "Accusé de réception", "key": hidden(nadia.open(page))["key"],
    }  # fmt: skip
    for _ in range(2):
        nadia.send(f"{page}/mises-en-demeure", 303, page, **given)
    assert nadia.send(f"{page}/mises-en-demeure", 422, page, **given | {"received_on": "12/12/2026"})
    shown = claire.open(LIST + reference)
    assert shown.count("Factures d'octobre") == 1
    assert "Jusqu'au lundi 28\u00a0décembre\u00a02026 inclus" in shown
    assert "à partir du 29\u00a0décembre\u00a02026" in shown
    assert "Mise en demeure" in claire.open("/espace-client/")
    assert "mise en demeure du client" in nadia.open("/espace-client/bureau/")
    portal.clock.moment = datetime(2026, 12, 28, 23, 59, tzinfo=PARIS)
    nadia, claire = signed_in(portal, STAFF), signed_in(portal, CLAIRE)
    assert "court jusqu'au lundi 28" in nadia.send(f"{page}/fin", 409, on=page, reason="Impayés", ground="breach")
    portal.clock.moment = datetime(2026, 12, 29, 0, 0, tzinfo=PARIS)
    nadia.send(f"{page}/fin", on=page, reason="Impayés", ground="breach")
    assert "Mise en demeure restée sans effet (article\u00a010)\u00a0: Impayés" in claire.open(LIST + reference)


def test_a_notice_that_was_answered_ends_nothing(portal: Portal) -> None:
    portal.clock.moment = datetime(2026, 12, 11, 10, tzinfo=PARIS)
    reference, nadia = open_one(portal), signed_in(portal, STAFF)
    page = DESK + reference
    nadia.send(
        f"{page}/mises-en-demeure", 303, page, sender="client", breach="Serveur jamais livré", received_on="10/12/2026",
        received_how="Recommandé",
    )  # fmt: skip
    assert "Pour nous, le jour à tenir est le vendredi 25\u00a0décembre\u00a02026" in nadia.open(page)
    assert "Écrivez comment" in nadia.send(f"{page}/mises-en-demeure/1/reglee", 422, page, words="")
    nadia.send(f"{page}/mises-en-demeure/1/reglee", 303, page, words="Livré le 12 décembre")
    nadia.send(f"{page}/mises-en-demeure/1/reglee", 409, page, words="Encore")
    portal.clock.moment = datetime(2027, 1, 15, 10, tzinfo=PARIS)
    nadia = signed_in(portal, STAFF)
    assert "demande d'abord" in nadia.send(f"{page}/fin", 409, on=page, reason="x", ground="breach")


def test_a_signatory_puts_the_company_on_notice_and_it_is_received_the_same_day(portal: Portal) -> None:
    portal.clock.moment = datetime(2026, 12, 10, 10, tzinfo=PARIS)
    reference, claire = open_one(portal), signed_in(portal, CLAIRE)
    page = LIST + reference
    assert "Écrivez ce qui n'a pas été fait." in claire.send(f"{page}/mise-en-demeure", 422, page, breach=" ")
    key = hidden(claire.open(page))["key"]
    for _ in range(2):
        claire.send(f"{page}/mise-en-demeure", 303, page, breach="Le serveur n'est pas réparé.", key=key)
    shown = claire.open(page)
    assert shown.count("Le serveur n'est pas réparé.") == 1
    assert "Jusqu'au lundi 28\u00a0décembre\u00a02026 inclus" in shown
    assert "mise en demeure reçue, à régler" in signed_in(portal, STAFF).open("/espace-client/bureau/")
    sent = [mail for mail in portal.mails() if mail.event == "contracts/notice"]
    assert [mail.recipient for mail in sent] == [portal.app.extensions["portal"].library.company.mail, CLAIRE]
    for mail in sent:
        assert "28 décembre 2026 inclus (article 10 des CGV)" in mail.text.replace("\u00a0", " ")
    with portal.sessions() as session:
        entry = session.scalars(select(Entry).order_by(Entry.seq.desc()).limit(1)).one()
        assert entry.kind == "contracts.notice_recorded"
        assert list(verify_log(session)) == []


def test_who_may_not_sign_puts_nobody_on_notice_and_the_try_is_kept(portal: Portal) -> None:
    reference = open_one(portal)
    marc, otto = signed_in(portal, MARC), signed_in(portal, OTTO)
    page = LIST + reference
    assert "en demeure</summary>" not in marc.open(page)
    assert "Seul un signataire" in marc.send(f"{page}/mise-en-demeure", 403, page, breach="Rien ne va.")
    otto.send(
        f"{page}/mise-en-demeure", 404, LIST, csrf_token=otto.token("/espace-client/demande-de-devis"), breach="Rien."
    )
    with portal.sessions() as session:
        kinds = session.scalars(select(Entry.kind).order_by(Entry.seq.desc()).limit(2)).all()
        assert set(kinds) == {"contracts.refused", "accounts.refused"}
        assert session.scalars(select(ContractNotice)).all() == []
    token = marc.token(page)
    for _ in range(OF_ONE + 1):  # the page says no each time; the log is not flooded
        assert "Seul un signataire" in marc.send(f"{page}/mise-en-demeure", 403, csrf_token=token, breach="Rien.")
    with portal.sessions() as session:
        kinds = list(session.scalars(select(Entry.kind).where(Entry.kind.endswith(".refused"))))
        assert (kinds.count("contracts.refused"), kinds.count("accounts.refused")) == (OF_ONE, 1)
