"""A style sheet of one page is on that page only, after the site's."""

import io

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils


def test_one_page_loads_its_sheet_and_no_other_does(tmp_path):
    files = {
        "conf.py": 'extensions = ["myst_parser", "page_style"]\n'
        'html_static_path = ["."]\nhtml_css_files = ["site.css"]\n',
        "index.md": "# Home\n\n```{toctree}\nsheet\nzebra\n```\n",
        "sheet.md": "---\ncss: sheet.css\n---\n\n# A sheet\n",
        "zebra.md": "# Written after it\n",
        "site.css": "",
        "sheet.css": "",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    out = tmp_path / "_build"
    with patch_docutils(tmp_path), docutils_namespace():
        app = Sphinx(tmp_path, tmp_path, out, out / "doctrees", "html", {}, io.StringIO())
        app.build()
    sheets = {}
    for name in ("index", "sheet", "zebra"):
        page = BeautifulSoup((out / f"{name}.html").read_text(encoding="utf-8"), "html5lib")
        links = [link["href"].partition("?")[0] for link in page.select("link[rel=stylesheet]")]
        sheets[name] = [link for link in links if link in ("_static/site.css", "_static/sheet.css")]
    assert sheets == {
        "index": ["_static/site.css"],
        "sheet": ["_static/site.css", "_static/sheet.css"],
        "zebra": ["_static/site.css"],
    }
