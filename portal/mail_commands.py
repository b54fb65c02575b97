"""`portal mail`: messages in, from a pipe, from files, from a mailbox."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal import clock
from portal.command_line import FrenchCommand, FrenchGroup, Refused
from portal.config import Settings, SettingsError, read_settings
from portal.server_commands import say, with_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from portal.mail.incoming.message import Incoming
    from portal.mail.receiving import Receiver

#: What an MTA understands (sysexits.h): taken, no message, again later.
TAKEN, NO_MESSAGE, LATER = os.EX_OK, os.EX_DATAERR, os.EX_TEMPFAIL
STANDARD_INPUT = "-"


@click.group(cls=FrenchGroup)
def mail() -> None:
    """Les courriels reçus."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One message of a batch: where it comes from, and its bytes or why there are none."""

    name: str
    raw: bytes = b""
    unreadable: str = ""


@mail.command(cls=FrenchCommand)
@click.argument("files", nargs=-1, metavar="[FICHIER …|-]", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Une ligne JSON par message.")
@click.option("--dry-run", is_flag=True, help="Lire et montrer sans rien enregistrer ; aucune base n'est nécessaire.")
def receive(*, files: tuple[str, ...], as_json: bool, dry_run: bool) -> None:
    """Recevoir des messages : l'entrée standard (-), des fichiers .eml ou mbox, des dossiers ou Maildir.

    Chaque message accepté donne la référence de son ticket. Code 0 : accepté ; 75 : à présenter de nouveau plus
    tard ; 65 : ce n'est pas un message. Pour plusieurs messages, le code est celui du moins bien reçu.
    """
    sources = _sources(files or (STANDARD_INPUT,))
    if dry_run:
        worst = max((_show(source, as_json=as_json) for source in sources), default=TAKEN)
    else:
        worst = _receive_all(sources, as_json=as_json)
    sys.exit(worst)


@mail.command(cls=FrenchCommand)
@with_settings
def fetch(settings: Settings) -> None:
    """Relever la boîte de PORTAL_IMAP_URL une fois ; portal worker le fait de lui-même, dès qu'un message arrive."""
    from portal.mail.fetching import AWAY, Mailbox

    if not settings.imap_url:
        raise Refused("PORTAL_IMAP_URL n'est pas réglé : aucune boîte à relever.")
    from portal.hotline import taker

    with _engine(settings) as engine:
        box = Mailbox(settings.imap_url)
        try:
            with box.opened() as opened:
                fetched = box.drain(opened, taker(_receiver(settings, engine)))
        except AWAY as error:
            raise Refused(f"la boîte ne répond pas ({type(error).__name__}).") from error
    say(f"{fetched.taken} message{'s' if fetched.taken > 1 else ''} reçu{'s' if fetched.taken > 1 else ''}.")
    if fetched.failed:
        raise Refused(f"{fetched.failed} restent dans la boîte, marqués : ce ne sont pas des messages lisibles.")


# --- One after the other -------------------------------------------------------------------------


def _receive_all(sources: Iterator[_Source], *, as_json: bool) -> int:
    from portal.logs import set_up_logs

    set_up_logs()
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        _complain("les réglages ne conviennent pas.\n" + "\n".join(error.problems))
        return LATER
    worst = TAKEN
    with _engine(settings) as engine:
        receiver: Receiver | None = None
        for source in sources:
            try:
                receiver = receiver or _receiver(settings, engine)
                code = _receive(receiver, source, as_json=as_json)
            except Exception as error:  # noqa: BLE001 - whatever breaks, the message is not lost: it is to come again
                from portal.logs import logger

                logger().error("mail not taken", exc_info=error)
                _complain(f"{source.name} : à présenter de nouveau ({type(error).__name__}).")
                code = LATER
            worst = max(worst, code)
    return worst


def _receive(receiver: "Receiver", source: _Source, *, as_json: bool) -> int:
    from portal.mail.incoming.reading import NotAMessage, read
    from portal.mail.receiving import TooLarge

    if source.unreadable:
        _complain(f"{source.name} : illisible ({source.unreadable}).")
        return LATER
    try:
        receipt = receiver.receive(source.raw, via="pipe", now=clock.now())
    except NotAMessage:
        _complain(f"{source.name} : ce n'est pas un message.")
        return NO_MESSAGE
    except TooLarge:
        _complain(f"{source.name} : trop volumineux.")
        return NO_MESSAGE
    if as_json:
        _print(_line(source.name, read(source.raw, trusted=receiver.trusted), receipt.reference or None))
    elif receipt.reference:
        click.echo(receipt.reference)
    return TAKEN


def _show(source: _Source, *, as_json: bool) -> int:
    from portal.mail.incoming.reading import NotAMessage, check_message, read

    if source.unreadable:
        _complain(f"{source.name} : illisible ({source.unreadable}).")
        return LATER
    try:
        check_message(source.raw)
    except NotAMessage:
        _complain(f"{source.name} : ce n'est pas un message.")
        return NO_MESSAGE
    trusted = os.environ.get("PORTAL_MAIL_AUTHSERV", "").replace(",", " ").split()
    incoming = read(source.raw, trusted=trusted)
    if as_json:
        _print(_line(source.name, incoming, None))
    else:
        _tell(source.name, incoming)
    return TAKEN


def _tell(name: str, incoming: "Incoming") -> None:
    say(f"{name} : {incoming.subject or '(sans objet)'}")
    say(f"De : {incoming.sender} (adresse {incoming.backing.value})")
    if incoming.auto is not None:
        say(f"Écrit par une machine : {incoming.auto.value}")
    for one in incoming.attachments:
        say(f"Pièce jointe : {one.filename} ({one.media_type}, {one.size} octets)")
    for remark in incoming.remarks:
        say(f"Remarque : {remark}")
    click.echo(f"\n{incoming.text}\n")


def _line(name: str, incoming: "Incoming", reference: str | None) -> dict[str, Any]:
    return {
        "file": name,
        "reference": reference,
        "subject": incoming.subject,
        "from": incoming.sender.mail,
        "from_name": incoming.sender.name,
        "to": [one.mail for one in incoming.to if one.mail],
        "cc": [one.mail for one in incoming.cc if one.mail],
        "text": incoming.text,
        "html": incoming.html,
        "attachments": [
            {"filename": one.filename, "type": one.media_type, "size": one.size} for one in incoming.attachments
        ],
        "auto": incoming.auto is not None,
    }


def _print(line: dict[str, Any]) -> None:
    click.echo(json.dumps(line, ensure_ascii=False))


def _complain(words: str) -> None:
    from portal import french

    click.echo(french.fix_spaces(f"Erreur : {words}"), err=True)


# --- Where messages come from --------------------------------------------------------------------


def _sources(files: tuple[str, ...]) -> Iterator[_Source]:
    for name in files:
        if name == STANDARD_INPUT:
            yield _Source(STANDARD_INPUT, _bounded(sys.stdin.buffer))
            continue
        path = Path(name)
        if path.is_dir():
            for each in sorted(_in_folder(path)):
                yield from _in_file(each)
        else:
            yield from _in_file(path)


def _in_folder(folder: Path) -> Iterator[Path]:
    """The messages of a folder: those of a Maildir, else every file below that does not hide."""
    maildir = [folder / name for name in ("cur", "new") if (folder / name).is_dir()]
    for top in maildir or [folder]:
        yield from (path for path in top.rglob("*") if path.is_file() and not path.name.startswith("."))


def _in_file(path: Path) -> Iterator[_Source]:
    try:
        with path.open("rb") as stream:
            first = stream.read(5)
            stream.seek(0)
            if first != b"From ":
                yield _Source(str(path), _bounded(stream))
                return
            messages = _in_mbox(stream)
            alone, after = next(messages, b""), next(messages, None)
            # One message with its envelope's line is a file like any other.
            yield _Source(str(path) if after is None else f"{path}#1", alone)
            for number, raw in enumerate(chain([after] if after is not None else [], messages), 2):
                yield _Source(f"{path}#{number}", raw)
    except OSError as error:
        yield _Source(str(path), unreadable=error.strerror or type(error).__name__)


def _in_mbox(stream: Any) -> Iterator[bytes]:
    """The messages of an mbox, one in memory at a time; ``>From`` is what ``From`` was."""
    from portal.mail.incoming.reading import LARGEST

    lines: list[bytes] = []
    size, blank = 0, True
    for line in stream:
        if blank and line.startswith(b"From ") and lines:
            yield b"".join(lines).removesuffix(b"\n")
            lines, size = [], 0
        if lines or line.startswith(b"From "):
            size += len(line)
            if size <= LARGEST + 1:
                lines.append(line[1:] if line.startswith(b">From ") else line)
        blank = not line.strip()
    if lines:
        yield b"".join(lines)


def _bounded(stream: Any) -> bytes:
    from portal.mail.incoming.reading import LARGEST

    content: bytes = stream.read(LARGEST + 1)
    while stream.read(1 << 20):
        pass  # an MTA whose pipe breaks tries again for days
    return content


# --- What receives -------------------------------------------------------------------------------


@contextmanager
def _engine(settings: Settings) -> Iterator["Engine"]:
    from portal.db import make_engine

    engine = make_engine(settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _receiver(settings: Settings, engine: "Engine") -> "Receiver":
    from portal import schema
    from portal.db import make_sessions
    from portal.files.store import open_store
    from portal.hotline import open_receiver
    from portal.terms import load_library
    from portal.web import Services

    if not schema.is_current(engine):
        raise SchemaBehind("portal db upgrade")
    services = Services(settings, clock.now, load_library(settings.content_dir), open_store(settings))
    return open_receiver(services, make_sessions(engine))


class SchemaBehind(RuntimeError):
    """The database is not at this program's schema: messages are to come again once it is."""
