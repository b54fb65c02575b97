"""Settings from the environment: one table, every problem told at once, no secret with a default.

A missing secret refuses to start; a demo says that it is one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stdnum.eu import vat
from stdnum.fr import siren

ROOT = Path(__file__).resolve().parent.parent
SECRET_LENGTH = 32
HIGHEST_PORT = 65_535
PROXIES = ("0", "1", "2", "3")


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable; README's table says the same (a test compares them)."""

    name: str
    meaning: str
    default: str | None  # None: it must be given


TABLE: tuple[Setting, ...] = (
    Setting("PORTAL_DATABASE_URL", "SQLite file or PostgreSQL database", "sqlite:///portal.sqlite3"),
    Setting("PORTAL_SECRET_KEY", "signs sessions and links; at least 32 characters", None),
    Setting("PORTAL_MAIL_URL", "smtp://user:password@host:port, or smtps://", "smtp://localhost:25"),
    Setting("PORTAL_MAIL_FROM", "sender of the portal's mails; empty: the company's address", ""),
    Setting("PORTAL_MAIL_HOTLINE", "where clients write to; empty: the address of the CGV (6.3)", ""),
    Setting(
        "PORTAL_MAIL_AUTHSERV",
        "names under which our own mail server signs its Authentication-Results, with commas; empty: no sender is backed",
        "",
    ),
    Setting("PORTAL_IMAP_URL", "mailbox to fetch: imaps://user:password@host/INBOX; empty: none", ""),
    Setting("PORTAL_CONTENT_DIR", "the terms as data", "content"),
    Setting("PORTAL_PUBLIC_DIR", "the built site", "public"),
    Setting("PORTAL_BASE_URL", "address the portal is reached at", "http://127.0.0.1:8000"),
    Setting(
        "PORTAL_STORAGE_URL",
        "where files are kept: file:folder, s3://bucket/prefix?region=…, or s3+https://KEY:SECRET@host/bucket/prefix?region=…",
        "file:storage",
    ),
    Setting("PORTAL_CLAMD_URL", "scanner of received files: clamd://host:port or clamd:///its/socket; empty: none", ""),
    Setting("PORTAL_SEAL_CERTIFICATE", "PEM file: certificate that proofs are sealed with, and its chain", ""),
    Setting("PORTAL_SEAL_KEY", "PEM file: its private key; both empty: the portal makes its own, once", ""),
    Setting("PORTAL_SEAL_PASSWORD", "password of that key, if it has one", ""),
    Setting("PORTAL_SEAL_TSA_URL", "RFC 3161 time-stamping authority; empty: proofs have no time-stamp", ""),
    Setting(
        "PORTAL_COMPANY_ID", "our SIREN or VAT number, by which invoices are ours; empty: content/company.toml's", ""
    ),
    Setting("PORTAL_INVOICES_DIR", "folder whose invoices the worker imports; empty: none", ""),
    Setting("PORTAL_PORT", "port `portal serve` listens on", "8000"),
    Setting("PORTAL_PROXIES", "how many proxies stand in front, whose X-Forwarded headers are believed", "0"),
    Setting("PORTAL_DEMO", "1 opens the demo's mailbox and sign-ins; never in production", "0"),
)
#: The same in French, for what must be given.
MEANT = {"PORTAL_SECRET_KEY": "elle signe sessions et liens, 32 caractères au moins"}
_MAIL_SCHEMES = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_IMAP_SCHEMES = {"imap": 143, "imaps": 993, "imap+starttls": 143}
_DATABASE_SCHEMES = ("sqlite", "postgresql")

_MAIL = re.compile(r"[^\s@<>,]+@[^\s@<>,]+\.[^\s@<>,]+")
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


