"""A picture of every page of public/, at 375 and 1280 px, light and dark, into screenshots/.

Not a test: for a person to look at. Names on the command line ("/tarifs/") choose pages.
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from portal.publish.serve import serving

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "screenshots"
WIDTHS = (375, 1280)
SCHEMES = ("light", "dark")


def addresses(public: Path) -> list[str]:
    """Every page of the built site, the 404 page among them."""
    pages = {page.parent.relative_to(public).as_posix() + "/" for page in public.rglob("index.html")}
    return [*sorted("" if page == "./" else page for page in pages), "404.html"]


def take(browser: Browser, site: str, pages: list[str]) -> int:
    """Take the pictures; the number of them."""
    taken = 0
    for width in WIDTHS:
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": 800},
                color_scheme="dark" if scheme == "dark" else "light",
                locale="fr-FR",
                timezone_id="Europe/Paris",
                reduced_motion="reduce",
            )
            page = context.new_page()
            for address in pages:
                page.goto(site + address, wait_until="load")
                name = address.strip("/").replace("/", "__") or "home"
                page.screenshot(path=TARGET / f"{name}-{width}-{scheme}.png", full_page=True)
                taken += 1
            context.close()
    return taken


def main() -> None:
    """Take the pictures and say where they are."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not executable:
        sys.exit("no Chromium: name it with CHROMIUM=/path/to/it")
    TARGET.mkdir(exist_ok=True)
    public = ROOT / "public"
    pages = [name.lstrip("/") for name in sys.argv[1:]] or addresses(public)
    with serving(public, "http://127.0.0.1/", 0) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            chromium_sandbox=os.name == "nt" or os.geteuid() != 0,
            args=["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        )
        print(f"{take(browser, site, pages)} pictures in {TARGET.name}/")
        browser.close()


if __name__ == "__main__":
    main()
