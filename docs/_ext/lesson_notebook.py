"""Turn a lesson's script into a Jupyter notebook: code as it is, text as Markdown.

For the extension ``downloads``::

    text = lesson_notebook.convert(app, "lessons/1_start/01_first", script, "%pip install torch -q")

The text blocks are parsed as one document by Sphinx's own reStructuredText parser, so that every
directive and role of the site is known, a reference finds its title on another page, and a
message of the parser names the line of the script. `Markdown` then writes the nodes: a diagram as
a ``mermaid`` fence, a formula between dollars, a collapsible admonition as ``<details>``. A node
that it cannot write is a warning of type ``downloads.markdown``, never raw reStructuredText.
"""

from __future__ import annotations

import base64
import json
import mimetypes
import re
import textwrap
import unicodedata
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin, urlsplit

from bilingual import HAN, is_chinese, split_pair
from docutils import frontend, nodes
from docutils.statemachine import StringList
from docutils.transforms import references
from docutils.utils import get_source_line
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import NoUri
from sphinx.locale import admonitionlabels
from sphinx.util import logging
from sphinx.util.docutils import LoggingReporter, sphinx_domains
from sphinx_gallery.py_source_parser import remove_config_comments, split_code_and_text_blocks

logger = logging.getLogger(__name__)

CELL = "lesson code block"  # a comment of this text holds the place of a code block
FULL_WIDTH = re.compile(r"[\u3000-\u303f\uff00-\uff60\u2026\u2014]")

# -- Markdown --------------------------------------------------------------------------------

# What Markdown would take for markup; an underscore inside a word is none.
SPECIAL = re.compile(r"[\\`*\[\]<$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|(?<=~)~")
LINE_START = re.compile(r"^(?:(?=[-+#>=])|(\d+)(?=[.)](?:\s|$)))")


def escape(text: str) -> str:
    r"""Write plain text so that Markdown shows it as it is.

    >>> escape("w_1 * x is requires_grad, 3 < 4, $5")
    'w_1 \\* x is requires_grad, 3 \\< 4, \\$5'
    """
    return SPECIAL.sub(lambda found: "\\" + found[0], text)


def join_lines(text: str) -> str:
    r"""Join the lines of a paragraph, with a space unless they meet in Chinese.

    A space between two Han characters stood around markup and goes too.

    >>> join_lines("先看\n這裡，\n再 view\n一次 梯度")
    '先看這裡，再 view 一次梯度'
    """

    def gap(found: re.Match) -> str:
        sides = (text[found.start() - 1], text[found.end()])
        chinese = all(HAN.match(side) or FULL_WIDTH.match(side) for side in sides)
        return "" if chinese or ("\n" in found[0] and any(map(FULL_WIDTH.match, sides))) else " "

    return re.sub(r"[ \n]+", gap, text.strip())


def fence(text: str, language: str = "") -> str:
    """Put code between fences longer than any that it holds."""
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


