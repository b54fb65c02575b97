"""How each source writes its CSV: which column is which field, its decimal sign, its dates. Data, kept in content/."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: What the columns of a CSV can be: of the invoice, repeated on each of its rows, then of one line.
INVOICE_FIELDS = (
    "number", "type", "issued_on", "due_on", "currency", "seller", "seller_vat", "seller_siren", "buyer", "buyer_vat",
    "buyer_siren", "net", "tax", "gross", "payable", "prepaid", "purchase_order", "contract", "payment_terms", "note",
    "preceding", "delivered_on",
)  # fmt: skip
LINE_FIELDS = ("line_number", "description", "quantity", "unit", "unit_price", "line_net", "vat_rate", "order_line")
FIELDS = frozenset((*INVOICE_FIELDS, *LINE_FIELDS))
NEEDED = ("number", "issued_on", "gross")
DATES = ("dd/mm/yyyy", "mm/dd/yyyy", "yyyy-mm-dd")
#: Amounts that a source may write per row, to be added up.
SUMMABLE = frozenset({"net", "tax", "gross"})


class BadSource(ValueError):
    """A source's table cannot be used; the words are French, for whoever keeps the file."""


@dataclass(frozen=True, slots=True)
class CsvSource:
    """One way of writing. ``columns`` maps fields to the names of columns; ``constants`` stand for columns that lack."""

    name: str
    columns: Mapping[str, tuple[str, ...]]  # each name as :func:`plain` gives it, the surest first
    delimiter: str = ""  # "" is found out
    encoding: str = ""
    decimal: str = ""
    dates: str = "dd/mm/yyyy"
    added: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=dict)

    def found_in(self, header: Iterable[str]) -> dict[str, int]:
        """Where each field stands in a header: the first column that has one of its names."""
        places: dict[str, int] = {}
        for index, title in enumerate(map(plain, header)):
            places.setdefault(title, index)
        return {
            name: next(places[title] for title in titles if title in places)
            for name, titles in self.columns.items()
            if any(title in places for title in titles)
        }


def plain(title: str) -> str:
    """A column's name without accents, case, signs: ``N° Facture`` and ``n facture`` are the same."""
    letters = (
        unicodedata.normalize("NFKD", title.replace("°", " ").replace("º", " ")).encode("ascii", "ignore").decode()
    )
    return re.sub(r"[^a-z0-9]+", " ", letters.lower()).strip()


def read_sources(data: Mapping[str, Any]) -> tuple[CsvSource, ...]:
    """The sources of a parsed ``invoice_csv.toml``.

    Raises:
        BadSource: naming the source and what is wrong in it.
    """
    return tuple(_source(table) for table in data.get("source", ()))


def _source(table: Mapping[str, Any]) -> CsvSource:
    name = str(table.get("name", "")).strip()
    columns = table.get("columns", {})
    if not name or not isinstance(columns, Mapping):
        raise BadSource("une source de CSV a un nom et un tableau « columns ».")
    strangers = sorted({*columns, *table.get("constants", {}), *table.get("added", ())} - FIELDS)
    if strangers:
        raise BadSource(f"source « {name} » : champs inconnus : {', '.join(strangers)}.")
    missing = [needed for needed in NEEDED if needed not in columns]
    if missing:
        raise BadSource(f"source « {name} » : il manque les colonnes {', '.join(missing)}.")
    dates, decimal, delimiter = table.get("dates", DATES[0]), table.get("decimal", ""), table.get("delimiter", "")
    if dates not in DATES or decimal not in {"", ",", "."} or len(delimiter) > 1:
        raise BadSource(f"source « {name} » : dates ({', '.join(DATES)}), decimal (, ou .) ou delimiter inconnus.")
    if not set(table.get("added", ())) <= SUMMABLE:
        raise BadSource(f"source « {name} » : seuls {', '.join(sorted(SUMMABLE))} s'additionnent.")
    return CsvSource(
        name=name,
        columns={key: (plain(str(title)),) for key, title in columns.items()},
        delimiter=delimiter, encoding=table.get("encoding", ""), decimal=decimal, dates=dates,
        added=frozenset(table.get("added", ())),
        constants={key: str(value) for key, value in table.get("constants", {}).items()},
    )  # fmt: skip


