"""The same pages by Frozen-Flask as a first reading of its documentation gives them.

Run by bench/site.py: `python naive.py FOLDER OUTPUT`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from flask import Flask, render_template, url_for
from flask_frozen import Freezer
from markdown_it import MarkdownIt
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator

folder, output = (Path(word).resolve() for word in sys.argv[1:3])
app = Flask(__name__, template_folder=str(folder / "templates"), static_folder=None)
app.config["FREEZER_DESTINATION"] = str(output)
markdown = MarkdownIt("commonmark", {"html": False})


def read(path: Path) -> tuple[dict[str, Any], str]:
    _, front, body = path.read_text().split("---\n", 2)
    return yaml.safe_load(front), body


def load() -> dict[str, dict[str, Any]]:
    versions = {}
    for top in sorted((folder / "content" / "cgv").iterdir()):
        articles = {}
        for path in top.glob("article-*.md"):
            articles[path.stem] = read(path)
        front, _ = read(top / "index.md")
        ordered = dict(sorted(articles.items(), key=lambda item: item[1][0]["number"]))
        versions[top.name] = {"closing": front["closing"], "articles": ordered}
    return versions


versions = load()


class Entry(NamedTuple):
    url: str
    number: int
    title: str


def contents(slug: str) -> list[Entry]:
    return [
        Entry(url_for("article", slug=slug, name=name), front["number"], front["title"])
        for name, (front, _) in versions[slug]["articles"].items()
    ]


def links(slug: str) -> Markup:
    return Markup("\n").join(
        Markup('<a href="{}"><b>{}</b> {}</a>').format(entry.url, entry.number, entry.title) for entry in contents(slug)
    )


@app.get("/")
def home() -> str:
    return render_template("home.html")


@app.get("/cgv/<slug>/")
def version(slug: str) -> str:
    articles = [
        f"<h2>{front['title']}</h2>\n{markdown.render(body)}" for front, body in versions[slug]["articles"].values()
    ]
    row = {"slug": slug, "url": url_for("version", slug=slug)}
    return render_template(
        "version.html", row=row, contents_links=links(slug), articles=articles, closing=versions[slug]["closing"]
    )


@app.get("/cgv/<slug>/<name>/")
def article(slug: str, name: str) -> str:
    front, body = versions[slug]["articles"][name]
    html = f"<h1>{front['title']}</h1>\n{markdown.render(body)}"
    listed = contents(slug)
    place = list(versions[slug]["articles"]).index(name)
    return render_template(
        "article.html",
        row={"slug": slug, "url": url_for("version", slug=slug)},
        article={"heading": front["title"]},
        html=html,
        contents_links=links(slug),
        previous=listed[place - 1] if place else None,
        following=listed[place + 1] if place + 1 < len(listed) else None,
    )


freezer = Freezer(app)


@freezer.register_generator
def every_page() -> Iterator[tuple[str, dict[str, str]]]:
    for slug, found in versions.items():
        yield "version", {"slug": slug}
        for name in found["articles"]:
            yield "article", {"slug": slug, "name": name}


if __name__ == "__main__":
    freezer.freeze()
