"""Check a file of proof, or the sealed PDF out of one, or an exported log: what holds, and every part that does not."""

import json
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from portal import french
from portal.evidence import exported
from portal.paper import moment
from portal.proof.documents import Finding
from portal.proof.envelope import NotOurEnvelope, differs_at, unwrap
from portal.proof.making import FORMAT, LOG, MANIFEST, README, SEALED, SUMS, sums
from portal.proof.seal import fingerprint_of
from portal.proof.signature import Unsealed, read_seal

#: Proofs are smaller than this, in bytes; the public page takes less.
LARGEST = 200 * 1024 * 1024
#: What may be read out of a sealed PDF of ours, in bytes.
LARGEST_INSIDE = 16 * 1024 * 1024
INDEX = ("cgv", "index.json")


def published_terms(public_dir: Path) -> Mapping[str, str]:
    """SHA-256 of each version of the CGV, by slug, as the built site publishes them; empty when it cannot be read."""
    try:
        index = json.loads(public_dir.joinpath(*INDEX).read_bytes())
        return {str(row["slug"]): str(row["sha256"]) for row in index["versions"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def holds(findings: Collection[Finding]) -> bool:
    """Whether nothing that was checked is broken."""
    return not any(finding.sound is False for finding in findings)


def verify_proof(
    content: bytes, *, published: Mapping[str, str], known: Collection[str] | None = None
) -> list[Finding]:
    """Check whatever of ours the bytes are. ``known``: fingerprints of our certificates; None when they are not at hand.

    Without a known certificate the seal may be anybody's: the finding gives its fingerprint, to be compared.
    """
    if len(content) > LARGEST:
        words = f"le fichier est trop lourd pour être un dossier de preuve ({LARGEST // 1024 // 1024} Mo au plus)"
        findings = [Finding("Fichier", sound=False, words=words)]
    elif content.startswith(b"PK"):
        findings = list(_zip(content, published, known))
    elif content.startswith(b"%PDF"):
        findings = list(_pdf(content, None, published, known))
    elif content.lstrip()[:1] == b"{":
        findings = [*_log("Registre", content), UNSEALED]
    else:
        words = "ce n'est ni un dossier de preuve (ZIP), ni son PDF, ni un registre exporté, ou son début a été modifié"
        findings = [Finding("Fichier", sound=False, words=words)]
    return [Finding(each.part, each.sound, french.fix_spaces(each.words)) for each in findings]


#: What is said of a log alone: anybody can write a chain that holds.
UNSEALED = Finding(
    "Cachet du registre", sound=None,
    words="ce registre ne porte pas de cachet : ses entrées s'enchaînent, mais rien ici ne dit qui l'a écrit",
)  # fmt: skip


def _zip(content: bytes, published: Mapping[str, str], known: Collection[str] | None) -> Iterator[Finding]:
    try:
        files = unwrap(content)
    except NotOurEnvelope as error:
        yield Finding("ZIP", sound=False, words=f"l'enveloppe n'est pas celle que nous avons délivrée : {error}")
        return
    place = differs_at(files, content)
    if place is not None:
        yield Finding("ZIP", sound=False, words=f"l'enveloppe a été modifiée à l'octet {place[0]} : {place[1]}")
    else:
        yield Finding("ZIP", sound=True, words=f"l'enveloppe et ses {len(files)} fichiers sont tels que délivrés")
    manifest = _manifest(files.get(MANIFEST, b""))
    if manifest is None:
        parts = [Finding(MANIFEST, sound=False, words="le manifeste manque ou est illisible")]
    else:
        parts = list(_files(manifest, files))
    if SEALED in files:
        parts += _pdf(files[SEALED], files, published, known)
    else:
        parts += [Finding(SEALED, sound=False, words="le PDF scellé manque")]
    yield from _sums(files, broken={finding.part for finding in parts if finding.sound is False})
    yield from parts
    if LOG in files:
        yield from _log(LOG, files[LOG])
    if manifest is not None:
        yield from _terms(manifest, files, published)


def _sums(files: Mapping[str, bytes], *, broken: Collection[str]) -> Iterator[Finding]:
    listed = {name: held for name, held in files.items() if name != SUMS}
    if SUMS not in files:
        yield Finding(SUMS, sound=False, words="le fichier manque")
        return
    if files[SUMS] == sums(listed):
        yield Finding(SUMS, sound=True, words="chaque fichier a l'empreinte annoncée")
        return
    lines = set(files[SUMS].splitlines())
    others = [name for name, content in listed.items() if sums({name: content}).rstrip(b"\n") not in lines]
    for name in others:
        if name in broken:
            yield Finding(name, sound=False, words=f"le fichier n'a pas l'empreinte qu'annonce {SUMS}")
    if not any(name in broken for name in others):
        yield Finding(SUMS, sound=False, words="la liste des empreintes a été modifiée")


def _manifest(content: bytes) -> dict[str, Any] | None:
    try:
        manifest = json.loads(content)
        right = (
            manifest["format"] == FORMAT
            and all(isinstance(manifest["terms"][key], str) for key in ("slug", "sha256"))
            and all(isinstance(row[key], str) for row in manifest["files"] for key in ("name", "sha256"))
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return manifest if right else None


def _files(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[Finding]:
    announced = {row["name"]: row["sha256"] for row in manifest["files"]}
    broken = False
    for name, digest in announced.items():
        if name not in files:
            broken = True
            yield Finding(name, sound=False, words="le fichier manque")
        elif sha256(files[name]).hexdigest() != digest:
            broken = True
            yield Finding(name, sound=False, words="le fichier a été modifié : il n'a pas l'empreinte du manifeste")
    for name in files.keys() - announced.keys() - {SEALED, MANIFEST, SUMS}:
        broken = True
        yield Finding(name, sound=False, words="le fichier n'est pas au manifeste : il a été ajouté ou renommé")
    if not broken:
        yield Finding(MANIFEST, sound=True, words=f"les {len(announced)} fichiers annoncés ont leur empreinte")


def _pdf(
    document: bytes, files: Mapping[str, bytes] | None, published: Mapping[str, str], known: Collection[str] | None
) -> Iterator[Finding]:
    try:
        seal = read_seal(document)
    except Unsealed as error:
        yield Finding(SEALED, sound=False, words=str(error))
        return
    fingerprint = fingerprint_of(seal.certificate)
    if known is not None and fingerprint not in known:
        words = f"le cachet est bien formé, mais ce n'est pas le nôtre (certificat {fingerprint})"
        yield Finding(SEALED, sound=False, words=words)
        return  # a stranger's PDF is read no further
    whose = "" if known is not None else f" Certificat {fingerprint} : comparez-le à celui que nous publions."
    yield Finding(SEALED, sound=True, words=f"le cachet est valable et couvre tout le PDF.{whose}")
    if seal.stamped_at is not None:
        words = f"scellé avant le {moment(seal.stamped_at)} selon {seal.stamped_by}"
        yield Finding("Horodatage", sound=True, words=words)
        if seal.unvouched:
            words = "la chaîne de certificats de l'autorité ne se vérifie pas tout entière ici"
            yield Finding("Horodatage", sound=None, words=words)
    else:
        yield Finding("Horodatage", sound=None, words="sans horodatage d'un tiers : la date est celle de nos horloges")
    inside = _inside(document)
    sealed = _manifest(inside.get(MANIFEST, b""))
    if sealed is None:
        yield Finding(SEALED, sound=False, words="le PDF ne contient pas de manifeste lisible")
        return
    if files is not None:
        same = files.get(MANIFEST) == inside[MANIFEST]
        words = (
            "le manifeste est celui que le cachet couvre"
            if same
            else "le manifeste n'est pas celui que le cachet couvre"
        )
        yield Finding(MANIFEST, sound=same, words=words)
        return
    yield from _files_inside(sealed, inside)
    if LOG in inside:
        yield from _log(LOG, inside[LOG])
    yield from _terms(sealed, inside, published)
    others = len(
        [row for row in sealed["files"] if row["name"].replace("/", "-") not in inside and row["name"] != README]
    )
    yield Finding("Documents", sound=None, words=f"{others} autres fichiers se vérifient avec le ZIP entier")


def _files_inside(manifest: Mapping[str, Any], inside: Mapping[str, bytes]) -> Iterator[Finding]:
    for row in manifest["files"]:
        name = row["name"].replace("/", "-")
        if name in inside and sha256(inside[name]).hexdigest() != row["sha256"]:
            yield Finding(name, sound=False, words="le fichier joint n'a pas l'empreinte du manifeste")
    yield Finding(MANIFEST, sound=True, words="le manifeste est celui que le cachet couvre")


def _inside(document: bytes) -> dict[str, bytes]:
    """The files inside a PDF that we sealed."""
    import pypdf
    from pypdf.errors import PyPdfError

    try:
        found = pypdf.PdfReader(BytesIO(document)).attachments
        files = {name: content[0] for name, content in found.items()}
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return {}
    return files if sum(map(len, files.values())) <= LARGEST_INSIDE else {}


def _terms(manifest: Mapping[str, Any], files: Mapping[str, bytes], published: Mapping[str, str]) -> Iterator[Finding]:
    slug, digest = manifest["terms"]["slug"], manifest["terms"]["sha256"]
    part = f"CGV {slug}"
    text = files.get(f"cgv/{slug}.md") or files.get(f"cgv-{slug}.md")
    if text is not None and sha256(text).hexdigest() != digest:
        yield Finding(part, sound=False, words="le texte joint n'a pas l'empreinte du manifeste")
    if slug not in published:
        yield Finding(
            part, sound=None, words="cette version n'est pas publiée ici : son empreinte n'a pas pu être comparée"
        )
    elif published[slug] == digest:
        yield Finding(part, sound=True, words="l'empreinte du texte est celle que publie le site")
    else:
        yield Finding(part, sound=False, words="l'empreinte du texte n'est pas celle que publie le site")


def _log(part: str, content: bytes) -> Iterator[Finding]:
    try:
        verdict = exported.verify(content.decode().splitlines())
    except (exported.NotALog, UnicodeDecodeError, RecursionError) as error:
        words = str(error) if isinstance(error, exported.NotALog) else "le registre est illisible"
        yield Finding(part, sound=False, words=words)
        return
    for place in verdict.broken:
        yield Finding(part, sound=False, words=f"entrée {place.seq} : {place.message}")
    if not verdict.broken:
        words = f"le registre tient : {verdict.entries} entrées, dernière empreinte {verdict.head}"
        yield Finding(part, sound=True, words=words)
