"""The reading switch in a real browser, on a tiny site opened from file://."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from playwright.sync_api import Page, expect

DOCS = Path(__file__).parents[2] / "docs"
WIDE, MIDDLE, NARROW = 1440, 1024, 390

CONF = f"""
import sys
sys.path.insert(0, {str(DOCS / "_ext")!r})
project = html_title = "網站 · A site"
extensions = ["bilingual"]
language = "zh_TW"
locale_dirs = ["locale"]
templates_path = [{str(DOCS / "_templates")!r}]
html_static_path = [{str(DOCS / "_static")!r}]
html_theme = "furo"
"""

LESSON = """
形狀與記憶體 · Shape and memory
===============================

張量是一段記憶體，加上一份說明書；說明書寫著形狀與步幅，往下一列要跳幾格，往右一欄要跳幾格。

A tensor is a run of memory and a note on how to read it; the note holds shape and strides.

.. code-block:: python

   x = torch.arange(6).view(2, 3)  # a line that is long enough to be wider than a narrow phone

.. figure:: a.svg
   :alt: 一張圖 · A picture

   圖說 · The caption

- 一項。

  One item.

.. list-table::

   * - 格。

       A cell.

見 :doc:`other`\\ 。

See :doc:`other`.

.. container:: monolingual

   English only, in every mode.

"""
PART = """
第 {n} 段 · Part {n}
--------------------

這一段說的是第 {n} 件事，寫得稍微長一點，好讓頁面捲得動，也讓兩種語言的高度不一樣。

