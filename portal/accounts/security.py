"""Flask-Security, with what it leaves open closed.

The library's defaults that are changed here: a mail code works twice and its
link signs in by GET; a cookie works after sign-out; a passkey as first factor
is forced to be a separate key; a mail is sent inside the request; freshness
lasts a day. Its views are the ones that answer; only those in ``VIEWS`` are
reachable, under French addresses.
"""

import secrets
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, Response, after_this_request, g, redirect, request, session
from flask_babel import Babel
from flask_login import current_user, user_logged_out
from flask_security import (
    MailUtil,
    RoleMixin,
    Security,
    Totp,
    UserMixin,
    WebauthnUtil,
    password_changed,
    user_authenticated,
)
from flask_security.datastore import FSQLALiteUserDatastore
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.accounts import sign_in
from portal.accounts.configuration import CONFIGURATION
from portal.accounts.models import Grant, Passkey, Person, SignedIn
from portal.accounts.rules import HALF_WAY, device_name, is_code, proved_by
from portal.accounts.sign_in import LETTERS
from portal.gate import place_digest, visitor_place
from portal.mail.actions import post
from portal.web import AREA, db, mail_domain, now, settings

#: What stands in for a secret where the code comes by mail: the rows of ``MailCode`` are the secret.
_BY_MAIL = "mail:"


class People(FSQLALiteUserDatastore):
    """The library's way to our tables."""

    def us_get_totp_secrets(self, user: UserMixin) -> dict[str, str]:
        """Everybody may be sent a code."""
        return {"email": f"{_BY_MAIL}{user.id}"}

    def tf_set(
        self, user: UserMixin, primary_method: str, totp_secret: str | None = None, phone: str | None = None
    ) -> None:
        """Keep an authenticator; from a sign-in only where there is none, looked at while nobody else can add one."""
        person = db.session.get_one(Person, user.id)
        sign_in.hold(db.session, person)
        if not current_user.is_authenticated and person.tf_totp_secret != totp_secret and person.enrolled:
            raise EnrolmentOver
        super().tf_set(person, primary_method, totp_secret, phone)


class Codes(Totp):
    """Codes that work once and are counted: those sent by mail and those of an authenticator."""

    def generate_totp_password(self, totp_secret: str) -> str:
        """A code for a person, by mail."""
        if totp_secret.startswith(_BY_MAIL):
            return sign_in.make_code(db.session, int(totp_secret.removeprefix(_BY_MAIL)), browser(), now=now())
        made: str = super().generate_totp_password(totp_secret)
        return made

    def verify_totp(self, token: str, totp_secret: str, user: UserMixin, window: int = 0) -> bool:
        """Check a code, counting it."""
        if not is_code(token) or not isinstance(user, Person):
            return False
        user = db.session.get_one(Person, user.id)  # not the proxy of the person signed in
        if totp_secret.startswith(_BY_MAIL):
            if request.endpoint == "security.us_verify_link":
                return sign_in.use_link(db.session, user, token, now=now())
            return sign_in.use_code(db.session, user, token, browser(), now=now())
        check = super().verify_totp
        right = sign_in.try_app(
            db.session, user, lambda: bool(check(token.strip(), totp_secret, user, window)), now=now()
        )
        if right:
            g.proved = "authenticator"
        return right

    def get_last_counter(self, user: UserMixin) -> int | None:
        """The last period whose code was used."""
        return user.app_counter if isinstance(user, Person) else None

    def set_last_counter(self, user: UserMixin, tmatch: Any) -> None:
        """That period is used up."""
        if isinstance(user, Person):
            user.app_counter = tmatch.counter


