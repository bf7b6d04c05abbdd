"""Two languages on one page: pairs, spans, parity errors and the interface's words.

What an author writes is plain text, in reStructuredText, Markdown and lesson scripts alike:

- A Chinese paragraph, and the next paragraph says the same in English. This holds wherever a
  paragraph can stand: text, list items, table cells, admonitions, definitions, footnotes.
- A title, rubric, caption or term is one line: ``中文 · English``. A short paragraph, such as a
  table cell, may be written so too.
- Code, formulas, links and names (every word has a capital or a digit: ``PyTorch 2.4``) belong
  to neither language and need no twin.

The ways out, where something is deliberately in one language or script:

- ``:zh:`張量``` in an English paragraph and ``:en:`gradient``` in a title or cell mark the words
  as the other language (in Markdown: ``{zh}`張量```).
- ``.. rst-class:: monolingual`` before a paragraph, or ``.. container:: monolingual`` around
  several, asks for no twin; each keeps its ``lang``. API descriptions and everything that
  comes from a docstring are English by rule.

What does not hold is a warning of type ``bilingual`` with file and line, hence an error under
``-W``: ``bilingual.twin`` (no twin), ``bilingual.order`` (English first), ``bilingual.title``
(no `` · ``), ``bilingual.han`` (Han in an English paragraph). For a page that sphinx-gallery
wrote, file and line are those of the lesson's script.

For other extensions::

    from bilingual import SEPARATOR, is_chinese, pair_html, pair_nodes, split_pair

    split_pair("張量的形狀 · The shape of a tensor")  # ("張量的形狀", "The shape of a tensor")
    pair_nodes("下載 · Download")  # three inline nodes: Chinese, separator, English
    pair_html("下載 · Download")  # the same as HTML text

Templates get ``pair`` (the function ``pair_html``) and ``interface``. In the page, every half
that has a twin carries the class ``twin`` beside its ``lang``; ``bilingual.css`` hides by that
class only, so that text in one language stays in every reading mode. The mode stands on
``<html data-reading="zh-TW|both|en">``: the template ``before_paint.html`` sets it before anything
is seen, ``bilingual.js`` changes it and fires a ``reading`` event on ``document``.
"""

from __future__ import annotations

import re
from functools import partial
from html import escape, unescape
from itertools import pairwise, takewhile
from pathlib import Path

from docutils import nodes
from docutils.transforms import Transform
from sphinx import addnodes
from sphinx.locale import _, admonitionlabels
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

logger = logging.getLogger(__name__)

SEPARATOR = " · "
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
FULL_WIDTH = r"[\u3001-\u303f\uff01-\uff60]"  # Chinese punctuation
HAN_BREAK = re.compile(
    rf"(?<={FULL_WIDTH})\n|\n(?={FULL_WIDTH})|(?<={HAN.pattern})\n(?={HAN.pattern})"
)
ZH, EN = "language-zh-TW", "language-en"  # docutils writes such a class as a lang attribute

# -- Text ------------------------------------------------------------------------------------


def is_chinese(text: str) -> bool:
    """Say whether `text` holds a Han character.

    >>> is_chinese("PyTorch 的張量"), is_chinese("A PyTorch tensor")
    (True, False)
    """
    return HAN.search(text) is not None


def split_pair(text: str) -> tuple[str, str] | None:
    """Split ``中文 · English`` in its two halves; None where `text` is not such a pair.

    The English half holds no Han character, so a separator inside one half does no harm.

    >>> split_pair("張量的形狀 · The shape of a tensor")
    ('張量的形狀', 'The shape of a tensor')
    >>> split_pair("A · B 的 C · D")
    ('A · B 的 C', 'D')
    >>> split_pair("The shape of a tensor") is None
    True
    """
    for found in re.finditer(re.escape(SEPARATOR), text):
        zh, en = text[: found.start()].strip(), text[found.end() :].strip()
        if zh and en and not is_chinese(en):
            return zh, en
    return None


