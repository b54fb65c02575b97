"""Other generators, given the same corpus and the same small theme in their own words."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.corpus import Article, Corpus, Version

HERE = Path(__file__).resolve().parent
ELEVENTY = "@11ty/eleventy@3.1.8"

HEAD = (
    '<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width">\n<title>TITLE</title>\n</head>\n<body>\n'
    '<header><a href="/">Conditions générales</a></header>\n<main>'
)
FOOT = "</main>\n<footer>IMS Partners</footer>\n</body>\n</html>\n"


def page(title: str, main: str) -> str:
    return HEAD.replace("TITLE", title) + main + FOOT


class Peer:
    """One generator. `make` lays out its project, `command` builds it into `output`."""

    name = ""

    def __init__(self, cache: Path, folder: Path) -> None:
        self.bin = cache / "venv" / "bin"
        self.node = cache / "node" / "node_modules" / ".bin"
        self.folder = folder / self.name
        self.output = self.folder / "output"

    def make(self, corpus: Corpus) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.project()
        self.write(corpus)

    def project(self) -> None:
        """Write the configuration and the theme."""
        raise NotImplementedError

    def article(self, version: Version, article: Article) -> str:
        """Return the source of an article's page."""
        raise NotImplementedError

    def version(self, version: Version) -> str:
        """Return the source of a version's page."""
        raise NotImplementedError

    source = "content"
    index = "index.md"

    def write(self, corpus: Corpus) -> None:
        """Write the pages that are not there as they should be."""
        for version in corpus.versions():
            top = self.folder / self.source / "cgv" / version.slug
            put(top / self.index, self.version(version))
            for article in version.articles:
                put(top / f"{article.slug}.md", self.article(version, article))
        self.extra(corpus)

    def extra(self, corpus: Corpus) -> None:
        """Write what stands beside the pages."""

    def command(self) -> list[str]:
        raise NotImplementedError


