"""Legal lint, for staff only: what a lawyer would mark in a version. Never shown to the public.

The text is evidence and is not corrected; these findings are for whoever
writes the next version. Facts for software, not legal advice.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from portal.terms.figures import squeeze
from portal.terms.findings import Finding, UnknownFigure
from portal.terms.library import Library
from portal.terms.versions import Version

#: Slips seen in the text, as they are printed; a version without them passes.
TYPOS = (
    ("des de l'informatique", "« des de » : un mot manque ou est de trop"),
    ("la situation de ça demande", "« ça » pour « sa »"),
    ("nous résilieront", "« résilieront » pour « résilierons »"),
    ("seront consignés dans notre outil", "« toutes les manipulations … consignés » : accord"),
    ("Conditions Générales de Ventes", "« de Ventes » pour « de Vente »"),
    ("Quel que soit la nature", "« Quel que soit la nature » : accord"),
    ("01 Octobre", "« 01 Octobre » pour « 1er octobre »"),
    ("une fois et demi le", "« une fois et demi » pour « une fois et demie »"),
)


def lint_version(library: Library, version: Version) -> Iterator[Finding]:
    """Yield every legal finding of one version, level ``legal``, in the order of the text."""
    found = [finding for rule in _RULES for finding in rule(library, version)]
    yield from sorted(found)


class _Text:
    """A version's lines, to say where a thing stands."""

    def __init__(self, version: Version) -> None:
        self.file = f"cgv/{version.slug}/cgv.md"
        self.version = version
        self.whole = squeeze(version.source)
        self._lines = version.source.split("\n")

    def lines_with(self, words: str) -> list[int]:
        return [number for number, line in enumerate(self._lines, start=1) if words in line]

    @property
    def last(self) -> int:
        """The last line: where a thing that is nowhere would be looked for in vain."""
        return len(self._lines) - 1

    def at_clause(self, name: str) -> int:
        return self.version.line(self.version.clause(name))

    def finding(self, line: int, message: str) -> Finding:
        return Finding(self.file, line, message, "legal")

    def has(self, *patterns: str) -> bool:
        return any(re.search(pattern, self.whole, re.IGNORECASE) for pattern in patterns)


def _repeated_numbers(_: Library, version: Version) -> Iterator[Finding]:
    text = _Text(version)
    seen: dict[str, int] = {}
    for clause in version.clauses:
        if clause.number in seen:
            line = version.line(clause)
            yield text.finding(
                line, f"{clause.number} : numéro déjà employé à la ligne {seen[clause.number]}, un renvoi serait ambigu"
            )
        seen.setdefault(clause.number, version.line(clause))


def _late_payment(library: Library, version: Version) -> Iterator[Finding]:
    text, law = _Text(version), library.law
    try:
        penalty = version.figure("late_penalty")
    except UnknownFigure:
        yield text.finding(text.last, f"pas de taux de pénalité de retard ({law.penalty_floor_source})")
        return
    line = text.at_clause(penalty.anchor)
    if Decimal(penalty.value) < law.penalty_floor:
        yield text.finding(
            line,
            f"{penalty.article} : {str(penalty.value).replace('.', ',')} fois le taux légal, sous le minimum de "
            f"{law.penalty_floor} fois ({law.penalty_floor_source})",
        )
    if not text.has(rf"{law.recovery_indemnity}\s*(€|euros)", "quarante euros"):
        yield text.finding(
            line,
            f"{penalty.article} : l'indemnité forfaitaire de recouvrement de {law.recovery_indemnity} € "
            f"n'est pas mentionnée ({law.recovery_indemnity_source})",
        )
    if not text.has(
        r"délai de (paiement|règlement) (est|de)", r"payable[s]? (à|sous|dans|comptant)", r"\d+ jours fin de mois"
    ):
        yield text.finding(line, "aucun délai de paiement n'est fixé (Code de commerce, L441-10 I)")


def _dispute(_: Library, version: Version) -> Iterator[Finding]:
    text = _Text(version)
    try:
        form = version.figure("dispute_form")
    except UnknownFigure:
        return
    yield text.finding(
        text.at_clause(form.anchor),
        f"{form.article} : contestation par courriel ou lettre seulement, sans adresse ; l'espace client n'est pas prévu",
    )