def _names(*titles: str) -> tuple[str, ...]:
    return tuple(plain(title) for title in titles)


#: For a CSV that no source is known for: names that such columns usually have.
USUAL = CsvSource(
    name="",
    columns={
        "number": _names(
            "number", "numéro", "n° facture", "n° de facture", "numéro facture", "numéro de facture", "no facture",
            "num facture", "facture", "invoice number", "invoice", "n° pièce", "numéro pièce", "pièce", "référence facture", "id",
        ),
        "type": _names("type", "type code", "type de pièce", "type pièce", "nature", "type document", "type facture"),
        "issued_on": _names(
            "issued on", "date", "date facture", "date de facture", "date d'émission", "date émission", "date pièce",
            "invoice date", "issue date", "émise le",
        ),
        "due_on": _names(
            "due on", "échéance", "date échéance", "date d'échéance", "due date", "date limite de paiement", "à payer avant le",
        ),
        "currency": _names("currency", "devise", "monnaie", "code devise"),
        "seller": _names("seller", "vendeur", "fournisseur", "émetteur", "seller name", "nom vendeur"),
        "seller_vat": _names("seller vat", "tva vendeur", "tva fournisseur", "n° tva vendeur", "tva intracommunautaire vendeur"),
        "seller_siren": _names("seller siren", "siren vendeur", "siret vendeur", "siren fournisseur"),
        "buyer": _names(
            "buyer", "client", "acheteur", "nom client", "nom du client", "customer", "customer name", "raison sociale",
            "destinataire", "buyer name",
        ),
        "buyer_vat": _names(
            "buyer vat", "tva client", "n° tva client", "tva acheteur", "tva intracommunautaire", "n° tva", "customer vat",
            "n° tva intracommunautaire", "tva intracommunautaire client",
        ),
        "buyer_siren": _names("buyer siren", "siren client", "siret client", "siren", "siret", "siren acheteur"),
        "net": _names("net", "total ht", "montant ht", "ht", "net amount", "total net", "total hors taxes", "total hors taxe"),
        "tax": _names("tax", "total tva", "montant tva", "tva", "tax amount", "vat amount", "vat"),
        "gross": _names(
            "gross", "total ttc", "montant ttc", "ttc", "gross amount", "total", "total toutes taxes comprises", "montant total",
        ),
        "payable": _names("payable", "net à payer", "reste à payer", "à payer", "amount due", "solde"),
        "prepaid": _names("prepaid", "acompte", "acomptes", "déjà payé", "acompte versé"),
        "purchase_order": _names("purchase order", "commande", "n° commande", "bon de commande", "référence commande"),
        "contract": _names("contract", "contrat", "n° contrat"),
        "payment_terms": _names("payment terms", "conditions de paiement", "conditions de règlement"),
        "note": _names("note", "notes", "commentaire", "commentaires"),
        "preceding": _names("preceding", "facture d'origine", "facture origine", "avoir sur facture", "facture liée"),
        "delivered_on": _names("delivered on", "date de livraison", "livraison", "date livraison"),
        "line_number": _names("line number", "ligne", "n° ligne", "line"),
        "description": _names("description", "désignation", "libellé", "article", "prestation", "item", "produit"),
        "quantity": _names("quantity", "quantité", "qté", "qte", "qty"),
        "unit": _names("unit", "unité", "unite"),
        "unit_price": _names("unit price", "prix unitaire", "pu", "pu ht", "prix unitaire ht", "p u", "p u ht"),
        "line_net": _names(
            "line net", "total ligne", "total ligne ht", "montant ligne", "montant ligne ht", "ht ligne", "line total", "montant ht ligne",
        ),
        "vat_rate": _names("vat rate", "taux tva", "taux de tva", "tva %", "taux", "% tva"),
        "order_line": _names("order line", "ligne de commande"),
    },
)  # fmt: skip