def quote(text: str) -> str:
    """Write Markdown as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


class Markdown:
    """Write docutils nodes as Markdown; one method a kind of node.

    Parameters
    ----------
    link : callable
        Gives the address for a resolved reference, or None where text has to do.
    picture : callable
        Gives the address (or data) for an image's URI, or None where it is not found.
    unknown : callable
        Is told of a node that has no method here.
    """

    def __init__(
        self,
        link: Callable[[nodes.reference], str | None],
        picture: Callable[[nodes.image], str | None],
        unknown: Callable[[nodes.Node], None],
    ) -> None:
        self.link, self.picture, self.unknown = link, picture, unknown

    def block(self, node: nodes.Node, level: int = 1) -> str:
        """Write one block; `level` is the depth of the sections around it."""
        if isinstance(node, UNSEEN):
            return ""
        if isinstance(node, nodes.Admonition) and node.tagname in admonitionlabels:
            return self._quoted(str(admonitionlabels[node.tagname]), node, level)
        method = getattr(self, f"_block_{node.tagname}", None)
        if method is None and isinstance(node, (nodes.Inline, nodes.Text)):
            return self._paragraph_text([node])
        if method is None:
            self.unknown(node)
            method = self._block_container
        return method(node, level)

    def blocks(self, parent: list[nodes.Node] | nodes.Element, level: int = 1) -> str:
        """Write blocks, an empty line between them."""
        written = (self.block(child, level) for child in parent)
        return "\n\n".join(text for text in written if text)

    # -- text

    def _block_paragraph(self, node: nodes.Element, level: int) -> str:
        return self._paragraph_text(node.children)

    def _paragraph_text(self, children: list[nodes.Node]) -> str:
        return LINE_START.sub(r"\1\\", join_lines(self.inlines(children)))

    def _block_title(self, node: nodes.Element, level: int) -> str:
        return f"{'#' * min(level, 6)} {self._block_paragraph(node, level)}"

    def _block_rubric(self, node: nodes.Element, level: int) -> str:
        return f"**{self._block_paragraph(node, level)}**"

    def _block_container(self, node: nodes.Element, level: int) -> str:
        return self.blocks(node.children, level)

    _block_compound = _block_legend = _block_definition = _block_field_body = _block_container
    _block_hlist = _block_hlistcol = _block_container
    _block_caption = _block_attribution = _block_centered = _block_paragraph

    def _block_transition(self, node: nodes.Element, level: int) -> str:
        return "---"

    def _block_block_quote(self, node: nodes.Element, level: int) -> str:
        return quote(self.blocks(node, level))

    def _block_line_block(self, node: nodes.Element, level: int, depth: int = 0) -> str:
        lines = [
            self._block_line_block(line, level, depth + 1)
            if isinstance(line, nodes.line_block)
            else "&emsp;" * depth + self._block_paragraph(line, level)
            for line in node
        ]
        return "  \n".join(lines)

    # -- lists

    def _item(self, mark: str, text: str) -> str:
        return mark + textwrap.indent(text, " " * len(mark))[len(mark) :]

    def _items(self, marked: list[tuple[str, str]]) -> str:
        loose = any("\n\n" in text for _mark, text in marked)
        return ("\n\n" if loose else "\n").join(self._item(mark, text) for mark, text in marked)

    def _block_bullet_list(self, node: nodes.Element, level: int) -> str:
        return self._items([("- ", self.blocks(item.children, level)) for item in node])

    def _block_enumerated_list(self, node: nodes.Element, level: int) -> str:
        texts = [self.blocks(item.children, level) for item in node]
        return self._items(
            [(f"{number}. ", text) for number, text in enumerate(texts, node.get("start", 1))]
        )

    def _block_definition_list(self, node: nodes.Element, level: int) -> str:
        items = []
        for item in node:
            terms = [self._block_paragraph(term, level) for term in item if term.tagname == "term"]
            rest = [child for child in item if child.tagname not in ("term", "classifier")]
            items.append(("- ", f"**{'** · **'.join(terms)}**\n\n{self.blocks(rest, level)}"))
        return self._items(items)

    def _block_field_list(self, node: nodes.Element, level: int) -> str:
        return self._items(
            [
                (
                    "- ",
                    f"**{self._block_paragraph(name, level)}** {self.blocks(body.children, level)}",
                )
                for name, body in node
            ]
        )

    # -- code, formulas, diagrams

    def _block_literal_block(self, node: nodes.Element, level: int) -> str:
        language = node.get("language", "")
        return fence(node.astext(), "" if language in ("none", "default") else language)

    def _block_doctest_block(self, node: nodes.Element, level: int) -> str:
        return fence(node.astext(), "pycon")

    def _block_math_block(self, node: nodes.Element, level: int) -> str:
        latex = node.astext().strip()
        if ("\\\\" in latex or "&" in latex) and not latex.startswith("\\begin"):
            latex = f"\\begin{{aligned}}\n{latex}\n\\end{{aligned}}"
        return f"$$\n{latex}\n$$"

    def _block_mermaid(self, node: nodes.Element, level: int) -> str:
        return fence(node["code"], "mermaid")

    def _block_moving_graph(self, node: nodes.Element, level: int) -> str:
        """Say that it moves on the page; a notebook has no script of the site."""
        address = self.link(nodes.reference(refuri=f"#{node['ids'][0]}"))
        zh, en = split_pair(node.astext())
        zh, en = (f"[{text}]({address})" if address else text for text in (zh, en))
        return quote(f"「{zh}」在網頁上可以動手玩。\n\nOn the page, play with: {en}.")

    def _block_raw(self, node: nodes.Element, level: int) -> str:
        return node.astext() if "html" in node["format"].split() else ""

    # -- boxes

    def _quoted(self, title: str, node: nodes.Element, level: int) -> str:
        """Write an admonition: folded where the page folds it, quoted otherwise."""
        children = [child for child in node if not isinstance(child, nodes.title)]
        body = self.blocks(children, level)
        if folded := node.get("collapsible"):
            opened = " open" if folded == "open" else ""
            return f"<details{opened}>\n<summary>{title}</summary>\n\n{body}\n\n</details>"
        text = f"**{title}**\n\n{body}" if title else body
        return quote(text)

    def _block_admonition(self, node: nodes.Element, level: int) -> str:
        titles = [self._block_paragraph(c, level) for c in node if isinstance(c, nodes.title)]
        return self._quoted("".join(titles), node, level)

    _block_sidebar = _block_admonition

    def _block_topic(self, node: nodes.Element, level: int) -> str:
        # The notebook program shows a table of contents of its own.
        return "" if "contents" in node["classes"] else self._block_admonition(node, level)

    def _block_versionmodified(self, node: nodes.Element, level: int) -> str:
        return self._quoted("", node, level)

    # -- pictures

    def _block_image(self, node: nodes.Element, level: int) -> str:
        return self._inline_image(node)

    def _block_figure(self, node: nodes.Element, level: int) -> str:
        return self.blocks(node.children, level)

    # -- tables

    def _block_table(self, node: nodes.Element, level: int) -> str:
        """Write a pipe table where each cell is text; HTML around Markdown where not."""
        title = "".join(self._block_paragraph(c, level) for c in node if c.tagname == "title")
        rows = [
            (
                row.parent.tagname == "thead",
                [(cell, self.blocks(cell.children, level)) for cell in row],
            )
            for row in node.findall(nodes.row)
        ]
        cells = [cell for _head, row in rows for cell in row]
        simple = rows and not any(
            "|" in text
            or entry.get("morecols")
            or entry.get("morerows")
            or not all(isinstance(child, nodes.paragraph) for child in entry)
            for entry, text in cells
        )
        table = self._pipe_table(rows) if simple else self._html_table(rows)
        return f"**{title}**\n\n{table}" if title else table

    def _pipe_table(self, rows: list) -> str:
        head = rows[0][1] if rows[0][0] else [(None, "")] * len(rows[0][1])
        body = [row for is_head, row in rows if not is_head]
        lines = [[text.replace("\n\n", "<br>") for _entry, text in row] for row in (head, *body)]
        lines.insert(1, ["---"] * len(head))
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def _html_table(self, rows: list) -> str:
        text = "<table>\n"
        for is_head, row in rows:
            text += "<tr>\n"
            for entry, content in row:
                tag = "th" if is_head else "td"
                spans = "".join(
                    f' {name}="{entry[more] + 1}"'
                    for name, more in (("colspan", "morecols"), ("rowspan", "morerows"))
                    if entry.get(more)
                )
                text += f"<{tag}{spans}>\n\n{content}\n\n</{tag}>\n"
            text += "</tr>\n"
        return text + "</table>"

    # -- notes at the foot

    def _block_footnote(self, node: nodes.Element, level: int) -> str:
        label, *rest = node.children
        return f"<sup>{label.astext()}</sup> {self.blocks(rest, level)}"

    _block_citation = _block_footnote

    # -- inside a paragraph

    def inlines(self, children: list[nodes.Node]) -> str:
        """Write what stands in a line; markers look at their neighbours."""
        text = ""
        for index, child in enumerate(children):
            after = "".join(other.astext() for other in children[index + 1 :])[:1]
            text += self.inline(child, text[-1:], after)
        return text

    def inline(self, node: nodes.Node, before: str = "", after: str = "") -> str:
        """Write one node of a line, between the characters `before` and `after`."""
        if isinstance(node, nodes.Text):
            return escape(node.astext())  # str() would keep docutils' own escapes
        if isinstance(node, UNSEEN) and not isinstance(node, nodes.target):
            return ""
        if node.tagname in MARKS:
            marker, tag = MARKS[node.tagname]
            text = self.inlines(node.children)
            if not marker or not flanks(before, node.astext(), after):
                return f"<{tag}>{text}</{tag}>"
            return f"{marker}{text}{marker}"
        if node.tagname in CODE:
            return code_span(" ".join(node.astext().split()))
        method = getattr(self, f"_inline_{node.tagname}", None)
        if method is None:
            if node.tagname not in PLAIN:
                self.unknown(node)
            return self.inlines(node.children)
        return method(node)

    def _inline_math(self, node: nodes.Element) -> str:
        return f"${' '.join(node.astext().split())}$"

    def _inline_reference(self, node: nodes.Element) -> str:
        text, address = self.inlines(node.children), self.link(node)
        return f"[{text}]({address})" if address else text

    def _inline_image(self, node: nodes.Element) -> str:
        address = self.picture(node)
        alt = escape(node.get("alt", "").replace("\n", " "))
        return f"![{alt}]({address})" if address else alt

    def _inline_footnote_reference(self, node: nodes.Element) -> str:
        return f"<sup>{node.astext()}</sup>"

    _inline_citation_reference = _inline_footnote_reference

    def _inline_abbreviation(self, node: nodes.Element) -> str:
        explained = node.get("explanation")
        return self.inlines(node.children) + (f" ({escape(explained)})" if explained else "")

    def _inline_raw(self, node: nodes.Element) -> str:
        return self._block_raw(node, 1)


# node: Markdown's marker where it works, HTML's tag where it does not
MARKS = {
    "emphasis": ("*", "em"),
    "strong": ("**", "strong"),
    "title_reference": ("*", "cite"),
    "subscript": ("", "sub"),
    "superscript": ("", "sup"),
}
CODE = {"literal", "literal_emphasis", "literal_strong"}
# What reads well as the text that it holds.
PLAIN = {"inline", "target", "download_reference", "number_reference", "manpage", "generated"}
UNSEEN = (nodes.Invisible, nodes.system_message, nodes.target, addnodes.index, nodes.problematic)


def code_span(text: str) -> str:
    """Put code in a line between ticks longer than any that it holds.

    >>> code_span("x.view(-1)"), code_span("a`b")
    ('`x.view(-1)`', '``a`b``')
    """
    ticks = "`" * max([0, *(len(run) for run in re.findall("`+", text))]) + "`"
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def flanks(before: str, text: str, after: str) -> bool:
    """Say whether asterisks around `text` would be markup, by CommonMark's rule of flanks.

    In Chinese they often are not: the closing ones of ``**重點。**接著`` follow punctuation and
    precede a letter.

    >>> flanks("", "重點", "，"), flanks("", "重點。", "接")
    (True, False)
    """

    def free(char: str) -> bool:
        return not char or char.isspace() or unicodedata.category(char)[0] in "PS"

    inside_first, inside_last = text[:1], text[-1:]
    return (
        bool(text.strip())
        and not (inside_first.isspace() or inside_last.isspace())
        and (not free(inside_first) or free(before))
        and (not free(inside_last) or free(after))
    )


# -- From the script -------------------------------------------------------------------------


def parse(app: Sphinx, docname: str, script: Path, blocks: list) -> nodes.document:
    """Parse all text blocks of a lesson as one document, with comments where the code stands."""
    lines = StringList()
    for index, (kind, content, lineno) in enumerate(blocks):
        texts = content.split("\n") if kind == "text" else [f".. {CELL} {index}"]
        for offset, text in enumerate(["", *texts, ""]):
            lines.append(text.rstrip(), str(script), max(0, lineno + offset - 2))
    env = app.env
    parser = app.registry.create_source_parser("restructuredtext", config=app.config, env=env)
    settings = frontend.get_default_settings(parser)
    for name, value in {**env.settings, "env": env, "character_level_inline_markup": True}.items():
        setattr(settings, name, value)
    reporter = LoggingReporter(str(script), report_level=2, halt_level=5)
    document = nodes.document(settings, reporter, source=str(script))
    document.note_source(str(script), -1)

    before, equations = env.current_document, dict(env.domains.math_domain.equations)
    env.prepare_settings(docname)
    env.domains.math_domain.clear_doc(docname)  # the page has numbered its formulas already
    try:
        with sphinx_domains(env):
            parser.parse(lines, document)
        document.transformer.add_transforms(
            [
                references.Substitutions,
                references.PropagateTargets,
                references.AnonymousHyperlinks,
                references.IndirectHyperlinks,
                references.Footnotes,
                references.ExternalTargets,
                references.InternalTargets,
            ]
        )
        document.transformer.apply_transforms()
    finally:
        env.current_document = before
        env.ref_context.clear()
        env.domains.math_domain.equations.clear()
        env.domains.math_domain.equations.update(equations)
    return document


def resolve(app: Sphinx, docname: str, document: nodes.document) -> None:
    """Give each reference to another page its text, in the language of its paragraph."""
    for node in list(document.findall(addnodes.pending_xref)):
        content = node[0].deepcopy()
        domain = app.env.domains.get(node.get("refdomain"))
        arguments = (node["reftype"], node["reftarget"], node, content)
        found = None
        try:
            if domain is not None:
                found = domain.resolve_xref(app.env, docname, app.builder, *arguments)
            found = found or app.emit_firstresult(
                "missing-reference", app.env, node, content, allowed_exceptions=(NoUri,)
            )
        except NoUri:
            pass
        halves = split_pair(found.astext()) if found is not None else None
        if halves and not node.get("refexplicit"):
            own = "".join(child.astext() for child in node.parent if isinstance(child, nodes.Text))
            found.children = []
            found += nodes.inline("", halves[0] if is_chinese(own) else halves[1])
        node.replace_self(found if found is not None else content)


def convert(app: Sphinx, docname: str, script: Path, first_cell: str | None) -> str | None:
    """Give the notebook of a lesson as JSON text; None after a warning.

    Parameters
    ----------
    app : Sphinx
        After all pages have been read.
    docname : str
        The lesson's page, from which its links and pictures are named.
    script : Path
        The lesson.
    first_cell : str or None
        Code that installs what the lesson needs, if it needs anything.
    """
    blocks = split_code_and_text_blocks(script)[1]
    document = parse(app, docname, script, blocks)
    resolve(app, docname, document)
    here = app.builder.get_target_uri(docname)
    base = app.config.html_baseurl
    problems = [node for node in document.findall(nodes.system_message) if node["level"] > 1]

    def link(node: nodes.reference) -> str | None:
        uri = node.get("refuri", "")
        if urlsplit(uri).scheme:
            return uri
        return urljoin(urljoin(base, here), uri) if uri and base else None

    def picture(node: nodes.image) -> str | None:
        uri = node["uri"]
        if urlsplit(uri).scheme:
            return uri
        inside = PurePosixPath("/", docname).parent / uri
        candidates = [Path(app.srcdir, *inside.parts[1:]), script.parent / uri]
        for path in candidates:
            if path.is_file():
                kind = mimetypes.guess_type(path.name)[0] or "image/png"
                return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
        warn(node, "找不到圖片 · no such image: %s", uri)
        return None

    def warn(node: nodes.Node, text: str, *values: str) -> None:
        problems.append(node)
        place = f"{script}:{get_source_line(node)[1] or 1}"
        logger.warning(text, *values, location=place, type="downloads", subtype="markdown")

    def unknown(node: nodes.Node) -> None:
        warn(node, "筆記本寫不出 %s · a notebook cannot show %s", node.tagname, node.tagname)

    writer = Markdown(link, picture, unknown)
    cells = [("code", first_cell)] if first_cell else []

    def write(parent: nodes.Element, level: int) -> None:
        """Add the cells of a section; its text gathers in one cell until code comes."""
        for child in parent:
            if isinstance(child, nodes.comment) and child.astext().startswith(CELL):
                code = remove_config_comments(blocks[int(child.astext().split()[-1])][1])
                if code.strip():
                    cells.append(("code", code.strip("\n").rstrip()))
            elif isinstance(child, nodes.section):
                write(child, level + 1)
            elif text := writer.block(child, level):
                if cells and cells[-1][0] == "markdown":
                    text = f"{cells.pop()[1]}\n\n{text}"
                cells.append(("markdown", text))

    write(document, 0)
    return None if problems else dump(cells, script.stem)


def dump(cells: list[tuple[str, str]], name: str) -> str:
    """Write cells as the JSON of a notebook, the same for the same cells."""
    written = []
    for number, (kind, source) in enumerate(cells):
        cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        written.append(cell | {"source": source.splitlines(keepends=True)})
    notebook = {
        "cells": written,
        "metadata": {
            "colab": {"name": f"{name}.ipynb", "provenance": [], "toc_visible": True},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
