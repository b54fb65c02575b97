"""One request as the staff in charge see it, and what they may do with it: each act is offered where it means something."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy import select

from portal.accounts.actions import AddressTaken, find_person, update_organisation
from portal.accounts.guard import me
from portal.accounts.models import Organisation
from portal.accounts.rules import Identity, NotAllowed, may_keep_clients
from portal.french import long_date
from portal.privacy import client_file, erasure, exports, freezing, notes, objections, recipients, rectification
from portal.privacy.actions import NoSuchRequest, extend, find_request, finish, refuse
from portal.privacy.deciding_forms import (
    CorrectingForm,
    LeavingForm,
    LiftForm,
    NotingForm,
    OtherRecipientForm,
    RecipientForm,
    StoppingForm,
    WordsForm,
)
from portal.privacy.desk_views import privacy_desk
from portal.privacy.identity import ask_identity, identity_shown, looked_at
from portal.privacy.models import PrivacyRequest
from portal.privacy.proofs import held
from portal.privacy.rooms import declared, places
from portal.privacy.rules import (
    CLOSED,
    AlreadyClosed,
    AlreadyExtended,
    NotWaiting,
    Right,
    State,
    TooLateToExtend,
)
from portal.privacy.views import CONFLICT, REFUSED, letters
from portal.registry import Datum
from portal.web import db, now, services, settings, today

#: Who may look at a proof of identity: nobody else of the staff.
PROOF_READERS = frozenset({"privacy"})
#: What stands on the page of the client, not of a person.
POSTAL = frozenset({Datum.STREET, Datum.POSTAL_CODE, Datum.CITY})
MOVED_ON = "La demande n'en est plus là\u00a0: relisez ses étapes. Rien n'a été envoyé."


@dataclass(frozen=True, slots=True)
class Act:
    """What may be done with a request: the question, the button, what it does, the form it asks."""

    question: str
    button: str
    do: Callable[[PrivacyRequest, Any], str]
    form: type[WordsForm] = WordsForm
    quiet: bool = False


def asked_of(reference: str) -> PrivacyRequest:
    """The request of a reference, or 404."""
    try:
        return find_request(db.session, reference)
    except NoSuchRequest:
        abort(404)


@privacy_desk.get("/<reference>")
def show(reference: str) -> Any:
    """One request."""
    return page(asked_of(reference))


def _form(name: str, asked: PrivacyRequest) -> WordsForm:
    """The form of an act, with what this request gives it."""
    form = ACTS[name].form.asking(ACTS[name].question, name)
    if isinstance(form, CorrectingForm) and not form.is_submitted():
        standing, typed = rectification.held(db.session, asked.about, places=places()), rectification.waiting(asked)
        for datum in Datum:
            form[datum.value].data = typed.get(datum) or (standing[datum].value if datum in standing else "")
    if isinstance(form, NotingForm):
        form.record.choices = notes.records_of(db.session, asked.about, rooms=declared())
        said = next((one for one in asked.notes if one.attached_at is None), None)
        if said is not None and not form.is_submitted():
            form.record.data, form.wrong.data, form.instead.data = said.record, said.wrong, said.right
    if isinstance(form, StoppingForm):
        form.uses.choices = [(use.key, use.title) for use in services().library.objections.uses]
    if isinstance(form, LeavingForm | StoppingForm):
        known = db.session.scalars(
            select(Organisation).where(Organisation.left_at.is_(None)).order_by(Organisation.legal_name)
        )
        nobody = [(0, "Aucune")] if isinstance(form, StoppingForm) else []
        form.organisation.choices = nobody + [(one.id, one.legal_name) for one in known]
        if not form.is_submitted():
            form.organisation.data = asked.organisation_id or 0
    if isinstance(form, StoppingForm) and asked.organisation is not None:  # not asked for: it is known
        form.organisation.choices = [(asked.organisation.id, asked.organisation.legal_name)]
        form.organisation.data = asked.organisation.id
    return form


def page(
    asked: PrivacyRequest, status: int = 200, *, refusal: str | None = None, sent: Mapping[str, WordsForm] | None = None,
    telling: Mapping[int, RecipientForm] | None = None, other: OtherRecipientForm | None = None,
) -> tuple[str, int]:  # fmt: skip
    """The page of a request, with what was typed where it was refused."""
    library = services().library
    offered = [name for name in ACTS if _offered(name, asked)]
    seen = None
    if "effacer" in offered:
        seen = erasure.preview(db.session, asked.about, rooms=declared(), library=library, today=today())
    standing = rectification.held(db.session, asked.about, places=places()) if "corriger" in offered else {}
    keeps_clients = may_keep_clients(me().role_names)
    telling_left = any(one.by is None for one in asked.recipients)
    shown = render_template(
        "privacy/desk.html", seen=seen, asked=asked, acts=ACTS, refusal=refusal,
        forms={name: (sent or {}).get(name) or _form(name, asked) for name in offered},
        last_day=asked.timing.last_day(library.law, today()), closed=asked.state in CLOSED,
        freeze=freezing.freeze_of(db.session, asked.about), export=exports.export_of(db.session, asked),
        standing={datum: held for datum, held in standing.items() if datum not in POSTAL or keeps_clients},
        postal_elsewhere=not keeps_clients and not POSTAL.isdisjoint(standing),
        kept=client_file.kept(db.session, library, asked.organisation, rooms=declared(), today=today())
        if "sortir" in offered else [],
        proofs=held(asked) if PROOF_READERS & me().role_names else [], waiting_proofs=len(held(asked)),
        erased=recipients.erased(db.session, asked) if telling_left else None,
        withheld=freezing.withheld(db.session, asked),
        telling={
            one.id: (telling or {}).get(one.id) or RecipientForm.of(one, today())
            for one in asked.recipients if one.by is None
        },
        other=other or OtherRecipientForm(prefix="autre", formdata=None),
    )  # fmt: skip
    return shown, status


def _offered(name: str, asked: PrivacyRequest) -> bool:
    if name == "lever":
        held = freezing.freeze_of(db.session, asked.about) if asked.right is Right.RESTRICTION else None
        return held is not None and held.lift_on is None
    if asked.state in CLOSED or asked.state is State.EXECUTING:
        return False
    received = asked.state is State.RECEIVED
    if name == "prolonger":
        return asked.extended_at is None
    if name == "identite-etablie":
        return asked.state is State.IDENTITY
    if name == "preparer":
        waits = exports.export_of(db.session, asked) is None
        return received and asked.right in {Right.ACCESS, Right.PORTABILITY} and waits
    if name == "geler":
        return received and asked.right is Right.RESTRICTION and freezing.freeze_of(db.session, asked.about) is None
    right = {
        "effacer": Right.ERASURE, "corriger": Right.RECTIFICATION, "annoter": Right.RECTIFICATION, "arreter": Right.OBJECTION,
        "sortir": Right.CLIENT_FILE,
    }.get(name)  # fmt: skip
    if right is not None:
        return received and asked.right is right
    return received or looked_at(asked) if name == "identite" else True


def _execute(asked: PrivacyRequest, form: WordsForm) -> str:
    erasure.execute(
        db.session, services().store, asked, by=me(), rooms=declared(), library=services().library,
        secret=settings().secret_key, note=form.words.data or "", at=now(),
    )  # fmt: skip
    return "Effacé. La demande se clôt quand les derniers fichiers sont détruits."


def _prepare(asked: PrivacyRequest, form: WordsForm) -> str:
    exports.order(db.session, asked, at=now(), by=me().email, checked=form.words.data or "")
    return "Le dossier se prépare. La personne reçoit un lien dès qu'il est prêt, et la demande se clôt alors."


def _correct(asked: PrivacyRequest, form: CorrectingForm) -> str:
    typed = {datum: form[datum.value].data for datum in Datum}
    wanted = {datum: (value or "").lower() if datum is Datum.EMAIL else value or "" for datum, value in typed.items()}
    rectification.propose(db.session, asked, wanted, places=places(), at=now())
    _correct_client(asked)
    rectification.correct(db.session, asked, list(Datum), places=places(), by=me().email, letters=letters(), at=now())
    said = f"{rectification.said(asked)}\n{form.words.data}"
    finish(db.session, asked, by=me().name, decision=said, letters=letters(), at=now())
    return "Corrigé partout. La personne est prévenue."


def _correct_client(asked: PrivacyRequest) -> None:
    """A postal address is the client's: it is changed by who keeps clients, and written down as every change of one."""
    postal = {datum.value: value for datum, value in rectification.waiting(asked).items() if datum in POSTAL}
    person = find_person(db.session, asked.about)
    if postal and person is not None and person.organisation is not None:
        known = person.organisation
        identity = Identity(known.siren, known.siret, known.vat_number, known.swiss_uid)
        update_organisation(db.session, known, by=me(), now=now(), identity=identity, **postal)