def pair_nodes(text: str) -> list[nodes.Node]:
    """Give the nodes of ``中文 · English``: two inline nodes around the separator.

    Text that is not a pair comes back as one Text node.

    >>> [node.astext() for node in pair_nodes("下載 · Download")]
    ['下載', ' · ', 'Download']
    """
    halves = split_pair(text)
    if halves is None:
        return [nodes.Text(text)]
    return _spans([nodes.Text(halves[0])], [nodes.Text(halves[1])])


def pair_html(text: str) -> str:
    """Give the HTML of ``中文 · English``, escaped, as the nodes of `pair_nodes` are written.

    >>> pair_html("下載 · Download")
    '<span class="twin" lang="zh-TW">下載</span><span class="pair-separator"> · </span>\
<span class="twin" lang="en">Download</span>'
    """
    halves = split_pair(text)
    if halves is None:
        return escape(text)
    zh, en = map(escape, halves)
    return (
        f'<span class="twin" lang="zh-TW">{zh}</span><span class="pair-separator">{SEPARATOR}'
        f'</span><span class="twin" lang="en">{en}</span>'
    )


def _spans(zh: list[nodes.Node], en: list[nodes.Node]) -> list[nodes.Node]:
    """Put the two halves of a line in spans, the separator between them."""
    return [
        nodes.inline("", "", *zh, classes=["twin", ZH]),
        nodes.inline("", SEPARATOR, classes=["pair-separator"]),
        nodes.inline("", "", *en, classes=["twin", EN]),
    ]


def split_children(node: nodes.Element) -> bool:
    """Split a line of text and markup in its two spans; say whether it is a pair.

    >>> line = nodes.title("", "", nodes.Text("檢視 · The "), nodes.literal("", "view"))
    >>> split_children(line), [child.astext() for child in line]
    (True, ['檢視', ' · ', 'The view'])
    """
    if any("twin" in child.get("classes", ()) for child in node if _is_element(child)):
        return True
    for at, child in enumerate(node.children):
        if not isinstance(child, nodes.Text):
            continue
        for found in re.finditer(re.escape(SEPARATOR), child):
            zh = [*node.children[:at], nodes.Text(child[: found.start()].rstrip())]
            en = [nodes.Text(child[found.end() :].lstrip()), *node.children[at + 1 :]]
            zh, en = ([part for part in half if part.astext()] for half in (zh, en))
            if zh and en and not any(is_chinese(_prose(part)[0]) for part in en):
                node.children = []
                node += _spans(zh, en)
                return True
    return False


# -- Which language a paragraph is in --------------------------------------------------------

# What these hold is code, a formula or a mark: it belongs to neither language.
NEUTRAL = (
    nodes.literal,
    nodes.math,
    nodes.raw,
    nodes.image,
    nodes.problematic,
    nodes.footnote_reference,
    nodes.citation_reference,
)
WORD = re.compile(r"[^\W\d_](?:[\w./'-]*\w)?")
# Nothing of these is seen, so they may stand between twins.
UNSEEN = (nodes.system_message, nodes.Invisible, addnodes.index, nodes.target)


def _is_element(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Element)


def _prose(node: nodes.Node) -> tuple[str, str]:
    """Give the words of a node, and apart from them the words of its links."""
    if isinstance(node, nodes.Text):
        return str(node), ""
    if isinstance(node, NEUTRAL) or {ZH, EN} & set(node.get("classes", ())):
        return "", ""
    if isinstance(node, addnodes.pending_xref):
        # The child of a reference without a text of its own is its target, save for :term:.
        if not node.get("refexplicit") and node.get("reftype") != "term":
            return "", ""
        return "", "".join("".join(_prose(child)) for child in node)
    if isinstance(node, nodes.reference):
        return "", "".join("".join(_prose(child)) for child in node)
    parts = [_prose(child) for child in node.children]
    return "".join(part[0] for part in parts), " ".join(part[1] for part in parts)


