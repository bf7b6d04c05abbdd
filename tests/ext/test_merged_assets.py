"""Small files of a page become one of each kind, in their order, and nothing else changes."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

CONF = """
extensions = ["merged_assets"]
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["one.css", ("print.css", {"media": "print"}), "two.css"]
html_js_files = [
    "one.js", ("two.js", {"defer": "defer"}), ("module.js", {"type": "module"}),
    "aware.js", "large.js", "needs-large.js",
]
"""
FILES = {
    "one.css": "p { color: red; }",
    "print.css": "p { color: black; }",
    "two.css": "p { color: blue; }",
    "one.js": "globalThis.order = [1];",
    "two.js": "order.push(2);",
    "module.js": "export {};",
    "aware.js": "document.currentScript.src;",
    "needs-large.js": "order.push(3);",
    "large.js": f"/* {'x' * 100_000} */",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("merged")
    src, out = folder / "src", folder / "out"
    (src / "static").mkdir(parents=True)
    for name, text in FILES.items():
        (src / "static" / name).write_text(text, encoding="utf-8")
    (src / "conf.py").write_text(CONF, encoding="utf-8")
    (src / "index.rst").write_text("One\n===\n\n.. toctree::\n\n   other\n", encoding="utf-8")
    (src / "other.rst").write_text("Two\n===\n", encoding="utf-8")
    build(src)
    return out


def build(src: Path) -> None:
    folder = src.parent
    with patch_docutils(src), docutils_namespace():
        Sphinx(src, src, folder / "out", folder / "doctrees", "html", warning=None).build()


def addresses(page: Path) -> list[str]:
    soup = BeautifulSoup(page.read_bytes(), "html.parser")
    tags = soup.select("link[rel=stylesheet], script[src]")
    return [re.sub(r"\?.*", "", str(tag.get("href") or tag["src"])) for tag in tags]


def test_what_can_be_merged_is_one_file_in_order(built):
    found = addresses(built / "index.html")
    (css,) = [name for name in found if "merged" in name and name.endswith(".css")]
    (js,) = [name for name in found if "merged" in name and name.endswith(".js")]
    style, script = (built / css).read_text("utf-8"), (built / js).read_text("utf-8")
    assert style.index(FILES["one.css"]) < style.index(FILES["two.css"])
    assert script.index(FILES["one.js"]) < script.index(FILES["two.js"])
    assert style.index("--color-foreground-primary") < style.index(FILES["one.css"])  # furo's own


def test_the_others_stay_as_they_are(built):
    names = [Path(name).name for name in addresses(built / "index.html")]
    assert {"print.css", "module.js", "aware.js", "large.js"} <= set(names)
    assert names.index("large.js") < names.index("needs-large.js")
    assert not {"one.css", "two.css", "one.js", "two.js"} & set(names)
    merged = [name for name in names if name.startswith("merged")]
    text = "".join((built / "_static" / name).read_text("utf-8") for name in merged)
    assert not any(FILES[name] in text for name in ("print.css", "module.js", "aware.js"))


def test_pages_share_the_files(built):
    assert addresses(built / "index.html") == addresses(built / "other.html")


def test_the_dark_colours_of_code_are_in_it(built):
    """Furo writes them into pygments.css when the pages stand, and nobody asks for that file."""
    found = addresses(built / "index.html")
    assert "_static/pygments.css" not in found
    (css,) = [name for name in found if "merged" in name and name.endswith(".css")]
    assert 'body:not([data-theme="light"]) .highlight .k ' in (built / css).read_text("utf-8")


def test_an_edited_style_sheet_reaches_every_page(built):
    static = built.parent / "src/static"
    (static / "two.css").write_text("p { color: green; }", encoding="utf-8")
    (static / "aware.js").rename(static / "aware-too.js")
    build(built.parent / "src")
    for page in ("index.html", "other.html"):
        (css,) = [n for n in addresses(built / page) if "merged" in n and n.endswith(".css")]
        assert "green" in (built / css).read_text("utf-8")
    assert len([*built.glob("_static/merged-*.css")]) == 1
    assert not (built / "_static/aware.js").exists()