def _note(asked: PrivacyRequest, form: NotingForm) -> str:
    said = notes.attach(
        db.session, asked, record=form.record.data, wrong=form.wrong.data or "", right=form.instead.data or "",
        rooms=declared(), by=me(), at=now(),
    )  # fmt: skip
    recipients.list_for(db.session, asked, library=services().library, at=now())
    finish(db.session, asked, by=me().name, decision=f"{said}.\n{form.words.data}", letters=letters(), at=now())
    return "La note est jointe, et se lit avec l'élément. La personne est prévenue."


def _freeze(asked: PrivacyRequest, form: WordsForm) -> str:
    freezing.freeze(db.session, asked, library=services().library, by=me().email, at=now())
    finish(db.session, asked, by=me().name, decision=form.words.data or "", letters=letters(), at=now())
    return "Gelé. La personne est prévenue."


def _stop(asked: PrivacyRequest, form: StoppingForm) -> str:
    if asked.organisation_id is None and form.organisation.data:
        # Who wrote without an account spoke for an organisation that staff know.
        asked.organisation = db.session.get(Organisation, form.organisation.data)
    said = objections.stop_uses(db.session, asked, form.uses.data or (), library=services().library, by=me(), at=now())
    decision = f"{said}\n{form.words.data}"
    finish(db.session, asked, by=me().name, decision=decision, letters=letters(), at=now())
    return "Arrêté. La personne est prévenue."


