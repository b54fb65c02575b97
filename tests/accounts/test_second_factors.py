"""Passkeys, passwords with a second factor, and the staff, who always have one."""

import json
import re
import time

import pytest
from passlib.totp import TOTP
from sqlalchemy import select

from portal.accounts.models import Passkey as StoredPasskey
from portal.accounts.models import Person, SignedIn
from portal.accounts.rules import proved_by
from portal.web import AREA
from tests.accounts.authenticators import Passkey
from tests.accounts.conftest import CLAIRE, STAFF, Portal, Visitor
from tests.accounts.test_sign_in import everything

PASSWORD = "une phrase que personne ne devine"  # noqa: S105 - made up


def options_of(page: str) -> tuple[str, dict[str, object]]:
    """Where a page's passkey form sends its answer, and what it asks of the device."""
    form = re.search(r"<form[^>]*data-passkey=[^>]*>", page)
    assert form, page
    action, options = (
        re.search(rf'{name}="(.*?)"(?= \w|>)', form.group(0), re.DOTALL) for name in ("action", "data-options")
    )
    assert action
    assert options
    return action.group(1), json.loads(options.group(1))


def add_passkey(portal: Portal, visitor: Visitor, name: str = "Téléphone") -> Passkey:
    key = Passkey()
    address, options = options_of(visitor.send("compte/cles", 200, on="compte/cles", name=name, usage="first"))
    visitor.send(address, 302, on="compte/cles", credential=key.create(options))
    assert visitor.location == f"{AREA}/compte/securite"
    assert name in visitor.open("compte/securite")
    return key


def use_passkey(visitor: Visitor, key: Passkey) -> str:
    """Sign in with a passkey, without typing an address; the address the answer was sent to."""
    address, options = options_of(visitor.send("connexion/cle", 200))
    visitor.send(address, 302, credential=key.get(options))
    return address


def proved(portal: Portal, email: str) -> str:
    """How the latest session of somebody is said to have been begun."""
    with portal.sessions() as session:
        person = session.get_one(Person, portal.ids[email])
        held = session.scalars(select(SignedIn).where(SignedIn.person_id == person.id).order_by(SignedIn.id.desc()))
        return proved_by(held.first().means.split(","), staff=person.staff)  # type: ignore[union-attr]


def test_a_passkey_is_added_and_signs_in_with_no_address_typed(portal: Portal) -> None:
    key = add_passkey(portal, portal.sign_in(CLAIRE))
    assert proved(portal, CLAIRE) == "connexion à l'espace client par code envoyé à son adresse"
    visitor = portal.visitor()
    use_passkey(visitor, key)
    assert visitor.location == f"{AREA}/"
    assert visitor.is_signed_in()
    assert proved(portal, CLAIRE) == "connexion à l'espace client par clé d'accès"


