"""Signing in by a code: what lets in, and everything that does not, with nothing changed."""

import pytest
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import func, select, true

from portal.accounts.models import MailCode, SignedIn
from portal.accounts.refusals import REFUSED
from portal.evidence.models import Entry, Payload
from portal.mail.models import OutgoingMail
from portal.web import AREA
from tests.accounts.conftest import CLAIRE, FIREFOX, MARC, Portal, Visitor

NOT_THE_ONE = "Cette réponse n'est pas la bonne"


def another(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_code_by_mail_signs_in(portal: Portal) -> None:
    visitor = portal.visitor()
    assert "Utiliser ma clé d'accès" in visitor.open("connexion")
    code = portal.ask_code(visitor, CLAIRE)
    visitor.send("connexion", 302, identity=CLAIRE, passcode=code)
    assert visitor.location == f"{AREA}/"
    assert visitor.is_signed_in()


def test_an_address_is_the_same_in_capitals_and_with_spaces(portal: Portal) -> None:
    visitor = portal.visitor()
    visitor.send("connexion/code", 200, identity=f" {CLAIRE.upper()} ", chosen_method="email")
    code = portal.code(CLAIRE)
    visitor.send("connexion", 302, identity=CLAIRE.title(), passcode=f"{code[:3]} {code[3:]}")
    assert visitor.is_signed_in()


def test_signing_in_leads_back_to_where_one_wanted_to_go_and_never_elsewhere(portal: Portal) -> None:
    visitor = portal.visitor()
    visitor.open("collegues", 303)
    assert visitor.location.endswith("connexion?next=%2Fespace-client%2Fcollegues")
    one = portal.visitor()
    code = portal.ask_code(one, MARC)
    assert "n'est pas ici" in one.send("connexion", 200, identity=MARC, passcode=code, next="https://mechant.example/")
    one.send("connexion", 302, identity=MARC, passcode=code, next=f"{AREA}/collegues")
    assert one.location == f"{AREA}/collegues"


def test_a_code_works_once(portal: Portal) -> None:
    first, second = portal.visitor(), portal.visitor()
    code = portal.ask_code(first, CLAIRE)
    first.send("connexion", 302, identity=CLAIRE, passcode=code)
    page = second.send("connexion", 200, identity=CLAIRE, passcode=code)
    assert NOT_THE_ONE in page
    assert not second.is_signed_in()


def test_a_code_is_good_for_just_under_ten_minutes_and_not_for_ten(portal: Portal) -> None:
    early, late = portal.visitor(), portal.visitor()
    code = portal.ask_code(early, CLAIRE)
    portal.clock.pass_(minutes=9, seconds=59)
    early.send("connexion", 302, identity=CLAIRE, passcode=code)
    code = portal.ask_code(late, CLAIRE)
    portal.clock.pass_(minutes=10)
    late.send("connexion", 200, identity=CLAIRE, passcode=code)
    assert not late.is_signed_in()


def test_a_right_code_is_taken_after_four_wrong_ones_and_refused_after_five(portal: Portal) -> None:
    for wrong, let_in in ((4, True), (5, False)):
        visitor = portal.visitor()
        code = portal.ask_code(visitor, CLAIRE)
        for _ in range(wrong):
            assert NOT_THE_ONE in visitor.send("connexion", 200, identity=CLAIRE, passcode=another(code))
        visitor.send("connexion", 302 if let_in else 200, identity=CLAIRE, passcode=code)
        assert visitor.is_signed_in() is let_in


def test_a_code_is_worth_nothing_in_another_browser_and_its_link_is(portal: Portal) -> None:
    owner, thief, phone = portal.visitor(), portal.visitor(), portal.visitor()
    code = portal.ask_code(owner, CLAIRE)
    assert NOT_THE_ONE in thief.send("connexion", 200, identity=CLAIRE, passcode=code)
    assert not thief.is_signed_in()
    link = portal.link(CLAIRE)
    phone.send(link, 302, on=link)
    assert phone.is_signed_in()
    owner.send("connexion", 200, identity=CLAIRE, passcode=code)  # the link used it


def test_what_strangers_type_burns_nobodys_code(portal: Portal) -> None:
    owner = portal.visitor()
    code = portal.ask_code(owner, CLAIRE)
    for _ in range(8):
        portal.visitor().send("connexion", 200, identity=CLAIRE, passcode=another(code))
    owner.send("connexion", 302, identity=CLAIRE, passcode=code)
    assert owner.is_signed_in()


def test_strangers_who_ask_in_somebodys_name_leave_her_a_link_that_works(portal: Portal) -> None:
    pages = [portal.visitor().send("connexion/code", 200, identity=CLAIRE, chosen_method="email") for _ in range(7)]
    assert len(portal.mails(CLAIRE)) == 5
    assert len({without_tokens(page) for page in pages}) == 1
    owner, link = portal.visitor(), portal.link(CLAIRE)
    owner.send("connexion/code", 200, identity=CLAIRE, chosen_method="email")
    assert len(portal.mails(CLAIRE)) == 5
    owner.send(link, 302, on=link)
    assert owner.is_signed_in()


def test_strangers_take_nothing_from_a_browser_that_its_owner_has_used_before(portal: Portal) -> None:
    owner = portal.sign_in(CLAIRE)
    owner.send("deconnexion", 302, on="compte/appareils")
    for _ in range(7):
        portal.visitor().send("connexion/code", 200, identity=CLAIRE, chosen_method="email")
    code = portal.ask_code(owner, CLAIRE)
    owner.send("connexion", 302, identity=CLAIRE, passcode=code)


def test_strangers_may_ask_again_once_what_they_asked_for_is_over(portal: Portal) -> None:
    for _ in range(6):
        portal.visitor().send("connexion/code", 200, identity=CLAIRE, chosen_method="email")
    portal.clock.pass_(minutes=10)
    portal.ask_code(portal.visitor(), CLAIRE)
    assert len(portal.mails(CLAIRE)) == 6


@pytest.mark.parametrize(("tries", "let_in"), [(24, True), (25, False)])
def test_a_day_of_guesses_has_an_end_and_the_link_goes_on_working(portal: Portal, tries: int, let_in: bool) -> None:
    left, code = tries, ""
    while left:
        visitor = portal.visitor()
        code = portal.ask_code(visitor, CLAIRE)
        for _ in range(min(4, left)):
            visitor.send("connexion", 200, identity=CLAIRE, passcode=another(code))
            left -= 1
        portal.clock.pass_(minutes=11)
    last = portal.visitor()
    code = portal.ask_code(last, CLAIRE)
    last.send("connexion", 302 if let_in else 200, identity=CLAIRE, passcode=code)
    assert last.is_signed_in() is let_in
    if not let_in:
        link = portal.link(CLAIRE)
        last.send(link, 302, on=link)
        assert last.is_signed_in()
        portal.clock.pass_(days=1)
        tomorrow = portal.visitor()
        code = portal.ask_code(tomorrow, CLAIRE)
        tomorrow.send("connexion", 302, identity=CLAIRE, passcode=code)


def test_no_cookie_tells_whether_an_address_is_known(portal: Portal) -> None:
    reader = SecureCookieSessionInterface().get_signing_serializer(portal.app)
    assert reader is not None
    held = set()
    for email in (CLAIRE, "claude@client.example"):
        visitor = portal.visitor()
        visitor.send("connexion/code", 200, identity=email, chosen_method="email")
        assert visitor.last is not None
        cookie = visitor.last.headers.get("Set-Cookie", "").partition("portail=")[2].partition(";")[0]
        # The same values, each as long; as it is sent, a cookie of random words is a few letters shorter or longer.
        held.add(tuple(sorted((name, len(str(value))) for name, value in reader.loads(cookie).items())))
    assert len(held) == 1
    assert len(held.pop()) > 2


def test_a_later_code_takes_the_place_of_an_earlier_one(portal: Portal) -> None:
    visitor = portal.visitor()
    earlier = portal.ask_code(visitor, CLAIRE)
    later = portal.ask_code(visitor, CLAIRE)
    if earlier != later:
        visitor.send("connexion", 200, identity=CLAIRE, passcode=earlier)
    visitor.send("connexion", 302, identity=CLAIRE, passcode=later)


def test_a_mailbox_is_not_flooded_the_sixth_code_in_an_hour_is_not_sent_and_the_page_is_the_same(
    portal: Portal,
) -> None:
    visitor = portal.visitor()
    pages = [
        visitor.send(
            "connexion/code", 200, identity=CLAIRE, chosen_method="email", csrf_token=visitor.token("connexion")
        )
        for _ in range(6)
    ]
    assert len(portal.mails(CLAIRE)) == 5
    assert len({without_tokens(page) for page in pages}) == 1
    portal.clock.pass_(hours=1)
    portal.ask_code(visitor, CLAIRE)
    assert len(portal.mails(CLAIRE)) == 6


def without_tokens(page: str) -> str:
    """A page without what differs at each view of it."""
    import re

    return re.sub(r'name="csrf_token" value="[^"]+"', "", page)


def test_no_answer_tells_whether_an_address_is_known(portal: Portal) -> None:
    known, unknown = portal.visitor(), portal.visitor()
    stranger = "claude@client.example"  # as long as the other one
    pages = [
        without_tokens(one.send("connexion/code", 200, identity=email, chosen_method="email")).replace(email, "")
        for one, email in ((known, CLAIRE), (unknown, stranger))
    ]
    assert pages[0] == pages[1]
    assert "Si cette adresse a un accès" in pages[0]
    assert portal.mails(stranger) == []
    tried = [
        without_tokens(one.send("connexion", 200, identity=email, passcode=answer)).replace(email, "")
        for one, email in ((known, CLAIRE), (unknown, stranger))
        for answer in ("000000", "un mot de passe assez long")
    ]
    assert len(set(tried)) == 1


def test_a_wrong_password_costs_as_much_whoever_has_none_and_a_wrong_code_nothing_to_anybody(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.accounts import forms

    hashed: list[str] = []
    monkeypatch.setattr(forms, "hash_password", hashed.append)
    for email in (CLAIRE, "claude@client.example"):
        for answer, cost in (("un mot de passe assez long", 1), ("000000", 0)):
            hashed.clear()
            portal.visitor().send("connexion", 200, identity=email, passcode=answer)
            assert len(hashed) == cost, (email, answer)


def test_somebody_removed_is_as_unknown_as_anybody(portal: Portal) -> None:
    with portal.sessions.begin() as session:
        person = session.get_one(type(portal.person(MARC)), portal.ids[MARC])
        person.active = False
    visitor = portal.visitor()
    visitor.send("connexion/code", 200, identity=MARC, chosen_method="email")
    assert portal.mails(MARC) == []


# --- The link of the mail ------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_scanner_that_opens_the_link_changes_nothing_and_leaves_it_good(portal: Portal, method: str) -> None:
    visitor = portal.visitor()
    portal.ask_code(visitor, CLAIRE)
    link = portal.link(CLAIRE)
    before = everything(portal)
    scanner = portal.app.test_client()
    for _ in range(8):
        scanner.open(link, method=method)
    assert everything(portal) == before
    assert scanner.get(f"{AREA}/compte/appareils").status_code == 303
    assert "Confirmer la connexion" in visitor.open(link)
    visitor.send(link, 302, on=link)
    assert visitor.is_signed_in()


def test_a_link_works_once(portal: Portal) -> None:
    first, second = portal.visitor(), portal.visitor()
    portal.ask_code(first, CLAIRE)
    link = portal.link(CLAIRE)
    first.send(link, 302, on=link)
    second.send(link, 302, on=link)
    assert second.location == f"{AREA}/connexion"
    assert not second.is_signed_in()


def test_a_link_with_another_code_or_nobody_in_it_signs_nobody_in(portal: Portal) -> None:
    visitor = portal.visitor()
    code = portal.ask_code(visitor, CLAIRE)
    link = portal.link(CLAIRE)
    for forged in (link.replace(code, another(code)), f"{AREA}/connexion/lien?id=nobody&code={code}"):
        visitor.send(forged, 302, on=forged)
        assert not visitor.is_signed_in()
    visitor.open("connexion/lien", 404)


def everything(portal: Portal) -> list[object]:
    """Every row of every table: what must not have changed.

    How often something was tried is counted all the same, and that it was tried is told (``portal.accounts.refusals``).
    """
    from portal.db import Base

    with portal.sessions() as session:
        told = select(Entry.seq).where(Entry.kind == REFUSED)
        left_out = {"evidence_entry": Entry.seq.not_in(told), "evidence_payload": Payload.seq.not_in(told)}
        return [
            (name, sorted(map(repr, session.execute(select(table).where(left_out.get(name, true()))).all())))
            for name, table in sorted(Base.metadata.tables.items())
            if not name.startswith("test_") and name != "rate_window"
        ]


# --- Tokens --------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "forged", "IjEyMyI.aaaa.bbbb"])
def test_a_forged_token_is_refused_and_nothing_changes(portal: Portal, token: str) -> None:
    visitor = portal.sign_in(CLAIRE)
    before = everything(portal)
    answer = visitor.client.post(f"{AREA}/compte/appareils/deconnecter-tout", data={"csrf_token": token})
    assert answer.status_code == 400
    assert "Cette page a expiré" in answer.get_data(as_text=True)
    assert everything(portal) == before
    assert visitor.is_signed_in()


def test_the_token_of_somebody_else_is_refused(portal: Portal) -> None:
    claire, marc = portal.sign_in(CLAIRE), portal.sign_in(MARC)
    claire.send("compte/appareils/deconnecter-tout", 400, csrf_token=marc.token("compte/appareils"))
    assert claire.is_signed_in()


# --- Sessions ------------------------------------------------------------------------------------


def cookie_of(visitor: Visitor) -> str:
    cookie = visitor.client.get_cookie("portail")
    assert cookie is not None
    return cookie.value


def with_cookie(portal: Portal, value: str) -> Visitor:
    thief = portal.visitor()
    thief.client.set_cookie("portail", value)
    return thief


def test_a_stolen_cookie_is_worth_nothing_after_sign_out(portal: Portal) -> None:
    visitor = portal.sign_in(CLAIRE)
    thief = with_cookie(portal, cookie_of(visitor))
    assert thief.is_signed_in()
    visitor.send("deconnexion", 302, on="compte/appareils")
    assert not visitor.is_signed_in()
    assert not with_cookie(portal, cookie_of(thief)).is_signed_in()


def test_signing_out_everywhere_ends_every_device(portal: Portal) -> None:
    phone, laptop = portal.sign_in(CLAIRE), portal.sign_in(CLAIRE)
    other = portal.sign_in(MARC)
    stolen = cookie_of(phone)
    page = laptop.open("compte/appareils")
    assert "2\xa0appareils" in page
    assert page.count("Firefox sur Windows") >= 2
    laptop.send("compte/appareils/deconnecter-tout", 303, on="compte/appareils")
    assert not laptop.is_signed_in()
    assert not phone.is_signed_in()
    assert not with_cookie(portal, stolen).is_signed_in()
    assert other.is_signed_in()


def test_one_device_can_be_signed_out_from_another_and_nobody_elses(portal: Portal) -> None:
    phone, laptop, other = portal.sign_in(CLAIRE), portal.sign_in(CLAIRE), portal.sign_in(MARC)
    with portal.sessions() as session:
        mine, theirs = (
            session.scalars(
                select(SignedIn.id).where(SignedIn.person_id == portal.ids[who]).order_by(SignedIn.id)
            ).first()
            for who in (CLAIRE, MARC)
        )
    laptop.send(f"compte/appareils/{theirs}/deconnecter", 404, on="compte/appareils")
    laptop.send(f"compte/appareils/{mine}/deconnecter", 303, on="compte/appareils")
    assert (phone.is_signed_in(), laptop.is_signed_in(), other.is_signed_in()) == (False, True, True)


def test_a_session_lasts_just_under_thirty_days_and_not_thirty(portal: Portal) -> None:
    visitor = portal.sign_in(CLAIRE)
    portal.clock.pass_(days=30, seconds=-1)
    assert visitor.is_signed_in()
    portal.clock.pass_(seconds=1)
    assert not visitor.is_signed_in()


def test_a_sign_in_from_a_new_device_is_told_and_one_from_a_known_one_is_not(portal: Portal) -> None:
    visitor = portal.sign_in(CLAIRE)
    assert alerts(portal) == 0
    visitor.send("deconnexion", 302, on="compte/appareils")
    code = portal.ask_code(visitor, CLAIRE)
    visitor.send("connexion", 302, identity=CLAIRE, passcode=code)
    assert alerts(portal) == 0
    portal.sign_in(CLAIRE)
    assert alerts(portal) == 1


def alerts(portal: Portal) -> int:
    with portal.sessions() as session:
        return (
            session.scalar(
                select(func.count()).select_from(OutgoingMail).where(OutgoingMail.event == "accounts/new_device")
            )
            or 0
        )


def test_what_is_stored_is_of_no_use_to_whoever_reads_it(portal: Portal) -> None:
    visitor = portal.visitor()
    code = portal.ask_code(visitor, CLAIRE)
    with portal.sessions() as session:
        row = session.scalars(select(MailCode)).one()
        assert code not in row.digest


def test_a_page_of_the_sign_in_is_never_stored_by_a_browser_or_a_proxy(portal: Portal) -> None:
    assert "no-store" in portal.app.test_client().get(f"{AREA}/connexion").headers["Cache-Control"]


def test_too_many_posts_from_one_place_are_429_with_a_clear_page(portal: Portal) -> None:
    visitor = portal.visitor()
    token = visitor.token("connexion")
    statuses = [
        visitor.client.post(
            f"{AREA}/connexion", data={"csrf_token": token, "identity": "x@y.example", "passcode": "123456"},
            headers={"User-Agent": FIREFOX},
        )
        for _ in range(31)
    ]  # fmt: skip
    assert [answer.status_code for answer in statuses] == [200] * 30 + [429]
    assert "Trop d'essais en peu de temps" in statuses[-1].get_data(as_text=True).replace("&#39;", "'")
    assert int(statuses[-1].headers["Retry-After"]) > 0
