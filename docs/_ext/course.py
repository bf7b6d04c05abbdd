"""The course as a path: a number on every lesson, what a part takes, and how far the reader is.

Usage, in ``conf.py``, beside sphinx-gallery and `downloads`, which knows the lessons::

    extensions = ["downloads", "course"]

A lesson ``3_autograd/08_computation_graph.py`` is number 08. HTML pages show it before the title,
in the sidebar, on the thumbnails and on previous and next; the title itself stays as it is. In a
list of class ``cards``, an item whose first link leads to a part gets a line with the number of its
lessons and their minutes, which the lessons give (``時間：約 20 分鐘``); one that does not is a
warning, ``course.minutes``.

``progress.js`` keeps, in the reader's browser only, which lessons were ticked as read and which was
opened last. Templates get ``lesson``, the place of the lesson on its page, else None.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urljoin

from bilingual import pair_html
from docutils import nodes
from downloads import galleries, script_of
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)

NUMBERED = re.compile(r"(\d+)_")
MINUTES = re.compile(r"時間：約 (\d+) 分鐘")
LINK = re.compile(r'(<a class="[^"]*" href="([^"]*)">)')


def lessons_of(env: BuildEnvironment) -> dict[str, PurePosixPath]:
    """Give the lessons in order: the name of the page, and the place below the gallery."""
    return find_lessons(env, frozenset(env.found_docs))


@lru_cache(maxsize=1)  # every page asks, and each answer looks at all scripts on the disk
def find_lessons(env: BuildEnvironment, names: frozenset[str]) -> dict[str, PurePosixPath]:
    """Look for the scripts of the pages."""
    found = {name: script_of(env, name) for name in sorted(names)}
    return {
        name: lesson[0]
        for name, lesson in found.items()
        if lesson and NUMBERED.match(lesson[0].name)
    }


def badge(place: PurePosixPath) -> str:
    """Write the number of a lesson.

    >>> badge(PurePosixPath("3_autograd/08_computation_graph"))
    '<span class="lesson-number" data-lesson="3_autograd/08_computation_graph">08</span> '
    """
    number = NUMBERED.match(place.name)[1]
    return f'<span class="lesson-number" data-lesson="{escape(str(place))}">{number}</span> '


def facts_html(lessons: int, minutes: int) -> str:
    """Write how much a part is.

    >>> re.sub("<[^>]*>", "", facts_html(3, 65))
    '3 課，約 65 分鐘 · 3 lessons, 65 min'
    """
    words = "lesson" if lessons == 1 else "lessons"
    return pair_html(f"{lessons} 課，約 {minutes} 分鐘 · {lessons} {words}, {minutes} min")


class Pages:
    """The pages of a site by their addresses, as seen from one of them."""

    def __init__(self, app: Sphinx, docname: str) -> None:
        self.uri = app.builder.get_target_uri
        self.here = self.uri(docname)
        self.names = {self.uri(name): name for name in app.env.found_docs}

    def name(self, address: str) -> str | None:
        """Give the page that a link leads to; None where it leads elsewhere."""
        return self.names.get(urljoin(self.here, address.partition("#")[0]))


class Numbers(SphinxPostTransform):
    """Number the title of a lesson and the thumbnails, and add the facts to the cards of parts.

    After the references have got their addresses and their languages (20).
    """

    default_priority = 650
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Write what the page needs."""
        docname = self.env.current_document.docname
        self.lessons = lessons_of(self.env)
        self.pages = Pages(self.app, docname)
        title = next(self.document.findall(nodes.title), None)
        if docname in self.lessons and title is not None:
            self.number(title, docname)
        for card in self.document.findall(nodes.container):
            if "sphx-glr-thumbcontainer" in card["classes"]:
                self.thumbnail(card)
        for cards in self.document.findall(nodes.bullet_list):
            if "cards" in cards["classes"]:
                for card in cards:
                    self.facts(card)

    def number(self, node: nodes.Element, lesson: str) -> None:
        """Put the number before the words."""
        node.insert(0, nodes.raw("", badge(self.lessons[lesson]), format="html"))

    def leads_to(self, node: nodes.Element) -> tuple[nodes.reference | None, str | None]:
        """Give the first link in a node, and its page."""
        link = next((ref for ref in node.findall(nodes.reference) if "refuri" in ref), None)
        return link, self.pages.name(link["refuri"]) if link is not None else None

    def thumbnail(self, card: nodes.Element) -> None:
        """Put the number into the link of a thumbnail."""
        link, lesson = self.leads_to(card)
        if lesson in self.lessons:
            self.number(link, lesson)

    def facts(self, card: nodes.Element) -> None:
        """Say under a card what its part takes."""
        _link, part = self.leads_to(card)
        if not (part or "").endswith("/index"):
            return
        folder = part.removesuffix("index")
        lessons = [name for name in self.lessons if name.startswith(folder)]
        if not lessons:
            return
        minutes = sum(self.minutes(name) for name in lessons)
        place = " ".join(str(self.lessons[name]) for name in lessons)
        line = (
            f'<p class="facts" data-lessons="{escape(place)}">'
            f"{facts_html(len(lessons), minutes)}</p>"
        )
        card += nodes.raw("", line, format="html")

    def minutes(self, lesson: str) -> int:
        """Read how long a lesson takes."""
        script = script_of(self.env, lesson)[1]
        found = MINUTES.search(script.read_text(encoding="utf-8"))
        if found is None:
            logger.warning(
                "這一課沒有寫時間，請寫「時間：約 20 分鐘」\n"
                "this lesson does not say how long it takes: write 時間：約 20 分鐘",
                location=str(script),
                type="course",
                subtype="minutes",
            )
            return 0
        return int(found[1])


def number_links(html: str, pages: Pages, lessons: dict[str, PurePosixPath]) -> str:
    """Put the number into every link that leads to a lesson."""

    def numbered(found: re.Match[str]) -> str:
        name = pages.name(found[2])
        return found[1] + badge(lessons[name]) if name in lessons else found[1]

    return LINK.sub(numbered, html)


def add_to_context(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put numbers into sidebar, previous, next and the title of the window."""
    lessons = lessons_of(app.env)
    context["lesson"] = lessons.get(page)
    pages = Pages(app, page) if page in app.env.found_docs else None
    if page in lessons:
        context["title"] = badge(lessons[page]) + context["title"]
    if pages is None:
        return
    for side in ("prev", "next"):
        if place := lessons.get(pages.name((context.get(side) or {}).get("link", "")) or ""):
            context[side] = context[side] | {"title": badge(place) + context[side]["title"]}
    if tree := context.get("furo_navigation_tree"):
        context["furo_navigation_tree"] = number_links(tree, pages, lessons)


def write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Write the front page in every build: its cards say what the lessons take."""
    return [app.config.root_doc] if galleries(app.config) else []


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect what numbers, and add the script and the sheet of the reader's progress."""
    app.setup_extension("downloads")
    app.add_post_transform(Numbers)
    app.add_js_file("progress.js", loading_method="defer")
    app.add_css_file("progress.css")
    app.connect("env-updated", write_again)
    # After the theme (500), which makes the sidebar's tree.
    app.connect("html-page-context", add_to_context, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
