"""A real IMAP server, Debian's Dovecot, with a configuration of its own on a free port."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
USER, WORD = "hotline", "secret"
#: Dovecot gives no mailbox to root: there the server is nobody's.
NOBODY = "nobody"


def configuration(folder: Path, port: int, owner: pwd.struct_passwd) -> str:
    group = grp.getgrgid(owner.pw_gid).gr_name
    return f"""
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = {owner.pw_name}
default_internal_group = {group}
default_login_user = {owner.pw_name}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password={WORD}
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


class Dovecot:
    """A running server; it can be stopped and started again, as one that is away does."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._folder = folder
        owner = pwd.getpwnam(NOBODY) if os.geteuid() == 0 else pwd.getpwuid(os.getuid())
        for name in ("run", "state", "mail"):
            (folder / name).mkdir(parents=True)
        (folder / "conf").write_text(configuration(folder, self.port, owner))
        for each in (folder, *folder.rglob("*")):
            os.chown(each, owner.pw_uid, owner.pw_gid)
        self._owner = owner
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"imap://{USER}:{WORD}@127.0.0.1:{self.port}/INBOX"

    def start(self) -> None:
        assert PROGRAM
        self._process = subprocess.Popen(
            [PROGRAM, "-F", "-c", self._folder / "conf"], stderr=subprocess.PIPE, **self._as_owner()
        )
        until = time.monotonic() + 20
        while time.monotonic() < until:
            assert self._process.poll() is None, (self._folder / "log").read_text()
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                    if line.recv(4) == b"* OK":
                        return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self._folder / "log").read_text())

    def _as_owner(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []}

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            if self._process.stderr:
                self._process.stderr.close()
            self._process = None


@contextmanager
def running(folder: Path) -> "Iterator[Dovecot]":
    server = Dovecot(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
