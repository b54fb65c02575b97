"""The day a version comes into force, and what its own text says of it."""

import re
from collections.abc import Iterator
from datetime import date

from portal.terms.figures import squeeze
from portal.terms.findings import Finding
from portal.terms.lines import lines_of
from portal.terms.versions import Version

#: Keys of the table [version] of clauses.toml.
VERSION_KEYS = {"draft", "repeated_numbers", "dating", "dating_quote"}
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def check_dating(version: Version) -> Iterator[Finding]:
    """The day of the folder against the day that the text prints, where it prints one."""
    file = f"cgv/{version.slug}/clauses.toml"
    table, lines = version.data.get("version", {}), lines_of(version.raw_clauses)
    for key in sorted(table.keys() - VERSION_KEYS):
        yield Finding(file, lines.find(f"{key} "), f"[version] : « {key} » n'est pas une clé connue")
    quote = table.get("dating_quote", "")
    # The last line first, where it usually stands: then no article is put together for it.
    if quote and not any(squeeze(quote) in squeeze(text) for text in _texts(version)):
        yield Finding(file, lines.find("dating_quote "), f"[version] : « {quote} » n'est pas dans le texte")
    printed = printed_day(version.closing)
    if printed is not None and printed != version.in_force_from:
        line = version.source.rstrip("\n").count("\n") + 1
        yield Finding(
            f"cgv/{version.slug}/cgv.md",
            line,
            f"à vérifier : le texte dit {printed:%d/%m/%Y} et le dossier {version.in_force_from:%d/%m/%Y}",
            "todo",
        )


def _texts(version: Version) -> Iterator[str]:
    yield version.closing
    yield version.title
    for article in version.articles:
        yield article.text


def printed_day(closing: str) -> date | None:
    """The day that a closing line prints ("01 Octobre 2018", "1er janvier 2027"), None when it prints none.

    >>> printed_day("Date de dernière mise à jour : 01 Octobre 2018")
    datetime.date(2018, 10, 1)
    """
    match = re.search(r"(\d{1,2})(?:er)?\s+(\w+)\s+(\d{4})", closing)
    if match is None or match[2].lower() not in MONTHS:
        return None
    try:
        return date(int(match[3]), MONTHS.index(match[2].lower()) + 1, int(match[1]))
    except ValueError:
        return None
