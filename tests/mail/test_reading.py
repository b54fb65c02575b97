"""Messages as they come, from the mailers that people use and from those that get everything wrong."""

import base64
from datetime import UTC, datetime

import pytest

from portal.mail.incoming.message import Address, Auto
from portal.mail.incoming.reading import NotAMessage, check_message, read
from tests.mail import letters

HEAD = b"From: Jean Dupont <jean@client.example>\nTo: hotline@ims.example\nSubject: Panne\nMessage-ID: <1@client.example>\n"


def body(content: bytes, charset: str = "", coding: str = "8bit") -> str:
    label = f"; charset={charset}" if charset else ""
    head = f"Content-Type: text/plain{label}\nContent-Transfer-Encoding: {coding}\n\n"
    return read(HEAD + head.encode() + content).text


def subject(value: bytes) -> str:
    return read(b"From: a@b.example\nSubject: " + value + b"\n\nx").subject


# --- Encodings -----------------------------------------------------------------------------------

PHRASE = "L'écran du poste n° 4 est brisé : « ça ne s'allume plus », coût 80 €"


@pytest.mark.parametrize(
    ("declared", "actual"),
    [
        ("utf-8", "utf-8"), ("iso-8859-1", "utf-8"), ("us-ascii", "utf-8"), ("", "utf-8"), ("x-unknown", "utf-8"),
        ("windows-1252", "cp1252"), ("iso-8859-1", "cp1252"), ("us-ascii", "cp1252"), ("utf-8", "cp1252"), ("", "cp1252"),
        ("iso-8859-15", "iso8859_15"), ("iso-8859-15", "utf-8"), ("utf-8", "utf-8-sig"), ("us-ascii", "utf-16"),
        ("utf-16", "utf-16"), ("utf-16le", "utf-16-le"), ("", "utf-16-le"), ("utf-7", "utf-7"), ("unicode-1-1-utf-7", "utf-7"),
        ("no-such-charset", "cp1252"), ("rot13", "utf-8"), ("'utf8'", "utf-8"), ("macintosh", "mac_roman"), ("cp850", "cp850"),
    ],
)  # fmt: skip
def test_french_is_read_whatever_its_label_says(declared: str, actual: str) -> None:
    phrase = PHRASE
    if actual == "cp850":
        phrase = phrase.replace("€", "EUR")
    assert body(phrase.encode(actual), declared) == phrase


@pytest.mark.parametrize(
    ("declared", "actual", "phrase"),
    [
        ("gb2312", "gb2312", "服务器无法启动，请尽快联系我们。"),
        ("gb2312", "gbk", "服务器無法啟動"),
        ("iso-8859-1", "gb2312", "服务器今天早上无法启动，请您尽快与我们的技术人员联系，谢谢。" * 3),
        ("iso-2022-jp", "iso2022_jp", "サーバーが起動しません"),
        ("us-ascii", "iso2022_jp", "サーバーが起動しません"),
        ("shift_jis", "cp932", "サーバー①"),
        ("ks_c_5601-1987", "cp949", "서버가 시작되지 않습니다"),
        ("big5", "big5", "伺服器無法啟動"),
        ("koi8-r", "koi8_r", "Сервер не запускается"),
        (
            "iso-8859-1",
            "cp1251",
            "Сервер сегодня утром не запускается, пожалуйста, позвоните нам как можно скорее." * 2,
        ),
        ("windows-1250", "cp1250", "Serwer nie działa"),
    ],
)
def test_other_scripts_are_read_too(declared: str, actual: str, phrase: str) -> None:
    assert body(phrase.encode(actual), declared) == phrase


def test_utf8_with_one_letter_of_windows_keeps_both() -> None:
    mixed = "Réseau coupé depuis hier à midi, réparé ".encode() + "l’été".encode("cp1252")
    assert body(mixed, "utf-8") == "Réseau coupé depuis hier à midi, réparé l’été"


def test_text_that_was_misread_twice_is_repaired_when_nothing_else_can_be_meant() -> None:
    twice = PHRASE.encode().decode("latin-1").encode()
    assert body(twice, "utf-8") == PHRASE


def test_somebody_who_writes_about_broken_letters_is_left_alone() -> None:
    words = "À la place de é s'affiche Ã© et à la place de è s'affiche Ã¨, même pour ç : Ã§"
    assert body(words.encode(), "utf-8") == words
    assert body("Ã© partout".encode(), "utf-8") == "Ã© partout"


