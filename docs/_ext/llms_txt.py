"""List the site in ``llms.txt``, for language models and for whoever reads on their behalf.

The HTML build writes the file at the top of the site, after the convention of llmstxt.org: the
site's name, what it is, then a section a part, each page with a link and its first paragraph in
both languages. Order and names come from the toctree, so that there is nothing to keep up by hand;
a page outside the toctree is not listed. Where ``downloads`` offers a lesson as a script, that is
linked too: it holds the whole text and the code. Links are absolute if ``html_baseurl`` is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urljoin

from bilingual import SEPARATOR, split_pair
from docutils import nodes
from downloads import FOLDER, script_of
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import docname_join
from sphinx.util.typing import ExtensionMetadata

PAGES = "頁面 · Pages"
LANGUAGES = (
    "每一頁都有繁體中文與英文；網址加上 `?reading=zh-TW` 或 `?reading=en` 就只看一種。",
    "Every page is in Traditional Chinese and in English; `?reading=zh-TW` or `?reading=en` after "
    "an address shows one of them.",
)


def title_of(env: BuildEnvironment, docname: str) -> str:
    """Give a page's title on one line, safe inside a link."""
    text = " ".join(env.titles[docname].astext().split())
    return text.replace("[", r"\[").replace("]", r"\]")


def words(node: nodes.Node, env: BuildEnvironment, docname: str, half: int) -> str:
    """Give the text of a paragraph; a link to a page, unresolved as yet, reads as its title."""
    if isinstance(node, addnodes.pending_xref) and not node.get("refexplicit"):
        target = docname_join(docname, node["reftarget"])
        if node["reftype"] == "doc" and target in env.titles:
            title = env.titles[target].astext()
            return (split_pair(title) or (title, title))[half]
    if not isinstance(node, nodes.Element) or not node.children:
        return node.astext()
    return "".join(words(child, env, docname, half) for child in node.children)


def first_paragraphs(env: BuildEnvironment, docname: str) -> list[str]:
    """Give the page's first Chinese paragraph and its twin; else its first paragraph, if any."""
    doctree = env.get_doctree(docname)
    for box in doctree.findall(nodes.container):
        if "pair" in box["classes"]:
            found = [child for child in box if isinstance(child, nodes.paragraph)]
            break
    else:
        found = list(doctree.findall(nodes.paragraph))[:1]
    texts = [words(node, env, docname, half) for half, node in enumerate(found)]
    return [" ".join(text.split()) for text in texts]


def sections(env: BuildEnvironment, docname: str, title: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each group of pages below `docname` with its title, then the pages in no group."""
    below = env.toctree_includes.get(docname, [])
    groups = [page for page in below if env.toctree_includes.get(page)]
    for group in groups:
        yield from sections(env, group, title_of(env, group))
    if pages := [page for page in below if page not in groups]:
        yield title, pages


def llms_txt(app: Sphinx) -> str:
    """Write the text of the file."""
    env, base = app.env, app.config.html_baseurl

    def address(uri: str) -> str:
        return urljoin(base and f"{base.rstrip('/')}/", quote(uri))

    root = app.config.root_doc
    quoted = [f"> {text}" for text in first_paragraphs(env, root)]
    blocks = [f"# {app.config.project}", "\n>\n".join(quoted), *LANGUAGES]
    for title, pages in sections(env, root, PAGES):
        lines = []
        for page in pages:
            link = f"- [{title_of(env, page)}]({address(app.builder.get_target_uri(page))})"
            about = first_paragraphs(env, page)
            if "downloads" in app.extensions and (script := script_of(env, page)):
                about.append(f"[腳本{SEPARATOR}Script]({address(f'{FOLDER}/{script[0]}.py')})")
            lines.append(": ".join([link, " ".join(about)]) if about else link)
        blocks += [f"## {title}", "\n".join(lines)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def write(app: Sphinx, failure: Exception | None) -> None:
    """Write the file beside the start page once all is built."""
    if failure is None and app.builder.format == "html":
        Path(app.outdir, "llms.txt").write_text(llms_txt(app), encoding="utf-8", newline="\n")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect to the end of the build."""
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
