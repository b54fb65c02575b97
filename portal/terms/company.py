"""Who publishes, the conventions of the house, the processing of personal data: content as values."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from portal.terms.dating import MONTHS

#: Mentions that the law wants on a French site and that the CGV do not give.
MENTIONS = {
    "siren": "numéro SIREN",
    "rcs": "immatriculation au RCS",
    "capital": "capital social",
    "vat_number": "numéro de TVA intracommunautaire",
    "publication_director": "directeur ou directrice de la publication",
    "host_name": "nom de l’hébergeur",
    "host_address": "adresse de l’hébergeur",
    "host_phone": "téléphone de l’hébergeur",
    "hours": "horaires de la hotline",
    "dispute_mail": "adresse électronique pour les contestations",
    "data_protection_contact": "contact pour les données personnelles",
    "accessibility_contact": "contact pour l’accessibilité",
}
KNOWN = (
    "name", "legal_name", "legal_form", "street", "postal_code", "city", "country", "phone", "mail", "website",
)  # fmt: skip


class Company(NamedTuple):
    """Who publishes the terms. What is not known is "" and never made up."""

    name: str
    legal_name: str
    legal_form: str
    street: str
    postal_code: str
    city: str
    country: str
    phone: str
    mail: str
    website: str
    mentions: Mapping[str, str]

    def __getattr__(self, key: str) -> str:
        # The mentions read like the other fields: company.siren.
        if key in MENTIONS:
            return self.mentions[key]
        raise AttributeError(key)

    @property
    def address(self) -> tuple[str, ...]:
        return (self.street, f"{self.postal_code} {self.city}", self.country)

    def missing(self) -> list[tuple[str, str]]:
        """(key, French label) of every mention still to fill in."""
        return [(key, label) for key, label in MENTIONS.items() if not self.mentions[key]]


class Convention(NamedTuple):
    """What the CGV do not say and the house chose: never a term of the contract."""

    key: str
    title: str
    text: str
    because: str
    articles: tuple[str, ...]
    since: date
    days: int | None = None  # where the convention is a number of days; its text says {days}
    month_day: tuple[int, int] | None = None  # where it is a day of each year; its text says {month_day}


class Conventions(Mapping[str, Convention]):
    """The conventions by key, in the order of the file."""

    def __init__(self, conventions: tuple[Convention, ...]) -> None:
        self._by_key = {convention.key: convention for convention in conventions}

    def __getitem__(self, key: str) -> Convention:
        return self._by_key[key]

    def yearly(self, key: str) -> tuple[int, int]:
        """Month and day of a convention that is a day of each year; KeyError where it is none."""
        found = self._by_key[key].month_day
        if found is None:
            raise KeyError(f"{key}.month_day")
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)


class Processing(NamedTuple):
    """One processing of personal data, as the privacy notice prints it (GDPR article 13)."""

    key: str
    title: str
    purpose: str
    data: str
    basis: str
    recipients: str
    source: str
    retention: str = ""  # a key of law.toml's retention
    retention_text: str = ""
    sweeps: tuple[str, ...] = ()  # keys of what is cleared by itself after a time
    article: str = ""  # of the CGV, where one speaks of it


class Sweep(NamedTuple):
    """How long one kind of record is held when nothing else has it kept, and why: a choice of the house, shown as one.

    ``retention``: the key of law.toml's retention that the months are those of, where the law's own time is taken.
    """

    key: str
    title: str
    months: int
    because: str
    retention: str = ""

    @property
    def length(self) -> str:
        """In words, for a page: whole years as years."""
        years, months = divmod(self.months, 12)
        if months:
            return f"{self.months} mois"
        return f"{years} an{'s' if years > 1 else ''}"


class Use(NamedTuple):
    """A use of personal data that one may stop by saying no (GDPR article 21). ``mails`` are beginnings of their names.

    ``decided_by`` is "organisation" where it is the organisation's to say, not each person's.
    """

    key: str
    processing: str
    title: str
    effect: str
    mails: tuple[str, ...] = ()
    decided_by: str = ""


class Exempt(NamedTuple):
    """Mails that still go to somebody whose data are frozen, and why (GDPR article 18, paragraph 2)."""

    mails: tuple[str, ...]
    because: str


class Recipient(NamedTuple):
    """Somebody outside of the house who is given data, by some processing: told of what becomes of them (GDPR 19)."""

    key: str
    name: str
    processing: tuple[str, ...]


class Objections(NamedTuple):
    """What a person may stop, and what a freeze does not stop; ``record``: what is common to all processing."""

    uses: tuple[Use, ...] = ()
    while_frozen: tuple[Exempt, ...] = ()
    transfers: str = ""
    security: tuple[str, ...] = ()
    recipients: tuple[Recipient, ...] = ()

    @property
    def always(self) -> list[str]:
        """Beginnings of the mails that a freeze lets through."""
        return [name for exempt in self.while_frozen for name in exempt.mails]


def read_company(data: Mapping[str, Any]) -> Company:
    """From a parsed ``company.toml``; KeyError when a known field is missing."""
    return Company(
        **{key: str(data[key]) for key in KNOWN},
        mentions={key: str(data.get(key, "")).strip() for key in MENTIONS},
    )


def read_conventions(data: Mapping[str, Any]) -> Conventions:
    """From a parsed ``conventions.toml``."""
    return Conventions(
        tuple(
            Convention(
                key,
                table["title"],
                _with_days(table),
                table["because"],
                tuple(table["articles"]),
                table["since"],
                table.get("days"),
                _month_day(table),
            )
            for key, table in data.items()
        )
    )


def _with_days(table: Mapping[str, Any]) -> str:
    # The number stands once: what a page prints is what the software does.
    words: str = table["text"]
    if (day := _month_day(table)) is not None:
        words = words.replace("{month_day}", f"{'1er' if day[1] == 1 else day[1]} {MONTHS[day[0] - 1]}")
    return words.replace("{days}", f"{int(table['days'])} jours") if "days" in table else words


def _month_day(table: Mapping[str, Any]) -> tuple[int, int] | None:
    if "month_day" not in table:
        return None
    month, day = (int(part) for part in table["month_day"].split("-"))
    date(2000, month, day)  # such a day there is
    return month, day


def read_processing(data: Mapping[str, Any]) -> tuple[Processing, ...]:
    """From a parsed ``processing.toml``."""
    return tuple(Processing(**table | {"sweeps": tuple(table.get("sweeps", ()))}) for table in data["processing"])


def read_sweeps(data: Mapping[str, Any], years: Mapping[str, int]) -> tuple[Sweep, ...]:
    """From a parsed ``processing.toml``; ``years`` of law.toml's retention, by its keys."""
    return tuple(
        Sweep(**{"months": 12 * years[table["retention"]], **table} if "retention" in table else table)
        for table in data.get("sweep", ())
    )


def read_objections(data: Mapping[str, Any]) -> Objections:
    """From a parsed ``processing.toml``; KeyError or TypeError where a use lacks something."""
    record = data.get("record", {})
    return Objections(
        tuple(Use(**table | {"mails": tuple(table.get("mails", ()))}) for table in data.get("use", ())),
        tuple(Exempt(tuple(table["mails"]), table["because"]) for table in data.get("while_frozen", ())),
        record.get("transfers", ""),
        tuple(record.get("security", ())),
        tuple(Recipient(**table | {"processing": tuple(table["processing"])}) for table in data.get("recipient", ())),
    )
