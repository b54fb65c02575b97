"""create_app: the only wiring. What the rooms need of each other is handed to them here."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, url_for
from flask_limiter import Limiter
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined

from portal import assets, clock, errors, french, gate, health, paper
from portal.accounts import clients_views, guard, library_views, rates, refusals, security, stop_views
from portal.accounts import queue as accounts_queue
from portal.accounts.desk_views import accounts_desk
from portal.accounts.views import accounts
from portal.config import Settings
from portal.contracts import client_section as contracts_section
from portal.contracts import queue as contracts_queue
from portal.contracts import stopping as contracts_stopping
from portal.contracts import views as contracts
from portal.contracts.desk_views import contracts_desk
from portal.desk import views as desk
from portal.desk.file_views import desk_files
from portal.desk.mail_views import desk_mails
from portal.desk.views import Desk, Start
from portal.files import infected
from portal.files.rules import size_words
from portal.files.store import open_store
from portal.invoices import offers as invoices_offers
from portal.invoices import queue as invoices_queue
from portal.invoices import room as invoices_room
from portal.invoices import section as invoices_section
from portal.invoices.for_orders import payments
from portal.invoices.proposals import proposed
from portal.logs import log_requests
from portal.mail import failing
from portal.mailbox.views import mailbox
from portal.orders import queue as orders_queue
from portal.orders import section as orders_section
from portal.orders import views as orders
from portal.orders.providers import Providers
from portal.privacy import queue as privacy_queue
from portal.privacy import room as privacy
from portal.quotes import request_section
from portal.quotes import room as quotes
from portal.quotes.for_orders import proof_of_order, supplement_of
from portal.registry import ClientSection
from portal.terms import load_library
from portal.tickets import client_views as tickets
from portal.tickets import desk_views as tickets_desk
from portal.tickets import follow_views as ticket_follow
from portal.tickets import intervention_queue
from portal.tickets import intervention_views as tickets_time
from portal.tickets import queue as tickets_queue
from portal.tickets import received_views as tickets_received
from portal.tickets import section as tickets_section
from portal.tickets import work_views as tickets_work
from portal.verifier.views import verifier
from portal.web import AREA, Services, db, services, settings, today

TEMPLATES = Path(__file__).resolve().parent / "templates"
#: What a visitor may send at once: a form and its attachments.
LARGEST_REQUEST = 50 * 1024 * 1024
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}

#: POSTs that one address on the network may send.
RATES = {
    "security.us_signin": "30 per 5 minutes",
    "security.us_signin_send_code": "20 per 5 minutes",
    "security.us_verify_link": "30 per 5 minutes",
    "security.wan_signin": "60 per 5 minutes",
    "security.wan_signin_response": "60 per 5 minutes",
    "security.two_factor_token_validation": "30 per 5 minutes",
    "security.us_verify": "30 per 5 minutes",
    "security.us_verify_send_code": "10 per 5 minutes",
    "accounts.ask_access": "10 per hour",
    "accounts.invitation": "30 per 5 minutes",
    "accounts.invite": "60 per hour",
    "quotes.ask": "20 per hour",
    "quotes.follow": "30 per hour",
    "ticket_follow.reply": "30 per hour",
    "ticket_follow.shut": "30 per hour",
    "ticket_follow.open_again": "30 per hour",
    "ticket_follow.accept": "30 per hour",
    "ticket_follow.backup": "30 per hour",
    "tickets.new": "60 per hour",
    "tickets.reply": "120 per hour",
    "quotes_link.read": "60 per 5 minutes",
    "quotes_link.question": "30 per hour",
    "quotes_link.forward": "20 per hour",
    "quotes_link.accept": "30 per hour",
    "quotes_link.confirm": "60 per hour",
    "quotes_link.code": "20 per hour",
    "quotes_link.refuse": "60 per hour",
    "quotes_link.take_back": "60 per hour",
    "quotes_link.renewal": "20 per hour",
    "mail_stops.stop": "300 per hour",  # mail programs press for their readers, many from one place
    "privacy.ask_publicly": "10 per hour",
    "privacy.confirm": "30 per hour",
    "privacy.fetch_followed": "30 per hour",
    "privacy.send_own_proof": "20 per hour",
    "privacy.send_followed_proof": "20 per hour",
    "privacy.take_address": "30 per hour",
    "privacy.keep_address": "30 per hour",
    "privacy.change_address": "20 per hour",
    "privacy.for_somebody": "20 per hour",
    "verifier.check": "60 per hour",
}
#: What the head of each page offers, to whoever may go there, in this order for both sides: what is asked for most, then
#: what follows from it as a deal goes (quote, order, contract, invoice), then whom it is with, then one's own things.
NAVIGATION = (
    ("desk.queue", "Bureau"),
    ("tickets_desk.index", "Tickets"),
    ("tickets.index", "Tickets"),
    ("quotes_following.index", "Devis"),
    ("quotes_client.index", "Devis"),
    ("orders_desk.index", "Commandes"),
    ("orders.index", "Commandes"),
    ("contracts_desk.index", "Contrats"),
    ("contracts.index", "Contrats"),
    ("invoices_desk.index", "Factures"),
    ("invoices.index", "Factures"),
    ("clients_desk.index", "Clients"),
    ("accounts.colleagues", "Collègues"),
    ("privacy_desk.register", "Données personnelles"),
    ("privacy.start", "Mes données"),
    ("accounts.safety", "Connexion et sécurité"),
)
#: What the rooms show of a client on the staff's page of it, in its order.
SECTIONS: tuple[ClientSection, ...] = (
    request_section.SECTION,
    tickets_section.SECTION,
    quotes.SECTION,
    contracts_section.SECTION,
    orders_section.SECTION,
    invoices_section.SECTION,
)
#: The mails that their reader may stop by a link in their head, by event.
STOPS = {
    **contracts_stopping.STOPS,
    "tickets/time_counted": contracts_stopping.MOVEMENTS,
    "tickets/time_corrected": contracts_stopping.MOVEMENTS,
}
#: What the rooms hand up to the start pages, and where a client's one leads.
DESK = Desk(
    staff=(
        *tickets_queue.STAFF,
        *quotes.STAFF_QUEUES,
        *invoices_queue.QUEUES,
        orders_queue.staff_queue(lambda: services().library, today),
        failing.QUEUE,
        failing.BOUNCED,
        infected.QUEUE,
        accounts_queue.QUEUE,
        contracts_queue.QUEUE,
        intervention_queue.QUEUE,
    ),
    client=(
        tickets_queue.CLIENT,
        *quotes.CLIENT_QUEUES,
        orders_queue.CLIENT_QUEUE,
        invoices_queue.CLIENT_QUEUE,
        contracts_queue.CLIENT_QUEUE,
    ),
    starts=(
        Start("tickets.new", "Ouvrir un ticket", "Un problème informatique\u00a0: un technicien vous répond."),
        Start("quotes_client.index", "Voir mes devis", "Ce qui attend votre accord, et jusqu'à quand."),
        Start("orders.index", "Voir mes commandes", "Ce qui est commandé, où cela en est, et la preuve."),
        Start("invoices.index", "Voir mes factures", "Ce qui est à payer, et jusqu'à quand contester."),
        Start("quotes.ask", "Demander un devis", "Décrivez votre besoin\u00a0: nous vous répondons par courriel."),
        Start("contracts.index", "Voir mes contrats", "Les points restants, et ce que chaque intervention a coûté."),
        Start("accounts.colleagues", "Voir mes collègues", "Qui a accès à cet espace, et qui l'administre."),
        Start("accounts.safety", "Régler ma connexion", "Clés d'accès, mot de passe, appareils connectés."),
    ),
)


def create_app(given: Settings, *, now: Callable[[], datetime] = clock.now) -> Flask:
    """The portal as a WSGI application. ``now`` is the clock it lives by."""
    app = Flask(__name__, static_folder=None, template_folder=str(TEMPLATES))
    app.config.update(_configuration(given))
    app.extensions["portal"] = Services(given, now, load_library(given.content_dir), open_store(given))
    _templates(app)
    db.init_app(app)
    CSRFProtect(app)
    limiter = Limiter(gate.visitor_place, app=app, storage_uri=rates.URI, strategy="fixed-window")
    secure = given.base_url.startswith("https://")
    app.after_request(_own_policy)  # named before the extension that writes the house's policy: it runs after it
    Talisman(
        app,
        content_security_policy=POLICY,
        force_https=False,  # the proxy in front does that; here it would loop
        strict_transport_security=secure,
        session_cookie_secure=secure,
        session_cookie_http_only=True,
        frame_options="DENY",
        referrer_policy="same-origin",
        permissions_policy={
            "camera": "()", "geolocation": "()", "microphone": "()",
            "publickey-credentials-get": "(self)", "publickey-credentials-create": "(self)",
        },
    )  # fmt: skip
    log_requests(app)
    gate.register(app)
    assets.register(app)
    errors.register(app)
    app.register_error_handler(paper.PdfUnavailable, lambda _: errors.show(503, errors.NO_PDF))
    app.register_blueprint(health.health)
    _rooms(app, given, limiter)
    return app


def _own_policy(response: Response) -> Response:
    """An answer that is stricter than the house: a download, a stranger's HTML (``g.own_policy``)."""
    if policy := g.pop("own_policy", None):
        response.headers["Content-Security-Policy"] = policy
    return response


