"""Comparison: clauses, then alinéas, then words; both sides always give back their own text."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.terms import Library, Version, load_library
from portal.terms.diff import BlockChange, ClauseChange, Comparison, Run, compare, likeness, word_runs


@cache
def real() -> Version:
    return load_library(Path(__file__).parents[2] / "content").version("2018-10-01")


def edited(*changes: tuple[str, str]) -> Version:
    text = real().source
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return replace(real(), slug="2027-01-01", raw=text.encode())


def changes(comparison: Comparison) -> list[tuple[str, str]]:
    return [(row.kind, row.clause.anchor) for row in comparison.rows if row.kind != "unchanged"]


def test_a_version_compared_with_itself_is_unchanged() -> None:
    comparison = compare(real(), real())
    assert comparison.identical
    assert len(comparison.rows) == len(real().clauses) + 2 == comparison.count("unchanged")


def test_one_word_changed_is_shown_as_that_word() -> None:
    comparison = compare(real(), edited(("durée de 10 jours", "durée de 15 jours")))
    assert changes(comparison) == [("changed", "art-5-1")]
    row = next(row for row in comparison.rows if row.kind == "changed")
    block = next(block for block in row.blocks if block.kind == "changed")
    assert [run.text for run in block.old_runs if run.kind == "del"] == ["10"]
    assert [run.text for run in block.new_runs if run.kind == "ins"] == ["15"]
    assert [run.kind for run in block.inline_runs] == ["same", "del", "ins", "same"]


def test_a_new_clause_in_the_middle_renumbers_those_after_it_without_changing_them() -> None:
    comparison = compare(
        real(),
        edited(
            ("### 7.6. Réserve", "### 7.7. Réserve"),
            ("### 7.5. Délai", "### 7.6. Délai"),
            ("### 7.4. Retard", "### 7.4. Escompte\n\nAucun escompte n'est accordé.\n\n### 7.5. Retard"),
        ),
    )
    assert changes(comparison) == [
        ("added", "art-7-4"),
        ("renumbered", "art-7-5"),
        ("renumbered", "art-7-6"),
        ("renumbered", "art-7-7"),
    ]
    assert not any(row.text_changed for row in comparison.rows if row.kind == "renumbered")


def test_a_removed_clause_stands_at_its_old_place() -> None:
    text = real().source
    start, end = text.index("### 7.2 Fiches"), text.index("### 7.3. Conditions")
    comparison = compare(real(), edited((text[start:end], "")))
    anchors = [row.clause.anchor for row in comparison.rows]
    assert changes(comparison) == [("removed", "art-7-2")]
    assert anchors[anchors.index("art-7-2") + 1] == "art-7-3"
    assert comparison.rows[-2].clause.anchor == "art-13"


def test_a_clause_removed_at_the_end_is_not_lost() -> None:
    text = real().source
    start, end = text.index("## ARTICLE 13"), text.index("Date de dernière")
    assert changes(compare(real(), edited((text[start:end], "")))) == [("removed", "art-13")]


def test_a_moved_article_is_moved_not_removed_and_added() -> None:
    text = real().source
    start, end = text.index("## ARTICLE 8."), text.index("## ARTICLE 9.")
    article = text[start:end]
    comparison = compare(real(), edited((article, ""), ("## ARTICLE 11.", article + "## ARTICLE 11.")))
    assert changes(comparison) == [("moved", "art-8")]


def test_a_rewritten_alinea_is_paired_and_a_new_one_is_added() -> None:
    comparison = compare(
        real(),
        edited(
            ("Ces CGV prévaudront", "Les présentes CGV prévaudront"),
            ("L'utilisateur et le bénéficiaire peuvent être différents.", "Un bénéficiaire peut être nommé.\n\nRien."),
        ),
    )
    assert changes(comparison) == [("changed", "art-1"), ("changed", "art-2")]
    row = next(row for row in comparison.rows if row.clause.anchor == "art-2")
    assert [block.kind for block in row.blocks].count("added") == 2
    assert [block.kind for block in row.blocks].count("removed") == 1


def test_an_item_added_to_a_list_is_an_item() -> None:
    comparison = compare(real(), edited(("- Heure ingénierie", "- Heure de nuit\n- Heure ingénierie")))
    row = next(row for row in comparison.rows if row.kind == "changed")
    assert [(block.role, block.kind) for block in row.blocks if block.kind != "same"] == [("item", "added")]


def test_typography_of_a_number_alone_is_a_change() -> None:
    assert changes(compare(real(), edited(("### 6.2 Signal", "### 6.2. Signal")))) == [("changed", "art-6-2")]


def test_the_title_and_the_closing_line_are_compared_too() -> None:
    later = edited(("01 Octobre 2018", "1er janvier 2019"))
    assert changes(compare(real(), later)) == [("changed", "date")]
    assert changes(compare(real(), edited(("# CONDITIONS GENERALES", "# CONDITIONS")))) == [("changed", "titre")]
    comparison = compare(real(), edited(("Date de dernière mise à jour : 01 Octobre 2018\n", "")))
    assert changes(comparison) == [("removed", "date")]
    assert changes(compare(edited(("# CONDITIONS GENERALES DE VENTE IMS PARTNERS\n", "")), real())) == [
        ("added", "titre")
    ]


@pytest.mark.parametrize(
    ("old", "new", "gone", "come"),
    [
        ("Déplacements 0.60€ / km", "Déplacements 0.70€ / km", "0.60", "0.70"),
        ("88€ HT", "98€ HT", "88", "98"),
        ("1 234,56 €", "1 334,56 €", "1 234,56", "1 334,56"),
        ("1 à 3 zones", "1 à 4 zones", "3", "4"),
    ],
)
def test_a_number_changes_as_one_word(old: str, new: str, gone: str, come: str) -> None:
    left, right = word_runs(old, new)
    assert [run.text for run in left if run.kind == "del"] == [gone]
    assert [run.text for run in right if run.kind == "ins"] == [come]


def test_likeness_runs_from_nothing_in_common_to_the_same_words() -> None:
    assert likeness("a b c", "x y z") == 0.0
    assert likeness("", "") == 1.0
    assert likeness("a", "") == 0.0
    assert likeness("le devis signé", "Le devis signé.") == 1.0


def test_a_change_without_a_side_has_no_name() -> None:
    with pytest.raises(ValueError, match="at least one side"):
        _ = ClauseChange("changed", None, None, True, ()).clause


WORDS = st.text(alphabet="abé ,.'«»\u00a0", max_size=60)


@given(WORDS, WORDS)
def test_both_sides_of_a_word_diff_give_back_their_text(old: str, new: str) -> None:
    left, right = word_runs(old, new)
    assert "".join(run.text for run in left) == old
    assert "".join(run.text for run in right) == new
    merged = BlockChange("paragraph", "changed", left, right).inline_runs
    assert "".join(run.text for run in merged if run.kind != "ins") == old
    assert "".join(run.text for run in merged if run.kind != "del") == new


@given(st.data())
def test_any_edit_keeps_every_clause_of_both_sides_once(data: st.DataObject) -> None:
    blocks = real().source.split("\n\n")
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(2, len(blocks) - 2))
        match data.draw(st.sampled_from(["drop", "swap", "word"])):
            case "drop":
                del blocks[index]
            case "swap":
                blocks[index], blocks[index - 1] = blocks[index - 1], blocks[index]
            case _:
                blocks[index] += " encore"
    new = replace(real(), slug="x", raw="\n\n".join(blocks).encode())
    comparison = compare(real(), new)
    numbered = [row for row in comparison.rows if row.clause.number]
    assert [row.new for row in numbered if row.new] == list(new.clauses)
    assert sorted(id(row.old) for row in numbered if row.old) == sorted(id(c) for c in real().clauses)
    for row in comparison.rows:
        if row.kind == "unchanged":
            continue
        for clause, side in ((row.old, "old_runs"), (row.new, "new_runs")):
            if clause is not None:
                runs: list[Run] = [run for block in row.blocks for run in getattr(block, side)]
                words = "".join(run.text for run in runs)
                assert words == clause.heading + "".join(item for b in clause.blocks for item in b.items)


def test_a_library_compares_its_own_versions(library: Library) -> None:
    version = library.versions[0]
    assert compare(version, version).old == version.slug
