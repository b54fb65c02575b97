"""Versions in force, and content that cannot be read: every reason, with file and line."""

import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from portal.terms import ContentError, Library, NoVersionInForce, UnknownFigure, UnknownVersion, load_library

SEED = "2018-10-01"


def add_version(content: Path, slug: str, **replacements: str) -> Path:
    """A copy of the real version under another day, with words replaced in its text."""
    folder = content / "cgv" / slug
    shutil.copytree(content / "cgv" / SEED, folder)
    text = (folder / "cgv.md").read_text(encoding="utf-8")
    for old, new in replacements.items():
        text = text.replace(old, new)
    (folder / "cgv.md").write_text(text, encoding="utf-8")
    return folder


def make_draft(folder: Path) -> None:
    clauses = folder / "clauses.toml"
    clauses.write_text(clauses.read_text(encoding="utf-8").replace("draft = false", "draft = true"), encoding="utf-8")


def refusal(content: Path) -> str:
    with pytest.raises(ContentError) as error:
        load_library(content)
    assert error.value.findings
    return str(error.value)


def test_the_hash_is_that_of_the_published_bytes(library: Library, content: Path) -> None:
    raw = (content / "cgv" / SEED / "cgv.md").read_bytes()
    assert library.version(SEED).sha256 == sha256(raw).hexdigest()


def test_the_first_version_is_in_force_from_its_day_and_nothing_was_the_day_before(library: Library) -> None:
    assert library.in_force(date(2018, 10, 1)).slug == SEED
    with pytest.raises(NoVersionInForce, match="30/09/2018"):
        library.in_force(date(2018, 9, 30))


def test_the_only_version_has_no_end(library: Library) -> None:
    assert library.last_day(library.version(SEED)) is None


def test_a_version_ends_on_the_eve_of_the_next_one(tmp_content: Path) -> None:
    add_version(tmp_content, "2027-01-01")
    library = load_library(tmp_content)
    old, new = library.versions
    assert library.last_day(old) == date(2026, 12, 31)
    assert library.in_force(date(2026, 12, 31)) is old
    assert library.in_force(date(2027, 1, 1)) is new
    assert [library.status(version, date(2026, 12, 31)) for version in (old, new)] == ["in_force", "future"]
    assert [library.status(version, date(2027, 1, 1)) for version in (old, new)] == ["past", "in_force"]


def test_a_draft_is_kept_out_unless_asked_for_and_ends_nothing(tmp_content: Path) -> None:
    make_draft(add_version(tmp_content, "2027-01-01"))
    assert [version.slug for version in load_library(tmp_content).versions] == [SEED]
    library = load_library(tmp_content, drafts=True)
    old, draft = library.versions
    assert library.status(draft, date(2028, 1, 1)) == "draft"
    assert library.last_day(old) is None
    assert library.last_day(draft) is None
    assert library.in_force(date(2028, 1, 1)) is old


def test_an_unknown_version_is_refused_with_those_there_are(library: Library) -> None:
    with pytest.raises(UnknownVersion, match="2018-10-01"):
        library.version("2019-01-01")


def test_a_figure_the_version_does_not_give_is_refused(library: Library) -> None:
    with pytest.raises(UnknownFigure, match="point_price"):
        library.version(SEED).figure("point_price")


def test_every_deadline_names_its_article(library: Library) -> None:
    version = library.version(SEED)
    found = {key: version.deadline(key).figure for key in ("quote_validity", "invoice_dispute", "formal_notice")}
    assert {key: figure.article for key, figure in found.items() if figure} == {
        "quote_validity": "5.1",
        "invoice_dispute": "7.4",
        "formal_notice": "10",
    }


def test_the_tariff_is_read_from_the_lists_themselves(library: Library) -> None:
    tariff = library.version(SEED).tariff
    assert [(rate.key, int(rate.rate)) for rate in tariff.liberty] == [
        ("remote-desktop", 60),
        ("remote-server", 80),
        ("remote-software", 75),
        ("project", 80),
        ("onsite-desktop", 75),
        ("onsite-server", 95),
        ("onsite-software", 90),
    ]
    assert [rate.rate for rate in tariff.hourly] == [88, 114]
    assert tariff.kilometre.rate == Decimal("0.60")
    assert [statement.line for statement in tariff.statements] == [
        "Déplacement (Inclus dans le tarif)",
        "Déplacements zone 1 à 3 inclus dans le tarif horaire",
    ]


def test_another_rate_in_a_new_text_is_another_rate_in_its_tariff(tmp_content: Path) -> None:
    add_version(tmp_content, "2027-01-01", **{"88€ HT": "92,50 € HT", "95 Pts": "100 pts", "0.60€": "0,65 €"})
    tariff = load_library(tmp_content).version("2027-01-01").tariff
    assert tariff.hour_rate("technical").rate == Decimal("92.50")
    assert tariff.point_rate("onsite-server").rate == 100
    assert tariff.kilometre.rate == Decimal("0.65")


def test_definitions_say_what_is_defined_and_what_is_only_used(library: Library) -> None:
    version = library.version(SEED)
    assert "Conseiller Technique" in [definition.term for definition in version.definitions]
    assert [definition.term for definition in version.undefined] == ["Prestataire", "Utilisateur"]
    keys = [definition.key for definition in (*version.definitions, *version.undefined)]
    assert keys[:3] == ["cgv", "conditions-particulieres-cp", "client"]
    assert len(set(keys)) == len(keys)


def test_notes_stand_beside_the_text_and_are_not_in_it(library: Library) -> None:
    version = library.version(SEED)
    assert [note.anchor for note in version.notes] == ["art-6-1", "art-6-3", "art-6-3-bis"]
    assert all(note.text not in version.source for note in version.notes)


