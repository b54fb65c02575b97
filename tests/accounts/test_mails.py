"""The wording of each mail of the room, word for word: a change of it is a change somebody meant."""

from types import SimpleNamespace
from typing import Any

import html5lib
import pytest

from portal.accounts.sign_in import LETTERS
from tests.accounts.conftest import NOON

MAILS: dict[str, tuple[dict[str, Any], str, str]] = {
    "code": (
        {"code": "123456", "link": "https://portail.example/lien?id=1&code=123456"},
        "Votre code de connexion\u00a0: 123456",
        """\
Bonjour,

Voici votre code pour vous connecter à l'espace client. Il sert une seule fois, dans les 10 minutes et dans le \
navigateur qui l'a demandé.

123456

Vous pouvez aussi ouvrir cette page, dans n'importe quel navigateur, et confirmer\u00a0:

Me connecter\u00a0:
https://portail.example/lien?id=1&code=123456

Vous n'avez rien demandé\u202f? Ne donnez ce code à personne et ignorez ce message\u00a0: sans lui, personne n'entre.
""",
    ),
    "new_device": (
        {"person": SimpleNamespace(name="Claire Muller"), "device": "Safari sur iPhone", "at": NOON,
         "base_url": "https://portail.example"},
        "Connexion à votre espace client depuis un nouvel appareil",
        """\
Bonjour Claire Muller,

Quelqu'un s'est connecté à votre espace client depuis un appareil que nous ne connaissions pas\u00a0: Safari sur iPhone, \
le 23\u00a0novembre\u00a02026 à 13\u00a0h\u00a000.

C'était vous\u202f? Il n'y a rien à faire.

Sinon, déconnectez cet appareil, puis prévenez-nous\u00a0:

Voir mes appareils\u00a0:
https://portail.example/espace-client/compte/appareils
""",
    ),
    "invitation": (
        {"name": "Jean Roth", "organisation": "Boulangerie Muller", "by": "Claire Muller",
         "link": "https://portail.example/espace-client/invitation/x", "until": NOON},
        "Boulangerie Muller vous ouvre son espace client, jusqu'au 23\u00a0novembre\u00a02026 à 13\u00a0h\u00a000",
        """\
Bonjour Jean Roth,

Claire Muller vous invite à rejoindre l'espace client de Boulangerie Muller\u00a0: vous y suivez les demandes, les devis \
et les factures de votre organisation.

Accepter l'invitation\u00a0:
https://portail.example/espace-client/invitation/x

Le lien sert une seule fois, jusqu'au 23\u00a0novembre\u00a02026 à 13\u00a0h\u00a000. Vous ne connaissez pas cette \
organisation\u202f? Ignorez ce message\u00a0: rien ne sera ouvert à votre nom.
""",
    ),
    "password_changed": (
        {"person": SimpleNamespace(name="Claire Muller")},
        "Votre mot de passe a changé",
        """\
Bonjour Claire Muller,

Le mot de passe de votre espace client vient de changer. Vos autres appareils sont déconnectés.

Ce n'était pas vous\u202f? Répondez à ce message ou appelez-nous sans attendre.
""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("event", sorted(MAILS))
def test_each_mail_says_these_words_in_text_and_in_html(event: str) -> None:
    values, subject, text = MAILS[event]
    letter = LETTERS.write(event, **values)
    assert (letter.subject, letter.text) == (subject, text)
    html5lib.HTMLParser(strict=True).parse(letter.html)
    for line in text.splitlines():
        shown = line.removesuffix("\u00a0:") if line.startswith(("Me connecter", "Accepter", "Voir mes")) else line
        assert shown.replace("&", "&amp;").replace("'", "&#39;") in letter.html


def test_what_somebody_typed_is_no_markup_in_a_mail() -> None:
    values, *_ = MAILS["invitation"]
    letter = LETTERS.write("invitation", **{**values, "name": '<img src="https://mechant.example/x">'})
    assert "<img" not in letter.html


def test_every_mail_of_the_room_is_held_here() -> None:
    names = set(LETTERS.names())
    assert names == set(MAILS)
