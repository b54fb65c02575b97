"""A client's contracts: what is left, what each intervention cost and why, how long it lasts."""

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from portal.accounts.guard import me
from portal.accounts.rules import ClientRole
from portal.clock import PARIS
from portal.contracts.actions import find_contract
from portal.contracts.alerts import MOST, TooManyAlerts, alerts_of, drop_alert, set_alert
from portal.contracts.forms import AlertForm, MailsForm, ServeForm, TokenForm
from portal.contracts.letters import Letters
from portal.contracts.links import ASK, CHOICE, CLIENT
from portal.contracts.mail_choices import choice_of, choose
from portal.contracts.models import Contract
from portal.contracts.notice_actions import notices_of
from portal.contracts.notice_models import ContractNotice
from portal.contracts.notice_rules import last_day, nominal_day, terminable_from
from portal.contracts.period import Month, months_between, years_of
from portal.contracts.proposed import hand_in
from portal.contracts.reading import SOON, Held, held_by, movements
from portal.contracts.statement import calculation
from portal.contracts.use import by_month, chart
from portal.contracts.working import restored
from portal.files.models import StoredFile
from portal.files.views import send
from portal.french import minutes, month_name, points, short_month
from portal.gate import row_number
from portal.registry import Proposals, nothing_proposed
from portal.terms import UnknownVersion, Version
from portal.terms.citing import article_words, cites
from portal.web import db, mail_domain, now, services, settings, today

REFUSED = 422
#: What the CGV do not say of points, and these pages say for what it is.
CONVENTIONS = (
    "rounding",
    "minimum_once",
    "lowest_rate",
    "project_minimum",
    "points_exhausted",
    "oldest_first",
    "point_price",
)

contracts = Blueprint("contracts", __name__, url_prefix=CLIENT, template_folder="templates")


def register(app: Flask, proposed: Proposals = nothing_proposed) -> None:
    """Add the room's pages for clients to an application. ``proposed``: what an unpaid invoice proposes to staff."""
    # Their views are bound to blueprints that are made here and in desk_views.
    from portal.contracts import by_hand_views, ending_views, serving_views, statement_views  # noqa: F401

    app.register_blueprint(contracts)
    hand_in(app, proposed)
    app.jinja_env.globals.update(cites=cites, article_words=article_words)
    app.jinja_env.filters.update(
        points=points, minutes=minutes, working=restored, calculation=calculation, month_name=month_name,
        short_month=short_month,
    )  # fmt: skip


def letters() -> Letters:
    """The mails of this installation."""
    return Letters(services().library, settings().base_url, mail_domain())


def terms_of(contract: Contract) -> Version | None:
    """The version of the CGV that governs a contract; None when it is not published here any more."""
    try:
        return services().library.version(contract.terms_slug)
    except UnknownVersion:
        return None


def unsaid() -> list[Any]:
    """The conventions that these pages rest on."""
    known = services().library.conventions
    return [known[key] for key in CONVENTIONS]


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A formal notice as its pages show it."""

    notice: ContractNotice
    last_day: date
    nominal: date
    terminable_from: date

    @property
    def runs(self) -> bool:
        """Whether there is time left to make good."""
        return self.notice.made_good_at is None and today() <= self.last_day


def notices_shown(contract: Contract) -> list[ShownNotice]:
    """The formal notices of a contract, with their days (article 10)."""
    version = terms_of(contract) or services().library.in_force(today())
    return [
        ShownNotice(
            each, last_day(version, each.received_on), nominal_day(version, each.received_on),
            terminable_from(version, each.received_on),
        )
        for each in notices_of(db.session, contract)
    ]  # fmt: skip


def parts_of(held: Held) -> dict[str, Any]:
    """What both sides' pages show of an organisation's points."""
    months = by_month(held.uses, today=today())
    return {"held": held, "months": months, "chart": chart(months), "soon": SOON, "unsaid": unsaid()}


def periods_of(contract: Contract) -> list[Month]:
    """The months and years that a statement may be asked for, the latest first."""
    months = months_between(contract.opened_at.astimezone(PARIS).date(), today())
    return [*months, *years_of(months)]


@contracts.after_request
def never_stored(response: Response) -> Response:
    """What is between two companies stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def mine(reference: str) -> Contract:
    """The contract of an address, of one's own organisation, or 404."""
    found = find_contract(db.session, reference)
    if found is None or found.organisation_id != me().organisation_id:
        abort(404)
    return found


