"""Flask-Security's settings: what is open, which pages answer, and its words in French."""

from datetime import timedelta
from typing import Any

from portal.accounts.rules import CODE_LIFE, FRESHNESS
from portal.web import AREA

#: How long a confirmation holds beyond its time while somebody goes on working.
GRACE = timedelta(minutes=5)
SHORTEST_PASSWORD = 12

CONFIGURATION: dict[str, Any] = {
    "SECURITY_CSRF_COOKIE_NAME": None,
    "SECURITY_INPUT_NORMALIZE_FORM": "NFC",  # as names are typed and searched for
    "SECURITY_PASSWORD_REQUIRED": False,
    "SECURITY_PASSWORD_LENGTH_MIN": SHORTEST_PASSWORD,
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    "SECURITY_UNIFIED_SIGNIN": True,
    "SECURITY_US_ENABLED_METHODS": ["email", "password"],
    "SECURITY_US_MFA_REQUIRED": ["email", "password"],
    "SECURITY_US_TOKEN_VALIDITY": int(CODE_LIFE.total_seconds()),
    "SECURITY_US_EMAIL_TEMPLATE": "accounts/mail/code",
    "SECURITY_TWO_FACTOR": True,
    "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
    "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,
    "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": f"{AREA}/compte/securite",
    "SECURITY_TWO_FACTOR_ERROR_VIEW": f"{AREA}/connexion",
    "SECURITY_WEBAUTHN": True,
    "SECURITY_WAN_ALLOW_AS_FIRST_FACTOR": True,
    "SECURITY_WAN_ALLOW_AS_MULTI_FACTOR": True,
    "SECURITY_WAN_ALLOW_AS_VERIFY": ["first"],
    "SECURITY_WAN_ALLOW_USER_HINTS": False,
    "SECURITY_WAN_POST_REGISTER_VIEW": f"{AREA}/compte/securite",
    "SECURITY_FRESHNESS": FRESHNESS,
    "SECURITY_FRESHNESS_GRACE_PERIOD": GRACE,
    "SECURITY_API_ENABLED_METHODS": ["session"],
    "SECURITY_POST_LOGIN_VIEW": f"{AREA}/",
    "SECURITY_POST_LOGOUT_VIEW": f"{AREA}/connexion",
    "SECURITY_EMAIL_PLAINTEXT": False,  # the bodies are written by Outbox
    "SECURITY_EMAIL_HTML": False,
    "SECURITY_CLI_USERS_NAME": None,
    "SECURITY_CLI_ROLES_NAME": None,
    "SECURITY_EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": "accounts/mail/password_changed",
    "SECURITY_POST_CHANGE_VIEW": f"{AREA}/compte/securite",
    "SECURITY_CHANGE_PASSWORD_TEMPLATE": "accounts/password.html",
    "SECURITY_US_SIGNIN_TEMPLATE": "accounts/sign_in.html",
    "SECURITY_US_VERIFY_TEMPLATE": "accounts/confirm.html",
    "SECURITY_TWO_FACTOR_VERIFY_CODE_TEMPLATE": "accounts/second_factor.html",
    "SECURITY_TWO_FACTOR_SETUP_TEMPLATE": "accounts/authenticator.html",
    "SECURITY_WAN_REGISTER_TEMPLATE": "accounts/passkey_new.html",
    "SECURITY_WAN_SIGNIN_TEMPLATE": "accounts/passkey.html",
    "SECURITY_WAN_VERIFY_TEMPLATE": "accounts/passkey.html",
    "SECURITY_MSG_GENERIC_AUTHN_FAILED": (
        "Cette réponse n'est pas la bonne, ou elle ne vaut plus. Un code vaut dans le navigateur qui l'a demandé. Vérifiez l'adresse et le code, ouvrez le lien du courriel, ou demandez un nouveau code.",
        "error",
    ),
    "SECURITY_MSG_GENERIC_US_SIGNIN": (
        "Si cette adresse a un accès, un code vient de lui être envoyé.",
        "info",
    ),
    "SECURITY_MSG_PASSWORD_CHANGE": ("Votre mot de passe est enregistré.", "success"),
    "SECURITY_MSG_PASSWORD_INVALID_LENGTH": ("Choisissez un mot de passe de %(length)s caractères au moins.", "error"),
    "SECURITY_MSG_PASSWORD_IS_THE_SAME": ("Choisissez un mot de passe différent de l'actuel.", "error"),
    "SECURITY_MSG_PASSWORD_NOT_PROVIDED": ("Écrivez votre mot de passe actuel.", "error"),
    "SECURITY_MSG_INVALID_PASSWORD": ("Ce n'est pas votre mot de passe actuel.", "error"),
    "SECURITY_MSG_RETYPE_PASSWORD_MISMATCH": ("Les deux mots de passe ne sont pas les mêmes.", "error"),
    "SECURITY_MSG_INVALID_PASSWORD_CODE": ("Cette réponse n'est pas la bonne, ou elle ne vaut plus.", "error"),
    "SECURITY_MSG_TWO_FACTOR_INVALID_TOKEN": (
        "Ce code n'est pas le bon, ou il a déjà servi. Attendez le suivant sur votre application.",
        "error",
    ),
    "SECURITY_MSG_TWO_FACTOR_PERMISSION_DENIED": ("Recommencez la connexion depuis le début.", "error"),
    "SECURITY_MSG_TWO_FACTOR_LOGIN_SUCCESSFUL": ("Vous êtes connecté.", "success"),
    "SECURITY_MSG_TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": ("Votre application d'authentification est réglée.", "success"),
    "SECURITY_MSG_TWO_FACTOR_DISABLED": ("L'application d'authentification n'est plus demandée.", "success"),
    "SECURITY_MSG_PASSWORDLESS_LOGIN_SUCCESSFUL": ("Vous êtes connecté.", "success"),
    "SECURITY_MSG_REAUTHENTICATION_SUCCESSFUL": ("Merci, c'est bien vous.", "info"),
    "SECURITY_MSG_CODE_HAS_BEEN_SENT": ("Un code vient de vous être envoyé.", "info"),
    "SECURITY_MSG_WEBAUTHN_REGISTER_SUCCESSFUL": ("La clé d'accès «\u00a0%(name)s\u00a0» est ajoutée.", "info"),
    "SECURITY_MSG_WEBAUTHN_CREDENTIAL_DELETED": ("La clé d'accès «\u00a0%(name)s\u00a0» est retirée.", "info"),
    "SECURITY_MSG_WEBAUTHN_UNKNOWN_CREDENTIAL_ID": ("Cette clé d'accès n'ouvre aucun compte ici.", "error"),
    "SECURITY_MSG_WEBAUTHN_NO_VERIFY": ("Cette clé d'accès n'a pas pu être vérifiée.", "error"),
    "SECURITY_MSG_WEBAUTHN_NAME_REQUIRED": ("Donnez un nom à cette clé d'accès.", "error"),
    "SECURITY_MSG_WEBAUTHN_NAME_INUSE": ("Une de vos clés d'accès s'appelle déjà «\u00a0%(name)s\u00a0».", "error"),
    "SECURITY_MSG_WEBAUTHN_EXPIRED": ("Le délai est passé\u00a0: recommencez.", "error"),
    "SECURITY_MSG_API_ERROR": ("Cette demande n'a pas été comprise\u00a0: recommencez.", "error"),
    "SECURITY_MSG_INVALID_REDIRECT": ("L'adresse où aller ensuite n'est pas ici\u00a0: recommencez.", "error"),
    "SECURITY_MSG_ANONYMOUS_USER_REQUIRED": ("Vous êtes déjà connecté.", "info"),
}
