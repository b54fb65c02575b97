"""Letters as the mailers of this world write them; all of them invented."""

import base64
import struct


def alternative(text: str, html: str, fields: str = "") -> bytes:
    return (
        f"From: Jean <jean@client.example>\nSubject: Panne\n{fields}MIME-Version: 1.0\n"
        'Content-Type: multipart/alternative; boundary="alt"\n\n--alt\nContent-Type: text/plain; charset="utf-8"\n\n'
        f'{text}\n--alt\nContent-Type: text/html; charset="utf-8"\n\n{html}\n--alt--\n'
    ).encode()


OUTLOOK = b"""Received: from mail.example by mx.ims.example; Tue, 24 Nov 2026 10:00:00 +0100
From: =?iso-8859-1?Q?M=FCller=2C_Claire?= <claire@boulangerie.example>
To: "hotline@ims-partners.example" <hotline@ims-partners.example>
Subject: =?Windows-1252?Q?RE:_Votre_demande_d=92intervention_=96_serveur?=
Thread-Topic: Votre demande
Message-ID: <DB9PR01MB0001@DB9PR01MB0001.eurprd01.prod.example>
In-Reply-To: <ticket.7@portail.example>
Content-Language: fr-FR
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="_005_"

--_005_
Content-Type: multipart/related; boundary="_004_"; type="multipart/alternative"

--_004_
Content-Type: multipart/alternative; boundary="_000_"

--_000_
Content-Type: text/plain; charset="Windows-1252"
Content-Transfer-Encoding: quoted-printable

Bonjour,

Le serveur red=E9marre toutes les 10 minutes, l=92=E9cran affiche une erreu=
r.

Cordialement,

Claire M=FCller
Boulangerie Exemple
03 89 00 00 00

________________________________
De : IMS Partners <hotline@ims-partners.example>
Envoy=E9 : lundi 23 novembre 2026 17:02
=C0 : Claire M=FCller <claire@boulangerie.example>
Objet : Votre demande d'intervention

Bonjour, nous avons bien recu votre demande.

--_000_
Content-Type: text/html; charset="Windows-1252"
Content-Transfer-Encoding: quoted-printable

<html xmlns:o=3D"urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal {margin:0} --></style>
<!--[if gte mso 9]><xml></xml><![endif]--></head><body lang=3D"FR"><div class=3D"WordSection1">
<p class=3D"MsoNormal">Bonjour,<o:p></o:p></p><p class=3D"MsoNormal">Le serveur red=E9marre.<o:p></o:p></p>
<p class=3D"MsoNormal"><img width=3D"100" src=3D"cid:image001.png@01DC0001" alt=3D"logo"></p></div></body></html>
--_000_--

--_004_
Content-Type: image/png; name="image001.png"
Content-Description: image001.png
Content-Disposition: inline; filename="image001.png"; size=8
Content-ID: <image001.png@01DC0001>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--_004_--

--_005_
Content-Type: application/pdf; name="=?Windows-1252?Q?Capture_d=92=E9cran.pdf?="
Content-Disposition: attachment; filename="=?Windows-1252?Q?Capture_d=92=E9cran.pdf?="; size=9
Content-Transfer-Encoding: base64

JVBERi0xLjcK
--_005_--
"""

GMAIL = (
    "MIME-Version: 1.0\nFrom: Paul Exemple <paul@boulangerie.example>\nTo: IMS <hotline@ims-partners.example>\n"
    "Date: Tue, 24 Nov 2026 09:12:00 +0100\nMessage-ID: <CAF0@mail.gmail.example>\n"
    "In-Reply-To: <ticket.2@portail.example>\nReferences: <ticket.1@portail.example> <ticket.2@portail.example>\n"
    'Subject: Re: Rendez-vous\nContent-Type: multipart/alternative; boundary="0000"\n\n'
    '--0000\nContent-Type: text/plain; charset="UTF-8"\nContent-Transfer-Encoding: 8bit\n\n'
    "Oui, vous pouvez passer demain à 14 h.\n\nPaul\n\n"
    "Le mar. 24 nov. 2026 à 08:55, IMS Partners <hotline@ims-partners.example> a\nécrit\u00a0:\n\n"
    "> Pouvons-nous passer demain ?\n>\n> IMS Partners\n\n"
    '--0000\nContent-Type: text/html; charset="UTF-8"\nContent-Transfer-Encoding: 8bit\n\n'
    '<div dir="ltr">Oui, vous pouvez passer demain à 14 h.</div><br><div class="gmail_quote">'
    '<blockquote class="gmail_quote">Pouvons-nous passer demain ?</blockquote></div>\n--0000--\n'
).encode()

APPLE = (
    "From: Claire <claire@boulangerie.example>\nContent-Type: multipart/mixed; boundary=Apple-Mail-1\nMime-Version: 1.0\n"
    "Subject: Photo\nMessage-Id: <A1@boulangerie.example>\n\n"
    "--Apple-Mail-1\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nVoici la photo :\n"
    '--Apple-Mail-1\nContent-Type: image/jpeg; name="IMG_0001.jpeg"\nContent-Disposition: inline; filename=IMG_0001.jpeg\n'
    "Content-Transfer-Encoding: base64\n\n/9j/4AAQ\n"
    "--Apple-Mail-1\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\net le journal.\n"
    '--Apple-Mail-1\nContent-Type: text/plain; charset=utf-8; name="journal.txt"\nContent-Disposition: inline; filename=journal.txt\n'
    "\nligne 1\n"
    "--Apple-Mail-1\nContent-Type: text/plain; charset=us-ascii\n\n\n"
    "--Apple-Mail-1\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nEnvoyé de mon iPhone\n"
    "--Apple-Mail-1--\n"
).encode()

