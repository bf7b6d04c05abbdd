"""Say what of other people's work the built site carries, and under which licence.

In a Markdown page, a package a line, and what of it is in the site::

    ```{licences}
    furo: 版面 · the layout
    ```

draws a table. Version and licence come from the metadata of the installed package. The HTML build
writes the licence texts that came with the package to ``_static/licences/NAME.txt``, since many
licences ask for that, and the table links to them.

A package that is not installed, or that names no licence, is a warning: ``licences.package`` and
``licences.licence``.
"""

from __future__ import annotations

import re
import shutil
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from bilingual import pair_nodes, split_pair
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from verified import table

logger = logging.getLogger(__name__)

FOLDER = "_static/licences"
HEADINGS = (
    "套件 · Package",
    "版本 · Version",
    "授權 · Licence",
    "條文 · Text",
    "網站裡有它的什麼 · What of it is in the site",
)
TEXT = re.compile(r"(licen[cs]e|copying|notice)", re.I)  # a file of this name, where none is listed

# -- What the metadata say -----------------------------------------------------------------------


def installed(name: str) -> Distribution | None:
    """Find an installed package."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def licence(package: Distribution) -> str:
    """Name the licence: the expression, else the field if it is one line, else the classifiers.

    Before there were expressions, some packages put the whole text in the field.
    """
    fields = package.metadata
    for key in ("License-Expression", "License"):
        value = (fields.get(key) or "").strip()
        if value and "\n" not in value and value != "UNKNOWN":
            return value
    classifiers = fields.get_all("Classifier") or []
    return ", ".join(line.split(" :: ")[-1] for line in classifiers if line.startswith("License"))


def licence_text(package: Distribution) -> str:
    """Give the texts that came with a package, the licence first; under their names if more."""
    listed = package.metadata.get_all("License-File") or []
    texts = {}
    for file in sorted(package.files or [], key=lambda file: (not TEXT.match(file.name), file)):
        if not file.parts[0].endswith(".dist-info"):
            continue
        inside = PurePosixPath(*file.parts[1:])
        names = {str(inside), str(inside).removeprefix("licenses/")}
        if names & set(listed) if listed else TEXT.match(inside.name):
            text = Path(package.locate_file(file)).read_text(encoding="utf-8", errors="replace")
            texts[inside.name] = text.strip()
    if len(texts) == 1:
        return f"{next(iter(texts.values()))}\n"
    return "\n\n".join(f"==== {name} ====\n\n{text}\n" for name, text in texts.items())


def versions(names: list[str]) -> dict[str, str]:
    """Give the version of each package; an empty one if it is not installed."""
    found = {name: installed(name) for name in names}
    return {name: package.version if package else "" for name, package in found.items()}


# -- The table -----------------------------------------------------------------------------------


class Licences(SphinxDirective):
    """The directive ``licences``."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Draw the table."""
        self.assert_has_content()
        rows, names = [], []
        for line in filter(str.strip, self.content):
            name, _colon, words = (part.strip() for part in line.partition(":"))
            if split_pair(words) is None:
                raise self.error(
                    f"寫成「套件: 中文 · English」：{line} · "
                    f"write `package: 中文 · English`, not {line!r}"
                )
            names.append(name)
            rows.append(self.row(name, words))
        self.env.metadata[self.env.docname]["licences"] = versions(names)
        drawn = table([pair_nodes(text) for text in HEADINGS], rows)
        drawn["classes"] = ["licences"]
        return [drawn]

    def row(self, name: str, words: str) -> list[list[nodes.Node]]:
        """Make the row of a package."""
        package = installed(name)
        terms = licence(package) if package else ""
        if not package:
            self.warn("package", "%s：沒有安裝這個套件 · this package is not installed", name)
        elif not terms:
            self.warn("licence", "%s：沒有說明授權 · its metadata name no licence", name)
        cells: list[list[nodes.Node]] = [[nodes.literal("", name)]]
        cells += [[nodes.Text(text or "–")] for text in (package and package.version, terms)]
        text = [self.link(name)] if package and licence_text(package) else [nodes.Text("–")]
        return [*cells, text, pair_nodes(words)]

    def link(self, name: str) -> nodes.Node:
        """Link to the licence texts, which only the HTML build writes."""
        address = f"{'../' * self.env.docname.count('/')}{FOLDER}/{name}.txt"
        link = nodes.reference("", f"{name}.txt", refuri=address, internal=True)
        return addnodes.only("", link, expr="html")

    def warn(self, subtype: str, message: str, name: str) -> None:
        """Warn about a package."""
        place = self.get_location()
        logger.warning(message, name, location=place, type="licences", subtype=subtype)


# -- The texts, and whether the table is up to date ----------------------------------------------


def write_texts(app: Sphinx, error: Exception | None) -> None:
    """Write the licence texts of all packages that the pages name."""
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir, FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    for data in app.env.metadata.values():
        for name in data.get("licences", ()):
            package = installed(name)
            if package and (text := licence_text(package)):
                folder.mkdir(parents=True, exist_ok=True)
                # The mark at the start tells a browser the encoding of a file without a server.
                path = folder / f"{name}.txt"
                path.write_text(text, encoding="utf-8-sig", newline="\n")


def find_outdated(app: Sphinx, env: BuildEnvironment, *_changes: set[str]) -> list[str]:
    """List the pages that name other versions than those installed."""
    pages = {name: data["licences"] for name, data in env.metadata.items() if "licences" in data}
    return [page for page, known in pages.items() if known != versions(list(known))]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect the directive, the texts, and the check whether the pages are up to date."""
    app.add_directive("licences", Licences)
    app.connect("build-finished", write_texts)
    app.connect("env-get-outdated", find_outdated)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