class Passkeys(WebauthnUtil):
    """Any passkey will do, the phone's or computer's own included, as long as it checks who holds it."""

    def origin(self) -> str:
        """The address people see, whatever stands in between.

        A browser makes no passkey for a number: on one's own machine it is ``localhost`` that works.
        """
        base = urlsplit(settings().base_url)
        if base.hostname == "127.0.0.1" and request.host.partition(":")[0] == "localhost":
            return f"{base.scheme}://{request.host}"
        return settings().base_url

    def authenticator_selection(self, user: UserMixin, usage: str) -> AuthenticatorSelectionCriteria:  # noqa: ARG002
        """No attachment is asked for: Touch ID and Windows Hello are passkeys too."""
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        )

    def user_verification(self, user: UserMixin | None, usage: list[str]) -> UserVerificationRequirement:  # noqa: ARG002
        """A finger, a face or a number: so that a passkey is two factors."""
        return UserVerificationRequirement.REQUIRED


class Outbox(MailUtil):
    """The library's mails, in our words, into the outbox: nothing is sent inside a request."""

    def send_mail(
        self, template: str, subject: str, recipient: Any, sender: Any, body: str | None, html: str | None,  # noqa: ARG002
        **context: Any,
    ) -> None:  # fmt: skip
        """Write the mail of ``template`` (its last part names the event); it leaves with the commit of the request."""
        event = template.rpartition("/")[2]
        link = _at_home(context.get("login_link"))
        values = {"code": context.get("login_token"), "link": link, "person": context.get("user")}
        letter = LETTERS.write(event, **values)
        post(
            db.session, event=f"accounts/{event}", recipient=str(recipient), subject=letter.subject, text=letter.text,
            html=letter.html, domain=mail_domain(), now=now(),
        )  # fmt: skip
        after_this_request(_commit)


def _at_home(link: str | None) -> str | None:
    """A link of the library under our own address: it takes the host that the request named, which may be anybody's."""
    if link is None:
        return None
    parts = urlsplit(link)
    return f"{settings().base_url}{parts.path}?{parts.query}"


def _commit(response: Response) -> Response:
    db.session.commit()
    return response


def check_password(held: Session, person_id: int, check: Callable[[], bool]) -> bool:
    """A password given in a request; a code typed in its place is no try. For nobody (0) it costs the same."""
    place = place_digest(f"password:{visitor_place()}")
    right = sign_in.try_password(held, person_id, browser(), place, check, now=now())
    if right:
        g.proved = "password"
    return right


def may_send_code(held: Session, person: Person) -> bool:
    """Whether one more code may be sent in this request; where none may, that takes as long as for an unknown address."""
    if sign_in.codes_left(held, person, browser(), now=now()) > 0:
        return True
    sign_in.pretend_to_send(held, now=now())
    return False


class PasskeyNeeded(Exception):
    """A member of the staff who has a passkey cannot set up a weaker second factor from a mail."""


class EnrolmentOver(Exception):
    """A sign-in was left half-way for too long, or its person has a second factor by now."""


def second_factor_begins() -> None:
    """Note when the first factor was given, and which: the second follows soon or not at all."""
    session["second_factor_began"] = now().timestamp()
    session["first_factor"] = g.get("proved", "email")


def check_half_way() -> None:
    """Look at a sign-in that waits for its second factor, before anything is done with it.

    Whoever once read a mailbox could otherwise keep a half-finished set-up and
    put their authenticator in the place of the owner's, weeks later.

    Raises:
        EnrolmentOver: when it waited too long, or would set up what is there already.
    """
    if current_user.is_authenticated or "tf_user_id" not in session:
        return
    if now().timestamp() - session.get("second_factor_began", 0) >= HALF_WAY.total_seconds():
        raise EnrolmentOver
    person = db.session.scalars(select(Person).where(Person.fs_uniquifier == session["tf_user_id"])).first()
    if session.get("tf_state") != "ready" and (person is None or person.enrolled):
        raise EnrolmentOver


# --- Sessions ------------------------------------------------------------------------------------


def browser() -> str:
    """What this browser keeps between sessions: it knows its own codes by it, and its owner's devices by its digest."""
    held: str = session.setdefault("device", secrets.token_urlsafe(16))
    return held


def _means(given: list[str] | None) -> list[str]:
    """By what a session begins: the library names one factor, and neither of two."""
    if given == ["change"] and (before := sign_in.live_session(db.session, session.get("token", ""), now=now())):
        return before.means.split(",")  # a new password begins the session anew, which proves nothing more
    if given:
        return given
    return [session.get("first_factor", "email"), g.get("proved", "webauthn")]


