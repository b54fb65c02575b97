"""The stylesheet and the scripts, at addresses that carry their digest: kept by browsers for a year."""

from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, url_for

from portal.config import ROOT
from portal.web import AREA

STATIC = Path(__file__).resolve().parent / "static"
SITE = ROOT / "site"
#: One stylesheet: the tokens and parts of the site, then the portal's own.
PARTS = (
    SITE / "static" / "tokens.css",
    SITE / "static" / "base.css",
    SITE / "static" / "forms.css",
    STATIC / "portal.css",
    STATIC / "desk.css",
    STATIC / "contracts.css",
    STATIC / "tickets.css",
    STATIC / "quotes.css",
)
YEAR = 365 * 24 * 3600
DIGEST = 12

assets = Blueprint("assets", __name__, url_prefix=f"{AREA}/static")


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:DIGEST]


def register(app: Flask) -> None:
    """Read every asset once; templates name one by ``asset("passkey.js")``."""
    files = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in {".js", ".svg"}}
    files["portal.css"] = b"\n".join(path.read_bytes() for path in PARTS)
    served = {f"{_digest(content)}-{name}": content for name, content in files.items()}
    address = {name: f"{_digest(content)}-{name}" for name, content in files.items()}
    app.extensions["assets"] = served
    app.jinja_env.globals["asset"] = lambda name: url_for("assets.serve", name=address[name])
    app.register_blueprint(assets)


@assets.get("/<name>")
def serve(name: str) -> Response:
    """One asset, for ever: another content has another address."""
    from flask import current_app

    content: bytes | None = current_app.extensions["assets"].get(name)
    if content is None:
        abort(404)
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    response = Response(content, content_type=f"{kinds[name.rsplit('.', 1)[1]]}; charset=utf-8")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
