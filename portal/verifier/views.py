"""``/verifier/``: a file of proof, its sealed PDF or an exported log, checked part by part for whoever holds it."""

from typing import Any

from flask import Blueprint, render_template

from portal.proof.actions import known_certificates
from portal.proof.checking import holds, published_terms, verify_proof
from portal.proof.documents import Finding
from portal.verifier.forms import VerifyForm
from portal.web import db, settings

PATH = "/verifier"
REFUSED = 422
verifier = Blueprint("verifier", __name__, url_prefix=PATH, template_folder="templates")


@verifier.get("/")
def show() -> str:
    """Where a file is chosen."""
    return _page(VerifyForm(formdata=None))


@verifier.post("/")
def check() -> Any:
    """What holds and what does not. The file is read in memory and forgotten."""
    form = VerifyForm()
    if not form.validate():
        return _page(form), REFUSED
    content = form.file.data.read()  # as long as a request may be: MAX_CONTENT_LENGTH
    known = known_certificates(db.session, settings())
    findings = verify_proof(content, published=published_terms(settings().public_dir), known=known)
    return _page(VerifyForm(formdata=None), name=form.file.data.filename, findings=findings)


def _page(form: VerifyForm, *, name: str = "", findings: list[Finding] | None = None) -> str:
    return render_template(
        "verifier/check.html", form=form, name=name, findings=findings, sound=findings is not None and holds(findings),
        certificates=sorted(known_certificates(db.session, settings())),
    )  # fmt: skip