def test_what_the_source_does_not_say_of_the_company_is_empty_and_listed(library: Library) -> None:
    company = library.company
    assert company.siren == ""
    assert "siren" in [key for key, _ in company.missing()]
    assert company.address[1] == "68460 LUTTERBACH"
    with pytest.raises(AttributeError):
        _ = company.shoe_size


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(content: Path) -> None:
        file = content / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def put(path: str, raw: bytes) -> Callable[[Path], None]:
    def change(content: Path) -> None:
        (content / path).write_bytes(raw)

    return change


def in_its_place(path: str) -> Callable[[Path], None]:
    def change(content: Path) -> None:
        (content / path).unlink()
        (content / path).mkdir()

    return change


CLAUSES = f"cgv/{SEED}/clauses.toml"
TEXT = f"cgv/{SEED}/cgv.md"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda content: (content / "law.toml").unlink(), "law.toml: fichier absent"),
        (lambda content: (content / TEXT).unlink(), f"{TEXT}: fichier absent"),
        (in_its_place("law.toml"), "law.toml: fichier illisible (errno "),
        (lambda content: (content / CLAUSES).unlink(), f"{CLAUSES}: fichier absent"),
        (lambda content: shutil.rmtree(content / "cgv"), "cgv: dossier absent"),
        (shutil.rmtree, "dossier de contenu absent"),
        (lambda content: shutil.rmtree(content / "cgv" / SEED), "aucune version publiable"),
        (lambda content: (content / "cgv" / "bientot").mkdir(), "cgv/bientot: le nom du dossier"),
        (lambda content: (content / "cgv" / "2027-02-30").mkdir(), "cgv/2027-02-30: le nom du dossier"),
        (edit(CLAUSES, "days = 10", "days = "), f"{CLAUSES}:29: TOML invalide"),
        (put("company.toml", b'name = "IMS'), "company.toml:1: TOML invalide"),
        (put(TEXT, "# CGV\n\n## ARTICLE 1 - Été".encode("latin-1")), f"{TEXT}:3: octet 0xc9"),
        (put(CLAUSES, b"\n\n\xff"), f"{CLAUSES}:3: octet 0xff"),
        (edit(TEXT, "\n", "\r\n"), "CRLF"),
        (edit("law.toml", "[gdpr_request]", "[gdpr_other]"), "law.toml: clé manquante"),
        (edit("law.toml", 'percent = "20"', 'percent = "vingt"'), "law.toml: clé manquante ou valeur illisible"),
        (edit("company.toml", "phone =", "fax ="), "company.toml: clé manquante"),
        (edit("processing.toml", "purpose =", "but ="), "processing.toml: clé manquante"),
        (edit("conventions.toml", "because =", "why ="), "conventions.toml: clé manquante"),
        (edit("conventions.toml", "[financial_year]", "[year]"), "law.toml: clé manquante"),
        (edit("conventions.toml", 'month_day = "12-31"', 'month_day = "13-01"'), "conventions.toml: clé manquante ou"),
    ],
)
def test_content_that_cannot_be_read_is_refused_with_its_place(
    tmp_content: Path, spoil: Callable[[Path], None], message: str
) -> None:
    spoil(tmp_content)
    assert message in refusal(tmp_content)


def test_two_versions_on_one_day_are_refused(tmp_content: Path) -> None:
    add_version(tmp_content, f"{SEED}-bis")
    assert "deux versions le même jour" in refusal(tmp_content)


def test_a_draft_may_share_the_day_of_a_version(tmp_content: Path) -> None:
    make_draft(add_version(tmp_content, f"{SEED}-projet"))
    assert len(load_library(tmp_content, drafts=True).versions) == 2


def test_a_link_out_of_the_tree_is_refused_and_one_inside_is_not(tmp_content: Path, tmp_path: Path) -> None:
    (tmp_content / "inside.toml").symlink_to(tmp_content / "law.toml")
    load_library(tmp_content)
    (tmp_path / "secret.toml").write_text("x = 1")
    (tmp_content / "outside.toml").symlink_to(tmp_path / "secret.toml")
    assert "outside.toml: lien symbolique" in refusal(tmp_content)


def test_all_reasons_are_told_at_once(tmp_content: Path) -> None:
    (tmp_content / "law.toml").unlink()
    (tmp_content / "company.toml").write_text("= 1")
    found = refusal(tmp_content)
    assert "law.toml" in found
    assert "company.toml" in found


@pytest.mark.parametrize(
    ("closing", "printed", "since", "last"),
    [
        ("12-31", "31 décembre", "2026-03-01", "2036-12-31"),
        ("12-31", "31 décembre", "2026-12-31", "2036-12-31"),
        ("06-30", "30 juin", "2026-06-30", "2036-06-30"),
        ("06-30", "30 juin", "2026-07-01", "2037-06-30"),
        ("02-29", "29 février", "2026-03-01", "2037-02-28"),
    ],
)
def test_accounting_records_are_kept_from_the_end_of_the_financial_year_that_the_conventions_print(
    tmp_content: Path, closing: str, printed: str, since: str, last: str
) -> None:
    edit("conventions.toml", '"12-31"', f'"{closing}"')(tmp_content)
    library = load_library(tmp_content)
    assert f"clos le {printed} de chaque année" in library.conventions["financial_year"].text
    assert library.law.retention["accounting"].last_day(date.fromisoformat(since)) == date.fromisoformat(last)
    assert library.law.retention["contract"].last_day(date(2024, 2, 29)) == date(2029, 2, 28)
