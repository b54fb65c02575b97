"""Flask-Security's own views, under French addresses; those that are not here cannot be reached."""

from typing import Any

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request
from flask_login import current_user
from flask_security import unified_signin as unified
from flask_security import views, webauthn
from flask_security.tf_plugin import tf_clean_session
from flask_security.utils import do_flash, get_message, url_for_security

from portal.accounts.security import EnrolmentOver, check_half_way
from portal.web import AREA, SAFE, db

BOTH = ("GET", "POST")


def sign_in_link() -> Any:
    """The link of a mail: opening it changes nothing (mail scanners do), confirming it by POST signs in."""
    if not request.args.get("id") or not request.args.get("code"):
        abort(404)
    if request.method == "POST":
        return unified.us_verify_link()
    return render_template("accounts/sign_in_link.html")


def no_rescue() -> Any:
    """No way round the second factor: the library only asks for the address of one, for its page."""
    abort(404)


def second_factor() -> Any:
    """The code of an authenticator. The library signs out who opens this page by its link when signed in already."""
    if request.method in SAFE and current_user.is_authenticated:
        return redirect(f"{AREA}/compte/securite", 303)
    check_half_way()
    return views.two_factor_token_validation()


def set_up() -> Any:
    """An authenticator is set up: by who is signed in, or at a first sign-in."""
    check_half_way()
    return views.two_factor_setup()


def password() -> Any:
    """A password is one factor: it is chosen, or changed, by who has an authenticator."""
    if current_user.is_authenticated and current_user.tf_primary_method is None:
        flash("Réglez d'abord une application d'authentification\u00a0: un mot de passe ne suffit pas seul.", "info")
        return redirect(url_for_security("two_factor_setup"), 303)
    return views.change_password()


def begin_again(_: EnrolmentOver) -> Any:
    """A sign-in that is over begins again with the first factor."""
    db.session.rollback()
    tf_clean_session()  # type: ignore[no-untyped-call]
    do_flash(*get_message("TWO_FACTOR_PERMISSION_DENIED"))
    return redirect(url_for_security("us_signin"), 303)


#: (address, endpoint as the library knows it, view, methods)
VIEWS: tuple[tuple[str, str, Any, tuple[str, ...]], ...] = (
    ("/connexion", "us_signin", unified.us_signin, BOTH),
    ("/connexion/code", "us_signin_send_code", unified.us_signin_send_code, ("POST",)),
    ("/connexion/lien", "us_verify_link", sign_in_link, BOTH),
    ("/connexion/cle", "wan_signin", webauthn.webauthn_signin, BOTH),
    ("/connexion/cle/<token>", "wan_signin_response", webauthn.webauthn_signin_response, ("POST",)),
    ("/connexion/second-facteur", "two_factor_token_validation", second_factor, BOTH),
    ("/connexion/secours", "two_factor_rescue", no_rescue, ("GET",)),
    ("/connexion/application", "two_factor_setup", set_up, BOTH),
    ("/deconnexion", "logout", views.logout, ("POST",)),
    ("/confirmer", "us_verify", unified.us_verify, BOTH),
    ("/confirmer/code", "us_verify_send_code", unified.us_verify_send_code, ("POST",)),
    ("/confirmer/cle", "wan_verify", webauthn.webauthn_verify, BOTH),
    ("/confirmer/cle/<token>", "wan_verify_response", webauthn.webauthn_verify_response, ("POST",)),
    ("/compte/application/<token>", "two_factor_setup_validate", views.two_factor_setup_validate, ("POST",)),
    ("/compte/mot-de-passe", "change_password", password, BOTH),
    ("/compte/cles", "wan_register", webauthn.webauthn_register, BOTH),
    ("/compte/cles/<token>", "wan_register_response", webauthn.webauthn_register_response, ("POST",)),
    ("/compte/cles/retirer", "wan_delete", webauthn.webauthn_delete, ("POST",)),
)


def blueprint(app: Flask) -> Blueprint:
    """The blueprint that the library's own ``url_for_security`` finds."""
    made = Blueprint("security", __name__, url_prefix=AREA)
    for address, endpoint, view, methods in VIEWS:
        made.add_url_rule(address, endpoint, view, methods=methods)
    made.register_error_handler(EnrolmentOver, begin_again)
    made.after_request(_never_stored)
    app.jinja_env.globals["url_for_security"] = url_for_security
    return made


def _never_stored(response: Any) -> Any:
    response.headers["Cache-Control"] = "private, no-store"
    return response
