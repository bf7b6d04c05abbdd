"""The article comes before the contents of the site, and nothing that it needs is lost."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from content_first import content_first
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

DOCS = Path(__file__).parents[2] / "docs"
CONF = f"""
extensions = ["bilingual", "content_first"]
templates_path = [{str(DOCS / "_templates")!r}]
html_static_path = [{str(DOCS / "_static")!r}]
html_theme = "furo"
language = "zh_TW"
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> BeautifulSoup:
    folder = tmp_path_factory.mktemp("first")
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    text = "頁 · Page\n=========\n\n.. toctree::\n\n   other\n"
    (folder / "index.rst").write_text(text, encoding="utf-8")
    (folder / "other.rst").write_text("別的 · Other\n============\n", encoding="utf-8")
    with patch_docutils(folder), docutils_namespace():
        Sphinx(folder, folder, folder / "out", folder / "d", "html", warning=None).build()
    return BeautifulSoup((folder / "out/other.html").read_text(encoding="utf-8"), "html5lib")


def test_the_article_comes_before_the_contents_and_the_icons(page):
    contents = page.select_one("aside#site-contents.sidebar-drawer")
    assert contents.find_parent(class_="page").find_parent().name == "body"
    assert contents.find_previous("article") is not None
    assert page.find("symbol").find_previous("article") is not None
    assert "別的" in contents.get_text()


def test_every_icon_is_there(page):
    wanted = {use["href"].removeprefix("#") for use in page.select("svg use")}
    assert wanted
    assert wanted <= {symbol["id"] for symbol in page.find_all("symbol")}


def test_two_links_skip_to_them(page):
    links = page.select("a.skip-to-content")
    assert [page.select_one(link["href"]).name for link in links] == ["article", "aside"]
    assert links[1].get_text() == "跳到全站目錄 · Skip to the site's contents"


@pytest.mark.parametrize(
    "body", ["", "<div></div>", '<aside class="sidebar-drawer"></aside></div>']
)
def test_another_theme_is_an_error(body):
    with pytest.raises(ValueError, match=r"和預期不同.*not as expected"):
        content_first(body)
