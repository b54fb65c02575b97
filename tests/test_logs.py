"""The logs hold what helps to mend the portal, and nothing of the people who use it."""

import io
import json
import logging
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.logs import log_requests, logger, scrub, set_up_logs

CLAIRE = "claire.martin@client.example"


@pytest.fixture
def lines() -> Any:
    """What was logged so far, parsed; the loggers are put back afterwards."""
    stream, root = io.StringIO(), logging.getLogger()
    before = root.handlers[:], root.level
    set_up_logs(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = before
    logging.captureWarnings(capture=False)


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    log_requests(app)

    @app.route("/lien/<token>", methods=["GET", "POST"])
    def link(token: str) -> str:
        logger().info("seen", who=CLAIRE, nested={"to": [CLAIRE]})
        return "ok"

    @app.route("/panne/<who>")
    def broken(who: str) -> str:
        raise ValueError(f"Key (email)=({CLAIRE}) already exists for Claire Martin")

    return app


def test_a_request_with_an_address_in_it_leaves_no_address_in_the_log(app: Flask, lines: Any) -> None:
    client = app.test_client()
    client.post(
        f"/lien/{CLAIRE}?mail={CLAIRE}&m=claire.martin%40client.example",
        data={"email": CLAIRE},
        headers={"Referer": f"https://x.example/?{CLAIRE}", "User-Agent": CLAIRE, "X-Request-ID": CLAIRE},
        environ_base={"REMOTE_ADDR": "203.0.113.9"},
    )
    client.get(f"/nulle-part/{CLAIRE}")
    client.get("/panne/Claire-Martin", headers={"X-Request-ID": "0123456789abcdef"})
    text = json.dumps(lines())
    for word in ("claire", "Martin", "client.example", "@", "%40", "203.0.113.9"):
        assert word not in text, word
    assert [line["status"] for line in lines() if line["event"] == "answered"] == [200, 404, 500]


def test_every_line_of_a_request_carries_its_id_and_the_answer_too(app: Flask, lines: Any) -> None:
    client = app.test_client()
    answer = client.get("/lien/x")
    other = client.get("/lien/x", headers={"X-Request-ID": "0123456789abcdef"})
    ids = [line["request"] for line in lines()]
    assert ids == [answer.headers["X-Request-ID"]] * 2 + ["0123456789abcdef"] * 2
    assert other.headers["X-Request-ID"] == "0123456789abcdef"


def test_a_request_is_logged_by_its_route_with_its_time(app: Flask, lines: Any) -> None:
    app.test_client().get("/lien/secret-token")
    line = lines()[-1]
    assert (line["method"], line["route"], line["status"], line["level"]) == ("GET", "/lien/<token>", 200, "info")
    assert line["ms"] >= 0
    assert line["at"].endswith("+00:00")


def test_a_page_of_post_that_somebody_opens_is_logged_by_its_route_too(app: Flask, lines: Any) -> None:
    app.post("/accepter/<token>")(lambda token: token)
    for method in ("GET", "HEAD", "CLAIRE"):
        app.test_client().open("/accepter/secret-token", method=method)
    told = [(line["method"], line["route"], line["status"]) for line in lines()]
    assert told == [(name, "/accepter/<token>", 405) for name in ("GET", "HEAD", "?")]


def test_an_error_says_its_type_and_its_places_and_not_its_words(app: Flask, lines: Any) -> None:
    app.test_client().get("/panne/Claire-Martin")
    (line,) = [line for line in lines() if line.get("error")]
    assert line["error"] == "ValueError"
    assert any(place.startswith("tests/test_logs.py:") and place.endswith(" broken") for place in line["places"])


def test_what_libraries_log_goes_the_same_way(lines: Any) -> None:
    logging.getLogger("some.library").warning("mail to %s refused from %s", CLAIRE, "2001:db8:0:1::7")
    (line,) = lines()
    assert line["event"] == "mail to [mail] refused from [network]"
    assert line["level"] == "warning"


@given(st.emails(), st.sampled_from(["{}", "<{}>", "to={};", "?m={}&n=1", "({})", '"{}"', "a {} b"]))
def test_no_address_survives_in_any_surrounding(address: str, around: str) -> None:
    event = scrub(None, "info", {"event": around.format(address)})
    assert address not in event["event"]
