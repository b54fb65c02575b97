"""The tariff in force, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.publish.data.version import dumped
from portal.publish.pages.fixed import DataFile

if TYPE_CHECKING:
    from portal.publish.publication import Publication


def _tariff(publication: Publication) -> str:
    from portal.publish.browser_data import tariff_data

    row = publication.current
    return dumped(tariff_data(row.version) | {"to": row.last_day.isoformat() if row.last_day else None})


FILES = (DataFile("/tarifs.json", "application/json", ("terms",), _tariff),)
