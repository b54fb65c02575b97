"""What a lawyer would mark in the text of 2018, for staff only."""

from pathlib import Path

import pytest

from portal.terms import Library, load_library
from portal.terms.lint import lint_version

EXPECTED = (
    ":68: 6.3 : numéro déjà employé",
    "sous le minimum de 3 fois (Code de commerce, L441-10 II)",
    "l'indemnité forfaitaire de recouvrement de 40 €",
    "aucun délai de paiement",
    "contestation par courriel ou lettre seulement",
    "« n° 7817 » pour « n° 78-17 »",
    "l'article 13 du RGPD",
    "« SSL »",
    "voir Code civil, 1119",
    "« PRESTATAIRE » est employé et n'est défini nulle part",
    "« utilisateur » est employé et n'est défini nulle part",
    "« Conseiller Technique » est défini et n'est employé nulle part",
    "le prix et la durée de vie d'un point",
    "les zones de déplacement ne sont pas définies",
    "aucune règle d'arrondi",
    "deux régimes de force majeure (7.5 et 11)",
    "SIREN, RCS, capital, numéro de TVA",
    "ni loi applicable ni tribunal compétent",
    "« des de »",
    "« ça » pour « sa »",
    "« 01 Octobre »",
)


@pytest.mark.parametrize("words", EXPECTED)
def test_the_text_of_2018_is_marked(library: Library, words: str) -> None:
    found = [str(finding) for finding in lint_version(library, library.version("2018-10-01"))]
    assert sum(words in finding for finding in found) == 1, found


def test_every_finding_is_for_staff_and_stands_in_the_text(library: Library) -> None:
    version = library.version("2018-10-01")
    lines = version.source.count("\n")
    for finding in lint_version(library, version):
        assert finding.level == "legal"
        assert finding.file == "cgv/2018-10-01/cgv.md"
        assert 0 <= finding.line <= lines


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        ("n° 7817", "n° 78-17", "78-17"),
        ("une fois et demi le taux légal", "trois fois le taux légal", "sous le minimum"),
        ("### 6.3. Déroulement", "### 6.6. Déroulement", "6.3 : numéro"),
        ("Tout impayé", "Une indemnité de 40 € est due. Tout impayé", "indemnité forfaitaire"),
        ("Tout impayé", "Les factures sont payables à 30 jours. Tout impayé", "aucun délai de paiement"),
        ("la situation de ça demande", "la situation de sa demande", "« ça »"),
        ("Le CLIENT crée", "Le droit français s'applique. Le CLIENT crée", "ni loi applicable"),
        ("zone 1 à 3 inclus", "zone 1 : Haut-Rhin, zone 1 à 3 inclus", "zones de déplacement"),
        ("cryptées par le système SSL", "chiffrées", "« SSL »"),
    ],
)
def test_a_text_that_mends_a_point_is_no_longer_marked_for_it(tmp_content: Path, old: str, new: str, gone: str) -> None:
    path = tmp_content / "cgv/2018-10-01/cgv.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    clauses = tmp_content / "cgv/2018-10-01/clauses.toml"
    toml = clauses.read_text(encoding="utf-8").replace("une fois et demi le", "trois fois le")
    if "trois fois" in new:
        toml = toml.replace('multiple = "1.5"', 'multiple = "3"')
        clauses.write_text(toml, encoding="utf-8")
    library = load_library(tmp_content)
    assert not any(gone in finding.message for finding in lint_version(library, library.versions[0]))


def test_a_version_without_penalty_or_dispute_clause_is_linted_all_the_same(tmp_content: Path) -> None:
    clauses = tmp_content / "cgv/2018-10-01/clauses.toml"
    toml = clauses.read_text(encoding="utf-8")
    toml = toml.replace("[late_penalty]", "[other]").replace("[dispute_form]", "[another]")
    clauses.write_text(toml, encoding="utf-8")
    library = load_library(tmp_content)
    messages = [finding.message for finding in lint_version(library, library.versions[0])]
    assert any("pas de taux de pénalité" in message for message in messages)
    assert not any("contestation par courriel" in message for message in messages)