def _began(_: Flask, user: Person, authn_via: list[str] | None = None, **__: Any) -> None:
    session.permanent = True
    means = _means(authn_via)
    for passed in ("first_factor", "second_factor_began"):
        session.pop(passed, None)
    session["token"] = sign_in.begin_session(
        db.session, user, device=browser(), device_name=device_name(request.user_agent.string),
        means=means, domain=mail_domain(), base_url=settings().base_url, now=now(),
    )  # fmt: skip
    after_this_request(_commit)


def _ended(_: Flask, **__: Any) -> None:
    held = sign_in.live_session(db.session, session.pop("token", ""), now=now())
    if held is not None:
        held.ended_at = now()
        after_this_request(_commit)


def _password_changed(_: Flask, user: Person, **__: Any) -> None:
    held = sign_in.live_session(db.session, session.get("token", ""), now=now())
    sign_in.end_sessions(db.session, user, now=now(), but=held.id if held else None)


def current_session() -> SignedIn | None:
    """The row of the session at work."""
    if "signed_in" not in g:
        g.signed_in = sign_in.live_session(db.session, session.get("token", ""), now=now())
    held: SignedIn | None = g.signed_in
    return held


def identified_by() -> str:
    """How whoever acts in this request proved who they are, for an act's evidence: as it was when they signed in."""
    held = current_session()
    return proved_by(held.means.split(",") if held else (), staff=held is not None and held.person.staff)


def _only_live(load: Callable[[str], Person | None]) -> Callable[[str], Person | None]:
    def loaded(user_id: str) -> Person | None:
        person, held = load(user_id), current_session()
        return person if person is not None and held is not None and held.person_id == person.id else None

    return loaded


# --- Wiring --------------------------------------------------------------------------------------


def register(app: Flask, secret_key: str, issuer: str, views: Blueprint) -> None:
    """Give an application its sign-in; ``views`` holds the library's views that are reachable."""
    from portal.accounts.forms import SignInForm

    app.config.update(CONFIGURATION)
    app.config.update(
        SECURITY_PASSWORD_SALT=secret_key, SECURITY_TOTP_SECRETS={"1": secret_key}, SECURITY_TOTP_ISSUER=issuer,
        SECURITY_WAN_RP_NAME=issuer, BABEL_DEFAULT_LOCALE="fr", BABEL_DEFAULT_TIMEZONE="Europe/Paris",
        SECURITY_DATETIME_FACTORY=now,
    )  # fmt: skip
    Babel(app)
    security = Security(
        app, People(db, Person, cast("type[RoleMixin]", Grant), Passkey), register_blueprint=False, mail_util_cls=Outbox,
        webauthn_util_cls=Passkeys, totp_cls=Codes, us_signin_form=SignInForm,
    )  # fmt: skip
    security.unauthn_handler(lambda *_, **__: to_sign_in())
    security.reauthn_handler(lambda *_, **__: _to_confirm())
    security.want_json(lambda _: False)
    manager = security.login_manager
    manager.user_loader(_only_live(manager._user_callback))  # noqa: SLF001 - it has no other name
    manager.request_loader(lambda _: None)  # no token in an address or a header signs anybody in
    user_authenticated.connect(_began, app)
    user_logged_out.connect(_ended, app)
    password_changed.connect(_password_changed, app)
    app.register_blueprint(views)


def _here() -> str:
    return request.full_path.rstrip("?") if request.method == "GET" else f"{AREA}/"


def to_sign_in() -> Response:
    """Send somebody to the sign-in page, and back afterwards."""
    answer = redirect(f"{AREA}/connexion?{urlencode({'next': _here()})}", 303)
    assert isinstance(answer, Response)  # noqa: S101 - werkzeug's type is wider than what Flask makes
    return answer


def _to_confirm() -> Response:
    answer = redirect(f"{AREA}/confirmer?{urlencode({'next': _here()})}", 303)
    assert isinstance(answer, Response)  # noqa: S101
    return answer