def put(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def whole(version: Version) -> str:
    return "\n".join(f"## {a.heading}\n\n{a.body}" for a in version.articles) + f"\n{version.closing}"


def contents(corpus: Corpus) -> dict[str, list[list[str]]]:
    return {
        version.slug: [[f"/cgv/{version.slug}/{a.slug}/", a.heading] for a in version.articles]
        for version in corpus.versions()
    }


class Hugo(Peer):
    name = "Hugo"
    index = "_index.md"

    def project(self) -> None:
        put(
            self.folder / "hugo.toml",
            'baseURL = "https://example.org/"\nlanguageCode = "fr"\ntitle = "CGV"\n'
            'disableKinds = ["taxonomy", "term", "RSS", "sitemap", "robotsTXT", "404"]\n',
        )
        layouts = self.folder / "layouts"
        put(layouts / "index.html", page("Conditions générales", "<h1>Conditions générales</h1>"))
        links = '{{ range SECTION.Pages }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>\n{{ end }}'
        put(
            layouts / "_default" / "list.html",
            page(
                "{{ .Title }}",
                f"<h1>{{{{ .Title }}}}</h1>\n<nav><ol>\n{links.replace('SECTION', '')}</ol></nav>\n"
                "{{ if .Params.closing }}{{ range .Pages }}<h2>{{ .Title }}</h2>\n{{ .Content }}\n{{ end }}"
                "<p>{{ .Params.closing }}</p>{{ end }}",
            ),
        )
        put(
            layouts / "_default" / "single.html",
            page(
                "{{ .Title }} – {{ .CurrentSection.Title }}",
                "<h1>{{ .Title }}</h1>\n{{ .Content }}\n"
                '<nav><a href="{{ .CurrentSection.RelPermalink }}">{{ .CurrentSection.Title }}</a><ol>\n'
                f"{links.replace('SECTION', '.CurrentSection')}</ol>\n"
                '{{ with .NextInSection }}<a href="{{ .RelPermalink }}">Précédent</a>{{ end }}\n'
                '{{ with .PrevInSection }}<a href="{{ .RelPermalink }}">Suivant</a>{{ end }}</nav>',
            ),
        )
        put(self.folder / "content" / "cgv" / "_index.md", '+++\ntitle = "CGV"\n+++\n')

    def article(self, version: Version, article: Article) -> str:  # noqa: ARG002
        return f"+++\ntitle = {json.dumps(article.heading, ensure_ascii=False)}\nweight = {article.number}\n+++\n\n{article.body}"

    def version(self, version: Version) -> str:
        return f'+++\ntitle = "{version.slug}"\nclosing = {json.dumps(version.closing, ensure_ascii=False)}\n+++\n'

    def command(self) -> list[str]:
        return [
            str(self.bin / "hugo"),
            "build",
            "--quiet",
            "--source",
            str(self.folder),
            "--destination",
            str(self.output),
        ]


_JINJA_NAV = (
    '<nav><a href="/cgv/SLUG/">SLUG</a><ol>\n'
    '{% for url, heading in ROWS %}<li><a href="{{ url }}">{{ heading }}</a></li>\n{% endfor %}</ol></nav>'
)


class Pelican(Peer):
    name = "Pelican"

    def project(self) -> None:
        put(
            self.folder / "pelicanconf.py",
            "import json, pathlib\n"
            "HERE = pathlib.Path(__file__).parent\n"
            'SITENAME, SITEURL, TIMEZONE, DEFAULT_LANG = "CGV", "", "Europe/Paris", "fr"\n'
            'PATH, ARTICLE_PATHS, PAGE_PATHS = "content", ["articles"], ["versions"]\n'
            'THEME = str(HERE / "theme")\n'
            'DIRECT_TEMPLATES = ["index"]\n'
            "FEED_ALL_ATOM = CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = None\n"
            "AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None\n"
            'AUTHOR_SAVE_AS = CATEGORY_SAVE_AS = TAG_SAVE_AS = ARCHIVES_SAVE_AS = ""\n'
            "LOAD_CONTENT_CACHE = CACHE_CONTENT = False\nTYPOGRIFY = False\nPLUGINS = []\n"
            'JINJA_GLOBALS = {"contents": json.loads((HERE / "contents.json").read_text())}\n',
        )
        templates = self.folder / "theme" / "templates"
        (self.folder / "theme" / "static").mkdir(parents=True)
        nav = _JINJA_NAV.replace("ROWS", "contents[OBJ.version]").replace("SLUG", "{{ OBJ.version }}")
        put(templates / "index.html", page("Conditions générales", "<h1>Conditions générales</h1>"))
        for kind, obj in (("article", "article"), ("page", "page")):
            put(
                templates / f"{kind}.html",
                page(
                    f"{{{{ {obj}.title }}}} – {{{{ {obj}.version }}}}",
                    f"<h1>{{{{ {obj}.title }}}}</h1>\n{{{{ {obj}.content }}}}\n" + nav.replace("OBJ", obj),
                ),
            )

    def write(self, corpus: Corpus) -> None:
        for version in corpus.versions():
            for article in version.articles:
                put(
                    self.folder / "content" / "articles" / f"{version.slug}-{article.slug}.md",
                    self.article(version, article),
                )
            put(self.folder / "content" / "versions" / f"{version.slug}.md", self.version(version))
        put(self.folder / "contents.json", json.dumps(contents(corpus)))

    def article(self, version: Version, article: Article) -> str:
        where = f"cgv/{version.slug}/{article.slug}/"
        return (
            f"Title: {article.heading}\nDate: 2018-10-01\nVersion: {version.slug}\n"
            f"Slug: {version.slug}-{article.slug}\nURL: {where}\nSave_as: {where}index.html\n\n{article.body}"
        )

    def version(self, version: Version) -> str:
        where = f"cgv/{version.slug}/"
        return (
            f"Title: {version.slug}\nVersion: {version.slug}\nSlug: {version.slug}\n"
            f"URL: {where}\nSave_as: {where}index.html\n\n{whole(version)}"
        )

    def command(self) -> list[str]:
        return [
            str(self.bin / "pelican"), "--quiet", "-s", str(self.folder / "pelicanconf.py"),
            "-o", str(self.output), str(self.folder / "content"),
        ]  # fmt: skip


class MkDocs(Peer):
    name = "MkDocs"
    source = "docs"

    def project(self) -> None:
        put(
            self.folder / "mkdocs.yml",
            "site_name: CGV\nsite_url: https://example.org/\nplugins: []\n"
            f"theme:\n  name: null\n  custom_dir: {self.folder / 'theme'}\n",
        )
        put(
            self.folder / "theme" / "main.html",
            page(
                "{{ page.title }}",
                "{% if page.is_homepage %}<h1>Conditions générales</h1>{% else %}<h1>{{ page.title }}</h1>\n"
                "{{ page.content }}\n<nav><ol>\n{% if page.parent %}{% for p in page.parent.children %}"
                '{% if p.is_page %}<li><a href="{{ p.url|url }}">{{ p.meta.title or p.title }}</a></li>\n'
                "{% endif %}{% endfor %}{% endif %}</ol></nav>{% endif %}",
            ),
        )
        put(self.folder / "docs" / "index.md", "Conditions générales\n")

    def article(self, version: Version, article: Article) -> str:  # noqa: ARG002
        return f"---\ntitle: {json.dumps(article.heading, ensure_ascii=False)}\n---\n\n{article.body}"

    def version(self, version: Version) -> str:
        return f'---\ntitle: "{version.slug}"\n---\n\n{whole(version)}'

    def command(self) -> list[str]:
        return [
            str(self.bin / "mkdocs"),
            "build",
            "--quiet",
            "-f",
            str(self.folder / "mkdocs.yml"),
            "-d",
            str(self.output),
        ]


class Eleventy(Peer):
    name = "Eleventy"
    source = "input"

    def project(self) -> None:
        put(
            self.folder / "eleventy.config.js",
            "module.exports = () => ({ dir: { input: 'input', output: 'output' }, markdownTemplateEngine: false });\n",
        )
        layouts = self.folder / "input" / "_includes"
        nav = _JINJA_NAV.replace("ROWS", "contents[version]").replace("SLUG", "{{ version }}")
        put(
            layouts / "page.njk",
            page("{{ title }} – {{ version }}", "<h1>{{ title }}</h1>\n{{ content | safe }}\n" + nav),
        )
        put(layouts / "home.njk", page("Conditions générales", "<h1>Conditions générales</h1>"))
        put(self.folder / "input" / "index.md", "---\nlayout: home.njk\n---\n")
        put(self.folder / "input" / "cgv" / "cgv.json", '{"layout": "page.njk"}')

    def article(self, version: Version, article: Article) -> str:
        title = json.dumps(article.heading, ensure_ascii=False)
        return f'---\ntitle: {title}\nversion: "{version.slug}"\n---\n\n{article.body}'

    def version(self, version: Version) -> str:
        return f'---\ntitle: "{version.slug}"\nversion: "{version.slug}"\npermalink: /cgv/{version.slug}/\n---\n\n{whole(version)}'

    def extra(self, corpus: Corpus) -> None:
        put(self.folder / "input" / "_data" / "contents.json", json.dumps(contents(corpus)))

    def command(self) -> list[str]:
        return [str(self.node / "eleventy"), "--quiet", f"--config={self.folder / 'eleventy.config.js'}"]


class Naive(Peer):
    """Frozen-Flask as its documentation shows it: bench/naive.py."""

    name = "naive Frozen-Flask"

    def project(self) -> None:
        shutil.copytree(HERE / "theme" / "templates", self.folder / "templates")

    def article(self, version: Version, article: Article) -> str:  # noqa: ARG002
        title = json.dumps(article.heading, ensure_ascii=False)
        return f"---\ntitle: {title}\nnumber: {article.number}\n---\n{article.body}"

    def version(self, version: Version) -> str:
        closing = json.dumps(version.closing, ensure_ascii=False)
        return f'---\ntitle: "{version.slug}"\nclosing: {closing}\n---\n'

    def command(self) -> list[str]:
        return [str(self.bin / "python"), str(HERE / "naive.py"), str(self.folder), str(self.output)]


PEERS = (Hugo, Pelican, MkDocs, Eleventy, Naive)


def install(cache: Path) -> None:
    """Install the peers, by name, into the cache folder; once."""
    done = cache / "installed"
    wanted = (HERE / "requirements.txt").read_text() + ELEVENTY
    if done.exists() and done.read_text() == wanted:
        return
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(cache / "venv")], check=True)
    pip = [str(cache / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
    subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(cache / "node"), ELEVENTY],
        check=True,
    )
    done.write_text(wanted)
