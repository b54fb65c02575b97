"""What search engines read: schema.org as JSON-LD. Only facts that stand in content/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.french import phone_link
from portal.publish.citations import Cited

if TYPE_CHECKING:
    from portal.publish.publication import Publication, Row

CONTEXT = "https://schema.org"


def company_jsonld(publication: Publication) -> dict[str, Any]:
    """Describe the company, with the ways in that the terms give."""
    company = publication.library.company
    cited = Cited(publication.current)
    phone, mail = cited.figure("hotline_phone"), cited.figure("hotline_mail")
    hotline = {"@type": "ContactPoint", "contactType": "technical support", "availableLanguage": "fr"}
    if phone:
        hotline["telephone"] = phone_link(str(phone.value))
    if mail:
        hotline["email"] = str(mail.value)
    return {
        "@context": CONTEXT,
        "@type": "ProfessionalService",
        "@id": f"{publication.base}/#company",
        "name": company.name,
        "legalName": company.legal_name,
        "url": f"{publication.base}/",
        "image": f"{publication.base}/static/social.png",
        "telephone": phone_link(company.phone),
        "email": company.mail,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": company.street,
            "postalCode": company.postal_code,
            "addressLocality": company.city,
            "addressCountry": "FR" if company.country == "France" else company.country,
        },
        "contactPoint": hotline,
    }


def site_jsonld(publication: Publication) -> dict[str, Any]:
    """Describe the site itself."""
    return {
        "@context": CONTEXT,
        "@type": "WebSite",
        "name": f"{publication.library.company.name}, conditions générales",
        "url": f"{publication.base}/",
        "inLanguage": "fr",
        "publisher": {"@id": f"{publication.base}/#company"},
    }


def version_jsonld(publication: Publication, row: Row) -> dict[str, Any]:
    """Describe one version of the terms; the same on each of its pages. Short: a page of terms is one round trip."""
    return {
        "@context": CONTEXT,
        "@type": "DigitalDocument",
        "name": row.version.title,
        "version": row.slug,
        "url": publication.base + row.url,
        "inLanguage": "fr",
        "publisher": {"@id": f"{publication.base}/#company"},
    }


def tariff_jsonld(publication: Publication) -> dict[str, Any]:
    """Describe the hourly prices without contract, before VAT."""
    tariff = publication.current.version.tariff
    return {
        "@context": CONTEXT,
        "@type": "OfferCatalog",
        "name": "Tarif des prestations",
        "url": f"{publication.base}/tarifs/",
        "itemListElement": [
            {
                "@type": "Offer",
                "name": rate.label,
                "priceSpecification": {
                    "@type": "UnitPriceSpecification",
                    "price": str(rate.rate),
                    "priceCurrency": "EUR",
                    "unitCode": "HUR",
                    "valueAddedTaxIncluded": False,
                },
            }
            for rate in tariff.hourly
        ],
    }
