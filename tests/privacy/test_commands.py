"""`portal privacy`, `portal references`, and what a restoration does again: the real commands on a real base."""

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.actions import add_person, create_organisation
from portal.accounts.models import Person
from portal.accounts.rules import ClientRole, Identity
from portal.db import make_engine
from portal.files.store import Store
from portal.privacy import erasure
from portal.privacy.forgetting import forget
from portal.privacy.references import choose, references
from portal.privacy.rooms import declared
from portal.terms import Library
from tests.commands import bare, call

if TYPE_CHECKING:
    from sqlalchemy import Engine

KEY = "k" * 40
MARC, LEA = "marc@client.example", "lea@client.example"


@pytest.fixture
def environ(tmp_path: Path, database_url: str) -> dict[str, str]:
    """The settings of an installation of its own."""
    return bare() | {
        "PORTAL_SECRET_KEY": KEY, "PORTAL_DATABASE_URL": database_url,
        "PORTAL_STORAGE_URL": f"file://{tmp_path / 'files'}",
    }  # fmt: skip


@pytest.fixture
def base(migrated: "Engine") -> "Engine":
    """A migrated base with one organisation and two people."""
    with Session(migrated) as session, session.begin():
        client = create_organisation(
            session, legal_name="Boulangerie Muller", identity=Identity(siren="732829320"), public_body=False, by=None,
            now=clock.now(),
        )  # fmt: skip
        for email, name in ((MARC, "Marc Weber"), (LEA, "Léa Klein")):
            add_person(
                session, organisation=client, email=email, name=name, roles=[ClientRole.ADMINISTRATOR], by=None,
                now=clock.now(),
            )  # fmt: skip
    return migrated


def portal(environ: dict[str, str], *words: str, status: int = 0) -> str:
    done = call(environ, *words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def addresses(engine: "Engine") -> set[str]:
    with Session(engine) as session:
        return set(session.scalars(select(Person.email)))


def test_who_was_erased_after_a_backup_is_erased_again_when_it_comes_back(
    base: "Engine", environ: dict[str, str], tmp_path: Path, library: Library
) -> None:
    portal(environ, "backup", str(tmp_path / "before.backup"))
    store = Store(environ["PORTAL_STORAGE_URL"])
    with Session(base) as session, session.begin():
        forget(session, store, MARC, rooms=declared(), library=library, at=clock.now())
        erasure.remember(session, MARC, KEY, clock.now())
    portal(environ, "privacy", "tombstones", str(tmp_path / "marks"))
    assert "l'ont été de nouveau" in portal(environ, "restore", str(tmp_path / "before.backup"), "--overwrite")
    assert MARC not in addresses(base)
    assert LEA in addresses(base)
    # The same onto a machine that knows nothing: the list was kept elsewhere.
    elsewhere = environ | {
        "PORTAL_DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}", "PORTAL_STORAGE_URL": f"file://{tmp_path / 'new'}",
    }  # fmt: skip
    portal(elsewhere, "db", "upgrade")
    said = portal(elsewhere, "restore", str(tmp_path / "before.backup"), "--tombstones", str(tmp_path / "marks"))
    assert "l'ont été de nouveau" in said
    new = make_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert MARC not in addresses(new)
    base.dispose()
    new.dispose()


def test_a_list_of_erasures_that_is_none_is_refused_before_anything_is_replaced(
    base: "Engine", environ: dict[str, str], tmp_path: Path
) -> None:
    portal(environ, "backup", str(tmp_path / "before.backup"))
    (tmp_path / "marks").write_text("hello\n")
    said = portal(
        environ, "restore", str(tmp_path / "before.backup"), "--overwrite", "--tombstones", str(tmp_path / "marks"),
        status=1,
    )  # fmt: skip
    assert "ligne 1" in said
    assert MARC in addresses(base)
    base.dispose()


def test_a_dry_run_tells_and_erases_nothing(base: "Engine", environ: dict[str, str]) -> None:
    said = portal(environ, "privacy", "sweep", "--dry-run")
    assert "Accès sans connexion (2 ans)" in said.replace("\u00a0", " ")
    assert "effacés." not in said
    assert "effacés." in portal(environ, "privacy", "sweep")
    assert MARC in addresses(base)
    base.dispose()


def test_a_reference_has_an_invoice_and_has_not_said_no(
    base: "Engine", environ: dict[str, str], tmp_path: Path
) -> None:
    portal(environ, "references", "export", str(tmp_path / "references.json"))
    assert json.loads((tmp_path / "references.json").read_text()) == {"references": []}
    with Session(base) as session, session.begin():
        person = session.scalars(select(Person).where(Person.email == MARC)).one()
        assert person.organisation is not None
        invoiced = {person.organisation.id: date(2025, 3, 4)}
        assert [one.name for one in references(session, invoiced)] == ["Boulangerie Muller"]
        choose(session, person.organisation, named=False, by=person, at=clock.now())
        assert list(references(session, invoiced)) == []
        choose(session, person.organisation, named=True, by=person, at=clock.now())
        assert [one.since for one in references(session, invoiced)] == [date(2025, 3, 4)]
        assert list(references(session, {})) == []
    base.dispose()
