"""Tokens that look like plain text lose their elements; what is coloured keeps them."""

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