This part tells thing {n}. It is somewhat longer in English, as it often is, so that the page
scrolls, and so that each language takes a height of its own, which moves all that follows.
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    src = tmp_path_factory.mktemp("reading")
    shutil.copytree(DOCS / "locale", src / "locale")
    shutil.copy(DOCS / "docutils.conf", src)
    (src / "conf.py").write_text(CONF, encoding="utf-8")
    (src / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="700" height="80" viewBox="0 0 700 80">'
        '<rect width="700" height="80" fill="steelblue"/></svg>'
    )
    parts = "".join(PART.format(n=n) for n in range(1, 21))
    pages = {
        "index": "首頁題 · Front\n==============\n\n.. toctree::\n\n   lesson\n   other\n",
        "lesson": LESSON + parts,
        "other": "另一頁 · Another\n================\n\n甲。\n\nOne.\n",
    }
    for name, text in pages.items():
        (src / f"{name}.rst").write_text(dedent(text), encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", src, src / "out"]
    subprocess.run(command, check=True)
    return src / "out"


@pytest.fixture
def visit(chromium, built):
    """Open pages in one fresh profile: ``visit("lesson", "?reading=en", width=390)``."""
    contexts = {}

    def open_page(name="lesson", query="", *, width=WIDE, init=None, **options) -> Page:
        key = tuple(sorted(options.items()))
        if key not in contexts:
            contexts[key] = chromium.new_context(**options)
        page = contexts[key].new_page()
        page.set_viewport_size({"width": width, "height": 900})
        if init:
            page.add_init_script(init)
        page.goto(f"{(built / f'{name}.html').as_uri()}{query}")
        return page

    yield open_page
    for context in contexts.values():
        context.close()


def mode(page: Page) -> tuple[str, str]:
    return tuple(
        page.evaluate("[document.documentElement.dataset.reading, document.documentElement.lang]")
    )


def shown(page: Page, where: str = "") -> set[str]:
    """Give the languages of the twins that take up room."""
    return set(
        page.locator(f"{where} .twin").evaluate_all(
            "all => all.filter(e => e.checkVisibility()).map(e => e.lang)"
        )
    )


def test_both_show_at_first_and_without_javascript(visit):
    assert mode(visit()) == ("both", "zh-TW")
    page = visit(java_script_enabled=False)
    assert page.locator("html").get_attribute("data-reading") is None
    expect(page.locator("article p.twin").nth(0)).to_be_visible()
    expect(page.locator("article p.twin").nth(1)).to_be_visible()
    for n in range(2):
        expect(page.locator("fieldset.reading").nth(n)).to_be_hidden()


@pytest.mark.parametrize(("reading", "lang"), [("zh-TW", "zh-TW"), ("en", "en")])
def test_one_language_hides_the_other_everywhere(visit, reading, lang):
    page = visit(query=f"?reading={reading}")
    assert mode(page) == (reading, lang)
    assert shown(page) == {lang}
    for place in ("h1", "h2", "figcaption", ".sidebar-tree", ".toc-tree", ".related-pages", "td"):
        assert shown(page, place) == {lang}, place
    assert page.locator(".pair-separator:visible").count() == 0
    expect(page.get_by_text("English only, in every mode.")).to_be_visible()


def test_the_keyboard_works_the_switch(visit):
    page = visit()
    page.locator(".reading-sidebar input:checked").focus()
    page.keyboard.press("ArrowRight")
    assert mode(page) == ("en", "en")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert mode(page) == ("zh-TW", "zh-TW")
    # It is one stop for the tab key, and the group has a name.
    group = page.get_by_role("group", name="閱讀語言")
    expect(group).to_have_count(1)
    expect(group.get_by_role("radio", name="中文")).to_be_checked()


def test_a_click_is_remembered_on_the_next_page(visit):
    page = visit()
    page.locator(".reading-sidebar").get_by_text("English").click()
    assert mode(page) == ("en", "en")
    page.locator(".sidebar-tree").get_by_text("Another").click()
    page.wait_for_url("**/other.html")
    assert mode(page) == ("en", "en")
    expect(page.locator('.reading-sidebar input[value="en"]')).to_be_checked()


def test_the_address_wins_is_remembered_and_follows_the_switch(visit):
    page = visit(query="?reading=en")
    assert mode(visit("other")) == ("en", "en")
    page.locator('.reading-sidebar input[value="zh-TW"]').check()
    assert page.url.endswith("?reading=zh-TW")
    page.reload()
    assert mode(page) == ("zh-TW", "zh-TW")
    # What is no mode is not obeyed.
    assert mode(visit(query="?reading=de")) == ("zh-TW", "zh-TW")


def test_the_mode_is_set_before_there_is_anything_to_paint(visit):
    page = visit(
        query="?reading=en",
        init="""new MutationObserver((_, observer) => {
            if (!document.body) return;
            window.whenBodyCame = document.documentElement.dataset.reading ?? "nothing";
            observer.disconnect();
        }).observe(document, { childList: true, subtree: true });""",
    )
    assert page.evaluate("window.whenBodyCame") == "en"


def test_blocked_storage_breaks_nothing(visit):
    block = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } });"
    page = visit(init=block)
    assert mode(page) == ("both", "zh-TW")
    page.locator('.reading-sidebar input[value="en"]').check()
    assert mode(page) == ("en", "en")
    assert shown(page, "article") == {"en"}


def test_an_open_tab_follows_another(visit):
    one, two = visit(), visit("other")
    one.locator('.reading-sidebar input[value="en"]').check()
    expect(two.locator("html")).to_have_attribute("data-reading", "en")


def test_other_scripts_hear_of_it(visit):
    page = visit()
    page.evaluate("document.addEventListener('reading', event => { window.heard = event.detail; })")
    page.locator('.reading-sidebar input[value="zh-TW"]').check()
    assert page.evaluate("window.heard") == "zh-TW"


def test_words_in_attributes_follow(visit):
    page = visit()
    box, picture = page.locator(".sidebar-search"), page.locator("figure img")
    expect(box).to_have_attribute("placeholder", "搜尋 · Search")
    for value, word, alt in (("en", "Search", "A picture"), ("zh-TW", "搜尋", "一張圖")):
        page.locator(f'.reading-sidebar input[value="{value}"]').check()
        expect(box).to_have_attribute("placeholder", word)
        expect(box).to_have_attribute("aria-label", word)
        expect(picture).to_have_attribute("alt", alt)
    page.locator('.reading-sidebar input[value="both"]').check()
    expect(box).to_have_attribute("placeholder", "搜尋 · Search")


def boxes(page: Page, where: str) -> list[dict]:
    pair = page.locator(where).first
    return [pair.locator("> .twin").nth(n).bounding_box() for n in range(2)]


