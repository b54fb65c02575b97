"""Who is taken out of a text, and who is not: a longer name or address is somebody else's."""

from dataclasses import replace

import pytest

from portal.privacy.masking import Identity, alike, words

#: Parts of names are others' too throughout: whole names and addresses alone say who is meant.
MARC = Identity(
    "Effacé", frozenset({"marc.dupont@x.fr"}), frozenset({"Marc Dupont"}),
    spared=frozenset({"jean", "marc", "dupont"}),
)  # fmt: skip
MARIE = Identity(
    "Effacé", frozenset({"marie.durand@x.fr"}), frozenset({"Marie Durand"}),
    spared=frozenset({"anne", "marie", "durand"}), others=frozenset({"Anne Marie Durand", "anne.marie.durand@x.fr"}),
)  # fmt: skip


@pytest.mark.parametrize(
    "theirs",
    [
        "Jean-Marc Dupont", "JEAN-MARC DUPONT", "jean-marc.dupont@x.fr", "jean.marc.dupont@x.fr", "Marc Dupont-Petit",
        "jean-marc.dupont", "x+marc.dupont@x.fr", "<jean-marc.dupont@x.fr>", "marc.dupont-petit@x.fr",
    ],
)  # fmt: skip
@pytest.mark.parametrize("parts_alone", [True, False])
def test_a_name_within_a_longer_one_is_somebody_elses(theirs: str, parts_alone: bool) -> None:
    known = replace(MARC, spared=frozenset() if parts_alone else MARC.spared, others=frozenset({theirs.strip("<>")}))
    assert known.mask(f"Vu avec {theirs}.") == f"Vu avec {theirs}."
    if not parts_alone:
        assert MARC.mask(f"Vu avec {theirs}.") == f"Vu avec {theirs}."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Demandé par Marc Dupont.", "Demandé par Effacé."),
        ("- Marc Dupont\n-Marc Dupont\n— DUPONT Marc", "- Effacé\n-Effacé\n— Effacé"),
        ("Marc Dupont - absent", "Effacé - absent"),
        ("marc.dupont.", "Effacé."),
        ("Marc Dupont <marc.dupont@x.fr>, Jean-Marc Dupont", "Effacé, Jean-Marc Dupont"),
        ("Marc Dupont (MARC.DUPONT%40x.fr)", "Effacé"),
    ],
)
def test_alone_they_are_still_masked(text: str, left: str) -> None:
    assert MARC.mask(text) == left


@pytest.mark.parametrize(
    "theirs", ["Anne Marie Durand", "Durand Anne Marie", "anne.marie.durand@x.fr", "ANNE MARIE DURAND"]
)
def test_the_names_of_others_that_hold_this_one_stay(theirs: str) -> None:
    assert MARIE.mask(f"{theirs} a vu Marie Durand") == f"{theirs} a vu Effacé"
    assert MARIE.mask(theirs) is theirs


def test_a_shorter_name_of_another_does_not_hide_this_one() -> None:
    anne = Identity(
        "Effacé", frozenset({"a@x.fr"}), frozenset({"Anne Marie Durand"}), spared=MARIE.spared,
        others=frozenset({"Marie Durand", "Anne Marie"}),
    )  # fmt: skip
    assert anne.mask("Anne Marie Durand, Marie Durand") == "Effacé, Marie Durand"


def test_only_others_that_could_be_taken_for_somebody_are_kept_in_mind() -> None:
    others = {"Anne Marie Durand", "Paul Weber", "anne.marie.durand@x.fr", "paul@x.fr", "contact-marie@x.fr"}
    found = alike(others, ["Marie Durand"], ["md@x.fr"])
    assert found == {"Anne Marie Durand", "anne.marie.durand@x.fr", "contact-marie@x.fr"}


def test_every_text_of_a_json_value_is_read_as_it_is() -> None:
    assert list(words({"a": ["b\nc", 1, None, {"d": "e"}]})) == ["a", "b\nc", "d", "e"]