def _take_out(asked: PrivacyRequest, form: LeavingForm) -> str:
    count = client_file.take_out(
        db.session, asked, organisation=db.session.get(Organisation, form.organisation.data), by=me(),
        words=form.words.data or "", library=services().library, letters=letters(), rooms=declared(), at=now(),
    )  # fmt: skip
    return f"Sortie du fichier clients, {count}\u00a0accès fermés. La personne est prévenue."


def _finish(asked: PrivacyRequest, form: WordsForm) -> str:
    finish(db.session, asked, by=me().name, decision=form.words.data or "", letters=letters(), at=now())
    return "Terminée. La personne est prévenue."


def _lift(asked: PrivacyRequest, form: LiftForm) -> str:
    held = freezing.freeze_of(db.session, asked.about)
    if held is None or form.on.data is None:
        raise freezing.NotFrozen
    freezing.announce_lift(
        db.session, held, on=form.on.data, reason=form.words.data or "", by=me(), letters=letters(), at=now()
    )
    return f"La personne est prévenue\u00a0: le gel est levé le {long_date(form.on.data)}."


def _extend(asked: PrivacyRequest, form: WordsForm) -> str:
    last = extend(db.session, asked, by=me(), reason=form.words.data or "", letters=letters(), at=now())
    return f"Reporté au {long_date(last)}. La personne est prévenue."


def _identity(asked: PrivacyRequest, form: WordsForm) -> str:
    ask_identity(db.session, asked, by=me(), reason=form.words.data or "", letters=letters(), at=now())
    return "Le délai est arrêté. La personne est prévenue."


def _shown(asked: PrivacyRequest, form: WordsForm) -> str:
    identity_shown(db.session, asked, by=me(), how=form.words.data or "", at=now())
    return "Le délai reprend."


def _refuse(asked: PrivacyRequest, form: WordsForm) -> str:
    refuse(db.session, asked, by=me(), ground=form.words.data or "", letters=letters(), at=now())
    return "Refusée. La personne est prévenue, avec l'adresse de la CNIL."


