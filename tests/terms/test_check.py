"""The content check yields every problem with its file and line, and the real content has no error."""

from pathlib import Path

import pytest

from portal.terms import Finding, load_library
from portal.terms.check import check_content, check_library
from portal.terms.figures import says

CLAUSES = "cgv/2018-10-01/clauses.toml"
TEXT = "cgv/2018-10-01/cgv.md"


def errors(content: Path) -> list[str]:
    return [str(finding) for finding in check_content(content) if finding.level == "error"]


def test_the_real_content_has_no_error_and_says_what_is_to_fill_in(content: Path) -> None:
    assert errors(content) == []
    todo = [finding.message for finding in check_content(content) if finding.level == "todo"]
    assert "à compléter : numéro SIREN (siren)" in todo


def test_every_finding_to_fill_in_names_its_line(content: Path) -> None:
    for finding in check_content(content):
        lines = (content / finding.file).read_text(encoding="utf-8").split("\n")
        assert finding.line
        assert lines[finding.line - 1].split(" ")[0].strip("[]") in finding.message


def test_a_rate_of_the_central_bank_is_asked_for_until_there_is_one(tmp_content: Path) -> None:
    def todo() -> list[str]:
        return [str(finding) for finding in check_content(tmp_content) if "ecb_rate" in finding.message]

    assert len(todo()) == 1
    _edit(tmp_content / "law.toml", "[ecb_rate.percent]", '[ecb_rate.percent]\n"2019-S1" = "0.00"')
    assert todo() == []
    assert load_library(tmp_content).law.ecb_rates == {"2019-S1": 0}


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (CLAUSES, "10 jours ferme", "12 jours ferme", "n'est pas dans l'article 5.1"),
        (CLAUSES, "days = 10", "days = 11", "les mots cités ne disent pas 11"),
        (CLAUSES, 'multiple = "1.5"', 'multiple = "2"', "les mots cités ne disent pas 2"),
        (CLAUSES, 'multiple = "1.5"', 'multiple = "beaucoup"', "n'est pas un nombre"),
        (CLAUSES, 'article = "5.1"', 'article = "5.9"', "l'article '5.9' n'existe pas"),
        (CLAUSES, "[formal_notice]", "[other_notice]", "[formal_notice] manque"),
        (CLAUSES, "days = 10\n", "", "[quote_validity] : une valeur"),
        (CLAUSES, 'hourly = "7.1.1"', 'hourly = "7.9"', "[tariff] : hourly et points"),
        (CLAUSES, 'hourly = "7.1.1"', 'hourly = "7.1.2"', "tarif : "),
        (CLAUSES, 'repeated_numbers = ["6.3"]', "repeated_numbers = []", f"{TEXT}:68: numéro 6.3 déjà pris"),
        (CLAUSES, 'repeated_numbers = ["6.3"]', 'repeated_numbers = ["6.3", "6.9"]', "repeated_numbers nomme 6.9"),
        (CLAUSES, 'words = ["TIERS"]', 'words = ["QUART"]', "« QUART » n'est pas dans le texte"),
        (CLAUSES, 'term = "Tiers"', 'nom = "Tiers"', "[[definitions]] : term et words"),
        (CLAUSES, '[[notes]]\narticle = "6.1"', '[[notes]]\narticle = "66"', "[[notes]] : l'article '66'"),
        (TEXT, "## ARTICLE 8. Ressource", "## Ressource", "titre sans numéro : « Ressource »"),
        (TEXT, "### 7.3. Conditions", "### 8.3. Conditions", f"{TEXT}:117: le numéro 8.3 n'est pas de l'article 7"),
        (TEXT, "### 7.3. Conditions", "#### 7.3. Conditions", "3 dièses attendus, 4 lus"),
        (TEXT, "## ARTICLE 9. Durée", "## ARTICLE 8. Durée", "numéro 8 déjà pris"),
        (TEXT, "## ARTICLE 1 - OBJET", "Égaré.\n\n## ARTICLE 1 - OBJET", f"{TEXT}:3: texte hors d'un article"),
        (TEXT, "# CONDITIONS", "CONDITIONS", "pas de titre"),
        (TEXT, "Date de dernière mise à jour", "Mis à jour", "la dernière ligne"),
        (TEXT, "Gestion de projet : 80 Pts", "Gestion de projets : 80 Pts", "nature de travail inconnue"),
        (TEXT, "- Gestion de projet : 80 Pts / Heure\n", "", "« Gestion de projet » : absent de 7.1.2"),
        (TEXT, "- Heure ingénierie : 114€ HT", "- Heure technique : 114€ HT", "imprimé deux fois"),
        (TEXT, "- Heure ingénierie : 114€ HT", "- Heure astrale : 114€ HT", "heure inconnue"),
        (TEXT, "hors zone 0.60€ / km", "hors zone offerts", "le prix du kilomètre hors zone"),
        (
            "conventions.toml",
            'articles = ["7.1.2"]',
            'articles = ["7.8"]',
            "l'article 7.8 n'existe dans aucune version",
        ),
        ("processing.toml", 'article = "13"', 'article = "31"', "l'article 31 n'existe dans aucune version"),
        ("processing.toml", 'retention = "contract"', 'retention = "moon"', "retention « moon »"),
        ("processing.toml", 'retention = "contract"\n', "", "retention ou retention_text"),
        ("processing.toml", 'sweeps = ["prospects"]', 'sweeps = ["moon"]', "« moon » n'est pas une [[sweep]]"),
        (
            "processing.toml",
            'sweeps = ["invoice_mails"]\n',
            "",
            "[[sweep]] invoice_mails : aucun traitement ne l'annonce",
        ),
        (
            "law.toml",
            "[retention.rights]",
            '[retention.moon]\nyears = 1\nfrom = "a"\nsource = "b"\n\n[retention.rights]',
            "[retention.moon] : aucun traitement ne s'y réfère",
        ),
        ("law.toml", '"2026-S1"', '"2026-S3"', "« 2026-S3 » n'est pas un semestre"),
        ("company.toml", 'siren = ""', 'siren = "123456789"', "clé de contrôle fausse"),
        ("company.toml", 'siren = ""', 'sirene = ""', "« sirene » : clé inconnue"),
        ("company.toml", 'capital = ""', "capital = 8000", "company.toml:19: capital = 8000 : du texte"),
        (CLAUSES, "draft = false", "brouillon = true", "« brouillon » n'est pas une clé connue"),
        (TEXT, "01 Octobre 2018", "02 Octobre 2018", "mise à jour : 01 Octobre 2018 » n'est pas dans le texte"),
    ],
)
def test_each_problem_is_told_where_it_stands(tmp_content: Path, file: str, old: str, new: str, expected: str) -> None:
    path = tmp_content / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = errors(tmp_content)
    assert any(expected in finding for finding in found), found


