"""Is this installation sound? Every part is looked at, and every problem told; nothing is changed."""

import os
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal import paper, schema
from portal.config import Settings
from portal.db import make_engine
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.files.scanner import ScannerAway
from portal.files.store import NotThere, StoreAway, open_store
from portal.french import short_date
from portal.invoices.importing import importer_of
from portal.invoices.reading.csv_sources import BadSource
from portal.jobs.actions import alive
from portal.mail.transport import Smtp
from portal.proof.actions import SealUnusable, configured, current_certificate
from portal.proof.seal import fingerprint_of
from portal.terms import ContentError
from portal.terms.check import check_content

#: How far this machine's clock may be from the database's.
DRIFT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing looked at: its French name, whether it is sound, and what is wrong or what was seen."""

    name: str
    sound: bool
    words: str


def inspect(settings: Settings, *, now: datetime) -> Iterator[Part]:
    """Yield every part of the installation, sound or not."""
    yield Part("réglages", sound=True, words="démonstration" if settings.demo else settings.base_url)
    yield _content(settings)
    yield _public(settings)
    yield _storage(settings)
    yield _scanner(settings)
    yield _mail(settings)
    yield invoices(settings)
    reason = paper.why_unavailable()
    yield Part("PDF", sound=not reason, words=reason or "peuvent être faits")
    engine = make_engine(settings.database_url)
    try:
        yield from _database(engine, settings, now)
    finally:
        engine.dispose()


def _content(settings: Settings) -> Part:
    wrong = [finding for finding in check_content(settings.content_dir) if finding.level == "error"]
    return Part("contenu", not wrong, "\n".join(map(str, wrong)) or str(settings.content_dir))


def _public(settings: Settings) -> Part:
    built = (settings.public_dir / "index.html").is_file()
    words = str(settings.public_dir) if built else f"{settings.public_dir} ne contient pas le site : python build.py"
    return Part("site construit", built, words)


def _storage(settings: Settings) -> Part:
    store = open_store(settings)
    place = str(store.folder) if store.folder else "compartiment S3"
    try:
        store.check()
    except (StoreAway, NotThere) as error:
        return Part("fichiers", sound=False, words=f"{place} : ni écriture ni lecture ({error})")
    return Part("fichiers", sound=True, words=place)


def _scanner(settings: Settings) -> Part:
    scanner = open_store(settings).scanner
    if scanner is None:
        return Part("antivirus", sound=True, words="aucun : les fichiers reçus ne sont pas analysés")
    try:
        scanner.ping()
    except ScannerAway as error:
        return Part("antivirus", sound=False, words=f"il ne répond pas ({error})")
    return Part("antivirus", sound=True, words="il répond")


def invoices(settings: Settings) -> Part:
    """Whether our own invoices can be told, and the watched folder be worked in."""
    folder = settings.invoices_dir
    if folder is not None and not (folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)):
        return Part("factures", sound=False, words=f"{folder} n'est pas un dossier où lire et écrire")
    try:
        issuer = importer_of(settings).issuer
    except ContentError:
        return Part("factures", sound=True, words="voir le contenu")
    except BadSource as error:
        return Part("factures", sound=False, words=str(error))
    if issuer is None:
        return Part(
            "factures", sound=True, words="notre SIREN manque (PORTAL_COMPANY_ID) : toutes attendront une personne"
        )
    number = issuer.siren or issuer.vat_number
    return Part("factures", sound=True, words=f"les nôtres portent le {number}{', inventé' if issuer.invented else ''}")


def _mail(settings: Settings) -> Part:
    if settings.demo:
        return Part("courrier", sound=True, words="gardé dans la boîte de la démonstration")
    try:
        Smtp(settings.mail_url).greet()
    except (OSError, smtplib.SMTPException) as error:
        return Part("courrier", sound=False, words=f"le serveur ne répond pas ({type(error).__name__})")
    return Part("courrier", sound=True, words="le serveur répond")


def _database(engine: Engine, settings: Settings, now: datetime) -> Iterator[Part]:
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and not Path(file).is_file():
        # Looking must not make it.
        yield Part("base de données", sound=False, words=f"{file} n'existe pas : portal db upgrade")
        return
    try:
        current = schema.is_current(engine)
    except SQLAlchemyError as error:
        yield Part("base de données", sound=False, words=f"inaccessible ({type(error).__name__})")
        return
    yield Part("base de données", current, "à jour" if current else "à mettre à jour : portal db upgrade")
    if not current:
        return
    with Session(engine) as session:
        yield _clock(session, now)
        yield _seal(session, settings, now)
        broken = [f"entrée {place.seq} : {place.message}" for place in verify_log(session)]
        yield Part("registre des preuves", not broken, "\n".join(broken) or "la chaîne tient")
        workers = alive(session, now=now)
        yield Part("tâches de fond", workers > 0, f"{workers} en service" if workers else "aucune : portal worker")


def _seal(session: Session, settings: Settings, now: datetime) -> Part:
    """Which certificate proofs are sealed with, and until when it is good."""
    try:
        pair = configured(settings)
    except SealUnusable as error:
        return Part("cachet", sound=False, words=str(error))
    certificate = pair.certificate if pair else current_certificate(session)
    if certificate is None:
        return Part("cachet", sound=True, words="certificat propre, fait au premier dossier de preuve")
    last = certificate.not_valid_after_utc
    words = f"certificat {'configuré' if pair else 'propre'} {fingerprint_of(certificate)}, jusqu'au {short_date(last.date())}"
    if last < now:
        return Part("cachet", sound=False, words=f"{words} : il est périmé")
    return Part("cachet", sound=True, words=f"{words}{_stamped(settings)}")


def _stamped(settings: Settings) -> str:
    return ", avec horodatage" if settings.seal_tsa_url else ", sans horodatage (PORTAL_SEAL_TSA_URL)"


def _clock(session: Session, now: datetime) -> Part:
    """This machine's clock against the database's, and against the last act on record."""
    last = session.scalar(select(func.max(Entry.at)))
    if last is not None and last > now + DRIFT:
        return Part("horloge", sound=False, words="elle retarde : un acte est déjà consigné plus tard")
    if session.get_bind().dialect.name == "postgresql":
        theirs: datetime | None = session.scalar(text("SELECT clock_timestamp()"))
        if theirs is not None and abs(theirs - now) > DRIFT:
            return Part("horloge", sound=False, words=f"elle s'écarte de celle de la base : {theirs - now}")
    return Part("horloge", sound=True, words=now.isoformat(timespec="seconds"))
