"""A file of proof tells everything, holds, and one changed byte anywhere in it is found and named."""

import json
import random
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdf
import pytest
from click.testing import CliRunner

from portal.cli import main
from portal.proof.certificate import make_certificate
from portal.proof.checking import holds, published_terms, verify_proof
from portal.proof.documents import Finding
from portal.proof.envelope import MOST_FILES, NotOurEnvelope, differs_at, unwrap, wrap
from portal.proof.making import LOG, MANIFEST, README, SEALED, SUMS, sealed_pdf, sums
from portal.proof.seal import Seal
from portal.proof.signature import Unsealed, read_seal
from tests.proof.conftest import CLAIRE, CONSENT, DOCUMENTS, NOON, PAUL, Made, make

if TYPE_CHECKING:
    from portal.terms import Library

needs_poppler = pytest.mark.skipif(shutil.which("pdfsig") is None, reason="no poppler-utils on this machine")


def check(made: Made, content: bytes) -> list[Finding]:
    return verify_proof(content, published=made.published, known=[made.seal.fingerprint])


def flipped(content: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    return bytes(changed)


def replaced(made: Made, **files: bytes) -> bytes:
    """A proof with other files in it, its list of digests made to match: what a forger can do without the key."""
    held = {name: content for name, content in unwrap(made.content).items() if name != SUMS} | files
    return wrap(held | {SUMS: sums(held)})


# --- What it holds -------------------------------------------------------------------------------


def test_a_proof_holds_in_every_part(made: Made) -> None:
    findings = check(made, made.content)
    assert holds(findings)
    told = {finding.part for finding in findings if finding.sound}
    assert told == {"ZIP", SUMS, MANIFEST, SEALED, LOG, "CGV 2018-10-01"}


def test_the_zip_opens_with_any_tool_and_holds_what_was_shown(made: Made, library: "Library") -> None:
    with zipfile.ZipFile(BytesIO(made.content)) as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name) for name in archive.namelist()}
    assert next(iter(held)) == README
    assert held["documents/01-devis-dev-2026-0001.pdf"] == DOCUMENTS[0].content
    assert held["documents/02-accuse-de-reception.txt"] == DOCUMENTS[1].content
    assert held["cgv/2018-10-01.md"] == library.versions[0].raw


def test_the_sealed_pdf_tells_who_accepted_what_how_and_when(made: Made, library: "Library") -> None:
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(sealed_pdf(made.content))).pages)
    squeezed = "".join(text.split())
    for words in (
        "DEV-2026-0001", "Remplacement du serveur", *CONSENT, library.versions[0].sha256, made.seal.fingerprint,
        *(document.sha256 for document in DOCUMENTS), "24 novembre 2026 à 12 h 00", "2026-11-24 11:00:00",
        *(value for act in (CLAIRE, PAUL) for value in (act.who, act.capacity, act.mail, act.identified_by, act.ip)),
    ):  # fmt: skip
        assert "".join(words.split()) in squeezed, words


def test_the_log_of_a_proof_gives_its_own_acts_and_of_others_only_the_links(made: Made) -> None:
    lines = [json.loads(line) for line in unwrap(made.content)[LOG].decode().splitlines()]
    assert [line.get("seq") for line in lines] == [None, 2, 3, 4]
    assert "Claire Muller" in lines[1]["content"]
    assert "content" not in lines[2]
    assert "somebody else" not in made.content.decode(errors="replace")


def test_the_readme_says_how_to_check_without_us(made: Made) -> None:
    words = unwrap(made.content)[README].decode()
    assert "sha256sum --check empreintes.txt" in words
    assert "pdfsig preuve.pdf" in words
    assert made.seal.fingerprint in words
    assert "https://portail.example/verifier/" in words


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum on this machine")
def test_sha256sum_agrees(made: Made, tmp_path: Path) -> None:
    with zipfile.ZipFile(BytesIO(made.content)) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


