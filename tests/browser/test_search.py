"""The search of the built site in a real browser, opened from ``file://``.

``search_queries.csv`` holds questions as readers ask them, and the pages that answer each; where
several pages do, ``|`` stands between them, and ``#`` before the place on the page. The kinds:
plain questions, typos, synonyms (names that this site does not use, and simplified characters),
and messages pasted whole.
"""

import csv
import gzip
import re
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

QUERIES = Path(__file__).with_name("search_queries.csv")
RECALL_AT_1, RECALL_AT_5 = 0.95, 1.0
INDEX_KIB = 150  # packed, what a first question loads
REQUESTS = 12 + 4  # those of a lesson, and the scripts of the search
LESSON = "lessons/2_tensors/05_shape_and_memory.html"


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


def labels() -> list[dict[str, str]]:
    with QUERIES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def answers(chromium, site):
    """Give what the matcher finds for each labelled query: pages, and the best place of each."""
    page = chromium.new_page()
    page.goto((site / "search.html").as_uri())
    found = page.evaluate(
        """queries => {
          const matcher = searchView.open(searchStore);
          const place = ({ page, sections: [{ section }] }) => [page.url, section.id];
          return queries.map((query) => matcher.search(query, "zh").hits.map(place));
        }""",
        [row["query"] for row in labels()],
    )
    page.close()
    return found


def test_the_labels_name_pages_that_exist(site):
    known = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    rows = labels()
    assert len(rows) >= 150
    assert len({row["query"] for row in rows}) == len(rows)
    for row in rows:
        named = {place.partition("#")[0] for place in row["pages"].split("|")}
        assert named & known, row


@pytest.mark.parametrize("kind", ["plain", "typo", "synonym", "message"])
def test_labelled_queries_find_their_pages(answers, kind):
    ranks, places, right = {}, 0, 0
    for row, hits in zip(labels(), answers, strict=True):
        if row["kind"] != kind:
            continue
        named = row["pages"].split("|")
        pages = {place.partition("#")[0] for place in named}
        urls = [url.removesuffix(".html") for url, _ in hits]
        ranks[row["query"]] = next((i for i, url in enumerate(urls, 1) if url in pages), None)
        if ranks[row["query"]] == 1 and urls[0] not in named:  # its place is labelled
            places += 1
            right += f"{urls[0]}#{hits[0][1]}" in named
    first = sum(rank == 1 for rank in ranks.values()) / len(ranks)
    fifth = sum(rank is not None and rank <= 5 for rank in ranks.values()) / len(ranks)
    late = "; ".join(f"{query}: {rank}" for query, rank in ranks.items() if rank != 1)
    report = (
        f"{kind}: {len(ranks)} queries, recall@1 {first:.3f}, recall@5 {fifth:.3f}, "
        f"place {right} of {places}; not first: {late}"
    )
    print(report)
    assert first >= RECALL_AT_1, report
    assert fifth >= RECALL_AT_5, report


@pytest.mark.parametrize("query", ["為什麼 view 會失敗", "requires_grad", "CUDA version"])
def test_the_page_shows_what_the_matcher_finds_in_its_order(search, query):
    page = search(query)
    urls = page.evaluate(
        """query => {
          const { hits } = searchView.open(searchStore).search(query, "zh");
          return hits.map((hit) => hit.page.url);
        }""",
        query,
    )
    links = page.locator("#search-results h2 a").evaluate_all(
        "links => links.map((link) => link.getAttribute('href').replace(/#.*/, ''))"
    )
    assert urls
    assert links == urls[:20]


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
    expect(page.locator("#search-terms")).to_be_hidden()
    expect(page.locator("#search-results li")).to_have_count(0)


def test_nothing_found_offers_the_nearest_terms_of_the_glossary(search):
    page = search("tnsr")
    link = page.locator("#search-terms a").first
    expect(link).to_contain_text("tensor")
    link.click()
    expect(page.locator("dt:target")).to_contain_text("張量")


def test_a_name_from_elsewhere_is_named(search):
    expect(search("链式法则").get_by_role("status")).to_contain_text("在這裡叫「連鎖律」")


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


# -- The dialog ------------------------------------------------------------------------------


@pytest.fixture
def lesson(page, site):
    """Give a function that opens a lesson in a reading mode."""

    def open_lesson(reading: str = "both"):
        page.goto(f"{(site / LESSON).as_uri()}?reading={reading}")
        return page

    return open_lesson


def ask_dialog(page, query, key="/"):
    page.keyboard.press(key)
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.insert_text(query)
    return page.get_by_role("dialog")


@pytest.mark.parametrize("key", ["/", "Control+k", "Meta+k"])
def test_a_key_opens_the_dialog_and_enter_the_best_place(lesson, key):
    page = lesson()
    dialog = ask_dialog(page, "同一張圖走兩次", key)
    best = dialog.get_by_role("option", selected=True)
    expect(best).to_have_attribute(
        "href", re.compile("09_gradients.html#a-failure-the-same-graph-twice$")
    )
    page.keyboard.press("Enter")
    page.wait_for_url("**/09_gradients.html#a-failure-the-same-graph-twice")


