"""What the search page looks through: one entry per clause of the version in force, and synonyms.

    {"url": "/cgv/2018-10-01/article-7/#art-7-1-2",   without the site's prefix
     "number": "7.1.2", "heading": "7.1.2 Clients …", "article": "ARTICLE 7. …",
     "text": "plain text of the clause, its own alinéas only"}

Folding accents and plurals is the script's matter: the index holds the words as printed.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from portal.publish.citations import printed_number
from portal.terms import ContentError, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from portal.publish.publication import Row

SYNONYMS = "search.toml"
_SHAPE = 'mot = ["mot des CGV", …] sous [synonyms] est attendu'


def search_entries(row: Row) -> list[dict[str, Any]]:
    """One entry per clause, in the order of the text."""
    return [
        {
            "url": f"{row.url}{article.slug}/#{clause.anchor}",
            "number": printed_number(clause, article.clauses),
            "heading": clause.heading,
            "article": article.heading,
            "text": clause.text,
        }
        for article in row.version.articles
        for clause in article.clauses
    ]


def read_synonyms(content: Path) -> Mapping[str, list[str]]:
    """Read content/search.toml: what a reader may type -> the words of the CGV it stands for.

    Raises:
        ContentError: when the file does not have that shape; where there is none, no word has another.
    """
    file = content / SYNONYMS
    try:
        whole = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        # "(at line 3, column 7)" is the only place where tomllib tells the line.
        line = re.search(r"at line (\d+)", str(error))
        message = "ce n’est pas du TOML ; un mot accentué s’écrit entre guillemets droits avant le signe ="
        where = int(line[1]) if line else len(file.read_bytes().splitlines())
        raise ContentError([Finding(SYNONYMS, where, message)]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([Finding(SYNONYMS, 0, "le fichier ne se lit pas")]) from error
    findings = [Finding(SYNONYMS, 0, f"« {key} » : table inconnue ; {_SHAPE}") for key in whole if key != "synonyms"]
    table = whole.get("synonyms", {})
    if not isinstance(table, dict):
        raise ContentError([*findings, Finding(SYNONYMS, 0, f"« synonyms » n’est pas une table ; {_SHAPE}")])
    findings += [
        Finding(SYNONYMS, 0, f"« {word} » n’est pas suivi d’une liste de mots ; {_SHAPE}")
        for word, others in table.items()
        if not _are_words(others)
    ]
    if findings:
        raise ContentError(findings)
    return table


def _are_words(value: object) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(each, str) and bool(each.strip()) for each in value)
    )
