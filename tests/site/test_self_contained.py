"""The built site loads nothing from elsewhere, and runs nothing that is written in an attribute."""

import hashlib
import re
from base64 import b64encode
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup, Tag

# A picture that is text is parsed as leniently as a page.
pytestmark = pytest.mark.filterwarnings("ignore::bs4.XMLParsedAsHTMLWarning")

LOADING = ("src", "srcset", "poster", "data", "background", "formaction", "xlink:href")
# A link of these kinds is an address to follow, not a file to load.
FOLLOWED = {"canonical", "next", "prev", "index", "search", "author", "license", "copyright"}
IN_CSS = re.compile(r"""@import\s+["']?([^"';\s]+)|url\(\s*["']?([^"')]+)""")


@cache
def pages(site: Path) -> dict[str, BeautifulSoup]:
    """Read every page, and every picture that is text."""
    files = [file for ending in ("html", "svg") for file in sorted(site.rglob(f"*.{ending}"))]
    return {
        file.relative_to(site).as_posix(): BeautifulSoup(file.read_bytes(), "html.parser")
        for file in files
    }


def foreign(address: str) -> bool:
    """Say whether an address leads out of the site."""
    parts = urlsplit(address.strip())
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def loads(tag: Tag) -> list[str]:
    """List the addresses that a browser loads for an element."""
    found = [str(tag[name]) for name in LOADING if tag.has_attr(name)]
    loading_link = tag.name == "link" and not set(tag.get("rel", [])) <= FOLLOWED
    if tag.has_attr("href") and (loading_link or tag.name in ("use", "image", "base")):
        found.append(str(tag["href"]))
    if tag.name == "form":
        found.append(str(tag.get("action", "")))
    css = str(tag.get("style", "")) + (tag.string or "" if tag.name == "style" else "")
    return found + addresses_in_css(css)


def addresses_in_css(css: str) -> list[str]:
    return [first or second for first, second in IN_CSS.findall(css)]


def wrong_in(soup: BeautifulSoup) -> list[str]:
    """List what an element loads from elsewhere or runs from an attribute."""
    wrong = []
    for tag in soup.find_all(True):
        wrong += [f"{tag.name}: {address}" for address in loads(tag) if foreign(address)]
        wrong += [f"{tag.name}: {name}" for name in tag.attrs if name.lower().startswith("on")]
        wrong += [
            f"{tag.name}: {value}"
            for value in map(str, tag.attrs.values())
            if value.strip().lower().startswith("javascript:")
        ]
        if tag.name in ("iframe", "object", "embed", "frame"):
            wrong.append(tag.name)
    return wrong


def test_no_page_or_picture_loads_from_elsewhere(site):
    found = {name: wrong_in(soup) for name, soup in pages(site).items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_no_style_sheet_loads_from_elsewhere(site):
    sheets = sorted(site.rglob("*.css"))
    assert sheets
    wrong = {
        sheet.name: [a for a in addresses_in_css(sheet.read_text("utf-8")) if foreign(a)]
        for sheet in sheets
    }
    assert {name: addresses for name, addresses in wrong.items() if addresses} == {}


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://elsewhere.invalid/a.js"></script>',
        '<link rel="stylesheet" href="//elsewhere.invalid/a.css">',
        '<p style="background: url(https://elsewhere.invalid/a.png)">',
        "<style>@import 'https://elsewhere.invalid/a.css'</style>",
        '<img src="a.png" onload="alert(1)">',
        '<a href="javascript:alert(1)">',
        '<iframe src="a.html"></iframe>',
    ],
)
def test_the_check_catches_what_it_is_for(html):
    assert len(wrong_in(BeautifulSoup(html, "html.parser"))) == 1


def test_every_page_has_a_policy_before_all_that_it_rules(site):
    for name, soup in pages(site).items():
        if not name.endswith(".html"):
            continue
        metas = soup.find_all("meta", {"http-equiv": "Content-Security-Policy"})
        assert len(metas) == 1, name
        assert not metas[0].find_previous(["script", "link", "style", "img"]), name
        policy = dict(part.split(" ", 1) for part in str(metas[0]["content"]).split("; "))
        assert policy["default-src"] == "'none'", name
        assert "'unsafe-inline'" not in metas[0]["content"], name
        assert "'unsafe-eval'" not in metas[0]["content"], name
        for kind in ("script", "style"):
            allowed = policy[f"{kind}-src"].split()
            for tag in soup.find_all(kind, src=False, type=False):
                digest = b64encode(hashlib.sha256((tag.string or "").encode()).digest()).decode()
                assert f"'sha256-{digest}'" in allowed, (name, tag)
