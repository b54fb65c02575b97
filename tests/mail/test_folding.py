"""What was written now, what was quoted, who signed; nothing of it lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.mail.incoming.folding import MARKER, fold
from portal.mail.incoming.message import Fold

OWN = "Bonjour,\n\nl'écran reste noir.\n"


def own(text: str, subject: str = "Re: Panne") -> str:
    return "".join(passage.text for passage in fold(text, subject=subject) if passage.fold is None).strip()


@pytest.mark.parametrize(
    "quoted",
    [
        "Le mar. 24 nov. 2026 à 08:55, IMS <h@ims.example> a écrit :\n\n> Bonjour\n> Quand ?\n",
        "Le mar. 24 nov. 2026 à 08:55, IMS <h@ims.example> a écrit\u00a0:\n\n> Bonjour\n",
        "Le mar. 24 nov. 2026 à 08:55, IMS Partners <hotline@ims.example> a\nécrit\u00a0:\n\n> Bonjour\n",
        "Le mardi 24 novembre 2026\nà 08:55:12 UTC+1,\nIMS Partners <hotline@ims.example> a écrit :\n\nBonjour sans marque\n",
        "Le 24/11/2026 à 10:30, IMS a écrit\u202f:\nBonjour\n",
        "IMS Partners a écrit :\n> Bonjour\n",
        "On Tue, Nov 24, 2026 at 8:55 AM IMS <h@ims.example> wrote:\n\n> Hello\n",
        "Am 24.11.2026 um 08:55 schrieb IMS Partners:\n> Guten Tag\n",
        "De : IMS <h@ims.example>\nEnvoyé : mardi 24 novembre 2026 08:55\nÀ : Claire\nObjet : Panne\n\nBonjour\n",
        "De\u00a0: IMS <h@ims.example>\nEnvoyé\u00a0: mardi\nÀ\u00a0: Claire\nObjet\u00a0: Panne\n\nBonjour\n",
        "________________________________\nDe : IMS <h@ims.example>\nDate : mardi\nÀ : Claire\nObjet : Panne\nBonjour\n",
        "*De :* IMS <h@ims.example>\n*Envoyé :* mardi\n*À :* Claire\n\nBonjour\n",
        "From: IMS\nSent: Tuesday\nTo: Claire\nSubject: Panne\n\nHello\n",
        "-----Message d'origine-----\nDe : IMS\nBonjour\n",
        "-----Original Message-----\nHello\n",
        f"— {MARKER} —\n\nBonjour Claire\n",
        "Merci de répondre au-dessus de cette ligne\nBonjour\n",
        "> Merci de répondre au-dessus de cette\u00a0ligne\n> Bonjour\n".replace("\u00a0", " "),
        "> Bonjour\n> Quand ?\n",
    ],
)
def test_a_quote_is_folded_in_every_mailers_manner(quoted: str) -> None:
    passages = fold(f"{OWN}\n{quoted}", subject="Re: Panne")
    assert "".join(passage.text for passage in passages) == f"{OWN}\n{quoted}"
    assert own(f"{OWN}\n{quoted}") == OWN.strip()
    assert {passage.fold for passage in passages} == {None, Fold.QUOTE}


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nClaire\nBoulangerie\n",
        "--\nClaire\n",
        "Envoyé de mon iPhone",
        "Envoyé à partir de Outlook pour Android<https://aka.example>",
        "Obtenir Outlook pour iOS",
        "Sent from my Galaxy",
    ],
)
def test_a_signature_is_folded(signature: str) -> None:
    assert own(f"{OWN}\n{signature}") == OWN.strip()


def test_what_follows_a_closing_word_is_the_signature_and_the_word_stays() -> None:
    text = f"{OWN}\nBien cordialement,\n\nClaire Müller\nTél. 03 89 00 00 00\nCe message est confidentiel.\n"
    assert own(text) == f"{OWN}\nBien cordialement,".strip()


@pytest.mark.parametrize("said", ["PS : le code est 1234", "Pouvez-vous venir demain ?", "x" * 200])
def test_what_is_still_said_below_a_closing_word_stays(said: str) -> None:
    text = f"{OWN}\nCordialement,\n\nClaire\n{said}\n"
    assert own(text) == text.strip()


@pytest.mark.parametrize(
    "words",
    [
        "Ce qui ne va pas :\n- le serveur\n- l'imprimante\n-l'écran",
        "Le technicien a écrit :\nredémarrez deux fois.",
        "De : la part de Paul, merci.\nEt de tous.",
        "De 8 h à 10 h : rien.\nÀ : 11 h : panne.",
        "Sur l'écran je lis :\n----------\nERREUR 12\n----------",
        "Cordialement",
    ],
)
def test_what_only_looks_like_it_is_left_alone(words: str) -> None:
    assert own(words) == words


def test_answers_between_quotes_all_stay() -> None:
    text = "Le 24/11/2026, IMS a écrit :\n> Marque ?\nDell\n> Depuis quand ?\nlundi\n\n-- \nClaire"
    assert own(text) == "Dell\nlundi"


def test_a_forward_and_a_text_that_is_all_quotes_are_shown_whole() -> None:
    text = "De : a@b.example\nEnvoyé : lundi\nÀ : c\nObjet : x\n\nDisque plein"
    assert own(text, subject="TR: Disque") == text
    assert own("> tout\n> est cité") == "> tout\n> est cité"


@given(
    st.lists(
        st.sampled_from(
            [
                "", "> cité", "-- ", "Le 24/11/2026 à 10:00, x a", "écrit :", "De : a@b", "Envoyé : lundi", "À : c", "Objet : d",
                "Cordialement,", "Claire", "Envoyé de mon iPhone", MARKER, "________________", "du texte", "\u00a0", "On x wrote:",
            ]
        )
        | st.text(max_size=20),
        max_size=25,
    )
)  # fmt: skip
def test_nothing_is_ever_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert "".join(passage.text for passage in fold(text)) == text
