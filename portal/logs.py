"""Logs: one JSON object a line, the id of its request on each, and nobody's data.

What is logged of a request is its route, never its path or its query, which
may hold a link's token or an address. Of an error the type and the places are
kept, not the words: a database quotes in them the row that it refuses. What
slips through all the same loses its addresses at the end, in ``scrub``.
"""

import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from portal import clock

if TYPE_CHECKING:
    from flask import Flask, Response

ROOT = Path(__file__).resolve().parent.parent
#: Name of the header that a proxy may set and that each answer carries.
REQUEST_ID = "X-Request-ID"
#: Hexadecimal and dashes, so that nobody can write words into the log.
_SOUND_ID = re.compile(r"[0-9a-f-]{8,64}")
# An @ may come as itself or as in an address bar.
_MAIL = re.compile(r"[^\s\"<>]+(?:@|%40)[^\s\"'<>(),;:=\\/?&]+", re.IGNORECASE)
_NETWORK = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}", re.IGNORECASE)
#: Methods that are named; any other word is a visitor's.
KNOWN = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
#: Kept whole: written by the portal itself, never by a visitor.
_OURS = frozenset({"at", "level", "request"})

Event = MutableMapping[str, Any]


def set_up_logs(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send every log of this process, the libraries' too, to one stream as JSON lines."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_CHAIN,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            scrub,
            structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=True),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def logger() -> structlog.stdlib.BoundLogger:
    """A logger; what it says is an event's name and values, never a sentence made of them."""
    made: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("portal")
    return made


def _add_moment(_: Any, __: str, event: Event) -> Event:
    event["at"] = clock.now().isoformat(timespec="milliseconds")
    return event


def _add_places(_: Any, __: str, event: Event) -> Event:
    """Replace an error by its type and the places it went through."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["places"] = [
            f"{_from_root(frame.filename)}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
    return event


def _from_root(name: str) -> str:
    path = Path(name)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def scrub(_: Any, __: str, event: Event) -> Event:
    """Take mail and network addresses out of every value."""
    return {key: value if key in _OURS else _scrubbed(value) for key, value in event.items()}


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return _NETWORK.sub("[network]", _MAIL.sub("[mail]", value))
    if isinstance(value, Mapping):
        return {_scrubbed(str(key)): _scrubbed(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(inner) for inner in value]
    return value if isinstance(value, int | float | None) else _scrubbed(str(value))


_CHAIN: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    _add_moment,
    _add_places,
]
# On import: a logger that nobody has set up yet must not print an error with its variables either.
structlog.configure(
    processors=[*_CHAIN, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    wrapper_class=structlog.stdlib.BoundLogger,
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=False,
)


def log_requests(app: "Flask") -> None:
    """Give each request an id, and log its route, status and time; an error without the path it came on."""
    from flask import g, request

    def begin() -> None:
        given = request.headers.get(REQUEST_ID, "")
        g.request_id = given if _SOUND_ID.fullmatch(given) else secrets.token_hex(8)
        g.request_began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)

    def route() -> str | None:
        if request.url_rule:
            return request.url_rule.rule
        # A page of POST that somebody opens: which one it was, for what was tried is to be told too.
        allowed = getattr(request.routing_exception, "valid_methods", None)
        adapter = app.create_url_adapter(request) if allowed else None
        return adapter.match(method=allowed[0], return_rule=True)[0].rule if adapter and allowed else None

    def end(response: "Response") -> "Response":
        response.headers[REQUEST_ID] = g.request_id
        logger().info(
            "answered",
            method=request.method if request.method in KNOWN else "?",
            route=route(),
            status=response.status_code,
            ms=round((time.perf_counter() - g.request_began) * 1000, 1),
        )
        return response

    def broken(error: object) -> None:
        logger().error("broke", route=request.url_rule.rule if request.url_rule else None, exc_info=error)

    app.log_exception = broken  # type: ignore[method-assign,assignment]
    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(end)
