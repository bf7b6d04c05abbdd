"""What the page of licences says of the site is so, and nothing in the site is left out."""

from functools import cache
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

import pytest
from bs4 import BeautifulSoup

OURS = Path(__file__).parents[2] / "docs/_static"

# Where a package shows: files, and what one of them holds.
EVIDENCE = {
    "torch-primer": ("downloads/torch_primer-*.whl", b"primer/__init__.py"),
    "furo": ("_static/styles/furo.css", b"--color-brand-primary"),
    "sphinx-basic-ng": ("_static/skeleton.css", b"sb-"),
    "sphinx": ("_static/basic.css", b"Sphinx stylesheet"),
    "pygments": ("_static/pygments.css", b".highlight"),
    "sphinx-gallery": ("lessons/*/index.html", b"sphx-glr-thumbcontainer"),
    "docutils": ("lessons/*/*.html", b"<math"),
    "mermaid-render": ("index.html", b'<svg class="pele'),
    "matplotlib": ("_images/sphx_glr_*.png", b"PNG"),
    "scikit-learn": ("lessons/*/15_evaluation.html", b"load_digits"),
    "opencc": ("_static/search/pages.js", b'"simplified"'),
}
# What a package writes while the site is built, so that no file of it has the same bytes.
WRITTEN = {
    "basic.css": "sphinx",
    "documentation_options.js": "sphinx",
    "translations.js": "sphinx",
    "pygments.css": "pygments",
    "search/pages.js": "opencc",
}


@pytest.fixture(scope="module")
def table(site: Path) -> dict[str, list[str]]:
    """Read the table: each package and the other cells of its row."""
    soup = BeautifulSoup((site / "licences.html").read_text(encoding="utf-8"), "html5lib")
    rows = soup.select("table.licences tbody tr")
    cells = [[cell.get_text().strip() for cell in row.select("td")] for row in rows]
    return {name: rest for name, *rest in cells}


def test_each_package_that_is_named_is_in_the_site(site, table):
    assert set(table) == set(EVIDENCE)
    for name, (pattern, content) in EVIDENCE.items():
        assert any(content in path.read_bytes() for path in site.glob(pattern)), name


def test_each_row_has_a_licence_and_its_text(site, table):
    for name, (version, licence, text, _words) in table.items():
        assert version == distribution(name).version
        assert licence not in ("", "–")
        content = (site / "_static/licences" / text).read_text(encoding="utf-8-sig").casefold()
        assert any(word in content for word in ("copyright", "public domain")), name
    assert {path.name for path in (site / "_static/licences").iterdir()} == {
        row[2] for row in table.values()
    }


@cache
def shipped(package: str) -> dict[str, list[Path]]:
    """List the files of a package by their names."""
    files: dict[str, list[Path]] = {}
    for file in distribution(package).files or []:
        files.setdefault(file.name, []).append(Path(distribution(package).locate_file(file)))
    return files


def maker(path: Path, inside: PurePosixPath, packages: set[str]) -> str | None:
    """Say from whom a file under ``_static`` is; None if that is not known."""
    content = path.read_bytes()
    own = OURS / inside
    if own.is_file() and own.read_bytes() == content:
        return "torch-primer"
    if inside.name.startswith("merged-") or inside.parts[0] == "licences":
        return "torch-primer"  # merged_assets puts the other files in these
    for package in sorted(packages):
        if any(file.read_bytes() == content for file in shipped(package).get(path.name, [])):
            return package
    return WRITTEN.get(str(inside))


def test_each_file_beside_the_pages_is_ours_or_a_listed_package_s(site, table):
    static = site / "_static"
    files = [path for path in sorted(static.rglob("*")) if path.is_file()]
    insides = {path: PurePosixPath(path.relative_to(static).as_posix()) for path in files}
    makers = {str(inside): maker(path, inside, set(table)) for path, inside in insides.items()}
    unknown = [name for name, package in makers.items() if package is None]
    assert unknown == [], (
        "list its package in docs/licences.md; if left from before, rm docs/_build"
    )
    assert set(makers.values()) <= set(table)
    assert {"furo", "sphinx", "sphinx-basic-ng", "pygments"} <= set(makers.values())