class SettingsError(Exception):
    """The environment is not one the portal can run in; ``problems`` says why, all at once."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class Settings:
    """What the portal runs with. Paths are absolute."""

    database_url: str
    secret_key: str
    mail_url: str
    mail_from: str
    mail_hotline: str
    mail_authserv: tuple[str, ...]
    imap_url: str
    content_dir: Path
    public_dir: Path
    base_url: str
    storage_url: str
    clamd_url: str
    seal_certificate: Path | None
    seal_key: Path | None
    seal_password: str
    seal_tsa_url: str
    company_id: str
    invoices_dir: Path | None
    port: int
    proxies: int
    demo: bool

    def __repr__(self) -> str:
        # Never in a log: the key, and the passwords inside the addresses.
        return f"Settings(base_url={self.base_url!r}, port={self.port}, demo={self.demo})"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check the settings.

    Raises:
        SettingsError: naming every variable that is missing or wrong.
    """
    values = {setting.name: environ.get(setting.name, "").strip() or setting.default for setting in TABLE}
    problems = tuple(_problems(values))
    if problems:
        raise SettingsError(problems)
    given = {name: value or "" for name, value in values.items()}
    return Settings(
        database_url=_database(given["PORTAL_DATABASE_URL"]),
        secret_key=given["PORTAL_SECRET_KEY"],
        mail_url=given["PORTAL_MAIL_URL"],
        mail_from=given["PORTAL_MAIL_FROM"],
        mail_hotline=given["PORTAL_MAIL_HOTLINE"],
        mail_authserv=tuple(given["PORTAL_MAIL_AUTHSERV"].replace(",", " ").split()),
        imap_url=given["PORTAL_IMAP_URL"],
        content_dir=_path(given["PORTAL_CONTENT_DIR"]),
        public_dir=_path(given["PORTAL_PUBLIC_DIR"]),
        base_url=given["PORTAL_BASE_URL"].rstrip("/"),
        storage_url=given["PORTAL_STORAGE_URL"],
        clamd_url=given["PORTAL_CLAMD_URL"],
        seal_certificate=_optional_path(given["PORTAL_SEAL_CERTIFICATE"]),
        seal_key=_optional_path(given["PORTAL_SEAL_KEY"]),
        seal_password=given["PORTAL_SEAL_PASSWORD"],
        seal_tsa_url=given["PORTAL_SEAL_TSA_URL"],
        company_id=given["PORTAL_COMPANY_ID"],
        invoices_dir=_optional_path(given["PORTAL_INVOICES_DIR"]),
        port=int(given["PORTAL_PORT"]),
        proxies=int(given["PORTAL_PROXIES"]),
        demo=given["PORTAL_DEMO"] == "1",
    )


def _problems(values: Mapping[str, str | None]) -> Iterator[str]:
    for setting in TABLE:
        if values[setting.name] is None:
            yield f"{setting.name} manque : {MEANT[setting.name]}."
    key = values["PORTAL_SECRET_KEY"]
    if key is not None and len(key) < SECRET_LENGTH:
        yield f"PORTAL_SECRET_KEY n'a que {len(key)} caractères : il en faut au moins {SECRET_LENGTH}."
    scheme = (values["PORTAL_DATABASE_URL"] or "").partition(":")[0].partition("+")[0]
    if scheme not in _DATABASE_SCHEMES:
        yield f"PORTAL_DATABASE_URL commence par « {scheme} » : sqlite ou postgresql est attendu."
    yield from _mail_problems(values)
    base = urlsplit(values["PORTAL_BASE_URL"] or "")
    if base.scheme not in {"http", "https"} or not base.hostname:
        yield "PORTAL_BASE_URL n'est pas une adresse http ou https."
    port = values["PORTAL_PORT"] or ""
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= HIGHEST_PORT:
        yield f"PORTAL_PORT vaut « {port} » : un nombre de 1 à {HIGHEST_PORT} est attendu."
    yield from _problems_of_one(values)
    clamd = urlsplit(values["PORTAL_CLAMD_URL"] or "clamd:///none")
    if clamd.scheme != "clamd" or not (clamd.hostname or clamd.path):
        yield "PORTAL_CLAMD_URL s'écrit clamd://serveur:port ou clamd:///chemin/de/la/prise."
    yield from _seal_problems(values)
    if values["PORTAL_PROXIES"] not in PROXIES:
        yield f"PORTAL_PROXIES est un nombre de 0 à {len(PROXIES) - 1}."
    if values["PORTAL_DEMO"] not in {"0", "1"}:
        yield "PORTAL_DEMO vaut 0 ou 1."
    if values["PORTAL_DEMO"] == "1" and base.hostname not in _THIS_MACHINE:
        yield (
            "PORTAL_DEMO montre à chacun les courriels et les codes de tous : "
            "PORTAL_BASE_URL doit alors être sur cette machine (127.0.0.1)."
        )


