"""``portal terms``: the rules of the CGV for staff and scripts, without a database.

Each command loads the content, finds the version that governs, asks ``portal.terms``,
and prints: French sentences, or with ``--json`` one object whose decimals are strings.
"""

from datetime import date, timedelta
from decimal import Decimal

import click

from portal import clock, french
from portal.command_line import (
    NUMBERS,
    Amount,
    Answer,
    Day,
    FrenchCommand,
    FrenchGroup,
    Minutes,
    OneOf,
    answering,
    governed_on,
)
from portal.terms import Library, Version
from portal.terms.days import DAY_NAMES
from portal.terms.lint import lint_version
from portal.terms.money import vat
from portal.terms.penalty import late_penalty
from portal.terms.points import intervention_points
from portal.terms.price import hours_price
from portal.terms.tariff import Hour, Service

#: Name on the command line -> key of the period in ``clauses.toml``.
CONTRACT_DEADLINES = {"quote": "quote_validity", "dispute": "invoice_dispute", "notice": "formal_notice"}
GDPR_DEADLINES = ("gdpr", "gdpr-extended")
EVENTS = {
    "quote": "devis reçu",
    "dispute": "facture émise",
    "notice": "mise en demeure reçue",
    "gdpr": "demande reçue",
    "gdpr-extended": "demande reçue, délai prolongé",
}


def governing(library: Library, day: date | None) -> Version:
    """The version in force on a day, by default today in Paris."""
    return library.in_force(day or clock.today_in_paris())


def citation(version: Version, article: str) -> str:
    """Where a result comes from: ``CGV du 1er octobre 2018, article 7.1.2``."""
    return f"CGV du {french.long_date(version.in_force_from)}, article {article}"


@click.group(cls=FrenchGroup)
def terms() -> None:
    """Les règles des CGV : version en vigueur, points, prix, délais, pénalités, texte."""


@terms.command("in-force", cls=FrenchCommand)
@click.argument("day", metavar="DATE", type=Day())
@answering
def in_force(library: Library, day: date) -> Answer:
    """Quelle version était, est ou sera en vigueur le jour DATE."""
    version = library.in_force(day)
    last = library.last_day(version)
    until = f" au {french.long_date(last)} inclus" if last else ""
    since = "du" if last else "depuis le"
    return Answer(
        identity(library, version),
        (
            f"Le {french.weekday_date(day)} : version {version.slug} des CGV,",
            f"en vigueur {since} {french.long_date(version.in_force_from)}{until}.",
            f"SHA-256 : {version.sha256}",
        ),
    )


def identity(library: Library, version: Version) -> dict[str, str | None]:
    """What names a version and proves its text."""
    last = library.last_day(version)
    return {
        "version": version.slug,
        "in_force_from": version.in_force_from.isoformat(),
        "last_day": last.isoformat() if last else None,
        "sha256": version.sha256,
    }


@terms.command("points", cls=FrenchCommand, context_settings=NUMBERS)
@click.argument("service", metavar="SERVICE", type=OneOf("une prestation", tuple(Service)))
@click.argument("minutes", metavar="MINUTES", type=Minutes())
@governed_on
@answering
def points(library: Library, service: str, minutes: int, on: date | None) -> Answer:
    """Points d'une intervention de MINUTES minutes (contrats Liberty).

    SERVICE : remote-desktop, remote-server, remote-software, project,
    onsite-desktop, onsite-server ou onsite-software.
    Sans --on, la version en vigueur aujourd'hui.
    """
    version = governing(library, on)
    done = intervention_points(version.tariff, [(service, minutes)])
    rate = done.lines[0].rate
    if not done.minimum:
        why = " (les CGV ne donnent pas de minimum)"
    elif done.missing:
        why = f" (minimum de déduction : {french.minutes(done.minimum)})"
    else:
        why = ""
    return Answer(
        {
            "minutes": done.worked,
            "counted": done.counted,
            "rate": str(rate.rate),
            "points": str(done.points),
            "article": rate.article,
            "version": version.slug,
        },
        (
            f"{rate.label} : {french.points(done.points)}",
            f"Minutes réelles : {done.worked} ; minutes décomptées : {done.counted}{why}",
            f"Taux : {french.points(rate.rate)} par heure",
            citation(version, rate.article),
        ),
    )


@terms.command("hours", cls=FrenchCommand, context_settings=NUMBERS)
@click.argument("kind", metavar="technical|engineering", type=OneOf("une heure du tarif", tuple(Hour)))
@click.argument("minutes", metavar="MINUTES", type=Minutes())
@click.option("--km", type=Amount(), default=Decimal(0), help="Kilomètres hors zone, tels que facturés.")
@governed_on
@answering
def hours(library: Library, kind: str, minutes: int, km: Decimal, on: date | None) -> Answer:
    """Prix sans contrat d'une intervention de MINUTES minutes.

    Sans --on, la version en vigueur aujourd'hui.
    """
    version = governing(library, on)
    price = hours_price(version.tariff, kind, minutes, km)
    tax = vat(price.net, library.law.vat)
    return Answer(
        {
            "minutes": price.minutes,
            "rate": str(price.rate.rate),
            "labour": str(price.labour),
            "km": str(price.km),
            "km_rate": str(price.kilometre.rate),
            "travel": str(price.travel),
            "net": str(price.net),
            "vat_percent": str(library.law.vat),
            "vat": str(tax),
            "gross": str(price.net + tax),
            "article": price.rate.article,
            "version": version.slug,
        },
        (
            f"{price.rate.label}, {french.minutes(minutes)} : {french.money(price.net)} HT",
            f"dont temps {french.money(price.labour)} et déplacement hors zone {french.money(price.travel)}",
            f"TVA à {french.number(library.law.vat)} % : {french.money(tax)}",
            f"Total : {french.money(price.net + tax)} TTC",
            citation(version, price.rate.article),
        ),
    )


