"""Where contents lie: a folder of this machine, or a bucket that speaks S3. Each is written once under its key."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from portal.config import Settings, storage_folder
from portal.files.scanner import Scanner

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

#: Beyond this size a content is written in parts, of so many bytes each.
AT_ONCE, PART = 1 << 25, 1 << 23
CHUNK = 1 << 20
#: Prefix of what a check writes and takes away again.
PROBE = "check-"


class StoreAway(Exception):
    """The store cannot be reached, read or written now."""


class NotThere(Exception):
    """The store holds nothing under that key."""


@dataclass(frozen=True, slots=True)
class Held:
    """One content of the store."""

    key: str
    size: int
    written_at: datetime


class Store:
    """Contents by key. ``scanner``: what looks at new ones, or None."""

    def __init__(self, url: str, scanner: Scanner | None = None) -> None:
        self.scanner = scanner
        self.folder: Path | None = None
        parts = urlsplit(url)
        if parts.scheme == "file":
            self.folder = storage_folder(url)
            self._held: LocalStore | S3Store | None = None
        else:
            self._held = _bucket(url)

    def __repr__(self) -> str:
        return f"Store({self.folder or 'S3'})"  # never the address: it holds a secret

    def put(self, key: str, source: BinaryIO) -> None:
        """Write a content that is not there yet; it is on the disk when this returns.

        Raises:
            StoreAway: it was not written.
        """
        large = source.seek(0, 2) > AT_ONCE
        source.seek(0)
        try:
            if large:
                # In parts: a content that is sent at once is held whole in memory. Its key is unguessable: it is new.
                obstore.put(self._reached(), key, source, use_multipart=True, chunk_size=PART, max_concurrency=2)
            else:
                obstore.put(self._reached(), key, source, mode="create")
            if self.folder is not None:
                _sync(self.folder / key)
        except (BaseError, OSError) as error:
            raise StoreAway(type(error).__name__) from error

    def stream(self, key: str) -> Iterator[bytes]:
        """The content in pieces; the first is asked for at once, so that what is missing is known before an answer begins.

        Raises:
            NotThere: nothing has this key.
            StoreAway: it cannot be read now.
        """
        try:
            pieces: Iterator[bytes] = obstore.get(self._reached(), key).stream(min_chunk_size=CHUNK)
        except (FileNotFoundError, BaseError, OSError) as error:
            raise _reason(error) from error
        return _pieces(pieces)

    def delete(self, key: str) -> None:
        """Take a content away; nothing there is as good.

        Raises:
            StoreAway: it may still be there.
        """
        try:
            obstore.delete(self._reached(), key)
        except (FileNotFoundError, BaseError, OSError) as error:
            reason = _reason(error)
            if isinstance(reason, StoreAway):
                raise reason from error

    def list(self) -> Iterator[Held]:
        """Everything the store holds, but for probes.

        Raises:
            StoreAway: it cannot be listed now.
        """
        try:
            for page in obstore.list(self._reached()):
                for one in page:
                    if not one["path"].rpartition("/")[2].startswith(PROBE):
                        yield Held(one["path"], one["size"], one["last_modified"])
        except (BaseError, OSError) as error:
            raise StoreAway(type(error).__name__) from error

    def check(self) -> None:
        """Write something, read it, take it away.

        Raises:
            StoreAway, NotThere: what of it failed.
        """
        import io

        key, content = f"{PROBE}{secrets.token_hex(8)}", b"portal check"
        self.put(key, io.BytesIO(content))
        try:
            if b"".join(self.stream(key)) != content:
                raise StoreAway("what was read is not what was written")
        finally:
            self.delete(key)

    def _reached(self) -> LocalStore | S3Store:
        if self._held is None:
            assert self.folder is not None  # noqa: S101 - one of both is there
            # Made at the first use: looking at the settings makes no folder.
            self._held = LocalStore(self.folder, mkdir=True)
        return self._held


def open_store(settings: Settings) -> Store:
    """The store of an installation, with its scanner."""
    return Store(settings.storage_url, Scanner(settings.clamd_url) if settings.clamd_url else None)


def _pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        for piece in pieces:
            yield bytes(piece)  # whatever buffer the library gives
    except (BaseError, OSError) as error:
        raise _reason(error) from error


def _reason(error: Exception) -> StoreAway | NotThere:
    if isinstance(error, FileNotFoundError):
        return NotThere()
    return StoreAway(type(error).__name__)


def _sync(path: Path) -> None:
    """A content must outlive a power cut as its row does: the file, then the folders that name it."""
    for each in (path, path.parent, path.parent.parent):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _bucket(url: str) -> S3Store:
    """``s3://bucket/prefix?region=…`` at AWS, or ``s3+https://KEY:SECRET@host/bucket/prefix?region=…`` anywhere.

    A key and a secret that the address does not hold come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    """
    parts = urlsplit(url)
    # A request waits for this: soon given up, and tried again by whoever asked.
    retry: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
    config: S3Config = {"region": parse_qs(parts.query).get("region", ["us-east-1"])[0]}
    if parts.username and parts.password:
        config["access_key_id"] = unquote(parts.username)
        config["secret_access_key"] = unquote(parts.password)
    if parts.scheme == "s3":
        return S3Store(parts.hostname or "", prefix=parts.path.strip("/") or None, config=config, retry_config=retry)
    bucket, _, prefix = parts.path.strip("/").partition("/")
    scheme = parts.scheme.removeprefix("s3+")
    config["endpoint"] = f"{scheme}://{parts.netloc.rpartition('@')[2]}"
    config["virtual_hosted_style_request"] = False
    client: ClientConfig = {"allow_http": scheme == "http", "timeout": "60s"}
    return S3Store(bucket, prefix=prefix or None, config=config, client_options=client, retry_config=retry)
