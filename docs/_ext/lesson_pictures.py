"""Give the gallery a picture of each lesson: one of its own figures, small, with its words.

sphinx-gallery's thumbnails have no alternative text and no size, and all are loaded at once. The
figure that a lesson chooses (``# sphinx_gallery_thumbnail_number = 2``) becomes a card of its own
here: cropped to what is drawn, in few colours, with the figure's alternative text in both
languages, and loaded only when the reader comes near. For other extensions::

    from lesson_pictures import chosen_figure, picture

    picture(chosen_figure(srcdir, "lessons/1_start/01_first").path, (1200, 630), 60)
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

CARD = (440, 220)  # twice as wide as high, as most figures of the lessons are
COLOURS = 64
FIGURE = re.compile(r"^\.\. figure:: /(?P<uri>\S+)\n +:alt: (?P<alt>.+)$", re.MULTILINE)
NUMBER = re.compile(r"^# sphinx_gallery_thumbnail_number = (\d+)$", re.MULTILINE)
THUMBNAIL = re.compile(r"/?(?P<folder>.+)/images/thumb/sphx_glr_(?P<name>.+)_thumb\.\w+")


class Figure(NamedTuple):
    """A figure of a lesson: its file, and what is seen in it."""

    path: Path
    alt: str


def chosen_figure(srcdir: Path, docname: str) -> Figure | None:
    """Give the figure that stands for a lesson; None where it has none or is no lesson."""
    page, script = (srcdir / f"{docname}{ending}" for ending in (".rst", ".py"))
    if not (page.is_file() and script.is_file()):
        return None
    figures = list(FIGURE.finditer(page.read_text(encoding="utf-8")))
    chosen = NUMBER.search(script.read_text(encoding="utf-8"))
    at = int(chosen[1]) - 1 if chosen else 0
    if at >= len(figures):
        return None
    return Figure(srcdir / figures[at]["uri"], figures[at]["alt"])


def picture(path: Path, size: tuple[int, int], margin: int) -> bytes:
    """Fit what a figure shows in the middle of white paper of that size; give it as PNG."""
    from PIL import Image, ImageChops, ImageOps  # only builds with lessons need it

    with Image.open(path) as file:
        drawn = file.convert("RGBA")
    paper = Image.new("RGBA", drawn.size, "white")
    paper.alpha_composite(drawn)
    figure = paper.convert("RGB")
    empty = Image.new("RGB", figure.size, "white")
    figure = figure.crop(ImageChops.difference(figure, empty).getbbox())
    inside = (size[0] - 2 * margin, size[1] - 2 * margin)
    figure = ImageOps.contain(figure, inside, Image.Resampling.LANCZOS)
    result = Image.new("RGB", size, "white")
    result.paste(figure, ((size[0] - figure.width) // 2, (size[1] - figure.height) // 2))
    stream = io.BytesIO()
    result.quantize(COLOURS).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def write(path: Path, content: bytes) -> None:
    """Write a file whole, unless it is there: two processes may make the same card."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


def replace_thumbnails(app: Sphinx, doctree: nodes.document) -> None:
    """Put a card in the place of each thumbnail of a gallery page."""
    srcdir = Path(app.srcdir)
    for image in doctree.findall(nodes.image):
        found = THUMBNAIL.fullmatch(image["uri"])
        if found is None:
            continue
        figure = chosen_figure(srcdir, f"{found['folder']}/{found['name']}")
        if figure is None:
            continue
        uri = f"{found['folder']}/images/thumb/{found['name']}_card.png"
        write(srcdir / uri, picture(figure.path, CARD, margin=10))
        app.env.note_dependency(figure.path)
        width, height = map(str, CARD)
        image.attributes.update(
            uri=f"/{uri}", alt=figure.alt, width=width, height=height, loading="lazy"
        )
        image["classes"].append("no-scaled-link")  # the card is a link to its lesson


def setup(app: Sphinx) -> ExtensionMetadata:
    """Stand before Sphinx's collector of images (500)."""
    app.connect("doctree-read", replace_thumbnails, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
