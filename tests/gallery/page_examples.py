"""Find the ``{doctest}`` blocks of the Markdown pages, and run them.

    python tests/gallery/page_examples.py PLAN

runs those that a plan of verify.py holds, and needs nothing but the standard library.
"""

from __future__ import annotations

import doctest
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pages(docs: Path = ROOT / "docs") -> list[Path]:
    """List the Markdown pages that are written by hand."""
    return sorted(
        page
        for page in docs.rglob("*.md")
        if not {"_build", "lessons"} & set(page.relative_to(docs).parts)
    )


def page_examples(page: Path) -> str:
    """Join the ``{doctest}`` blocks of a page; empty if it has none.

    Everything else becomes an empty line, so that a failure names the line of the page.
    """
    from markdown_it import MarkdownIt  # not where examples run: they need no Markdown
    from mdit_py_plugins.colon_fence import colon_fence_plugin

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
    return "\n".join(kept) + "\n" if any(kept) else ""


def failures(examples: str, page: str) -> str:
    """Run the examples of one page, which share their names; give what differed.

    They may save files and change how Python warns: neither outlives them.
    """
    test = doctest.DocTestParser().get_doctest(
        examples, {"__name__": "__main__"}, Path(page).name, page, 0
    )
    report: list[str] = []
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        os.chdir(folder)
        try:
            doctest.DocTestRunner(verbose=False).run(test, out=report.append)
        finally:
            os.chdir(here)
    return "".join(report)


if __name__ == "__main__":
    warnings.simplefilter("error")
    planned = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["pages"]
    problems = [failures(examples, page) for page, examples in planned.items()]
    print("".join(problems), end="")
    sys.exit(any(problems))