def _language(node: nodes.Node) -> str | None:
    """Read the language of a paragraph off its script: ``zh``, ``en``, ``name`` or None.

    A ``name`` (a link, or words that all have a capital or a digit) may be the English of a
    Chinese paragraph, but needs no Chinese of its own.
    """
    own, linked = _prose(node)
    if is_chinese(own + linked):
        return "zh"
    # A word with a dot, an underscore or a slash inside is a file or a name in code.
    words = [word for word in WORD.findall(own) if not re.search(r"\w[._/]\w", word)]
    if any(word == word.lower() and word.replace("'", "").isalpha() for word in words):
        return "en"
    return "name" if words or re.search(r"[^\W\d_]", linked) else None


def _mostly_latin(node: nodes.Node) -> bool:
    """Say whether a paragraph with Han in it reads as English: more words than Han."""
    text = "".join(_prose(node))
    return len(re.findall(r"[A-Za-z]+", text)) > len(HAN.findall(text))


# -- File and line ---------------------------------------------------------------------------


def _nearest(needle: str, lines: list[str], line: int) -> int:
    """Give the number of the line nearest to `line` that holds `needle`, or `line` itself.

    docutils counts some lines from the end of the block, so its number is only a hint.
    """
    found = [number for number, text in enumerate(lines, 1) if needle and needle in text]
    return min(found, key=lambda number: abs(number - line), default=line)


def _script_of(path: Path, gallery: dict, srcdir: Path) -> Path | None:
    """Give the file from which sphinx-gallery wrote the page `path`; None for other pages."""
    folders = [gallery.get(key, []) for key in ("examples_dirs", "gallery_dirs")]
    folders = [[folder] if isinstance(folder, str) else folder for folder in folders]
    for examples, pages in zip(*folders, strict=False):
        try:
            inside = path.resolve().relative_to((srcdir / pages).resolve())
        except ValueError:
            continue
        script = (srcdir / examples / inside).resolve()
        headers = [script.parent / f"{stem}.rst" for stem in ("GALLERY_HEADER", "README")]
        candidates = headers if inside.name == "index.rst" else [script.with_suffix(".py")]
        return next((candidate for candidate in candidates if candidate.is_file()), None)
    return None


def _location(node: nodes.Element, env) -> tuple[Path | str, int]:
    """Give file and line of a node, in the lesson's script where the page comes from one."""
    holder = node
    while holder.line is None and holder.parent is not None:
        holder = holder.parent
    source, line = holder.source or node.document["source"], holder.line or 1
    path = Path(source)
    if not path.is_file():
        return source, line
    lines = path.read_text(encoding="utf-8").splitlines()
    needle = (node.rawsource or node.astext()).strip().split("\n")[0]
    line = _nearest(needle, lines, line)
    gallery = getattr(env.config, "sphinx_gallery_conf", {})
    if script := _script_of(path, gallery, Path(env.srcdir)):
        # The same words, as many times before in the script as in the page.
        words = lines[line - 1].strip()
        before = sum(text.strip() == words for text in lines[: line - 1])
        code = script.read_text(encoding="utf-8").splitlines()
        same = [n for n, text in enumerate(code, 1) if text.lstrip("# ").strip() == words]
        if len(same) > before:
            return script, same[before]
    return path, line


MESSAGES = {
    "zh": (
        "twin",
        "中文段落後面沒有英文段落",
        "A Chinese paragraph is not followed by its English twin",
    ),
    "en": (
        "twin",
        "英文段落前面沒有中文段落",
        "An English paragraph is not preceded by its Chinese twin",
    ),
    "order": (
        "order",
        "英文段落排在中文段落之前，請對調",
        "The English paragraph stands before the Chinese one: swap them",
    ),
    "title": (
        "title",
        "標題要寫成「中文 · English」",
        "A title is written `中文 · English`",
    ),
    "han": (
        "han",
        "英文段落裡有漢字，請放進程式碼標記或 :zh:",
        "An English paragraph holds Han characters: put them in code or in :zh:",
    ),
}


# -- Transforms of a page as it is read ------------------------------------------------------

TITLES = (nodes.title, nodes.subtitle, nodes.rubric, nodes.caption)
PARAGRAPHS = (nodes.paragraph, nodes.line_block)


