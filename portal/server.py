"""The site at / and the portal beside it, under gunicorn."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from gunicorn.glogging import Logger
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.app import create_app
from portal.config import Settings
from portal.logs import set_up_logs
from portal.site_files import SiteFiles
from portal.web import AREA

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: What the portal answers; everything else is a file of the site.
PORTAL_PATHS = (AREA, "/verifier", "/healthz", "/readyz", "/demo")
#: Two processes: SQLite has one writer at a time, and each request is short.
WORKERS = 2
#: Seconds a request may take; a stuck process is replaced.
PATIENCE = 60


class Both:
    """One WSGI application made of two."""

    def __init__(self, portal: "WSGIApplication", site: "WSGIApplication") -> None:
        self._portal, self._site = portal, site

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        ours = any(path == prefix or path.startswith(prefix + "/") for prefix in PORTAL_PATHS)
        return (self._portal if ours else self._site)(environ, start_response)


def make_application(settings: Settings) -> Both:
    """Site and portal together; a visitor's address is believed from as many proxies as the settings name."""
    app = create_app(settings)
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    return Both(app, SiteFiles(settings.public_dir))


class QuietLogger(Logger):  # type: ignore[misc]
    """gunicorn's own log, sent the way of all others; of a request that breaks it keeps no address and no path."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def exception(self, msg: object, *_: Any, **__: Any) -> None:
        self.error_log.error(_first_words(msg), exc_info=True)

    def warning(self, msg: object, *args: Any, **options: Any) -> None:
        if str(msg).startswith("Invalid request"):
            self.error_log.warning("invalid request")
        else:
            self.error_log.warning(msg, *args, **options)


def _first_words(message: object) -> str:
    return str(message).partition("%")[0].strip()


def serve(settings: Settings, *, host: str, workers: int = WORKERS, ready: Callable[[], None] | None = None) -> None:
    """Serve until told to stop (SIGTERM, SIGINT): what is being answered is answered first."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in _options(host, settings.port, workers).items():
                self.cfg.set(name, value)
            if ready is not None:
                self.cfg.set("when_ready", lambda _: ready())

        def load(self) -> Both:
            # In each process, after the fork: no connection to a database is shared between two.
            return make_application(settings)

    set_up_logs()
    Server().run()


def _options(host: str, port: int, workers: int) -> dict[str, Any]:
    return {
        "bind": f"{host}:{port}",
        "workers": workers,
        "worker_class": "sync",
        "timeout": PATIENCE,
        "graceful_timeout": 20,
        "preload_app": False,
        "proc_name": "portal",
        "accesslog": None,  # portal.logs tells of each request, without the visitor's address
        "logger_class": "portal.server.QuietLogger",
        "forwarded_allow_ips": "127.0.0.1,::1",
        "control_socket_disable": True,
    }