ACTS: Mapping[str, Act] = {
    "preparer": Act("Ce que vous avez vérifié avant d'envoyer le dossier", "Préparer le dossier", _prepare),
    "corriger": Act("Ce que vous répondez", "Corriger partout et prévenir", _correct, CorrectingForm),
    "annoter": Act("Ce que vous répondez", "Joindre une note rectificative et prévenir", _note, NotingForm),
    "effacer": Act("Ce que vous avez vérifié avant d'effacer", "Effacer maintenant", _execute),
    "geler": Act("Ce que vous répondez", "Geler et prévenir", _freeze),
    "arreter": Act("Ce que vous répondez", "Arrêter ces usages et prévenir", _stop, StoppingForm),
    "sortir": Act("Ce que vous répondez", "Sortir du fichier clients et prévenir", _take_out, LeavingForm),
    "terminer": Act("Ce qui a été fait, envoyé à la personne", "Terminer et prévenir", _finish),
    "lever": Act("Pourquoi le gel est levé, envoyé à la personne", "Annoncer la levée du gel", _lift, LiftForm),
    "prolonger": Act("La raison du report, envoyée à la personne", "Reporter de deux mois et prévenir", _extend),
    "identite": Act("Le doute que vous avez, envoyé à la personne", "Demander une preuve d'identité", _identity),
    "identite-etablie": Act("Comment l'identité est établie", "Reprendre le délai", _shown),
    "refuser": Act("Le fondement du refus, envoyé à la personne", "Refuser et prévenir", _refuse, quiet=True),
}
IN_POST = f"{erasure.IN_POST} Rien n'a été effacé\u00a0: fermez d'abord l'accès, ou refusez avec ce fondement."
#: What is said of what an act refuses; nothing of it is kept.
REFUSALS: Mapping[type[Exception], str] = {
    AlreadyClosed: "Cette demande a été close entre-temps. Rien n'a été envoyé.",
    AlreadyExtended: "La réponse a déjà été reportée\u00a0: le règlement ne le permet qu'une fois.",
    rectification.NothingToCorrect: "Ces valeurs sont celles que nous avons déjà, ou nous n'en avons aucune\u00a0: rien n'a été corrigé.",
    NotAllowed: "L'adresse postale est celle du client\u00a0: la changent les personnes qui tiennent les fiches clients. Rien n'a été corrigé.",
    AddressTaken: "Quelqu'un d'autre se connecte avec cette adresse\u00a0: rien n'a été corrigé.",
    freezing.TooSoon: "Le gel se lève à partir de demain\u00a0: la personne doit être prévenue avant. Rien n'a été envoyé.",
    notes.NoSuchRecord: "Nous n'avons pas cet élément sur cette personne\u00a0: rien n'a été joint.",
    NotWaiting: MOVED_ON, erasure.NotAnErasure: MOVED_ON, erasure.StillInPost: IN_POST,
    freezing.NotFrozen: MOVED_ON, client_file.NoOrganisation: MOVED_ON,
}  # fmt: skip
#: What their own rule refuses, with better words than "this is not offered".
JUDGED_BY_RULE = frozenset({"prolonger", "effacer"})


@privacy_desk.post("/<reference>/<act>")
def decide(reference: str, act: str) -> Any:
    """Do one of these; what was typed is kept when it is refused."""
    asked = asked_of(reference)
    if act not in ACTS:
        abort(404)
    form = _form(act, asked)
    if asked.state in CLOSED and not _offered(act, asked):
        return page(asked, CONFLICT, refusal="Cette demande a été close entre-temps. Rien n'a été envoyé.")
    if not form.validate():
        return page(asked, REFUSED, sent={act: form})
    if asked.state not in CLOSED and not _offered(act, asked) and act not in JUDGED_BY_RULE:
        return page(asked, CONFLICT, refusal=MOVED_ON)
    try:
        said = ACTS[act].do(asked, form)
    except TooLateToExtend as error:
        refusal = (
            f"Un report se dit pendant le premier mois, qui a fini le {long_date(error.last_day)}. Rien n'a été envoyé."
        )
    except tuple(REFUSALS) as error:
        refusal = REFUSALS[type(error)]
    else:
        db.session.commit()
        flash(said, "success")
        return redirect(url_for("privacy_desk.show", reference=reference), 303)
    db.session.rollback()
    return page(asked, CONFLICT, refusal=refusal, sent={act: form})
