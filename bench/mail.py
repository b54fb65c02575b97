"""How fast messages come in, and what memory it takes: a few beside many, and one as large as providers let through.

What counts is the ratio within one run: an mbox of ten times as many messages must not take more memory, and each
message must not take longer. Run ``python bench/mail.py [--many N]``; about a minute. SQLite, one process, the
``portal mail receive`` that a mail server's pipe runs.
"""

import argparse
import base64
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FEW, MANY = 50, 500
#: The peak of many messages beside that of a few; what a message of 25 MB may take for each byte on the wire.
FLAT, FOLD = 1.25, 6.0
MEGABYTE = 1024 * 1024
LARGE = 25 * MEGABYTE
WORDS = [
    "serveur",
    "imprimante",
    "réseau",
    "messagerie",
    "lent",
    "bloqué",
    "erreur",
    "depuis",
    "ce",
    "matin",
    "bonjour",
    "merci",
    "poste",
    "atelier",
]


@dataclass(frozen=True)
class Run:
    """One command: seconds, the most memory it held in bytes, seconds of the processor."""

    seconds: float
    peak: int
    cpu: float


def letter(number: int, chance: random.Random) -> bytes:
    """A message as a mailer writes it: text, HTML, a small file, and what it answers cited below."""
    words = " ".join(chance.choices(WORDS, k=120))
    file = base64.encodebytes(chance.randbytes(20_000)).decode()
    return (
        f"From: Client {number} <client{number}@ailleurs.example>\nTo: hotline@ims-partners.fr\n"
        f"Subject: Panne {number}\nMessage-ID: <{number}@ailleurs.example>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="m"\n\n--m\nContent-Type: multipart/alternative; boundary="a"\n\n'
        f"--a\nContent-Type: text/plain; charset=utf-8\n\n{words}\n\n> {words}\n\n"
        f"--a\nContent-Type: text/html; charset=utf-8\n\n<p>{words}</p><blockquote>{words}</blockquote>\n--a--\n"
        f"--m\nContent-Type: text/plain; name=journal.txt\nContent-Transfer-Encoding: base64\n\n{file}--m--\n"
    ).encode()


def large() -> bytes:
    """One message with a photo of 25 MB."""
    photo = base64.encodebytes(b"\xff\xd8\xff\xe1\x00\x10Exif\x00" + random.Random(3).randbytes(LARGE))
    head = (
        "From: Client <c@ailleurs.example>\nSubject: Photo\nMessage-ID: <large@ailleurs.example>\n"
        'Content-Type: multipart/mixed; boundary="m"\n\n--m\nContent-Type: text/plain\n\nVoici.\n--m\n'
        "Content-Type: image/jpeg; name=photo.jpg\nContent-Transfer-Encoding: base64\n\n"
    )
    return head.encode() + photo + b"--m--\n"


def ran(command: list[str], environ: dict[str, str]) -> Run:
    """Run a command to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command}: {process.returncode}")
    return Run(time.perf_counter() - began, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)


def main() -> int:
    """Print the table; 1 when memory is not flat."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", type=int, default=MANY)
    given = parser.parse_args()
    portal = str(Path(sys.executable).with_name("portal"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)

        def received(name: str, content: bytes) -> Run:
            environ = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")} | {
                "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": f"sqlite:///{folder / name}.sqlite3",
                "PORTAL_STORAGE_URL": f"file://{folder / name}",
            }  # fmt: skip
            (folder / f"{name}.mbox").write_bytes(content)
            ran([portal, "db", "upgrade"], environ)
            return ran([portal, "mail", "receive", str(folder / f"{name}.mbox")], environ)

        def batch(count: int) -> bytes:
            chance = random.Random(7)
            return b"\n".join(
                b"From x@y Mon Nov 23 12:00:00 2026\n" + letter(number, chance) for number in range(count)
            )

        nothing = received("nothing", letter(0, random.Random(1)))
        few, many, one = received("few", batch(FEW)), received("many", batch(given.many)), received("large", large())
    print("messages   seconds   a second   CPU ms each   peak MB")
    for count, run in ((1, nothing), (FEW, few), (given.many, many)):
        rate = (count - 1) / (run.seconds - nothing.seconds) if count > 1 else 0
        each = 1000 * (run.cpu - nothing.cpu) / (count - 1) if count > 1 else 0
        print(f"{count:8} {run.seconds:9.1f} {rate:10.1f} {each:13.1f} {run.peak / MEGABYTE:9.0f}")
    wire = LARGE * 4 / 3
    fold = (one.peak - nothing.peak) / wire
    print(
        f"25 MB    {one.seconds:9.1f}                          {one.peak / MEGABYTE:9.0f}   {fold:.1f} x the bytes on the wire"
    )
    flat = many.peak / few.peak
    print(
        f"\nmemory of {given.many} beside {FEW}: x {flat:.2f} (target: {FLAT}); of 25 MB: x {fold:.1f} (target: {FOLD})"
    )
    return int(flat > FLAT or fold > FOLD)


if __name__ == "__main__":
    sys.exit(main())
