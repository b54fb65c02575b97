"""The files for programs that have one address."""

from portal.publish.data.feeds import FILES as FEEDS
from portal.publish.data.tariff import FILES as TARIFF
from portal.publish.data.version import FILES as VERSIONS

FILES = (*VERSIONS, *TARIFF, *FEEDS)
