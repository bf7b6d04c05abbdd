"""What machines read off a page: tags, records, pictures and the list of pages, on a tiny site."""

import json
import shutil
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

DOCS = Path(__file__).parents[2] / "docs"
BASE = "https://primer.example/course/"
CONF = """
project = "課程 · A course"
html_title = "網站 · A site"
author = "Somebody"
extensions = ["bilingual", "lesson_pictures", "machine_readable"]
language = "zh_TW"
html_theme = "furo"
templates_path = [{templates!r}]
"""
INDEX = """
首頁 · Home
===========

這裡說明"課程"。

This tells of the "course" </script>.

.. toctree::

   lessons/01_first
   plain

.. container:: sphx-glr-thumbcontainer

   .. image:: /lessons/images/thumb/sphx_glr_01_first_thumb.png
"""
LESSON = """
第一課 · The first lesson
=========================

第一段。

{english}

.. figure:: /lessons/images/one.png
   :alt: 一 · One

.. figure:: /lessons/images/two.png
   :alt: 兩個方塊 · Two squares
"""
PLAIN = """
沒有圖 · No figure
==================

這一頁沒有圖。

This page has no figure.
"""


def build(folder: Path, base: str = "") -> Path:
    """Build the site in a folder; give the folder of its pages."""
    from PIL import Image, ImageDraw

    src, out = folder / "src", folder / "out"
    pictures = src / "lessons/images/thumb"
    pictures.mkdir(parents=True)
    shutil.copytree(DOCS / "locale", src / "locale")
    shutil.copy(DOCS / "docutils.conf", src)
    (src / "conf.py").write_text(CONF.format(templates=str(DOCS / "_templates")), "utf-8")
    (src / "index.rst").write_text(INDEX, "utf-8")
    (src / "plain.rst").write_text(PLAIN, "utf-8")
    (src / "lessons/01_first.rst").write_text(LESSON.format(english="A word. " * 60), "utf-8")
    (src / "lessons/01_first.py").write_text("# sphinx_gallery_thumbnail_number = 2\n", "utf-8")
    for name, colour in (("one", "red"), ("two", "blue")):
        image = Image.new("RGBA", (300, 300))  # with much empty paper around the square
        ImageDraw.Draw(image).rectangle((100, 100, 199, 199), fill=colour)
        image.save(src / f"lessons/images/{name}.png")
    Image.new("RGB", (40, 28)).save(pictures / "sphx_glr_01_first_thumb.png")
    settings = {"html_baseurl": base}
    with patch_docutils(src), docutils_namespace():
        Sphinx(src, src, out, folder / "doctrees", "html", settings, warning=None).build()
    return out


@pytest.fixture(scope="module")
def known(tmp_path_factory) -> Path:
    """Build a site whose place on the web is known."""
    return build(tmp_path_factory.mktemp("known"), BASE)


@pytest.fixture(scope="module")
def unknown(tmp_path_factory) -> Path:
    """Build a site that may stand anywhere."""
    return build(tmp_path_factory.mktemp("unknown"))


def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_bytes(), "html.parser")


def meta(soup: BeautifulSoup, name: str) -> str | None:
    tag = soup.find("meta", {"property": name}) or soup.find("meta", {"name": name})
    return str(tag["content"]) if tag else None


def linked_data(soup: BeautifulSoup) -> dict:
    return json.loads(soup.find("script", type="application/ld+json").string)


def test_the_description_is_the_first_paragraph_in_both_languages(known):
    soup = read(known / "index.html")
    both = '這裡說明"課程"。 This tells of the "course" </script>.'
    assert meta(soup, "description") == meta(soup, "og:description") == both
    assert linked_data(soup)["description"] == both


def test_a_long_paragraph_is_cut_at_a_word(known):
    text = meta(read(known / "lessons/01_first.html"), "description")
    assert text.startswith("第一段。 A word. A word.")
    assert text.endswith("word.…") or text.endswith(" A…")
    assert len(text) < 220


def test_the_course_and_its_lessons_are_named(known):
    course = linked_data(read(known / "index.html"))
    lesson = linked_data(read(known / "lessons/01_first.html"))
    assert (course["@type"], course["name"]) == ("Course", "課程 · A course")
    assert lesson["@type"] == "LearningResource"
    assert lesson["name"] == "第一課 · The first lesson"
    assert lesson["isPartOf"]["url"] == course["url"] == f"{BASE}index.html"
    assert lesson["inLanguage"] == ["zh-TW", "en"]
    assert read(known / "plain.html").find("script", type="application/ld+json") is None


def test_the_preview_shows_the_figure_that_the_lesson_chose(known):
    from PIL import Image

    soup = read(known / "lessons/01_first.html")
    assert meta(soup, "og:image:alt") == "兩個方塊 · Two squares"
    address = meta(soup, "og:image")
    assert address.startswith(BASE)
    with Image.open(known / address.removeprefix(BASE)) as picture:
        assert picture.size == (1200, 630)
        seen = picture.convert("RGB")
    assert seen.getpixel((600, 315)) == (0, 0, 255)
    assert seen.getpixel((10, 10)) == (255, 255, 255)


def test_addresses_are_canonical_and_listed(known):
    links = {
        name: str(read(known / name).find("link", rel="canonical")["href"])
        for name in ("index.html", "plain.html", "lessons/01_first.html")
    }
    assert links == {name: BASE + name for name in links}
    names = {"sm": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = ElementTree.parse(known / "sitemap.xml").findall("sm:url/sm:loc", names)
    assert [loc.text for loc in found] == sorted(links.values())
    assert not (known / "robots.txt").exists()  # robots look at the root of a host only


def test_a_site_at_the_root_tells_robots_where_its_list_is(tmp_path):
    out = build(tmp_path, "https://primer.example")
    assert "Sitemap: https://primer.example/sitemap.xml" in (out / "robots.txt").read_text()


def test_a_site_that_knows_no_address_claims_none(unknown):
    soup = read(unknown / "lessons/01_first.html")
    assert meta(soup, "og:title") == "第一課 · The first lesson"
    assert [meta(soup, name) for name in ("og:url", "og:image")] == [None, None]
    assert "url" not in linked_data(soup)
    assert not list(unknown.rglob("sitemap.xml"))
    assert not (unknown / "_images/preview").exists()


def test_the_card_is_the_figure_with_its_words_and_its_size(unknown):
    image = read(unknown / "index.html").select_one(".sphx-glr-thumbcontainer img")
    assert image["alt"] == "兩個方塊 · Two squares"
    assert image["loading"] == "lazy"
    assert image.find_parent("a") is None
    content = (unknown / image["src"]).read_bytes()
    size = struct.unpack(">II", content[16:24])
    assert (int(image["width"]), int(image["height"])) == size == (440, 220)
    from PIL import Image

    with Image.open(unknown / image["src"]) as card:
        blue = sum(n for n, colour in card.convert("RGB").getcolors() if colour == (0, 0, 255))
    assert blue == pytest.approx(200 * 200, rel=0.05)  # cropped: the square fills the card


def test_the_same_sources_give_the_same_bytes(known, tmp_path):
    again = build(tmp_path, BASE)
    names = ["index.html", "lessons/01_first.html", "sitemap.xml"]
    names += [path.relative_to(known).as_posix() for path in known.rglob("*.png")]
    for name in names:
        assert (again / name).read_bytes() == (known / name).read_bytes(), name