def test_no_text_holds_what_a_database_refuses() -> None:
    text = body(b"a\x00b\x1b[31mc\xed\xa0\x80", "utf-8")
    assert "\x00" not in text
    assert text.encode("utf-8")
    assert text.startswith("ab[31mc")


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_will_do(ends: bytes) -> None:
    incoming = read((HEAD + b"\nun\ndeux\n").replace(b"\n", ends))
    assert incoming.subject == "Panne"
    assert incoming.text == "un\ndeux"


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"\n\n", b"From jean@client.example Tue Nov 24 10:00:00 2026\n", b">From x\n", b"\0\0"]
)
def test_what_stands_before_the_first_field_is_no_part_of_it(before: bytes) -> None:
    assert read(before + HEAD + b"\nun").sender == Address("Jean Dupont", "jean@client.example")


# --- Transfer encodings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        base64.encodebytes("Réseau coupé".encode()),
        base64.b64encode("Réseau coupé".encode()).rstrip(b"=") + b"\n",
        base64.b64encode("Réseau coupé".encode()).replace(b"c", b"c!\n >") + b"\n",
        base64.b64encode(b"R\xc3\xa9se") + b"\n" + base64.b64encode("au coupé".encode()) + b"\n-- \npied",
        base64.b64encode("Réseau coupé".encode()) + b"A",
    ],
)
def test_broken_base64_gives_what_it_holds(content: bytes) -> None:
    assert body(content, "utf-8", "base64").startswith("Réseau coupé")


def test_broken_quoted_printable_gives_what_it_holds() -> None:
    content = b"R=C3=A9seau =\ncoup=c3=a9 100 % = sur =ZZ et =E"
    assert body(content, "utf-8", "quoted-printable") == "Réseau coupé 100 % = sur =ZZ et =E"


def test_a_transfer_encoding_that_nobody_knows_stands_for_itself() -> None:
    assert body("é".encode(), "utf-8", "x-mystere") == "é"


def test_a_uuencoded_file_in_the_text_becomes_an_attachment() -> None:
    incoming = read(HEAD + b"\nVoici.\n\nbegin 644 note.txt\n'8V]N=&5N=```\n`\nend\nMerci\n")
    assert [(one.filename, one.content) for one in incoming.attachments] == [("note.txt", b"content")]
    assert "Voici." in incoming.text
    assert "Merci" in incoming.text
    assert "begin 644" not in incoming.text


def test_lines_that_flow_are_joined_and_their_quotes_kept_apart() -> None:
    head = b"Content-Type: text/plain; charset=utf-8; format=flowed; delsp=no\n\n"
    text = read(HEAD + head + b"une longue \nphrase\n> citee \n> aussi\n-- \nJean\n").text
    assert text == "une longue phrase\n> citee aussi\n-- \nJean"


