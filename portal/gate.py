"""What no page of ours ever sends is refused before any view: it would only be met as an error further down."""

import ipaddress
from hashlib import sha256
from typing import Any

from flask import Flask, Response, abort, request
from werkzeug.routing import IntegerConverter

from portal.web import SAFE, settings

#: The largest number of a row that both engines can look for.
LARGEST = 2**31 - 1
#: How much of an IPv6 address is one subscriber's: the rest they change as they like.
IPV6_PREFIX = 64
#: Sent by ``attachments.js``, which follows a redirect itself once the answer has come.
SENT_BY = "X-Sent-By"


class Number(IntegerConverter):
    """A row's number in an address: one that no table can hold leads nowhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": LARGEST} | kwargs)


def row_number(typed: str) -> int:
    """A row's number as an address or a form carries it; for ``request.args.get(…, type=row_number)``.

    Raises:
        ValueError: for what is no number, or one that no table can hold.
    """
    number = int(typed)
    if abs(number) > LARGEST:
        raise ValueError(f"{number} is no number of a row")
    return number


def visitor_place() -> str:
    """Where a request comes from, as a limit of rate counts it: one IPv4 address, or one /64. Never stored as it is."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "127.0.0.1")
    except ValueError:
        return "?"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
        return str(address.ipv4_mapped)
    return str(address)


def place_digest(key: str) -> str:
    """A place as it is stored: an address of the network is somebody's, and few enough to be tried out one by one."""
    return sha256(f"{settings().secret_key}:{key}".encode()).hexdigest()


def register(app: Flask) -> None:
    """Set the gate up, before anything looks at a request."""
    app.url_map.converters["int"] = Number

    def check() -> None:
        # PostgreSQL has no NUL in a text, and no form of ours sends JSON.
        given = [request.path, *request.args.keys(), *(value for _, value in request.args.items(multi=True))]
        if request.method not in SAFE:
            if request.mimetype == "application/json" or request.mimetype.endswith("+json"):
                abort(400)
            given += [part for pair in request.form.items(multi=True) for part in pair]
            given += [upload.filename or "" for _, upload in request.files.items(multi=True)]
        if any("\0" in value for value in given):
            abort(400)

    def lead(response: Response) -> Response:
        if request.headers.get(SENT_BY) and response.location and 300 <= response.status_code < 400:  # noqa: PLR2004 - redirects
            response.headers["X-Location"] = response.location
            del response.headers["Location"]
            response.status_code = 204
            response.data = b""
        return response

    app.before_request_funcs.setdefault(None, []).append(check)
    app.after_request(lead)
