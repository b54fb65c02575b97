"""Content check: every problem with file, line and words; nothing is published while one is an error."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from portal.terms.company import KNOWN, MENTIONS
from portal.terms.dating import check_dating
from portal.terms.figures import says, squeeze, unit_of
from portal.terms.findings import ContentError, Finding, UnknownClause
from portal.terms.library import Library, load_library
from portal.terms.lines import TomlLines, lines_of
from portal.terms.tariff import TariffUnreadable
from portal.terms.text import CLOSING, Clause
from portal.terms.versions import DEADLINES, STRUCTURE, Version

NEEDED = (*DEADLINES, "minimum_remote", "minimum_onsite", "late_penalty")


def check_content(content: Path, *, drafts: bool = False, known_good: Collection[str] = ()) -> Iterator[Finding]:
    """Yield every finding of a content folder, errors and mentions still to fill in.

    ``known_good`` holds the digests of versions that passed before: they are not read again.
    """
    try:
        library = load_library(content, drafts=drafts)
    except ContentError as error:
        yield from error.findings
        return
    yield from check_library(library, known_good=known_good)


def check_library(library: Library, *, known_good: Collection[str] = ()) -> Iterator[Finding]:
    """The same for a library already loaded."""
    for version in library.versions:
        if version.digest not in known_good:
            yield from check_version(version)
    yield from _check_house(library)


def check_version(version: Version) -> Iterator[Finding]:
    """Everything that can be wrong inside one version."""
    text = f"cgv/{version.slug}/cgv.md"
    yield from _check_headings(version, text)
    yield from check_dating(version)
    yield from _check_clauses(version, f"cgv/{version.slug}/clauses.toml")


def _check_headings(version: Version, file: str) -> Iterator[Finding]:
    parts = version.parts
    if not parts.title:
        yield Finding(file, 1, "pas de titre : la première ligne est « # … »")
    for line, words in parts.stray:
        yield Finding(file, line, f"texte hors d'un article : « {words[:60]} »")
    if not parts.chunks:
        yield Finding(file, 1, "aucun article : « ## ARTICLE 1 … » est attendu")
    if not parts.closing:
        yield Finding(file, version.source.count("\n"), f"la dernière ligne « {CLOSING} : … » manque")
    repeated = set(version.data.get("version", {}).get("repeated_numbers", ()))
    seen: set[str] = set()
    for (first, _), article in zip(version.parts.chunks, version.articles, strict=True):
        for offset, words in article.unnumbered:
            yield Finding(file, first + offset, f"titre sans numéro : « {words} »")
        for clause in article.clauses:
            line = first + clause.offset
            if clause.number in seen and clause.number not in repeated:
                yield Finding(
                    file,
                    line,
                    f"numéro {clause.number} déjà pris : si l'original l'imprime deux fois, "
                    "ajoutez-le à repeated_numbers dans clauses.toml",
                )
            seen.add(clause.number)
            if clause.depth != clause.level:
                yield Finding(
                    file, line, f"« {clause.heading} » : {clause.depth + 1} dièses attendus, {clause.level + 1} lus"
                )
            if clause.depth > 1 and clause.number.split(".")[0] != article.number:
                yield Finding(file, line, f"le numéro {clause.number} n'est pas de l'article {article.number}")
    for number in sorted(repeated - seen):
        yield Finding(file, 1, f"repeated_numbers nomme {number}, qui n'est pas dans le texte")


def _check_clauses(version: Version, file: str) -> Iterator[Finding]:
    lines = lines_of(version.raw_clauses)
    known: dict[str, Clause] = {}
    for clause in version.clauses:
        known.setdefault(clause.number, clause)
        known[clause.anchor] = clause
    data = version.data
    for key, table in data.items():
        if key not in STRUCTURE:
            yield from _check_figure(known, key, table, file, lines.table(key))
    for key in NEEDED:
        if key not in data:
            yield Finding(file, 0, f"[{key}] manque : le logiciel ne peut pas l'inventer")
    for name in ("definitions", "notes"):
        for index, table in enumerate(data.get(name, ())):
            yield from _check_entry(version, known, name, index, table, file, lines)
    where = data.get("tariff", {})
    places = [known.get(str(where.get(key))) for key in ("hourly", "points")]
    if None in places:
        yield Finding(file, lines.table("tariff"), "[tariff] : hourly et points nomment les articles des deux listes")
        return
    try:
        _ = version.tariff
    except TariffUnreadable as error:
        yield Finding(f"cgv/{version.slug}/cgv.md", version.line(version.clause(where["points"])), f"tarif : {error}")
    except (KeyError, UnknownClause, ArithmeticError, TypeError, ValueError):
        pass  # told above, by the figure that is wrong


def _check_figure(known: Mapping[str, Clause], key: str, table: object, file: str, line: int) -> Iterator[Finding]:
    unit = unit_of(table) if isinstance(table, dict) else None
    if not isinstance(table, dict) or unit is None or "article" not in table or "quote" not in table:
        yield Finding(file, line, f"[{key}] : une valeur (days, minutes, multiple ou words), article et quote")
        return
    yield from _check_quote(known, table, file, line, key)
    try:
        value = table[unit] if unit == "words" else _decimal(table[unit])
    except (InvalidOperation, ValueError):
        yield Finding(file, line, f"[{key}] : {unit} = {table[unit]!r} n'est pas un nombre")
        return
    if not says(table["quote"], value):
        yield Finding(file, line, f"[{key}] : les mots cités ne disent pas {table[unit]}")


def _check_entry(
    version: Version,
    known: Mapping[str, Clause],
    name: str,
    index: int,
    table: Mapping[str, Any],
    file: str,
    lines: "TomlLines",
) -> Iterator[Finding]:
    line = lines.entry(name, index)
    if name == "notes":
        if str(table.get("article")) not in known or not table.get("text"):
            yield Finding(file, line, f"[[notes]] : l'article {table.get('article')!r} n'existe pas, ou text manque")
        return
    if not table.get("term") or not table.get("words"):
        yield Finding(file, line, "[[definitions]] : term et words sont attendus")
        return
    if table.get("quote"):
        yield from _check_quote(known, table, file, line, table["term"])
    for word in table["words"]:
        if not any(_stands_in(word, article.text) for article in version.articles):
            yield Finding(file, line, f"[[definitions]] {table['term']} : le mot « {word} » n'est pas dans le texte")


def _check_quote(
    known: Mapping[str, Clause], table: Mapping[str, Any], file: str, line: int, key: str
) -> Iterator[Finding]:
    clause = known.get(str(table.get("article")))
    if clause is None:
        yield Finding(file, line, f"[{key}] : l'article {table.get('article')!r} n'existe pas dans ce texte")
    elif squeeze(table["quote"]) not in squeeze(clause.text):
        yield Finding(file, line, f"[{key}] : « {table['quote']} » n'est pas dans l'article {clause.number}")


def _stands_in(word: str, text: str) -> bool:
    """Tell whether a word stands in a text as a whole word.

    Not a regular expression: one that begins by looking behind is tried at every letter, and was
    half the time of checking 200 versions.
    """
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not (_in_word(text[start - 1 : start]) or _in_word(text[end : end + 1])):
            return True
        start = text.find(word, start + 1)
    return False


def _in_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _check_house(library: Library) -> Iterator[Finding]:
    numbers = _Numbers(library)
    lines = lines_of(library.sources["conventions.toml"])
    for convention in library.conventions.values():
        for article in convention.articles:
            if article not in numbers:
                yield Finding(
                    "conventions.toml", lines.table(convention.key), f"l'article {article} n'existe dans aucune version"
                )
    for index, processing in enumerate(library.processing):
        line = lines_of(library.sources["processing.toml"]).entry("processing", index)
        if processing.article and processing.article not in numbers:
            yield Finding("processing.toml", line, f"l'article {processing.article} n'existe dans aucune version")
        if bool(processing.retention) == bool(processing.retention_text):
            yield Finding("processing.toml", line, f"[{processing.key}] : retention ou retention_text, l'un des deux")
        elif processing.retention and processing.retention not in library.law.retention:
            yield Finding("processing.toml", line, f"retention « {processing.retention} » n'est pas dans law.toml")
        for key in processing.sweeps:
            if key not in {each.key for each in library.sweeps}:
                yield Finding("processing.toml", line, f"sweeps : « {key} » n'est pas une [[sweep]]")
    yield from _check_durations(library)
    rates = lines_of(library.sources["law.toml"])
    if not library.law.ecb_rates:
        line = rates.table("ecb_rate")
        yield Finding("law.toml", line, "à compléter : taux de la BCE par semestre (ecb_rate.percent)", "todo")
    for key in (*library.law.legal_rates, *library.law.ecb_rates):
        if not re.fullmatch(r"\d{4}-S[12]", key):
            yield Finding("law.toml", rates.find(f'"{key}"'), f"« {key} » n'est pas un semestre : 2026-S1 est attendu")
    yield from _check_company(library)


def _check_durations(library: Library) -> Iterator[Finding]:
    """What nothing refers to is a duration that nobody applies, or that no notice tells."""
    told = {key for processing in library.processing for key in processing.sweeps}
    for index, sweep in enumerate(library.sweeps):
        line = lines_of(library.sources["processing.toml"]).entry("sweep", index)
        if sweep.key not in told:
            yield Finding("processing.toml", line, f"[[sweep]] {sweep.key} : aucun traitement ne l'annonce (sweeps)")
    used = {processing.retention for processing in library.processing} | {each.retention for each in library.sweeps}
    for key in library.law.retention:
        if key not in used:
            line = lines_of(library.sources["law.toml"]).table(f"retention.{key}")
            yield Finding("law.toml", line, f"[retention.{key}] : aucun traitement ne s'y réfère")


def _check_company(library: Library) -> Iterator[Finding]:
    company = library.company
    lines = lines_of(library.sources["company.toml"])
    for key in ("siren", "vat_number"):
        value = company.mentions[key]
        if value and not _is_valid(key, value):
            yield Finding("company.toml", lines.find(f"{key} "), f"{key} = « {value} » : clé de contrôle fausse")
    for key, value in tomllib.loads(library.sources["company.toml"].decode()).items():
        if key not in (*KNOWN, *MENTIONS):
            yield Finding("company.toml", lines.find(f"{key} "), f"« {key} » : clé inconnue, le site ne la lirait pas")
        elif not isinstance(value, str):
            yield Finding(
                "company.toml", lines.find(f"{key} "), f"{key} = {value!r} : du texte entre guillemets est attendu"
            )
    for key, label in company.missing():
        yield Finding("company.toml", lines.find(f"{key} "), f"à compléter : {label} ({key})", "todo")


def _is_valid(key: str, value: str) -> bool:
    # Imported where there is a number to look at: a build without one does not pay for it.
    from stdnum.fr import siren, tva

    valid: bool = siren.is_valid(value) if key == "siren" else tva.is_valid(value)
    return valid


def _decimal(value: object) -> Decimal:

    return Decimal(str(value))


class _Numbers:
    """The numbers of all clauses. The newest version has most of them: the others are parsed last."""

    def __init__(self, library: Library) -> None:
        self._versions = tuple(reversed(library.versions))

    def __contains__(self, number: object) -> bool:
        return any(clause.number == number for version in self._versions for clause in version.clauses)