def _privacy(_: Library, version: Version) -> Iterator[Finding]:
    text = _Text(version)
    for line in text.lines_with("n° 7817"):
        yield text.finding(line, "« n° 7817 » pour « n° 78-17 » (loi Informatique et Libertés)")
    for line in text.lines_with("SSL"):
        yield text.finding(line, "« SSL » : protocole abandonné, et affirmation technique dans un contrat")
    if text.has("Informatique et Libert") and not text.has("RGPD", "2016/679"):
        line = next(iter(text.lines_with("Informatique et Libert")), 0)
        yield text.finding(
            line,
            "pas d'information au sens de l'article 13 du RGPD : finalités, bases, durées, destinataires, réclamation",
        )


def _definitions(_: Library, version: Version) -> Iterator[Finding]:
    text = _Text(version)
    body = "\n".join(article.text for article in version.articles)
    for definition in version.undefined:
        word = definition.words[0]
        line = next(iter(text.lines_with(word)), 0)
        yield text.finding(line, f"« {word} » est employé et n'est défini nulle part")
    for definition in version.definitions:
        uses = sum(len(re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", body)) for word in set(definition.words))
        if uses == 1:
            line = text.at_clause(definition.anchor)
            yield text.finding(line, f"« {definition.term} » est défini et n'est employé nulle part")


def _contradictions(_: Library, version: Version) -> Iterator[Finding]:
    text = _Text(version)
    if text.has("prévaudront sur toutes autres conditions") and text.has(
        "conditions particulières.{0,60}en complément"
    ):
        line = next(iter(text.lines_with("prévaudront sur toutes autres conditions")), 0)
        yield text.finding(
            line,
            "les CGV prévalent (article 1) alors que les conditions particulières les complètent (article 3) : "
            "en cas de discordance voir Code civil, 1119",
        )
    places = [clause for clause in version.clauses if re.search("force majeure", clause.text, re.IGNORECASE)]
    if len({clause.article for clause in places}) > 1:
        numbers = " et ".join(dict.fromkeys(clause.number for clause in places))
        yield text.finding(
            version.line(places[-1]), f"deux régimes de force majeure ({numbers}), qui ne disent pas la même chose"
        )


def _silences(_: Library, version: Version) -> Iterator[Finding]:
    text = _Text(version)
    where = version.data["tariff"]
    points, hourly = text.at_clause(where["points"]), text.at_clause(where["hourly"])
    if not text.has(r"prix (du|d'un|des) points?", r"(€|euros)\s*(HT\s*)?(le|/|par)\s*(point|pt)"):
        yield text.finding(points, f"{where['points']} : le prix et la durée de vie d'un point ne sont pas donnés")
    if not text.has(r"arrondi"):
        yield text.finding(points, f"{where['points']} : aucune règle d'arrondi, ni portée du minimum")
    if text.has(r"zones? 1 à 3") and not text.has(r"zone 1 ?(:|est|comprend|désigne)"):
        yield text.finding(hourly, f"{where['hourly']} : les zones de déplacement ne sont pas définies")


def _seller(_: Library, version: Version) -> Iterator[Finding]:
    text = _Text(version)
    absent = [
        name
        for name, pattern in (
            ("SIREN", r"\bSIREN\b|\bSIRET\b"),
            ("RCS", r"\bRCS\b|R\.C\.S"),
            ("capital", r"capital (social )?de|au capital"),
            ("numéro de TVA", r"\bTVA\b"),
        )
        if not text.has(pattern)
    ]
    if absent:
        yield text.finding(1, f"identité du vendeur incomplète : {', '.join(absent)} (Code de commerce, R123-237)")
    if not text.has(r"tribuna(l|ux)", r"juridiction", r"droit français", r"loi française"):
        yield text.finding(text.last, "ni loi applicable ni tribunal compétent")


def _typos(_: Library, version: Version) -> Iterator[Finding]:
    text = _Text(version)
    for words, message in TYPOS:
        for line in text.lines_with(words):
            yield text.finding(line, message)


_Rule = Callable[[Library, Version], Iterator[Finding]]
_RULES: tuple[_Rule, ...] = (
    _repeated_numbers,
    _late_payment,
    _dispute,
    _privacy,
    _definitions,
    _contradictions,
    _silences,
    _seller,
    _typos,
)