def _rooms(app: Flask, given: Settings, limiter: Limiter) -> None:
    company = app.extensions["portal"].library.company
    app.jinja_env.globals["navigation"] = lambda: [
        (url_for(endpoint), name) for endpoint, name in NAVIGATION if guard.may(endpoint, guard.current_person())
    ]
    app.context_processor(lambda: {"person": guard.current_person()})
    security.register(app, given.secret_key, company.name, library_views.blueprint(app))
    guard.register(app)
    refusals.register(app)
    app.register_blueprint(accounts)
    app.register_blueprint(accounts_desk)
    clients_views.register(app, SECTIONS)
    contracts.register(app, proposed)
    app.register_blueprint(contracts_desk)
    quotes.register(app)
    orders.register(app, Providers(payments, proof_of_order, proposed, supplement_of))
    invoices_room.register(app)
    app.jinja_env.globals["ticket_offers"] = lambda ticket: list(invoices_offers.of_ticket(ticket))
    tickets.register(app)
    ticket_follow.register(app)
    tickets_desk.register(app)
    tickets_work.register(app)
    tickets_received.register(app)
    tickets_time.register(app)
    privacy.register(app)
    law = app.extensions["portal"].library.law
    desk.register(app, replace(DESK, staff=(privacy_queue.queue(law, today), *DESK.staff)))
    app.register_blueprint(desk_mails)
    app.register_blueprint(desk_files)
    stop_views.register(app, STOPS)
    app.register_blueprint(verifier)
    if given.demo:
        app.register_blueprint(mailbox)
    for endpoint, rate in RATES.items():
        # Only what is asked of the server by POST: pages may be looked at.
        limited: Any = limiter.limit(rate, methods=["POST"])(app.view_functions[endpoint])
        app.view_functions[endpoint] = limited


def _configuration(given: Settings) -> dict[str, object]:
    secure = given.base_url.startswith("https://")
    return {
        "SECRET_KEY": given.secret_key,
        "DATABASE_URL": given.database_url,
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "SESSION_COOKIE_NAME": "__Host-portail" if secure else "portail",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=30),
        # A page left open over lunch is still good: its token lives as long as the session does.
        "WTF_CSRF_TIME_LIMIT": None,
        "RATELIMIT_HEADERS_ENABLED": True,
    }


def _templates(app: Flask) -> None:
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(TEMPLATES),
            paper.theme(),
        ]
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=french.money, long_date=french.long_date, weekday_date=french.weekday_date, phone=french.phone,
        phone_link=french.phone_link, points=french.points, number=french.number, counted=french.counted, moment=paper.moment,
        fr=french.fix_spaces,
        file_size=size_words,
    )  # fmt: skip
    company = app.extensions["portal"].library.company
    app.jinja_env.globals.update(company=company, area=AREA, nbsp=french.NO_BREAK)
    app.context_processor(lambda: {"today": today(), "settings": settings()})