@pytest.mark.parametrize(
    ("closing", "told"),
    [
        ("01 Octobre 2018", False),
        ("1er octobre 2018", False),
        ("2 octobre 2018", True),
        ("31 février 2018", False),
        ("hier", False),
    ],
)
def test_a_printed_day_that_is_not_the_folders_is_to_be_looked_at(tmp_content: Path, closing: str, told: bool) -> None:
    _edit(tmp_content / TEXT, "01 Octobre 2018", closing)
    found = [str(finding) for finding in check_content(tmp_content) if finding.level == "todo"]
    assert any(f"{TEXT}:193: à vérifier : le texte dit 02/10/2018" in finding for finding in found) is told


def test_a_number_taken_twice_by_two_articles_gets_its_own_address_when_declared(tmp_content: Path) -> None:
    _edit(tmp_content / TEXT, "## ARTICLE 9. Durée", "## ARTICLE 8. Durée")
    _edit(tmp_content / CLAUSES, 'repeated_numbers = ["6.3"]', 'repeated_numbers = ["6.3", "8"]')
    version = load_library(tmp_content).versions[0]
    assert [article.slug for article in version.articles][7:9] == ["article-8", "article-8-bis"]
    assert version.article("article-8-bis").anchor == "art-8-bis"


def test_a_text_without_articles_is_told(tmp_content: Path) -> None:
    (tmp_content / TEXT).write_text("# CGV\n\nDate de dernière mise à jour : hier\n", encoding="utf-8")
    assert any("aucun article" in finding for finding in errors(tmp_content))


def test_content_that_does_not_load_is_told_by_the_check_too(tmp_content: Path) -> None:
    (tmp_content / "law.toml").unlink()
    assert errors(tmp_content) == ["law.toml: fichier absent"]


def test_a_version_that_passed_before_is_not_read_again(tmp_content: Path) -> None:
    _edit(tmp_content / CLAUSES, "days = 10", "days = 11")
    library = load_library(tmp_content)
    good = {library.versions[0].digest}
    assert not [finding for finding in check_library(library, known_good=good) if finding.level == "error"]


def test_a_finding_reads_as_file_line_and_words() -> None:
    assert str(Finding("a.toml", 3, "mot")) == "a.toml:3: mot"
    assert str(Finding("a.toml", 0, "mot")) == "a.toml: mot"


@pytest.mark.parametrize(
    ("quote", "value", "said"),
    [
        ("un délai de quinze jours", "15", True),
        ("un délai de 15 jours", "15", True),
        ("un délai de seize jours", "15", False),
        ("une fois et demi le taux", "1.5", True),
        ("2,5 fois", "2.5", True),
        ("115 jours", "15", False),
    ],
)
def test_a_figure_is_recognised_in_digits_and_in_letters(quote: str, value: str, said: bool) -> None:
    from decimal import Decimal

    assert says(quote, Decimal(value)) is said


def _edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
