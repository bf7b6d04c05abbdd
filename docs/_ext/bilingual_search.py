"""Search that finds Chinese and English alike, and works from ``file://``.

Usage, in ``conf.py``::

    extensions = ["bilingual", "bilingual_search"]
    html_static_path = ["_static"]  # holds the folder search
    templates_path = ["_templates"]  # holds search.html
    bilingual_search_terms = "_data/terms.csv"  # other names of things; may be left out
    bilingual_search_skipped = ["重點 · Summary"]  # titles of sections that only repeat; likewise

An index of words has to know where a Chinese word ends, and gets it wrong.  So nothing is cut
here: while Sphinx reads, the text of every page is kept beside the nearest anchor; when it writes,
all of it goes into one script, ``_static/search/pages.js`` (a script, because a page opened from
disk may not fetch JSON).  A lesson loads only ``open.js``, which knows the keys; the rest comes
with the first question.  ``matcher.js`` finds and ranks; ``view.js`` shows, in the dialog of
``dialog.js`` and on the search page of ``search.js``.

The term list has a row for a thing: what it is called here, ``zh_TW`` and ``en``, and with bars
between them the names that readers bring from elsewhere, ``do_not_write`` and ``also``.

Sphinx's own index is switched off by the builder's attribute for that.  A page stays out of this
one with ``:nosearch:`` at its top, a part of a page with the class ``nosearch``.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from bilingual import SEPARATOR, is_chinese, split_pair
from docutils import nodes
from opencc import OpenCC
from sphinx import addnodes
from sphinx.util import docname_join
from sphinx.util.osutil import relative_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

BUILDERS = {"html", "dirhtml"}
SCRIPTS = ("matcher.js", "pages.js", "view.js", "search.js")
SPHINX_SCRIPTS = ("searchtools.js", "language_data.js")

# The same words stand in these on every lesson, and would answer every query.
SKIPPED_CLASSES = {
    "nosearch",
    "sphx-glr-download-link-note",
    "sphx-glr-footer",
    "sphx-glr-signature",
    "sphx-glr-timing",
}
SKIPPED_NODES = (
    nodes.comment,
    nodes.doctest_block,  # the examples of the reference, and its
    nodes.field_list,  # parameters: their entry is found by its name and its sentences
    nodes.math_block,
    nodes.raw,
    nodes.substitution_definition,
    nodes.system_message,
    nodes.target,
    addnodes.index,
    addnodes.toctree,
)
CODE_NODES = (nodes.literal_block, addnodes.desc_signature)

# A reference without a text of its own, resolved when every page has been read.
REFERENCE = re.compile("\0(ref|doc) ([^\0]+)\0")
SPACE = re.compile(r"\s+")
HTML_BREAK = re.compile(r"<br\s*/?>")
# What a line of code brings that a reader looks for: what stands after a dot, is called, is a
# keyword or imported.
API_NAME = re.compile(r"(?<=\.)[^\W\d]\w{2,}|[^\W\d]\w{2,}(?=\(|=[^=\s])|(?<=import )\w+")
NAME = re.compile(r"[a-zA-Z_]\w{2,}")
SENTENCE = re.compile(r"(?:[a-zA-Z][\w']* ){4}")  # a message: kept whole, as it is pasted whole
# A figure's words are read from the figure, and nobody asks how it was drawn.
DRAWING = re.compile(r"(?ms)^\w+\.set_label\(.*?^\)|^[^\n]*\b(?:plt|ax|axes|fig)\b[^\n]*")
COMMENT = re.compile(r"(?m)\s*(?:# .*|\"{3}.*\"{3})$")
MERMAID_LABEL = re.compile(r'"([^"\n]+)"|^\s*accTitle:\s*(.+)$', re.MULTILINE)


class Section(TypedDict):
    """What stands below one heading: `id` is its anchor, empty for the top of the page."""

    id: str
    title: str
    zh: list[str]
    en: list[str]
    code: list[str]


# -- Reading a page --------------------------------------------------------------------------


def plain_text(node: nodes.Node, docname: str) -> str:
    """Give the words of `node` as a reader sees them, references without a text as marks."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, (nodes.raw, nodes.footnote_reference, nodes.system_message)):
        return ""
    if isinstance(node, nodes.image):
        return node.get("alt", "")
    if isinstance(node, addnodes.pending_xref) and not node.get("refexplicit"):
        if node["reftype"] == "ref":
            return f"\0ref {node['reftarget']}\0"
        if node["reftype"] == "doc":
            return f"\0doc {docname_join(docname, node['reftarget'])}\0"
    return "".join(plain_text(child, docname) for child in node.children)