# --- Fields --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"=?utf-8?Q?R=C3=A9seau_coup=C3=A9?=", "Réseau coupé"),
        (b"=?UTF-8?B?UsOpc2VhdSBjb3Vww6k=?=", "Réseau coupé"),
        (b"=?iso-8859-1?Q?R=E9seau?= =?iso-8859-1?Q?_coup=E9?=", "Réseau coupé"),
        (b"=?utf-8?B?UsM=?=\n =?utf-8?B?qXNlYXU=?=", "Réseau"),
        (b"=?utf-8?B?UsOpc?=\n =?utf-8?B?2VhdQ==?=", "Réseau"),
        (b"=?utf-8?Q?R=C3=A9seau en panne?=", "Réseau en panne"),
        (b"=?utf-8?Q?Qui?_moi?=", "Qui? moi"),
        (b"=?utf-8*fr?Q?R=C3=A9seau?=", "Réseau"),
        (b"=?x-unknown?Q?R=E9seau?=", "Réseau"),
        (b"=?utf-8?Q?R=E9seau?=", "Réseau"),
        (b"Re:=?utf-8?Q?R=C3=A9seau?=(suite)", "Re:Réseau(suite)"),
        (b'"=?utf-8?Q?R=C3=A9seau?="', '"Réseau"'),
        ("Réseau".encode(), "Réseau"),
        ("Réseau".encode("latin-1"), "Réseau"),
        (b"=?utf-8?Q?coup=C3?=", "coupÃ"),
        (b"=?utf-8?Q?jamais fini", "=?utf-8?Q?jamais fini"),
        (b"=?gb2312?B?t/7O8cb3?=", "服务器"),
        (b"plie\n\tsur deux", "plie sur deux"),
        (b"\xe2\x80\xaeexe.tnemucod", "exe.tnemucod"),
        (b"", ""),
    ],
)
def test_a_subject_is_read_in_any_form(value: bytes, words: str) -> None:
    assert subject(value) == words


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"jean@client.example", [("", "jean@client.example")]),
        (b"Jean Dupont <jean@Client.Example>", [("Jean Dupont", "jean@client.example")]),
        (b'"Dupont, Jean" <jean@c.example>, b@c.example', [("Dupont, Jean", "jean@c.example"), ("", "b@c.example")]),
        (b"jean@c.example (Jean Dupont)", [("Jean Dupont", "jean@c.example")]),
        (b"=?utf-8?Q?Ren=C3=A9e,_compta?= <r@c.example>", [("Renée, compta", "r@c.example")]),
        (b"\"'jean@c.example'\" <jean@c.example>", [("'jean@c.example'", "jean@c.example")]),
        (b"a@c.example; b@c.example", [("", "a@c.example"), ("", "b@c.example")]),
        (b"undisclosed-recipients:;", []),
        (b"Equipe: a@c.example, b@c.example;", [("", "a@c.example"), ("", "b@c.example")]),
        (b"Jean Dupont", [("Jean Dupont", "")]),
        (b"<jean@c.example", [("", "jean@c.example")]),
        (b'"jamais ferme <jean@c.example>', [('"jamais ferme', "jean@c.example")]),
        (b"", []),
    ],
)
def test_addresses_are_read_in_any_form(value: bytes, expected: list[tuple[str, str]]) -> None:
    assert [(one.name, one.mail) for one in read(b"From: x@y.example\nTo: " + value + b"\n\n").to] == expected


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (b'Content-Disposition: attachment; filename="devis.pdf"', "devis.pdf"),
        (b"Content-Disposition: attachment; filename=mon devis.pdf", "mon devis.pdf"),
        (b"Content-Disposition: attachment; filename*=UTF-8''d%C3%A9tail.pdf", "détail.pdf"),
        (b"Content-Disposition: attachment; filename*=\"UTF-8''d%C3%A9tail.pdf\"", "détail.pdf"),
        (b"Content-Disposition: attachment; filename=\"UTF-8''d%C3%A9tail.pdf\"", "détail.pdf"),
        (b"Content-Disposition: attachment; filename*=d%C3%A9tail.pdf", "détail.pdf"),
        (b"Content-Disposition: attachment;\n filename*0*=iso-8859-1''d%E9;\n filename*1*=tail;\n filename*2=.pdf", "détail.pdf"),
        (b"Content-Disposition: attachment; filename*1=tail.pdf; filename*0=de", "detail.pdf"),
        (b'Content-Disposition: attachment; filename="=?utf-8?Q?d=C3=A9tail.pdf?="', "détail.pdf"),
        (b"Content-Disposition: attachment; filename==?utf-8?Q?d=C3=A9tail.pdf?=", "détail.pdf"),
        (b'Content-Disposition: attachment; filename="plat.pdf"; filename*=utf-8\'\'d%C3%A9tail.pdf', "détail.pdf"),
        (b'Content-Disposition: attachment; filename="C:\\dossier\\devis.pdf"', "devis.pdf"),
        (b'Content-Disposition: attachment; filename="../../etc/passwd"', "passwd"),
        (b'Content-Type: application/pdf; name="devis;1.pdf"', "devis;1.pdf"),
        ("Content-Disposition: attachment; filename=\"détail.pdf\"".encode("latin-1"), "détail.pdf"),
        (b'Content-Disposition: attachment; filename="jamais ferme.pdf', "jamais ferme.pdf"),
        (b"Content-Disposition: attachment", "piece-jointe-1.pdf"),
        (b"Content-Disposition: attachment; filename=\"" + b"a" * 500 + b".pdf\"", "a" * 146 + ".pdf"),
    ],
)  # fmt: skip
def test_a_file_keeps_its_name_in_any_form(fields: bytes, name: str) -> None:
    kind = b"" if fields.startswith(b"Content-Type") else b"Content-Type: application/pdf\n"
    assert read(HEAD + kind + fields + b"\n\nx").attachments[0].filename == name


def test_a_message_without_anything_but_a_sender_is_read() -> None:
    incoming = read(b"From: a@b.example\n\n")
    assert (incoming.subject, incoming.text, incoming.html, incoming.message_id) == ("", "", "", "")
    assert incoming.sent_at is None