def _is_exempt(node: nodes.Node) -> bool:
    """Say whether a node, with all it holds, is deliberately in one language."""
    return (
        isinstance(node, addnodes.desc)
        or node.tagname == "autosummary_table"
        or "monolingual" in node.get("classes", ())
        or ":docstring of " in (getattr(node, "source", None) or "")
    )


class Lines(Transform):
    """Split titles, rubrics, captions and terms in two spans, and name sections in English.

    Before references are resolved and contents gathered, so that sidebar, contents, previous
    and next inherit the spans. A section's id comes from the English half of its title.
    """

    default_priority = 200

    def apply(self) -> None:
        """Split every line of the document."""
        for node in self.document.findall(lambda n: isinstance(n, (*TITLES, nodes.term))):
            if isinstance(node.parent, nodes.topic) and "contents" in node.parent["classes"]:
                node.children = []
                node += pair_nodes(_("Contents"))
            titled = isinstance(node, nodes.title) and isinstance(node.parent, nodes.section)
            if split_children(node) and titled:
                self.rename(node.parent, node[-1].astext())

    def rename(self, section: nodes.section, english: str) -> None:
        """Give the section the id of the English half, numbered where it is taken."""
        wanted = slug = nodes.make_id(english)
        old = section["ids"][0]
        number = 2
        while slug and slug != old and slug in self.document.ids:
            slug, number = f"{wanted}-{number}", number + 1
        # An id that the author chose (docutils makes others of the whole title) stays.
        if not slug or slug == old or old not in self.automatic(section):
            return
        section["ids"][0] = slug
        self.document.ids[slug] = self.document.ids.pop(old)
        for name, known in self.document.nameids.items():
            if known == old:
                self.document.nameids[name] = slug
        # MyST keeps a table of its own for [](#anchor).
        anchors = getattr(self.document, "myst_slugs", {})
        for anchor, (line, known, text) in anchors.items():
            if known == old:
                anchors[anchor] = (line, slug, text)

    def automatic(self, section: nodes.section) -> list[str]:
        """List the ids of a section that docutils may have made."""
        made = nodes.make_id(section[0].astext())
        return [i for i in section["ids"] if i == made or re.fullmatch(r"(id|section-)?\d+", i)]


