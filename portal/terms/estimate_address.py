"""The calculator's web address: a whole estimate as a query that people can read.

`version=2018-10-01&ligne=remote-server:20,project:15,x3,technical&tva=1&point=1.5`: one `ligne` per
intervention, each with its entries (service:minutes), how many times, the hourly rate for somebody
without contract, and `km:12.5` when it is billed outside the zones. What cannot be read travels as
it was typed, so that nothing typed is lost.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl, quote

from portal.terms.estimate import Draft, DraftEntry, DraftLine
from portal.terms.estimate_fields import read_duration, read_km, read_point, read_times

# A comma typed in a field would cut the list: it travels as its full-width twin.
WIDE_COMMA: Final = "\uff0c"
# What the browser's encodeURIComponent leaves alone, and the two signs this address is built with.
SAFE: Final = "!'()*:,"


def read_query(query: str) -> Draft:
    """Take a query apart. Never fails: what cannot be used is judged later."""
    version = vat = point = ""
    lines: list[DraftLine] = []
    for name, value in parse_qsl(query.removeprefix("?"), keep_blank_values=True):
        if name == "version":
            version = value
        elif name == "ligne":
            lines.append(_read_line(value))
        elif name == "tva":
            vat = value
        elif name == "point":
            point = value
    return Draft(version, tuple(lines), vat, point)


def write_query(draft: Draft) -> str:
    """Write the query: what can be read in its shortest form, the rest as typed."""
    parts = [("version", draft.version)] if draft.version else []
    parts += [("ligne", _write_line(line)) for line in draft.lines]
    parts += [("tva", draft.vat)] if draft.vat else []
    parts += [("point", _shortest(draft.point, read_point))] if draft.point.strip() else []
    return "&".join(f"{name}={quote(value, safe=SAFE)}" for name, value in parts)


def _read_line(text: str) -> DraftLine:
    entries: list[DraftEntry] = []
    times, hour, km = "1", "", ""
    for part in text.split(","):
        token = part.replace(WIDE_COMMA, ",")
        name, colon, value = token.partition(":")
        if colon and name == "km":
            km = value
        elif colon:
            entries.append(DraftEntry(name, value))
        elif token.startswith("x"):
            times = token[1:]
        elif token:
            hour = token
    return DraftLine(tuple(entries), times, hour, km)


def _write_line(line: DraftLine) -> str:
    tokens = [f"{_inside(entry.service)}:{_shortest(entry.duration, read_duration)}" for entry in line.entries]
    if line.times != "1":
        tokens.append(f"x{_shortest(line.times, read_times)}")
    if line.hour:
        tokens.append(_inside(line.hour))
    if line.km.strip():
        tokens.append(f"km:{_shortest(line.km, read_km)}")
    return ",".join(tokens)


def _shortest(text: str, reader: Callable[[str], int | Decimal | str | None]) -> str:
    value = reader(text)
    return _inside(text) if value is None or isinstance(value, str) else str(value)


def _inside(text: str) -> str:
    return text.replace(",", WIDE_COMMA)
