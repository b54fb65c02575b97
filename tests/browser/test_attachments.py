"""Files that go with a form, in a real browser: chosen, dropped, taken back, kept through a mistake, sent with progress."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import redirect, render_template_string
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import TextAreaField

from portal.app import create_app
from portal.config import read_settings
from portal.db import make_engine
from portal.files.models import StoredFile
from portal.files.rules import FileRefused
from portal.forms import BaseForm, attachments, required
from portal.routes import ANYONE, ROUTES
from portal.web import db, now, store
from tests.browser.conftest import AxeViolations
from tests.browser.serving import on_a_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page

PDF: "FilePayload" = {"name": "devis été.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n" + b"x" * 50_000}
PHOTO: "FilePayload" = {
    "name": "photo.jpg",
    "mimeType": "image/jpeg",
    "buffer": b"\xff\xd8\xff\xe1\x00\x10Exif\x00" + bytes(3000),
}
HEAVY: "FilePayload" = {"name": "film.mp4", "mimeType": "video/mp4", "buffer": bytes(200_001)}
HTML: "FilePayload" = {"name": "page.html", "mimeType": "text/html", "buffer": b"<!doctype html><html>"}
PAGE = """{% extends "layout.html" %}{% from "macros/form.html" import attachments, field, files, summary %}
{% block title %}Écrire{% endblock %}
{% block main %}<h1>Écrire</h1>
{{ summary(form) }}
<form method="post" enctype="multipart/form-data" novalidate>{{ form.csrf_token }}
{{ field(form.words) }}
{{ attachments(form.files) }}
<p class="actions"><button>Envoyer</button></p></form>
{{ files(kept, link) }}
{% endblock %}"""


class Probe(BaseForm):
    """A form of a room to come."""

    words = TextAreaField("Message", validators=[required("Écrivez un message.")])
    files = attachments(most=3, limit=200_000)


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_sqlite: str) -> Iterator[tuple[str, Any]]:
    """The address of a page with such a form, and the application behind it."""
    engine = make_engine(migrated_sqlite)
    app = create_app(
        read_settings(
            {
                "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": migrated_sqlite,
                "PORTAL_STORAGE_URL": f"file://{tmp_path}/files",
            }
        )
    )  # fmt: skip

    @app.route("/probe", methods=["GET", "POST"], endpoint="probe")
    def probe() -> Any:
        form = Probe()
        if form.validate_on_submit():
            try:
                form.files.keep(db.session, store(), kept_for="probe", now=now())
            except FileRefused:
                db.session.rollback()
            else:
                db.session.commit()
                return redirect("/probe?envoye", 303)
        kept = list(db.session.scalars(select(StoredFile)))
        page = render_template_string(PAGE, form=form, kept=kept, link=lambda file: f"/x/{file.id}")
        return page, 422 if form.errors else 200

    monkeypatch.setitem(ROUTES, "probe", ANYONE)
    with on_a_port(app) as address:
        yield f"{address}/probe", app
    engine.dispose()


def names(app: Any) -> list[str]:
    with app.app_context(), Session(db.engine) as session:
        return list(session.scalars(select(StoredFile.name).order_by(StoredFile.name)))


def chosen(page: "Page") -> list[str]:
    return [words.split("\u00a0")[0] for words in page.locator(".drop .files li > span").all_inner_texts()]


@pytest.mark.parametrize("width", [375, 1280])
def test_files_are_chosen_taken_back_kept_through_a_mistake_and_sent(
    browser: "Browser", probe: tuple[str, Any], axe_violations: AxeViolations, width: int
) -> None:
    url, app = probe
    context = browser.new_context(
        viewport={"width": width, "height": 800}, has_touch=width == 375, is_mobile=width == 375
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    assert page.get_by_role("button", name="Prendre une photo").is_visible() is (width == 375)
    page.set_input_files("input[type=file] >> nth=0", [PDF, HEAVY])
    page.get_by_text("est trop lourd").wait_for()
    page.set_input_files("input[type=file] >> nth=0", [PHOTO])
    assert len(chosen(page)) == 2
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Retirer photo.jpg").click()
    # Dropped from outside.
    page.evaluate(
        """() => {
          const held = new DataTransfer();
          held.items.add(new File(["une note"], "note.txt", {type: "text/plain"}));
          document.querySelector(".drop").dispatchEvent(new DragEvent("drop", {dataTransfer: held, bubbles: true}));
        }"""
    )
    assert len(chosen(page)) == 2
    # The message is missing: the page says so, and the files are still there.
    page.get_by_role("button", name="Envoyer").click()
    page.get_by_role("alert").get_by_text("Écrivez un message.").wait_for()
    assert len(chosen(page)) == 2
    assert axe_violations(page) == []
    page.get_by_label("Message").fill("Voici.")
    page.get_by_role("button", name="Envoyer").click()
    page.wait_for_url("**/probe?envoye")
    assert names(app) == ["devis été.pdf", "note.txt"]
    page.get_by_role("link", name="devis été.pdf").wait_for()
    assert errors == []
    context.close()


def test_what_was_typed_stays_when_the_page_has_expired_and_a_broken_line_is_tried_again(
    browser: "Browser", probe: tuple[str, Any]
) -> None:
    url, app = probe
    page = browser.new_page()
    page.set_default_timeout(10_000)
    page.goto(url)
    page.get_by_label("Message").fill("Ne pas perdre ceci.")
    page.set_input_files("input[type=file] >> nth=0", [PDF])
    token = page.locator("[name=csrf_token]").input_value()
    page.evaluate("document.querySelector('[name=csrf_token]').value = 'forged'")
    page.get_by_role("button", name="Envoyer").click()
    page.get_by_role("alert").get_by_text("Cette page a expiré").wait_for()
    page.context.set_offline(True)
    page.get_by_role("button", name="Envoyer").click()
    page.get_by_role("alert").get_by_text("Pas de connexion").wait_for()
    assert page.get_by_label("Message").input_value() == "Ne pas perdre ceci."
    assert len(chosen(page)) == 1
    assert names(app) == []
    # The line is back: it goes on by itself.
    page.evaluate("token => (document.querySelector('[name=csrf_token]').value = token)", token)
    page.context.set_offline(False)
    page.wait_for_url("**/probe?envoye")
    assert names(app) == ["devis été.pdf"]
    # A line that breaks under way is tried again, pressed or not; the last failure says so and keeps everything.
    page.get_by_label("Message").fill("Encore.")
    page.set_input_files("input[type=file] >> nth=0", [PHOTO])
    tried: list[str] = []

    def breaks(route: Any) -> None:
        tried.append(route.request.method)
        route.abort("connectionreset")

    page.route("**/probe*", breaks)
    for words in ("dans 2\u00a0secondes", "dans 5\u00a0secondes", "dans 10\u00a0secondes", "n'a pas abouti"):
        page.get_by_role("button", name="Envoyer").click()
        page.get_by_role("alert").get_by_text(words).wait_for()
    assert tried == ["POST"] * 4
    page.unroute("**/probe*")
    with page.expect_response(lambda answer: answer.request.method == "GET" and "envoye" in answer.url):
        page.get_by_role("button", name="Envoyer").click()
    assert names(app) == ["devis été.pdf", "photo.jpg"]
    page.close()


def test_without_javascript_it_is_a_plain_field_that_works(browser: "Browser", probe: tuple[str, Any]) -> None:
    url, app = probe
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    assert page.locator(".drop").count() == 0
    page.get_by_label("Message").fill("Voici.")
    page.get_by_label("Pièces jointes").set_input_files([PDF, PHOTO])
    page.get_by_role("button", name="Envoyer").click()
    page.wait_for_url("**/probe?envoye")
    assert names(app) == ["devis été.pdf", "photo.jpg"]
    page.get_by_label("Message").fill("Encore.")
    page.get_by_label("Pièces jointes").set_input_files([HTML])
    page.get_by_role("button", name="Envoyer").click()
    page.get_by_text("n'est pas d'un type accepté").first.wait_for()
    context.close()
