"""Make a file of proof: a ZIP with everything that was shown, and a sealed PDF that tells it and names every hash."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session, object_session

from portal.evidence.exported import extract
from portal.evidence.models import Entry
from portal.paper import Attachment, Papers, pdf_of
from portal.proof.documents import ProofAct, ProofDocument
from portal.proof.envelope import unwrap, wrap
from portal.proof.seal import Seal, seal_pdf
from portal.terms import Version

FORMAT = "ims-proof-1"
README, SEALED, MANIFEST, LOG = "LISEZMOI.txt", "preuve.pdf", "manifeste.json", "registre.jsonl"
CERTIFICATE, SUMS = "certificat.pem", "empreintes.txt"
PAPERS = Papers(Path(__file__).resolve().parent / "templates" / "proof")


def make_proof(
    *, reference: str, title: str, documents: Sequence[ProofDocument], acts: Sequence[ProofAct], terms: Version,
    entries: Sequence[Entry], seal: Seal, at: datetime,
) -> bytes:  # fmt: skip
    """Make the file of proof of an act that binds two sides; the ZIP's bytes.

    ``entries`` are those of the log that tell of it, in a session that is still open: their contents and salts go
    into the extract, with the bare links between them.

    Raises:
        PdfUnavailable: this machine makes no PDF.
    """
    held = {name_of(number, document): document for number, document in enumerate(documents, start=1)}
    files: dict[str, bytes] = {name: document.content for name, document in held.items()}
    files[f"cgv/{terms.slug}.md"] = terms.raw
    files[LOG] = "".join(extract(_session(entries), {entry.seq for entry in entries})).encode()
    files[CERTIFICATE] = seal.pem
    files[README] = _readme(reference=reference, title=title, terms=terms, seal=seal).encode()
    manifest = {
        "format": FORMAT,
        "reference": reference,
        "title": title,
        "made_at": _utc(at),
        "company": seal.company.legal_name,
        "terms": {"slug": terms.slug, "in_force_from": terms.in_force_from.isoformat(), "sha256": terms.sha256},
        "acts": [_act(act) for act in acts],
        "log": {"first": min(entry.seq for entry in entries), "last": max(entry.seq for entry in entries)},
        "certificate_sha256": seal.fingerprint,
        "files": [
            {
                "name": name,
                "title": held[name].name if name in held else name,
                "size": len(content),
                "sha256": sha256(content).hexdigest(),
            }
            for name, content in files.items()
        ],
    }
    files[MANIFEST] = (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()
    html = PAPERS.html(
        "proof.html", company=seal.company, reference=reference, proof_title=title, documents=held, acts=acts,
        terms=terms, entries=entries, seal=seal, at=at, manifest=manifest, cgv=f"cgv/{terms.slug}.md",
    )  # fmt: skip
    inside = [
        Attachment(name.replace("/", "-"), files[name], words)
        for name, words in (
            (MANIFEST, "Empreintes de chaque fichier, actes, version des CGV"),
            (LOG, "Extrait du registre des preuves"),
            (f"cgv/{terms.slug}.md", "Texte des CGV"),
        )
    ]
    sealed = seal_pdf(
        pdf_of(html, title=f"Dossier de preuve {reference}", attachments=inside), seal,
        reason=f"Dossier de preuve {reference}", at=at,
    )  # fmt: skip
    ordered = {README: files.pop(README), SEALED: sealed, **files}
    return wrap(ordered | {SUMS: sums(ordered)})


def sealed_pdf(proof: bytes) -> bytes:
    """The sealed PDF out of a file of proof that we made."""
    return unwrap(proof)[SEALED]


def sums(files: Mapping[str, bytes]) -> bytes:
    """What ``sha256sum --check`` reads."""
    return "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items()).encode()


def name_of(number: int, document: ProofDocument) -> str:
    """Where a document stands in the ZIP: its place in the order, and its name in plain letters."""
    plain = unicodedata.normalize("NFKD", document.name).encode("ascii", "ignore").decode().lower()
    stem, dot, suffix = plain.rpartition(".")
    if not dot or not suffix.isalnum():
        stem, suffix = plain, {"application/pdf": "pdf", "text/plain": "txt"}.get(document.media_type, "bin")
    stem = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:60] or "document"
    return f"documents/{number:02d}-{stem}.{suffix[:8]}"


def _act(act: ProofAct) -> dict[str, Any]:
    return {
        "words": act.words,
        "who": act.who,
        "capacity": act.capacity,
        "mail": act.mail,
        "identified_by": act.identified_by,
        "consent": list(act.consent),
        "at": _utc(act.at),
        "ip": act.ip,
        "user_agent": act.user_agent,
    }


def _readme(*, reference: str, title: str, terms: Version, seal: Seal) -> str:
    text = PAPERS.html("LISEZMOI.txt", company=seal.company, reference=reference, title=title, terms=terms, seal=seal)
    return text.strip() + "\n"


def _session(entries: Sequence[Entry]) -> Session:
    session = object_session(entries[0]) if entries else None
    if session is None:
        raise ValueError("a proof is made of entries of the log, in the session they were read or written in")
    return session


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