def test_the_arrows_choose_and_enter_opens_what_is_chosen(lesson):
    page = lesson()
    dialog = ask_dialog(page, "stride")
    options = dialog.get_by_role("option")
    field = page.get_by_role("combobox")
    expect(field).to_have_attribute("aria-expanded", "true")
    last = options.count() - 1
    for key, chosen in [("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", last), ("ArrowDown", 0)]:
        page.keyboard.press(key)
        expect(options.nth(chosen)).to_have_attribute("aria-selected", "true")
        expect(dialog.locator("[aria-selected='true']")).to_have_count(1)
        name = options.nth(chosen).get_attribute("id")
        expect(field).to_have_attribute("aria-activedescendant", name)
    page.keyboard.press("ArrowDown")
    address = options.nth(1).evaluate("link => link.href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(address)
    expect(dialog).to_be_hidden()


def test_escape_gives_the_focus_back(lesson):
    page = lesson()
    link = page.locator("article a:visible").first
    link.focus()
    dialog = ask_dialog(page, "view")
    expect(dialog.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()


def test_places_stand_in_a_group_for_each_page_with_the_hit_marked(lesson):
    dialog = ask_dialog(lesson("zh-TW"), "view 失敗")
    group = dialog.get_by_role("group", name="形狀與記憶體").first
    option = group.get_by_role("option").first
    expect(option).to_have_attribute("href", re.compile("#view-fails$"))
    expect(option.locator(".search-snippet mark").first).to_be_visible()
    expect(option.locator(".search-snippet")).to_have_attribute("lang", "zh-tw")


@pytest.mark.parametrize(
    ("reading", "said"), [("zh-TW", r"^「view」：找到 \d+ 頁$"), ("en", r"^\d+ pages for “view”$")]
)
def test_the_count_is_said_in_the_readers_language(lesson, reading, said):
    status = ask_dialog(lesson(reading), "view").get_by_role("status")
    expect(status).to_have_text(re.compile(said), use_inner_text=True)


def test_a_message_in_the_dialog_keeps_what_differs_out(lesson):
    message = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x784 and 512x10)"
    dialog = ask_dialog(lesson("en"), message)
    expect(dialog.get_by_role("option", selected=True)).to_contain_text("mat1 and mat2 shapes")


def test_the_dialog_offers_the_nearest_terms_where_nothing_is_found(lesson):
    page = lesson("en")
    option = ask_dialog(page, "tnsr").get_by_role("option").first
    expect(option).to_have_text("tensor", use_inner_text=True)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("dt:target")).to_contain_text("張量")


def test_the_field_of_the_sidebar_opens_the_dialog(lesson):
    page = lesson()
    page.locator("input.sidebar-search").click()
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("input.sidebar-search").press_sequentially("v")
    expect(page.get_by_role("combobox")).to_have_value("v")
    page.keyboard.insert_text("iew")
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("“view”")
    page.get_by_role("link", name="All results").click()
    page.wait_for_url("**/search.html?q=view")


def test_a_slash_in_a_field_is_a_slash_and_on_the_search_page_leads_to_its_field(search):
    page = search("view")
    page.locator("body").press("/")
    expect(page.locator("#search-query")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("/")
    expect(page.locator("#search-query")).to_have_value("view/")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_without_javascript_the_sidebar_leads_to_the_search_page(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / LESSON).as_uri())
    page.locator("input.sidebar-search").fill("view")
    page.locator("input.sidebar-search").press("Enter")
    page.wait_for_url("**/search.html?q=view*")
    context.close()


def test_where_a_script_cannot_be_loaded_the_question_goes_to_the_search_page(chromium, site):
    page = chromium.new_page()
    page.route("**/search/dialog.js", lambda route: route.abort())
    page.goto((site / LESSON).as_uri())
    page.locator("input.sidebar-search").press_sequentially("v")
    page.wait_for_url("**/search.html?q=v")
    page.close()


@pytest.mark.parametrize(
    ("query", "scheme", "reading", "width"),
    [
        ("view 失敗", "light", "both", 320),
        ("view 失敗", "dark", "en", 1440),
        ("tnsr", "dark", "both", 320),
        ("链式法则", "light", "zh-TW", 1024),
    ],
)
def test_the_dialog_is_accessible(page, lesson, query, scheme, reading, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 700})
    dialog = ask_dialog(lesson(reading), query)
    expect(dialog.get_by_role("option").first).to_be_visible()
    assert dialog.evaluate("dialog => dialog.scrollWidth <= innerWidth")
    results = Axe().run(page, context="#search-dialog", options={"preload": False})
    assert results.violations_count == 0, results.generate_report()


# -- Weight and access -----------------------------------------------------------------------


def test_the_index_is_light(site):
    packed = gzip.compress((site / "_static/search/pages.js").read_bytes())
    assert len(packed) <= INDEX_KIB * 1024


def test_a_lesson_loads_the_search_when_it_is_asked_for(page, site):
    requests = []
    page.on("request", lambda request: requests.append(request.url.rpartition("/")[2]))
    page.goto((site / LESSON).as_uri())
    lazy = {"matcher.js", "pages.js", "view.js", "dialog.js"}
    assert lazy.isdisjoint(requests)
    ask_dialog(page, "view")
    expect(page.get_by_role("option").first).to_be_visible()
    assert lazy <= set(requests)


def test_the_page_asks_for_little_and_for_nothing_foreign(page, site):
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{(site / 'search.html').as_uri()}?q=view")
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert len(requests) <= REQUESTS


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("query", ["view 失敗", "bakward", "", "tnsr"])
def test_the_page_is_accessible(search, page, query, scheme):
    page.emulate_media(color_scheme=scheme)
    results = Axe().run(search(query), options={"preload": False})
    assert results.violations_count == 0, results.generate_report()
