"""One invoice's own rows of a CSV that holds several: what its client may have of the file."""

import csv
from collections.abc import Sequence
from io import StringIO

from portal.invoices.reading.csv_file import rows_of
from portal.invoices.reading.csv_sources import CsvSource


def extract(data: bytes, number: str, sources: Sequence[CsvSource] = ()) -> str | None:
    """The header and the rows of an invoice, as they stand in the file; None when it has none of that number.

    Raises:
        Unreadable: the file cannot be read any more.
    """
    text, delimiter, header, ends = rows_of(data, number, sources)
    if not ends:
        return None
    lines, starts, last = list(StringIO(text, newline="")), dict[int, int](), 0
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    for _ in reader:  # a quoted cell may hold line ends: a row is several lines then
        starts[reader.line_num] = last
        last = reader.line_num
    kept = [lines[header - 1], *("".join(lines[starts[end] : end]) for end in ends)]
    return "".join(row if row.endswith(("\n", "\r")) else f"{row}\r\n" for row in kept)
