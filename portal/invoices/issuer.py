"""Who we are on an invoice: an invoice is ours when its seller has our number."""

from dataclasses import dataclass

from stdnum.exceptions import ValidationError
from stdnum.fr import siren

from portal.accounts.rules import InvalidIdentity, parse_identity, vat_of
from portal.config import Settings
from portal.invoices.document import ReadParty
from portal.terms.company import Company

#: The demo's: it satisfies its check digit and belongs to nobody we know of.
DEMO_SIREN = "000000026"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Our numbers. ``invented``: a demo's."""

    siren: str | None
    vat_number: str | None
    invented: bool = False

    def is_seller(self, seller: ReadParty) -> bool:
        """Whether a seller is us: by its VAT number, else by its SIREN; a name is nobody's alone."""
        if seller.vat_number and self.vat_number:
            return seller.vat_number == self.vat_number
        return bool(self.siren) and self.siren == (seller.siren or siren_of(seller.vat_number))


def issuer_of(settings: Settings, company: Company) -> Issuer | None:
    """Our identity: from the settings, else from the content, else the demo's in a demo; None: nobody has said it."""
    for given in (settings.company_id, company.siren, company.vat_number):
        if not given.strip():
            continue
        try:
            identity = parse_identity(given)
        except InvalidIdentity:
            continue  # `portal check` and `build.py --check` tell of it
        number = identity.siren or ""
        return Issuer(identity.siren, identity.vat_number or (vat_of(number) if number else None))
    return Issuer(DEMO_SIREN, vat_of(DEMO_SIREN), invented=True) if settings.demo else None


def siren_of(vat_number: str) -> str | None:
    """The SIREN inside a French VAT number whose key is right."""
    if not vat_number.startswith("FR"):
        return None
    try:
        number = siren.validate(vat_number[4:])
    except ValidationError:
        return None
    return str(number) if vat_of(number) == vat_number else None