PAIRS = ("section > .pair", "li > .pair")


def test_two_columns_on_a_wide_page_and_code_spans_both(visit):
    page = visit(width=WIDE)
    for where in PAIRS:
        zh, en = boxes(page, where)
        assert zh["y"] == en["y"], where
        assert zh["x"] + zh["width"] < en["x"], where
    zh, en = boxes(page, "section > .pair")
    for where in ("div.highlight", "figure"):
        block = page.locator(f"article {where}").first.bounding_box()
        assert block["x"] < zh["x"] + zh["width"] / 2, where
        assert block["x"] + block["width"] > en["x"] + en["width"] / 2, where
    # The second column starts at one place, however far the first is indented.
    assert abs(en["x"] - boxes(page, "li > .pair")[1]["x"]) < 1
    # A cell is too narrow for two.
    zh, en = boxes(page, "td > .pair")
    assert zh["y"] + zh["height"] <= en["y"]
    # Neither sidebar lies on the text.
    content = page.locator("article").bounding_box()
    left, right = (
        page.locator(where).bounding_box() for where in (".sidebar-drawer", ".toc-drawer")
    )
    assert left["x"] + left["width"] <= content["x"]
    assert content["x"] + content["width"] <= right["x"]
    assert right["x"] + right["width"] <= WIDE


@pytest.mark.parametrize("width", [MIDDLE, NARROW])
def test_one_under_the_other_on_a_narrower_page(visit, width):
    page = visit(width=width)
    for where in PAIRS:
        zh, en = boxes(page, where)
        assert zh["y"] + zh["height"] <= en["y"], where
        assert abs(zh["x"] - en["x"]) < 1, where


def test_one_language_keeps_the_themes_line_length(visit):
    page = visit(query="?reading=en", width=1920)
    assert page.locator("article").bounding_box()["width"] < 46 * 16 * 1.2


@pytest.mark.parametrize("reading", ["zh-TW", "both", "en"])
@pytest.mark.parametrize("width", [NARROW, MIDDLE, 1100, 1312, WIDE])
def test_no_page_scrolls_sideways(visit, width, reading):
    page = visit(query=f"?reading={reading}", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [NARROW, MIDDLE, WIDE])
def test_one_switch_within_reach_at_every_width(visit, width):
    page = visit(width=width)
    inside = [
        group
        for group in page.locator("fieldset.reading").all()
        if group.is_visible() and 0 <= group.bounding_box()["x"] < width
    ]
    assert len(inside) == 1
    box = inside[0].bounding_box()
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] < 300
    inside[0].get_by_text("English").click()
    assert mode(page) == ("en", "en")
    # The one that is folded away says the same.
    assert page.locator('fieldset.reading input[value="en"]:checked').count() == 2


@pytest.mark.parametrize("width", [NARROW, MIDDLE, WIDE])
def test_the_reader_keeps_the_place(visit, width):
    page = visit(width=width)
    part = page.locator("#part-12")
    # Just below what covers the top of the window, so that it is the first block one sees.
    edge = 60 if width == NARROW else 0
    part.evaluate(
        "(e, y) => scrollTo({ top: scrollY + e.getBoundingClientRect().top - y,"
        " behavior: 'instant' })",
        edge + 12,
    )
    before = part.bounding_box()["y"]
    assert abs(before - edge - 12) < 2
    for value in ("en", "zh-TW", "both"):
        page.evaluate(
            """value => {
                const radio = document.querySelector(`.reading input[value="${value}"]`);
                radio.checked = true;
                radio.dispatchEvent(new Event("change", { bubbles: true }));
            }""",
            value,
        )
        assert abs(part.bounding_box()["y"] - before) < 2, value


def test_nothing_goes_wrong_in_the_console(chromium, built):
    page = chromium.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith("file:") else None)
    for query in ("", "?reading=en", "?reading="):
        page.goto(f"{(built / 'lesson.html').as_uri()}{query}")
        page.locator(".reading input").first.evaluate("e => e.click()")
    page.close()
    assert [line for line in wrong if not re.match("data:", line)] == []