@terms.command("deadline", cls=FrenchCommand)
@click.argument(
    "kind",
    metavar="quote|dispute|notice|gdpr|gdpr-extended",
    type=OneOf("un délai connu", (*CONTRACT_DEADLINES, *GDPR_DEADLINES)),
)
@click.argument("event", metavar="DATE", type=Day())
@governed_on
@answering
def deadline(library: Library, kind: str, event: date, on: date | None) -> Answer:
    """Dernier jour d'un délai qui part de DATE.

    quote : devis reçu · dispute : facture émise · notice : mise en demeure reçue ·
    gdpr, gdpr-extended : demande sur des données personnelles reçue.
    Sans --on, la version en vigueur le jour DATE.
    """
    law = library.law
    if kind in CONTRACT_DEADLINES:
        version = library.in_force(on or event)
        key = CONTRACT_DEADLINES[kind]
        period, article = version.deadline(key), version.figure(key).article
        nominal, last, source = period.nominal(event), period.last_day(event), citation(version, article)
    else:
        if on is not None:
            raise click.UsageError("Ce délai vient de la loi, pas d'une version des CGV : --on n'a pas de sens ici.")
        months = law.gdpr if kind == "gdpr" else law.gdpr_extended
        nominal, last = months.nominal(event), months.last_day(event)
        article = source = months.source
    lines = [f"{EVENTS[kind].capitalize()} le {french.weekday_date(event)}."]
    lines.append(f"Dernier jour : {french.weekday_date(last)}, inclus.")
    if last != nominal:
        closed = law.days.closed(nominal) or ""
        reason = "" if closed in DAY_NAMES else f" ({closed})"
        why = "par convention" if kind in CONTRACT_DEADLINES else "par la loi"
        lines.append(f"Jour nominal : {french.weekday_date(nominal)}{reason}, non ouvré ; prolongé {why}.")
    if kind == "notice":
        lines.append(f"Résiliation possible à partir du {french.weekday_date(last + timedelta(days=1))}.")
    lines.append(source)
    data = {"nominal": nominal.isoformat(), "last_day": last.isoformat(), "article": article}
    return Answer(data, tuple(lines))


@terms.command("penalty", cls=FrenchCommand, context_settings=NUMBERS)
@click.argument("owed", metavar="MONTANT", type=Amount(cents=True))
@click.argument("due", metavar="ECHEANCE", type=Day())
@click.argument("paid", metavar="PAIEMENT", type=Day())
@governed_on
@answering
def penalty(library: Library, owed: Decimal, due: date, paid: date, on: date | None) -> Answer:
    """Pénalité de retard sur MONTANT euros dus le jour ECHEANCE et payés le jour PAIEMENT.

    Donne ce que prévoit la clause, et le plancher légal (pour le personnel).
    Sans --on, la version en vigueur le jour de l'échéance.
    """
    version = library.in_force(on or due)
    clause = version.figure("late_penalty")
    found = late_penalty(library.law, Decimal(clause.value), owed, due, paid)
    data = {
        "penalty": str(found.penalty),
        "floor": str(found.floor),
        "lines": [
            {
                "half_year": line.half_year,
                "from": line.first.isoformat(),
                "to": line.last.isoformat(),
                "days": line.days,
                "amount": str(line.due.quantize(Decimal("0.01"))),
                "legal_rate": str(line.legal_rate),
            }
            for line in found.lines
        ],
    }
    return Answer(
        data,
        (
            f"Pénalité de la clause ({french.number(found.multiple)} × le taux légal) : {french.money(found.penalty)}",
            f"Plancher légal ({french.number(found.floor_multiple)} × le taux légal) : {french.money(found.floor)}",
            *(
                f"  {line.half_year} : du {french.long_date(line.first)} au {french.long_date(line.last)}, "
                f"{line.days} jour{'s' if line.days > 1 else ''}, "
                f"taux légal {french.number(line.legal_rate)} %"
                for line in found.lines
            ),
            citation(version, clause.article),
        ),
    )


@terms.command("text", cls=FrenchCommand)
@click.argument("slug", metavar="VERSION")
@answering
def text(library: Library, slug: str) -> Answer:
    """Texte d'une version (AAAA-MM-JJ) et son empreinte.

    L'empreinte est celle de ce texte : portal terms text VERSION | sha256sum.
    """
    version = library.version(slug)
    return Answer(
        {**identity(library, version), "text": version.source},
        (f"Version {version.slug} des CGV, SHA-256 : {version.sha256}",),
        verbatim=version.source,
    )


@terms.command("lint", cls=FrenchCommand)
@answering
def lint(library: Library) -> Answer:
    """Ce qu'un juriste relèverait dans les CGV (jamais montré sur le site)."""
    findings = [finding for version in library.versions for finding in lint_version(library, version)]
    return Answer(
        [
            {"file": finding.file, "line": finding.line, "message": finding.message, "level": finding.level}
            for finding in findings
        ],
        (*map(str, findings), f"{len(findings)} remarque{'s' if len(findings) > 1 else ''}."),
    )