@contracts.get("/")
def index() -> Any:
    """Every contract of the organisation."""
    held = held_by(db.session, me().organisation_id or 0, today=today())
    each_time, monthly = choice_of(db.session, me())
    form = MailsForm(formdata=None, movements=each_time, monthly=monthly)
    return render_template(
        "contracts/index.html", ask=ASK, form=form, tariff=services().library.in_force(today()).tariff, **parts_of(held)
    )


@contracts.post("/courriels")
def mails() -> Any:
    """Choose which mails about points one wants."""
    form = MailsForm()
    if not form.validate():
        abort(400)
    choose(db.session, me(), movements=bool(form.movements.data), monthly=bool(form.monthly.data), at=now())
    db.session.commit()
    flash("Votre choix est gardé.", "success")
    return redirect(f"{CLIENT}/{CHOICE}", 303)


@contracts.get("/<reference>")
def show(reference: str) -> Any:
    """One contract."""
    return page_of(mine(reference), AlertForm(formdata=None))


def page_of(
    contract: Contract, form: AlertForm | None = None, status: int = 200, *, serving: ServeForm | None = None,
    refusal: str = "",
) -> tuple[str, int]:  # fmt: skip
    """The page of a contract, with what was typed and not taken."""
    form, serving = form or AlertForm(formdata=None), serving or ServeForm(formdata=None)
    serving.key.data = serving.key.data or secrets.token_urlsafe(16)
    before = request.args.get("avant", type=row_number)
    held = held_by(db.session, contract.organisation_id, today=today())
    return (
        render_template(
            "contracts/show.html", contract=contract, form=form, token=TokenForm(), left=held.left[contract.id],
            page=movements(db.session, contract, before=before), first_page=before is None, terms=terms_of(contract),
            periods=periods_of(contract), notices=notices_shown(contract), alerts=alerts_of(db.session, contract, me()), most=MOST,
            ask=ASK, serving=serving, refusal=refusal, signs=ClientRole.SIGNATORY in me().role_names,
            conventions=services().library.conventions, **parts_of(held),
        ),
        status,
    )  # fmt: skip


@contracts.post("/<reference>/seuils")
def alert(reference: str) -> Any:
    """Choose a threshold."""
    contract, form = mine(reference), AlertForm()
    if not form.validate():
        return page_of(contract, form, REFUSED)
    try:
        set_alert(db.session, contract, person=me(), threshold=form.threshold.points, at=now())
    except TooManyAlerts:
        db.session.rollback()
        form.form_errors.append(f"Vous avez déjà {MOST} seuils sur ce contrat\u00a0: retirez-en un d'abord.")
        return page_of(contract, form, REFUSED)
    db.session.commit()
    flash(f"Nous vous écrirons quand il restera {points(form.threshold.points)} ou moins.", "success")
    return redirect(f"{CLIENT}/{reference}#seuils", 303)


@contracts.post("/<reference>/seuils/<int:number>/retirer")
def drop(reference: str, number: int) -> Any:
    """Take a threshold away."""
    drop_alert(db.session, mine(reference), number, person=me())
    db.session.commit()
    flash("Le seuil est retiré.", "success")
    return redirect(f"{CLIENT}/{reference}#seuils", 303)


@contracts.get("/<reference>/pieces/<int:number>")
def file(reference: str, number: int) -> Any:
    """A file of what was agreed."""
    return file_answer(mine(reference), number)


def file_answer(contract: Contract, number: int) -> Response:
    """A file of a contract's special conditions, from 1, as a download."""
    held = contract.special_conditions.files
    if not 1 <= number <= len(held):
        abort(404)
    found = db.session.scalars(select(StoredFile).where(StoredFile.key == held[number - 1].key)).first()
    return send(found) if found is not None else abort(404)
