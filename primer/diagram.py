"""A diagram as Mermaid text, and the few lines that write such text safely.

`primer.autograd` and `primer.mlp` describe live objects as a `Diagram`; the site and the
notebooks draw it. Mermaid is a small language in which a stray quote or ``#`` in a label changes
the meaning, so every label goes through `escape`.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from dataclasses import dataclass
from typing import Any

from primer._messages import both

__all__ = ["Diagram", "edge", "escape", "node"]

# What may not stand in a quoted label as it is: punctuation that means something to Mermaid,
# `ﬂ` and `¶` with which it marks decoded characters, and `_` (Markdown) except inside a word.
_UNSAFE = re.compile(r"[^\w \n.,()=/+·\u3000-\u303f\uff01-\uff5e-]|[ﬂ¶]|(?<![^\W_])_|_(?![^\W_])")
# A label that opens like a Markdown list ("1. ", "- ") is refused by Mermaid: code its mark too.
_LIST_MARK = re.compile(r"^(\s*)(\d*)([.)+-])(?=\s|$)")
# Text that no XML file, and so no SVG, can hold.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Lines that may stand before the line that names the kind of diagram: front matter, comments.
_PREAMBLE = re.compile(
    r"\A(?:\s*---[ \t]*\n(?s:.*?)\n[ \t]*---[ \t]*(?:\n|\Z))?(?:[ \t]*(?:%%.*)?\n)*"
)


def escape(label: str) -> str:
    r"""Make any text safe inside a quoted Mermaid label.

    Parameters
    ----------
    label : str
        The text that the reader shall see. ``\n`` breaks the line.

    Returns
    -------
    str
        The same text on one line, for use between double quotes. Letters, digits, spaces, Chinese
        and ``. , ( ) = / + - ·`` stay as they are; the rest becomes ``#code;``. A character that
        XML forbids becomes U+FFFD, an empty label a space (Mermaid refuses an empty one). A label
        that itself spells an HTML code, such as ``&lt;``, shows the character it stands for.

    Raises
    ------
    TypeError
        If `label` is not a string.

    Examples
    --------
    >>> escape('張量 "x" [3]')
    '張量 #34;x#34; #91;3#93;'
    >>> escape("shape (2, 3)\nfloat32")
    'shape (2, 3)<br/>float32'
    """
    if not isinstance(label, str):
        raise TypeError(_expected_text("label", label))
    text = _NOT_XML.sub("\ufffd", re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", label))
    text = text.replace("\t", " ")
    mark = _LIST_MARK.match(text)
    text = _UNSAFE.sub(lambda found: f"#{ord(found[0])};", text)
    if mark:
        at = mark.start(3)
        text = f"{text[:at]}#{ord(mark[3])};{text[at + 1 :]}"
    return text.replace("\n", "<br/>") or " "


def node(name: str, label: str, brackets: str = "[]", role: str = "") -> str:
    """Write the line that declares one box of a flowchart.

    Parameters
    ----------
    name : str
        What edges call the box: a letter, then letters, digits or underscores.
    label : str
        What the box shows: any text.
    brackets : str
        The shape, as Mermaid draws it: ``[]`` box, ``()`` rounded, ``([])`` pill, ``[()]``
        cylinder, ``{{}}`` hexagon.
    role : str
        A class for the style sheet, such as ``leaf``; empty for none.

    Returns
    -------
    str
        One line of Mermaid.

    Raises
    ------
    ValueError
        If `name` could not be told from Mermaid's own words.

    Examples
    --------
    >>> node("n1", "w (2, 3)", "([])", role="leaf")
    'n1(["w (2, 3)"]):::leaf'
    """
    _check_name(name)
    half = len(brackets) // 2
    suffix = f":::{role}" if role else ""
    return f'{name}{brackets[:half]}"{escape(label)}"{brackets[half:]}{suffix}'


def edge(start: str, end: str, label: str = "", arrow: str = "-->") -> str:
    """Write the line that joins two boxes of a flowchart.

    Parameters
    ----------
    start, end : str
        The names that `node` was given.
    label : str
        Text on the arrow; empty for none.
    arrow : str
        ``-->`` plain, ``-.->`` dashed, ``==>`` thick.

    Returns
    -------
    str
        One line of Mermaid.

    Raises
    ------
    ValueError
        If a name could not be told from Mermaid's own words.

    Examples
    --------
    >>> edge("n1", "n2", "梯度 · gradient", "-.->")
    'n1 -.->|"梯度 · gradient"| n2'
    """
    _check_name(start)
    _check_name(end)
    middle = f'{arrow}|"{escape(label)}"|' if label else arrow
    return f"{start} {middle} {end}"


@dataclass(frozen=True)
class Diagram:
    r"""A diagram: Mermaid text, with the title and description that a screen reader says.

    Parameters
    ----------
    text : str
        Mermaid, beginning with the kind of diagram (``flowchart LR``).
    title : str
        A few words, ``中文 · English``. Written into the text as ``accTitle``.
    description : str
        One or two sentences on what the picture shows. Written into the text as ``accDescr``.

    Raises
    ------
    TypeError
        If one of them is not a string.
    ValueError
        If `text` is blank.

    Examples
    --------
    >>> print(Diagram("flowchart LR\nx --> y", title="一步 · One step"))
    flowchart LR
    accTitle: 一步 · One step
    x --> y
    """

    text: str
    title: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        for name in ("text", "title", "description"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(_expected_text(name, getattr(self, name)))
        if not self.text.strip():
            raise ValueError(
                both(
                    "text 是空的；請給 Mermaid 文字，例如 'flowchart LR\\nx --> y'。",
                    "text is blank; pass Mermaid text, such as 'flowchart LR\\nx --> y'.",
                )
            )

    def __str__(self) -> str:
        text = self.text.strip("\n")
        lines = [
            f"{key}: {' '.join(_code(value).split())}\n"
            for key, value in (("accTitle", self.title), ("accDescr", self.description))
            if value.strip()
        ]
        preamble = _PREAMBLE.match(text)
        start = preamble.end() if preamble else 0
        kind, _, body = text[start:].partition("\n")
        return f"{text[:start]}{kind}\n{''.join(lines)}{body}" if lines else text

    __repr__ = __str__  # a notebook that draws nothing shows the text, which reads well by itself

    def _repr_html_(self) -> str | None:
        """Draw the diagram as inline SVG, where the package ``mermaid-render`` is installed.

        None otherwise: the notebook then takes the next form it knows. JupyterLab draws
        ``text/vnd.mermaid`` itself, but only when no HTML is offered; others show the text.
        """
        try:
            renderer = importlib.import_module("mermaid_render")
        except ImportError:
            return None
        try:
            svg: str = renderer.mermaid_to_svg(str(self)).decode()
        except ValueError:  # text that this renderer cannot read: show it instead of failing
            return None
        # Several diagrams share one notebook page, so the fixed ids have to differ.
        unique = hashlib.sha256(svg.encode()).hexdigest()[:8]
        for part in ("pele-title", "pele-desc"):
            svg = svg.replace(f'"{part}"', f'"{part}-{unique}"')
        style = "background:#fff;overflow-x:auto;padding:0.5em"  # its colours are made for white
        return f'<div class="primer-diagram" style="{style}">{svg}</div>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle = {"text/plain": str(self), "text/vnd.mermaid": str(self)}
        drawn = self._repr_html_()
        return bundle | {"text/html": drawn} if drawn else bundle


def _code(text: str) -> str:
    """Write what would be a comment, a setting or a character code in a title as plain text."""
    return re.sub(r"[#%;{}ﬂ¶]", lambda found: f"#{ord(found[0])};", _NOT_XML.sub("\ufffd", text))


def _check_name(name: str) -> None:
    words = {"end", "graph", "subgraph", "flowchart", "style", "class", "click", "default"}
    words |= {"classDef", "linkStyle", "direction"}
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or name in words:
        raise ValueError(
            both(
                f"節點名稱 {name!r} 不能用；請用英文字母開頭、只含字母、數字與底線、"
                "且不是 Mermaid 保留字的名稱，例如 'n1'。",
                f"{name!r} cannot name a box; use a letter, then letters, digits or underscores, "
                "and no reserved word of Mermaid, such as 'n1'.",
            )
        )


def _expected_text(name: str, value: object) -> str:
    return both(
        f"{name} 必須是字串，收到的是 {type(value).__name__}；請先用 str() 轉換。",
        f"{name} has to be a string, got {type(value).__name__}; convert it with str() first.",
    )
