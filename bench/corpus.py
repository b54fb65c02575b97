"""Synthetic versions of the terms: the real text with small seeded edits."""

from __future__ import annotations

import random
import re
import shutil
import tomllib
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = 20181001
FIRST_DAY = date(2018, 10, 1)
DAYS_BETWEEN = 14


class Article(NamedTuple):
    """One article of one version, as a peer gets it."""

    slug: str
    number: int
    heading: str
    body: str


class Version(NamedTuple):
    """One version, as a peer gets it."""

    slug: str
    articles: list[Article]
    closing: str


class Corpus:
    """Versions in the layout of content/; every edit is an inserted remark in a plain paragraph."""

    def __init__(self, content: Path, folder: Path, versions: int, edited: int) -> None:
        self.folder = folder
        self._random = random.Random(SEED)
        source = min((content / "cgv").iterdir())
        self._clauses = (source / "clauses.toml").read_bytes()
        self._quotes = _quotes(self._clauses)
        self._pieces = re.split(r"(?m)^(?=## )", (source / "cgv.md").read_text())
        self._base = list(self._pieces)
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        for path in content.glob("*.toml"):
            shutil.copy(path, folder)
        self.slugs: list[str] = []
        for number in range(versions):
            if number:
                for index in self._random.sample(range(1, len(self._base)), edited):
                    self._edit(index, f"rédaction {number + 1}")
            slug = (FIRST_DAY + timedelta(days=DAYS_BETWEEN * number)).isoformat()
            self.slugs.append(slug)
            version = folder / "cgv" / slug
            version.mkdir(parents=True)
            (version / "clauses.toml").write_bytes(self._clauses)
            (version / "cgv.md").write_text("".join(self._pieces))

    @property
    def articles(self) -> int:
        return len(self._base) - 1

    def edit_one(self, number: int) -> None:
        """Edit one article of the version in the middle, another edit for another number."""
        path = self.folder / "cgv" / self.slugs[len(self.slugs) // 2] / "cgv.md"
        pieces = re.split(r"(?m)^(?=## )", path.read_text())
        pieces[3] = _insert(self._base[3], self._quotes, random.Random(number), f"essai {number}")
        path.write_text("".join(pieces))

    def versions(self) -> Iterator[Version]:
        """Yield every version, cut into articles."""
        for slug in self.slugs:
            pieces = re.split(r"(?m)^(?=## )", (self.folder / "cgv" / slug / "cgv.md").read_text())
            articles = []
            for piece in pieces[1:]:
                heading, _, body = piece.partition("\n")
                body, _, closing = body.partition("Date de dernière mise à jour")
                number = int(re.findall(r"\d+", heading)[0])
                articles.append(Article(f"article-{number}", number, heading[3:].strip(), body.strip() + "\n"))
            yield Version(slug, articles, "Date de dernière mise à jour" + closing)

    def _edit(self, index: int, remark: str) -> None:
        # From the first text each time: the versions differ, and do not grow.
        self._pieces[index] = _insert(self._base[index], self._quotes, self._random, remark)


def _quotes(clauses: bytes) -> list[str]:
    tables = tomllib.loads(clauses.decode())
    found = [t["quote"] for t in tables.values() if isinstance(t, dict) and "quote" in t]
    found += [d.get("quote", "") for d in tables.get("definitions", ())]
    return [" ".join(quote.split()) for quote in found if quote]


def _insert(article: str, quotes: list[str], chance: random.Random, remark: str) -> str:
    blocks = article.split("\n\n")
    plain = [
        index
        for index, block in enumerate(blocks)
        if block
        and not block.startswith(("#", "- ", "Date de dernière"))
        and not any(quote in " ".join(block.split()) for quote in quotes)
        and not re.search(r"[\[<]", block)
    ]
    # An article whose every paragraph is quoted gets the remark behind its last word.
    index = chance.choice(plain) if plain else len(blocks) - 1
    if not plain:
        blocks[index] = blocks[index].rstrip("\n") + f" ({remark})\n"
        return "\n\n".join(blocks)
    words = blocks[index].split(" ")
    # Behind a comma or a full stop, so that no defined word of several is cut in two.
    stops = [place for place, word in enumerate(words, start=1) if word.endswith((",", "."))]
    words.insert(chance.choice(stops or [len(words)]), f"({remark})")
    blocks[index] = " ".join(words)
    return "\n\n".join(blocks)
