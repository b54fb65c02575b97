"""How a page cites the text: the article of a figure, in the version that governs the case. No number is typed anywhere else."""

from portal.terms.versions import Version

NO_BREAK = "\u00a0"


def article_words(version: Version | None, *keys: str) -> str:
    """The articles that figures stand in, each once: ``article 5.2``, ``articles 7.5 et 11``; "" where the text has none."""
    held = [version.figures[key].article for key in keys if key in version.figures] if version else []
    numbers = list(dict.fromkeys(held))
    if not numbers:
        return ""
    *first, last = numbers
    words = f"{', '.join(first)} et {last}" if first else last
    return f"article{'s' if first else ''}{NO_BREAK}{words}"


def cites(version: Version | None, *keys: str, of: str = "") -> str:
    """The same after a sentence, in brackets: `` (article 5.2)``; ``of`` says of what."""
    words = article_words(version, *keys)
    return f" ({words}{of})" if words else ""
