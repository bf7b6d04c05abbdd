"""Tokens that look like plain text lose their elements, and contents stay short on large sites."""

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

CONF = """
extensions = ["lean_pages"]
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = {dark!r}
html_theme = "furo"
"""
# A cell as sphinx-gallery makes it: an element a token.
PAGE = """
Page
====

.. role:: k
.. role:: n
.. role:: o
.. role:: mark

:k:`del` :n:`x` :o:`+` :mark:`m`
"""


def classes(folder, dark: str) -> list[list[str]]:
    folder.mkdir()
    (folder / "conf.py").write_text(CONF.format(dark=dark), encoding="utf-8")
    (folder / "index.rst").write_text(PAGE, encoding="utf-8")
    with patch_docutils(folder), docutils_namespace():
        Sphinx(folder, folder, folder / "out", folder / "d", "html", warning=None).build()
    page = BeautifulSoup((folder / "out/index.html").read_text(encoding="utf-8"), "html5lib")
    line = page.select_one("section > p")
    assert line.get_text() == "del x + m"
    return [span["class"] for span in line.find_all("span")]


def test_only_what_looks_the_same_in_both_themes_is_plain(tmp_path):
    assert classes(tmp_path / "a", "native") == [["k"], ["o"], ["mark"]]
    # There names have a colour of their own.
    assert classes(tmp_path / "b", "one-dark") == [["k"], ["n"], ["o"], ["mark"]]


@pytest.mark.parametrize(("limit", "others"), [(6, 1), (5, 0)])
def test_a_large_site_lists_only_the_part_that_one_reads(tmp_path, limit, others):
    settings = f'extensions = ["lean_pages"]\nlean_pages_contents = {limit}\nhtml_theme = "furo"\n'
    (tmp_path / "conf.py").write_text(settings, encoding="utf-8")
    contents = "{0}\n===\n\n.. toctree::\n\n   {1}\n   {2}\n".format
    pages = {"index": contents("Top", "a", "b"), "one": "One\n===\n", "two": "Two\n===\n"}
    pages |= {"a": contents("A", "one", "two"), "b": contents("B", "three", "three")}
    pages |= {"three": "Three\n=====\n"}
    for name, text in pages.items():
        (tmp_path / f"{name}.rst").write_text(text, encoding="utf-8")
    with patch_docutils(tmp_path), docutils_namespace():
        Sphinx(tmp_path, tmp_path, tmp_path / "out", tmp_path / "d", "html", warning=None).build()
    page = BeautifulSoup((tmp_path / "out/one.html").read_text(encoding="utf-8"), "html5lib")
    links = [link.get_text() for link in page.select(".sidebar-tree a")]
    assert [links.count(name) for name in ("A", "B", "One", "Two")] == [1, 1, 1, 1]
    assert bool(links.count("Three")) == bool(others)