def test_a_phones_or_computers_own_passkey_is_welcome_and_checks_who_holds_it(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    _, options = options_of(claire.send("compte/cles", 200, on="compte/cles", name="x", usage="first"))
    asked = options["authenticatorSelection"]
    assert isinstance(asked, dict)
    assert "authenticatorAttachment" not in asked
    assert asked["userVerification"] == "required"
    assert asked["residentKey"] == "required"


def test_a_passkey_that_is_unknown_or_from_another_site_or_for_another_challenge_signs_nobody_in(
    portal: Portal,
) -> None:
    key = add_passkey(portal, portal.sign_in(CLAIRE))
    stranger, elsewhere = Passkey(), Passkey("https://mechant.example")
    elsewhere.id, elsewhere.user, elsewhere._key = key.id, key.user, key._key
    forger = Passkey()
    forger.id, forger.user = key.id, key.user
    for wrong in (stranger, elsewhere, forger):
        visitor = portal.visitor()
        use_passkey(visitor, wrong)
        assert visitor.location == f"{AREA}/connexion/cle"
        assert not visitor.is_signed_in()
    visitor = portal.visitor()
    address, options = options_of(visitor.send("connexion/cle", 200))
    visitor.send(address, 302, credential=key.get({**options, "challenge": "AAAA"}))
    assert not visitor.is_signed_in()


def test_a_passkey_that_is_withdrawn_opens_nothing(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    key = add_passkey(portal, claire)
    claire.send("compte/cles/retirer", 302, on="compte/securite", name="Téléphone")
    with portal.sessions() as session:
        assert session.scalars(select(StoredPasskey)).all() == []
    visitor = portal.visitor()
    use_passkey(visitor, key)
    assert not visitor.is_signed_in()


# --- Staff ---------------------------------------------------------------------------------------


def app_code(secret: str, at: float | None = None) -> str:
    """What an authenticator application shows."""
    return str(TOTP(secret.replace(" ", "").replace("-", "")).generate(at or time.time()).token)


def set_up_app(visitor: Visitor, address: str) -> str:
    """Set an application up; its secret."""
    page = visitor.send(address, 200, on=address, setup="authenticator")
    assert 'src="data:image/svg+xml' in page
    found = re.search(r"<code>([A-Z2-7 -]+)</code>", page)
    assert found
    return found.group(1)


def first_staff_sign_in(portal: Portal) -> tuple[Visitor, str]:
    visitor = portal.visitor()
    code = portal.ask_code(visitor, STAFF)
    visitor.send("connexion", 302, identity=STAFF, passcode=code)
    assert visitor.location.startswith(f"{AREA}/connexion/application")
    assert not visitor.is_signed_in()
    secret = set_up_app(visitor, f"{AREA}/connexion/application")
    visitor.send("connexion/second-facteur", 302, on="connexion/second-facteur", code=app_code(secret))
    assert visitor.is_signed_in()
    return visitor, secret


def test_staff_set_up_a_second_factor_at_the_first_sign_in_and_give_it_at_each_later_one(portal: Portal) -> None:
    _, secret = first_staff_sign_in(portal)
    later = portal.visitor()
    code = portal.ask_code(later, STAFF)
    later.send("connexion", 302, identity=STAFF, passcode=code)
    assert later.location.startswith(f"{AREA}/connexion/second-facteur")
    assert not later.is_signed_in()
    later.open(later.location)
    later.send("connexion/second-facteur", 302, on="connexion/second-facteur", code=app_code(secret, time.time() + 30))
    assert later.is_signed_in()
    both = "code envoyé à son adresse et application d'authentification"
    assert proved(portal, STAFF) == f"connexion à l'espace de l'équipe par {both}"


def test_the_code_of_an_application_works_once(portal: Portal) -> None:
    _, secret = first_staff_sign_in(portal)
    again = portal.visitor()
    code = portal.ask_code(again, STAFF)
    again.send("connexion", 302, identity=STAFF, passcode=code)
    with portal.sessions() as session:
        used = session.get_one(Person, portal.ids[STAFF]).app_counter
    assert used is not None
    page = again.send("connexion/second-facteur", 200, on="connexion/second-facteur", code=app_code(secret, used * 30))
    assert "il a déjà servi" in page
    assert not again.is_signed_in()


def test_a_sixth_code_of_an_application_is_refused_though_right_and_taken_a_quarter_of_an_hour_later(
    portal: Portal,
) -> None:
    _, secret = first_staff_sign_in(portal)
    visitor = portal.visitor()
    code = portal.ask_code(visitor, STAFF)
    visitor.send("connexion", 302, identity=STAFF, passcode=code)
    right = app_code(secret, time.time() + 30)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        visitor.send("connexion/second-facteur", 200, on="connexion/second-facteur", code=wrong)
    visitor.send("connexion/second-facteur", 200, on="connexion/second-facteur", code=right)
    assert not visitor.is_signed_in()
    portal.clock.pass_(minutes=15)
    visitor.send("connexion", 302, identity=STAFF, passcode=portal.ask_code(visitor, STAFF))
    visitor.send("connexion/second-facteur", 302, on="connexion/second-facteur", code=right)
    assert visitor.is_signed_in()


def test_the_second_factor_without_the_first_is_refused(portal: Portal) -> None:
    first_staff_sign_in(portal)
    visitor = portal.visitor()
    for path in ("connexion/second-facteur", "connexion/application"):
        visitor.send(path, 302, code="123456", setup="authenticator")
        assert visitor.location == f"{AREA}/connexion"
    assert not visitor.is_signed_in()


def test_staff_cannot_give_their_second_factor_up(portal: Portal) -> None:
    visitor, _ = first_staff_sign_in(portal)
    before = everything(portal)
    visitor.send("connexion/application", 200, on="compte/securite", setup="disable")
    assert everything(portal) == before


def test_staff_sign_in_by_passkey_alone_since_it_checks_who_holds_it(portal: Portal) -> None:
    visitor, _ = first_staff_sign_in(portal)
    key = add_passkey(portal, visitor)
    later = portal.visitor()
    use_passkey(later, key)
    assert later.is_signed_in()


def test_staff_with_a_passkey_and_no_application_do_not_get_in_by_a_mail(portal: Portal) -> None:
    visitor, _ = first_staff_sign_in(portal)
    add_passkey(portal, visitor)
    with portal.sessions.begin() as session:
        person = session.get_one(Person, portal.ids[STAFF])
        person.tf_primary_method = person.tf_totp_secret = None
    later = portal.visitor()
    code = portal.ask_code(later, STAFF)
    later.send("connexion", 303, identity=STAFF, passcode=code)
    assert later.location == f"{AREA}/connexion"
    assert "demande votre clé d'accès" in later.open("connexion")
    assert not later.is_signed_in()


def test_a_session_of_the_staff_ends_after_twelve_hours(portal: Portal) -> None:
    visitor, _ = first_staff_sign_in(portal)
    portal.clock.pass_(hours=12, seconds=-1)
    assert visitor.is_signed_in()
    portal.clock.pass_(seconds=1)
    assert not visitor.is_signed_in()


# --- Passwords -----------------------------------------------------------------------------------


def add_app(visitor: Visitor) -> str:
    """Set an application up while signed in; its secret."""
    page = visitor.send("connexion/application", 200, on="compte/securite", setup="authenticator")
    found = re.search(r"<code>([A-Z2-7 -]+)</code>", page)
    action = re.search(r'action="([^"]*compte/application/[^"]+)"', page)
    assert found
    assert action
    visitor.send(action.group(1), 302, on="compte/securite", code=app_code(found.group(1)))
    return found.group(1)


def choose_password(portal: Portal, visitor: Visitor, password: str = PASSWORD, status: int = 302) -> str:
    return visitor.send(
        "compte/mot-de-passe", status, on="compte/mot-de-passe", new_password=password, new_password_confirm=password
    )


def test_a_password_goes_with_an_application(portal: Portal) -> None:
    claire, elsewhere = portal.sign_in(CLAIRE), portal.sign_in(CLAIRE)
    secret = add_app(claire)
    choose_password(portal, claire)
    assert claire.is_signed_in()
    assert not elsewhere.is_signed_in()
    assert proved(portal, CLAIRE).endswith("par code envoyé à son adresse")  # choosing a password proves nothing more
    assert portal.mails(CLAIRE)[-1].event == "accounts/password_changed"
    visitor = portal.visitor()
    visitor.send("connexion", 302, identity=CLAIRE, passcode=PASSWORD)
    assert visitor.location.startswith(f"{AREA}/connexion/second-facteur")
    assert not visitor.is_signed_in()
    visitor.send(
        "connexion/second-facteur", 302, on="connexion/second-facteur", code=app_code(secret, time.time() + 30)
    )
    assert visitor.is_signed_in()
    assert proved(portal, CLAIRE).endswith("par mot de passe et application d'authentification")


def test_nobody_chooses_a_password_before_having_an_application(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    before = everything(portal)
    claire.send("compte/mot-de-passe", 303, on="compte/securite", new_password=PASSWORD, new_password_confirm=PASSWORD)
    assert claire.location == f"{AREA}/connexion/application"
    assert "Réglez d'abord une application" in claire.open("connexion/application")
    assert everything(portal) == before


def test_a_password_without_an_application_opens_nothing_and_looks_like_a_wrong_one(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    add_app(claire)
    choose_password(portal, claire)
    with portal.sessions.begin() as session:
        person = session.get_one(Person, portal.ids[CLAIRE])
        person.tf_primary_method = person.tf_totp_secret = None
    visitor = portal.visitor()
    pages = {
        re.sub(
            r'(csrf_token" value|content)="[^"]*"', "", visitor.send("connexion", 200, identity=CLAIRE, passcode=tried)
        )
        for tried in (PASSWORD, "une phrase qui n'est pas la bonne")
    }
    assert len(pages) == 1
    assert not visitor.is_signed_in()
    visitor.send("connexion/application", 302, setup="authenticator")
    assert visitor.location == f"{AREA}/connexion"


def test_a_sixth_try_of_a_password_is_refused_though_right_and_a_code_by_mail_still_works(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    add_app(claire)
    choose_password(portal, claire)
    visitor = portal.visitor()
    for _ in range(5):
        visitor.send("connexion", 200, identity=CLAIRE, passcode="pas la bonne phrase")
    visitor.send("connexion", 200, identity=CLAIRE, passcode=PASSWORD)
    code = portal.ask_code(visitor, CLAIRE)
    visitor.send("connexion", 302, identity=CLAIRE, passcode=code)
    portal.clock.pass_(minutes=15)
    visitor.send("connexion", 302, identity=CLAIRE, passcode=PASSWORD)


def from_(portal: Portal, place: str) -> Visitor:
    """A visitor from another place on the network."""
    visitor = portal.visitor()
    visitor.client.environ_base = {**visitor.client.environ_base, "REMOTE_ADDR": place}
    return visitor


def test_wrong_passwords_rest_where_they_are_typed_and_lock_nobody_else_out(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    add_app(claire)
    choose_password(portal, claire)
    claire.send("deconnexion", 302, on="compte/appareils")
    for _ in range(6):  # each in a browser of its own: a cookie is thrown away
        from_(portal, "192.0.2.7").send("connexion", 200, identity=CLAIRE, passcode="pas la bonne phrase")
    from_(portal, "192.0.2.7").send("connexion", 200, identity=CLAIRE, passcode=PASSWORD)
    from_(portal, "192.0.2.8").send("connexion", 302, identity=CLAIRE, passcode=PASSWORD)
    claire.client.environ_base = {**claire.client.environ_base, "REMOTE_ADDR": "192.0.2.7"}
    claire.send("connexion", 302, identity=CLAIRE, passcode=PASSWORD)


@pytest.mark.parametrize(("tries", "status"), [(24, 302), (25, 200)])
def test_a_day_of_guessed_passwords_has_an_end_but_not_for_a_device_that_its_owner_used(
    portal: Portal, tries: int, status: int
) -> None:
    claire = portal.sign_in(CLAIRE)
    add_app(claire)
    choose_password(portal, claire)
    claire.send("deconnexion", 302, on="compte/appareils")
    for number in range(tries):
        from_(portal, f"192.0.2.{number}").send("connexion", 200, identity=CLAIRE, passcode="pas la bonne phrase")
    from_(portal, "198.51.100.1").send("connexion", status, identity=CLAIRE, passcode=PASSWORD)
    claire.send("connexion", 302, identity=CLAIRE, passcode=PASSWORD)
    portal.clock.pass_(days=1)
    from_(portal, "198.51.100.1").send("connexion", 302, identity=CLAIRE, passcode=PASSWORD)


@pytest.mark.parametrize(("password", "status"), [("onze signes", 200), ("douze signes", 302)])
def test_a_password_of_twelve_characters_is_taken_and_one_of_eleven_refused(
    portal: Portal, password: str, status: int
) -> None:
    claire = portal.sign_in(CLAIRE)
    add_app(claire)
    page = choose_password(portal, claire, password, status)
    assert status == 302 or "12 caractères au moins" in page
