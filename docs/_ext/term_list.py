"""Draw a part of the glossary from the term list.

``docs/_data/terms.csv`` holds a term a row: its two names, the words not to write for it, other
names that the search knows, and, for the terms that readers look up, a definition in each language.
In a Markdown page::

    ```{term-list} autograd
    ```

lists the rows of that part as a Sphinx glossary, so that ``:term:`` works with both names.
"""

import csv
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.domains.std import Glossary
from sphinx.util.typing import ExtensionMetadata

TERMS = Path(__file__).parents[1] / "_data/terms.csv"


def read_terms(path: Path = TERMS) -> list[dict[str, str]]:
    """Return the rows of the term list, in their order."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TermList(Glossary):
    """The glossary directive, with its content written from one part of the term list."""

    has_content = False
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the entries, then let Sphinx make the glossary of them."""
        part = self.arguments[0]
        terms = read_terms()
        rows = [row for row in terms if row["part"] == part]
        if not rows:
            parts = ", ".join(dict.fromkeys(row["part"] for row in terms if row["part"]))
            raise self.error(
                f"術語表裡沒有 {part!r} 這一部分，有的是：{parts} · "
                f"the term list has no part {part!r}; it has: {parts}"
            )
        self.env.note_dependency(TERMS)
        lines = []
        for row in rows:
            names = dict.fromkeys([row["zh_TW"], row["en"]])  # logits is its own translation
            definitions = [row["definition_zh"], "", row["definition_en"]]
            lines += [*names, *(f"    {line}".rstrip() for line in definitions), ""]
        self.content = StringList(lines, source=str(TERMS))
        return super().run()


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("term-list", TermList)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