@needs_poppler
def test_pdfsig_agrees_and_sees_a_changed_byte(made: Made, tmp_path: Path) -> None:
    sealed = sealed_pdf(made.content)
    (tmp_path / "a.pdf").write_bytes(sealed)
    told = subprocess.run(["pdfsig", tmp_path / "a.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in told
    assert "Total document signed" in told
    assert "ETSI.CAdES.detached" in told
    (tmp_path / "b.pdf").write_bytes(flipped(sealed, 2000, 3))
    told = subprocess.run(["pdfsig", tmp_path / "b.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" not in told


def test_the_sealed_pdf_alone_holds_and_says_what_needs_the_zip(made: Made) -> None:
    findings = check(made, sealed_pdf(made.content))
    assert holds(findings)
    told = {finding.part: finding for finding in findings}
    assert told[LOG].sound
    assert told["CGV 2018-10-01"].sound
    assert told["Documents"].sound is None


# --- One changed byte ----------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["zip", "pdf"])
def test_one_changed_byte_anywhere_is_found_and_named(made: Made, part: str) -> None:
    whole = made.content if part == "zip" else sealed_pdf(made.content)
    rng = random.Random(20261124)  # noqa: S311 - the same lots each time
    for _ in range(100):
        place, bit = rng.randrange(len(whole)), rng.randrange(8)
        broken = [finding for finding in check(made, flipped(whole, place, bit)) if finding.sound is False]
        assert broken, (part, place, bit)
        assert all(finding.part and finding.words for finding in broken)


def test_a_changed_byte_is_named_by_the_file_it_stands_in(made: Made) -> None:
    files = unwrap(made.content)
    for name, content in files.items():
        changed = wrap(files | {name: flipped(content, len(content) // 2, 0)})
        assert name in {finding.part for finding in check(made, changed) if finding.sound is False}, name


def test_every_byte_around_the_files_counts(made: Made) -> None:
    files = unwrap(made.content)
    start = 0
    frame: list[int] = []
    for name, content in files.items():
        frame += range(start, start + 30 + len(name))
        start += 30 + len(name) + len(content)
    for place in random.Random(3).sample([*frame, *range(start, len(made.content))], 300):  # noqa: S311
        changed = flipped(made.content, place, 2)
        try:
            assert differs_at(unwrap(changed), changed) is not None, place
        except NotOurEnvelope:
            continue


def test_every_byte_of_the_hole_that_the_seal_stands_in_counts(made: Made) -> None:
    sealed = sealed_pdf(made.content)
    hole = sealed.index(b"/Contents <") + len("/Contents ")
    end = sealed.index(b">", hole)
    rng = random.Random(7)  # noqa: S311 - the same lots each time
    places = [hole, end, *rng.sample(range(hole + 1, end), 300)]
    for place in places:
        with pytest.raises(Unsealed):
            read_seal(flipped(sealed, place, rng.randrange(8)))


@pytest.mark.parametrize("change", [lambda pdf: pdf + b"\n", lambda pdf: pdf[:-1], lambda pdf: b" " + pdf])
def test_a_byte_more_or_less_is_found(made: Made, change: Callable[[bytes], bytes]) -> None:
    assert not holds(check(made, change(sealed_pdf(made.content))))
    assert not holds(check(made, change(made.content)))


# --- What a forger does --------------------------------------------------------------------------


def test_a_file_replaced_with_all_its_digests_is_found_by_the_seal(made: Made) -> None:
    name = "documents/01-devis-dev-2026-0001.pdf"
    manifest = json.loads(unwrap(made.content)[MANIFEST])
    forged = b"%PDF-1.7 600 EUR"
    for row in manifest["files"]:
        if row["name"] == name:
            row |= {"size": len(forged), "sha256": sha256(forged).hexdigest()}
    files = {name: forged, MANIFEST: (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()}
    broken = {finding.part for finding in check(made, replaced(made, **files)) if finding.sound is False}
    assert broken == {MANIFEST}


def test_a_file_put_in_or_taken_out_is_named(made: Made) -> None:
    added = check(made, replaced(made, **{"documents/03-avenant.pdf": b"x"}))
    assert [finding.part for finding in added if finding.sound is False] == ["documents/03-avenant.pdf"]
    files = unwrap(made.content)
    del files[LOG], files[SUMS]
    missing = check(made, wrap(files | {SUMS: sums(files)}))
    assert [finding.part for finding in missing if finding.sound is False] == [LOG]


def test_the_same_proof_under_another_seal_is_a_strangers(made: Made, library: "Library", tmp_path: Path) -> None:
    stranger = Seal(library.company, *make_certificate(library.company.legal_name, at=NOON))
    forged = make(tmp_path, library, stranger)
    assert holds(verify_proof(forged, published=made.published))  # well made, by whoever
    broken = [finding for finding in check(made, forged) if finding.sound is False]
    assert [finding.part for finding in broken] == [SEALED]
    assert stranger.fingerprint in broken[0].words


def test_other_terms_than_the_published_ones_are_found(made: Made) -> None:
    findings = verify_proof(made.content, published={"2018-10-01": "0" * 64}, known=[made.seal.fingerprint])
    assert [finding.part for finding in findings if finding.sound is False] == ["CGV 2018-10-01"]
    unknown = verify_proof(made.content, published={}, known=[made.seal.fingerprint])
    assert holds(unknown)
    assert {finding.part: finding.sound for finding in unknown}["CGV 2018-10-01"] is None


def test_what_is_no_proof_is_said_to_be_none(made: Made) -> None:
    stored = BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * 50_000_000)
    for content in (b"", b"bonjour", b"PK", b"PK\3\4", b"%PDF-1.7\n%%EOF", b"{}", b"{" * 100_000, stored.getvalue()):
        assert not holds(check(made, content)), content[:20]


def test_a_hostile_zip_costs_no_more_than_its_own_size() -> None:
    import tracemalloc

    bombs = (
        wrap({f"{number:03d}": b"" for number in range(MOST_FILES)}).replace(b"PK\1\2", b"PK\3\4"),
        b"PK\3\4" + b"\xff" * 1000,
        (b"PK\3\4" + b"\0" * 26) * 300_000,
        b"PK\5\6" + b"\xff" * 18,
    )
    tracemalloc.start()
    for bomb in bombs:
        assert not holds(verify_proof(bomb, published={}))
    assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    tracemalloc.stop()


def test_what_is_too_heavy_to_be_a_proof_is_not_looked_at(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.proof.checking.LARGEST", len(made.content))
    assert holds(check(made, made.content))
    monkeypatch.setattr("portal.proof.checking.LARGEST", len(made.content) - 1)
    assert [finding.part for finding in check(made, made.content)] == ["Fichier"]


def test_an_envelope_of_200_files_is_read_and_one_of_201_is_not() -> None:
    assert len(unwrap(wrap({f"{number}": b"x" for number in range(MOST_FILES)}))) == MOST_FILES
    with pytest.raises(NotOurEnvelope):
        unwrap(wrap({f"{number}": b"x" for number in range(MOST_FILES + 1)}))


# --- On the command line -------------------------------------------------------------------------


def test_the_command_names_every_part(made: Made, tmp_path: Path) -> None:
    public = tmp_path / "public" / "cgv"
    public.mkdir(parents=True)
    versions = [{"slug": slug, "sha256": digest} for slug, digest in made.published.items()]
    (public / "index.json").write_text(json.dumps({"versions": versions}))
    assert published_terms(tmp_path / "public") == made.published
    for name, content in (("a.zip", made.content), ("a.pdf", sealed_pdf(made.content))):
        (tmp_path / name).write_bytes(content)
        asked = ["evidence", "verify", str(tmp_path / name), "--public", str(tmp_path / "public")]
        done = CliRunner().invoke(main, [*asked, "--certificate", made.seal.fingerprint.upper()])
        assert done.exit_code == 0, done.output
        assert "tient   CGV 2018-10-01" in done.output
        (tmp_path / name).write_bytes(flipped(content, len(content) // 2, 1))
        done = CliRunner().invoke(main, asked)
        assert done.exit_code == 1
        assert "CASSÉ" in done.output


def test_a_seal_says_the_moment_it_was_told(made: Made) -> None:
    catalog: Any = pypdf.PdfReader(BytesIO(sealed_pdf(made.content))).trailer["/Root"]
    signature = catalog["/AcroForm"]["/Fields"][0]["/V"]
    assert signature["/M"].startswith("D:20261124110000")
    assert signature["/Reason"] == "Dossier de preuve DEV-2026-0001"
