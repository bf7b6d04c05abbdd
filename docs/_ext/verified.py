"""Show on which torch builds the lessons were run, and with what result.

::

    .. verified::

draws two tables: the builds of ``noxfile.py``, each with its record from ``_data/verified`` or the
words 尚未執行 · not run yet; and below, lessons × builds that have been run. Nothing in them is
typed by hand: a record is written by ``nox -s "verify(BUILD)"`` when it has come to its end.
A record that cannot be read is a warning, ``verified.record``.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from bilingual import pair_nodes
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from torch_builds import torch_builds

logger = logging.getLogger(__name__)

NOT_RUN = "尚未執行 · not run yet"
HEADINGS = (
    "組建 · Build",
    "PyTorch",
    "環境 · Environment",
    "課程 · Lessons",
    "範例 · Examples",
    "日期 · Date",
    "版本 · Commit",
)


def read_records(folder: Path) -> dict[str, dict]:
    """Read the records of all builds that have one."""
    records = {}
    for path in sorted(folder.glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            summary(record)
            records[path.stem] = record
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning(
                "紀錄讀不懂，請重跑 · cannot read this, run again: nox -s 'verify(%s)': %r",
                path.stem,
                error,
                location=f"{path}:1",
                type="verified",
                subtype="record",
            )
    return records


def summary(record: dict) -> list[str]:
    """Give the cells of a build's row, from the torch version on."""
    passed = [not lesson["problems"] for lesson in record["lessons"].values()]
    examples = list(record["doctests"].values())
    return [
        record["torch"],
        f"{record['platform']}, {record['device']}, Python {record['python']}, "
        f"NumPy {record['numpy']}",
        f"{mark(all(passed))} {sum(passed)}/{len(passed)}",
        f"{mark(all(examples))} {sum(examples)}/{len(examples)}",
        record["date"],
        record["commit"] or "–",
    ]


def mark(passed: bool) -> str:
    """Write a result as a sign."""
    return "✓" if passed else "✗"


def table(head: list[list[nodes.Node]], rows: list[list[list[nodes.Node]]]) -> nodes.table:
    """Build a table; each cell is the content of one paragraph, and names need no twin."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _column in head]
    for part, lines in ((nodes.thead(), [head]), (nodes.tbody(), rows)):
        for line in lines:
            row = nodes.row()
            for cell in line:
                row += nodes.entry("", nodes.paragraph("", "", *cell, classes=["monolingual"]))
            part += row
        group += part
    return nodes.table("", group, classes=["verified"])


class Verified(SphinxDirective):
    """The directive ``verified``."""

    def run(self) -> list[nodes.Node]:
        """Draw the tables."""
        srcdir = Path(self.env.srcdir)
        builds, records = sources(srcdir)
        self.env.metadata[self.env.docname]["verified"] = fingerprint(srcdir)
        rows = []
        for build, (version, _backend) in builds.items():
            first = [nodes.literal("", build)]
            if build in records:
                rest = [[nodes.Text(text)] for text in summary(records[build])]
            else:
                rest = [[nodes.Text(version)], pair_nodes(NOT_RUN)] + [
                    [nodes.Text("–")] for _heading in HEADINGS[3:]
                ]
            rows.append([first, *rest])
        result = [table([pair_nodes(text) for text in HEADINGS], rows)]
        run = [build for build in builds if build in records]
        if run:
            names = sorted({name for build in run for name in records[build]["lessons"]})
            head = [pair_nodes("課程 · Lesson"), *([nodes.literal("", build)] for build in run)]
            result.append(
                table(head, [self.lesson(name, [records[b] for b in run]) for name in names])
            )
        return result

    def lesson(self, name: str, records: list[dict]) -> list[list[nodes.Node]]:
        """Make a lesson's row: a link to it, and how it fared on each build."""
        docname = f"lessons/{name}"
        title: nodes.Node = nodes.literal("", name)
        if docname in self.env.found_docs:
            title = addnodes.pending_xref(
                "",
                nodes.inline("", name),
                refdomain="std",
                reftype="doc",
                reftarget=f"/{docname}",
                refexplicit=False,
                refwarn=True,
                refdoc=self.env.docname,
            )
        cells = []
        for record in records:
            lesson = record["lessons"].get(name)
            text = "–" if lesson is None else mark(not lesson["problems"])
            cells.append([nodes.Text(text)])
        return [[title], *cells]


def sources(srcdir: Path) -> tuple[dict, dict[str, dict]]:
    """Give the table of builds and the records."""
    return torch_builds(srcdir.parent / "noxfile.py"), read_records(srcdir / "_data/verified")


def fingerprint(srcdir: Path) -> str:
    """Fingerprint all that the tables are drawn from."""
    files = [srcdir.parent / "noxfile.py", *sorted((srcdir / "_data/verified").glob("*.json"))]
    parts = [file.name.encode() + file.read_bytes() for file in files]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def find_outdated(app: Sphinx, env: BuildEnvironment, *_changes: set[str]) -> list[str]:
    """List the pages whose tables are older than the records."""
    pages = {name: data["verified"] for name, data in env.metadata.items() if "verified" in data}
    return [name for name, known in pages.items() if known != fingerprint(Path(app.srcdir))]


def setup(app: Sphinx) -> dict:
    """Connect the directive, and the check whether its page is up to date."""
    app.add_directive("verified", Verified)
    app.connect("env-get-outdated", find_outdated)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
