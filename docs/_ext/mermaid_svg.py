"""Mermaid diagrams drawn while the site is built: inline SVG in the colours of the theme.

Usage, in ``conf.py``::

    extensions = ["sphinxcontrib.mermaid", "mermaid_svg"]
    myst_fence_as_directive = ["mermaid"]  # ```mermaid in Markdown
    html_static_path = ["_static"]  # holds mermaid.css

and in a page::

    .. mermaid::

       flowchart LR
       accTitle: 訓練與推論 · Training and inference
       accDescr: 模型先訓練，再推論。 · The model is trained, then used.
       A["訓練 · Training"] --> B["推論 · Inference"]:::output

The page gets no script: the engine, Pele, runs here in an embedded JavaScript interpreter. The
drawing names no colour of its own but the variables that ``mermaid.css`` sets, so it follows the
dark mode. A label ``中文 · English`` stands on two lines that the reading switch can tell apart.
Roles that have a look are ``parameter``, ``leaf``, ``output`` and ``muted``. Other builders than
HTML show the text.

A line ``click A "lessons/index"`` makes the node a link to that page. Such a diagram is a menu, so
it is drawn twice, lying for a wide page and standing for a narrow one, and ``mermaid.css`` shows
the one that fits.

Warnings: ``mermaid_svg.syntax`` (the text does not parse), ``mermaid_svg.access`` (no ``accTitle``
or ``accDescr``), ``mermaid_svg.colour`` (a fixed colour, which the dark mode cannot follow),
``mermaid_svg.link`` (no such node or page).
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from bilingual import is_chinese, split_pair
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinxcontrib.mermaid import Mermaid, mermaid

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

# Pele asks how wide a text is. A page uses the reader's own fonts, so this goes by the widest of
# the usual ones (DejaVu Sans) and counts a Chinese character as one em.
SCRIPT = r"""
const WIDTHS = [
  [/[\p{M}\u200b-\u200f\u2060-\u2064]/u, 0],
  [/[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\u{20000}-\u{3ffff}]/u, 1],
  [/[ijl'|.,:; !·\/\\I]/, 0.34],
  [/[frt()\[\]{}\-"]/, 0.42],
  [/[mwMW@%+=<>∂∑√−→←×≈≤≥]/, 0.9],
  [/[A-Z&#]/, 0.7],
  [/./su, 0.62],
];
const known = new Map();
const measurer = {
  width(text, size, style) {
    let width = 0;
    for (const character of text) {
      if (!known.has(character)) {
        known.set(character, WIDTHS.find(([set]) => set.test(character))[1]);
      }
      width += known.get(character);
    }
    return width * size * (style & 1 ? 1.12 : 1);
  },
};
function draw(text, autoDirection) {
  try {
    const { svg } = pele.render(pele.parse(text), {
      measurer, responsive: true, maxWidth: 736, autoDirection, directionBreakpoint: 800,
      fontSize: 15, links: false, images: false,
    });
    return JSON.stringify({ svg });
  } catch (error) {
    return JSON.stringify({ message: String(error.message), line: error.line || 1 });
  }
}
"""

# What a drawing may hold. Pele draws nothing else when links and images are off; should a newer
# one do so, it is left out rather than trusted.
ELEMENTS = {"svg", "title", "desc", "g", "text", "tspan", "path", "rect", "circle", "ellipse"}
ELEMENTS |= {"line", "polyline", "polygon"}
LOOK = {"fill", "fill-opacity", "opacity", "stroke", "stroke-width", "stroke-opacity"}
LOOK |= {"stroke-dasharray", "stroke-linecap", "stroke-linejoin", "text-anchor", "font-size"}
LOOK |= {"dominant-baseline", "font-weight", "font-style", "text-decoration"}
ATTRIBUTES = LOOK | {"class", "width", "height", "transform", "viewBox", "d", "points"}
ATTRIBUTES |= {"x", "y", "dx", "dy", "cx", "cy", "r", "rx", "ry", "x1", "y1", "x2", "y2"}
COLOURS = {"fill", "stroke", "color"}
PLAIN_VALUE = re.compile(r"[\w#.,%() -]+")
CLICK = re.compile(r'^\s*click\s+(\w+)\s+"([^"]+)"\s*$', re.MULTILINE)

# Labels in the text, and before them what only looks like one. The invisible characters mark
# where each half begins, and come back in the drawing at the beginning of a line.
LABEL = re.compile(
    r"""accDescr\s*\{[^}]*\}|^\s*(?:accTitle|accDescr|title)\b.*$|^\s*%%.*$"""
    r"""|"(?P<quoted>[^"]*)"|(?:(?<=:\ )|(?<=\ as\ ))(?P<bare>[^":\n]+)$""",
    re.MULTILINE,
)
SHARED, CHINESE, ENGLISH = "\u2062", "\u2063", "\u2064"
MARKS = re.compile(f"[{SHARED}{CHINESE}{ENGLISH}]")
LANGUAGES = {CHINESE: "zh-TW", ENGLISH: "en"}

NARROW = 340  # px: what a phone shows without scrolling


class DiagramError(ValueError):
    """Mermaid text that the engine cannot read: the message, and the line in the text."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def read_engine() -> str:
    """Read the engine's source, the one file of the package ``mermaid-render`` that we use."""
    return (files("mermaid_render") / "pele" / "pele.global.js").read_text("utf-8")


@cache
def load_engine() -> Any:
    """Start the engine, which takes a tenth of a second, when the first diagram asks for it."""
    import quickjs

    engine = quickjs.Context()
    engine.set_memory_limit(256 * 1024 * 1024)
    engine.set_time_limit(20)
    engine.eval(read_engine())
    engine.eval(SCRIPT)
    return engine


@cache
def draw(text: str, turns: bool = True) -> str:
    """Draw Mermaid text; the SVG as Pele writes it.

    Parameters
    ----------
    text : str
        Mermaid text.
    turns : bool
        Whether a drawing that is wider than the text column may stand instead of lie.

    Raises
    ------
    DiagramError
        If the text does not parse, or is too much for the engine.
    """
    engine = load_engine()
    try:
        reply = json.loads(engine.eval(f"draw({json.dumps(text)}, {json.dumps(turns)})"))
    except Exception as error:  # out of time or memory: the interpreter is not to be used again
        load_engine.cache_clear()
        raise DiagramError(str(error), 1) from error
    if "svg" not in reply:
        message = MARKS.sub("", re.sub(r"^\w+ error on line \d+[.:]\s*", "", reply["message"]))
        raise DiagramError(" ".join(message.split()), written_line(text, reply["line"]))
    return reply["svg"]


def written_line(text: str, line: int) -> int:
    """Turn the engine's line number, which skips settings and comments, into one of the text."""
    skipped = re.compile(r"\A\s*^---$.*?^---$|%%\{.*?\}%%|^[ \t]*%%[^\n]*$", re.M | re.S)
    lines = skipped.sub(lambda part: "\0" + part[0].count("\n") * "\n\0", text).rstrip().split("\n")
    kept = [number for number, words in enumerate(lines, 1) if "\0" not in words]
    while kept and not lines[kept[0] - 1].strip():
        del kept[0]
    return kept[min(line, len(kept)) - 1] if kept else 1


def mark_pairs(text: str) -> str:
    """Put the halves of every label ``中文 · English`` on lines of their own, marked."""

    def mark(label: str) -> str:
        lines = []
        for line in re.split(r"<br\s*/?>", label):
            halves = split_pair(line)
            if halves and is_chinese(halves[0]):
                lines += [CHINESE + halves[0], ENGLISH + halves[1]]
            else:
                lines.append(line)
        if not any(MARKS.match(line) for line in lines):
            return label
        return "<br/>".join(line if MARKS.match(line) else SHARED + line for line in lines)

    def replace(found: re.Match[str]) -> str:
        if found["quoted"] is not None:
            return f'"{mark(found["quoted"])}"'
        return mark(found["bare"]) if found["bare"] is not None else found[0]

    return LABEL.sub(replace, text)


class Drawing:
    """The SVG of one diagram, made fit to stand inside a page.

    Parameters
    ----------
    text : str
        Mermaid text.
    prefix : str
        Begins every id, so that ids are unique on a page.
    links : dict of str to str
        Addresses by the names of the nodes that lead there.
    turns : bool
        As in `draw`.

    Attributes
    ----------
    svg : str
        The element, without script, style attribute, link or fixed colour scheme.
    title, description : str
        What the diagram says of itself, empty where it says nothing.
    width : float
        In CSS pixels.
    fixed_colours : bool
        Whether the text asks for colours that the theme cannot change.
    """

    def __init__(
        self, text: str, prefix: str, links: dict[str, str] | None = None, turns: bool = True
    ) -> None:
        root = ElementTree.fromstring(draw(mark_pairs(text), turns))
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        self.width = float(root.get("width", "0"))
        self.title = (root.findtext("title") or "").strip()
        self.description = (root.findtext("desc") or "").strip()
        self.fixed_colours = False
        theme = dict(re.findall(r"(--_\w+):(var\(--pele-[^;]*\))", root.get("style", "")))
        linked = find_nodes(root, links or {})
        self._clean(root, theme)
        for parent, node, address in linked:
            link = ElementTree.Element("a", {"href": address})
            parent[list(parent).index(node)] = link
            link.append(node)
        root.set("xmlns", "http://www.w3.org/2000/svg")
        root.set("font-size", "15")
        # What is inside of an image does not exist for a screen reader; links have to.
        root.set("role", "group" if linked else "img")
        for tag, attribute in (("title", "aria-labelledby"), ("desc", "aria-describedby")):
            child = root.find(tag)
            if child is not None:
                child.set("id", f"{prefix}-{tag}")
                root.set(attribute, f"{prefix}-{tag}")
        for label in root.iter("text"):
            stack_halves(label)
        self.svg = MARKS.sub("", ElementTree.tostring(root, encoding="unicode"))

    def _clean(self, parent: ElementTree.Element, theme: dict[str, str]) -> None:
        """Keep what a drawing may hold, and turn style attributes into presentation attributes."""
        style = dict(re.findall(r"([\w-]+)\s*:\s*([^;]+)", parent.attrib.pop("style", "")))
        if parent.tag != "svg":
            self.fixed_colours |= not COLOURS.isdisjoint(style)
            for name, value in style.items():
                if name == "rx":  # the theme's corner radius: one place less for a variable
                    parent.set("rx", "4")
                elif name in LOOK and PLAIN_VALUE.fullmatch(value):
                    parent.set(name, value)
        for name, value in list(parent.attrib.items()):
            if name in ATTRIBUTES and "url(" not in value:
                parent.set(name, re.sub(r"var\((--_\w+)\)", lambda v: theme.get(v[1], v[0]), value))
            else:
                del parent.attrib[name]
        for child in list(parent):
            if child.tag in ELEMENTS:
                self._clean(child, theme)
            else:
                parent.remove(child)


def find_nodes(
    root: ElementTree.Element, links: dict[str, str]
) -> list[tuple[ElementTree.Element, ElementTree.Element, str]]:
    """List the nodes of a drawing that are to be links: the parent, the node, the address."""
    return [
        (parent, node, links[node.get("data-id")])
        for parent in root.iter()
        for node in parent
        if "pele-node" in node.get("class", "").split() and node.get("data-id") in links
    ]


def stack_halves(label: ElementTree.Element) -> None:
    """Give the lines of a two-language label relative places, so that one may be hidden.

    The next line then moves up by itself; a class says how many lines each language takes, from
    which the style sheet knows how far to move the rest to the middle of the box again.
    """
    if not MARKS.search("".join(label.itertext())):
        return
    language, counts = None, {"zh-TW": 0, "en": 0}
    baselines = [float(span.attrib["y"]) for span in label if "y" in span.attrib]
    if len(baselines) < 2:
        return
    height = f"{baselines[1] - baselines[0]:g}"
    for span in label:
        text = "".join(span.itertext())
        if "y" in span.attrib:  # a new line; a styled word goes on in the same one
            if MARKS.match(text):
                language = LANGUAGES.get(text[0])
            del span.attrib["y"]
            span.set("dy", height)
            if language:
                counts[language] += 1
        if language:
            span.set("class", f"{span.get('class', '')} twin".strip())
            span.set("lang", language)
    label.set("y", f"{baselines[0] - float(height):g}")
    label.set("class", f"{label.get('class', '')} zh-{counts['zh-TW']} en-{counts['en']}".strip())


class PlacedMermaid(Mermaid):
    """sphinxcontrib's directive, remembering where the text begins."""

    def run(self) -> list[Node]:
        """Make the node, and note its file and line."""
        result = super().run()
        source, line = self.state_machine.get_source_and_line(self.lineno)
        for top in result:
            for node in top.findall(mermaid):
                node.source, node.line = source, line
                if self.content:
                    # MyST counts from the fence, docutils from the beginning of the file.
                    start = line if self.content.offset(0) < self.lineno else 0
                    options = node["code"].count("\n") + 1 - len(self.content)  # written in front
                    node["first_line"] = start + self.content_offset + 1 - options
                else:
                    env = self.state.document.settings.env
                    node["file"] = env.relfn2path(self.arguments[0])[1]
        return result


def visit_mermaid(self: HTML5Translator, node: mermaid) -> None:
    """Write the drawing, in a box that scrolls sideways where the page is narrower."""
    self.mermaid_count = getattr(self, "mermaid_count", 0) + 1
    prefix = f"mermaid-{self.mermaid_count}"
    links = resolve_links(self, node)
    try:
        drawing = Drawing(node["code"], prefix, links)
        lying = Drawing(node["code"], f"{prefix}-wide", links, turns=False) if links else None
    except DiagramError as error:
        line = node.get("first_line", 1) + error.line - 1
        logger.warning(
            "這張 Mermaid 圖有語法錯誤，請改這一行：%s\n"
            "this Mermaid diagram does not parse, mend this line: %s",
            error,
            error,
            location=f"{node.get('file', node.source)}:{line}",
            type="mermaid_svg",
            subtype="syntax",
        )
        self.body.append(self.starttag(node, "pre") + self.encode(node["code"]) + "</pre>\n")
        raise nodes.SkipNode from error
    if not (drawing.title and drawing.description):
        logger.warning(
            "這張圖少了 accTitle 或 accDescr，看不見圖的讀者什麼也讀不到；請在第一行之後加上。\n"
            "this diagram lacks accTitle or accDescr, so those who cannot see it learn nothing; "
            "add them after its first line.",
            location=node,
            type="mermaid_svg",
            subtype="access",
        )
    if drawing.fixed_colours:
        logger.warning(
            "這張圖用 style 或 classDef 指定了顏色，深色模式下會看不清；請改用 :::類別。\n"
            "this diagram sets colours with style or classDef, which the dark mode cannot follow; "
            "use :::class instead.",
            location=node,
            type="mermaid_svg",
            subtype="colour",
        )
    attributes = {
        "CLASS": f"mermaid-svg align-{node['align']}" if "align" in node else "mermaid-svg"
    }
    if drawing.width > NARROW and drawing.title:
        # What scrolls must be reached by keyboard, and then says its name.
        attributes |= {"tabindex": "0", "role": "group", "aria-labelledby": f"{prefix}-title"}
    if lying is not None and lying.svg.count("<a ") < len(links):
        logger.warning(
            "這張圖的 click 指到圖裡沒有的節點 · a click line of this diagram names no node of it",
            location=node,
            type="mermaid_svg",
            subtype="link",
        )
    if lying is not None and lying.width != drawing.width:
        wide = {
            "CLASS": f"{attributes['CLASS']} mermaid-wide",
            "tabindex": "0",
            "role": "group",
            "aria-labelledby": f"{prefix}-wide-title",
        }
        self.body.append(f"{self.starttag(node, 'div', '', **wide)}{lying.svg}</div>\n")
        node["ids"] = []  # each once on a page
        attributes["CLASS"] += " mermaid-narrow"
    self.body.append(f"{self.starttag(node, 'div', '', **attributes)}{drawing.svg}</div>\n")
    raise nodes.SkipNode


def resolve_links(self: HTML5Translator, node: mermaid) -> dict[str, str]:
    """Turn the pages that ``click`` lines name into addresses; warn where there is none."""
    links = {}
    for name, page in CLICK.findall(node["code"]):
        if page in self.builder.env.found_docs:
            here = self.builder.current_docname
            links[name] = self.builder.get_relative_uri(here, page) or "#"
        else:
            logger.warning(
                "圖裡的 click 指到不存在的頁面 %s · a click line leads to no page: %s",
                page,
                page,
                location=node,
                type="mermaid_svg",
                subtype="link",
            )
    return links


class MermaidAsText(SphinxPostTransform):
    """Show the text of a diagram where there is no HTML."""

    default_priority = 500
    formats = ("latex", "text", "man", "texinfo", "xml", "pseudoxml")

    def run(self, **kwargs: Any) -> None:
        """Put a literal block in the place of each diagram."""
        for node in list(self.document.findall(mermaid)):
            text = nodes.literal_block(node["code"], node["code"], language="none")
            text.source, text.line = node.source, node.line
            text["ids"], text["names"] = node["ids"], node["names"]
            node.replace_self(text)


def leave_scripts_out(app: Sphinx, config: Config) -> None:
    """Keep sphinxcontrib from adding Mermaid's own script, which it does for the format "raw"."""
    config.mermaid_output_format = "svg"


def add_style(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the style sheet to the pages that hold a diagram."""
    if doctree is not None and doctree.next_node(mermaid):
        app.add_css_file("mermaid.css")


def setup(app: Sphinx) -> dict[str, Any]:
    """Draw sphinxcontrib-mermaid's nodes here instead of in the reader's browser."""
    app.setup_extension("sphinxcontrib.mermaid")
    app.add_directive("mermaid", PlacedMermaid, override=True)
    app.add_node(mermaid, override=True, html=(visit_mermaid, None))
    app.add_post_transform(MermaidAsText)
    app.connect("config-inited", leave_scripts_out)
    app.connect("html-page-context", add_style)
    return {
        "version": "1.0",
        "env_version": 1,  # nodes carry where they stand
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
