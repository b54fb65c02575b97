"""What the restricted archive shows to who opens one of its entries: the words that stood there, the files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.files.models import StoredFile
from portal.privacy.act_words import label
from portal.privacy.models import Archived, ArchivedPiece

#: What a table's rows are, for a reader; a table without a word of its own goes by its room's.
_RECORDS = {
    "client_order": "Commande", "client_order_line": "Ligne de commande", "client_order_event": "Suite de la commande",
    "client_order_amendment": "Avenant proposé", "client_order_decision": "Décision sur l'avenant",
    "contract": "Contrat", "contract_entry": "Mouvement de points", "contract_notice": "Mise en demeure",
    "dispute": "Contestation", "dispute_message": "Message de la contestation", "evidence_payload": "Acte consigné",
    "invoice": "Facture", "invoice_line": "Ligne de facture", "invoice_tax": "TVA de la facture",
    "invoice_import": "Fichier reçu", "invoice_payment": "Paiement", "invoice_deferral": "Report accordé",
    "invoice_claim": "Réclamation", "invoice_reminder": "Rappel", "quote": "Devis", "quote_line": "Ligne de devis",
    "quote_act": "Acte sur le devis", "quote_recipient": "Destinataire du devis", "quote_reception": "Réception du devis",
    "quote_message": "Message sur le devis", "quote_request": "Demande de devis",
    "quote_request_message": "Message sur la demande", "ticket_file": "Pièce du ticket",
    "time_correction": "Correction de temps", "privacy_request": "Demande sur des données",
    "privacy_event": "Étape de la demande",
}  # fmt: skip
#: What a column says, for a reader; the others are the words of the record.
_VALUES = {
    "author": "Nom", "by": "Nom", "name": "Nom", "contact_name": "Nom", "placed_by": "Nom", "recorded_by": "Nom",
    "opened_by": "Nom", "ended_by": "Nom", "closed_by": "Nom", "cancelled_by": "Nom", "decided_by": "Nom",
    "forwarded_by": "Nom", "made_good_by": "Nom", "who": "Nom", "buyer": "Nom de l'acheteur", "client": "Client",
    "mail": "Adresse électronique", "email": "Adresse électronique", "subject_email": "Adresse électronique",
    "phone": "Téléphone", "capacity": "Qualité", "identified_by": "Moyen d'identification", "ip": "Adresse IP",
    "user_agent": "Navigateur", "consents": "Cases cochées", "conditions": "Conditions particulières",
}  # fmt: skip
WORDS = "Texte"
#: Files stand on their own, as downloads.
FILES = "stored_file"


@dataclass(frozen=True)
class Kept:
    """One record of an entry, as it stood: ``values`` are ``(label, text)``."""

    title: str
    number: str
    values: tuple[tuple[str, str], ...]


def records_of(entry: Archived) -> list[Kept]:
    """The records of an entry that were changed by an erasure, with the words that stood there."""
    rows: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for piece in entry.pieces:
        if piece.in_table != FILES and piece.was is not None:
            rows.setdefault((piece.in_table, piece.row_key), []).append(
                (_VALUES.get(piece.in_column, WORDS), readable(piece.was))
            )
    return [Kept(_RECORDS.get(table, entry.room), number, tuple(values)) for (table, number), values in rows.items()]


def files_of(session: Session, entry: Archived) -> Iterator[tuple[StoredFile, str]]:
    """The files of an entry, each with the name that it had."""
    for piece in entry.pieces:
        if (found := _file(session, piece)) is not None:
            yield found, piece.was or found.name


def file_of(session: Session, entry: Archived, number: int) -> tuple[StoredFile, str] | None:
    """One of an entry's files, by its number; None when the entry has no such file, or its day has come."""
    return next((pair for pair in files_of(session, entry) if pair[0].id == number), None)


def _file(session: Session, piece: ArchivedPiece) -> StoredFile | None:
    if piece.in_table != FILES or piece.was is None:
        return None
    found = session.get(StoredFile, int(piece.row_key))
    return found if found is not None and found.erased_at is None else None


def readable(was: str) -> str:
    """Words as they stood; a structured value as its own words, one on each line."""
    try:
        value = json.loads(was)
    except ValueError:
        return was
    if isinstance(value, dict) and set(value) == {"content", "salt"}:
        return readable(str(value["content"]))  # an act of the log: its salt says nothing to a reader
    return "\n".join(_said(value)) if isinstance(value, dict | list) else was


def _said(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _said(one, label(str(key)))
    elif isinstance(value, list):
        for one in value:
            yield from _said(one, name)
    elif value is not None:
        yield f"{name}\u00a0: {value}" if name else str(value)