def join_lines(text: str) -> str:
    r"""Undo the line breaks of the source: nothing between Han characters, else one space.

    >>> join_lines("自動\n微分的 grad\nis a tensor")
    '自動微分的 grad is a tensor'
    """

    def joint(found: re.Match[str]) -> str:
        before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        wide = all(is_chinese(side) or side in "，。：；！？、「」（）" for side in (before, after))
        return "" if wide else " "

    return SPACE.sub(joint, text).strip()


def add_text(section: Section, text: str) -> None:
    """File `text` under its language; a ``中文 · English`` line, or a lone link, is one of each."""
    halves = (text, text) if REFERENCE.fullmatch(text) else split_pair(text)
    if halves and (halves[0] == halves[1] or is_chinese(halves[0])):
        section["zh"].append(halves[0])
        section["en"].append(halves[1])
    elif text:
        section["zh" if is_chinese(text) else "en"].append(text)


def new_section(anchor: str, title: str = "") -> Section:
    """Give an empty section."""
    return {"id": anchor, "title": title, "zh": [], "en": [], "code": []}


def opened_by(node: nodes.Element, docname: str) -> Section | None:
    """Give the section that `node` opens: a heading, an API entry, an entry of a glossary."""
    if isinstance(node, nodes.section):
        title = plain_text(node.next_node(nodes.title), docname)
        return new_section(node["ids"][0], join_lines(title))
    if isinstance(node, (addnodes.desc, nodes.definition_list_item)):
        name = node.next_node(nodes.Part)
        if anchors := name["ids"]:  # the items of a plain list have none
            terms = [part.astext() for part in node.children if isinstance(part, nodes.term)]
            return new_section(anchors[0], SEPARATOR.join(terms) or anchors[0])
    return None


def lines_of_code(node: nodes.Element) -> list[str]:
    r"""Give the lines of a listing that say something; of Python, those that name something.

    >>> lines_of_code(nodes.literal_block("", "a = b  # so\n\na.view(6)  # 六", language="python"))
    ['a.view(6)']
    """
    text = node.astext()
    if str(node.get("language")).lower() == "python":
        lines = COMMENT.sub("", DRAWING.sub("", text)).splitlines()
        return [line.strip() for line in lines if API_NAME.search(line)]
    return [line.strip() for line in text.splitlines() if NAME.search(line)]


def drop_repetitions(page: list[Section]) -> None:
    """Keep what is new on the page: each text once, messages, code with new names."""
    texts: set[str] = set()
    seen: set[str] = set()

    for section in page:
        for language in (section["zh"], section["en"]):
            language[:] = [text for text in dict.fromkeys(language) if text not in texts]
            texts.update(language)
        for text in (section["title"], *section["zh"], *section["en"]):
            seen.update(NAME.findall(text))
        kept = []
        for line in dict.fromkeys(section["code"]):
            names = API_NAME.findall(line) or NAME.findall(line)
            if SENTENCE.search(line) or not seen.issuperset(names):
                seen.update(NAME.findall(line))
                kept.append(line)
        section["code"] = kept


def is_code(node: nodes.Element) -> bool:
    """Say whether `node` is a listing, a signature or a paragraph of nothing but code."""
    parts = node.children
    lone = bool(parts) and all(isinstance(part, nodes.literal) for part in parts)
    return lone or isinstance(node, CODE_NODES)


