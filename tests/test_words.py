"""The words of pages and mails: one word for one thing, none of English, none of our own jargon."""

import ast
import re
from pathlib import Path

import pytest

PORTAL = Path(__file__).resolve().parent.parent / "portal"
PAGES = sorted(path for suffix in ("html", "txt") for path in PORTAL.rglob(f"templates/**/*.{suffix}"))
#: What a reader is not to meet, and what is said instead.
WORDS = {
    r"[Mm]ails?": "courriel",
    r"e-?mails?": "courriel",
    r"login": "connexion",
    r"bug": "erreur",
    r"OK": "un verbe",
}
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_SPOKEN = re.compile(r"\{\{\s*\"([^\"{}]*)\"")
_TAG = re.compile(r"<[^>]*>")


def spoken(path: Path) -> str:
    """What a template says to a reader: its text, without marks and instructions."""
    source = path.read_text(encoding="utf-8")
    return _TAG.sub(" ", _JINJA.sub(" ", source)) + " ".join(_SPOKEN.findall(source))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PORTAL)))
def test_pages_and_mails_say_the_words_of_the_house(path: Path) -> None:
    found = [(word, said) for word, said in WORDS.items() if re.search(rf"(?<![\w@.-]){word}(?![\w@.-])", spoken(path))]
    assert found == []


def french_strings() -> list[tuple[str, int, str]]:
    """Sentences in code: strings with a French word or letter in them that are no docstring."""
    found = []
    for path in sorted(PORTAL.rglob("*.py")):
        if "migrations" in path.parts or path.name.endswith("_commands.py"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body and isinstance(node.body[0], ast.Expr)
        }  # fmt: skip
        found += [
            (str(path.relative_to(PORTAL)), node.lineno, node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
            and re.search(r"[éèàêçùî]|\b(?:le|la|les|un|une|vous|par|pas)\b", node.value)
        ]  # fmt: skip
    return found


def test_sentences_in_code_say_courriel() -> None:
    wrong = [place for place in french_strings() if re.search(r"(?<![\w@.:/-])[Mm]ails?(?![\w@.:/-])", place[2])]
    assert wrong == []


def test_every_address_of_the_site_that_the_portal_leads_to_is_there(content: Path) -> None:
    from datetime import date

    from portal.publish.options import Options
    from portal.publish.site import create_site
    from portal.terms import load_library

    options = Options(
        content=content, output=content.parent / "public", base_url="https://site.example/", portal_url=None,
        today=date(2026, 11, 23),
    )  # fmt: skip
    client = create_site(options, load_library(content)).app.test_client()
    found = {
        (address, str(path.relative_to(PORTAL)))
        for path in PAGES
        for address in re.findall(r'(?:href|action)="(/[^"{?]*)', path.read_text(encoding="utf-8"))
        if not address.startswith(("/espace-client", "/demo/"))
    }
    assert len({address for address, _ in found}) > 5
    assert [place for place in sorted(found) if client.get(place[0]).status_code != 200] == []
