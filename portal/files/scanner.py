"""The scanner, clamd: its INSTREAM command is a few lines over a socket."""

import socket
from typing import BinaryIO
from urllib.parse import urlsplit

PORT = 3310
#: Seconds that a scan may take.
PATIENCE = 30.0
CHUNK = 1 << 16
_LONGEST_ANSWER = 4096


class ScannerAway(Exception):
    """No scanner answered, or not with a verdict: nothing is known of the file."""


class Scanner:
    """A clamd at ``clamd://host:port`` or ``clamd:///path/of/its/socket``."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    def ping(self) -> None:
        """Whether it answers.

        Raises:
            ScannerAway: it does not.
        """
        if self._ask(b"zPING\0", None) != "PONG":
            raise ScannerAway("no PONG")

    def scan(self, stream: BinaryIO) -> str | None:
        """What it finds in a file, or None: nothing.

        Raises:
            ScannerAway: no verdict.
        """
        stream.seek(0)
        answer = self._ask(b"zINSTREAM\0", stream).removeprefix("stream: ")
        if answer == "OK":
            return None
        if answer.endswith(" FOUND"):
            return answer.removesuffix(" FOUND")
        raise ScannerAway(answer)

    def _ask(self, command: bytes, stream: BinaryIO | None) -> str:
        try:
            with self._connect() as line:
                line.sendall(command)
                if stream is not None:
                    while chunk := stream.read(CHUNK):
                        line.sendall(len(chunk).to_bytes(4, "big") + chunk)
                    line.sendall(bytes(4))
                answer = b""
                while len(answer) < _LONGEST_ANSWER and (part := line.recv(_LONGEST_ANSWER)):
                    answer += part
        except OSError as error:
            raise ScannerAway(type(error).__name__) from error
        return answer.rstrip(b"\0\n").decode("utf-8", "replace")

    def _connect(self) -> socket.socket:
        if self._url.hostname:
            return socket.create_connection((self._url.hostname, self._url.port or PORT), timeout=PATIENCE)
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(PATIENCE)
        try:
            line.connect(self._url.path)
        except OSError:
            line.close()
            raise
        return line
