"""Where an installation keeps its sources of CSV: one file of its content."""

import tomllib
from pathlib import Path

from portal.invoices.reading.csv_sources import BadSource, CsvSource, read_sources

FILE = "invoice_csv.toml"


def csv_sources(content: Path) -> tuple[CsvSource, ...]:
    """The ways of writing CSV that are known; none when there is no such file.

    Raises:
        BadSource: the file is there and cannot be used.
    """
    try:
        return read_sources(tomllib.loads((content / FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise BadSource(f"{FILE} est illisible : {error}") from error