def test_a_text_without_fields_is_all_text() -> None:
    incoming = read(b"Bonjour : voici.\n\nFin")
    assert incoming.text == "Bonjour : voici.\n\nFin"
    assert incoming.sender == Address("", "")


def test_a_date_is_a_moment_and_nonsense_is_none() -> None:
    assert read(HEAD + b"Date: Tue, 24 Nov 2026 10:00:00 +0100\n\n").sent_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    for wrong in (b"hier", b"Tue, 99 Nov 2026 99:00:00 +9999", b"", b"(((("):
        assert read(HEAD + b"Date: " + wrong + b"\n\n").sent_at is None


def test_a_fold_that_lost_its_indent_and_a_missing_empty_line_are_understood() -> None:
    incoming = read(
        b"From: a@b.example\nSubject: un\nReceived: x\nperdu\nTo: c@d.example\nBonjour tout le monde\n\nFin"
    )
    assert incoming.to[0].mail == "c@d.example"
    assert incoming.text == "Bonjour tout le monde\n\nFin"


@pytest.mark.parametrize("raw", [b"", b"   \n", b"\x89PNG\r\n\x1a\n\0\0", b"Bonjour : voici\n", b"{}", b"PK\x03\x04"])
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(NotAMessage):
        check_message(raw)
    read(raw)  # and reading it all the same breaks nothing


def test_a_message_is_not_refused() -> None:
    check_message(HEAD)
    check_message(b"From x Tue Nov 24\nReceived: by x\n\n")


# --- The letters of the corpus -------------------------------------------------------------------


def test_outlook_writes_with_pictures_and_a_head_for_its_quote() -> None:
    incoming = read(letters.OUTLOOK)
    assert incoming.subject == "RE: Votre demande d’intervention – serveur"
    assert incoming.sender == Address("Müller, Claire", "claire@boulangerie.example")
    assert incoming.own_text.startswith("Bonjour,\n\nLe serveur redémarre")
    assert "De :" not in incoming.own_text
    assert "Envoyé" in incoming.text
    assert [(one.filename, one.media_type, one.size) for one in incoming.attachments] == [
        ("image001.png", "image/png", 8), ("Capture d’écran.pdf", "application/pdf", 9),
    ]  # fmt: skip
    assert "[image jointe\u00a0: image001.png]" in incoming.html
    assert "src=" not in incoming.html
    assert "MsoNormal" not in incoming.html


def test_gmail_writes_a_quote_with_a_no_break_space_over_two_lines() -> None:
    incoming = read(letters.GMAIL)
    assert incoming.own_text == "Oui, vous pouvez passer demain à 14 h.\n\nPaul"
    assert "a\nécrit" in incoming.text
    assert incoming.references == ("<ticket.1@portail.example>", "<ticket.2@portail.example>")


def test_apple_mail_puts_text_pictures_and_files_in_a_row() -> None:
    incoming = read(letters.APPLE)
    assert incoming.text == "Voici la photo :\n\net le journal.\n\nEnvoyé de mon iPhone"
    assert [one.filename for one in incoming.attachments] == ["IMG_0001.jpeg", "journal.txt"]
    assert incoming.own_text == "Voici la photo :\n\net le journal."


def test_thunderbird_flows_signs_and_quotes() -> None:
    incoming = read(letters.THUNDERBIRD)
    assert incoming.own_text == "Le problème est réglé, merci beaucoup pour votre aide rapide. On peut clore."
    assert "Sonia Modèle" in incoming.text


def test_html_alone_is_read_as_text_and_loads_nothing() -> None:
    incoming = read(letters.HTML_ONLY)
    assert incoming.text == (
        "Alerte onduleur\n\nL'onduleur est sur batterie.\n\n- Charge : 80 %\n- Autonomie : 12 min\n\n"
        "Voir le détail <https://onduleur.example/d?id=1&x=2>\n\nSite\tÉtat\nMulhouse\tNOK\n\n[image\u00a0: Logo]"
    )
    for word in ("<script", "onclick", "style=", "src=", "javascript:", "http-equiv", "tracker", "<form"):
        assert word not in incoming.html.lower()
    assert "[image\u00a0: Logo]" in incoming.html


def test_a_forward_shows_what_it_forwards() -> None:
    incoming = read(letters.FORWARD)
    assert "Votre disque est plein" in incoming.own_text


