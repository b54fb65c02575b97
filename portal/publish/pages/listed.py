"""The pages with one address, beside the home page."""

from portal.publish.pages import guide, history, legal, tools

PAGES = (*guide.PAGES, *tools.PAGES, *history.PAGES, *legal.PAGES)
