"""Whose invoice it is: by VAT number, then by SIREN; where numbers leave a doubt, a person decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.invoices.document import ReadParty
from portal.invoices.issuer import siren_of

VAT, SIREN = "vat", "siren"


@dataclass(frozen=True, slots=True)
class Match:
    """The client and how it was known, or why nobody was."""

    organisation: Organisation | None
    by: str | None
    why: str = ""


def find_client(session: Session, buyer: ReadParty) -> Match:
    """The client that a buyer is."""
    by_vat = _of_vat(session, buyer)
    by_siren = _of_siren(session, buyer)
    if by_vat and by_siren and not {each.id for each in by_vat} & {each.id for each in by_siren}:
        return Match(None, None, "Le numéro de TVA et le SIREN de l'acheteur désignent deux clients différents.")
    for by, found in ((VAT, by_vat), (SIREN, by_siren)):
        if len(found) == 1:
            return Match(found[0], by)
        if found:
            exact = [each for each in found if buyer.siret and each.siret == buyer.siret]
            if len(exact) == 1:
                return Match(exact[0], by)
            return Match(None, None, "Plusieurs clients portent les numéros de l'acheteur.")
    given = buyer.vat_number or buyer.siren or buyer.swiss_uid
    return Match(
        None, None,
        f"Aucun client ne porte le numéro {given} de l'acheteur." if given else "La facture ne donne aucun numéro de l'acheteur.",
    )  # fmt: skip


def _of_vat(session: Session, buyer: ReadParty) -> Sequence[Organisation]:
    if buyer.swiss_uid:
        return _having(session, Organisation.swiss_uid == buyer.swiss_uid)
    if not buyer.vat_number:
        return ()
    found = _having(session, Organisation.vat_number == buyer.vat_number)
    number = siren_of(buyer.vat_number)
    return found or (_having(session, Organisation.siren == number) if number else ())


def _of_siren(session: Session, buyer: ReadParty) -> Sequence[Organisation]:
    return _having(session, Organisation.siren == buyer.siren) if buyer.siren else ()


def _having(session: Session, condition: ColumnElement[bool]) -> Sequence[Organisation]:
    return session.scalars(select(Organisation).where(condition).order_by(Organisation.id)).all()