class Pairs(Transform):
    """Wrap each Chinese paragraph and its English twin in one container, and check parity.

    After the transforms that make or move paragraphs, before MyST fills its links (879) and
    Sphinx collects the page (880).
    """

    default_priority = 870

    def apply(self) -> None:
        """Pair and check the whole document, then report in the order of its lines."""
        self.problems: list[tuple[str, nodes.Element]] = []
        self.cards()
        self.visit(self.document)
        env = self.document.settings.env
        found = [(_location(node, env), kind, node.astext()) for kind, node in self.problems]
        for (path, line), kind, text in sorted(found, key=lambda problem: problem[0][1]):
            subtype, zh, en = MESSAGES[kind]
            quoted = " ".join(text.split())
            logger.warning(
                "%s%s%s: %s",
                zh,
                SEPARATOR,
                en,
                quoted if len(quoted) <= 40 else f"{quoted[:40]}…",
                location=f"{path}:{line}",
                type="bilingual",
                subtype=subtype,
            )

    def visit(self, parent: nodes.Element) -> None:
        """Pair the children of `parent`, then theirs."""
        if isinstance(parent, nodes.definition_list) and isinstance(
            parent.parent, addnodes.glossary
        ):
            self.glossary(parent)
        self.pair(parent)
        for child in list(parent.children):
            if isinstance(child, addnodes.toctree):
                self.toctree(child)
            elif _is_element(child) and _is_exempt(child):
                self.exempt(child)
            elif isinstance(child, (*TITLES, nodes.term)):
                self.title(child)
            elif _is_element(child) and not isinstance(child, (*PARAGRAPHS, *UNSEEN)):
                self.visit(child)

    # -- paragraphs

    def pair(self, parent: nodes.Element) -> None:
        """Pair the paragraphs among the children of one node."""
        run: list[tuple[str, nodes.Element]] = []
        for child in [*parent.children, None]:
            if isinstance(child, UNSEEN):
                continue
            kind = self.kind(child)
            if kind in ("zh", "en") or (kind == "name" and run and run[-1][0] == "zh"):
                run.append(("zh" if kind == "zh" else "en", child))
            else:
                self.match(run)
                run = []

    def kind(self, node: nodes.Node | None) -> str | None:
        """Read the language of a child that takes part in pairing; None for any other."""
        if not isinstance(node, PARAGRAPHS) or isinstance(node, addnodes.compact_paragraph):
            return None
        if _is_exempt(node) or (isinstance(node, nodes.paragraph) and split_children(node)):
            return None
        # A link alone, of both languages: its text is split when it is resolved.
        if [type(child) for child in node] in ([nodes.reference], [addnodes.pending_xref]):
            return _language(node) if split_pair(node.astext()) is None else None
        return _language(node)

    def match(self, run: list[tuple[str, nodes.Element]]) -> None:
        """Pair a run of paragraphs with nothing visible between them."""
        while run:
            (kind, node), rest = run[0], run[1:]
            other = rest[0] if rest else (None, None)
            if self.is_english_with_han(run):
                self.problems.append(("han", other[1]))
                other = ("en", other[1])
            if (kind, other[0]) == ("zh", "en"):
                self.wrap(node, other[1])
                run = rest[1:]
            elif (kind, other[0]) == ("en", "zh") and self.alternates(run) % 2 == 0:
                self.problems.append(("order", node))
                self.wrap(other[1], node)
                run = rest[1:]
            else:
                self.problems.append((kind, node))
                node["classes"].append(ZH if kind == "zh" else EN)
                run = rest

    @staticmethod
    def is_english_with_han(run: list[tuple[str, nodes.Element]]) -> bool:
        """Say whether the second of a run is Chinese by script, but English by place and weight.

        If English follows it, it is a Chinese paragraph itself, and the first lacks its twin.
        """
        kinds = [kind for kind, _node in run[:3]]
        return kinds[:2] == ["zh", "zh"] and kinds[2:] != ["en"] and _mostly_latin(run[1][1])

    @staticmethod
    def alternates(run: list[tuple[str, nodes.Element]]) -> int:
        """Count the paragraphs from the first on that take turns."""
        return 1 + sum(1 for _ in takewhile(lambda two: two[0][0] != two[1][0], pairwise(run)))

    @staticmethod
    def wrap(zh: nodes.Element, en: nodes.Element) -> None:
        """Put two twins, and what unseen stands between, in one container."""
        parent = zh.parent
        start, end = sorted((parent.index(zh), parent.index(en)))
        box = nodes.container(classes=["pair"])
        box.source, box.line = parent[start].source, parent[start].line
        box += parent.children[start : end + 1]
        parent[start : end + 1] = [box]
        zh["classes"] += ["twin", ZH]
        en["classes"] += ["twin", EN]

    # -- lines

    def title(self, node: nodes.Element) -> None:
        """Check that a title is a pair; code needs none, nor does a name as caption or term."""
        language = _language(node)
        free = {None, "name"} if isinstance(node, (nodes.caption, nodes.term)) else {None}
        if isinstance(node, nodes.term) and isinstance(
            node.parent.parent.parent, addnodes.glossary
        ):
            free.add("en")  # a word such as logits that Chinese writes in Latin letters too
        paired = split_children(node) or "twin" in node["classes"]
        if language not in free and not paired:
            self.problems.append(("title", node))

    def toctree(self, node: addnodes.toctree) -> None:
        """Check the caption of a toctree and the titles written in it."""
        for text in [node.get("caption"), *(title for title, _doc in node["entries"])]:
            if text and not split_pair(text) and re.search(r"[^\W\d_]", text):
                line = nodes.title(text, text)
                line.parent, line.document = node, self.document
                self.problems.append(("title", line))

    def glossary(self, node: nodes.definition_list) -> None:
        """Mark the terms of a glossary entry, one line a language, as each other's twins."""
        for item in node:
            terms = [child for child in item if isinstance(child, nodes.term)]
            whole = [term for term in terms if not split_children(term)]
            if len({is_chinese(term.astext()) for term in whole}) == 2:
                for term in whole:
                    term["classes"] += ["twin", ZH if is_chinese(term.astext()) else EN]

    # -- what is in one language

    def exempt(self, node: nodes.Element) -> None:
        """Set the language of what needs no twin."""
        if isinstance(node, addnodes.desc):
            for content in node.findall(addnodes.desc_content):
                content["classes"].append(EN)
            return
        for paragraph in node.findall(nodes.TextElement):
            if isinstance(paragraph, (*PARAGRAPHS, *TITLES)) and (language := _language(paragraph)):
                paragraph["classes"].append(ZH if language == "zh" else EN)

    def cards(self) -> None:
        """Turn sphinx-gallery's thumbnail cards, half raw HTML, into plain nodes.

        It writes an opening raw node, the image and the link, and a closing raw node with the
        title once more. The link's text is the title, so image and link are all that is needed.
        """
        for opening in list(self.document.findall(nodes.raw)):
            if 'class="sphx-glr-thumbcontainer"' not in opening.astext():
                continue
            parent = opening.parent
            start = parent.index(opening)
            end = start + 1
            while "sphx-glr-thumbnail-title" not in parent[end].astext():
                end += 1
            card = nodes.container(classes=["sphx-glr-thumbcontainer"])
            for part in parent[start + 1 : end]:
                card += part.children if isinstance(part, addnodes.only) else part
            parent[start : end + 1] = [card]


