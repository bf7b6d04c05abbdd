"""The search page of the built site in a real browser, opened from ``file://``.

``search_queries.csv`` holds questions as readers ask them, and the pages that answer each; where
several pages do, ``|`` stands between them.
"""

import csv
import os
import shutil
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

QUERIES = Path(__file__).with_name("search_queries.csv")
RECALL_AT_1, RECALL_AT_5 = 0.95, 1.0
REQUESTS = 15


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """Give a page that fails the test when anything in it fails."""
    context = chromium.new_context(viewport={"width": 1024, "height": 900})
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def search(page, site):
    """Give a function that asks a question and gives the page with its answer."""

    def ask(query: str, reading: str = "both"):
        address = (site / "search.html").as_uri()
        page.goto(f"{address}?q={quote(query)}&reading={reading}", wait_until="domcontentloaded")
        return page

    return ask


# -- Finding ---------------------------------------------------------------------------------


def test_labelled_queries_find_their_pages(search, site):
    with QUERIES.open(encoding="utf-8", newline="") as file:
        labels = {row["query"]: row["pages"].split("|") for row in csv.DictReader(file)}
    assert len(labels) >= 60
    missing = {name for names in labels.values() for name in names} - {
        path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")
    }
    assert not missing, "labelled pages that do not exist"
    found = search("").evaluate(
        """queries => {
          const matcher = createMatcher(searchPages);
          const urls = ({ hits }) => hits.map((hit) => hit.page.url);
          return queries.map((query) => urls(matcher.search(query, "zh")));
        }""",
        list(labels),
    )
    ranks = {}
    for (query, names), urls in zip(labels.items(), found, strict=True):
        places = [i for i, url in enumerate(urls, 1) if url.removesuffix(".html") in names]
        ranks[query] = min(places, default=None)
    first = sum(rank == 1 for rank in ranks.values()) / len(ranks)
    fifth = sum(rank is not None and rank <= 5 for rank in ranks.values()) / len(ranks)
    late = "; ".join(f"{query}: {rank}" for query, rank in ranks.items() if rank != 1)
    report = f"{len(ranks)} queries, recall@1 {first:.3f}, recall@5 {fifth:.3f}; not first: {late}"
    print(report)
    assert first >= RECALL_AT_1, report
    assert fifth >= RECALL_AT_5, report


@pytest.mark.parametrize("query", ["為什麼 view 會失敗", "requires_grad", "CUDA version"])
def test_the_page_shows_what_the_matcher_finds_in_its_order(search, query):
    page = search(query)
    urls = page.evaluate(
        "query => createMatcher(searchPages).search(query, 'zh').hits.map((hit) => hit.page.url)",
        query,
    )
    links = page.locator("#search-results h2 a").evaluate_all(
        "links => links.map((link) => link.getAttribute('href').replace(/#.*/, ''))"
    )
    assert urls
    assert links == urls[:20]


def test_the_form_of_a_lesson_leads_to_the_answer(page, site):
    page.goto((site / "lessons/2_tensors/05_shape_and_memory.html").as_uri())
    page.locator("input.sidebar-search").fill("反向傳播")
    page.locator("input.sidebar-search").press("Enter")
    page.wait_for_url("**/search.html?q=*")
    expect(page.locator("#search-query")).to_have_value("反向傳播")
    expect(page.locator("#search-results li").first).to_contain_text("反向傳播")


def test_a_result_leads_to_the_heading_that_answers(search):
    page = search("view 失敗")
    page.locator("#search-results h2 a").first.click()
    anchor = urlsplit(page.url).fragment
    assert anchor
    heading = page.locator(f"[id='{anchor}'] :is(h1, h2, h3)").first
    expect(heading).to_be_in_viewport()
    expect(heading).to_contain_text("view")


def test_typing_answers_and_keeps_the_address(search):
    page = search("梯度")
    page.locator("#search-query").fill("step")
    page.locator("#search-query").fill("stride")
    expect(page.locator("#search-status")).to_contain_text("“stride”")
    page.wait_for_url("**/search.html?q=stride*")
    page.reload()
    expect(page.locator("#search-query")).to_have_value("stride")


# -- Showing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "reading", "lang"),
    [
        ("view", "zh-TW", "zh-tw"),
        ("view", "en", "en"),
        ("view", "both", "en"),
        ("為什麼 view 會失敗", "both", "zh-tw"),
    ],
)
def test_excerpts_are_in_the_readers_language_with_the_hit_marked(search, query, reading, lang):
    excerpt = search(query, reading).locator(f".search-snippet[lang='{lang}']:has(mark)").first
    expect(excerpt).to_be_visible()
    expect(excerpt.locator("mark").first).to_contain_text("view")


def test_the_reading_switch_changes_what_is_shown(search):
    page = search("view", "zh-TW")
    english = page.locator("#search-results .twin[lang='en']").first
    expect(english).to_be_hidden()
    page.evaluate("document.documentElement.dataset.reading = 'en'")
    expect(english).to_be_visible()
    expect(page.locator(".search-snippet[lang='en']").first).to_be_visible()
    expect(page.locator(".search-snippet[lang='zh-tw']")).to_have_count(0)


def test_the_count_is_said_in_both_languages(search):
    status = search("retain_graph").get_by_role("status")
    expect(status).to_contain_text("找到")
    expect(status).to_contain_text("for “retain_graph”")


def test_a_slip_of_the_hand_is_named(search):
    expect(search("bakward").get_by_role("status")).to_contain_text("No bakward here; looked for")


def test_no_question_shows_examples_that_all_have_answers(search):
    page = search("")
    expect(page.locator("#search-query")).to_be_focused()
    examples = page.locator("#search-empty a")
    for i in range(examples.count()):
        page = search("")
        examples.nth(i).click()
        expect(page.locator("#search-results h2").first).to_be_visible()
        expect(page.locator("#search-empty")).to_be_hidden()


def test_nothing_found_says_what_to_try(search):
    page = search("zzzzqqqq")
    expect(page.get_by_role("status")).to_contain_text("找不到「zzzzqqqq」")
    expect(page.locator("#search-nothing")).to_be_visible()
    expect(page.locator("#search-results li")).to_have_count(0)


def test_the_question_never_becomes_markup(search):
    page = search("<img src=x onerror=\"document.title='broken'\"><b>view</b>")
    expect(page.get_by_role("status")).to_contain_text("<img src=x")
    assert page.locator("#search-status :is(img, b), #search-results :is(img, b)").count() == 0
    assert page.title() != "broken"


def test_the_keyboard_reaches_and_opens_a_result(search):
    page = search("梯度")
    page.locator("#search-query").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#search-form button")).to_be_focused()
    page.keyboard.press("Tab")
    link = page.locator("#search-results h2 a").first
    expect(link).to_be_focused()
    address = link.evaluate("link => link.href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(address)


def test_without_javascript_the_page_says_so(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "search.html").as_uri())
    note = page.locator("noscript .admonition-title", has_text="搜尋需要 JavaScript")
    expect(note).to_be_visible()
    expect(note).to_contain_text("Search needs JavaScript")
    context.close()


# -- Weight and access -----------------------------------------------------------------------


def test_the_page_asks_for_little_and_for_nothing_foreign(page, site):
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{(site / 'search.html').as_uri()}?q=view")
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert len(requests) <= REQUESTS


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("query", ["view 失敗", "bakward", "", "zzzzqqqq"])
def test_the_page_is_accessible(search, page, query, scheme):
    page.emulate_media(color_scheme=scheme)
    results = Axe().run(search(query), options={"preload": False})
    assert results.violations_count == 0, results.generate_report()