def read_node(node: nodes.Element, section: Section, page: list[Section], docname: str) -> None:
    """Add what stands in `node` to `section`, and to `page` the sections that it opens."""
    for child in node.children:
        if not isinstance(child, nodes.Element) or isinstance(child, SKIPPED_NODES):
            continue
        if SKIPPED_CLASSES.intersection(child["classes"]):
            continue
        if isinstance(child, nodes.title) and isinstance(node, nodes.section):
            continue  # read with its section
        if isinstance(child, nodes.term) and child["ids"]:
            continue  # likewise
        if isinstance(child, nodes.image) and node.next_node(nodes.caption):
            continue  # the caption says it in fewer words
        if opened := opened_by(child, docname):
            if isinstance(node, nodes.document) and not section["title"]:
                section["title"] = opened["title"]  # the title of the page is its top
                opened = section
            else:
                page.append(opened)
            read_node(child, opened, page, docname)
        elif is_code(child):
            section["code"] += lines_of_code(child)
        elif child.tagname == "mermaid":
            for label, sentence in MERMAID_LABEL.findall(child["code"]):
                for line in HTML_BREAK.split(label or sentence):
                    add_text(section, line.strip())
        elif isinstance(child, (nodes.image, nodes.TextElement)):
            add_text(section, join_lines(plain_text(child, docname)))
        else:
            read_node(child, section, page, docname)


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the text of the page that was just read."""
    env = app.env
    if {"nosearch", "no-search"}.isdisjoint(env.metadata[env.docname]):
        page = [new_section("")]
        read_node(doctree, page[0], page, env.docname)
        skipped = app.config.bilingual_search_skipped
        page = [section for section in page if section["title"] not in skipped]
        drop_repetitions(page)
        texts(env)[env.docname] = page


# -- Keeping the pages in the environment ----------------------------------------------------


def texts(env: BuildEnvironment) -> dict[str, list[Section]]:
    """Give the sections of every page that has been read, by docname."""
    if not hasattr(env, "bilingual_search_texts"):
        env.bilingual_search_texts = {}  # type: ignore[attr-defined]
    return env.bilingual_search_texts  # type: ignore[attr-defined]


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget a page that is about to be read again, or is gone."""
    texts(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: list[str], other: BuildEnvironment) -> None:
    """Take over the pages that another process has read."""
    texts(env).update((name, texts(other)[name]) for name in docnames if name in texts(other))


# -- Writing ---------------------------------------------------------------------------------


def resolve(text: str, language: str, env: BuildEnvironment) -> str:
    """Put the target's title, in the `language` of the sentence, for each reference mark."""

    def title(found: re.Match[str]) -> str:
        kind, target = found.groups()
        if kind == "doc":
            text = env.titles[target].astext() if target in env.titles else ""
        else:
            text = env.domains.standard_domain.labels.get(target, ("", "", ""))[2]
        zh, en = split_pair(text) or (text, text)
        return zh if language == "zh" else en

    return join_lines(REFERENCE.sub(title, text))


def columns(app: Sphinx) -> dict[str, Any]:
    """Give every page, in the order of their names, with like beside like: it packs better."""
    env, uri = app.env, app.builder.get_target_uri
    store: dict[str, Any] = {name: [] for name in ("pages", "id", "title", "zh", "en", "code")}
    for docname, sections in sorted(texts(env).items()):
        store["pages"].append([relative_uri(uri("search"), uri(docname)), len(sections)])
        for section in sections:
            title = resolve(section["title"] or docname, "en", env)
            store["id"].append(section["id"])
            store["title"].append(split_pair(title) or [title])
            store["zh"].append([resolve(text, "zh", env) for text in section["zh"]])
            store["en"].append([resolve(text, "en", env) for text in section["en"]])
            store["code"].append(section["code"])
    return store


