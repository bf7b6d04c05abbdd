"""The cheat sheet prints on one sheet of A4 in either language, whole."""

import io
import re
import unicodedata
from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.papersizes import PaperSize


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    yield page
    page.close()


def printed(page, site: Path, reading: str) -> PdfReader:
    """Print as a reader does: with the paper that the page asks for."""
    page.goto(f"{(site / 'cheat_sheet.html').as_uri()}?reading={reading}")
    return PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))


def code(text: str) -> str:
    """Drop what a line break in print changes, and what a font's twin characters do."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize(("reading", "pages"), [("zh-TW", 1), ("en", 1), ("both", 2)])
def test_one_language_is_one_sheet(page, site, reading, pages):
    document = printed(page, site, reading)
    assert len(document.pages) == pages
    box = document.pages[0].mediabox
    assert (box.width, box.height) == pytest.approx(
        (PaperSize.A4.width, PaperSize.A4.height), abs=1
    )


@pytest.mark.parametrize(("reading", "title"), [("zh-TW", "存檔"), ("en", "Save and load")])
def test_all_the_code_is_on_it_and_nothing_of_the_site_around(page, site, reading, title):
    text = code(printed(page, site, reading).pages[0].extract_text())
    blocks = page.locator("#the-cheat-sheet pre").all_text_contents()
    assert len(blocks) == 12
    assert [block for block in blocks if code(block) not in text] == []
    assert code(title) in text
    assert "Furo" not in text


@pytest.mark.parametrize("reading", ["zh-TW", "en"])
def test_no_line_of_code_is_broken(page, site, reading):
    page.goto(f"{(site / 'cheat_sheet.html').as_uri()}?reading={reading}")
    page.emulate_media(media="print")
    # Chromium lays out for paper only in a PDF: take the width of a column from the sheet.
    widths = page.locator("#the-cheat-sheet pre").evaluate_all(
        "all => all.map(e => { const s = e.style; s.width = 'max-content'; "
        "const w = e.offsetWidth; s.width = ''; return w; })"
    )
    page.emulate_media(media="screen")
    column = (210 - 2 * 10 - 6) / 2 * 96 / 25.4
    assert max(widths) <= column
