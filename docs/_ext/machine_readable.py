"""Say to machines what a page is: a search engine, a social site, a collection of courses.

Every page gets a description (its first paragraph, in both languages), the same for Open Graph,
and a JSON-LD record: the front page is a schema.org Course, a lesson a LearningResource of it.
What needs an absolute address, the preview picture, ``sitemap.xml`` and ``robots.txt``, is made
only where ``html_baseurl`` says where the site will stand; the canonical link is the theme's.
There are no alternates by language: one address holds both.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

from docutils import nodes
from lesson_pictures import chosen_figure, picture, write
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

BUILDERS = ("html", "dirhtml")
PREVIEW = (1200, 630)
MARGIN = 60
PREVIEWS = "_images/preview"
LONGEST = 200  # letters of one language in a description
NOT_CONTENT = {"404"}
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def shortened(text: str) -> str:
    """Cut a text at a word where it is too long."""
    text = " ".join(text.split())
    if len(text) <= LONGEST:
        return text
    cut = text[:LONGEST]
    return f"{cut.rpartition(' ')[0] if text.isascii() else cut}…"


def description(doctree: nodes.document) -> str:
    """Give the first paragraph of a page, and the English twin that follows it."""
    for node in doctree.findall(nodes.container):
        if "pair" in node["classes"]:
            return " ".join(shortened(child.astext()) for child in node.children)
    return ""


def address(app: Sphinx, docname: str) -> str:
    """Give the address of a page; empty where nobody knows where the site will stand."""
    base = app.config.html_baseurl
    return urljoin(f"{base.rstrip('/')}/", app.builder.get_target_uri(docname)) if base else ""


def preview(app: Sphinx, docname: str) -> str:
    """Make the preview picture of a lesson, and give its address; empty without either."""
    figure = chosen_figure(Path(app.srcdir), docname)
    if figure is None or not app.config.html_baseurl:
        return ""
    name = f"{PREVIEWS}/{docname.replace('/', '-')}.png"
    write(Path(app.outdir, name), picture(figure.path, PREVIEW, MARGIN))
    return urljoin(f"{app.config.html_baseurl.rstrip('/')}/", name)


def record(app: Sphinx, docname: str, title: str, about: str) -> dict[str, Any] | None:
    """Describe the course, or one of its lessons, in the words of schema.org."""
    common = {"inLanguage": ["zh-TW", "en"], "isAccessibleForFree": True}
    course = {"@type": "Course", "name": app.config.project}
    root = app.config.root_doc
    if home := address(app, root):
        course["url"] = home
    if docname == root:
        provider = {"@type": "Organization", "name": app.config.author}
        return course | common | {"description": about, "provider": provider}
    if chosen_figure(Path(app.srcdir), docname) is None:
        return None
    lesson = {"@type": "LearningResource", "name": title, "description": about}
    lesson |= common | {"learningResourceType": "lesson", "isPartOf": course}
    if here := address(app, docname):
        lesson["url"] = here
    return lesson


def describe(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Write the page's tags into its head."""
    if doctree is None or pagename in NOT_CONTENT or app.builder.name not in BUILDERS:
        return
    title = app.env.titles[pagename].astext()
    about = description(doctree)
    image = preview(app, pagename)
    graph = {
        "og:type": "website" if pagename == app.config.root_doc else "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": about,
        "og:locale": "zh_TW",
        "og:locale:alternate": "en_US",
        "og:url": address(app, pagename),
        "og:image": image,
    }
    if image:
        graph |= {"og:image:width": PREVIEW[0], "og:image:height": PREVIEW[1]}
        figure = chosen_figure(Path(app.srcdir), pagename)
        graph["og:image:alt"] = figure.alt if figure else ""
    tags = [f'<meta name="description" content="{escape(about)}">'] if about else []
    tags += [
        f'<meta property="{name}" content="{escape(str(value))}">'
        for name, value in graph.items()
        if value
    ]
    if data := record(app, pagename, title, about):
        text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False)
        text = text.replace("<", r"\u003c")  # "</script>" in it must not end the element
        tags.append(f'<script type="application/ld+json">{text}</script>')
    context["metatags"] = "\n    ".join([context.get("metatags", ""), *tags])


def write_sitemap(app: Sphinx, exception: Exception | None) -> None:
    """List the pages for search engines, where their addresses are known."""
    base = app.config.html_baseurl
    if exception is not None or app.builder.name not in BUILDERS or not base:
        return
    urls = ElementTree.Element("urlset", xmlns=SITEMAP)
    for docname in sorted(app.env.all_docs.keys() - NOT_CONTENT):
        url = ElementTree.SubElement(urls, "url")
        ElementTree.SubElement(url, "loc").text = address(app, docname)
    ElementTree.indent(urls)
    content = ElementTree.tostring(urls, encoding="utf-8", xml_declaration=True)
    write(Path(app.outdir, "sitemap.xml"), content + b"\n")
    # Robots ask at the root of a host only.
    if urlsplit(base).path in ("", "/"):
        lines = f"User-agent: *\nAllow: /\nSitemap: {base.rstrip('/')}/sitemap.xml\n"
        write(Path(app.outdir, "robots.txt"), lines.encode())


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect to the writing of pages, and to the end."""
    app.connect("html-page-context", describe)
    app.connect("build-finished", write_sitemap)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