def traditional(text: str, names: str = "") -> dict[str, str]:
    """Give the simplified forms of the characters used, each with the commonest it stands for.

    A form that `text` uses itself stays what it is.

    >>> sorted(traditional("張量和後面的台灣").items())
    [('后', '後'), ('张', '張'), ('湾', '灣')]
    """
    simplify = OpenCC("t2s").convert
    table: dict[str, str] = {}
    for character, _ in Counter(filter(is_chinese, text + names)).most_common():
        simple = simplify(character)
        if simple != character and simple not in text:
            table.setdefault(simple, character)
    return table


def read_terms(app: Sphinx) -> list[dict[str, str]]:
    """Give the rows of the term list, if there is one."""
    if not app.config.bilingual_search_terms:
        return []
    path = Path(app.srcdir, app.config.bilingual_search_terms)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def named_terms(
    app: Sphinx, rows: list[dict[str, str]], table: dict[int, str], text: str
) -> list[dict[str, Any]]:
    """Give each term's titles, its other names, and its place in a glossary.

    No other name is what the pages call it, or call something else, unless only to advise against.
    """
    titles = " ".join(row["zh_TW"] for row in rows)
    objects, uri = app.env.domains.standard_domain.objects, app.builder.get_target_uri
    found = []
    for row in rows:
        also = {}
        for column in ("do_not_write", "also"):
            for name in filter(None, row[column].lower().split("|")):
                plain = name.translate(table)
                advised_against = column == "do_not_write" and plain == name
                ours = plain in titles or (plain in text and not advised_against)
                if len(plain) > 1 and not ours:
                    also[plain] = True
        term: dict[str, Any] = {"title": [row["zh_TW"], row["en"]], "also": list(also)}
        if place := objects.get(("term", row["zh_TW"])):
            term["url"] = f"{relative_uri(uri('search'), uri(place[0]))}#{place[1]}"
        found.append(term)
    return found


def switch_off_sphinx_index(app: Sphinx) -> None:
    """Keep Sphinx from building and loading an index that nothing here would read."""
    if app.builder.name in BUILDERS:
        app.builder.search = False  # type: ignore[attr-defined]


def write_search_page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Write the texts, and ask Sphinx for the page ``search``."""
    if app.builder.name not in BUILDERS:
        return
    static = Path(app.outdir, "_static")
    store, rows = columns(app), read_terms(app)
    text = json.dumps(store, ensure_ascii=False).lower()
    table = traditional(text, json.dumps(rows, ensure_ascii=False))
    store["terms"] = named_terms(app, rows, str.maketrans(table), text)
    store["simplified"] = ["".join(table), "".join(table.values())]
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(column, ensure_ascii=False, separators=(',', ':'))}"
        for name, column in store.items()
    )
    target = static / "search" / "pages.js"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"globalThis.searchStore = {{\n{lines}\n}};\n", "utf-8", newline="\n")
    for name in SPHINX_SCRIPTS:  # the theme's, empty without an index
        static.joinpath(name).unlink(missing_ok=True)
    yield "search", {}, "search.html"


def load_scripts(app: Sphinx, pagename: str, *rest: Any) -> None:
    """Load the keys everywhere, the search on its own page only, in the order of their needs."""
    if app.builder.name in BUILDERS:
        app.add_css_file("search/search.css")
        app.add_js_file("search/open.js", loading_method="defer")
        if pagename == "search":
            for script in SCRIPTS:
                app.add_js_file(f"search/{script}", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to reading and writing."""
    app.setup_extension("bilingual")  # the template's `pair`
    app.add_config_value("bilingual_search_terms", None, "html", {str, type(None)})
    app.add_config_value("bilingual_search_skipped", [], "env", {list})
    app.connect("builder-inited", switch_off_sphinx_index)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("html-collect-pages", write_search_page)
    app.connect("html-page-context", load_scripts)
    return {
        "version": "1.0",
        "env_version": 6,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
