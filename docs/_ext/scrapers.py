r"""What a lesson's cell leaves to see, as reStructuredText: figures with captions, and diagrams.

Usage, in ``conf.py``::

    extensions = ["sphinx_gallery.gen_gallery", "scrapers"]
    sphinx_gallery_conf = {"image_scrapers": ("scrapers",), "reset_modules": ("matplotlib",)}

A matplotlib figure carries its words in its label, two lines of ``中文 · English``::

    fig.set_label("損失逐步下降 · The loss falls\n由 2.3 降到 0.1 的曲線 · A curve from 2.3 to 0.1")

The first line becomes the caption, the second the alternative text. A `primer.diagram.Diagram`, or
what has one in ``.diagram``, is drawn where it is the last expression of a cell. A figure without
such a label is a warning (``scrapers.label``) that names the script and the line of the cell.
"""

from __future__ import annotations

import ast
import os
import re
import struct
import sys
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

from bilingual import split_pair
from sphinx.util import logging

from primer.diagram import Diagram

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx_gallery.py_source_parser import Block

logger = logging.getLogger(__name__)

SHARPNESS = 2  # pixels of the file to one CSS pixel

incomplete: set[Path] = set()  # lessons with a figure that says nothing

FIGURE = """
.. figure:: /{uri}
   :alt: {alt}
   :width: {width}
   :height: {height}
   :loading: lazy

   {caption}
"""
DIAGRAM = """
.. mermaid::

{text}
"""


def scrape(block: Block, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Give the figures that the cell left open, then the diagram that it ended with."""
    place = f"{block_vars['src_file']}:{block.lineno}"
    # A lesson that draws nothing must not cost the second that matplotlib takes.
    pyplot = sys.modules.get("matplotlib.pyplot")
    parts = []
    if pyplot is not None:
        try:
            for number in pyplot.get_fignums():
                path = Path(block_vars["image_path_iterator"].next())
                uri = path.relative_to(gallery_conf["src_dir"]).as_posix()
                fig = pyplot.figure(number)
                parts.append(figure(fig, path, uri, place))
                if not labelled(fig):
                    incomplete.add(Path(block_vars["target_file"]))
        finally:
            pyplot.close("all")
    # The value of an earlier cell stays in "___", so the cell has to end with an expression.
    body = ast.parse(block.content).body
    if body and isinstance(body[-1], ast.Expr):
        value = block_vars["example_globals"].get("___")
        diagram = value if isinstance(value, Diagram) else getattr(value, "diagram", None)
        if isinstance(diagram, Diagram):
            parts.append(DIAGRAM.format(text=indent(str(diagram), "   ")))
    return "".join(parts)


def figure(fig: Figure, path: Path, uri: str, place: str) -> str:
    """Save a figure, the same bytes each time, and write the directive that shows it."""
    fig.savefig(
        path,
        dpi=SHARPNESS * fig.dpi,
        bbox_inches="tight",
        format="png",
        metadata={"Software": None},
    )
    # The size is known to the page before the file arrives, so that the text does not jump.
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    caption, alt = words(fig, place)
    return FIGURE.format(
        uri=uri,
        alt=alt,
        width=round(width / SHARPNESS),
        height=round(height / SHARPNESS),
        caption=caption,
    )


def label_lines(fig: Figure) -> list[str]:
    """Read the lines of the figure's label."""
    return [re.sub(r"\s+", " ", line).strip() for line in str(fig.get_label()).splitlines()]


def labelled(fig: Figure) -> bool:
    """Say whether the label holds both lines in both languages."""
    lines = label_lines(fig)
    return len(lines) == 2 and all(split_pair(line) for line in lines)


def words(fig: Figure, place: str) -> tuple[str, str]:
    """Read caption and alternative text from the label; warn where it is not as agreed."""
    lines = label_lines(fig)
    if not labelled(fig):
        logger.warning(
            "圖的標籤要有兩行「中文 · English」，先圖說、後替代文字；收到 %r，"
            "請用 fig.set_label(...) 寫上。\n"
            "the figure's label has to hold two lines of '中文 · English', caption and alternative "
            "text; got %r, use fig.set_label(...).",
            fig.get_label(),
            fig.get_label(),
            location=place,
            type="scrapers",
            subtype="label",
        )
    caption, alt, *_ = [*lines, "", ""]
    return caption, alt


def _get_sg_image_scraper() -> Any:
    """Tell sphinx-gallery what scrapes."""
    return scrape


def run_again(app: Sphinx, error: Exception | None) -> None:
    """Have the next build run the lessons that it would otherwise skip, and warn again."""
    for script in incomplete:
        script.with_name(script.name + ".md5").unlink(missing_ok=True)
    incomplete.clear()


def put_matplotlib_off(app: Sphinx, config: Config) -> None:
    """Make importing matplotlib fail while sphinx-gallery reads its settings.

    It would import it there to choose the backend, in every build, which costs a build that runs
    no lesson a third of its time; it goes on without, and imports it when a lesson runs.
    """
    os.environ.setdefault("MPLBACKEND", "agg")
    sys.modules.setdefault("matplotlib", None)  # type: ignore[arg-type]


def allow_matplotlib(app: Sphinx, config: Config) -> None:
    """Let it be imported again."""
    if sys.modules.get("matplotlib") is None:
        sys.modules.pop("matplotlib", None)


def setup(app: Sphinx) -> dict[str, Any]:
    """Stand before and after sphinx-gallery's own handler, which has priority 10."""
    app.connect("config-inited", put_matplotlib_off, priority=9)
    app.connect("config-inited", allow_matplotlib, priority=11)
    app.connect("build-finished", run_again)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
