"""Invented contracts for the demo: one with several months of use, an older one used up, one of a car dealer."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.clock import PARIS
from portal.contracts.actions import charge, correct
from portal.contracts.agreement_actions import open_contract
from portal.contracts.alerts import set_alert
from portal.contracts.models import Contract
from portal.contracts.rules import Kind, Overdraft, Policy, SpecialConditions
from portal.contracts.working import working_of
from portal.terms import Library
from portal.terms.points import intervention_points

REASON = "Contrat de démonstration, inventé."
#: Days ago, what was worked on, in what kinds of work for how long.
WORK = (
    (310, "Mise en route de deux postes", (("onsite-desktop", 100),)),
    (262, "Messagerie bloquée sur un téléphone", (("remote-desktop", 7),)),
    (221, "Sauvegarde en échec", (("remote-server", 35),)),
    (188, "Logiciel de caisse lent", (("remote-software", 50),)),
    (150, "Imprimante du fournil", (("onsite-desktop", 10),)),
    (118, "Étude du remplacement du serveur", (("project", 60),)),
    (84, "Droits d'accès d'une nouvelle collègue", (("remote-desktop", 12), ("remote-server", 20))),
    (61, "Coupure du réseau", (("onsite-server", 40),)),
    (33, "Logiciel de paie", (("remote-software", 25),)),
    (19, "Écran noir à l'accueil", (("remote-desktop", 18),)),
    (6, "Serveur lent", (("remote-server", 20),)),
)


def load(session: Session, *, library: Library, clients: list[Organisation], by: Person, now: datetime) -> None:
    """Put the invented contracts into the base, in the caller's transaction."""
    bakery, *others = clients
    old = _open(session, library, bakery, "60", now - timedelta(days=420), by)
    current = _open(
        session, library, bakery, "600", now - timedelta(days=320), by, Overdraft(Policy.LIMIT, Decimal(50))
    )
    for number, (ago, words, entries) in enumerate(WORK):
        at = now - timedelta(days=ago)
        day = at.astimezone(PARIS).date()
        worked, version = intervention_points(library.version(old.terms_slug).tariff, entries), library.in_force(day)
        made = charge(
            session, bakery, points=worked.points, source=f"demo:{number}", by=by, at=at, words=words,
            working=working_of(worked, version, day=day, technician=by.name),
        )  # fmt: skip
    correct(
        session, made[0], points=Decimal("6.67"), key="demo-correction", by=by, at=now - timedelta(days=5),
        reason="Cinq minutes comptées en trop\u00a0: le redémarrage s'est fait sans nous.",
    )  # fmt: skip
    for person in bakery.people:
        set_alert(session, current, person=person, threshold=Decimal(50), at=now)
    for other in others[:1]:
        _open(session, library, other, "200", now - timedelta(days=20), by, kind=Kind.LIBERTY_POLE_AUTOMOBILE)


def _open(
    session: Session, library: Library, organisation: Organisation, points: str, at: datetime, by: Person,
    overdraft: Overdraft | None = None, kind: Kind = Kind.LIBERTY,
) -> Contract:  # fmt: skip
    day = at.astimezone(PARIS).date()
    version = library.in_force(day)
    return open_contract(
        session, organisation=organisation, kind=kind, points=Decimal(points), terms_slug=version.slug,
        terms_sha256=version.sha256, overdraft=overdraft or Overdraft(), by=by, at=at, reason=REASON, signed_on=day,
        special_conditions=SpecialConditions("Conditions particulières de démonstration, inventées."),
    )  # fmt: skip
