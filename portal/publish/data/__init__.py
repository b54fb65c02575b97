"""The files for programs that have one address. Those of each version are in `version`."""

from portal.publish.data import feeds, tariff, version
from portal.publish import search_index

FILES = (*version.FILES, *tariff.FILES, *feeds.FILES, *search_index.FILES)