def _problems_of_one(values: Mapping[str, str | None]) -> Iterator[str]:
    """What is wrong with a value whatever the others are."""
    for name, check in (("PORTAL_STORAGE_URL", _storage_problem), ("PORTAL_COMPANY_ID", _company_problem)):
        if problem := check(values[name] or ""):
            yield f"{name} {problem}"


def _company_problem(number: str) -> str | None:
    if number and not (siren.is_valid(number) or vat.is_valid(number)):
        return f"vaut « {number} » : ce n'est ni un SIREN ni un numéro de TVA."
    return None


def _storage_problem(url: str) -> str | None:
    try:
        storage = urlsplit(url)
        _ = storage.port
    except ValueError:
        return "n'est pas une adresse."
    match storage.scheme:
        case "file" if not storage.netloc and storage.path:
            return None
        case "s3" if storage.hostname and not storage.username:
            return None
        case "s3+https" if storage.hostname and storage.path.strip("/"):
            return None
        case "s3+http" if storage.hostname in _THIS_MACHINE and storage.path.strip("/"):
            return None
        case "s3+http":
            return "passerait en clair sur le réseau : s3+https est attendu."
    return "ne nomme ni dossier (file:dossier ou file:///dossier) ni compartiment (s3://, s3+https://)."


def storage_folder(url: str) -> Path:
    """The folder of a ``file:`` address."""
    return _path(unquote(urlsplit(url).path))


def _seal_problems(values: Mapping[str, str | None]) -> Iterator[str]:
    files = [name for name in ("PORTAL_SEAL_CERTIFICATE", "PORTAL_SEAL_KEY") if values[name]]
    if len(files) == 1:
        yield "PORTAL_SEAL_CERTIFICATE et PORTAL_SEAL_KEY vont ensemble : les deux, ou aucun."
    for name in files:
        if not _path(values[name] or "").is_file():
            yield f"{name} ne nomme pas un fichier lisible."
    tsa = urlsplit(values["PORTAL_SEAL_TSA_URL"] or "")
    if values["PORTAL_SEAL_TSA_URL"] and (tsa.scheme not in {"http", "https"} or not tsa.hostname):
        yield "PORTAL_SEAL_TSA_URL n'est pas une adresse http ou https."


def _mail_problems(values: Mapping[str, str | None]) -> Iterator[str]:
    mail = urlsplit(values["PORTAL_MAIL_URL"] or "")
    if mail.scheme not in _MAIL_SCHEMES or not mail.hostname:
        yield f"PORTAL_MAIL_URL commence par « {mail.scheme} » : {', '.join(_MAIL_SCHEMES)} et un serveur sont attendus."
    imap = urlsplit(values["PORTAL_IMAP_URL"] or "")
    if values["PORTAL_IMAP_URL"] and (imap.scheme not in _IMAP_SCHEMES or not imap.hostname or not imap.username):
        yield f"PORTAL_IMAP_URL : {', '.join(_IMAP_SCHEMES)}, un utilisateur, un mot de passe et un serveur sont attendus."
    if values["PORTAL_MAIL_HOTLINE"] and not _MAIL.fullmatch(values["PORTAL_MAIL_HOTLINE"]):
        yield "PORTAL_MAIL_HOTLINE n'est pas une adresse électronique."


def imap_port(scheme: str) -> int:
    """Usual port of a mailbox address's scheme."""
    return _IMAP_SCHEMES[scheme]


def mail_port(scheme: str) -> int:
    """Usual port of a mail address's scheme."""
    return _MAIL_SCHEMES[scheme]


def _database(url: str) -> str:
    """A relative file of SQLite lies beside the program, wherever a command is started."""
    scheme, separator, name = url.partition(":///")
    if scheme.partition("+")[0] != "sqlite" or not name or name.startswith(("/", ":memory:", "file:")):
        return url
    return f"{scheme}{separator}{_path(name)}"


def _path(value: str) -> Path:
    return (ROOT / value).resolve()


def _optional_path(value: str) -> Path | None:
    return _path(value) if value else None
