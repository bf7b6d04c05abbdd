"""Show on which torch builds the lessons were run, and with what result.

::

    .. verified::

draws two tables: the builds of ``noxfile.py``, each with its record from ``_data/verified`` or the
words 尚未執行 · not run yet, then the records of other builds; and below, lessons × builds
that have been run. The foot of each lesson names the same builds, links to the page that the
setting ``verified_page`` names, and says how long the script takes, as the record of ``default``
has it: a time measured while building would differ from build to build.

Nothing of it is typed by hand: a record is written by ``nox -s "verify(BUILD)"`` when it has come
to its end. A record that cannot be read is a warning, ``verified.record``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
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
    "裝置 · Device",
    "環境 · Environment",
    "課程 · Lessons",
    "範例 · Examples",
    "日期 · Date",
    "版本 · Commit",
)
LESSON = re.compile(r"lessons/(.+/\d\d_.+)")
TIMED = "default"  # the build whose record says how long a lesson takes
ROUND_SECONDS = (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300)


def read_records(folder: Path) -> dict[str, dict]:
    """Read the records of all builds that have one."""
    records = {}
    for path in sorted(folder.glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            summary(record)
            for lesson in record["lessons"].values():
                seconds(lesson)
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
    versions = record["versions"]
    return [
        versions["torch"],
        device(record),
        f"{record['platform']}, Python {versions['python']}, NumPy {versions['numpy']}",
        f"{mark(all(passed))} {sum(passed)}/{len(passed)}",
        f"{mark(all(examples))} {sum(examples)}/{len(examples)}",
        record["date"],
        record["commit"] or "–",
    ]


def device(record: dict) -> str:
    """Say for what the wheel was built, and on what it ran."""
    wheel, accelerator = record["wheel"], record["accelerator"]
    if accelerator is None:
        return f"{wheel} 的 wheel，在沒有 GPU 的電腦上 · {wheel} wheel on a machine without a GPU"
    if record["device"] == "cpu":
        return (
            f"{wheel} 的 wheel，電腦有 {accelerator}，只用 CPU · "
            f"{wheel} wheel on the CPU of a machine with {accelerator}"
        )
    return f"{wheel} 的 wheel，在 {accelerator} 上 · {wheel} wheel on {accelerator}"


def seconds(lesson: dict) -> int:
    """Give the time of a lesson's script, coarsely, since machines differ.

    Processor time where it was measured: it is the same on a busy machine.
    """
    exact = lesson.get("cpu_seconds") or lesson["seconds"]
    return min(ROUND_SECONDS, key=lambda step: abs(step - exact))


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
    # Its titles and versions answer no question: they stand on every other page.
    return nodes.table("", group, classes=["verified", "nosearch"])


class Verified(SphinxDirective):
    """The directive ``verified``."""

    def run(self) -> list[nodes.Node]:
        """Draw the tables."""
        srcdir = Path(self.env.srcdir)
        builds, records = sources(srcdir)
        self.env.metadata[self.env.docname]["verified"] = fingerprint(srcdir)
        rows = []
        others = {build: ("", None) for build in records if build not in builds}
        for build, (version, _backend) in (builds | others).items():
            first = [nodes.literal("", build)]
            if build in records:
                rest = [pair_nodes(text) for text in summary(records[build])]
            else:
                rest = [[nodes.Text(version)], pair_nodes(NOT_RUN)] + [
                    [nodes.Text("–")] for _heading in HEADINGS[3:]
                ]
            rows.append([first, *rest])
        result = [table([pair_nodes(text) for text in HEADINGS], rows)]
        run = [build for build in builds | others if build in records]
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
            title = reference(docname, self.env, name)
        cells = []
        for record in records:
            lesson = record["lessons"].get(name)
            text = "–" if lesson is None else mark(not lesson["problems"])
            cells.append([nodes.Text(text)])
        return [[title], *cells]


# -- The foot of a lesson ----------------------------------------------------------------------


def add_foot(app: Sphinx, doctree: nodes.document) -> None:
    """Name, at the foot of a lesson, the builds that it was run on, and its time."""
    docname = app.env.current_document.docname
    found = LESSON.fullmatch(docname)
    section = next(doctree.findall(nodes.section), None)
    if found is None or section is None:
        return
    srcdir = Path(app.srcdir)
    app.env.metadata[docname]["verified"] = fingerprint(srcdir)
    builds, records = sources(srcdir)
    order = [*builds, *(build for build in records if build not in builds)]
    run = {
        build: (records[build]["versions"]["torch"], records[build]["lessons"][found[1]])
        for build in order
        if found[1] in records.get(build, {}).get("lessons", ())
    }
    box = nodes.container(classes=["verified-foot", "nosearch"])
    box += nodes.rubric("", "", *pair_nodes("驗證 · Verified"))
    pair = nodes.container(classes=["pair"])
    for language, text in (("zh-TW", chinese(run)), ("en", english(run))):
        paragraph = nodes.paragraph(classes=["twin", f"language-{language}"])
        paragraph += list(inline(text, app.config.verified_page, app.env))
        pair += paragraph
    box += pair
    section += [box]


def chinese(run: dict[str, tuple[str, dict]]) -> str:
    """Write the foot in Chinese; code stands between ticks, and @ is the link."""
    if not run:
        return "這一課的輸出尚未在任何組建上核對（尚未執行）。詳見@。"
    listed = "、".join(
        f"`{build}`{f'（{torch}）' if torch != build else ' '}{mark(not lesson['problems'])}"
        for build, (torch, lesson) in run.items()
    )
    time = f"整支腳本約需 {seconds(run[TIMED][1])} 秒。" if TIMED in run else ""
    return f"這一課的輸出在這些組建上核對過：{listed}。{time}詳見@。"


def english(run: dict[str, tuple[str, dict]]) -> str:
    """Write the foot in English."""
    if not run:
        return "The outputs of this lesson were not run on any build yet. See @."
    listed = ", ".join(
        f"`{build}`{f' ({torch})' if torch != build else ''} {mark(not lesson['problems'])}"
        for build, (torch, lesson) in run.items()
    )
    time = f"The whole script takes about {seconds(run[TIMED][1])} s. " if TIMED in run else ""
    return f"The outputs of this lesson were checked on these builds: {listed}. {time}See @."


def inline(text: str, page: str, env: BuildEnvironment) -> Iterator[nodes.Node]:
    """Turn what stands between ticks into code, and the @ into a link to the page."""
    before, _at, after = text.partition("@")
    for index, part in enumerate(before.split("`")):
        yield nodes.literal("", part) if index % 2 else nodes.Text(part)
    yield reference(page, env, page)
    yield nodes.Text(after)


def reference(target: str, env: BuildEnvironment, text: str) -> addnodes.pending_xref:
    """Make a link to a page, by its title."""
    return addnodes.pending_xref(
        "",
        nodes.inline("", text),
        refdomain="std",
        reftype="doc",
        reftarget=f"/{target}",
        refexplicit=False,
        refwarn=True,
        refdoc=env.current_document.docname,
    )


# -- What it is drawn from ---------------------------------------------------------------------


def sources(srcdir: Path) -> tuple[dict, dict[str, dict]]:
    """Give the table of builds and the records."""
    return torch_builds(srcdir.parent / "noxfile.py"), read_records(srcdir / "_data/verified")


def fingerprint(srcdir: Path) -> str:
    """Fingerprint all that the tables and the feet of the lessons are drawn from."""
    files = [srcdir.parent / "noxfile.py", *sorted((srcdir / "_data/verified").glob("*.json"))]
    parts = [file.name.encode() + file.read_bytes() for file in files]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def find_outdated(app: Sphinx, env: BuildEnvironment, *_changes: set[str]) -> list[str]:
    """List the pages that are older than the records."""
    pages = {name: data["verified"] for name, data in env.metadata.items() if "verified" in data}
    return [name for name, known in pages.items() if known != fingerprint(Path(app.srcdir))]


def setup(app: Sphinx) -> dict:
    """Connect the directive, the feet, and the check whether the pages are up to date."""
    app.add_config_value("verified_page", "verified", "env", str)
    app.add_directive("verified", Verified)
    app.connect("doctree-read", add_foot)
    app.connect("env-get-outdated", find_outdated)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
