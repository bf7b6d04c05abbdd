"""Find the ``{doctest}`` blocks of the Markdown pages, as tests that `doctest` can run."""

from __future__ import annotations

import doctest
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin


def page_examples(page: Path) -> doctest.DocTest | None:
    """Join the ``{doctest}`` blocks of a page, which share their names; None if it has none.

    Everything else becomes an empty line, so that a failure names the line of the page.
    """
    lines = page.read_text(encoding="utf-8").splitlines()
    kept = [""] * len(lines)
    parser = MarkdownIt("commonmark").use(colon_fence_plugin)
    for token in parser.parse("\n".join(lines)):
        if (
            token.type in ("fence", "colon_fence")
            and token.info.startswith("{doctest}")
            and token.map
        ):
            first = token.map[0] + 1
            for offset, line in enumerate(token.content.splitlines()):
                kept[first + offset] = line
    if not any(kept):
        return None
    return doctest.DocTestParser().get_doctest(
        "\n".join(kept) + "\n", {"__name__": "__main__"}, page.name, str(page), 0
    )