class HanLines(Transform):
    """Take out the line breaks that a source has inside a Chinese sentence.

    A browser shows a line break as a space, and Chinese has none between its characters nor
    beside its punctuation. After `Pairs`, whose warnings quote the source line by line.
    """

    default_priority = 875

    def apply(self) -> None:
        """Join the lines of every text that is not code."""
        for text in list(self.document.findall(nodes.Text)):
            if "\n" not in text or isinstance(text.parent, (nodes.literal, nodes.FixedTextElement)):
                continue
            line = text.parent
            at = next(at for at, child in enumerate(line) if child is text)
            before = "".join(child.astext() for child in line[:at])[-1:]
            after = "".join(child.astext() for child in line[at + 1 :])[:1]
            joined = HAN_BREAK.sub("", before + text + after)
            line[at] = nodes.Text(joined[len(before) : len(joined) - len(after)])


class Other(SphinxRole):
    """The roles ``:zh:`` and ``:en:``: words of the other language, marked as such."""

    def run(self):
        """Mark the words with their language."""
        return [nodes.inline("", self.text, classes=[ZH if self.name == "zh" else EN])], []


# -- Transforms of a page as it is written ---------------------------------------------------


class ReferenceTexts(SphinxPostTransform):
    """Give a link to a title the language of the paragraph that it stands in.

    After Sphinx (10) and MyST (9) have filled the links with the whole title.
    """

    default_priority = 20

    def run(self, **kwargs) -> None:
        """Shorten or split the text of every link."""
        for reference in self.document.findall(nodes.reference):
            holder = reference
            while len(holder) == 1 and isinstance(holder[0], nodes.inline):
                holder = holder[0]
            halves = split_pair(holder.astext())
            if halves is None or len(holder) != 1 or not isinstance(holder[0], nodes.Text):
                continue
            language = self.around(reference)
            texts = {ZH: [nodes.Text(halves[0])], EN: [nodes.Text(halves[1])]}
            holder.children = []
            holder += texts.get(language) or pair_nodes(SEPARATOR.join(halves))

    @staticmethod
    def around(node: nodes.Node) -> str | None:
        """Give the language class of the nearest node around that has one."""
        while node := node.parent:
            if found := {ZH, EN} & set(node["classes"]):
                return found.pop()
        return None


class AdmonitionTitles(SphinxPostTransform):
    """Write the label of a note, tip, warning… as a title node, so that it can have two spans."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Turn every labelled admonition into a plain one with a title."""
        for node in list(self.document.findall(nodes.Admonition)):
            if node.tagname not in admonitionlabels:
                continue
            label = str(admonitionlabels[node.tagname])
            plain = nodes.admonition("", nodes.title(label, "", *pair_nodes(label)))
            plain.attributes.update(node.attributes)
            plain["classes"] = [node.tagname, *node["classes"]]
            plain += node.children
            node.replace_self(plain)


