"""More points, or a contract renewed: the form as somebody of that contract's organisation gets it, filled in."""

from portal.accounts.guard import current_person
from portal.contracts.actions import find_contract
from portal.quotes.request_forms import RequestForm
from portal.web import db

RENEWAL = "renouvellement"


def contract_wish(reference: str, what: str) -> str:
    """What is asked for, in words to complete; nothing for who is not of the contract's organisation."""
    person = current_person()
    if not reference or person is None or person.organisation_id is None:
        return ""
    contract = find_contract(db.session, reference)
    if contract is None or contract.organisation_id != person.organisation_id:
        return ""
    named = f"notre contrat {contract.kind.label} {contract.reference}"
    if what == RENEWAL:
        return f"Bonjour,\nnous souhaitons renouveler {named}."
    return f"Bonjour,\nnous souhaitons ajouter des points à {named}.\nNombre de points\u00a0: "


def fill_in(form: RequestForm, wish: str) -> None:
    """Who asks is signed in: what we know is not typed again."""
    person = current_person()
    if person is None or person.organisation is None:
        return
    organisation = person.organisation
    form.organisation.data = organisation.legal_name
    form.identity.data = (
        organisation.siret or organisation.siren or organisation.vat_number or organisation.swiss_uid or ""
    )
    form.contact_name.data, form.mail.data, form.wish.data = person.name, person.email, wish
