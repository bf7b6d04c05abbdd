"""Two languages on one page: pairs, spans, parity errors and the interface's words.

For other extensions::

    from bilingual import SEPARATOR, is_chinese, pair_html, pair_nodes, split_pair

    split_pair("張量的形狀 · The shape of a tensor")   # ("張量的形狀", "The shape of a tensor")
    pair_nodes("下載 · Download")                      # three inline nodes: 中文, separator, English
    pair_html("下載 · Download")                       # the same as HTML text
"""

from __future__ import annotations

import re
from html import escape

from docutils import nodes

SEPARATOR = " · "
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")


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
    zh, en = halves
    return [
        nodes.inline("", zh, classes=["twin", "language-zh-TW"]),
        nodes.inline("", SEPARATOR, classes=["pair-separator"]),
        nodes.inline("", en, classes=["twin", "language-en"]),
    ]


def pair_html(text: str) -> str:
    """Give the HTML of ``中文 · English``, escaped, as the nodes of `pair_nodes` are written.

    >>> pair_html("下載 · Download")
    '<span class="twin" lang="zh-tw">下載</span><span class="pair-separator"> · </span>\
<span class="twin" lang="en">Download</span>'
    """
    halves = split_pair(text)
    if halves is None:
        return escape(text)
    zh, en = map(escape, halves)
    return (
        f'<span class="twin" lang="zh-tw">{zh}</span><span class="pair-separator">{SEPARATOR}'
        f'</span><span class="twin" lang="en">{en}</span>'
    )


def setup(app):
    """Register nothing yet beyond the helpers."""
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
