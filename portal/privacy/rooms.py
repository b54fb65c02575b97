"""What the rooms hold on people: their ``personal_data.py`` and ``corrections.py``, found by name as their tables are."""

from functools import cache
from importlib import import_module
from pathlib import Path

from portal import schema
from portal.registry import PersonalData, Place

PORTAL = Path(__file__).resolve().parent.parent


@cache
def declared() -> tuple[PersonalData, ...]:
    """The declaration of every room, ours too; the accounts last: the others find a person through them.

    Their tables are known to the database's side with them: some are written by plain SQL, and nothing else loads them.
    """
    schema.declared()
    found = sorted(
        (*PORTAL.glob("*/personal_data.py"), *PORTAL.glob("*/*_personal_data.py")),
        key=lambda path: (path.parent.name == "accounts", path),
    )
    return tuple(import_module(f"portal.{path.parent.name}.{path.stem}").PERSONAL_DATA for path in found)


@cache
def places() -> tuple[Place, ...]:
    """Where a person's name, address and telephone stand, in every room; in their access first."""
    found = sorted(PORTAL.glob("*/corrections.py"), key=lambda path: (path.parent.name != "accounts", path))
    return tuple(
        place for path in found for place in import_module(f"portal.{path.parent.name}.{path.stem}").CORRECTIONS
    )  # fmt: skip
