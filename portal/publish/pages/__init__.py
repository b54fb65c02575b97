"""The pages with one address. Those of versions, articles and comparisons are in `terms` and `history`."""

from portal.publish.pages import guide, history, legal, tools

PAGES = (*guide.PAGES, *tools.PAGES, *history.PAGES, *legal.PAGES)