def visit_compact_paragraph(translator, node: nodes.Element) -> None:
    """Split the lines of a toctree that are text: its caption and the titles written in it.

    Sphinx makes a toctree after the last transform, hence here.
    """
    for child in node.children:
        if isinstance(child, (nodes.title, nodes.reference)):
            split_children(child)


def depart_compact_paragraph(translator, node: nodes.Element) -> None:
    """Close nothing: a compact paragraph has no element of its own."""


# -- Templates -------------------------------------------------------------------------------

TOGGLE = "Toggle navigation of "
# Scripts are not text; the title of an icon is, but holds no elements.
OPAQUE = re.compile(r"(<(title|script|style|pre)\b[^>]*>)(.*?)(</\2>)", re.DOTALL)
ATTRIBUTE = re.compile(r' (aria-label|title|placeholder|alt)="([^"]+)"')
TEXT = re.compile(r"(>\s*)([^<>]*\S)(?=\s*<)")


def interface(html: str, whole: bool = False) -> str:
    """Finish the theme's words in rendered HTML, outside the article unless `whole`.

    The catalogue gives every word as ``中文 · English``. Text between tags becomes two spans;
    words that the theme has in English only are looked up in the catalogue.

    >>> interface('<p title="a">關於 · About</p>', whole=True)
    '<p title="a"><span class="twin" lang="zh-TW">關於</span><span class="pair-separator"> · \
</span><span class="twin" lang="en">About</span></p>'
    """
    if not whole and "<article" in html:
        head, tag, rest = html.partition("<article")
        article, end, tail = rest.rpartition("</article>")
        return interface(head, True) + tag + article + end + interface(tail, True)

    def attribute(found: re.Match) -> str:
        text = unescape(found[2])
        if text.startswith(TOGGLE):
            name = text.removeprefix(TOGGLE)
            zh, en = split_pair(name) or (name, name)
            return f' {found[1]}="{escape(_(TOGGLE + "%(zh)s%(en)s") % {"zh": zh, "en": en})}"'
        return f' {found[1]}="{escape(_(text))}"'

    def words(found: re.Match) -> str:
        text = unescape(found[2])
        return found[1] + pair_html(text) if split_pair(text) else found[0]

    done, last = "", 0
    for opaque in OPAQUE.finditer(html):
        done += TEXT.sub(words, ATTRIBUTE.sub(attribute, html[last : opaque.start()]))
        text = escape(_(unescape(opaque[3]))) if opaque[2] == "title" else opaque[3]
        done += opaque[1] + text + opaque[4]
        last = opaque.end()
    return done + TEXT.sub(words, ATTRIBUTE.sub(attribute, html[last:]))


def add_to_context(app, pagename, templatename, context, doctree) -> None:
    """Give the templates their functions, and the sidebar its reading switch."""
    context["pair"] = pair_html
    # A page without a doctree (index, search) is the theme's own words all through.
    context["interface"] = partial(interface, whole=doctree is None)
    sidebars = list(context.get("sidebars") or ())
    if "sidebar/search.html" in sidebars:
        sidebars.insert(sidebars.index("sidebar/search.html") + 1, "sidebar/reading.html")
        context["sidebars"] = sidebars


def setup(app):
    """Connect the transforms, the roles, the style sheet and the templates' functions."""
    app.add_transform(Lines)
    app.add_transform(Pairs)
    app.add_transform(HanLines)
    app.add_post_transform(ReferenceTexts)
    app.add_post_transform(AdmonitionTitles)
    app.add_role("zh", Other())
    app.add_role("en", Other())
    app.add_node(
        addnodes.compact_paragraph,
        override=True,
        html=(visit_compact_paragraph, depart_compact_paragraph),
    )
    app.add_css_file("bilingual.css")
    app.add_js_file("bilingual.js", loading_method="defer")
    # Before the theme (500), which reads the sidebars and the toctree from the context.
    app.connect("html-page-context", add_to_context, priority=400)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