THUNDERBIRD = (
    "Message-ID: <t1@garage.example>\nDate: Tue, 24 Nov 2026 11:00:00 +0100\nMIME-Version: 1.0\n"
    "User-Agent: Mozilla Thunderbird\nSubject: Re: [TIC-2026-0007] Imprimante\nFrom: =?UTF-8?Q?Sonia_Mod=C3=A8le?= <sonia@garage.example>\n"
    "In-Reply-To: <ticket.3@portail.example>\nContent-Type: text/plain; charset=UTF-8; format=flowed\nContent-Transfer-Encoding: 8bit\n\n"
    "Le 24/11/2026 à 10:30, IMS Partners a écrit :\n> Est-ce que l'imprimante \n> fonctionne ?\n\n"
    "Le problème est réglé, merci beaucoup \npour votre aide rapide. On peut clore.\n\n-- \nSonia Modèle\nGarage Modèle\n"
).encode()

HTML_ONLY = """From: onduleur@client.example
Subject: Alerte
Message-ID: <o1@client.example>
Content-Type: text/html

<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><title>Alerte</title>
<style>p{color:red}</style><script>alert(1)</script></head><body onclick="x()">
<h1>Alerte onduleur</h1><p style="color:red">L'onduleur est   sur batterie.</p>
<ul><li>Charge : 80 %</li><li>Autonomie : 12 min</li></ul>
<form action="https://evil.example"><a href="https://onduleur.example/d?id=1&amp;x=2" onclick="y()">Voir le d\xe9tail</a></form>
<a href="javascript:alert(1)"></a>
<table><tr><th>Site</th><th>\xc9tat</th></tr><tr><td>Mulhouse</td><td>NOK</td></tr></table>
<img src="https://tracker.example/p.gif" width=1><img src="//cdn.example/logo.png" alt="Logo"></body></html>
""".encode("latin-1")

FORWARD = (
    "From: claire@boulangerie.example\nSubject: TR: Alerte NAS\nContent-Type: text/plain; charset=utf-8\n\n"
    "Pouvez-vous regarder ?\n\nDe : nas@boulangerie.example\nEnvoyé : lundi 23 novembre 2026\nÀ : claire@boulangerie.example\n"
    "Objet : Alerte NAS\n\nVotre disque est plein à 99 %.\n"
).encode()

NESTED = b"""From: claire@boulangerie.example
Subject: Messages joints
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=ext

--ext
Content-Type: text/plain

Voir les deux.
--ext
Content-Type: message/rfc822

From: nas@boulangerie.example
Subject: =?utf-8?Q?Panne_d=E2=80=99hier?=
Content-Type: multipart/mixed; boundary=int

--int
Content-Type: text/plain

Disque plein
--int--

--ext
Content-Type: message/rfc822; name="facture.eml"
Content-Disposition: attachment; filename="facture.eml"

From: x@y.example
Subject: Facture

Montant
--ext--
"""

INVITATION = (
    "From: claire@boulangerie.example\nSubject: Réunion\nMIME-Version: 1.0\n"
    "Content-Type: multipart/alternative; boundary=c\n\n--c\nContent-Type: text/plain; charset=utf-8\n\nRéunion demain\n"
    "--c\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\n\n"
    "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nEND:VCALENDAR\n--c--\n"
).encode()

SIGNED = (
    "From: claire@boulangerie.example\nSubject: Signé\n"
    'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s\n\n'
    "--s\nContent-Type: text/plain; charset=utf-8\n\nMessage signé\n--s\n"
    "Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIAG\n--s--\n"
).encode()


# --- winmail.dat ---------------------------------------------------------------------------------


def _object(level: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def _property(kind: int, name: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, name, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def packet(files: list[tuple[str, bytes]], text: str) -> bytes:
    """A packet as Exchange makes it: its text as a property, names once short and once long."""
    content = bytes.fromhex("789F3E22") + struct.pack("<H", 1)
    content += _object(1, 0x00089006, struct.pack("<I", 0x10000)) + _object(1, 0x00069007, struct.pack("<II", 1252, 0))
    content += _object(1, 0x00069003, struct.pack("<I", 1) + _property(0x1F, 0x1000, f"{text}\0".encode("utf-16-le")))
    for name, inner in files:
        content += _object(2, 0x00069002, b"\0" * 14)
        content += _object(2, 0x00018010, name[:8].encode("cp1252", "replace") + b"\0") + _object(2, 0x0006800F, inner)
        content += _object(
            2, 0x00069005, struct.pack("<I", 1) + _property(0x1F, 0x3707, f"{name}\0".encode("utf-16-le"))
        )
    return content


def winmail(content: bytes) -> bytes:
    return (
        b"From: claire@boulangerie.example\nSubject: Paquet\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=w\n\n"
        b"--w\nContent-Type: text/plain\n\n\n--w\nContent-Type: application/ms-tnef; name=winmail.dat\n"
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(content) + b"--w--\n"
    )


WINMAIL = winmail(
    packet([("Relevé de température.txt", b"21 degres"), ("photo.png", b"\x89PNG")], "Texte du paquet à lire")
)
