"""What one build is asked to do: the values of the command line, and nothing read from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

ROOT = Path(__file__).resolve().parents[2]
"""The top level of the repository: content/, site/ and build.py stand in it."""

DEFAULT_BASE_URL = "https://www.ims-partners.fr/"


def state_folder(output: Path) -> Path:
    """The folder beside an output where builds keep what they know; nothing of it is published."""
    folder = output.resolve()
    return folder.parent / f".{folder.name}.state"


@dataclass(frozen=True, kw_only=True)
class Options:
    """One build. Paths are absolute; `base_url` ends with a slash."""

    content: Path
    output: Path
    base_url: str
    portal_url: str | None
    today: date
    references: Path | None = None
    drafts: bool = False
    theme: Path = ROOT / "site"
    jobs: int = 1
    strict: bool = False
    groups: frozenset[str] | None = None
    """The groups of pages to publish ("terms", "pages", "comparisons" ...); None means all."""
    compress: bool = True
    """Write a .gz beside every text of 1 KB and more."""
    checksums: bool = True
    """Write SHA256SUMS over the whole site."""

    def seen_by_pages(self) -> dict[str, str | bool | list[str] | None]:
        """The options that may change any page, as plain values: part of the engine's fingerprint.

        `today` is not one of them: the key of a page that depends on the day says so itself.
        """
        return {
            "base_url": self.base_url,
            "portal_url": self.portal_url,
            "drafts": self.drafts,
            "groups": None if self.groups is None else sorted(self.groups),
            "compress": self.compress,
            "checksums": self.checksums,
        }
