"""The table of licences says what the installed packages say, and their texts are in the site."""

import email
import io
from importlib.metadata import Distribution
from pathlib import Path

import docutils
import furo
import licences
import numpydoc
import pytest
import sphinx
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.console import strip_colors
from sphinx.util.docutils import docutils_namespace, patch_docutils

PAGE = """授權 · Licences
===============

.. licences::

   furo: 版面 · the layout
   sphinx: 基本樣式 · basic styles
"""


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Write a small site with a table in a folder."""
    files = {
        "conf.py": 'extensions = ["bilingual", "licences"]\nlanguage = "zh_TW"\n',
        "index.rst": "首頁 · Front page\n=================\n\n.. toctree::\n\n   more/licences\n",
        "more/licences.rst": PAGE,
    }
    for name, text in files.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "docs"


def build(docs: Path, builder: str = "html") -> tuple[str, set[str]]:
    """Build; give the warnings and the pages that were read."""
    warnings, read = io.StringIO(), set()
    with patch_docutils(docs), docutils_namespace():
        out = docs / "_build"
        app = Sphinx(docs, docs, out, out / "doctrees", builder, {}, io.StringIO(), warnings)
        app.connect("source-read", lambda _app, name, _text: read.add(name))
        app.build()
    return strip_colors(warnings.getvalue()), read


def rows(docs: Path) -> list[list[str]]:
    page = (docs / "_build/more/licences.html").read_text(encoding="utf-8")
    table = BeautifulSoup(page, "html5lib").select_one("table.licences")
    return [
        [cell.get_text().strip() for cell in row.select("td")] for row in table.select("tbody tr")
    ]


def dist_info(module) -> Path:
    """Find the folder of a package's metadata without importlib.metadata."""
    (folder,) = Path(module.__file__).parents[1].glob(f"{module.__name__}-*.dist-info")
    return folder


def header(module) -> email.message.Message:
    return email.message_from_string((dist_info(module) / "METADATA").read_text(encoding="utf-8"))


def test_version_and_licence_are_those_of_the_metadata(docs: Path):
    assert build(docs)[0] == ""
    classifier = "License :: OSI Approved :: MIT License"
    assert header(furo)["License-Expression"] is header(furo)["License"] is None
    assert classifier in header(furo).get_all("Classifier")
    assert rows(docs) == [
        ["furo", header(furo)["Version"], "MIT License", "furo.txt", "版面 · the layout"],
        [
            *("sphinx", header(sphinx)["Version"], header(sphinx)["License-Expression"]),
            *("sphinx.txt", "基本樣式 · basic styles"),
        ],
    ]


def test_the_licence_text_is_in_the_site_and_the_table_links_to_it(docs: Path):
    build(docs)
    page = docs / "_build/more/licences.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html5lib")
    for module, name in ((furo, "LICENSE"), (sphinx, "LICENSE.rst")):
        (link,) = soup.select(f'table.licences a[href$="{module.__name__}.txt"]')
        text = (page.parent / link["href"]).read_text(encoding="utf-8-sig")
        shipped = dist_info(module) / "licenses" / name
        assert text.strip() == shipped.read_text(encoding="utf-8").strip()


def test_a_package_with_several_texts_gives_them_all_the_licence_first():
    text = licences.licence_text(licences.installed("docutils"))
    folder = dist_info(docutils) / "licenses"
    names = header(docutils).get_all("License-File")
    assert len(names) > 1
    assert text.startswith("==== COPYING.rst ====\n")
    for name in names:
        assert (folder / name).read_text(encoding="utf-8").strip() in text


def test_a_whole_text_in_the_field_is_not_taken_for_a_name():
    assert "\n" in header(numpydoc)["License"]
    assert licences.licence(licences.installed("numpydoc")) == "BSD License"


def test_a_package_that_is_not_installed_is_named(docs: Path):
    page = docs / "more/licences.rst"
    page.write_text(PAGE + "   no-such-package: 沒有 · nothing\n", encoding="utf-8")
    warnings, _read = build(docs)
    assert "no-such-package：沒有安裝這個套件 · this package is not installed" in warnings
    assert "[licences.package]" in warnings
    assert f"{page}:4: WARNING" in warnings
    assert rows(docs)[2] == ["no-such-package", "–", "–", "–", "沒有 · nothing"]
    assert not (docs / "_build/_static/licences/no-such-package.txt").exists()


def test_a_package_that_names_no_licence_is_named(docs: Path, tmp_path: Path, monkeypatch):
    info = tmp_path / "packages/silent-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: silent\nVersion: 1.2\n")
    monkeypatch.syspath_prepend(info.parent)
    page = docs / "more/licences.rst"
    page.write_text(PAGE + "   silent: 安靜 · silence\n", encoding="utf-8")
    warnings, _read = build(docs)
    assert "silent：沒有說明授權 · its metadata name no licence [licences.licence]" in warnings
    assert rows(docs)[2] == ["silent", "1.2", "–", "–", "安靜 · silence"]


def test_a_line_that_is_not_a_pair_is_an_error(docs: Path):
    page = docs / "more/licences.rst"
    page.write_text(PAGE + "   pygments: colours\n", encoding="utf-8")
    assert "寫成「套件: 中文 · English」：pygments: colours" in build(docs)[0]


def test_another_version_makes_the_page_again_and_nothing_else_does(docs: Path, monkeypatch):
    build(docs)
    assert build(docs)[1] == set()
    monkeypatch.setattr(Distribution, "version", "0.0.1")
    assert build(docs)[1] == {"more/licences"}
    assert [row[1] for row in rows(docs)] == ["0.0.1", "0.0.1"]


def test_the_same_bytes_come_out_twice_and_a_text_goes_with_its_line(docs: Path):
    build(docs)
    folder = docs / "_build/_static/licences"
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(first) == {"furo.txt", "sphinx.txt"}
    page = docs / "more/licences.rst"
    page.write_text(PAGE.replace("   furo: 版面 · the layout\n", ""), encoding="utf-8")
    build(docs)
    second = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert second == {"sphinx.txt": first["sphinx.txt"]}


def test_a_check_of_links_does_not_ask_for_the_texts(docs: Path):
    build(docs, "linkcheck")
    assert "furo.txt" not in (docs / "_build/output.txt").read_text(encoding="utf-8")
