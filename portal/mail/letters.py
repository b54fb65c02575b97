"""The words of a mail: one template of plain text a mail, from which its HTML is made.

The first line is the subject. Paragraphs are separated by blank lines; a line
that is an address alone becomes a link, ``[words] address`` a button, a line
of digits alone a code set large. One text means that the two never disagree.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from portal import french
from portal.clock import PARIS

_BUTTON = re.compile(r"\[(?P<words>[^\]]+)\] (?P<address>https?://\S+)")
_LINK = re.compile(r"https?://\S+")
_CODE = re.compile(r"\d[\d\u202f]{4,}")
#: Values that somebody wrote at length; their templates put "> " before each line.
BLOCKS = frozenset({"wish", "written", "reason"})
_FRAME = Markup(
    '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
    '<meta name="color-scheme" content="light dark"><title>{subject}</title></head>'
    '<body style="font:16px/1.6 system-ui,sans-serif;max-width:36em;margin:0 auto;padding:24px">{body}</body></html>'
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's subject and its two bodies."""

    subject: str
    text: str
    html: str


class Letters:
    """The mails of a room, in ``folder``, one ``<event>.txt`` each."""

    def __init__(self, folder: Path) -> None:
        self._env = Environment(  # noqa: S701 - plain text; what becomes HTML is escaped below
            loader=FileSystemLoader(folder), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._env.filters.update(
            long_date=french.long_date, weekday_date=french.weekday_date, phone=french.phone, moment=_moment
        )  # fmt: skip

    def names(self) -> list[str]:
        """The events that have a mail."""
        return sorted(name.removesuffix(".txt") for name in self._env.list_templates(extensions=["txt"]))

    def write(self, event: str, *, above: str | None = None, **values: Any) -> Letter:
        """The mail of an event; ``above`` is a line that stands over all of it.

        A value is one line, whatever somebody typed: paragraphs, buttons and the subject's end are the
        template's alone. Only BLOCKS may have several, and their template quotes each of them.
        """
        values = {
            # No-break spaces are kept: only what ends a line is folded.
            name: " ".join(value.splitlines()) if isinstance(value, str) and name not in BLOCKS else value
            for name, value in values.items()
        }
        subject, _, rest = self._env.get_template(f"{event}.txt").render(**values).strip().partition("\n")
        rest = f"{above}\n\n{rest.strip()}" if above else rest
        paragraphs = [french.fix_spaces(part.strip()) for part in re.split(r"\n{2,}", rest.strip())]
        subject = french.fix_spaces(subject)
        text = "\n\n".join(map(_plain, paragraphs))
        body = Markup("").join(_html(part) for part in paragraphs)
        return Letter(subject, text + "\n", str(_FRAME.format(subject=subject, body=body)))


def quoted(text: str) -> str:
    """What somebody wrote, each line marked: it cannot pass for our own words, nor for one of our buttons."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _moment(value: datetime) -> str:
    return french.moment(value.astimezone(PARIS))


def _plain(paragraph: str) -> str:
    found = _BUTTON.fullmatch(paragraph)
    return f"{found['words']}\u00a0:\n{found['address']}" if found else paragraph


def _html(paragraph: str) -> Markup:
    if found := _BUTTON.fullmatch(paragraph):
        return Markup(
            '<p><a href="{address}" style="display:inline-block;padding:10px 18px;border-radius:6px;'
            'background:#00607a;color:#fff;text-decoration:none;font-weight:600">{words}</a></p>'
        ).format(**found.groupdict())
    if _CODE.fullmatch(paragraph):
        return Markup('<p style="font:600 28px/1.4 ui-monospace,monospace;letter-spacing:.2em">{}</p>').format(
            paragraph
        )
    lines = [
        Markup('<a href="{0}">{0}</a>').format(line) if _LINK.fullmatch(line) else escape(line)
        for line in paragraph.split("\n")
    ]
    return Markup("<p>{}</p>").format(Markup("<br>").join(lines))
