"""Figures and diagrams of a lesson's cells, in a small gallery that is built here."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "docs" / "_ext")!r})
project = "x"
extensions = ["sphinx_gallery.gen_gallery", "scrapers", "sphinxcontrib.mermaid", "mermaid_svg"]
html_theme = "furo"
sphinx_gallery_conf = {{
    "examples_dirs": "../gallery",
    "gallery_dirs": "lessons",
    "filename_pattern": r"\\d\\d_",
    "image_scrapers": ("scrapers",),
    "reset_modules": ("matplotlib",),
    "ignore_repr_types": r"Diagram|Graph",
    "show_signature": False,
    "min_reported_time": 10_000,
    "write_computation_times": False,
}}
"""

FIGURES = r'''
"""
Figures
=======

Text.
"""

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(4, 3))
ax.plot([3, 2, 1])
fig.set_label("損失下降 · The loss falls\n由 3 到 1 的線 · A line from 3 to 1")

# %%
# Two in a cell, and no word about the first one again.

for k in (1, 2):
    plt.figure(figsize=(3, 2)).set_label(f"第 {k} 張 · No. {k}\n空白 {k} · Blank {k}")

'''

UNLABELLED = r'''
"""
Figures without words
=====================

Text.
"""

import matplotlib.pyplot as plt

# %%
# No label.

fig = plt.figure()

# %%
# One line only.

plt.figure().set_label("只有圖說 · Caption only")
'''

DIAGRAMS = r'''
"""
Diagrams
========

Text.
"""

from primer.diagram import Diagram

one = Diagram("flowchart LR\na1 --> b1", title="甲 · First", description="一。 · One.")
one

# %%
# A statement last: the value of the cell above is not drawn again.

x = 1

# %%
# In the middle of a cell nothing is drawn.

one
print("printed")
y = 2

# %%
# What has a diagram is drawn too.


class Graph:
    diagram = Diagram("flowchart LR\na2 --> b2", title="乙 · Second", description="二。 · Two.")


Graph()

# %%
# An ordinary value is printed as ever.

6 * 7
'''


class Gallery:
    def __init__(self, folder: Path, **scripts: str):
        self.docs, self.out = folder / "docs", folder / "out"
        files = {
            "docs/conf.py": CONF,
            "docs/index.rst": "T\n=\n\n.. toctree::\n\n   lessons/index\n",
            "gallery/GALLERY_HEADER.rst": "G\n=\n",
        } | {f"gallery/{name[1:]}.py": text.lstrip() for name, text in scripts.items()}
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        self.warnings = self.build().stderr

    def build(self):
        command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", self.docs, self.out]
        return subprocess.run(command, capture_output=True, text=True, check=True)

    def page(self, name: str) -> BeautifulSoup:
        html = (self.out / "lessons" / f"{name}.html").read_text(encoding="utf-8")
        return BeautifulSoup(html, "html5lib")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    return Gallery(tmp_path_factory.mktemp("gallery"), _01_figures=FIGURES, _02_diagrams=DIAGRAMS)


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory):
    return Gallery(tmp_path_factory.mktemp("unlabelled"), _01_unlabelled=UNLABELLED)


def png_size(path: Path) -> tuple[int, int]:
    matplotlib_image = pytest.importorskip("matplotlib.image")
    height, width = matplotlib_image.imread(path).shape[:2]
    return width, height


def test_figure_has_caption_alt_and_size(gallery):
    figures = gallery.page("01_figures").select("article figure")
    assert [figure.select_one(".caption-text").text for figure in figures[:3]] == [
        "損失下降 · The loss falls",
        "第 1 張 · No. 1",
        "第 2 張 · No. 2",
    ]
    images = gallery.page("01_figures").select("article img")
    assert [image["alt"] for image in images[:3]] == [
        "由 3 到 1 的線 · A line from 3 to 1",
        "空白 1 · Blank 1",
        "空白 2 · Blank 2",
    ]
    assert len(images) == 3  # closed after each cell, so none comes twice
    for image in images:
        file = gallery.out / "lessons" / image["src"]
        width, height = png_size(file)
        assert abs(width - 2 * int(image["width"])) <= 2  # two pixels to one
        assert abs(height - 2 * int(image["height"])) <= 2
        assert image["loading"] == "lazy"
        assert "style" not in image.attrs


def test_missing_label_names_script_and_line(unlabelled):
    script = unlabelled.docs.parent / "gallery" / "01_unlabelled.py"
    lines = script.read_text(encoding="utf-8").splitlines()
    for text in ("# No label.", "# One line only."):
        cell = lines.index(text) + 2  # the code begins after the text block
        assert re.search(
            rf"{re.escape(str(script))}:{cell}: WARNING: 圖的標籤", unlabelled.warnings
        )
    assert unlabelled.warnings.count("[scrapers.label]") == 2
    assert "the figure's label has to hold two lines" in unlabelled.warnings
    assert unlabelled.warnings.count("WARNING") == 2


def test_missing_label_is_reported_until_it_is_there(unlabelled):
    """A lesson that has run is not run again, and would be silent about what it lacks."""
    assert unlabelled.build().stderr.count("[scrapers.label]") == 2


def test_diagram_is_drawn_where_it_is_the_last_expression(gallery):
    page = gallery.page("02_diagrams")
    drawings = page.select("article div.mermaid-svg > svg")
    assert [svg.title.text for svg in drawings] == ["甲 · First", "乙 · Second"]
    assert "flowchart" not in "".join(tag.text for tag in page.select(".sphx-glr-script-out"))


def test_other_output_is_left_alone(gallery):
    outputs = [
        tag.text.strip()
        for tag in gallery.page("02_diagrams").select("article .sphx-glr-script-out pre")
    ]
    assert outputs == ["printed", "42"]


def test_thumbnail_is_made_from_the_first_figure(gallery):
    thumb = gallery.docs / "lessons" / "images" / "thumb" / "sphx_glr_01_figures_thumb.png"
    assert png_size(thumb) == (400, 280)


def test_the_same_script_gives_the_same_bytes(gallery):
    images = gallery.docs / "lessons" / "images"

    def digests():
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in images.glob("*.png")
        }

    before = digests()
    assert len(before) == 3
    for path in images.glob("*.png"):
        assert b"matplotlib" not in path.read_bytes().lower()
        path.unlink()
    (gallery.docs / "lessons" / "01_figures.py.md5").unlink()
    gallery.build()
    assert digests() == before


def test_build_without_change_imports_no_matplotlib(gallery):
    code = dedent(
        f"""
        import sys
        from sphinx.cmd.build import main
        assert main(["-q", "-b", "html", {str(gallery.docs)!r}, {str(gallery.out)!r}]) == 0
        print({{"matplotlib", "torch", "quickjs"}} & set(sys.modules))
        """
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr


def test_importing_it_costs_no_matplotlib():
    code = dedent(
        f"""
        import sys
        sys.path.insert(0, {str(ROOT / "docs" / "_ext")!r})
        import scrapers
        assert callable(scrapers._get_sg_image_scraper())
        print({{"matplotlib", "torch"}} & set(sys.modules))
        """
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == "set()", result.stderr