def test_nested_messages_stay_whole_under_their_names() -> None:
    incoming = read(letters.NESTED)
    assert [(one.filename, one.media_type) for one in incoming.attachments] == [
        ("Panne d’hier.eml", "message/rfc822"), ("facture.eml", "message/rfc822"),
    ]  # fmt: skip
    inner = read(incoming.attachments[0].content)
    assert inner.subject == "Panne d’hier"
    assert incoming.attachments[0].content in letters.NESTED


def test_an_invitation_is_text_and_a_file() -> None:
    incoming = read(letters.INVITATION)
    assert incoming.text == "Réunion demain"
    assert [(one.filename, one.media_type) for one in incoming.attachments] == [("invitation.ics", "text/calendar")]
    assert b"BEGIN:VCALENDAR" in incoming.attachments[0].content


def test_winmail_dat_is_unpacked() -> None:
    incoming = read(letters.WINMAIL)
    assert [(one.filename, one.content) for one in incoming.attachments] == [
        ("Relevé de température.txt", b"21 degres"), ("photo.png", b"\x89PNG"),
    ]  # fmt: skip
    assert incoming.text == "Texte du paquet à lire"
    assert any("winmail.dat" in remark for remark in incoming.remarks)


def test_a_broken_winmail_dat_is_kept_as_it_is() -> None:
    incoming = read(letters.winmail(b"pas un paquet"))
    assert [(one.filename, one.content) for one in incoming.attachments] == [("winmail.dat", b"pas un paquet")]


def test_a_signed_message_is_read_and_its_signature_kept() -> None:
    incoming = read(letters.SIGNED)
    assert incoming.text == "Message signé"
    assert [one.filename for one in incoming.attachments] == ["smime.p7s"]


def test_a_boundary_that_is_missing_or_never_comes_still_gives_the_text() -> None:
    missing = HEAD + b"Content-Type: multipart/mixed\n\n--xyz\nContent-Type: text/plain\n\nBonjour\n--xyz--\n"
    assert read(missing).text == "Bonjour"
    never = HEAD + b"Content-Type: multipart/mixed; boundary=abc\n\nBonjour\n"
    assert read(never).text == "Bonjour"
    unclosed = HEAD + b"Content-Type: multipart/mixed; boundary=abc\n\n--abc\n\nBonjour\n--abc\n\nFin"
    assert read(unclosed).text == "Bonjour\n\nFin"


def test_text_that_only_says_to_take_another_mailer_gives_way_to_the_html() -> None:
    raw = letters.alternative("This message requires an HTML viewer.", "<p>Le vrai texte</p>")
    assert read(raw).text == "Le vrai texte"
    assert read(letters.alternative("  \n", "<p>Le vrai texte</p>")).text == "Le vrai texte"


# --- Machines ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "auto"),
    [
        (b"", None),
        (b"Auto-Submitted: no\n", None),
        (b"Precedence: first-class\n", None),
        (b"Auto-Submitted: auto-replied (vacation)\n", Auto.REPLY),
        (b"Auto-Submitted: auto-generated\n", Auto.BULK),
        (b"X-Autoreply: yes\n", Auto.REPLY),
        (b"X-Auto-Response-Suppress: All\n", Auto.BULK),
        (b"Precedence: bulk\n", Auto.BULK),
        (b"Precedence: auto_reply\nIn-Reply-To: <a@b>\n", Auto.REPLY),
        (b"List-Id: <liste.example>\n", Auto.LIST),
        (b"List-Unsubscribe: <https://x.example>\n", Auto.LIST),
        (b"Precedence: list\n", Auto.LIST),
        (b"Return-Path: <>\n", Auto.BULK),
        (b"Return-Path: <jean@client.example>\n", None),
        (b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x\n", Auto.RECEIPT),
    ],
)
def test_what_a_machine_wrote_is_known_for_it(fields: bytes, auto: Auto | None) -> None:
    assert read(HEAD + fields + b"\nBonjour").auto is auto


@pytest.mark.parametrize(
    "words",
    [
        "Réponse automatique : Panne",
        "Automatic reply: Panne",
        "Out of Office: x",
        "Absence du bureau",
        "Abwesenheitsnotiz: x",
    ],
)
def test_the_subject_of_an_absence_gives_it_away(words: str) -> None:
    assert read(b"From: a@b.example\nSubject: " + words.encode() + b"\n\nx").auto is Auto.REPLY


def test_a_person_may_write_of_an_absence() -> None:
    assert read("From: a@b.example\nSubject: Panne : réponse automatique en boucle\n\nx".encode()).auto is None
